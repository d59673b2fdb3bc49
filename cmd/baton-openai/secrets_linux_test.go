package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// During a sync, a key that was given as documented is neither in the title of a process nor in its files. If a process
// ends with a goroutine dump, the dump does not contain it either.
func TestSecretsDoNotShowInAProcess(t *testing.T) {
	t.Parallel()
	const waits = "GET /organization/users/{user_id}/roles"
	reached := make(chan struct{}, 100)
	run := newTrial(t, "json", func(api *openaitest.Server) {
		api.RateLimit = &openaitest.RateLimit{Burst: 4, Interval: 5 * time.Minute}
		api.OnRequest = func(request openaitest.Request) {
			if request.Route == waits {
				reached <- struct{}{}
			}
		}
	})
	command := run.command(t)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	require.NoError(t, command.Start())
	for range 5 {
		<-reached
	}

	for _, file := range []string{"cmdline", "comm", "status", "maps", "mountinfo"} {
		path := fmt.Sprintf("/proc/%d/%s", command.Process.Pid, file)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		requireNoSecret(t, path, content)
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", command.Process.Pid))
	require.NoError(t, err)
	for _, path := range threads {
		children, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, string(children), "a sync is one process")
	}
	requireNoSecretInFilesOf(t, run.directory)

	askForDump(t, command.Process.Pid)
	require.Error(t, command.Wait())
	requireNoSecret(t, "the dump", output.Bytes())
	require.Equal(t, 1, bytes.Count(output.Bytes(), []byte("SIGQUIT: quit")))
	require.Greater(t, bytes.Count(output.Bytes(), []byte("\ngoroutine ")), 10)
	require.Positive(t, bytes.Count(output.Bytes(), []byte("client.(*Client).send(")), "the dump is of the calls that hold the key")
	requireNoSecretBelow(t, run.directory)
}

// askForDump sends SIGQUIT to a process while all of its threads wait. A thread that reads the clock in the kernel's
// shared page would end the dump in a fatal error of the Go runtime, before the goroutines are listed.
func askForDump(t *testing.T, pid int) {
	t.Helper()
	var asleep int
	require.Eventually(t, func() bool {
		asleep++
		if !isAsleep(pid) {
			asleep = 0
		}
		return asleep == 5
	}, longestWait, 10*time.Millisecond)
	require.NoError(t, syscall.Kill(pid, syscall.SIGQUIT))
}

// isAsleep reports whether no thread of a process runs.
func isAsleep(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		_, state, _ := bytes.Cut(stat, []byte(") "))
		if err == nil && !bytes.HasPrefix(state, []byte("S")) {
			return false
		}
	}
	return len(threads) > 0
}
