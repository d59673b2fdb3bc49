package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/conductorone/baton-sdk/pkg/connectorrunner"
	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/config"
)

// UntilStopped gives a context that ends with the first SIGTERM or Ctrl-C, of which the SDK alone hears only the latter,
// or with the failure of a sync (see [SaveOnFailure]). The syncer then saves what it has, and the next run with the same
// file goes on from there. A second signal ends the process at once. The function it gives takes a command and how it
// ended, and gives how the process ends: a command that was stopped has not done what it was asked for, whatever the SDK
// says; to stop is what a daemon is asked for.
//
// The service itself hears no signal, as those that reach every process of a unit: it ends with its client.
func UntilStopped(ctx context.Context) (context.Context, func(*cobra.Command, error) error) {
	if slices.Contains(os.Args[1:], commandName) {
		signal.Ignore(os.Interrupt, syscall.SIGTERM)
		return ctx, func(_ *cobra.Command, err error) error { return err }
	}
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case received := <-signals:
			cancel(fmt.Errorf("%w: %s", connectorrunner.ErrSigTerm, received))
		case failure := <-failures:
			cancel(failure)
			<-signals // which asks for what is being done
		}
		signal.Stop(signals)
	}()
	return ctx, func(command *cobra.Command, err error) error {
		var failure *failedError
		switch cause := context.Cause(ctx); {
		case errors.As(cause, &failure):
			return failure
		case !errors.Is(cause, connectorrunner.ErrSigTerm):
			return err
		case isDaemon(command):
			awaitTasks(taskPatience)
			return nil
		default:
			return stoppedError{}
		}
	}
}

// isDaemon tells whether the command is asked to poll ConductorOne, which is what the credentials for it mean.
func isDaemon(command *cobra.Command) bool { return command.Flags().Changed(config.ServiceFlag) }

// stoppedError ends a command that a signal has stopped.
type stoppedError struct{}

func (stoppedError) Error() string {
	return "baton-openai: stopped by a signal; a sync goes on from its file when it is run again"
}

// GRPCStatus is what the exit status is made of.
func (e stoppedError) GRPCStatus() *status.Status { return status.New(codes.Canceled, e.Error()) }
