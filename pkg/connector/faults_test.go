package connector_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// apiFault is something that goes wrong with a list, and what has to come of it. Nothing may be lost in any case.
type apiFault struct {
	name  string
	fault openaitest.Fault
	// code is how a sync ends where the fault lasts, and says what its message holds beside the route.
	code codes.Code
	says []string
	// passes is set where asking again may help: a single fault is then noticed by nobody.
	passes bool
	// atRest is set where the API goes away altogether, from the first call of the route on.
	atRest bool
	// timeout is for how long one attempt may take, where the fault is that it takes for ever.
	timeout time.Duration
}

// denies tells whether it is the API's word that there is no such thing.
func (f apiFault) denies() bool { return f.name == "404" }

// takesLong tells a fault that changes meet once for each route only.
func (f apiFault) takesLong() bool { return f.timeout > 0 || f.fault.Oversize > 0 }

const (
	tooOften  = "You've exceeded the rate limit, please slow down"
	oversized = 16<<20 + 1
)

// apiFaults are all of them. other is an address that must never be asked.
func apiFaults(other string) []apiFault {
	limited := func(retryAfter, more string) openaitest.Fault {
		fault := openaitest.Fault{Status: 429, Body: object("rate_limit_exceeded", tooOften+more)}
		if retryAfter != "" {
			fault.Header = http.Header{"Retry-After": {retryAfter}}
		}
		return fault
	}
	nowhere := openaitest.Fault{Status: 404, Body: object("", "Invalid URL (GET /organization)")}
	nowhereWithCode := openaitest.Fault{Status: 404, Body: object("unknown_url", "Unknown request URL: GET /organization.")}
	// Behind by the time it arrives, as dates of whole seconds are, it says no more than that there is a limit.
	date := time.Now().UTC().Format(http.TimeFormat)
	missing := object("", missingScopeText)
	bare := fmt.Sprintf(`{"error":%q}`, missingScopeText)
	return []apiFault{
		{name: "400", fault: openaitest.Fault{Status: 400, Body: object("bad", "This cannot be understood.")}, code: codes.InvalidArgument, says: []string{"400"}},
		{name: "401", fault: openaitest.Fault{Status: 401, Body: object("invalid_api_key", "Incorrect API key provided: "+testKey+".")}, code: codes.Unauthenticated, says: []string{adviceForKeys}},
		{name: "401 of a scope", fault: openaitest.Fault{Status: 401, Body: missing}, code: codes.Unauthenticated, says: []string{adviceForKeys, "api.groups.read"}},
		{name: "403", fault: openaitest.Fault{Status: 403, Body: missing}, code: codes.PermissionDenied, says: []string{adviceForKeys, "api.groups.read"}},
		{name: "403 bare", fault: openaitest.Fault{Status: 403, Body: bare}, code: codes.PermissionDenied, says: []string{adviceForKeys, "api.groups.read"}},
		{name: "404", fault: openaitest.Fault{Status: 404, Body: object("not_found", "No such thing")}, code: codes.FailedPrecondition, says: []string{"404"}},
		{name: "403 of a plan", fault: openaitest.Fault{Status: 403, Body: object("", "Not on your plan.")}, code: codes.PermissionDenied, says: []string{adviceForKeys, "Not on your plan."}},
		{name: "403 of a country", fault: openaitest.Fault{Code: "unsupported_country_region_territory"}, code: codes.PermissionDenied, says: []string{"country or region"}},
		{name: "404 without body", fault: openaitest.Fault{Status: 404, EmptyBody: true}, code: codes.Aborted, says: []string{"404", adviceForTheWay}, passes: true},
		{name: "404 of text", fault: openaitest.Fault{Text: true}, code: codes.Aborted, says: []string{"404 page not found", adviceForTheWay}, passes: true},
		{name: "404 of a gateway", fault: openaitest.Fault{Gateway: true}, code: codes.Aborted, says: []string{"no Route matched", adviceForTheWay}, passes: true},
		{name: "407 of a proxy", fault: openaitest.Fault{Status: 407, EmptyBody: true}, code: codes.Aborted, says: []string{"a proxy on the way to OpenAI demands a login"}, passes: true},
		{name: "401 of a proxy", fault: openaitest.Fault{Status: 401, Page: true}, code: codes.Aborted, says: []string{"401", adviceForTheWay}, passes: true},
		{name: "403 of a firewall", fault: openaitest.Fault{Status: 403, Page: true}, code: codes.Aborted, says: []string{"403", adviceForTheWay}, passes: true},
		{name: "404 of a proxy", fault: openaitest.Fault{Status: 404, Page: true}, code: codes.Aborted, says: []string{"404", adviceForTheWay}, passes: true},
		{name: "404 of an unknown address", fault: nowhere, code: codes.FailedPrecondition, says: []string{"404"}},
		{name: "404 of an unknown address, with code", fault: nowhereWithCode, code: codes.FailedPrecondition, says: []string{"404"}},
		{name: "408", fault: openaitest.Fault{Status: 408}, code: codes.Aborted, says: []string{"408"}, passes: true},
		{name: "409", fault: openaitest.Fault{Status: 409}, code: codes.Aborted, says: []string{"409"}, passes: true},
		{name: "429 with seconds", fault: limited("0.01", "."), code: codes.ResourceExhausted, says: []string{"429"}, passes: true},
		{name: "429 with a date", fault: limited(date, "."), code: codes.ResourceExhausted, says: []string{"429"}, passes: true},
		{name: "429 with a sentence", fault: limited("", " and try again after 0.01 seconds."), code: codes.ResourceExhausted, says: []string{"429"}, passes: true},
		{name: "429 with no word", fault: openaitest.Fault{Status: 429, EmptyBody: true}, code: codes.ResourceExhausted, says: []string{"429"}, passes: true},
		{name: "429 of a quota", fault: openaitest.Fault{Code: "insufficient_quota"}, code: codes.ResourceExhausted, says: []string{"your current quota"}},
		{name: "500", fault: openaitest.Fault{Status: 500}, code: codes.Aborted, says: []string{"500", "status.openai.com"}, passes: true},
		{name: "502 of HTML", fault: openaitest.Fault{Status: 502, Body: "<html><body>Bad gateway</body></html>", ContentType: "text/html"}, code: codes.Aborted, says: []string{"502"}, passes: true},
		{name: "503 without body", fault: openaitest.Fault{Status: 503, EmptyBody: true}, code: codes.Aborted, says: []string{"503"}, passes: true},
		{name: "connection refused", atRest: true, code: codes.Aborted, says: []string{"refused"}},
		{name: "connection dropped", fault: openaitest.Fault{Drop: true}, code: codes.Aborted, passes: true},
		{name: "reset in the body", fault: openaitest.Fault{Reset: true}, code: codes.Aborted, passes: true},
		{name: "stalled body", fault: openaitest.Fault{Stall: true}, code: codes.Aborted, says: []string{"no complete answer came in time"}, passes: true, timeout: time.Second},
		{name: "truncated JSON", fault: openaitest.Fault{Truncate: true}, code: codes.Aborted, says: []string{"not complete JSON"}, passes: true},
		{name: "another shape", fault: openaitest.Fault{WrongShape: true}, code: codes.Internal},
		{name: "200 of a network that wants a login", fault: openaitest.Fault{Status: 200, Page: true}, code: codes.Aborted, says: []string{"a page and not the API's"}, passes: true},
		{name: "empty 200", fault: openaitest.Fault{EmptyBody: true}, code: codes.Aborted, says: []string{"not complete JSON"}, passes: true},
		{name: "too large", fault: openaitest.Fault{Oversize: oversized}, code: codes.Internal, says: []string{"larger than 16 MiB"}},
		{name: "redirect to another host", fault: openaitest.Fault{Redirect: other}, code: codes.FailedPrecondition, says: []string{"redirects"}},
		{name: "cursor empty", fault: openaitest.Fault{Cursor: openaitest.CursorEmpty}, code: codes.Internal},
		{name: "cursor repeated", fault: openaitest.Fault{Cursor: openaitest.CursorRepeated}, code: codes.Internal},
		{name: "cursors in a circle", fault: openaitest.Fault{Cursor: openaitest.CursorCircular}, code: codes.Internal},
	}
}

