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

The command has BATON_CLIENT_ID, BATON_CLIENT_SECRET and SSL_CERT_FILE in its environment, and gets SIGTERM after the last
task. Its reports are printed. A task to list events continues where the last one ended, and the resources that the events
name are synced. Lines of the file that begin with "$ " are commands for the shell. The status is 0 if every task and
command succeeded.

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
		return exitUsage // the flag package has printed the error
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

// play starts the daemon, runs the steps and stops the daemon.
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
			err = runCommand(ctx, i+1, step.command, stdout, stderr)
		case step.task.HasListEvents():
			err = o.runEvents(ctx, daemon, service, feeds, step.task.GetListEvents(), i+1, stdout)
		default:
			err = o.runTask(ctx, daemon, service.Enqueue(step.task), i+1, stdout)
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

// runTask waits for the daemon's report about a task and prints it. The task is already in the queue.
func (o *options) runTask(ctx context.Context, d *daemon, task *conductoronetest.Task, number int, stdout io.Writer) error {
	_, _ = fmt.Fprintf(stdout, "%d. ConductorOne gives the task: %s\n", number, task)
	start := time.Now()
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
	_, _ = fmt.Fprintf(stdout, "   the daemon reports success after %s\n", time.Since(start).Round(time.Millisecond))
	for _, upload := range task.Uploads() {
		path := filepath.Join(o.uploads, fmt.Sprintf("upload-%d.c1z", number))
		if err := os.WriteFile(path, upload, 0o600); err != nil { //nolint:gosec // the path is an argument of the command
			return fmt.Errorf("keeping the upload: %w", err)
		}
		_, _ = fmt.Fprintf(stdout, "   and has uploaded %d bytes, kept as %s\n", len(upload), path)
	}
	return nil
}
