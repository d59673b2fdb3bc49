package openaitest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	longOwner  = "role-api-organization-owner__api-organization__org-1"
	longReader = "role-api-organization-reader__api-organization__org-1"
	longMember = "role-api-project-member__api-project__proj_1"
	longViewer = "role-api-project-viewer__api-project__proj_1"
)

// withRoles has roles that are held in every way.
func withRoles() openaitest.Organization {
	return openaitest.Organization{
		ID: "org-1",
		Users: []openaitest.User{
			{ID: "direct", Role: "reader", RoleIDs: []string{"role_a"}},
			{ID: "inherited", Role: "reader"},
			{ID: "both", Role: "owner", RoleIDs: []string{"role_a"}},
			{ID: "odd", Role: "billing"},
			{ID: "roleless"},
		},
		Roles: []openaitest.Role{{ID: "role_a", Name: "Owner", CreatedAt: 5, Permissions: []string{"api.groups.read"}}},
		Groups: []openaitest.Group{
			{ID: "g1", MemberIDs: []string{"inherited", "both", "account"}, RoleIDs: []string{"owner", "role_a"}},
			{ID: "g2", MemberIDs: []string{"both"}, RoleIDs: []string{"role_a", "role_deleted"}},
		},
		Projects: []openaitest.Project{{
			ID:    "proj_1",
			Roles: []openaitest.Role{{ID: "role_p", Name: "Tuner"}},
			Users: []openaitest.ProjectUser{
				{UserID: "direct", Role: "member", RoleIDs: []string{"role_p"}},
				{UserID: "both", Role: "member", RoleIDs: []string{"role_p"}},
				{UserID: "odd", Role: "Tuner"},
			},
			Groups:          []openaitest.ProjectGroup{{GroupID: "g1", RoleIDs: []string{"viewer", "role_p"}}},
			ServiceAccounts: []openaitest.ServiceAccount{{ID: "account", Role: "member", RoleIDs: []string{"role_p"}}, {ID: "idle", Role: "none"}},
		}},
	}
}

func TestRoleAssignments(t *testing.T) {
	t.Parallel()
	type sources []string
	tests := []struct {
		path string
		// want are the roles with the principals of their sources; nil is null.
		want map[string]sources
	}{
		{"/organization/users/direct/roles", map[string]sources{longReader: nil, "role_a": nil}},
		{"/organization/users/inherited/roles", map[string]sources{longReader: nil, longOwner: {"group g1"}, "role_a": {"group g1"}}},
		{"/organization/users/both/roles", map[string]sources{
			longOwner:      {"group g1", "user both"},
			"role_a":       {"group g1", "group g2", "user both"},
			"role_deleted": {"group g2"},
		}},
		{"/organization/users/odd/roles", map[string]sources{}},
		{"/organization/users/roleless/roles", map[string]sources{}},
		{"/organization/groups/g1/roles", map[string]sources{longOwner: nil, "role_a": nil}},
		{"/projects/proj_1/users/direct/roles", map[string]sources{longMember: nil, "role_p": nil}},
		{"/projects/proj_1/users/both/roles", map[string]sources{longMember: nil, longViewer: {"group g1"}, "role_p": {"group g1", "user both"}}},
		{"/projects/proj_1/users/inherited/roles", map[string]sources{longViewer: {"group g1"}, "role_p": {"group g1"}}},
		{"/projects/proj_1/users/odd/roles", map[string]sources{}},
		{"/projects/proj_1/users/account/roles", map[string]sources{
			longMember: nil, longViewer: {"group g1"}, "role_p": {"group g1", "service_account account"},
		}},
		{"/projects/proj_1/users/idle/roles", map[string]sources{}},
		{"/projects/proj_1/groups/g1/roles", map[string]sources{longViewer: nil, "role_p": nil}},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: withRoles()}
			list := ok(t, standIn, test.path)
			found := map[string]sources{}
			for _, id := range list.ids() {
				row := list.row(t, id)
				assert.NotContains(t, row, "object")
				assert.Contains(t, row, "assignment_sources")
				found[id] = nil
				named, _ := row["assignment_sources"].([]any)
				for _, source := range named {
					fields, _ := source.(map[string]any)
					principalType, _ := fields["principal_type"].(string)
					principal, _ := fields["principal_id"].(string)
					found[id] = append(found[id], principalType+" "+principal)
				}
				assert.Equal(t, row, ok(t, standIn, test.path+"/"+id).body, "the row by its id")
			}
			assert.Equal(t, test.want, found)
			assert.Len(t, list.ids(), len(test.want), "each role once")

			standIn.OmitAssignmentSources = true
			for _, id := range list.ids() {
				assert.NotContains(t, ok(t, standIn, test.path).row(t, id), "assignment_sources")
			}
		})
	}
}

