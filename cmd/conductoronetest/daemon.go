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

// longestStop is for how long a daemon may take to end before it is killed.
const longestStop = 30 * time.Second

// daemon is the command while it runs.
type daemon struct {
	command *exec.Cmd
	// ended is closed when the command has ended; its state is there then.
	ended chan struct{}
}

// start runs the command until it is stopped, or until the context ends.
func start(ctx context.Context, command, environment []string, stdout, stderr io.Writer) (*daemon, error) {
	d := &daemon{ended: make(chan struct{})}
	d.command = exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // running what the command line names is the purpose
	d.command.Env = append(os.Environ(), environment...)
	d.command.Stdout, d.command.Stderr = stdout, stderr
	d.command.Cancel = d.terminate
	d.command.WaitDelay = longestStop
	if err := d.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the daemon: %w", err)
	}
	go func() {
		defer close(d.ended)
		// How it ended is in the process's state.
		_ = d.command.Wait()
	}()
	return d, nil
}

func (d *daemon) terminate() error { return d.command.Process.Signal(syscall.SIGTERM) }

// stop ends the daemon as a system does that shuts down.
func (d *daemon) stop(stdout io.Writer) error {
	select {
	case <-d.ended:
		return nil // whoever waited for it has said so
	default:
	}
	_, _ = fmt.Fprintln(stdout, "The daemon gets SIGTERM.")
	began := time.Now()
	if err := d.terminate(); err != nil {
		return fmt.Errorf("stopping the daemon: %w", err)
	}
	select {
	case <-d.ended:
	case <-time.After(longestStop):
		_ = d.command.Process.Kill()
		<-d.ended
	}
	if !d.command.ProcessState.Success() {
		return fmt.Errorf("the daemon ended with %s", d.command.ProcessState)
	}
	_, _ = fmt.Fprintf(stdout, "   it ends with status 0 after %s\n", time.Since(began).Round(time.Millisecond))
	return nil
}
