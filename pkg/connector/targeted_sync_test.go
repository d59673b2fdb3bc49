package connector_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/synccompactor"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// target is a resource with its identity only.
func target(id, parent string) *v2.Resource {
	reference := func(text string) *v2.ResourceId {
		resourceType, id, ok := strings.Cut(text, ":")
		if !ok {
			return nil
		}
		return v2.ResourceId_builder{ResourceType: resourceType, Resource: id}.Build()
	}
	return v2.Resource_builder{Id: reference(id), ParentResourceId: reference(parent)}.Build()
}

// unexpanded is the file without expanded grants, as a targeted sync writes it.
func (f file) unexpanded() file {
	f.Grants = mapRows(f.Grants, func(row grantRow) (grantRow, bool) {
		row.Via = nil
		return row, row.Direct
	})
	return f
}

// rowsOfTarget are the rows of a targeted sync of the resource: the resource, its children, its entitlements, and the grants
// that it gives.
func (f file) rowsOfTarget(resource string) file {
	resourceType, id, _ := strings.Cut(resource, ":")
	gives := func(row grantRow) bool {
		on := func(prefix string) bool { return strings.HasPrefix(row.Entitlement, prefix) }
		switch resourceType {
		case "user":
			return row.Principal == resource && (on("organization:") || on("organization_role:"))
		case "group":
			return on(resource+":") || row.Principal == resource && on("organization_role:")
		case "project":
			return on(resource+":") || on("project_role:"+id+"/")
		default:
			return false
		}
	}
	return file{
		Resources: mapRows(f.Resources, func(row resourceRow) (resourceRow, bool) {
			return row, row.ID == resource || row.Parent == resource && resourceType == "project"
		}),
		Entitlements: mapRows(f.Entitlements, func(row entitlementRow) (entitlementRow, bool) {
			return row, strings.HasPrefix(row.ID, resource+":")
		}),
		Grants: mapRows(f.Grants, func(row grantRow) (grantRow, bool) { return row, gives(row) }),
	}
}

func requireSubset(t *testing.T, whole, part []string) {
	t.Helper()
	for _, line := range part {
		require.Contains(t, whole, line)
	}
}

// A targeted sync of any resource, with its parent or by its id alone, has all of its rows, and each row is the one of
// a full sync.
func TestTargetedSyncOfEachResource(t *testing.T) {
	t.Parallel()
	for name, organization := range map[string]openaitest.Organization{
		"sample": openaitest.Sample(), "ids with slashes": pinnedWith(t, "a/b//c/"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireTargetedSyncs(t, organization)
		})
	}
}

func requireTargetedSyncs(t *testing.T, organization openaitest.Organization) {
	t.Helper()
	synced := runSync(t, &openaitest.Server{Organization: organization}, syncOptions{})
	require.NoError(t, synced.err)
	whole := readRows(t, synced.store).unexpanded()
	types := map[string]bool{}
	for _, line := range whole.Resources {
		var row resourceRow
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		resourceType, _, _ := strings.Cut(row.ID, ":")
		types[resourceType] = true
		for _, parent := range slices.Compact([]string{row.Parent, ""}) {
			t.Run(row.ID+" below "+parent, func(t *testing.T) {
				t.Parallel()
				server := &openaitest.Server{Organization: organization}
				part := runSync(t, server, syncOptions{targets: []*v2.Resource{target(row.ID, parent)}})
				require.NoError(t, part.err)
				require.Empty(t, server.Unknown())
				got, want := readRows(t, part.store), whole.rowsOfTarget(row.ID)
				requireSubset(t, got.Resources, want.Resources)
				requireSubset(t, got.Entitlements, want.Entitlements)
				require.Empty(t, differences(want.Grants, got.Grants))
				requireSubset(t, whole.Resources, got.Resources)
				requireSubset(t, whole.Entitlements, got.Entitlements)
			})
		}
	}
	require.Len(t, types, 9)
}

