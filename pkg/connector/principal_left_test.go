package connector_test

import (
	"net/http"
	"slices"
	"testing"

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
			got := readFile(t, synced.path)
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
			requireNoFinishedSync(t, synced.path)
		})
	}
}
