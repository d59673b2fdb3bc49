package connector_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	noAccess = "The key is still there, although its owner has no access to the project any more."
	hasLeft  = "The key is still there, although its owner has left the organization."
)

// insightsOfDepartedUsers are the insights of [withDepartedUsers]. Expired keys have none, and an assigned role counts as a role.
func insightsOfDepartedUsers() []string {
	row := func(kind, about, parent, name, severity, issue string) resourceRow {
		_, id, _ := strings.Cut(about, ":")
		return resourceRow{
			ID: "security_insight:" + kind + "/" + id, RawID: kind + "/" + id, Parent: parent, Name: name, Profile: map[string]any{},
			Insight: &insightRow{Issue: issue, Severity: severity, About: about},
		}
	}
	key := func(kind, id, parent, issue string) resourceRow {
		title := "Key of an owner without access: "
		if kind == "admin_key_owner_not_owner" {
			title = "Admin key of no owner: "
		}
		return row(kind, "api_key:"+id, parent, title+"Key "+id, "High", issue)
	}
	const (
		withoutAccess, ofAdminKey = "key_owner_without_access", "admin_key_owner_not_owner"
		alpha, organization       = "project:alpha", "organization:organization"
	)
	return lines([]resourceRow{
		key(withoutAccess, "key-leaver", alpha, hasLeft),
		key(withoutAccess, "key-former", alpha, noAccess),
		key(withoutAccess, "key-refused", alpha, noAccess),
		key(withoutAccess, "key-svc-gone", alpha, hasLeft),
		key(withoutAccess, "key-svc-user", alpha, noAccess),
		key(withoutAccess, "key-nobody", alpha, noAccess),
		key(withoutAccess, "user-key-leaver", organization, hasLeft),
		key(ofAdminKey, "admin-leaver", organization, "The admin key is still there, although its owner has left the organization."),
		key(ofAdminKey, "admin-reader", organization, "The admin key is still there, although its owner is not an owner of the organization."),
		row("service_account_without_role", "service_account:svc-2", alpha, "Service account with keys and no role: two", "Medium",
			"The service account has no role in its project, although it has keys."),
	})
}

// withoutCustomRoles removes custom roles, so that a sync does not list the roles of users.
func withoutCustomRoles(o openaitest.Organization) openaitest.Organization {
	o.Roles = nil
	for i := range o.Users {
		o.Users[i].RoleIDs = nil
	}
	for i := range o.Groups {
		o.Groups[i].RoleIDs = slices.DeleteFunc(o.Groups[i].RoleIDs, func(role string) bool { return role != "owner" })
	}
	return o
}

// In a full sync, insights take no additional calls, since they use the same lists. Alone, they take the calls of these
// lists.
func TestSecurityInsights(t *testing.T) {
	t.Parallel()
	alone := []string{"security_insight"}
	for name, test := range map[string]struct {
		organization openaitest.Organization
		options      syncOptions
	}{
		"one after the other":        {withDepartedUsers(), syncOptions{}},
		"four at once":               {withDepartedUsers(), syncOptions{workers: 4}},
		"on demand":                  {withDepartedUsers(), syncOptions{workers: 4, onDemand: true}},
		"without custom roles":       {withoutCustomRoles(withDepartedUsers()), syncOptions{workers: 4}},
		"alone":                      {withDepartedUsers(), syncOptions{workers: 4, resourceTypes: alone}},
		"alone, on demand":           {withDepartedUsers(), syncOptions{resourceTypes: alone, byTask: true, onDemand: true}},
		"alone, by the task":         {withoutCustomRoles(withDepartedUsers()), syncOptions{resourceTypes: alone, byTask: true}},
		"with keys, no users, roles": {withDepartedUsers(), syncOptions{resourceTypes: []string{"security_insight", "api_key", "project"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: test.organization}
			test.options.insights = true
			synced := runSync(t, server, test.options)
			require.NoError(t, synced.err)
			require.Empty(t, server.Unknown())
			requireWarnings(t, synced.logs, nil)
			got := readRows(t, synced.store)
			require.Equal(t, insightsOfDepartedUsers(), got.of("security_insight").Resources)
			if types := test.options.resourceTypes; types != nil {
				requireSame(t, expected(test.organization).of(types...), got.withoutInsights())
				return
			}
			requireSame(t, expected(test.organization), got.withoutInsights())
			require.Equal(t, fewestCalls(test.organization), callsByRoute(server))
		})
	}
}

