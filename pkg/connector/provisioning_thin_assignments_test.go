package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// assignmentsOmit are fields that the rows of assignments may lack; the role list says which role is meant.
var assignmentsOmit = [][]string{{"name"}, {"predefined_role"}, {"name", "predefined_role"}, {"name", "predefined_role", "resource_type", "permissions", "description"}}

// A change knows a thin row by the role list, as a sync does.
func TestChangesWhereAssignmentsAreThin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]change{
		"a project's role from a group":       {revoked(alphaMember, "group:auditors"), nil, removedGroup("auditors"), []string{unassignInProject}},
		"a project's role that a group holds": {do: granted(alphaViewer, "group:team"), effect: setProjectGroup("team", "viewer", "r-tune")},
		"owner from a group":                  {revoked(ownerRole, "group:admins"), nil, setGroupRoles("admins"), []string{unassignGroupRole}},
		"a custom role from a group":          {revoked(auditRole, "group:auditors"), nil, setGroupRoles("auditors"), []string{unassignGroupRole}},
		"owner by an assignment":              {revoked(ownerRole, "user:ann"), setAssigned("ann", "reader", "owner"), setUserRoles("ann"), []string{unassignUserRole}},
		"a project's owner by an assignment":  {revoked(alphaOwner, "user:eva"), joined("eva", "", "owner"), removed("eva"), []string{removeProjectUser}},
		"what a member has by an assignment":  {do: granted(alphaMember, "user:eva"), prepare: joined("eva", "", "member"), effect: func(*openaitest.Organization) {}},
		"owner by the row and by an assignment": {
			revoked(ownerRole, "user:ola"), setUserRoles("ola", "owner"), both(setRole("ola", "reader"), setUserRoles("ola")), []string{modifyUser, unassignUserRole},
		},
	} {
		for _, omitted := range assignmentsOmit {
			t.Run(fmt.Sprint(name, omitted), func(t *testing.T) {
				t.Parallel()
				server := c.requireChanged(t, func(s *openaitest.Server) { s.AssignmentsOmit = omitted })
				require.Equal(t, c.sends, writes(server))
			})
		}
	}
}

// The last owner is known by the role list as well.
func TestLastOwnerWhereAssignmentsAreThin(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, testConnector) error{
		"account": deleted("user:ola", ""), "owner": revoked(ownerRole, "user:ola"), "reader": granted(readerRole, "user:ola"),
	} {
		for _, omitted := range assignmentsOmit {
			t.Run(fmt.Sprint(name, omitted), func(t *testing.T) {
				t.Parallel()
				server := newServer(oneOwner, setAssigned("ola", "", "owner"))
				server.LastOwnerMayGo, server.AssignmentsOmit = true, omitted
				before := server.Snapshot()
				requireRefusal(t, do(t.Context(), connect(t, server)), "ola is the last owner")
				requireState(t, before, server)
			})
		}
	}
}

// The role list alone knows an id that has no documented form, or a role of a name that is new. If it cannot be read, nothing is
// concluded.
func TestAssignedRoleThatOnlyTheRoleListKnows(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]map[string]any{
		"null name": {"id": "role_9", "name": nil, "predefined_role": true}, "null flag": {"id": "role_9", "name": "member", "predefined_role": nil},
		"id only":  {"id": "role_9"},
		"new name": {"id": "role_9", "name": "Contributor", "predefined_role": true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			answer(server, projectGroupRolesRoute, "/auditors/", rows(row))
			answer(server, "GET /projects/{project_id}/roles", "/alpha/", rows(map[string]any{"id": "role_9", "name": "member", "predefined_role": true}))
			_ = revoked(alphaMember, "group:auditors")(t.Context(), connect(t, server))
			require.Equal(t, []string{unassignInProject}, writes(server))
			requests := server.Requests()
			require.True(t, slices.ContainsFunc(requests, func(r openaitest.Request) bool { return strings.HasSuffix(r.Path, "/auditors/roles/role_9") }))

			for _, status := range []int{403, 404} {
				server.ResetRequests()
				server.SetFault("GET /projects/{project_id}/roles", openaitest.Fault{Status: status})
				require.Error(t, revoked(alphaMember, "group:auditors")(t.Context(), connect(t, server)))
				require.Empty(t, writes(server))
			}
		})
	}
}

