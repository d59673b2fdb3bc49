package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	organizationUsersRoute = "GET /organization/users"
	serviceAccountsRoute   = "GET /organization/projects/{project_id}/service_accounts"
)

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

// The same for the list of service accounts: their keys have only the states that need no service accounts. It is asked for once.
func TestOwnerStatesWhereServiceAccountsAreRefused(t *testing.T) {
	t.Parallel()
	organization := smallOrganization()
	keys := &organization.Projects[0].APIKeys
	(*keys)[1].OwnerProjectAccess = "inactive"
	*keys = append(*keys, (*keys)[1])
	(*keys)[2].ID = "key-svc-too"
	server := &openaitest.Server{Organization: organization, Faults: map[string]openaitest.Fault{serviceAccountsRoute: {Status: http.StatusForbidden}}}
	synced := runSync(t, server, syncOptions{resourceTypes: []string{"api_key", "project"}, byTask: true})
	require.NoError(t, synced.err)
	requireStates(t, map[string]any{"key-ann": "active", "key-svc": nil, "key-svc-too": nil, "key-own": "active", "key-other": "active"}, synced)
	requests := 0
	for _, request := range server.Requests() {
		if request.Route == serviceAccountsRoute {
			requests++
		}
	}
	require.Equal(t, 1, requests)
}

// readCounter is a session store that counts what is read.
type readCounter struct {
	*mapSessionStore

	reads int
}

func (s *readCounter) Get(ctx context.Context, key string, options ...sessions.SessionStoreOption) ([]byte, bool, error) {
	s.reads++
	return s.mapSessionStore.Get(ctx, key, options...)
}

// The owners of all keys of a project are looked up in a time that grows with the keys, also where the keys do not say
// whether their owners have access.
func TestOwnerStatesOfManyServiceAccounts(t *testing.T) {
	t.Parallel()
	reads := func(accounts int) int {
		project := openaitest.Project{ID: "proj_1", Status: "active"}
		for i := range accounts {
			id := fmt.Sprintf("svc_acct_%03d", i)
			project.ServiceAccounts = append(project.ServiceAccounts, openaitest.ServiceAccount{ID: id, Role: "member"})
			project.APIKeys = append(project.APIKeys, openaitest.ProjectAPIKey{
				ID: fmt.Sprintf("key_%03d", i), RedactedValue: "sk-svcacct-***1", OwnerType: "service_account", OwnerID: id,
				JSON: openaitest.Fields{"owner_project_access": openaitest.Absent{}},
			})
		}
		server := &openaitest.Server{LargestPage: 5, Organization: openaitest.Organization{Projects: []openaitest.Project{project}}}
		store := &readCounter{mapSessionStore: newMapSessionStore()}
		_, built := retryingConnector(t.Context(), t, server, store, syncOptions{insights: true, onDemand: true})
		w := &walk{client: serve(t.Context(), t, built)}
		require.NoError(t, w.everything(t.Context()))
		return store.reads
	}
	require.Less(t, reads(200), 3*reads(100))
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
