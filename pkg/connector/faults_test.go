package connector_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// consequence is the expected result of a fault at a list of a sync.
type consequence string

const (
	fails      consequence = "the sync fails and says what to do"
	askedAgain consequence = "it is asked again: a single one does no harm, and the sync fails where it lasts"
	// This answer may give fewer rows. If another group has listed its members, the plan is not the reason.
	withoutMembers consequence = "the plan does not offer the members of groups: a sync without them, and a warning"
	contradicts    consequence = "OpenAI lists the members of another group: the sync fails, and says of which group it does not"
)

// apiFault stands for all faults of its kind. TestFaults of pkg/client has all of them, and whether they are repeated;
// these tests have the results for a sync and a change. In no case anything is lost.
type apiFault struct {
	name     string
	kind     client.Kind
	fault    openaitest.Fault
	expected consequence
	// code is the code of a sync with a lasting fault; says are parts of its message other than the route.
	code codes.Code
	says []string
	// later adds a fault that begins with the last call of a list.
	later bool
	// inTurn says that the connector does not treat the kind by the list. Each list, and each call of a change, is tried
	// with some of these faults in turn, and by "make long" with all.
	inTurn bool
}

// apiFaults has a fault of each kind, and a second one of a kind with two forms that could be mistaken for an answer.
// other is an address that must not be called.
func apiFaults(other string) []apiFault {
	apiError := func(statusCode int, code, message string) openaitest.Fault {
		return openaitest.Fault{Status: statusCode, Body: object(code, message)}
	}
	return []apiFault{
		{"refused", client.KindRefused, apiError(400, "bad", "This cannot be understood."), fails, codes.InvalidArgument, []string{"400"}, false, true},
		{"gone", client.KindGone, apiError(404, "not_found", "No such thing"), fails, codes.FailedPrecondition, []string{"404"}, true, false},
		{"no such list", client.KindNoSuchList, apiError(404, "unknown_url", "Unknown request URL: GET /organization."), fails, codes.FailedPrecondition, []string{"404"}, false, true},
		{"archived", client.KindProjectArchived, openaitest.Fault{Code: "project_archived"}, fails, codes.FailedPrecondition, []string{"400"}, false, true},
		{"conflict", client.KindConflict, openaitest.Fault{Status: 409}, askedAgain, codes.Aborted, []string{"409"}, false, true},
		{"key", client.KindUnauthenticated, apiError(401, "invalid_api_key", "Incorrect API key provided: "+testKey+"."), fails, codes.Unauthenticated, []string{adviceForKeys}, false, true},
		{"scope", client.KindDenied, apiError(403, "", missingScopeText), fails, codes.PermissionDenied, []string{adviceForKeys, "api.groups.read"}, false, true},
		{"denied", client.KindDeniedWithoutReason, apiError(403, "", "Not on your plan."), fails, codes.PermissionDenied, []string{adviceForKeys, "Not on your plan."}, true, true},
		{"limited", client.KindLimited, openaitest.Fault{Status: 429, EmptyBody: true}, askedAgain, codes.ResourceExhausted, []string{"429"}, false, true},
		{"quota", client.KindBilling, openaitest.Fault{Code: "insufficient_quota"}, fails, codes.ResourceExhausted, []string{"your current quota"}, false, true},
		{"redirect", client.KindMisdirected, openaitest.Fault{Redirect: other}, fails, codes.FailedPrecondition, []string{"redirects"}, false, true},
		{"dropped", client.KindNoAnswer, openaitest.Fault{Drop: true}, askedAgain, codes.Aborted, []string{"status.openai.com"}, true, false},
		{"404 of a gateway", client.KindNoAnswer, openaitest.Fault{Gateway: true}, askedAgain, codes.Aborted, []string{"no Route matched", adviceForTheWay}, false, true},
		{"another shape", client.KindMalformed, openaitest.Fault{WrongShape: true}, fails, codes.Internal, nil, false, true},
		// The connector has to keep the client's state of a list between pages.
		{"cursors in a circle", client.KindMalformed, openaitest.Fault{Cursor: openaitest.CursorCircular}, fails, codes.Internal, nil, false, true},
	}
}

