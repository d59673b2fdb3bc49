package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// childWord makes this test binary act as the daemon.
const childWord = "child"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == childWord {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// child connects to the service in its environment, prints so, and ends without a request for a task.
func child() int {
	_, address, _ := strings.Cut(os.Getenv("BATON_CLIENT_ID"), "@")
	address, _, _ = strings.Cut(address, "/")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dialer := tls.Dialer{NetDialer: &net.Dialer{}}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		_, _ = os.Stdout.WriteString(err.Error())
		return 1
	}
	_ = connection.Close()
	_, _ = os.Stdout.WriteString("child has met the service\n")
	return 7
}

func writeTasks(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tasks")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// shared is a buffer that the command and its daemon write to at the same time.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// "make daemon-demo" shows the command with a real daemon. The stand-in has its own tests.
func TestDaemonThatEndsTooEarly(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	var stdout, stderr shared
	args := []string{"--tasks", writeTasks(t, "# nothing\n\n{\"syncFull\": {}}\n"), "--", self, childWord}
	assert.Equal(t, exitFailure, run(t.Context(), args, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "the daemon ended before it reported: exit status 7")
	assert.Contains(t, stdout.String(), "1. ConductorOne gives the task: full sync")
	assert.Contains(t, stdout.String(), "child has met the service")
}

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"help":                      {[]string{"-h"}, 0, "BATON_CLIENT_ID, BATON_CLIENT_SECRET and SSL_CERT_FILE"},
		"unknown flag":              {[]string{"--port", "1"}, exitUsage, "flag provided but not defined"},
		"no command":                {[]string{"--tasks", "x"}, exitUsage, "--tasks and a command are needed"},
		"no tasks":                  {[]string{"--", "true"}, exitUsage, "--tasks and a command are needed"},
		"tasks that are not there":  {[]string{"--tasks", "no-such-file", "--", "true"}, exitFailure, "no-such-file"},
		"task that is not JSON":     {[]string{"--tasks", writeTasks(t, "\nx"), "--", "true"}, exitFailure, "the task in line 2"},
		"task of no type":           {[]string{"--tasks", writeTasks(t, "{}"), "--", "true"}, exitFailure, "has no type of task"},
		"command that is not there": {[]string{"--tasks", writeTasks(t, ""), "--", "./no-such-command"}, exitFailure, "no-such-command"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			assert.Equal(t, test.status, run(t.Context(), test.args, &stdout, &stderr))
			assert.Contains(t, stderr.String(), test.stderr)
			assert.Empty(t, stdout.String())
		})
	}
}

// A command runs while the daemon runs, and its failure ends both.
func TestCommandsWhileTheDaemonRuns(t *testing.T) {
	t.Parallel()
	var stdout, stderr shared
	args := []string{"--tasks", writeTasks(t, "$ echo made\n$ exit 3\n"), "--", "sleep", "60"}
	assert.Equal(t, exitFailure, run(t.Context(), args, &stdout, &stderr))
	assert.Contains(t, stdout.String(), "\nmade\n2. Meanwhile: exit 3\n")
	assert.Contains(t, stderr.String(), `running "exit 3": exit status 3`)
}

// The file of the demonstration has valid tasks.
func TestTasksOfTheDemonstration(t *testing.T) {
	t.Parallel()
	steps, err := readSteps("demo.tasks")
	require.NoError(t, err)
	assert.Len(t, steps, 8)
}
