package service

import (
	"bytes"
	"runtime/pprof"
	"time"
)

// taskTimeout limits the wait for the tasks of a stopped daemon. They end in less than a second if ConductorOne can be reached, and
// "docker stop" kills after ten.
const taskTimeout = 9 * time.Second

// taskFrame is the lowest frame in the stack of a task's goroutine.
const taskFrame = "created by github.com/conductorone/baton-sdk/pkg/connectorrunner.(*connectorRunner).run in "

// awaitTasks waits until the tasks of a stopped daemon have reported to ConductorOne, or until the limit.
//
// The SDK's runner returns when its context ends, and does not wait for its tasks. Their calls fail then, and each task reports
// that with a context of its own, as long as the process lives. The SDK does not say when they are done, so this looks for their
// goroutines.
func awaitTasks(limit time.Duration) {
	deadline := time.After(limit)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for tasksRun() {
		select {
		case <-deadline:
			return
		case <-again.C:
		}
	}
}

func tasksRun() bool {
	var stacks bytes.Buffer
	// Writing to a buffer does not fail.
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
	return bytes.Contains(stacks.Bytes(), []byte(taskFrame))
}