// at is the expected result of the fault at a list; whole says that every call of the list has it.
func (f apiFault) at(route string, whole bool) consequence {
	isDenial := f.kind == client.KindGone || f.kind == client.KindDeniedWithoutReason
	switch {
	case isDenial && route == groupMembersRoute && whole:
		return withoutMembers
	case isDenial && route == groupMembersRoute:
		return contradicts
	default:
		return f.expected
	}
}

// Each fault has its kind, and every kind has a fault.
func TestFaultsStandForEveryKind(t *testing.T) {
	t.Parallel()
	seen := map[client.Kind]bool{
		client.KindCursorGone: true, // lists of two pages have this kind: TestPlacesThatAreAlwaysGone tries each
		client.KindNotDone:    true, // the answer of a deletion: TestDeletionThatSaysNothingWasDeleted
		client.KindStopped:    true, // the caller has cancelled the call
	}
	for _, fault := range apiFaults(redirectTarget(t)) {
		standIn := listen(t, &openaitest.Server{
			Organization: faultyOrganization(), Faults: map[string]openaitest.Fault{groupMembersRoute: fault.fault},
		})
		base, err := url.Parse(standIn + "/v1")
		require.NoError(t, err)
		c, err := client.New(t.Context(), base, testKey, "test")
		require.NoError(t, err)
		c.RetryFor = 0
		groups, err := c.ListGroups(t.Context(), client.Cursor{})
		require.NoError(t, err)
		for cursor, pages := (client.Cursor{}), 0; err == nil && pages < 10; pages++ {
			var page client.Page[client.GroupUser]
			page, err = c.ListGroupUsers(t.Context(), groups.Items[0].ID, cursor)
			cursor = page.Next
		}
		require.Equal(t, fault.kind, client.KindOf(err), fault.name)
		seen[fault.kind] = true
	}
	for kind := client.KindRefused; kind <= client.KindStopped; kind++ {
		require.True(t, seen[kind], "no fault stands for the kind %d", kind)
	}
}

// cell is one fault of one route.
type cell struct {
	apiFault

	route string
	// after is the number of calls before the fault, times the number of calls with it; 0 is all.
	after, times int
	// whole says that every call of the list has the fault.
	whole bool
	// group is the only group with the fault; "" is all.
	group string
}

// faultyOrganization has rows of every list.
func faultyOrganization() openaitest.Organization {
	return openaitest.Seeded(21, openaitest.Size{Users: 5, Groups: 3, Projects: 2})
}

// server is a stand-in with the fault.
func (c cell) server() *openaitest.Server {
	fault := c.fault
	fault.After, fault.Times, fault.PathContains = c.after, c.times, c.group
	return &openaitest.Server{Organization: faultyOrganization(), Faults: map[string]openaitest.Fault{c.route: fault}}
}

// options repeat a call after a single fault, and report a lasting fault at once.
func (c cell) options() syncOptions {
	if c.times > 0 {
		return syncOptions{retryFor: time.Minute}
	}
	return syncOptions{}
}

// requireEnd checks the result of a sync against the expectation. It reports whether the file has to have every row.
func (c cell) requireEnd(t *testing.T, err error, logs *observer.ObservedLogs) bool {
	t.Helper()
	expected := c.at(c.route, c.whole)
	switch {
	case expected == withoutMembers:
		require.NoError(t, err, expected)
		require.NotZero(t, logs.FilterMessageSnippet("does not list the members").Len(), expected)
		return false
	case expected == contradicts:
		require.ErrorContains(t, err, "members", expected)
		// The order of the groups decides.
		require.Contains(t, []codes.Code{c.code, codes.FailedPrecondition}, status.Code(err), err)
		return false
	case expected == askedAgain && c.times > 0:
		require.NoError(t, err, expected)
		return true
	}
	requireRefused(t, err, c.route, refusal{code: c.code, says: c.says})
	return false
}

