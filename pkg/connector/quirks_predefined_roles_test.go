package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// An unknown predefined role, or one of another scope, is shown like a custom role under its own id, with a warning.
// Only the assignment lists have its principals.
func TestUnknownPredefinedRole(t *testing.T) {
	t.Parallel()
	const unknown = "a predefined role that this version does not know"
	predefined := openaitest.Fields{"predefined_role": true}
	auditor := openaitest.Role{ID: "role-api-organization-auditor__api-organization__org-1", Name: "auditor", JSON: predefined}
	ofAProject := openaitest.Role{ID: "role-api-project-owner", Name: "owner", JSON: openaitest.Fields{"predefined_role": true, "resource_type": "api.project"}}
	untyped := openaitest.Role{ID: "role-api-project-owner__api-project__proj_1", Name: "owner", JSON: openaitest.Fields{"predefined_role": true, "resource_type": nil}}
	inspector := openaitest.Role{ID: "role-api-project-inspector", Name: "inspector", JSON: predefined}
	two := openaitest.Role{ID: "role_two", Name: "Project Member Owner", JSON: predefined}
	organization := openaitest.Organization{
		ID: "org-1", Users: many(3, userRow), Roles: []openaitest.Role{auditor, ofAProject, untyped},
		Projects: []openaitest.Project{{
			ID: "proj_1", Name: "Project", Status: "active", Roles: []openaitest.Role{inspector, two},
			Users: []openaitest.ProjectUser{{UserID: "user-0", Role: "member", RoleIDs: []string{inspector.ID}}, {UserID: "user-1", Role: "inspector", RoleIDs: []string{inspector.ID, two.ID}}},
		}},
	}
	organization.Users[2].RoleIDs = []string{auditor.ID, ofAProject.ID, untyped.ID}
	server := &openaitest.Server{Organization: organization}
	synced := runSync(t, server, syncOptions{})
	require.NoError(t, synced.err)
	want := expected(organization)
	for _, id := range []string{
		"organization_role:" + auditor.ID, "organization_role:" + ofAProject.ID, "organization_role:" + untyped.ID,
		"project_role:proj_1/" + inspector.ID, "project_role:proj_1/" + two.ID,
	} {
		want = want.withProfile(id, "predefined", true)
	}
	want.Grants = mapRows(want.Grants, func(row grantRow) (grantRow, bool) { return row, row.Entitlement != "project:proj_1:inspector" })
	requireSame(t, want, readRows(t, synced.store))
	requireWarnings(t, synced.logs, []warning{
		{unknown, map[string]any{"role": "auditor", "in": "organization"}},
		{unknown, map[string]any{"role_id": ofAProject.ID, "in": "organization"}},
		{unknown, map[string]any{"role_id": untyped.ID, "in": "organization"}},
		{unknown, map[string]any{"role": "inspector", "in": "proj_1"}},
		{unknown, map[string]any{"role_id": two.ID, "in": "proj_1"}},
	})
}