// withoutInsights is the file of a sync without insights.
func (f file) withoutInsights() file {
	f.Resources = mapRows(f.Resources, func(row resourceRow) (resourceRow, bool) { return row, row.Insight == nil })
	return f
}

func callsByRoute(server *openaitest.Server) map[string]int {
	calls := map[string]int{}
	for _, request := range server.Requests() {
		calls[request.Route]++
	}
	return calls
}

// They take no additional calls in an organization with many pages either.
func TestSecurityInsightsOfManyPages(t *testing.T) {
	t.Parallel()
	for name, organization := range map[string]openaitest.Organization{
		"custom roles": openaitest.Seeded(15, openaitest.Size{Users: 110, Groups: 4, Projects: 3, AdminKeys: 101}),
		"none":         openaitest.Seeded(16, openaitest.Size{Users: 110, Groups: 4, Projects: 3, AdminKeys: 101, CustomRoles: -1}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: organization}
			synced := runSync(t, server, syncOptions{workers: 4, insights: true})
			require.NoError(t, synced.err)
			got := readRows(t, synced.store)
			require.NotEmpty(t, got.of("security_insight").Resources)
			requireSame(t, expected(organization), got.withoutInsights())
			require.Equal(t, fewestCalls(organization), callsByRoute(server))
		})
	}
}

// A page token of another origin is refused.
func TestPageTokensOfSecurityInsights(t *testing.T) {
	t.Parallel()
	_, server := retryingConnector(t.Context(), t, &openaitest.Server{Organization: withDepartedUsers()}, newMapSessionStore(), syncOptions{insights: true})
	for _, token := range []string{`{"list":"groups"}`, `{"list":"projects","row":9}`, `{"list":"admin_keys","row":-1}`, "next"} {
		_, err := server.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{
			ResourceTypeId: "security_insight", PageToken: token, ActiveSyncId: walkSyncID,
		}.Build())
		require.ErrorContains(t, err, "the page token is not one of this connector's", token)
	}
}

// Without --security-insights, the type exists, but has no resources and takes no calls.
func TestSecurityInsightsAreOff(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: withDepartedUsers()}
	synced := runSync(t, server, syncOptions{resourceTypes: []string{"security_insight"}, byTask: true})
	require.NoError(t, synced.err)
	require.Empty(t, readRows(t, synced.store).Resources)
	require.Equal(t, map[string]int{"GET /organization/groups": 1}, callsByRoute(server)) // the check of the key
}

// A sync of insights alone reads each of the necessary lists once.
func TestCallsOfSecurityInsights(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: withDepartedUsers()}
	require.NoError(t, runSync(t, server, syncOptions{resourceTypes: []string{"security_insight"}, insights: true}).err)
	require.Equal(t, map[string]int{
		"GET /organization/admin_api_keys": 1 + 1, organizationUsersRoute: 1, "GET /organization/projects": 1, "GET /organization/roles": 1,
		"GET /organization/projects/{project_id}/api_keys": 2, "GET /organization/projects/{project_id}/service_accounts": 2,
		// The roles of two owners of admin keys whose rows do not say owner, and of service accounts without a role.
		userRolesRoute: 2, projectUserRolesRoute: 2,
	}, callsByRoute(server))
}

