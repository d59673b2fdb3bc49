package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// stopped is a sync of the sample organization that is stopped and run again.
type stopped struct {
	server *openaitest.Server
	url    string
	path   string
	// process gets the signal at the last allowed request; without one if the number is 0 or less.
	allowed atomic.Int64
	signal  syscall.Signal

	mu      sync.Mutex
	process *os.Process
	// log is the other end of the process's log. Ctrl-C ends who reads it as well.
	log *os.File
}

func newStopped(t *testing.T) *stopped {
	t.Helper()
	s := &stopped{server: &openaitest.Server{Organization: openaitest.Sample()}, path: filepath.Join(t.TempDir(), "sync.c1z")}
	s.server.OnRequest = func(openaitest.Request) {
		if s.allowed.Add(-1) == 0 {
			s.mu.Lock()
			defer s.mu.Unlock()
			_ = s.log.Close()
			_ = s.process.Signal(s.signal)
		}
	}
	listener := httptest.NewServer(s.server)
	t.Cleanup(listener.Close)
	s.url = listener.URL + "/v1"
	return s
}

// run syncs and returns the exit status, -1 for a process that was killed.
func (s *stopped) run(t *testing.T) int {
	t.Helper()
	command := exec.CommandContext(t.Context(), "baton-openai", "--log-level", "error", "-f", s.path)
	command.Env = append(os.Environ(), "BATON_OPENAI_ADMIN_KEY="+adminKey, "BATON_BASE_URL="+s.url, "TMPDIR="+t.TempDir(), "GORACE="+raceSettings)
	s.mu.Lock() // the process may send requests before it is set below
	log, written, err := os.Pipe()
	require.NoError(t, err)
	command.Stderr = written
	err = errors.Join(command.Start(), written.Close())
	s.process, s.log = command.Process, log
	s.mu.Unlock()
	require.NoError(t, err)
	err = command.Wait()
	_ = log.Close()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	require.NoError(t, err)
	return 0
}

// A sync can be stopped at any request, several times. The next run with the same file completes it, and has every row.
// Until then an earlier sync in that file stays whole. Except after SIGKILL, only the calls on their way are repeated.
func TestStopsLoseNothing(t *testing.T) {
	t.Parallel()
	undisturbed := newStopped(t)
	require.Zero(t, undisturbed.run(t))
	want := rows(t, undisturbed.path)
	calls := len(undisturbed.server.Requests())
	earlier, err := os.ReadFile(undisturbed.path)
	require.NoError(t, err)

	signals := map[syscall.Signal]int{syscall.SIGTERM: 1, syscall.SIGINT: 1, syscall.SIGHUP: 1, syscall.SIGKILL: -1}
	for round := range stopRounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(round), 1))
			s := newStopped(t)
			over := random.IntN(2) == 0
			if over {
				require.NoError(t, os.WriteFile(s.path, earlier, 0o600))
			}
			allowance, runs, kills, history := calls, 1, 0, []string(nil)
			complete := false
			for stops := 1 + random.IntN(3); stops > 0; stops-- {
				s.signal = []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL}[random.IntN(4)]
				s.allowed.Store(int64(1 + random.IntN(calls)))
				status := s.run(t)
				s.allowed.Store(0)
				if complete = status == 0; complete {
					break // the sync ended before the signal
				}
				require.Equal(t, signals[s.signal], status, s.signal)
				if s.signal == syscall.SIGKILL {
					kills++
				}
				runs++
				history = append(history, fmt.Sprintf("%s, %d requests so far", s.signal, len(s.server.Requests())))
				if over {
					left, err := os.ReadFile(s.path)
					require.NoError(t, err)
					require.Equal(t, earlier, left, "the earlier sync")
				}
			}
			if !complete {
				require.Zero(t, s.run(t))
			}
			require.Equal(t, want, rows(t, s.path))
			if kills == 0 {
				// Each run checks the key and has up to 12 calls on their way.
				allowance += (runs - 1) * (1 + 12)
				require.LessOrEqual(t, len(s.server.Requests()), allowance, history)
			}
		})
	}
}