// The names of the predefined roles are disputed. They are recognized by their names in any case, by their display
// names and by their ids, so that none of them is a role of its own.
func TestPredefinedRolesByAnyName(t *testing.T) {
	t.Parallel()
	stays := func(*openaitest.Organization) {}
	requireQuirks(t, map[string]quirk{
		"capitalized":   {prepare: func(s *openaitest.Server) { s.CapitalizedRoleNames = true }, effect: stays},
		"display names": {prepare: func(s *openaitest.Server) { s.RoleDisplayNames = true }, effect: stays},
		"nameless":      {prepare: func(s *openaitest.Server) { s.NamelessRoles = true }, effect: stays},
		"without the flag": {
			prepare: func(s *openaitest.Server) {
				id := func(name string) string { return "role-api-project-" + name + "__api-project__" + searchProject }
				roles := []map[string]any{
					{"id": tunerRole, "name": "Fine-tuner", "description": "Trains models", "permissions": []string{"api.model.request"}},
					{"id": id("owner"), "name": "owner"}, {"id": id("member"), "name": "member", "predefined_role": nil}, {"id": id("viewer"), "name": "viewer"},
				}
				answer(s, "GET /projects/{project_id}/roles", searchProject, rows(roles...))
				s.AssignmentsOmit = []string{"predefined_role"}
			},
			effect: stays,
		},
		"display names and no word of a user's role": {
			prepare: func(s *openaitest.Server) {
				s.RoleDisplayNames = true
				user(&s.Organization, priya).JSON, user(&s.Organization, diego).JSON = openaitest.Fields{"role": nil}, openaitest.Fields{"role": nil}
				projectUser(&s.Organization, searchProject, lena).JSON = openaitest.Fields{"role": nil}
			},
			effect: stays,
			amend: func(f file) file {
				return f.withProfile("user:"+priya, "organization_role", nil).withProfile("user:"+diego, "organization_role", nil)
			},
		},
		"a resource_type that is not known": {
			prepare: func(s *openaitest.Server) {
				answer(s, groupRolesRoute, supportGroup, rows(assignedRole("role_1", map[string]any{"name": "reader", "predefined_role": true, "resource_type": "organization"})))
				answer(s, projectGroupRolesRoute, assistantProject+"/groups/"+platformGroup, rows(assignedRole("role_2", map[string]any{"name": "owner", "predefined_role": true, "resource_type": "API.PROJECT"})))
			},
			effect: stays,
		},
		"display name under an alias": {
			prepare: func(s *openaitest.Server) {
				answer(s, groupRolesRoute, supportGroup, rows(assignedRole("role_1", map[string]any{"name": "Organization  READER", "predefined_role": true})))
			},
			effect: stays,
		},
		"id alone, in its short form": {
			prepare: func(s *openaitest.Server) {
				answer(s, groupRolesRoute, supportGroup, rows(assignedRole("role-api-organization-reader", map[string]any{"name": nil, "predefined_role": true})))
				answer(s, projectGroupRolesRoute, assistantProject+"/groups/"+platformGroup, rows(assignedRole("role-api-project-owner", map[string]any{"name": "", "predefined_role": true})))
			},
			effect: stays,
		},
	})
}

// predefinedRow is a row of a predefined role in an assignment list, without sources.
func predefinedRow(name string) map[string]any {
	return assignedRole("role_alias_"+name, map[string]any{"name": name, "predefined_role": true})
}