// The calls of a targeted sync of one resource depend on the resource and not on the organization, unless the API needs
// a walk through the projects. docs/targeted-sync.md has the same table.
func TestTargetedSyncCalls(t *testing.T) {
	t.Parallel()
	const (
		user                = "GET /organization/users/{user_id}"
		users               = "GET /organization/users"
		organizationRoles   = "GET /organization/roles"
		organizationRole    = "GET /organization/roles/{role_id}"
		group               = "GET /organization/groups/{group_id}"
		groups              = "GET /organization/groups"
		groupRoles          = "GET /organization/groups/{group_id}/roles"
		projects            = "GET /organization/projects"
		project             = "GET /organization/projects/{project_id}"
		projectUsers        = "GET /organization/projects/{project_id}/users"
		projectGroups       = "GET /organization/projects/{project_id}/groups"
		projectKeys         = "GET /organization/projects/{project_id}/api_keys"
		projectKey          = "GET /organization/projects/{project_id}/api_keys/{api_key_id}"
		serviceAccounts     = "GET /organization/projects/{project_id}/service_accounts"
		serviceAccount      = "GET /organization/projects/{project_id}/service_accounts/{service_account_id}"
		projectRoles        = "GET /projects/{project_id}/roles"
		projectRole         = "GET /projects/{project_id}/roles/{role_id}"
		projectUserRoles    = "GET /projects/{project_id}/users/{user_id}/roles"
		invitation          = "GET /organization/invites/{invite_id}"
		adminKey            = "GET /organization/admin_api_keys/{key_id}"
		inSupportAssistant  = "project:proj_SupportAssistant000002"
		inCatalogueSearch   = "project:proj_CatalogueSearch0000001"
		belowOrganization   = "organization:organization"
		supportChatbot      = "service_account:svc_acct_SupportChatbot000002"
		platformEngineering = "group:group_01PLATFORMENGINEERING"
	)
	tests := map[string]struct {
		id, parent string
		calls      map[string]int
	}{
		"organization": {"organization:organization", "", map[string]int{organizationRoles: 1}},
		// The roles of the organization, for the user's roles; the organization and the role, for the grants on them.
		"user":             {"user:user-PriyaRaman000000000000001", "", map[string]int{user: 1, userRolesRoute: 1, organizationRoles: 3}},
		"invitation":       {"invitation:invite-YukiMori02", "", map[string]int{invitation: 1}},
		"predefined role":  {"organization_role:owner", "", map[string]int{organizationRoles: 1}},
		"custom role":      {"organization_role:role_01BILLINGVIEWER00000", "", map[string]int{organizationRole: 1}},
		"group of people":  {"group:group_01CUSTOMERSUPPORT00", "", map[string]int{group: 1, groupMembersRoute: 1, users: 1, groupRoles: 1, organizationRoles: 2}},
		"group with a bot": {platformEngineering, "", map[string]int{group: 1, groupMembersRoute: 1, users: 1, user: 1, projects: 1, serviceAccounts: 2, groupRoles: 1, organizationRoles: 2}},
		"project": {inSupportAssistant, "", map[string]int{
			project: 1, projectRoles: 1, serviceAccounts: 1, projectKeys: 1, projectUsers: 1, users: 1, projectUserRoles: 5,
			groups: 1, projectGroups: 1, projectGroupRolesRoute: 2,
		}},
		"project role":                          {"project_role:proj_SupportAssistant000002/role_01PROMPTREVIEWER0000", "", map[string]int{project: 1, projectRole: 1}},
		"service account below its project":     {supportChatbot, inSupportAssistant, map[string]int{project: 1, serviceAccount: 1}},
		"service account of an unknown project": {supportChatbot, "", map[string]int{projects: 1, serviceAccount: 2}},
		"project key below its project":         {"api_key:key_CatalogueIndexer", inCatalogueSearch, map[string]int{project: 1, projectKey: 1}},
		"project key of an unknown project":     {"api_key:key_CatalogueIndexer", "", map[string]int{adminKey: 1, projects: 1, projectKey: 1}},
		// Only an active project key tells that its owner exists.
		"key whose owner has left":         {"api_key:key_Forgotten", inCatalogueSearch, map[string]int{project: 1, projectKey: 1, user: 1}},
		"admin key":                        {"api_key:key_AdminTerraform", "", map[string]int{adminKey: 1, user: 1}},
		"admin key below the organization": {"api_key:key_AdminTerraform", belowOrganization, map[string]int{adminKey: 1, user: 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample()}
			part := runSync(t, server, syncOptions{targets: []*v2.Resource{target(test.id, test.parent)}})
			require.NoError(t, part.err)
			calls := map[string]int{groups: -1} // the check of the credentials
			for _, request := range server.Requests() {
				calls[request.Route]++
			}
			maps.DeleteFunc(calls, func(_ string, n int) bool { return n == 0 })
			require.Equal(t, test.calls, calls)
			requireWarnings(t, part.logs, nil)
		})
	}
}

