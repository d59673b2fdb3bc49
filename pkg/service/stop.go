// Package service handles the signals and the log of a daemon: the process of the SDK's runner, and the process of the connector,
// which the runner starts.
package service

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/conductorone/baton-openai/pkg/process"
)

// commandName is the SDK's hidden command for the process of the connector.
const commandName = "_connector-service"

// IsConnector tells whether this is the process of a daemon's connector. It ignores signals, which a system sends to all processes
// of a unit, and ends with its client.
func IsConnector() bool { return slices.Contains(os.Args[1:], commandName) }

// startTimeout is the time in which the SDK handles a signal once it polls.
const startTimeout = time.Second

// Daemon is a daemon that handles signals.
type Daemon struct {
	returned, signaled chan struct{}
}

// Stoppable lets every signal end a daemon like Ctrl-C, the only one that the SDK handles: its tasks end and report to ConductorOne.
// The context must not end before, because the connector is killed with it. The SDK handles no signal before it polls; stop then
// ends its context. A second signal kills the process.
func Stoppable(stop context.CancelFunc) *Daemon {
	d := &Daemon{returned: make(chan struct{}), signaled: make(chan struct{})}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, process.StopSignals()...)
	go func() {
		received := <-signals
		close(d.signaled)
		process.IgnoreHangup()
		if received != os.Interrupt && interrupt() == nil {
			for <-signals != os.Interrupt { //nolint:revive // others may have come before it
			}
		}
		signal.Stop(signals)
		select {
		case <-d.returned:
		case <-time.After(startTimeout):
			stop()
		}
	}()
	return d
}

// interrupt sends this process the signal of Ctrl-C. It fails on Windows.
func interrupt() error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(os.Interrupt)
}

// End takes the SDK's error at the end of a daemon and gives that of the command. A daemon that was stopped waits until its tasks
// have reported, and ends without an error.
func (d *Daemon) End(err error) error {
	close(d.returned)
	select {
	case <-d.signaled:
		awaitTasks(taskTimeout)
		return nil
	default:
		return err
	}
}