// Where no sources say so, what a group gives is taken for an assignment of the member's own only until OpenAI does not know of it.
func TestDemoteWhomAGroupGivesTheRoleWithoutSources(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]change{
		"owner":                        {do: revoked(ownerRole, "user:dora"), prepare: setRole("dora", "owner"), effect: setRole("dora", "reader")},
		"owner, to a reader of before": {do: granted(readerRole, "user:dora"), effect: setRole("dora", "reader")},
		"a project's viewer":           {do: granted(alphaOwner, "user:dora"), prepare: joined("dora", "viewer"), effect: setProjectRole("dora", "owner")},
		"a project's viewer, to a member of before": {do: granted(alphaMember, "user:ben"), effect: setProjectRole("ben", "member")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.requireChanged(t, func(s *openaitest.Server) { s.OmitAssignmentSources = true })
		})
	}
}

// Such a role is not revoked, and the refusal names the group.
func TestRevokeWhatAGroupGivesWithoutSources(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access
		group string
	}{
		"owner": {access{ownerRole, "user:dora"}, "admins"}, "a custom role": {access{auditRole, "user:ann"}, "auditors"},
		"a project's viewer": {access{alphaViewer, "user:dora"}, "team"}, "a project's custom role": {access{tuneRole, "user:dora"}, "team"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.OmitAssignmentSources = true
			d := connect(t, server)
			_, err := revokeSeen(t.Context(), d, test.access)
			requireRefusal(t, err, "held only through the group "+test.group)
			answer, err := revokeSeen(t.Context(), d, test.access, test.entitlement, "group:"+test.group+":member")
			require.NoError(t, err)
			require.True(t, pick(t, answer.GetAnnotations(), &v2.GrantAlreadyRevoked{}))
			requireState(t, smallOrganization(), server)
		})
	}
	server := newServer()
	server.OmitAssignmentSources = true
	answer, err := connect(t, server).grant(t.Context(), shapes["full"], access{readerRole, "user:dora"})
	require.NoError(t, err)
	require.False(t, pick(t, answer.GetAnnotations(), &v2.GrantReplaced{}))
}

// OpenAI may have no list of the roles of somebody who is in a project through a group only. What a sync has seen come from a group
// alone is not revoked while the group gives it.
func TestRevokeWhatAGroupGivesToSomebodyWithoutAList(t *testing.T) {
	t.Parallel()
	for _, a := range []access{
		{alphaViewer, "user:dora"}, {tuneRole, "user:dora"}, {alphaViewer, "service_account:svc-9"}, {tuneRole, "service_account:svc-9"},
	} {
		t.Run(a.grantID(), func(t *testing.T) {
			t.Parallel()
			server := newServer(setMembers("team", "dora", "svc-9"))
			server.RolesOfMembersOnly = true
			d := connect(t, server)
			for range 2 {
				_, err := revokeSeen(t.Context(), d, a, "group:team:member")
				requireRefusal(t, err, "held only through the group team")
			}
			// Other faults make the SDK repeat the revocation, after 15 seconds and more.
			for _, refused := range []int{http.StatusBadRequest, http.StatusTooManyRequests} {
				server.SetFault(projectGroupRolesRoute, openaitest.Fault{Status: refused})
				_, err := revokeSeen(t.Context(), d, a, "group:team:member")
				require.ErrorContains(t, err, projectGroupRolesRoute)
				require.ErrorContains(t, err, strconv.Itoa(refused))
			}
			require.Empty(t, writes(server))

			server = newServer(setMembers("team"))
			server.RolesOfMembersOnly = true
			answer, err := revokeSeen(t.Context(), connect(t, server), a, "group:team:member")
			require.NoError(t, err)
			require.True(t, pick(t, answer.GetAnnotations(), &v2.GrantAlreadyRevoked{}))
		})
	}
}
