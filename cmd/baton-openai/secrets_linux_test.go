package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// processes are the ids of the run's processes, by whether they are the connector service.
func (r *trial) processes(t *testing.T) map[bool]int {
	t.Helper()
	found := map[bool]int{}
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, path := range paths {
		environment, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(environment, []byte("BATON_BASE_URL="+r.address+"/v1\x00")) {
			continue // another one's, or gone
		}
		title, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		require.NoError(t, err)
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		require.NoError(t, err)
		found[bytes.Contains(title, []byte("_connector-service"))] = id
	}
	return found
}

// A key that is given as documented is in no process's title while a sync runs, nor in what the sync has written by
// then; and a process that ends with a dump of all that it is doing does not dump it.
func TestSecretsDoNotShowInProcesses(t *testing.T) {
	t.Parallel()
	for isService, name := range map[bool]string{true: "the service crashes", false: "the command crashes"} {
		t.Run(name, func(t *testing.T) {
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

			running := run.processes(t)
			require.Len(t, running, 2)
			for _, id := range running {
				for _, file := range []string{"cmdline", "comm", "status", "maps", "mountinfo"} {
					path := fmt.Sprintf("/proc/%d/%s", id, file)
					content, err := os.ReadFile(path)
					require.NoError(t, err)
					requireNoSecret(t, path, content)
				}
			}
			requireNoSecretInFilesOf(t, run.directory)

			require.NoError(t, syscall.Kill(running[isService], syscall.SIGQUIT))
			err := command.Wait()
			require.Error(t, err)
			requireNoSecret(t, "the dump", output.Bytes())
			require.Positive(t, bytes.Count(output.Bytes(), []byte("SIGQUIT: quit")))
			require.Greater(t, bytes.Count(output.Bytes(), []byte("\ngoroutine ")), 10)
			if isService {
				require.Positive(t, bytes.Count(output.Bytes(), []byte("client.(*Client).send(")), "the dump is of the calls that hold the key")
			}
			requireNoSecretBelow(t, run.directory)
		})
	}
}
