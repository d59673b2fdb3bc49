//go:build bench

package connector_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/stretchr/testify/require"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
	"github.com/conductorone/baton-openai/pkg/sessionstore"
)

// TestBenchmarks measures full syncs of seeded organizations and writes docs/benchmarks.md. Every figure is a ratio of
// two results of the same run, so that the machine matters little. BENCH_USERS sets the sizes, BENCH_LIMITED the
// largest one with a limited API.
func TestBenchmarks(t *testing.T) { //nolint:paralleltest // nothing else may run while it measures
	table := []string{
		"| users | projects | custom roles | calls / bound | refused / calls | wall / bound, limited | " +
			"wall / bound, 50 ms | in-memory / bound, 50 ms | CPU / in-memory | calls alone, CPU / in-memory | memory / in-memory | official client, 50 ms / ours | official client, limited |",
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|",
	}
	for _, users := range sizes(t) {
		row := benchmark{users: users}.row(t)
		t.Log(row)
		table = append(table, row)
	}
	writeBenchmarks(t, table, manyProjects(t), oneLargeProject(t))
}

// manyProjects returns wall / bound for a limited API with more projects than users.
func manyProjects(t *testing.T) string {
	t.Helper()
	o := openaitest.Seeded(99, openaitest.Size{Users: 60, Projects: 400, Groups: 20})
	limited := &openaitest.Server{Organization: o, RateLimit: &openaitest.RateLimit{Burst: benchBurst, Interval: benchInterval}}
	took := benchmark{users: 60}.measure(t, limited, roleConnector, filepath.Join(t.TempDir(), "projects.c1z"))
	return ratio(took.Wall.Seconds(), limitedBound(o).Seconds())
}

// oneLargeProject returns wall / bound of 20 ms a call, for an API without a limit and one project of 600 users with a
// custom role.
func oneLargeProject(t *testing.T) string {
	t.Helper()
	const latency = 20 * time.Millisecond
	o := openaitest.Seeded(99, openaitest.Size{Users: 600, UsersPerProject: 600, Projects: 1, ProjectsWithCustomRoles: 1, CustomRoles: -1, Groups: -1})
	calls := 0
	for _, n := range fewestCalls(o) {
		calls += n
	}
	server := &openaitest.Server{Organization: o, Latency: latency}
	took := benchmark{users: 600}.measure(t, server, roleConnector, filepath.Join(t.TempDir(), "project.c1z"))
	return ratio(took.Wall.Seconds(), (time.Duration(calls) * latency / benchWorkers).Seconds())
}

func sizes(t *testing.T) []int {
	t.Helper()
	var users []int
	for text := range strings.SplitSeq(cmp.Or(os.Getenv("BENCH_USERS"), "300,2000,20000"), ",") {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		users = append(users, n)
	}
	return users
}

const (
	// benchWorkers is the default of the command.
	benchWorkers = 12
	benchLatency = 50 * time.Millisecond
	benchBurst   = 7
	// benchInterval is the API's 7 calls a minute, with a second for a minute.
	benchInterval = time.Second / benchBurst
)

// benchmark is one organization.
type benchmark struct{ users int }

// organization has custom roles only if it is small: they take one call for each user at any size.
func (b benchmark) organization() openaitest.Organization {
	size := openaitest.Size{Users: b.users}
	if b.users > 2000 {
		size.CustomRoles = -1
	}
	return openaitest.Seeded(99, size)
}

