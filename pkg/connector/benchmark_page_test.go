//go:build bench

package connector_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeBenchmarks(t *testing.T, table []string, manyProjects, oneLargeProject string) {
	t.Helper()
	commit, err := exec.CommandContext(t.Context(), "git", "describe", "--always", "--dirty").Output()
	require.NoError(t, err)
	text := fmt.Sprintf(benchmarksPage, strings.Join(table, "\n"), manyProjects, oneLargeProject, runtime.NumCPU(), runtime.GOOS+"/"+runtime.GOARCH, runtime.Version(), strings.TrimSpace(string(commit)))
	const path = "../../docs/benchmarks.md"
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	// A separate test counts the calls of changes.
	_, calls, found := strings.Cut(string(page), changesBegin)
	require.True(t, found)
	require.NoError(t, os.WriteFile(path, []byte(text+"\n"+changesBegin+calls), 0o600))
}

const benchmarksPage = `# Benchmarks

` + "`make bench`" + ` measures whole syncs of seeded organizations, from the stand-in of the API into a file, and writes this
page down to the calls of a change. Every figure is a ratio from one run.

%s

Where projects outnumber users (60 users, 400 projects, 20 groups), wall / bound on a limited API is %s. One project of 600
users with a custom role, of a free API that answers in 20 ms, takes %s of its bound.

Measured with %d cores (%s, %s) at commit %s, with 12 workers.

- **calls / bound**: list calls over the fewest that the truth needs, the one for the credentials included. The calls that a
  limited API refused and that were made again are counted next to it, as **refused / calls**.
- **wall / bound, limited**: the API lets 7 calls of a route pass at once and one more each seventh of a second (a minute of
  the real API scaled to a second). The bound is the largest, over all routes of the sync, of the calls beyond the
  burst times the interval.
- **wall / bound, 50 ms**: every answer takes 50 ms, without limits. The bound is calls × 50 ms / 12, since that many
  calls are under way at once. **in-memory / bound** is the time of the process described next over the same bound: what the
  SDK takes for the rows, of which only a part can be done while calls are under way, and on few processors less.
- **CPU** and **memory / in-memory**: processor time and peak resident memory of the syncing process over those of one whose
  connector has the same rows in memory and gives them resource by resource, with the same SDK and workers; the least of
  four runs each up to 2,000 users. **calls alone** is a process that makes the same calls with net/http, decodes the answers
  and does nothing else.
- **official client**: the same inventory, walked one call after the other with OpenAI's own Go client as it comes.
`
