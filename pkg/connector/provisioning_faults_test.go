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

// step is a call of a change: a read before the write, a write, or a read after it.
type step struct {
	name    string
	do      func(context.Context, testConnector) error
	prepare func(*openaitest.Organization)
	// before is the organization at the time of the call, want the one after the change.
	before, want openaitest.Organization

	route string
	// writes says that the call is a write, afterwards that it is a read after one.
	writes, afterwards bool
}

// isList reports whether the answer of the route is a list.
func (s step) isList() bool {
	isOne := strings.HasSuffix(s.route, "}") || strings.HasSuffix(s.route, "_permissions") || strings.HasSuffix(s.route, "/spend_limit")
	return !s.writes && !isOne
}

// isOptional reports whether the call reads if a principal is in a group already. Without it, adding a member twice
// does no harm.
func (s step) isOptional() bool {
	return strings.HasPrefix(s.name, "grant ") && s.route == "GET /organization/groups/{group_id}/users/{user_id}"
}

// asksForAnOwner reports whether the call reads if a reader who is to be deleted is an owner by an assignment.
func (s step) asksForAnOwner() bool {
	deletesUser := s.name == "delete a user" || strings.HasPrefix(s.name, "revoke "+organizationMember)
	return deletesUser && s.route == userRolesRoute
}

// way is the same for changes with the same calls: it leaves out the ids in the id of a grant, such as
// project:alpha:viewer:user:ann, and the arguments of an action.
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

// stepsOf are the calls of a change without a fault.
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

// steps are those of all changes, without repetitions of a route in a change and without steps of the same way.
func steps(t *testing.T) []step {
	t.Helper()
	all := changes()
	account := accountInfo(t, map[string]any{"email": "new@example.com", "projects": []any{"alpha"}})
	all["create an account"] = change{do: func(ctx context.Context, d testConnector) error {
		_, _, _, err := builderOf[connectorbuilder.AccountManagerLimited](ctx, d, "user").CreateAccount(ctx, account, nil)
		return err
	}}
	all["issue a key"] = change{do: func(ctx context.Context, d testConnector) error {
		_, err := d.issueDirectly(ctx)
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

// changeTable has every step with the faults that are tried there.
func changeTable(t *testing.T) []changeCell {
	t.Helper()
	var cells []changeCell
	faults := apiFaults(redirectTarget(t))
	for number, s := range steps(t) {
		for _, fault := range faultsAt(faults, number) {
			switch {
			case fault.fault.Cursor != "" && !s.isList():
				// A single object has no cursor.
			case fault.kind == client.KindGone && !s.isList() && !s.writes:
				// This is the regular answer for a missing object.
			case fault.kind == client.KindMalformed && s.writes:
				// Most changes need nothing from the answer of a success: TestSuccessWithoutAnEffect.
			default:
				cells = append(cells, changeCell{s, fault})
			}
		}
	}
	return cells
}

// The expected results of a fault at a step of a change.
const (
	stays   consequence = "the change is made all the same, or was made already: it succeeds"
	refuses consequence = "the change fails, and nothing more is done than was before"
	either  consequence = "the change is made where there is a way to make it all the same, and fails where there is none"
)

// ofChange is the expected result of the fault at the step.
func (c changeCell) ofChange() consequence {
	switch {
	case c.afterwards || c.isOptional():
		return stays
	case c.asksForAnOwner() && slices.Contains([]client.Kind{client.KindGone, client.KindNoSuchList, client.KindDenied, client.KindDeniedWithoutReason}, c.kind):
		return stays // an organization without such lists has no owner by an assignment
	case c.fault.Cursor != "":
		return either // the wanted row may be on the first page
	case c.kind == client.KindRefused && (c.route == modifyProjectUser || c.route == unassignInProject):
		return either // for a refusal of the role viewer, or of the last role's removal, there is another call
	case c.kind == client.KindGone && !c.writes && strings.HasPrefix(c.step.name, "grant "):
		return either // a role can be granted to a principal that OpenAI does not know yet
	default:
		return refuses
	}
}

// changeCodes are the codes that differ from those of a sync: a change is not repeated for long, and a refusal because
// of the organization's state is a failed precondition.
var changeCodes = map[client.Kind]codes.Code{
	client.KindNoAnswer: codes.Unavailable, client.KindRefused: codes.FailedPrecondition, client.KindConflict: codes.FailedPrecondition,
}

// requireEnd checks the result of a change against the expectation.
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
		// The answer to the creation of a key is quoted only if it is a refusal of the API.
		require.Equal(t, c.route != createKey || words != "no Route matched", strings.Contains(err.Error(), words), "%q: %v", words, err)
	}
	require.Contains(t, err.Error(), c.route)
	if c.kind == client.KindGone {
		return // NotFound or FailedPrecondition, by the object
	}
	code, differs := changeCodes[c.kind]
	switch {
	case !differs:
		code = c.code
	case c.route == createKey && c.kind == client.KindNoAnswer:
		code = codes.Aborted // a code that is not repeated: TestFaultTableOfKeys
	}
	require.Equal(t, code, status.Code(err), err)
}

// A fault of a read before the write leaves everything unchanged: the change fails with the route. It never reports
// access as revoked because it could not be read. A fault of a read after the write leaves the change a success. A
// write that was not made fails the change, which then does nothing else. The changes go through gRPC, as those of the
// SDK's provisioner do, but without its retries, each of which would wait for a quarter of a minute.
func TestFaultTableOfChanges(t *testing.T) {
	t.Parallel()
	cells := changeTable(t)
	require.Greater(t, len(cells), 100*faultsInTurn)
	eachCell(t, cells, func(t *testing.T, c changeCell) {
		t.Helper()
		server := newServer(c.prepare)
		server.SetFault(c.route, c.fault)
		// The limit is far above the time of a change and ends one that repeats calls instead of failing.
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		c.requireEnd(t, c.do(ctx, connect(t, server)), server)
	})
}