// cell is one fault of one route.
type cell struct {
	apiFault

	route string
	// spared calls of the route are answered well, times are not; 0 is all.
	spared, times int
}

// planGate tells whether the answer is the one with which the API says that the plan lacks the members of groups. It is
// one of the two answers that may yield less than everything; the other is an archived project, which says so itself. Where
// another group has listed its members, it is no plan's.
func (c cell) planGate() bool { return c.spared == 0 && c.likeAPlan() }

// likeAPlan tells the answer of a plan.
func (c cell) likeAPlan() bool {
	return c.route == groupMembersRoute && (c.name == "403 of a plan" || c.denies())
}

// faultyOrganization has every list, each of a page or two.
func faultyOrganization() openaitest.Organization {
	return openaitest.Seeded(21, openaitest.Size{Users: 12, Groups: 3, Projects: 3})
}

// server is a stand-in with the fault.
func (c cell) server() *openaitest.Server {
	server := &openaitest.Server{Organization: faultyOrganization()}
	if !c.atRest {
		fault := c.fault
		fault.After, fault.Times = c.spared, c.times
		server.Faults = map[string]openaitest.Fault{c.route: fault}
	}
	return server
}

// options let a single fault pass and have a lasting one reported at once.
func (c cell) options() syncOptions {
	options := syncOptions{timeout: c.timeout}
	switch {
	case c.times > 0:
		options.patience = time.Minute
	case c.atRest:
		options.goneFrom = c.route
		options.patience = time.Second
	}
	return options
}

