// Package service is about what stays: a daemon, which the SDK's runner runs, and its connector, which that runner starts
// as a process of its own.
package service

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// commandName is the SDK's hidden command for the process of the connector.
const commandName = "_connector-service"

// IsConnector tells whether this is the process of a daemon's connector. It hears no signal, as those that reach every
// process of a unit: it ends with its client.
func IsConnector() bool { return slices.Contains(os.Args[1:], commandName) }

// longestStart is for how long the SDK has to hear of a signal, as it does once it has begun to poll.
const longestStart = time.Second

// Daemon is one that hears signals.
type Daemon struct {
	returned, heard chan struct{}
}

// Stoppable has a daemon end with SIGTERM as it does with Ctrl-C, the one signal that the SDK hears: its tasks are given
// up then, and tell ConductorOne so. Its context must go on meanwhile, since the connector is killed with it, and the SDK
// ends this process then. Before it polls, the SDK hears no signal, and stop ends its context. A second signal ends the
// process at once.
func Stoppable(stop context.CancelFunc) *Daemon {
	d := &Daemon{returned: make(chan struct{}), heard: make(chan struct{})}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		received := <-signals
		close(d.heard)
		if received != os.Interrupt && interrupt() == nil {
			<-signals // our own
		}
		signal.Stop(signals)
		select {
		case <-d.returned:
		case <-time.After(longestStart):
			stop()
		}
	}()
	return d
}

// interrupt sends this process what Ctrl-C does. Where that is not possible, as on Windows, it fails.
func interrupt() error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(os.Interrupt)
}

// End gives how a daemon ends, for how the SDK says that it has: one that was stopped has done what it was asked for, once
// its tasks have reported.
func (d *Daemon) End(err error) error {
	close(d.returned)
	select {
	case <-d.heard:
		awaitTasks(longestTask)
		return nil
	default:
		return err
	}
}
