package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

const usage = `Run a connector as a daemon against a stand-in of ConductorOne, which gives it tasks, one after the other.

  conductoronetest --tasks FILE [flags] -- command [args]

The command finds BATON_CLIENT_ID, BATON_CLIENT_SECRET and SSL_CERT_FILE in its environment, and gets SIGTERM after the
last task. What it reports is printed. A feed of events is read to its end, from where it was left, and what the events name
is synced. Lines of the file that begin with "$ " are run by the shell meanwhile. The status is 0 if all of that was a
success.

`

// options are the command line.
type options struct {
	tasks       string
	uploads     string
	taskTimeout time.Duration
	command     []string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage // the flag package has said why
	}
	if err := o.play(ctx, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "conductoronetest: %v\n", err)
		return exitFailure
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("conductoronetest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.tasks, "tasks", "", "`file` with one task a line, as JSON of ConductorOne's protocol; # begins a comment, $ a command")
	flags.StringVar(&o.uploads, "uploads", ".", "`directory` for what is uploaded, as upload-1.c1z and so on")
	flags.DurationVar(&o.taskTimeout, "task-timeout", 10*time.Minute, "`time` that a task may take")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.command = flags.Args()
	if o.tasks == "" || len(o.command) == 0 {
		err := errors.New("--tasks and a command are needed")
		_, _ = fmt.Fprintf(stderr, "conductoronetest: %v\n", err)
		return options{}, err
	}
	return o, nil
}

// play runs the daemon from its first to its last task.
func (o *options) play(ctx context.Context, stdout, stderr io.Writer) error {
	steps, err := readSteps(o.tasks)
	if err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "conductoronetest")
	if err != nil {
		return fmt.Errorf("making a place for the certificate: %w", err)
	}
	err = o.playIn(ctx, directory, steps, stdout, stderr)
	return errors.Join(err, os.RemoveAll(directory))
}

func (o *options) playIn(ctx context.Context, directory string, steps []step, stdout, stderr io.Writer) error {
	service := &conductoronetest.Service{}
	if err := service.Start(ctx); err != nil {
		return err
	}
	certificate, err := service.CertificateFile(directory)
	if err != nil {
		return errors.Join(err, service.Close())
	}
	daemon, err := start(ctx, o.command, service.Environment(certificate), stdout, stderr)
	if err != nil {
		return errors.Join(err, service.Close())
	}
	feeds := map[string]*conductoronetest.EventFeed{}
	for i, step := range steps {
		switch {
		case step.command != "":
			err = meanwhile(ctx, i+1, step.command, stdout, stderr)
		case step.task.HasListEvents():
			err = o.giveEvents(ctx, daemon, service, feeds, step.task.GetListEvents(), i+1, stdout)
		default:
			err = o.give(ctx, daemon, service.Enqueue(step.task), i+1, stdout)
		}
		if err != nil {
			break
		}
	}
	err = errors.Join(err, daemon.stop(stdout), service.Close())
	for _, refused := range service.Refused() {
		err = errors.Join(err, fmt.Errorf("ConductorOne would have refused %s", refused))
	}
	return err
}

// give waits for the daemon's report about the task, which it has been given already, and prints it.
func (o *options) give(ctx context.Context, d *daemon, task *conductoronetest.Task, number int, stdout io.Writer) error {
	_, _ = fmt.Fprintf(stdout, "%d. ConductorOne gives the task: %s\n", number, task)
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, o.taskTimeout)
	defer cancel()
	select {
	case <-task.Finished():
	case <-d.ended:
		return fmt.Errorf("the daemon ended before it reported: %s", d.command.ProcessState)
	case <-ctx.Done():
		return fmt.Errorf("waiting for the report: %w", ctx.Err())
	}
	outcome := task.Outcome()
	if !outcome.Succeeded() {
		return fmt.Errorf("the daemon reports a failure: %w", outcome.Status.Err())
	}
	_, _ = fmt.Fprintf(stdout, "   the daemon reports success after %s\n", time.Since(began).Round(time.Millisecond))
	for _, upload := range task.Uploads() {
		path := filepath.Join(o.uploads, fmt.Sprintf("upload-%d.c1z", number))
		if err := os.WriteFile(path, upload, 0o600); err != nil { //nolint:gosec // whoever runs the command says where
			return fmt.Errorf("keeping the upload: %w", err)
		}
		_, _ = fmt.Fprintf(stdout, "   and has uploaded %d bytes, kept as %s\n", len(upload), path)
	}
	return nil
}