// A targeted sync leaves out a missing, archived or accepted resource, with a warning. It does not fail, and does not
// give a resource without its rows.
func TestTargetedSyncOfMissingResources(t *testing.T) {
	t.Parallel()
	organization := openaitest.Sample()
	const inAnArchivedProject = "project:proj_Archived"
	archived := openaitest.Project{
		ID: "proj_Archived", Name: "Old", Status: "archived",
		ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc_Old", Name: "old"}},
		APIKeys:         []openaitest.ProjectAPIKey{{ID: "key_Old", Name: "old"}},
		Roles:           []openaitest.Role{{ID: "role_Old", Name: "Old"}},
	}
	organization.Projects = append(organization.Projects, archived)
	organization.Invites = append(organization.Invites, openaitest.Invite{ID: "invite_Accepted", Email: "a@example.com", Role: "reader", Status: "accepted"})
	tests := []struct{ id, parent string }{
		{"organization:other", ""}, {"user:gone", ""}, {"invitation:gone", ""}, {"organization_role:gone", ""}, {"group:gone", ""}, {"project:gone", ""},
		{"project_role:proj_SupportAssistant000002/gone", ""}, {"project_role:gone/gone", ""}, {"project_role:without", ""},
		{"service_account:gone", ""}, {"service_account:gone", "project:proj_SupportAssistant000002"}, {"service_account:gone", "project:gone"},
		{"api_key:gone", ""}, {"api_key:gone", "project:proj_SupportAssistant000002"}, {"api_key:gone", "organization:organization"},
		{"invitation:invite_Accepted", ""}, {inAnArchivedProject, ""}, {"project_role:proj_Archived/role_Old", ""},
		{"service_account:svc_Old", ""}, {"service_account:svc_Old", inAnArchivedProject}, {"api_key:key_Old", ""}, {"api_key:key_Old", inAnArchivedProject},
	}
	for _, test := range tests {
		t.Run(test.id+" below "+test.parent, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: organization}
			part := runSync(t, server, syncOptions{targets: []*v2.Resource{target(test.id, test.parent)}})
			require.NoError(t, part.err)
			require.Empty(t, server.Unknown())
			got := readRows(t, part.store)
			require.Empty(t, slices.Concat(got.Resources, got.Entitlements, got.Grants))
			require.Equal(t, 1, part.logs.FilterMessage("skipping resource due to not found").Len())
		})
	}
}

// An answer about the resource that is not the API's own fails a targeted sync, for every type.
func TestTargetedSyncFails(t *testing.T) {
	t.Parallel()
	faults := map[string]openaitest.Fault{
		"firewall": {Status: http.StatusForbidden, Page: true}, "no such path": {Text: true}, "gateway": {Gateway: true}, "failed": {Status: http.StatusBadGateway},
	}
	for name, fault := range faults {
		fault.After = 1 // the check of the credentials
		seen := map[string]bool{}
		for _, row := range decode[resourceRow](t, expected(openaitest.Sample()).Resources) {
			kind, _, _ := strings.Cut(row.ID, ":")
			below, _, _ := strings.Cut(row.Parent, ":")
			if seen[kind+" below "+below] {
				continue
			}
			seen[kind+" below "+below] = true
			t.Run(name+" "+row.ID, func(t *testing.T) {
				t.Parallel()
				server := &openaitest.Server{Organization: openaitest.Sample(), Faults: map[string]openaitest.Fault{"*": fault}}
				part := runSync(t, server, syncOptions{targets: []*v2.Resource{target(row.ID, "")}})
				require.Error(t, part.err)
				require.NotEqual(t, codes.NotFound, status.Code(part.err))
			})
		}
	}
}