// If the plan does not list a group's members, a possible owner through that group is looked up by its roles.
func TestSecurityInsightsWhereGroupsListNoMembers(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: withoutCustomRoles(withDepartedUsers()), GroupMembersUnavailable: http.StatusForbidden}
	synced := runSync(t, server, syncOptions{workers: 4, insights: true})
	require.NoError(t, synced.err)
	require.Equal(t, insightsOfDepartedUsers(), readRows(t, synced.store).of("security_insight").Resources)
	require.Equal(t, 2, callsByRoute(server)[userRolesRoute])
}

// The same where the roles of the group are refused, through which an owner is one. A sync of other types does not fail of it.
func TestSecurityInsightsWhereRolesOfAGroupAreRefused(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: withoutCustomRoles(withDepartedUsers()), Faults: map[string]openaitest.Fault{
		"GET /organization/groups/{group_id}/roles": {Status: http.StatusForbidden, PathContains: "/admins/"},
	}}
	synced := runSync(t, server, syncOptions{insights: true, resourceTypes: []string{"security_insight"}})
	require.NoError(t, synced.err)
	require.Equal(t, insightsOfDepartedUsers(), readRows(t, synced.store).of("security_insight").Resources)
}

// An insight in a targeted sync has the row of a full sync, also without its project. One without a reason any more is
// left out.
func TestTargetedSyncOfSecurityInsights(t *testing.T) {
	t.Parallel()
	for _, row := range decode[resourceRow](t, insightsOfDepartedUsers()) {
		for _, parent := range []string{row.Parent, ""} {
			t.Run(row.ID+" below "+parent, func(t *testing.T) {
				t.Parallel()
				server := &openaitest.Server{Organization: withDepartedUsers()}
				part := runSync(t, server, syncOptions{targets: []*v2.Resource{target(row.ID, parent)}, insights: true})
				require.NoError(t, part.err)
				require.Empty(t, server.Unknown())
				require.Equal(t, []string{line(row)}, readRows(t, part.store).Resources)
			})
		}
	}
	for _, id := range []string{
		"key_owner_without_access/key-ann", "key_owner_without_access/key-expired", "key_owner_without_access/key-without-role",
		"key_owner_without_access/gone", "key_owner_without_access/admin-leaver", "admin_key_owner_not_owner/admin-through-group",
		"admin_key_owner_not_owner/key-own", "admin_key_owner_not_owner/admin-of-account", "service_account_without_role/svc-1",
		"service_account_without_role/svc-4", "service_account_without_role/svc-5", "service_account_without_role/svc-6",
		"another_kind/key-leaver", "key-leaver",
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			part := runSync(t, &openaitest.Server{Organization: withDepartedUsers()}, syncOptions{targets: []*v2.Resource{target("security_insight:"+id, "")}, insights: true})
			require.NoError(t, part.err)
			require.Empty(t, readRows(t, part.store).Resources)
			require.Equal(t, 1, part.logs.FilterMessage("skipping resource due to not found").Len())
		})
	}
	t.Run("not asked for", func(t *testing.T) {
		t.Parallel()
		client := serve(t.Context(), t, newConnector(t.Context(), t, &openaitest.Server{Organization: withDepartedUsers()}, newMapSessionStore()))
		_, err := client.GetResource(t.Context(), v2.ResourceGetterServiceGetResourceRequest_builder{
			ResourceId: target("security_insight:key_owner_without_access/key-leaver", "").GetId(),
		}.Build())
		require.ErrorContains(t, err, "baton-openai: security insights are not asked for: --security-insights has them listed")
	})
}