func (b benchmark) row(t *testing.T) string {
	t.Helper()
	o := b.organization()
	bound := 0
	for _, calls := range fewestCalls(o) {
		bound += calls
	}

	free := &openaitest.Server{Organization: b.organization()}
	file := filepath.Join(t.TempDir(), "free.c1z")
	ours := b.measure(t, free, roleConnector, file)
	count := len(free.Requests())
	bare := b.measure(t, free, roleCalls, "", "BENCH_CALLS="+callsOf(t, free))
	memory := b.measure(t, free, roleMemory, filepath.Join(t.TempDir(), "memory.c1z"), "BENCH_ROWS="+file)
	for range b.repetitions() {
		ours = ours.best(b.measure(t, free, roleConnector, filepath.Join(t.TempDir(), "again.c1z")))
		memory = memory.best(b.measure(t, free, roleMemory, filepath.Join(t.TempDir(), "again.c1z"), "BENCH_ROWS="+file))
	}
	require.Equal(t, memory.Rows, ours.Rows)

	slow := &openaitest.Server{Organization: b.organization(), Latency: benchLatency}
	distant := b.measure(t, slow, roleConnector, filepath.Join(t.TempDir(), "slow.c1z"))

	limitedRatio, refused := "not measured", "not measured"
	if most, _ := strconv.Atoi(cmp.Or(os.Getenv("BENCH_LIMITED"), "20000")); b.users <= most {
		limited := &openaitest.Server{Organization: b.organization(), RateLimit: &openaitest.RateLimit{Burst: benchBurst, Interval: benchInterval}}
		measured := b.measure(t, limited, roleConnector, filepath.Join(t.TempDir(), "limited.c1z"))
		again := 0
		for _, request := range limited.Requests() {
			if request.Status == http.StatusTooManyRequests {
				again++
			}
		}
		require.Equal(t, bound, len(limited.Requests())-again)
		limitedRatio = ratio(measured.Wall.Seconds(), limitedBound(o).Seconds())
		refused = ratio(float64(again), float64(bound))
	}

	official := "not measured"
	if b.users <= 300 {
		took, err := walkOfficially(t, &openaitest.Server{Organization: b.organization(), Latency: benchLatency})
		require.NoError(t, err)
		official = ratio(took.Seconds(), distant.Wall.Seconds())
	}
	limitedWalk := &openaitest.Server{Organization: b.organization(), RateLimit: &openaitest.RateLimit{Burst: benchBurst, Interval: time.Minute / benchBurst}}
	_, err := walkOfficially(t, limitedWalk)
	limitedOfficial := "succeeds"
	if err != nil {
		limitedOfficial = fmt.Sprintf("fails after %d calls (7 a minute)", len(limitedWalk.Requests()))
	}
	distantBound := (time.Duration(bound) * benchLatency / benchWorkers).Seconds()
	return fmt.Sprintf("| %d | %d | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |",
		b.users, len(o.Projects), len(o.Roles),
		ratio(float64(count), float64(bound)), refused, limitedRatio,
		ratio(distant.Wall.Seconds(), distantBound), ratio(memory.Wall.Seconds(), distantBound),
		ratio(ours.CPU.Seconds(), memory.CPU.Seconds()), ratio(bare.CPU.Seconds(), memory.CPU.Seconds()),
		ratio(float64(ours.Peak), float64(memory.Peak)),
		official, limitedOfficial)
}

func ratio(a, b float64) string { return fmt.Sprintf("%.2f", a/b) }

// limitedBound is the shortest time with a limited API: the slowest route makes its calls beyond the burst one interval
// after another.
func limitedBound(o openaitest.Organization) time.Duration {
	slowest := 0
	for _, calls := range fewestCalls(o) {
		slowest = max(slowest, calls-benchBurst)
	}
	return time.Duration(slowest) * benchInterval
}

// The roles of the test binary as a process of its own, whose time and memory are those of the role alone.
const (
	roleEnv       = "BENCH_ROLE"
	roleConnector = "connector"
	roleMemory    = "memory"
)

// measured is the result of a process.
type measured struct {
	Wall, CPU time.Duration
	// Peak is the largest resident memory, in KiB.
	Peak int
	// Rows are the numbers of resources, entitlements and grants, with expanded ones.
	Rows [3]int
}

// repetitions is how often a short sync is repeated, since other load on the machine affects it more.
func (b benchmark) repetitions() int {
	if b.users > 2000 {
		return 0
	}
	return 3
}

// best is the smaller result of two syncs.
func (m measured) best(other measured) measured {
	return measured{Wall: min(m.Wall, other.Wall), CPU: min(m.CPU, other.CPU), Peak: min(m.Peak, other.Peak), Rows: m.Rows}
}