// latestSync is the sync in a file.
func latestSync(t *testing.T, path string) *synccompactor.CompactableSync {
	t.Helper()
	sync, err := openFile(t, path).SyncMeta().LatestFinishedSyncOfAnyType(t.Context())
	require.NoError(t, err)
	return &synccompactor.CompactableSync{FilePath: path, SyncID: sync.ID}
}

// compact merges a full sync and parts into one file, each over the earlier ones, and returns its path.
func compact(t *testing.T, paths ...string) string {
	t.Helper()
	syncs := make([]*synccompactor.CompactableSync, 0, len(paths))
	for _, path := range paths {
		syncs = append(syncs, latestSync(t, path))
	}
	compactor, cleanup, err := synccompactor.NewCompactor(t.Context(), t.TempDir(), syncs, synccompactor.WithTmpDir(t.TempDir()), synccompactor.WithFailFastInvariants())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cleanup()) })
	compacted, err := compactor.Compact(t.Context())
	require.NoError(t, err)
	return compacted.FilePath
}

// A full sync and a targeted sync of the changes since then have the rows of a new full sync, except for removed ones:
// the SDK's compaction adds and replaces rows, but does not remove any.
func TestWholeFileAndTargetedSync(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	whole := runSync(t, server, syncOptions{})
	require.NoError(t, whole.err)

	const newcomer = "user-Newcomer"
	changed := openaitest.Sample()
	changed.Users = append(changed.Users, openaitest.User{ID: newcomer, Name: "New Comer", Email: "new@example.com", Role: "reader", RoleIDs: []string{"role_01BILLINGVIEWER00000"}})
	changed.Groups[0].MemberIDs = append(changed.Groups[0].MemberIDs, newcomer)
	changed.Projects[0].Name += " (renamed)"
	changed.Projects[0].Users = append(changed.Projects[0].Users, openaitest.ProjectUser{UserID: newcomer, Role: "viewer"})
	changed.Projects[0].ServiceAccounts = append(changed.Projects[0].ServiceAccounts, openaitest.ServiceAccount{ID: "svc_New", Name: "new", Role: "member"})
	changed.Projects[0].APIKeys = append(changed.Projects[0].APIKeys, openaitest.ProjectAPIKey{ID: "key_New", Name: "new", RedactedValue: "sk-proj-***abcd", OwnerID: newcomer})
	server = &openaitest.Server{Organization: changed}
	part := runSync(t, server, syncOptions{targets: []*v2.Resource{
		target("user:"+newcomer, ""), target("group:"+changed.Groups[0].ID, ""), target("project:"+changed.Projects[0].ID, ""),
	}})
	require.NoError(t, part.err)

	compacted := compact(t, whole.save(t), part.save(t))
	again := runSync(t, server, syncOptions{})
	require.NoError(t, again.err)
	requireSame(t, readRows(t, again.store), readFile(t, compacted))
}

// A targeted sync of all resources at once is a full sync, whatever one resource leaves in the session for the next.
func TestTargetedSyncOfEverything(t *testing.T) {
	t.Parallel()
	organization := openaitest.Seeded(99, openaitest.Size{Users: 50})
	synced := runSync(t, &openaitest.Server{Organization: organization}, syncOptions{})
	require.NoError(t, synced.err)
	whole := readRows(t, synced.store).unexpanded()
	rows := decode[resourceRow](t, whole.Resources)
	targets := make([]*v2.Resource, 0, len(rows))
	for _, row := range rows {
		targets = append(targets, target(row.ID, row.Parent))
	}
	for _, order := range []func([]*v2.Resource){func([]*v2.Resource) {}, slices.Reverse[[]*v2.Resource]} {
		order(targets)
		part := runSync(t, &openaitest.Server{Organization: organization}, syncOptions{targets: targets})
		require.NoError(t, part.err)
		requireSame(t, whole, readRows(t, part.store))
	}
}
