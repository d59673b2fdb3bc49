package connector_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// change is a grant, a revocation, a deletion or an action that changes something.
type change struct {
	do      func(context.Context, testConnector) error
	prepare func(*openaitest.Organization)
	effect  func(*openaitest.Organization)
	sends   []string
}

// changes are those of all tables.
func changes() map[string]change {
	all := map[string]change{}
	for _, cases := range []map[string]grantCase{organizationGrants, groupGrants, projectGrants, projectRoleGrants} {
		for name, test := range cases {
			all["grant "+test.grantID()+", "+name] = change{
				func(ctx context.Context, d testConnector) error { return d.grantDirectly(ctx, test.access) }, test.prepare, test.effect, test.sends,
			}
		}
	}
	for _, cases := range []map[string]revokeCase{organizationRevocations, groupRevocations, projectRevocations, projectRoleRevocations} {
		for name, test := range cases {
			all["revoke "+test.grantID()+", "+name] = change{
				func(ctx context.Context, d testConnector) error { return d.revokeDirectly(ctx, test.access) }, test.prepare, test.effect, test.sends,
			}
		}
	}
	for name, test := range deletions {
		all["delete "+name] = change{
			func(ctx context.Context, d testConnector) error { return d.delete(ctx, test.id, test.parent) }, test.prepare, test.effect, test.sends,
		}
	}
	for name, test := range actionCases() {
		all["action "+name] = change{invoked(test.name, test.arguments), test.prepare, test.effect, test.sends}
	}
	for name, c := range all {
		if c.effect == nil {
			delete(all, name)
		}
	}
	return all
}

// requireChanged makes the change on a prepared server and checks the result.
func (c change) requireChanged(t *testing.T, prepare func(*openaitest.Server)) *openaitest.Server {
	t.Helper()
	server := newServer(c.prepare)
	prepare(server)
	d := connect(t, server)
	want := server.Snapshot()
	c.effect(&want)
	require.NoError(t, c.do(t.Context(), d))
	requireState(t, want, server)
	return server
}

// badAnswers are answers that the API was seen to give to a write that took effect.
var badAnswers = map[string]openaitest.Fault{
	"404":         {Status: 404},
	"400":         {Status: 400, Body: object("project_archived", "Project 'alpha' is archived. You can only update an active project.")},
	"409":         {Status: 409},
	"500":         {Status: 500},
	"503 of HTML": {Status: 503, Body: "<html>no healthy upstream</html>", ContentType: "text/html"},
	"200 of HTML": {Status: 200, Page: true},
	"403 of HTML": {Status: 403, Page: true},
}

// badAnswersTo are the bad answers for the change of this number: some of them in turn, and by "make long" all.
func badAnswersTo(change int) map[string]openaitest.Fault {
	answers := maps.Clone(badAnswers)
	if !everyFault {
		names := slices.Sorted(maps.Keys(badAnswers))
		for i := faultsInTurn; i < len(names); i++ {
			delete(answers, names[(change*faultsInTurn+i)%len(names)])
		}
	}
	return answers
}

// A change that took effect is a success, whatever the answer to its write.
func TestWriteThatHappenedIsASuccess(t *testing.T) {
	t.Parallel()
	all := changes()
	for i, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		for at, route := range c.sends {
			for answer, fault := range badAnswersTo(i) {
				t.Run(fmt.Sprintf("%s, %d, %s", name, at, answer), func(t *testing.T) {
					t.Parallel()
					fault.AfterEffect = true
					c.requireChanged(t, func(s *openaitest.Server) { s.SetFault(route, fault) })
				})
			}
			t.Run(fmt.Sprintf("%s, %d, connection lost", name, at), func(t *testing.T) {
				t.Parallel()
				c.requireChanged(t, func(s *openaitest.Server) { s.SetFault(route, openaitest.Fault{AfterEffect: true, Reset: true}) })
			})
		}
	}
}

