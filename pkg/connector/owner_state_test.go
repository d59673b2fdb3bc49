package connector_test

import (
	"net/http"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const organizationUsersRoute = "GET /organization/users"

// withDepartedUsers is the organization after some users have left, with the keys that they left behind.
func withDepartedUsers() openaitest.Organization {
	o := smallOrganization()
	alpha := &o.Projects[0]
	projectKey := func(id, access, ownerType, owner string, expires int64) {
		alpha.APIKeys = append(alpha.APIKeys, openaitest.ProjectAPIKey{
			ID: id, Name: "Key " + id, RedactedValue: "sk-proj-***cccc", CreatedAt: 28, ExpiresAt: expires, OwnerProjectAccess: access, OwnerType: ownerType, OwnerID: owner,
		})
	}
	projectKey("key-leaver", "inactive", "user", "gone", 0)
	projectKey("key-former", "inactive", "user", "eva", 0)
	projectKey("key-expired", "inactive", "user", "gone", 30)
	projectKey("key-without-role", "inactive", "service_account", "svc-2", 0)
	projectKey("key-assigned", "active", "service_account", "svc-4", 0)
	projectKey("key-refused", "inactive", "service_account", "svc-3", 0)
	projectKey("key-svc-gone", "inactive", "service_account", "svc-gone", 0)
	projectKey("key-svc-expired", "inactive", "service_account", "svc-5", 30)
	projectKey("key-svc-user", "inactive", "service_account", "bot", 0)
	projectKey("key-nobody", "inactive", "user", "", 0)
	alpha.ServiceAccounts = append(alpha.ServiceAccounts,
		openaitest.ServiceAccount{ID: "svc-4", Name: "four", Role: "none", CreatedAt: 29, RoleIDs: []string{"r-tune"}},
		openaitest.ServiceAccount{ID: "svc-5", Name: "five", Role: "none", CreatedAt: 29},
		openaitest.ServiceAccount{ID: "svc-6", Name: "six", Role: "none", CreatedAt: 29},
	)
	o.Projects[2].APIKeys = []openaitest.ProjectAPIKey{{ID: "key-archived", RedactedValue: "sk-proj-***dddd", OwnerProjectAccess: "inactive", OwnerType: "user", OwnerID: "gone"}}
	adminKey := func(id, redacted, ownerType, owner string, expires int64) {
		o.AdminKeys = append(o.AdminKeys, openaitest.AdminAPIKey{ID: id, Name: "Key " + id, RedactedValue: redacted, CreatedAt: 31, ExpiresAt: expires, OwnerType: ownerType, OwnerID: owner})
	}
	adminKey("admin-leaver", "sk-admin-***eeee", "user", "gone", 0)
	adminKey("admin-reader", "sk-admin-***ffff", "user", "ann", 0)
	// This owner holds the role through a group.
	adminKey("admin-through-group", "sk-admin-***gggg", "user", "dora", 0)
	adminKey("admin-expired", "sk-admin-***hhhh", "user", "eva", 32)
	adminKey("admin-of-account", "sk-admin-***iiii", "service_account", "svc-1", 0)
	adminKey("user-key-leaver", "sk-None-***jjjj", "user", "gone", 0)
	adminKey("user-key-reader", "sk-None-***kkkk", "user", "ben", 0)
	return o
}

// The profile of each key has the state of its owner, in every mode of a sync.
func TestOwnerStates(t *testing.T) {
	t.Parallel()
	want := map[string]any{
		"key-ann": "active", "key-svc": "active", "key-leaver": "left_organization", "key-former": "left_project", "key-expired": "left_organization",
		"key-without-role": "left_project", "key-assigned": "active", "key-refused": "left_project", "key-svc-gone": "left_organization",
		"key-svc-expired": "left_project", "key-svc-user": "left_project", "key-nobody": "no_owner",
		"key-own": "active", "key-other": "active", "admin-leaver": "left_organization", "admin-reader": "active", "admin-through-group": "active",
		"admin-expired": "active", "admin-of-account": nil, "user-key-leaver": "left_organization", "user-key-reader": "active",
	}
	for name, options := range map[string]syncOptions{
		"one after the other": {}, "four at once": {workers: 4}, "on demand": {workers: 4, onDemand: true},
		"types of a task": {resourceTypes: []string{"api_key", "project"}, byTask: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: withDepartedUsers()}
			synced := runSync(t, server, options)
			require.NoError(t, synced.err)
			require.Empty(t, server.Unknown())
			requireWarnings(t, synced.logs, nil)
			requireStates(t, want, synced)
			if options.resourceTypes != nil {
				return
			}
			calls := map[string]int{}
			for _, request := range server.Requests() {
				calls[request.Route]++
			}
			require.Equal(t, fewestCalls(withDepartedUsers()), calls)
		})
	}
}

