package connector_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// step is a call of a change: it reads before it writes, it writes, or it reads back afterwards.
type step struct {
	name    string
	do      func(context.Context, testConnector) error
	prepare func(*openaitest.Organization)
	// before is the organization when the call comes, want the one after the change.
	before, want openaitest.Organization

	route string
	// writes says that the call is a write, afterwards that it reads what a write has done.
	writes, afterwards bool
}

// isList tells whether the route answers a list, and not one object.
func (s step) isList() bool {
	isOne := strings.HasSuffix(s.route, "}") || strings.HasSuffix(s.route, "_permissions") || strings.HasSuffix(s.route, "/spend_limit")
	return !s.writes && !isOne
}

// isOptional tells the question whether somebody is in a group already: adding a member twice does no harm.
func (s step) isOptional() bool {
	return strings.HasPrefix(s.name, "grant ") && s.route == "GET /organization/groups/{group_id}/users/{user_id}"
}

// way is the same for changes that go the same way: of the id of a grant, such as project:alpha:viewer:user:ann, it
// leaves out who it is and of what, and of an action everything but its name.
func (s step) way() string {
	verb, rest, _ := strings.Cut(s.name, " ")
	what, _, _ := strings.Cut(rest, ", ")
	if parts := strings.Split(what, ":"); len(parts) == 5 {
		what = strings.Join([]string{parts[0], parts[2], parts[3]}, ":")
	}
	if verb == "action" {
		what, _, _ = strings.Cut(rest, " ")
	}
	return fmt.Sprintf("%s %s, %s, %t", verb, what, s.route, s.afterwards)
}

// stepsOf are the calls of an undisturbed change.
func stepsOf(t *testing.T, name string, c change) []step {
	t.Helper()
	server := newServer(c.prepare)
	var before []openaitest.Organization
	server.OnRequest = func(openaitest.Request) { before = append(before, server.Snapshot()) }
	require.NoError(t, c.do(t.Context(), connect(t, server)))
	requests := server.Requests()
	steps := make([]step, 0, len(requests))
	written := false
	for i, request := range requests {
		writes := request.Method != http.MethodGet
		steps = append(steps, step{
			name: name, do: c.do, prepare: c.prepare, before: before[i], want: server.Snapshot(),
			route: request.Route, writes: writes, afterwards: written && !writes,
		})
		written = written || writes
	}
	return steps
}

// steps are those of all changes, each route of a change once, and one of each way.
func steps(t *testing.T) []step {
	t.Helper()
	all := changes()
	account := accountInfo(t, map[string]any{"email": "new@example.com", "projects": []any{"alpha"}})
	all["create an account"] = change{do: func(ctx context.Context, d testConnector) error {
		_, _, _, err := builderOf[connectorbuilder.AccountManagerLimited](ctx, d, "user").CreateAccount(ctx, account, nil)
		return err
	}}
	all["issue a key"] = change{do: func(ctx context.Context, d testConnector) error {
		_, err := d.issueDirectly(ctx, "svc-1")
		return err
	}}
	seen := map[string]bool{}
	var found []step
	for _, name := range slices.Sorted(maps.Keys(all)) {
		asked := map[string]bool{}
		for _, s := range stepsOf(t, name, all[name]) {
			if !asked[s.route] && !seen[s.way()] {
				found = append(found, s)
				seen[s.way()] = true
			}
			asked[s.route] = true
		}
	}
	return found
}

// changeCell is a fault of a step.
type changeCell struct {
	step
	apiFault
}

func (c changeCell) String() string {
	return fmt.Sprintf("%s, %s, %s", c.step.name, c.route, c.apiFault.name)
}

// changeTable is every kind of fault at every step.
func changeTable(t *testing.T) []changeCell {
	t.Helper()
	var cells []changeCell
	for _, s := range steps(t) {
		for _, fault := range apiFaults(elsewhere(t)) {
			switch {
			case fault.fault.Cursor != "" && !s.isList():
				// One object has no cursor.
			case fault.kind == client.KindGone && !s.isList() && !s.writes:
				// That is no fault, but the answer for what is not there.
			case fault.kind == client.KindMalformed && s.writes:
				// It is a success of which most changes need no more: TestSuccessOfWhichNothingShows.
			default:
				cells = append(cells, changeCell{s, fault})
			}
		}
	}
	return cells
}

// What comes of a fault at a step of a change, in words.
const (
	stays   consequence = "the change is made all the same, or was made already: it succeeds"
	refuses consequence = "the change fails, and nothing more is done than was before"
	either  consequence = "the change is made where there is a way to make it all the same, and fails where there is none"
)

// ofChange is what comes of the fault at the step.
func (c changeCell) ofChange() consequence {
	switch {
	case c.afterwards || c.isOptional():
		return stays
	case c.fault.Cursor != "":
		return either // what is looked for may be on the first page
	case c.kind == client.KindRefused && (c.route == modifyProjectUser || c.route == unassignInProject):
		return either // such a refusal of viewer, or of letting a last role go, has another way round it
	case c.kind == client.KindGone && !c.writes && strings.HasPrefix(c.step.name, "grant "):
		return either // to whom is not known yet, a role can be given
	default:
		return refuses
	}
}

// changeCodes are the codes of a change that differ from those of a sync: nobody waits for what may pass, and what the
// API refuses for the state of the organization is a failed precondition.
var changeCodes = map[client.Kind]codes.Code{
	client.KindNoAnswer: codes.Unavailable, client.KindRefused: codes.FailedPrecondition, client.KindConflict: codes.FailedPrecondition,
}

// requireEnd holds the outcome of a change to what is expected.
func (c changeCell) requireEnd(t *testing.T, err error, server *openaitest.Server) {
	t.Helper()
	expected := c.ofChange()
	if expected == stays || expected == either && err == nil {
		require.NoError(t, err, expected)
		requireState(t, c.want, server)
		return
	}
	require.Error(t, err, expected)
	requireState(t, c.before, server)
	requireMessage(t, err)
	for _, words := range c.says {
		// An answer to the request for a key is not quoted, unless it is a refusal of the API.
		require.Equal(t, c.route != createKey || words != "no Route matched", strings.Contains(err.Error(), words), "%q: %v", words, err)
	}
	require.Contains(t, err.Error(), c.route)
	if c.kind == client.KindGone {
		return // NotFound or FailedPrecondition, by what is denied
	}
	code, differs := changeCodes[c.kind]
	switch {
	case !differs:
		code = c.code
	case c.route == createKey && c.kind == client.KindNoAnswer:
		code = codes.Aborted // that nobody repeats: TestFaultTableOfKeys
	}
	require.Equal(t, code, status.Code(err), err)
}

// Whatever goes wrong with what a change reads, nothing is concluded from it: it fails with a message that names the
// route and has changed nothing, or what was changed stays a success. An access is never reported as taken because it
// could not be read. Whatever goes wrong with a write that is not made, the change fails, and does nothing else.
//
// The changes go the way of the SDK's provisioner, over gRPC to the connector, but for its repetitions, each of which would
// wait for a quarter of a minute and then say the same.
func TestFaultTableOfChanges(t *testing.T) {
	t.Parallel()
	cells := changeTable(t)
	require.Greater(t, len(cells), 1500)
	eachCell(t, cells, func(t *testing.T, c changeCell) {
		t.Helper()
		server := newServer(c.prepare)
		server.SetFault(c.route, c.fault)
		// Far above what a change takes: one that asks again and again where it has to fail ends as well.
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		c.requireEnd(t, c.do(ctx, connect(t, server)), server)
	})
}
