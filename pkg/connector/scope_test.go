package connector_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// of has the resources and entitlements of these types, and the grants between them that a sync of these types gives.
func (f file) of(types ...string) file {
	includes := func(id string) bool {
		resourceType, _, _ := strings.Cut(id, ":")
		return slices.Contains(types, resourceType)
	}
	return file{
		Resources:    mapRows(f.Resources, func(row resourceRow) (resourceRow, bool) { return row, includes(row.ID) }),
		Entitlements: mapRows(f.Entitlements, func(row entitlementRow) (entitlementRow, bool) { return row, includes(row.ID) }),
		Grants: mapRows(f.Grants, func(row grantRow) (grantRow, bool) {
			row.Via = slices.DeleteFunc(row.Via, func(through string) bool { return !includes(through) })
			if len(row.Via) == 0 {
				row.Via = nil
			}
			return row, includes(row.Entitlement) && includes(row.Principal) && (row.Direct || row.Via != nil)
		}),
	}
}

// withoutUsers is the file of a sync without users: keys do not have an owner's state that only the list of users
// tells.
func (f file) withoutUsers() file {
	f.Resources = mapRows(f.Resources, func(row resourceRow) (resourceRow, bool) {
		if access := row.Profile["owner_project_access"]; access != "active" && row.Profile["owner_id"] != nil {
			delete(row.Profile, "owner_state")
		}
		return row, true
	})
	return f
}

// A sync of some types has the rows of a full sync of these types, makes only the calls that they need, and warns of
// nothing else. One additional call checks the key, with one of their lists.
func TestSyncOfSomeTypes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		types  []string
		calls  map[string]int
		warned []warning
	}{
		"user": {[]string{"user"}, map[string]int{"GET /organization/users": 1 + 1}, nil},
		"group and user": {[]string{"group", "user"}, map[string]int{
			"GET /organization/groups": 1 + 1, "GET /organization/users": 1, groupMembersRoute: 3,
		}, nil},
		"project": {[]string{"project"}, map[string]int{"GET /organization/projects": 1 + 1}, nil},
		"project and user": {[]string{"project", "user"}, map[string]int{
			"GET /organization/users": 1 + 1, "GET /organization/projects": 1, "GET /organization/projects/{project_id}/users": 2,
		}, nil},
		"organization_role and user": {[]string{"organization_role", "user"}, map[string]int{
			"GET /organization/users": 1, "GET /organization/roles": 1 + 1, userRolesRoute: 9,
		}, nil},
		"organization":                       {[]string{"organization"}, map[string]int{"GET /organization/users": 1}, nil},
		"organization and organization_role": {[]string{"organization", "organization_role"}, map[string]int{"GET /organization/roles": 1 + 1}, nil},
		"invitation":                         {[]string{"invitation"}, map[string]int{"GET /organization/invites": 1 + 1}, nil},
		"api_key and project": {[]string{"api_key", "project"}, map[string]int{
			"GET /organization/admin_api_keys": 1 + 1, "GET /organization/projects": 1, "GET /organization/projects/{project_id}/api_keys": 2,
		}, nil},
		"group, user and service_account below projects": {[]string{"group", "user", "service_account", "project"}, map[string]int{
			"GET /organization/groups": 1 + 1, "GET /organization/users": 1, groupMembersRoute: 3, "GET /organization/projects": 1,
			"GET /organization/projects/{project_id}/users": 2, "GET /organization/projects/{project_id}/service_accounts": 2,
			"GET /organization/projects/{project_id}/groups": 2, projectGroupRolesRoute: 4, projectUserRolesRoute: 1,
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample()}
			synced := runSync(t, server, syncOptions{resourceTypes: test.types})
			require.NoError(t, synced.err)
			require.Empty(t, server.Unknown())
			want := expected(openaitest.Sample()).of(test.types...)
			if !slices.Contains(test.types, "user") {
				want = want.withoutUsers()
			}
			if slices.Equal(test.types, []string{"organization"}) {
				// Only the roles have the id of the organization.
				want = want.withResource("organization:organization", func(row *resourceRow) { row.RawID, row.Profile = "organization", map[string]any{} })
			}
			t.Run("rows", func(t *testing.T) {
				t.Parallel()
				requireSame(t, want, readRows(t, synced.store))
			})
			t.Run("calls", func(t *testing.T) {
				t.Parallel()
				calls := map[string]int{}
				for _, request := range server.Requests() {
					calls[request.Route]++
				}
				require.Equal(t, test.calls, calls)
			})
			t.Run("warnings", func(t *testing.T) {
				t.Parallel()
				requireWarnings(t, synced.logs, test.warned)
			})
		})
	}
}

// The keys of the organization need no projects. Those of projects are missing, with a warning.
func TestSyncOfKeysWithoutProjects(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	synced := runSync(t, server, syncOptions{resourceTypes: []string{"api_key"}})
	require.NoError(t, synced.err)
	want := expected(openaitest.Sample()).of("api_key")
	want.Resources = mapRows(want.Resources, func(row resourceRow) (resourceRow, bool) { return row, row.Parent == "organization:organization" })
	requireSame(t, want.withoutUsers(), readRows(t, synced.store))
	requireWarnings(t, synced.logs, []warning{{"the sync leaves projects out", map[string]any{"resource_type": "api_key"}}})
}