func requireStates(t *testing.T, want map[string]any, synced outcome) {
	t.Helper()
	got := map[string]any{}
	for _, row := range decode[resourceRow](t, readRows(t, synced.store).of("api_key").Resources) {
		got[row.RawID] = row.Profile["owner_state"]
	}
	require.Equal(t, want, got)
}

// A sync without users takes the owner's state from the key alone, without further calls.
func TestOwnerStatesWithoutUsers(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	synced := runSync(t, server, syncOptions{resourceTypes: []string{"api_key", "project"}})
	require.NoError(t, synced.err)
	requireStates(t, map[string]any{
		"key_CatalogueIndexer": "active", "key_HanaNotebook": "active", "key_Chatbot": "active",
		"key_Forgotten": nil, "key_AdminGovernance": nil, "key_AdminTerraform": nil,
	}, synced)
	for _, request := range server.Requests() {
		require.NotEqual(t, organizationUsersRoute, request.Route)
	}
}

// If OpenAI refuses the list of users to a sync of other types, the keys have only the states that need no users, and
// there is one warning.
func TestOwnerStatesWhereUsersAreRefused(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample(), Faults: map[string]openaitest.Fault{organizationUsersRoute: {Status: http.StatusForbidden}}}
	synced := runSync(t, server, syncOptions{resourceTypes: []string{"api_key", "project"}, byTask: true})
	require.NoError(t, synced.err)
	requireStates(t, map[string]any{
		"key_CatalogueIndexer": "active", "key_HanaNotebook": "active", "key_Chatbot": "active",
		"key_Forgotten": nil, "key_AdminGovernance": nil, "key_AdminTerraform": nil,
	}, synced)
	requireWarnings(t, synced.logs, []warning{{"whether the owners of keys have left is therefore not shown", nil}})
}

// The same for the list of service accounts: their keys have only the states that need no service accounts.
func TestOwnerStatesWhereServiceAccountsAreRefused(t *testing.T) {
	t.Parallel()
	organization := smallOrganization()
	organization.Projects[0].APIKeys[1].OwnerProjectAccess = "inactive"
	server := &openaitest.Server{Organization: organization, Faults: map[string]openaitest.Fault{
		"GET /organization/projects/{project_id}/service_accounts": {Status: http.StatusForbidden},
	}}
	synced := runSync(t, server, syncOptions{resourceTypes: []string{"api_key", "project"}, byTask: true})
	require.NoError(t, synced.err)
	requireStates(t, map[string]any{"key-ann": "active", "key-svc": nil, "key-own": "active", "key-other": "active"}, synced)
}

// A key in a targeted sync has the row of a full sync.
func TestOwnerStatesOfTargetedSync(t *testing.T) {
	t.Parallel()
	synced := runSync(t, &openaitest.Server{Organization: withDepartedUsers()}, syncOptions{})
	require.NoError(t, synced.err)
	keys := readRows(t, synced.store).of("api_key").Resources
	for _, row := range decode[resourceRow](t, keys) {
		t.Run(row.ID, func(t *testing.T) {
			t.Parallel()
			part := runSync(t, &openaitest.Server{Organization: withDepartedUsers()}, syncOptions{targets: []*v2.Resource{target(row.ID, row.Parent)}})
			require.NoError(t, part.err)
			require.Equal(t, []string{line(row)}, readRows(t, part.store).Resources)
		})
	}
	t.Run("project", func(t *testing.T) {
		t.Parallel()
		part := runSync(t, &openaitest.Server{Organization: withDepartedUsers()}, syncOptions{targets: []*v2.Resource{target("project:alpha", "")}})
		require.NoError(t, part.err)
		requireSubset(t, keys, readRows(t, part.store).of("api_key").Resources)
	})
}