// A bad answer to a write without an effect is an error, with the API's words and a code that is not repeated in vain.
func TestWriteThatDidNotHappenIsAnError(t *testing.T) {
	t.Parallel()
	want := map[string]codes.Code{
		"404": codes.NotFound, "400": codes.FailedPrecondition, "409": codes.FailedPrecondition,
		"500": codes.Unavailable, "503 of HTML": codes.Unavailable, "200 of HTML": codes.Unavailable, "403 of HTML": codes.Unavailable,
	}
	all := changes()
	for i, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		for answer, fault := range badAnswersTo(i) {
			t.Run(name+", "+answer, func(t *testing.T) {
				t.Parallel()
				server := newServer(c.prepare)
				server.SetFault(c.sends[0], fault)
				before := server.Snapshot()
				d := connect(t, server)
				err := c.do(t.Context(), d)
				require.Equal(t, want[answer], status.Code(err), err)
				says := c.sends[0] + ": " + fmt.Sprint(fault.Status)
				if fault.Status == http.StatusOK {
					says = c.sends[0] + ": the answer is a page and not the API's"
				}
				requireMessage(t, err, says)
				requireState(t, before, server)
				require.Equal(t, c.sends[:1], slices.Compact(writes(server)))
			})
		}
	}
}

// A write with a key that may only read is refused, with the missing permission.
func TestWriteThatTheKeyMayNotMake(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(c.prepare)
			server.SetFault(c.sends[0], openaitest.Fault{Status: 403, Body: object("", missingScopeText)})
			before := server.Snapshot()
			d := connect(t, server)
			err := c.do(t.Context(), d)
			require.Equal(t, codes.PermissionDenied, status.Code(err), err)
			requireMessage(t, err, adviceForKeys)
			requireState(t, before, server)
			require.Equal(t, c.sends[:1], writes(server))
		})
	}
}

// Successes have several statuses: creations had 201 until late in 2025, and a deletion may have no body.
func TestAnswersOfSuccess(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name+", 201 and 204", func(t *testing.T) {
			t.Parallel()
			server := c.requireChanged(t, func(s *openaitest.Server) { s.CreatedStatus, s.DeleteAnswersNoContent = 201, true })
			require.Equal(t, c.sends, writes(server))
		})
	}
}

// A change may read late. If the answer to a write is lost, its effect is found within the connector's waits, and the
// write is not repeated.
func TestWriteThatIsReadLate(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		for _, fault := range []openaitest.Fault{{}, {Status: 500, AfterEffect: true}} {
			t.Run(fmt.Sprintf("%s, %d", name, fault.Status), func(t *testing.T) {
				t.Parallel()
				server := c.requireChanged(t, func(s *openaitest.Server) {
					s.WriteLag = 2
					if fault.Status != 0 {
						s.SetFault(c.sends[len(c.sends)-1], fault)
					}
				})
				require.Equal(t, c.sends, writes(server))
			})
		}
	}
}

// A change right after another one does not decide by the state before that one, although that state is still read.
func TestChangesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for _, a := range []access{
		{alphaViewer, "user:eva"}, {alphaOwner, "user:ben"}, {alphaOwner, "service_account:svc-1"}, {tuneRole, "user:ann"}, {auditRole, "user:eva"},
		{auditRole, "group:team"}, {ownerRole, "user:ann"}, {teamMember, "user:ann"}, {alphaMember, "group:empty"}, {tuneRole, "group:auditors"},
	} {
		for lag := 1; lag <= 4; lag++ {
			t.Run(fmt.Sprintf("%s, %d", a.grantID(), lag), func(t *testing.T) {
				t.Parallel()
				server := newServer()
				server.WriteLag = lag
				d := connect(t, server)
				for attempt, grants := range []bool{true, false, true, true, false, false} {
					do := revoked
					if grants {
						do = granted
					}
					err := do(a.entitlement, a.principal)(t.Context(), d)
					if !grants && strings.HasPrefix(a.principal, "service_account:") {
						requireRefusal(t, err)
						continue
					}
					require.NoError(t, err)
					after := server.Snapshot()
					require.Equal(t, grants, holds(&after, a), attempt)
				}
			})
		}
	}
}