// The calls of a targeted sync of an insight; docs/targeted-sync.md has the same numbers.
func TestTargetedSyncCallsOfSecurityInsights(t *testing.T) {
	t.Parallel()
	const (
		user, project  = "GET /organization/users/{user_id}", "GET /organization/projects/{project_id}"
		adminKey       = "GET /organization/admin_api_keys/{key_id}"
		projectKey     = "GET /organization/projects/{project_id}/api_keys/{api_key_id}"
		projectKeys    = "GET /organization/projects/{project_id}/api_keys"
		serviceAccount = "GET /organization/projects/{project_id}/service_accounts/{service_account_id}"
	)
	for id, want := range map[string]map[string]int{
		"key_owner_without_access/key-leaver":    {project: 1, projectKey: 1, user: 1},
		"admin_key_owner_not_owner/admin-reader": {adminKey: 1, user: 2, userRolesRoute: 1},
		"service_account_without_role/svc-2":     {project: 1, serviceAccount: 1, projectKeys: 1, projectUserRolesRoute: 1},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: withDepartedUsers()}
			parent := "project:alpha"
			if want[adminKey] > 0 {
				parent = "organization:organization"
			}
			require.NoError(t, runSync(t, server, syncOptions{targets: []*v2.Resource{target("security_insight:"+id, parent)}, insights: true}).err)
			calls := callsByRoute(server)
			delete(calls, "GET /organization/groups") // the check of the key
			require.Equal(t, want, calls)
		})
	}
}

// If a list cannot be read, the sync fails, since missing insights would look as if there were no problems.
func TestSecurityInsightsFail(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: withDepartedUsers()}
	require.NoError(t, runSync(t, server, syncOptions{resourceTypes: []string{"security_insight"}, insights: true}).err)
	routes := callsByRoute(server)
	for _, mayBeUnknown := range []string{userRolesRoute, projectUserRolesRoute} {
		delete(routes, mayBeUnknown)
	}
	for _, route := range slices.Sorted(maps.Keys(routes)) {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			fault := openaitest.Fault{Status: http.StatusForbidden, Body: object("", "You may not.")}
			if route == "GET /organization/admin_api_keys" {
				fault.After = 1 // the check of the key
			}
			server := &openaitest.Server{Organization: withDepartedUsers(), Faults: map[string]openaitest.Fault{route: fault}}
			synced := runSync(t, server, syncOptions{resourceTypes: []string{"security_insight"}, insights: true})
			require.ErrorContains(t, synced.err, "baton-openai: looking for security insights: ")
			require.ErrorContains(t, synced.err, "a sync whose --sync-resource-types leave out security_insight does not ask for it")
		})
	}
}

// A project that is archived meanwhile has no insights, and neither has a principal whose roles cannot be read.
func TestSecurityInsightsOfMissingObjects(t *testing.T) {
	t.Parallel()
	t.Run("project", func(t *testing.T) {
		t.Parallel()
		server := &openaitest.Server{Organization: withDepartedUsers()}
		archiveBefore(server, map[string]string{"alpha": "GET /organization/projects/{project_id}/api_keys"})
		synced := runSync(t, server, syncOptions{resourceTypes: []string{"security_insight"}, insights: true})
		require.NoError(t, synced.err)
		requireWarnings(t, synced.logs, []warning{{archivedWarning, map[string]any{"project_id": "alpha"}}})
		got := readRows(t, synced.store).Resources
		require.Len(t, got, 3)
		require.NotContains(t, strings.Join(got, "\n"), "project:alpha")
	})
	t.Run("roles", func(t *testing.T) {
		t.Parallel()
		gone := openaitest.Fault{Status: http.StatusNotFound}
		server := &openaitest.Server{Organization: withDepartedUsers(), Faults: map[string]openaitest.Fault{userRolesRoute: gone, projectUserRolesRoute: gone}}
		synced := runSync(t, server, syncOptions{resourceTypes: []string{"security_insight"}, insights: true})
		require.NoError(t, synced.err)
		got := strings.Join(readRows(t, synced.store).Resources, "\n")
		require.NotContains(t, got, "admin-reader")
		require.NotContains(t, got, "service_account_without_role")
		require.Contains(t, got, "admin_key_owner_not_owner/admin-leaver")
	})
}
