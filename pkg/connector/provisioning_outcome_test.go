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

// change is a grant, a revocation or a deletion that changes something.
type change struct {
	do      func(context.Context, testConnector) error
	prepare func(*openaitest.Organization)
	effect  func(*openaitest.Organization)
	sends   []string
}

// changes are all of them that the other tests know.
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

// requireChanged makes the change on a server whose answers prepare spoils, and holds it to the outcome.
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

// badAnswers are what the API has been seen to answer to what it had done.
var badAnswers = map[string]openaitest.Fault{
	"404":         {Status: 404},
	"400":         {Status: 400, Body: object("project_archived", "Project 'alpha' is archived. You can only update an active project.")},
	"409":         {Status: 409},
	"500":         {Status: 500},
	"503 of HTML": {Status: 503, Body: "<html>no healthy upstream</html>", ContentType: "text/html"},
	"200 of HTML": {Status: 200, Page: true},
	"403 of HTML": {Status: 403, Page: true},
}

// badAnswersTo are those that a change is tried with: what the API itself says, and of the four that are not its own one
// after another, since nothing in the connector tells them apart. "make long" tries all of them.
func badAnswersTo(change int) map[string]openaitest.Fault {
	foreign := []string{"500", "503 of HTML", "200 of HTML", "403 of HTML"}
	answers := maps.Clone(badAnswers)
	if !everyFault {
		maps.DeleteFunc(answers, func(name string, _ openaitest.Fault) bool {
			at := slices.Index(foreign, name)
			return at >= 0 && at != change%len(foreign)
		})
	}
	return answers
}

// A change is judged by its outcome: whatever the API answers to a write that it made, the change succeeded.
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

// The other way round, an answer that is bad because nothing happened is an error, in the API's words and of a code by
// which nobody repeats what cannot succeed.
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

// A key that may read but not write is refused, and told what it lacks.
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

// Successes have several statuses: creations answered 201 until late in 2025, and a deletion may answer nothing.
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

// What was changed may be read late. A write whose answer was lost is found within the connector's waits, and not made
// again.
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

// The next change does not decide by what was there before the last one, though that is read for a while.
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

// A success stays one if it never shows, and is looked for only so often.
func TestSuccessThatIsNeverRead(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		if len(c.sends) > 1 {
			continue // the second step goes by what is read
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := c.requireChanged(t, func(s *openaitest.Server) { s.WriteLag = 1000 })
			require.Equal(t, c.sends, writes(server))
			require.Less(t, len(server.Requests()), 30)
		})
	}
}

// Where it may not be read, it is not looked for again.
func TestSuccessThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	server := newServer()
	const route = "GET /organization/groups/{group_id}/users/{user_id}"
	server.SetFault(route, openaitest.Fault{Status: 403})
	require.NoError(t, granted(teamMember, "user:ann")(t.Context(), connect(t, server)))
	require.Equal(t, 2, calls(server)[route])
}

// The same for an invitation: it is found by the address that it was sent to.
func TestInvitationThatWasSentIsASuccess(t *testing.T) {
	t.Parallel()
	faults := maps.Clone(badAnswers)
	faults["connection lost"] = openaitest.Fault{Reset: true}
	for name, fault := range faults {
		fault.AfterEffect = true
		for _, lag := range []int{0, 2} {
			if plainRefusal := fault.Status == 400 || fault.Status == 409; plainRefusal && lag > 0 {
				continue // is looked at once
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

// What does not exist cannot be given nor be given to, and nothing is half done on the way.
func TestGrantOfWhatIsGone(t *testing.T) {
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