// A predefined role other than the one in the principal's row is direct, unless the principal is a member of a group
// that holds it. Then expansion shows it.
func TestSecondPredefinedRole(t *testing.T) {
	t.Parallel()
	const hana = "user-HanaSato00000000000000006" // member of the platform engineers, who own the organization
	add := func(roles *[]string, role string) { *roles = append(*roles, role) }
	stays := func(*openaitest.Organization) {}
	requireQuirks(t, map[string]quirk{
		"in the organization": {
			prepare: func(s *openaitest.Server) {
				answer(s, userRolesRoute, diego, rows(predefinedRow("reader"), predefinedRow("owner")))
			},
			effect: func(o *openaitest.Organization) { add(&user(o, diego).RoleIDs, "owner") },
		},
		"in the organization, by a group": {
			prepare: func(s *openaitest.Server) {
				answer(s, userRolesRoute, tomas, rows(predefinedRow("reader"), predefinedRow("owner")))
			},
			effect: stays,
		},
		"in the organization, by the group and by itself": {
			prepare: func(s *openaitest.Server) { add(&user(&s.Organization, tomas).RoleIDs, "owner") },
			effect:  func(o *openaitest.Organization) { add(&user(o, tomas).RoleIDs, "owner") },
		},
		"in the organization, of an owner by itself": {
			prepare: func(s *openaitest.Server) {
				answer(s, userRolesRoute, priya, rows(predefinedRow("reader"), predefinedRow("owner")))
			},
			effect: func(o *openaitest.Organization) { add(&user(o, priya).RoleIDs, "reader") },
		},
		"in a project": {
			prepare: func(s *openaitest.Server) {
				answer(s, projectUserRolesRoute, diego, rows(predefinedRow("member"), predefinedRow("viewer")))
			},
			effect: func(o *openaitest.Organization) {
				projectUser(o, assistantProject, diego).RoleIDs = []string{"viewer"}
			},
		},
		"in a project, by a group": {
			prepare: func(s *openaitest.Server) {
				projectUser(&s.Organization, searchProject, lena).Role = "member"
				answer(s, projectUserRolesRoute, searchProject+"/users/"+lena, rows(predefinedRow("member"), predefinedRow("viewer")))
			},
			effect: func(o *openaitest.Organization) { projectUser(o, searchProject, lena).Role = "member" },
		},
		"in a project, by a group of the organization's owners": {
			prepare: func(s *openaitest.Server) {
				answer(s, projectUserRolesRoute, searchProject+"/users/"+hana, rows(predefinedRow("member"), predefinedRow("owner")))
			},
			effect: func(o *openaitest.Organization) { projectUser(o, searchProject, hana).RoleIDs = nil },
		},
		"in a project, by the ownership of the organization": {
			prepare: func(s *openaitest.Server) {
				p := project(&s.Organization, searchProject)
				p.Users = append(p.Users, openaitest.ProjectUser{UserID: priya, Role: "viewer"})
				answer(s, projectUserRolesRoute, searchProject+"/users/"+priya, rows(predefinedRow("viewer"), predefinedRow("owner")))
			},
			effect: func(o *openaitest.Organization) {
				p := project(o, searchProject)
				p.Users = append(p.Users, openaitest.ProjectUser{UserID: priya, Role: "viewer"})
			},
		},
		"of a service account, by a group": {
			prepare: func(s *openaitest.Server) {
				project(&s.Organization, searchProject).Groups[0].RoleIDs = []string{tunerRole, "viewer"}
				answer(s, projectUserRolesRoute, indexerAccount, rows(predefinedRow("member"), predefinedRow("viewer"), assignedRole(tunerRole, nil)))
			},
			effect: func(o *openaitest.Organization) {
				project(o, searchProject).Groups[0].RoleIDs = []string{tunerRole, "viewer"}
			},
		},
		"of a service account without role, by a group": {
			prepare: func(s *openaitest.Server) {
				account(&s.Organization, indexerAccount).Role = "none"
				project(&s.Organization, searchProject).Groups[0].RoleIDs = []string{tunerRole, "viewer"}
				answer(s, projectUserRolesRoute, indexerAccount, rows(predefinedRow("viewer"), assignedRole(tunerRole, nil)))
			},
			effect: func(o *openaitest.Organization) {
				account(o, indexerAccount).Role = "none"
				project(o, searchProject).Groups[0].RoleIDs = []string{tunerRole, "viewer"}
			},
		},
		"of a group whose members the plan does not tell": {
			prepare: func(s *openaitest.Server) {
				s.GroupMembersUnavailable = 403
				answer(s, userRolesRoute, tomas, rows(predefinedRow("reader"), predefinedRow("owner")))
			},
			effect: func(o *openaitest.Organization) {
				add(&user(o, tomas).RoleIDs, "owner")
				for i := range o.Groups {
					o.Groups[i].MemberIDs = nil
				}
			},
			warned: []warning{{"does not list the members", nil}, {"does not list the members", nil}, {"does not list the members", nil}},
		},
	})
}

// The same in a sync without groups: the role of a group is not shown as a direct one.
func TestSecondPredefinedRoleWithoutGroups(t *testing.T) {
	t.Parallel()
	types := []string{"user", "organization_role"}
	newQuirkServer := func() *openaitest.Server {
		server := &openaitest.Server{Organization: openaitest.Sample()}
		answer(server, userRolesRoute, tomas, rows(predefinedRow("reader"), predefinedRow("owner")))
		return server
	}
	server := newQuirkServer()
	synced := runSync(t, server, syncOptions{resourceTypes: types})
	require.NoError(t, synced.err)
	requireSame(t, expected(openaitest.Sample()).of(types...), readRows(t, synced.store))

	// An organization without groups has no roles through groups.
	server = newQuirkServer()
	server.SetFault("GET /organization/groups", openaitest.Fault{Status: 404, Body: object("", "There are no groups.")})
	synced = runSync(t, server, syncOptions{resourceTypes: types})
	require.NoError(t, synced.err)
	want := openaitest.Sample()
	user(&want, tomas).RoleIDs = []string{"owner"}
	requireSame(t, expected(want).of(types...), readRows(t, synced.store))
}
