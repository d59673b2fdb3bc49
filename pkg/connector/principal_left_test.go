package connector_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// departures are principals that leave just before their roles are listed.
var departures = map[string]struct {
	route  string
	change func(*openaitest.Organization)
	// principalType and id are the principal, in is the id of its project or "organization".
	principalType, id, in string
}{
	"a user": {
		userRolesRoute, leave("eva"),
		"user", "eva", "organization",
	},
	"a group": {
		"GET /organization/groups/{group_id}/roles",
		func(o *openaitest.Organization) {
			o.Groups = slices.DeleteFunc(o.Groups, func(g openaitest.Group) bool { return g.ID == "empty" })
		},
		"group", "empty", "organization",
	},
	"a user of a project": {
		projectUserRolesRoute,
		func(o *openaitest.Organization) {
			p := project(o, "alpha")
			p.Users = slices.DeleteFunc(p.Users, func(u openaitest.ProjectUser) bool { return u.UserID == "cem" })
		},
		"user", "cem", "alpha",
	},
	"a service account": {
		projectUserRolesRoute,
		func(o *openaitest.Organization) {
			p := project(o, "alpha")
			p.ServiceAccounts = slices.DeleteFunc(p.ServiceAccounts, func(s openaitest.ServiceAccount) bool { return s.ID == "svc-3" })
		},
		"service_account", "svc-3", "alpha",
	},
	"a group of a project": {
		projectGroupRolesRoute,
		func(o *openaitest.Organization) {
			p := project(o, "alpha")
			p.Groups = slices.DeleteFunc(p.Groups, func(g openaitest.ProjectGroup) bool { return g.GroupID == "auditors" })
		},
		"group", "auditors", "alpha",
	},
}

// A principal that leaves during a sync loses its own roles, with one warning. The sync succeeds.
func TestPrincipalLeavesDuringASync(t *testing.T) {
	t.Parallel()
	for name, test := range departures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			// The API may answer 404 for a principal that it still lists elsewhere.
			server.SetFault(test.route, openaitest.Fault{Status: http.StatusNotFound, PathContains: "/" + test.id + "/"})
			changeBefore(server, test.route, test.change)
			synced := runSync(t, server, syncOptions{})
			require.NoError(t, synced.err)
			leftLogs := synced.logs.FilterMessageSnippet("a principal left while the sync ran")
			requireWarnings(t, leftLogs, []warning{{"left while the sync ran", map[string]any{
				"principal_type": test.principalType, "principal_id": test.id, "in": test.in,
			}}})

			want := expected(server.Snapshot())
			got := readRows(t, synced.store)
			for _, line := range want.Grants {
				require.Contains(t, got.Grants, line, "of somebody who is still there")
			}
			if test.in == "organization" {
				require.NotContains(t, direct(t, got), test.principalType+":"+test.id)
			}
		})
	}
}

// direct are the principals with direct membership or the role reader.
func direct(t *testing.T, f file) []string {
	t.Helper()
	var principals []string
	for _, row := range decode[grantRow](t, f.Grants) {
		if row.Direct && (row.Entitlement == "organization:organization:member" || row.Entitlement == "organization_role:reader:assigned") {
			principals = append(principals, row.Principal)
		}
	}
	return principals
}

// A principal that still exists has not left. If it cannot be read, the sync fails.
func TestPrincipalThatStillExists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults map[string]openaitest.Fault
		code   codes.Code
		says   string
	}{
		"there": {
			map[string]openaitest.Fault{userRolesRoute: {Status: http.StatusNotFound}},
			codes.FailedPrecondition, "not taken for an empty list",
		},
		"not to be asked for": {
			map[string]openaitest.Fault{userRolesRoute: {Status: http.StatusNotFound}, "GET /organization/users/{user_id}": {Status: http.StatusForbidden}},
			codes.PermissionDenied, "asking whether a principal is still there",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.Faults = test.faults
			synced := runSync(t, server, syncOptions{})
			require.Equal(t, test.code, status.Code(synced.err), synced.err)
			require.ErrorContains(t, synced.err, test.says)
			requireNoFinishedSync(t, synced.store)
		})
	}
}

// notFound is a 404 whose code names an object.
func notFound(noun string) openaitest.Fault {
	return openaitest.Fault{Status: http.StatusNotFound, Body: object(noun+"_not_found", "The "+noun+" was not found.")}
}