func TestRoleRows(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: withRoles()}
	roles := ok(t, standIn, "/organization/roles")
	assert.Equal(t, []string{longOwner, longReader, "role_a"}, roles.ids())
	assert.Equal(t, map[string]any{
		"object": "role", "id": longReader, "name": "reader", "description": "Can make standard API requests and read basic organizational data",
		"permissions": []any{}, "resource_type": "api.organization", "predefined_role": true,
	}, roles.row(t, longReader))
	assert.Equal(t, map[string]any{
		"object": "role", "id": "role_a", "name": "Owner", "description": nil,
		"permissions": []any{"api.groups.read"}, "resource_type": "api.organization", "predefined_role": false,
	}, roles.row(t, "role_a"))
	assert.Equal(t, roles.row(t, "role_a"), ok(t, standIn, "/organization/roles/role_a").body)
	assert.Equal(t, map[string]any{
		"id": "role_a", "name": "Owner", "description": nil, "permissions": []any{"api.groups.read"}, "resource_type": "api.organization",
		"predefined_role": false, "created_at": 5.0, "updated_at": 5.0, "created_by": nil, "created_by_user_obj": nil, "metadata": map[string]any{},
		"assignment_sources": nil,
	}, ok(t, standIn, "/organization/groups/g1/roles").row(t, "role_a"))

	project := ok(t, standIn, "/projects/proj_1/roles")
	assert.Equal(t, []string{"role-api-project-owner__api-project__proj_1", longMember, longViewer, "role_p"}, project.ids())
	assert.Equal(t, "api.project", project.row(t, "role_p")["resource_type"])
	assert.Equal(t, true, project.row(t, longMember)["predefined_role"])
}

// The names of the predefined roles are disputed. Each way to name them is the same in the lists of roles and of
// assignments.
func TestNamesOfPredefinedRoles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		server                *openaitest.Server
		organization, project any
	}{
		"names":         {&openaitest.Server{}, "reader", "member"},
		"capitalized":   {&openaitest.Server{CapitalizedRoleNames: true}, "Reader", "Member"},
		"display names": {&openaitest.Server{RoleDisplayNames: true}, "Organization Reader", "Project Member"},
		"nameless":      {&openaitest.Server{NamelessRoles: true}, nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := test.server
			standIn.Organization = withRoles()
			assert.Equal(t, test.organization, ok(t, standIn, "/organization/roles").row(t, longReader)["name"])
			assert.Equal(t, test.organization, ok(t, standIn, "/organization/users/direct/roles").row(t, longReader)["name"])
			assert.Equal(t, test.project, ok(t, standIn, "/projects/proj_1/roles").row(t, longMember)["name"])
			assert.Equal(t, test.project, ok(t, standIn, "/projects/proj_1/users/direct/roles").row(t, longMember)["name"])
			assert.Equal(t, "Tuner", ok(t, standIn, "/projects/proj_1/roles").row(t, "role_p")["name"], "a custom role")
		})
	}
}
