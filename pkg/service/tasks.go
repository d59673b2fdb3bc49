package service

import (
	"bytes"
	"runtime/pprof"
	"time"
)

// longestTask is for how long a daemon that is stopped waits for its tasks: they end in less than a second if
// ConductorOne can be reached, and "docker stop" kills after ten.
const longestTask = 9 * time.Second

// taskFrame is what a task's goroutine has at the bottom of its stack.
const taskFrame = "created by github.com/conductorone/baton-sdk/pkg/connectorrunner.(*connectorRunner).run in "

// awaitTasks waits until a daemon that was stopped has told ConductorOne how its tasks ended, or until the limit.
//
// The SDK's runner returns as soon as its context ends, and does not wait for the tasks that it has begun. Each of them
// fails then, with its calls, and reports that with a context of its own: all it needs is a process that lives on. The
// SDK does not tell when they are through either, so they are looked for where they run, among the goroutines.
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
	// A buffer takes everything, and with it the profile has no reason to fail.
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
	return bytes.Contains(stacks.Bytes(), []byte(taskFrame))
}