// A success that never shows stays one, with a limited number of reads.
func TestSuccessThatNeverShows(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		if len(c.sends) > 1 {
			continue // the second call depends on the state
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := c.requireChanged(t, func(s *openaitest.Server) { s.WriteLag = 1000 })
			require.Equal(t, c.sends, writes(server))
			require.Less(t, len(server.Requests()), 30)
		})
	}
}

// If the state may not be read, it is read only once.
func TestSuccessThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	server := newServer()
	const route = "GET /organization/groups/{group_id}/users/{user_id}"
	server.SetFault(route, openaitest.Fault{Status: 403})
	require.NoError(t, granted(teamMember, "user:ann")(t.Context(), connect(t, server)))
	require.Equal(t, 2, calls(server)[route])
}

// The same for an invitation, which is found by its address.
func TestInvitationThatWasSentIsASuccess(t *testing.T) {
	t.Parallel()
	faults := maps.Clone(badAnswers)
	faults["connection lost"] = openaitest.Fault{Reset: true}
	for name, fault := range faults {
		fault.AfterEffect = true
		for _, lag := range []int{0, 2} {
			if plainRefusal := fault.Status == 400 || fault.Status == 409; plainRefusal && lag > 0 {
				continue // after such a refusal, the state is read only once
			}
			t.Run(fmt.Sprintf("%s, %d", name, lag), func(t *testing.T) {
				t.Parallel()
				server := newServer()
				server.WriteLag = lag
				server.SetFault(createInvite, fault)
				d := connect(t, server)
				answer, err := d.createAccount(t.Context(), accountInfo(t, map[string]any{"email": "new@example.com"}))
				require.NoError(t, err)
				require.Equal(t, newInvite(t, server).ID, answer.GetSuccess().GetResource().GetId().GetResource())
				require.Equal(t, []string{createInvite}, writes(server))
			})
		}
	}
}

// A grant of or to a missing resource is refused, and changes nothing.
func TestGrantOfMissingResources(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"owner to nobody":               {do: granted(ownerRole, "user:nobody"), code: codes.NotFound},
		"a custom role to nobody":       {do: granted(auditRole, "user:nobody"), code: codes.NotFound},
		"a custom role to no group":     {do: granted(auditRole, "group:nobody"), code: codes.NotFound},
		"a custom role gone":            {do: granted("organization_role:r-gone:assigned", "user:ann"), code: codes.NotFound, sends: []string{assignUserRole}},
		"a custom role gone to a group": {do: granted("organization_role:r-gone:assigned", "group:team"), code: codes.NotFound, sends: []string{assignGroupRole}},
		"a group gone":                  {do: granted("group:gone:member", "user:ann"), code: codes.NotFound},
		"nobody into a group":           {do: granted(teamMember, "user:nobody"), code: codes.NotFound, sends: []string{addGroupMember}},
		"a project gone":                {do: granted("project:delta:member", "user:ann")},
		"a project gone to a group":     {do: granted("project:delta:member", "group:team")},
		"nobody into a project":         {do: granted(alphaMember, "user:nobody"), code: codes.NotFound, sends: []string{addProjectUser}},
		"no group into a project":       {do: granted(alphaMember, "group:nobody"), code: codes.NotFound, sends: []string{addProjectGroup}},
		"a project role to nobody":      {do: granted(tuneRole, "user:nobody"), code: codes.NotFound, sends: []string{addProjectUser}},
		"a project role of a project gone": {
			do: granted("project_role:delta/r-tune:assigned", "user:ann"),
		},
		"a project role gone": {
			do: granted("project_role:alpha/r-gone:assigned", "user:ben"), code: codes.NotFound, sends: []string{assignProjectUser},
		},
	})
}
