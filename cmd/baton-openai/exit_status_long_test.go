//go:build long

package main

import (
	"errors"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// rounds is how often each kind of run is repeated. By itself, the SDK sometimes ends with status 0.
const rounds = 200

// soakedCommand is the binary, run again and again against one API.
type soakedCommand struct {
	api     *openaitest.Server
	address string
	// synced is the path of a complete sync of the organization.
	synced string
}

func newSoakedCommand(t *testing.T) *soakedCommand {
	t.Helper()
	e := &soakedCommand{api: &openaitest.Server{Organization: openaitest.Sample(), Keys: map[string]openaitest.Key{adminKey: {}}}}
	listener := httptest.NewServer(e.api)
	t.Cleanup(listener.Close)
	e.address = listener.URL
	e.synced = filepath.Join(t.TempDir(), "synced.c1z")
	output, err := e.command(t, adminKey, "-f", e.synced).CombinedOutput()
	require.NoError(t, err, string(output))
	return e
}

func (e *soakedCommand) command(t *testing.T, key string, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), "baton-openai", append([]string{"--log-level", "error"}, arguments...)...)
	directory := t.TempDir()
	command.Dir = directory
	command.Env = append(os.Environ(), "TMPDIR="+directory, "BATON_BASE_URL="+e.address+"/v1", "BATON_OPENAI_ADMIN_KEY="+key, "GORACE="+raceSettings)
	return command
}

func requireStatus(t *testing.T, want int, output []byte, err error) {
	t.Helper()
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		require.NoError(t, err)
	}
	require.Equal(t, want, got, string(output))
}

// TestSoakExitStatus repeats each kind of run 200 times: the exit status is always right.
func TestSoakExitStatus(t *testing.T) {
	t.Parallel()
	grant := func(entitlement, principal, principalType string) []string {
		return []string{"--grant-entitlement", entitlement, "--grant-principal", principal, "--grant-principal-type", principalType}
	}
	tests := map[string]struct {
		arguments []string
		// sync says that the command syncs into a new file instead of reading the complete sync.
		sync   bool
		key    string
		fault  string
		status int
	}{
		"a grant that is refused": {
			arguments: grant("project_role:proj_CatalogueSearch0000001/role_01FINETUNER00000000:assigned", "svc_acct_RetiredCrawler000003", "service_account"), status: 9,
		},
		"a grant of nothing":              {arguments: grant("project:none:owner", "nobody", "user"), status: 5},
		"a grant that is there already":   {arguments: grant("group:group_01FINANCE0000000000:member", "user-LenaFischer00000000000004", "user"), status: 0},
		"a sync with a wrong key":         {sync: true, key: "sk-admin-thiskeyiswrong0123456789", status: 16},
		"a sync that fails in the middle": {sync: true, fault: "GET /organization/projects/{project_id}/api_keys", status: 9},
		"a sync":                          {sync: true, status: 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newSoakedCommand(t)
			if test.fault != "" {
				e.api.SetFault(test.fault, openaitest.Fault{Status: 404})
			}
			key := adminKey
			if test.key != "" {
				key = test.key
			}
			for range rounds {
				arguments := append([]string{"-f", e.synced}, test.arguments...)
				if test.sync {
					arguments[1] = filepath.Join(t.TempDir(), "new.c1z")
				}
				output, err := e.command(t, key, arguments...).CombinedOutput()
				requireStatus(t, test.status, output, err)
			}
		})
	}
}

// TestSoakExitStatusOfStoppedSyncs stops syncs, which a rate limit keeps from finishing, each after another number of
// calls.
func TestSoakExitStatusOfStoppedSyncs(t *testing.T) {
	t.Parallel()
	const mostCalls = 20 // fewer than the limit lets through at once
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newSoakedCommand(t)
			random := rand.New(rand.NewPCG(1, uint64(signal)))
			for round := range rounds {
				var calls atomic.Int64
				stopAfter := 1 + random.Int64N(mostCalls)
				reached := make(chan struct{})
				api := &openaitest.Server{
					Organization: openaitest.Sample(), Keys: map[string]openaitest.Key{adminKey: {}},
					RateLimit: &openaitest.RateLimit{Burst: 4, Interval: 5 * time.Minute},
					OnRequest: func(openaitest.Request) {
						if calls.Add(1) == stopAfter {
							close(reached)
						}
					},
				}
				listener := httptest.NewServer(api)
				e.address = listener.URL
				command := e.command(t, adminKey, "-f", "stopped.c1z")
				output, err := os.Create(filepath.Join(command.Dir, "output"))
				require.NoError(t, err)
				command.Stdout, command.Stderr = output, output
				require.NoError(t, command.Start())
				select {
				case <-reached:
				case <-time.After(time.Minute):
					require.Failf(t, "too few calls", "round %d has %d calls, not %d", round, calls.Load(), stopAfter)
				}
				require.NoError(t, command.Process.Signal(signal))
				err = command.Wait()
				text, readErr := os.ReadFile(output.Name())
				require.NoError(t, readErr)
				require.NoError(t, output.Close())
				requireStatus(t, 1, text, err)
				require.Contains(t, string(text), "baton-openai: stopped by a signal")
				listener.Close()
			}
		})
	}
}