// faultsInTurn is the number of faults that "make test" takes in turn.
const faultsInTurn = 3

// faultsAt are the faults for the list, or the call of a change, of this number.
func faultsAt(all []apiFault, number int) []apiFault {
	if everyFault {
		return all
	}
	var faults, inTurn []apiFault
	for _, fault := range all {
		if fault.inTurn {
			inTurn = append(inTurn, fault)
		} else {
			faults = append(faults, fault)
		}
	}
	for i := range faultsInTurn {
		faults = append(faults, inTurn[(number*faultsInTurn+i)%len(inTurn)])
	}
	return faults
}

// faultTable has every kind at the lists of a sync: lasting; from the last call on, after answers that could make it
// credible; and once, for one of the repeated kinds.
func faultTable(t *testing.T, undisturbed *openaitest.Server) []cell {
	t.Helper()
	calls := map[string]int{}
	for _, request := range undisturbed.Requests() {
		calls[request.Route]++
	}
	require.Len(t, calls, 16, "the routes that a sync asks")
	faults := apiFaults(redirectTarget(t))
	var cells []cell
	for list, route := range slices.Sorted(maps.Keys(calls)) {
		first := 0
		if route == "GET /organization/groups" {
			first = 1 // the check of the key, which TestValidateReportsARefusal tests
		}
		last := calls[route] - 1
		here := faultsAt(faults, list)
		if route == groupMembersRoute {
			here = faults // some refusals of this list are those of a plan, so every kind matters
		}
		for _, fault := range here {
			cells = append(cells, cell{apiFault: fault, route: route, after: first, whole: true})
			switch {
			case fault.later && route == groupMembersRoute:
				// In any order of the groups, others list their members.
				for _, group := range faultyOrganization().Groups {
					cells = append(cells, cell{apiFault: fault, route: route, group: group.ID})
				}
			case fault.later && last > first:
				cells = append(cells, cell{apiFault: fault, route: route, after: last})
			}
			if fault.name == "dropped" {
				cells = append(cells, cell{apiFault: fault, route: route, after: first, times: 1})
			}
		}
	}
	return cells
}

func (c cell) String() string {
	when := "at the end"
	switch {
	case c.times > 0:
		when = "once"
	case c.whole:
		when = "lasting"
	case c.group != "":
		when = c.group
	}
	return fmt.Sprintf("%s, %s, %s", c.route, c.name, when)
}

// redirectTarget is a host that must not be called.
func redirectTarget(t *testing.T) string {
	t.Helper()
	return listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect to another host was followed")
	}))
}

// With any fault of a list, the SDK's syncer writes every row into the file, or the sync fails with the route and
// advice, and the file does not count as a finished sync. An error never becomes an empty list.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: faultyOrganization()}
	undisturbed := runSync(t, server, syncOptions{})
	require.NoError(t, undisturbed.err)
	want := readRows(t, undisturbed.store)
	eachCell(t, faultTable(t, server), func(t *testing.T, c cell) {
		t.Helper()
		synced := runSync(t, c.server(), c.options())
		switch everything := c.requireEnd(t, synced.err, synced.logs); {
		case everything:
			requireSame(t, want, readRows(t, synced.store))
		case synced.err != nil:
			requireNoFinishedSync(t, synced.store)
		}
	})
}

// cellsAtOnce is the number of parallel cells. More of them cost more: each sync takes memory for some hundreds of megabytes.
const cellsAtOnce = 4

// eachCell runs each cell as a test.
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

// requireNoFinishedSync checks that a failed sync left nothing that reads as a finished one.
func requireNoFinishedSync(t *testing.T, store c1zstore.Store) {
	t.Helper()
	finished, err := store.SyncMeta().LatestFinishedSyncOfAnyType(t.Context())
	require.NoError(t, err)
	require.Nil(t, finished)
}
