package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// stopTimeout is the time that a daemon has to end before it is killed.
const stopTimeout = 30 * time.Second

// daemon is the running command.
type daemon struct {
	command *exec.Cmd
	// ended is closed after the end of the command.
	ended chan struct{}
}

// start runs the command until it is stopped, or until the context ends.
func start(ctx context.Context, command, environment []string, stdout, stderr io.Writer) (*daemon, error) {
	d := &daemon{ended: make(chan struct{})}
	d.command = exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // running what the command line names is the purpose
	d.command.Env = append(os.Environ(), environment...)
	d.command.Stdout, d.command.Stderr = stdout, stderr
	d.command.Cancel = d.terminate
	d.command.WaitDelay = stopTimeout
	if err := d.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the daemon: %w", err)
	}
	go func() {
		defer close(d.ended)
		// The state of the process has the error.
		_ = d.command.Wait()
	}()
	return d, nil
}

func (d *daemon) terminate() error { return d.command.Process.Signal(syscall.SIGTERM) }

// stop stops the daemon with SIGTERM, as a system does at shutdown.
func (d *daemon) stop(stdout io.Writer) error {
	select {
	case <-d.ended:
		return nil // the step that waited has reported it
	default:
	}
	_, _ = fmt.Fprintln(stdout, "The daemon gets SIGTERM.")
	start := time.Now()
	if err := d.terminate(); err != nil {
		return fmt.Errorf("stopping the daemon: %w", err)
	}
	select {
	case <-d.ended:
	case <-time.After(stopTimeout):
		_ = d.command.Process.Kill()
		<-d.ended
	}
	if !d.command.ProcessState.Success() {
		return fmt.Errorf("the daemon ended with %s", d.command.ProcessState)
	}
	_, _ = fmt.Fprintf(stdout, "   it ends with status 0 after %s\n", time.Since(start).Round(time.Millisecond))
	return nil
}