// requireEnd holds the end of a sync or a walk to what is expected. It tells whether everything has to be there.
func (c cell) requireEnd(t *testing.T, err error, logs *observer.ObservedLogs) bool {
	t.Helper()
	switch {
	case c.planGate():
		require.NoError(t, err)
		require.NotZero(t, logs.FilterMessageSnippet("does not list the members").Len())
		return false
	case c.likeAPlan():
		require.ErrorContains(t, err, "members")
		require.Contains(t, []codes.Code{c.code, codes.FailedPrecondition}, status.Code(err), err)
		return false
	case c.times > 0:
		require.NoError(t, err)
		return true
	}
	route := c.route
	if c.atRest {
		route = "GET /" // the one that was asked next
	}
	requireRefused(t, err, route, refusal{status: c.fault.Status, code: c.code, says: c.says})
	return false
}

// faultTable is every fault of every route that a sync asks: lasting, from the last call of the route on, and, where it
// can be mended by asking again, once.
func faultTable(t *testing.T, faults []apiFault) []cell {
	t.Helper()
	calls := routesOfASync(t, faultyOrganization())
	require.Len(t, calls, 16, "the routes that a sync asks")
	var cells []cell
	for _, route := range slices.Sorted(maps.Keys(calls)) {
		for _, fault := range faults {
			cells = append(cells, cell{apiFault: fault, route: route})
			if fault.passes {
				cells = append(cells, cell{apiFault: fault, route: route, times: 1})
			}
			if last := calls[route] - 1; last > 0 && !fault.atRest && fault.fault.Cursor == "" && fault.timeout == 0 {
				cells = append(cells, cell{apiFault: fault, route: route, spared: last})
			}
		}
	}
	return cells
}

func (c cell) String() string {
	when := "lasting"
	switch {
	case c.times > 0:
		when = "once"
	case c.spared > 0:
		when = "at the end"
	}
	return fmt.Sprintf("%s, %s, %s", c.route, c.name, when)
}

// elsewhere is a host that nobody may ask.
func elsewhere(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect to another host was followed")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Whatever goes wrong with a list, the connector asks again and has everything, or fails with a message that names the
// route and says what to do. An error never becomes an empty list.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	undisturbed, _, err := walkServer(t, &openaitest.Server{Organization: faultyOrganization()}, zap.WarnLevel)
	require.NoError(t, err)
	slices.Sort(undisturbed.rows)
	eachCell(t, faultTable(t, apiFaults(elsewhere(t))), func(t *testing.T, c cell) {
		t.Helper()
		w, logs, err := walkPatiently(t, c.server(), zap.WarnLevel, c.options())
		if !c.requireEnd(t, err, logs) {
			return
		}
		slices.Sort(w.rows)
		require.Len(t, w.rows, len(undisturbed.rows))
		require.True(t, slices.Equal(undisturbed.rows, w.rows), "other rows than undisturbed")
	})
}

// cellsAtOnce is how many cells are tried at the same time. They wait more than they work, which Go's own limit of
// parallel tests does not know.
const cellsAtOnce = 16

// eachCell tries the cells, each as a test of its own.
func eachCell[T fmt.Stringer](t *testing.T, cells []T, try func(*testing.T, T)) {
	t.Helper()
	queue := make(chan T)
	var workers sync.WaitGroup
	for range cellsAtOnce {
		workers.Go(func() {
			for c := range queue {
				t.Run(c.String(), func(t *testing.T) { try(t, c) })
			}
		})
	}
	for _, c := range cells {
		queue <- c
	}
	close(queue)
	workers.Wait()
}

// The same holds for the file that the SDK's syncer writes: it has every row, or does not count as a sync. A part of
// the table is tried here; `make long` walks all of it.
func TestFaultTableInTheFile(t *testing.T) {
	t.Parallel()
	var some []cell
	for i, c := range syncerTable(t) {
		if i%13 == 0 {
			some = append(some, c)
		}
	}
	requireTruth(t, some)
}

// syncerTable is the table as far as the syncer comes. Before all else it checks the key by the list of groups, and
// repeats that some times by itself, which would take long and say nothing new.
func syncerTable(t *testing.T) []cell {
	t.Helper()
	return slices.DeleteFunc(faultTable(t, apiFaults(elsewhere(t))), func(c cell) bool {
		return c.route == "GET /organization/groups" && c.code == codes.Aborted && c.times == 0
	})
}

// requireTruth syncs with each fault.
func requireTruth(t *testing.T, cells []cell) {
	t.Helper()
	undisturbed := runSync(t, &openaitest.Server{Organization: faultyOrganization()}, syncOptions{})
	require.NoError(t, undisturbed.err)
	want := readFile(t, undisturbed.path)
	eachCell(t, cells, func(t *testing.T, c cell) {
		t.Helper()
		synced := runSync(t, c.server(), c.options())
		switch whole := c.requireEnd(t, synced.err, synced.logs); {
		case whole:
			requireSame(t, want, readFile(t, synced.path))
		case synced.err != nil:
			requireNoFinishedSync(t, synced.path)
		}
	})
}

// requireNoFinishedSync holds a failed sync to leaving nothing behind that reads as the truth.
func requireNoFinishedSync(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return
	}
	finished, err := openFile(t, path).SyncMeta().LatestFinishedSyncOfAnyType(t.Context())
	require.NoError(t, err)
	require.Nil(t, finished)
}