// Types that the API lists by project are refused without the type project, since they would have no rows.
func TestSyncOfProjectTypesWithoutProjects(t *testing.T) {
	t.Parallel()
	for _, resourceType := range connector.TypesBelowProjects() {
		t.Run(resourceType, func(t *testing.T) {
			t.Parallel()
			synced := runSync(t, &openaitest.Server{Organization: openaitest.Sample()}, syncOptions{resourceTypes: []string{resourceType, "user"}})
			require.Equal(t, codes.InvalidArgument, status.Code(synced.err), synced.err)
			require.ErrorContains(t, synced.err, "add project to the types of the sync")
		})
	}
}

// A sync lists what the syncer requests, independent of the flags of the process: each type and each pair of types in a
// task of ConductorOne has the rows of a full sync.
func TestSyncOfTypesThatTheTaskNames(t *testing.T) {
	t.Parallel()
	types := []string{"organization", "user", "invitation", "organization_role", "group", "project", "project_role", "service_account", "api_key"}
	for i, first := range types {
		for j := i; j < len(types); j++ {
			second := types[j]
			asked := slices.Compact([]string{first, second})
			for mode, onDemand := range map[string]bool{"read ahead": false, "read on demand": true} {
				if i != j && onDemand == ((i+j)%2 == 0) {
					continue // a pair is synced in one of the modes, a single type in both
				}
				t.Run(strings.Join(asked, " and ")+", "+mode, func(t *testing.T) {
					t.Parallel()
					requireTypes(t, asked, runSync(t, &openaitest.Server{Organization: openaitest.Sample()}, syncOptions{
						workers: 4, resourceTypes: asked, byTask: true, onDemand: onDemand,
					}))
				})
			}
		}
	}
}

// Users who are known from the owners of keys give no grants in a sync without users: the syncer would drop them, with a
// warning.
func TestSyncOfKeysWithoutUsers(t *testing.T) {
	t.Parallel()
	asked := []string{"api_key", "project", "group", "service_account"}
	synced := runSync(t, &openaitest.Server{Organization: openaitest.Sample()}, syncOptions{resourceTypes: asked, byTask: true})
	requireTypes(t, asked, synced)
	require.Empty(t, texts(synced.logs.All()))
}

// requireTypes compares the rows of the types with those of a full sync.
func requireTypes(t *testing.T, asked []string, synced outcome) {
	t.Helper()
	belowProjects := slices.ContainsFunc(asked, func(name string) bool { return name == "project_role" || name == "service_account" })
	if belowProjects && !slices.Contains(asked, "project") {
		require.Error(t, synced.err)
		return
	}
	require.NoError(t, synced.err)
	want := expected(openaitest.Sample()).of(asked...)
	if !slices.Contains(asked, "project") {
		want.Resources = mapRows(want.Resources, func(row resourceRow) (resourceRow, bool) {
			return row, !strings.HasPrefix(row.Parent, "project:")
		})
	}
	requireSame(t, want, readRows(t, synced.store))
}

// A targeted sync asks for nothing of the types that the process leaves out, since OpenAI may refuse it.
func TestTargetedSyncOfAProcessWithSomeTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target string
		types  []string
	}{
		{"user:" + lena, []string{"user"}},
		{"user:" + lena, []string{"user", "organization"}},
		{"organization:organization", []string{"organization"}},
		{"group:" + financeGroup, []string{"user", "group"}},
		{"group:" + platformGroup, []string{"user", "group"}}, // has a service account
		{"project:" + searchProject, []string{"user", "project"}},
		{"project:" + searchProject, []string{"user", "group", "project", "api_key"}},
	} {
		t.Run(fmt.Sprint(test.target, " ", test.types), func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample()}
			for _, route := range []string{
				"GET /organization/roles", userRolesRoute, "GET /organization/groups/{group_id}/roles",
				"GET /projects/{project_id}/roles", "GET /organization/projects/{project_id}/service_accounts",
			} {
				server.SetFault(route, openaitest.Fault{Status: http.StatusForbidden})
			}
			part := runSync(t, server, syncOptions{resourceTypes: test.types, targets: []*v2.Resource{target(test.target, "")}})
			require.NoError(t, part.err)
			want := expected(openaitest.Sample()).unexpanded().of(test.types...)
			require.Empty(t, differences(want.rowsOfTarget(test.target).Grants, readRows(t, part.store).Grants))
			requireWarnings(t, part.logs, nil)
		})
	}
}

// The organization is there where OpenAI refuses its roles, as in a full sync. Only its own id is not shown.
func TestTargetedSyncOfTheOrganizationWithoutRoles(t *testing.T) {
	t.Parallel()
	for _, statusCode := range []int{http.StatusForbidden, http.StatusNotFound} {
		t.Run(strconv.Itoa(statusCode), func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample()}
			server.SetFault("GET /organization/roles", openaitest.Fault{Status: statusCode})
			part := runSync(t, server, syncOptions{targets: []*v2.Resource{target("organization:organization", "")}})
			require.NoError(t, part.err)
			require.Len(t, readRows(t, part.store).Resources, 1)
			requireWarnings(t, part.logs, []warning{{"OpenAI refuses the roles of the organization", nil}})
		})
	}
}
