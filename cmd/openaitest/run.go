package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// adminKey opens nothing but this stand-in, which takes every key that starts with sk-admin-.
const adminKey = "sk-admin-standin-opens-nothing-else"

const (
	exitFailure = 1
	exitUsage   = 2
)

const (
	organizationSample = "sample"
	organizationSeeded = "seeded"
)

const usage = `Serve a stand-in of the OpenAI Admin API on a loopback address.

  openaitest [flags]                    print the environment for a client, serve until interrupted
  openaitest [flags] -- command [args]  run the command in that environment, exit with its status

The environment is BATON_BASE_URL and BATON_OPENAI_ADMIN_KEY.

`

// options are the command line.
type options struct {
	listen       string
	organization string
	seed         uint64
	size         openaitest.Size
	rateLimit    int
	latency      time.Duration
	clockBehind  time.Duration
	command      []string
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage // the flag package has printed the error
	}
	status, err := o.serve(ctx, stdin, stdout, stderr)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "openaitest: %v\n", err)
	}
	return status
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("openaitest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address`; port 0 takes a free one")
	flags.StringVar(&o.organization, "organization", organizationSample, "`which` organization: sample or seeded")
	flags.Uint64Var(&o.seed, "seed", 1, "`number` that seeds the organization; the same number makes the same organization")
	flags.IntVar(&o.size.Users, "users", 0, "`number` of users in the seeded organization; 0 is 50")
	flags.IntVar(&o.size.Groups, "groups", 0, "`number` of groups in the seeded organization; 0 is a tenth of the users, -1 none")
	flags.IntVar(&o.size.Projects, "projects", 0, "`number` of projects in the seeded organization; 0 is a tenth of the users, -1 none")
	flags.IntVar(&o.size.CustomRoles, "custom-roles", 0, "`number` of custom organization roles in the seeded organization; 0 is 3, -1 none")
	flags.IntVar(&o.rateLimit, "rate-limit", 0, "`requests` per minute and route, as many at once; 0 is no limit")
	flags.DurationVar(&o.latency, "latency", 0, "`time` that every answer takes, such as 50ms")
	flags.DurationVar(&o.clockBehind, "clock-behind", 0, "`time` by which its clock is behind, such as 10m")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.command = flags.Args()
	if err := o.check(); err != nil {
		_, _ = fmt.Fprintf(stderr, "openaitest: %v\n", err)
		return options{}, err
	}
	return o, nil
}

func (o *options) check() error {
	if o.organization != organizationSample && o.organization != organizationSeeded {
		return fmt.Errorf("--organization is %s or %s, not %q", organizationSample, organizationSeeded, o.organization)
	}
	if o.organization == organizationSample && o.size != (openaitest.Size{}) {
		return errors.New("--users, --groups, --projects and --custom-roles need --organization seeded")
	}
	if o.rateLimit < 0 || o.latency < 0 || o.clockBehind < 0 {
		return errors.New("--rate-limit, --latency and --clock-behind cannot be negative")
	}
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	// The stand-in has no access control but a fixed key, so it must not be reachable from a network.
	if ip := net.ParseIP(host); host != "localhost" && !ip.IsLoopback() {
		return fmt.Errorf("--listen: %q is not a loopback address", host)
	}
	return nil
}

func (o *options) server() *openaitest.Server {
	standIn := &openaitest.Server{Organization: openaitest.Sample(), Latency: o.latency}
	if o.organization == organizationSeeded {
		standIn.Organization = openaitest.Seeded(o.seed, o.size)
	}
	if o.clockBehind > 0 {
		standIn.Now = func() time.Time { return time.Now().Add(-o.clockBehind) }
	}
	if o.rateLimit > 0 {
		standIn.RateLimit = &openaitest.RateLimit{Burst: o.rateLimit, Interval: time.Minute / time.Duration(o.rateLimit)}
	}
	return standIn
}

// serve returns the exit status, which is the command's if there is one.
func (o *options) serve(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return exitFailure, err
	}
	standIn := o.server()
	server := &http.Server{Handler: standIn, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	environment := []string{
		"BATON_BASE_URL=http://" + listener.Addr().String() + "/v1",
		"BATON_OPENAI_ADMIN_KEY=" + adminKey,
	}
	status := 0
	if len(o.command) > 0 {
		status, err = o.runCommand(ctx, environment, stdin, stdout, stderr)
	} else {
		if _, err = fmt.Fprintln(stdout, strings.Join(environment, "\n")); err != nil {
			stop()
			status = exitFailure
		}
		<-ctx.Done()
	}

	closeErr := server.Close()
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		closeErr = serveErr
	}
	for _, unknown := range standIn.Unknown() {
		_, _ = fmt.Fprintf(stderr, "openaitest: asked for, but not known: %s\n", unknown)
	}
	if err == nil && closeErr != nil {
		return exitFailure, closeErr
	}
	return status, err
}

func (o *options) runCommand(ctx context.Context, environment []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	command := exec.CommandContext(ctx, o.command[0], o.command[1:]...) //nolint:gosec // running what the command line names is the purpose
	command.Env = append(os.Environ(), environment...)
	command.Stdin, command.Stdout, command.Stderr = stdin, stdout, stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second

	err := command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil
	default:
		return exitFailure, err
	}
}
