//go:build bench

package connector_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// roleCalls is a process that only makes the calls of a sync with net/http and reads the answers. It is the lower bound
// for any connector with this API.
const roleCalls = "calls"

// callsOf writes the server's requests to a file.
func callsOf(t *testing.T, server *openaitest.Server) string {
	t.Helper()
	var paths []string
	for _, request := range server.Requests() {
		paths = append(paths, request.Path+"?"+request.Query.Encode())
	}
	text, err := json.Marshal(paths)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "calls.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// makeCalls makes the calls of the file, with the concurrency of a sync.
func makeCalls(t *testing.T, path string) measured {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var paths []string
	require.NoError(t, json.Unmarshal(text, &paths))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchWorkers}}
	host := os.Getenv("BENCH_HOST")

	before, start := processorTime(t), time.Now()
	waiting := make(chan string)
	var workers sync.WaitGroup
	for range benchWorkers {
		workers.Go(func() {
			for path := range waiting {
				if err := makeCall(t, client, host+path); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, path := range paths {
		waiting <- path
	}
	close(waiting)
	workers.Wait()
	return measured{Wall: time.Since(start), CPU: processorTime(t) - before, Peak: peakMemory(t)}
}

func makeCall(t *testing.T, client *http.Client, url string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+testKey)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var page struct {
		Data []map[string]any `json:"data"`
	}
	return json.Unmarshal(body, &page)
}