// measure syncs from the server in a process of its own.
func (b benchmark) measure(t *testing.T, server *openaitest.Server, role, file string, environment ...string) measured {
	t.Helper()
	listener := httptest.NewServer(server)
	defer listener.Close()
	binary, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), binary, "-test.run=^TestBenchmarkRole$", "-test.timeout=2h")
	output := filepath.Join(t.TempDir(), "measured.json")
	command.Env = append(os.Environ(), append(environment, roleEnv+"="+role, "BENCH_HOST="+listener.URL, "BENCH_URL="+listener.URL+"/v1", "BENCH_FILE="+file, "BENCH_OUTPUT="+output)...)
	text, err := command.CombinedOutput()
	require.NoError(t, err, string(text))
	answer, err := os.ReadFile(output)
	require.NoError(t, err)
	var found measured
	require.NoError(t, json.Unmarshal(answer, &found))
	t.Logf("%d users, %s: %+v", b.users, role, found)
	return found
}

// TestBenchmarkRole is the measured process.
func TestBenchmarkRole(t *testing.T) { //nolint:paralleltest // it is alone in its process
	role := os.Getenv(roleEnv)
	if role == "" {
		t.Skip("it is run by TestBenchmarks")
	}
	if role == roleCalls {
		writeMeasured(t, makeCalls(t, os.Getenv("BENCH_CALLS")))
		return
	}
	var builder connectorbuilder.ConnectorBuilderV2
	switch role {
	case roleMemory:
		builder = newMemoryConnector(t, os.Getenv("BENCH_ROWS"))
	default:
		var err error
		// The command does the same.
		require.NoError(t, os.Setenv("BATON_DISABLE_HTTP_CACHE", "true"))
		builder, _, err = connector.New(t.Context(), &cfg.Openai{OpenaiAdminKey: testKey, BaseUrl: os.Getenv("BENCH_URL")}, &cli.ConnectorOpts{})
		require.NoError(t, err)
	}
	runtime.GC()
	require.NoError(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600))

	path := os.Getenv("BENCH_FILE")
	before, start := processorTime(t), time.Now()
	store := &lateSessionStore{}
	server, err := connectorbuilder.NewConnector(t.Context(), builder, connectorbuilder.WithSessionStore(sessionstore.NewBuffer(store)))
	require.NoError(t, err)
	syncer, err := sync.NewSyncer(t.Context(), serve(t.Context(), t, server),
		sync.WithC1ZPath(path), sync.WithTmpDir(t.TempDir()), sync.WithSessionStore(store), sync.WithWorkerCount(benchWorkers))
	require.NoError(t, err)
	// The command does the same.
	if own, ok := builder.(*connector.Connector); ok {
		own.ReadAhead()
		defer own.StopReading()
	}
	require.NoError(t, syncer.Sync(t.Context()))
	require.NoError(t, syncer.Close(t.Context()))
	found := measured{Wall: time.Since(start), CPU: processorTime(t) - before, Peak: peakMemory(t)}

	found.Rows = countRows(t, path)
	writeMeasured(t, found)
}

func writeMeasured(t *testing.T, found measured) {
	t.Helper()
	text, err := json.Marshal(found)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(os.Getenv("BENCH_OUTPUT"), text, 0o600))
}

// countRows counts rows without keeping them, since a large organization has millions.
func countRows(t *testing.T, path string) [3]int {
	t.Helper()
	store := openFile(t, path)
	var rows [3]int
	countPages := func(i int, page func(token string) (int, string, error)) {
		for token := ""; ; {
			n, next, err := page(token)
			require.NoError(t, err)
			rows[i] += n
			if token = next; token == "" {
				return
			}
		}
	}
	countPages(0, func(token string) (int, string, error) {
		page, err := store.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{PageToken: token}.Build())
		return len(page.GetList()), page.GetNextPageToken(), err
	})
	countPages(1, func(token string) (int, string, error) {
		page, err := store.ListEntitlements(t.Context(), v2.EntitlementsServiceListEntitlementsRequest_builder{PageToken: token}.Build())
		return len(page.GetList()), page.GetNextPageToken(), err
	})
	countPages(2, func(token string) (int, string, error) {
		page, err := store.ListGrants(t.Context(), v2.GrantsServiceListGrantsRequest_builder{PageToken: token}.Build())
		return len(page.GetList()), page.GetNextPageToken(), err
	})
	return rows
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func peakMemory(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(text), "VmHWM:")
	require.True(t, ok)
	peak, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return peak
}