// A 404 that names another object says nothing about the one that was asked for: nobody has left, and nothing is deleted.
func TestNotFoundOfAnotherObjectInASync(t *testing.T) {
	t.Parallel()
	project := []string{"GET /organization/projects/{project_id}"}
	for name, test := range map[string]struct {
		routes []string
		noun   string
	}{
		"a user's organization":   {[]string{userRolesRoute, "GET /organization/users/{user_id}"}, "organization"},
		"a group's organization":  {[]string{groupRolesRoute, "GET /organization/groups/{group_id}"}, "organization"},
		"a members' organization": {[]string{groupMembersRoute, "GET /organization/groups/{group_id}"}, "organization"},
		"a user's project":        {[]string{projectUserRolesRoute}, "project"},
		"a user's project, everywhere": {append([]string{
			projectUserRolesRoute, "GET /organization/projects/{project_id}/users/{user_id}", "GET /organization/projects/{project_id}/service_accounts/{service_account_id}",
		}, project...), "project"},
		"a group's project":             {[]string{projectGroupRolesRoute}, "project"},
		"a group's project, everywhere": {append([]string{projectGroupRolesRoute, "GET /organization/projects/{project_id}/groups/{group_id}"}, project...), "project"},
		"a list's project":              {append([]string{"GET /organization/projects/{project_id}/users"}, project...), "project"},
		"a list's organization":         {append([]string{"GET /organization/projects/{project_id}/users"}, project...), "organization"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			for _, route := range test.routes {
				server.SetFault(route, notFound(test.noun))
			}
			synced := runSync(t, server, syncOptions{})
			require.Equal(t, codes.FailedPrecondition, status.Code(synced.err), synced.err)
			require.ErrorContains(t, synced.err, "404")
			requireWarnings(t, synced.logs, nil)
			requireNoFinishedSync(t, synced.store)
		})
	}
}

// As in a sync, so in a change: only the object itself is missing, or the change fails.
func TestNotFoundOfAnotherObjectInAChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		routes []string
		noun   string
		do     func(context.Context, testConnector) error
	}{
		"delete a user": {
			[]string{"GET /organization/users/{user_id}"}, "organization",
			func(ctx context.Context, d testConnector) error { return d.delete(ctx, "user:ann", "") },
		},
		"delete a group": {
			[]string{"GET /organization/groups/{group_id}"}, "organization",
			func(ctx context.Context, d testConnector) error { return d.delete(ctx, "group:auditors", "") },
		},
		"delete a service account": {
			[]string{"GET /organization/projects/{project_id}/service_accounts/{service_account_id}"}, "project",
			func(ctx context.Context, d testConnector) error {
				return d.delete(ctx, "service_account:svc-3", "project:alpha")
			},
		},
		"revoke a group's membership": {
			[]string{"GET /organization/groups/{group_id}"}, "organization",
			func(ctx context.Context, d testConnector) error {
				return d.revokeDirectly(ctx, access{teamMember, "user:ben"})
			},
		},
		"revoke a project's owner": {
			[]string{"GET /organization/projects/{project_id}/users/{user_id}", projectUserRolesRoute}, "project",
			func(ctx context.Context, d testConnector) error {
				return d.revokeDirectly(ctx, access{alphaMember, "user:cem"})
			},
		},
		"revoke a group's project": {
			[]string{projectGroupRolesRoute, "GET /organization/projects/{project_id}/groups/{group_id}"}, "project",
			func(ctx context.Context, d testConnector) error {
				return d.revokeDirectly(ctx, access{alphaMember, "group:auditors"})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			for _, route := range test.routes {
				server.SetFault(route, notFound(test.noun))
			}
			before := server.Snapshot()
			err := test.do(t.Context(), connect(t, server))
			require.Equal(t, codes.FailedPrecondition, status.Code(err), err)
			require.ErrorContains(t, err, test.noun+"_not_found")
			requireState(t, before, server)
		})
	}
}

// tenantAuditors makes the group auditors, which is in alpha, one of another OpenAI product.
func tenantAuditors(o *openaitest.Organization) { group(o, "auditors").GroupType = "tenant_group" }

// A tenant's group of a project, which the API knows under its type only, is not gone.
func TestTenantGroupOfAProjectIsStillThere(t *testing.T) {
	t.Parallel()
	refused := openaitest.Fault{Status: http.StatusNotFound, PathContains: "/auditors/"}
	server := newServer(tenantAuditors)
	server.SetFault(projectGroupRolesRoute, refused)
	synced := runSync(t, server, syncOptions{})
	require.Equal(t, codes.FailedPrecondition, status.Code(synced.err), synced.err)
	requireWarnings(t, synced.logs, nil)
	requireNoFinishedSync(t, synced.store)

	server = newServer(tenantAuditors)
	server.SetFault(projectGroupRolesRoute, refused)
	before := server.Snapshot()
	d := connect(t, server)
	require.Equal(t, codes.FailedPrecondition, status.Code(d.revokeDirectly(t.Context(), access{alphaMember, "group:auditors"})))
	requireState(t, before, server)
}

// One that the API knows under neither type has left.
func TestTenantGroupThatHasLeftAProject(t *testing.T) {
	t.Parallel()
	server := newServer(tenantAuditors, func(o *openaitest.Organization) { project(o, "alpha").Groups = nil })
	d := connect(t, server)
	answer, err := d.revoke(t.Context(), shapes["full"], access{alphaMember, "group:auditors"})
	require.NoError(t, err)
	got := annotations.Annotations(answer.GetAnnotations())
	require.True(t, got.Contains(&v2.GrantAlreadyRevoked{}))
	require.Empty(t, writes(server))
}
