package connector_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const assignedUnknown = "a role is assigned that the role list does not hold"

// assignedRole is a row of an assignment list; like the API's own it has no object.
func assignedRole(id string, fields map[string]any) map[string]any {
	row := map[string]any{"id": id, "name": id, "predefined_role": false}
	maps.Copy(row, fields)
	return row
}

func source(principalType, id string) map[string]any {
	return map[string]any{"principal_type": principalType, "principal_id": id}
}

// A role that is held only through groups gives no direct grant; one whose sources name the principal too, or that has
// none, is direct.
func TestAssignmentSources(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fields map[string]any
		direct bool
	}{
		"absent":             {nil, true},
		"null":               {map[string]any{"assignment_sources": nil}, true},
		"empty":              {map[string]any{"assignment_sources": []any{}}, true},
		"a group":            {map[string]any{"assignment_sources": []any{source("group", financ)}}, false},
		"two groups":         {map[string]any{"assignment_sources": []any{source("group", financ), source("group", suppt)}}, false},
		"a group and itself": {map[string]any{"assignment_sources": []any{source("group", financ), source("user", lena)}}, true},
		"itself":             {map[string]any{"assignment_sources": []any{source("user", lena)}}, true},
		"itself as a group":  {map[string]any{"assignment_sources": []any{source("group", lena)}}, true},
		"itself and no type": {map[string]any{"assignment_sources": []any{map[string]any{"principal_id": lena}}}, true},
		"a tenant's group":   {map[string]any{"assignment_sources": []any{source("tenant_group", financ)}}, false},
		"a directory":        {map[string]any{"assignment_sources": []any{source("directory", financ)}}, false},
		"another user":       {map[string]any{"assignment_sources": []any{source("user", financ)}}, false},
		"no type":            {map[string]any{"assignment_sources": []any{map[string]any{"principal_id": financ}}}, false},
	}
	quirks := map[string]quirk{}
	for name, test := range tests {
		quirks[name] = quirk{
			bend: func(s *openaitest.Server) {
				answer(s, userRolesRoute, lena, rows(assignedRole(billng, test.fields)))
				answer(s, projectUserRolesRoute, lena, rows(assignedRole(tuner, test.fields)))
			},
			mean: func(o *openaitest.Organization) {
				user(o, lena).RoleIDs = nil
				if test.direct {
					user(o, lena).RoleIDs = []string{billng}
					projectUser(o, search, lena).RoleIDs = []string{tuner}
				}
			},
		}
	}
	requireQuirks(t, quirks)
}

// What is inherited from somebody whom the groups do not have is shown by nothing else, so that a warning tells of each.
func TestRolesInheritedFromNoGroup(t *testing.T) {
	t.Parallel()
	const unknown = "roles are inherited from somebody whom the groups of the organization do not have"
	inherited := map[string]any{"assignment_sources": []any{source("tenant_group", "group_tenant"), source("group", financ), source("", "")}}
	requireQuirks(t, map[string]quirk{"a tenant's group": {
		bend: func(s *openaitest.Server) {
			answer(s, userRolesRoute, "/users/", rows(assignedRole(billng, inherited), assignedRole(keyadm, inherited)))
		},
		mean: func(o *openaitest.Organization) {
			for i := range o.Users {
				o.Users[i].RoleIDs = nil
			}
		},
		warned: []warning{
			{unknown, map[string]any{"source_type": "tenant_group", "source_id": "group_tenant", "in": "organization"}},
			{unknown, map[string]any{"source_id": ""}},
		},
	}})
}

// A group's own roles are the group's, even where the sources name the group.
func TestAssignmentSourcesOfAGroup(t *testing.T) {
	t.Parallel()
	itself := map[string]any{"assignment_sources": []any{source("group", financ)}}
	requireQuirks(t, map[string]quirk{"itself": {bend: func(s *openaitest.Server) {
		answer(s, groupRolesRoute, financ, rows(assignedRole(billng, itself)))
		answer(s, projectGroupRolesRoute, financ, rows(assignedRole("role-api-project-viewer", map[string]any{
			"name": "viewer", "predefined_role": true, "resource_type": "api.project", "assignment_sources": itself["assignment_sources"],
		})))
	}}})
}

// Without assignment_sources, as in some organizations, nothing tells an inherited role from a direct one, so custom roles
// are direct; the predefined role stays the one that the row names.
func TestServerWithoutAssignmentSources(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"none": {
		bend: func(s *openaitest.Server) { s.OmitAssignmentSources = true },
		mean: func(o *openaitest.Organization) {
			user(o, "user-GraceLindqvist00000000008").RoleIDs = []string{billng}
			projectUser(o, search, tomas).RoleIDs = []string{tuner}
			projectUser(o, assist, "user-AishaBello000000000000003").RoleIDs = []string{"role_01PROMPTREVIEWER0000"}
		},
	}})
}

// An assigned role that the role list does not hold gives no grant and a warning each time; the other roles stay.
func TestAssignedRoleThatTheRoleListDoesNotHold(t *testing.T) {
	t.Parallel()
	const gone = "role_gone"
	requireQuirks(t, map[string]quirk{"gone": {
		bend: func(s *openaitest.Server) {
			o := &s.Organization
			user(o, lena).RoleIDs = append(user(o, lena).RoleIDs, gone)
			group(o, suppt).RoleIDs = append(group(o, suppt).RoleIDs, gone)
			projectUser(o, search, lena).RoleIDs = []string{gone}
			account(o, idle).RoleIDs = []string{gone}
			p := project(o, search)
			p.Groups[1].RoleIDs = append(p.Groups[1].RoleIDs, gone)
		},
		mean: func(*openaitest.Organization) {},
		warned: []warning{
			{assignedUnknown, map[string]any{"role_id": gone, "in": "organization", "principal_type": "user", "principal_id": lena}},
			{assignedUnknown, map[string]any{"role_id": gone, "in": "organization", "principal_type": "group", "principal_id": suppt}},
			{assignedUnknown, map[string]any{"role_id": gone, "in": search, "principal_type": "user", "principal_id": lena}},
			{assignedUnknown, map[string]any{"role_id": gone, "in": search, "principal_type": "service_account", "principal_id": idle}},
			{assignedUnknown, map[string]any{"role_id": gone, "in": search, "principal_type": "group", "principal_id": financ}},
		},
	}})
}

// A predefined role is known by name where an assignment list has it under a short alias of its id.
func TestPredefinedRolesUnderAnAlias(t *testing.T) {
	t.Parallel()
	predefined := func(scope, name string) map[string]any {
		return assignedRole("role-"+scope+"-"+name, map[string]any{"name": name, "predefined_role": true, "resource_type": scope})
	}
	organization := func(name string) map[string]any { return predefined("api.organization", name) }
	inProject := func(name string) map[string]any { return predefined("api.project", name) }
	requireQuirks(t, map[string]quirk{
		"of a user without role": {
			bend: func(s *openaitest.Server) {
				user(&s.Organization, diego).JSON = openaitest.Fields{"role": nil}
				answer(s, userRolesRoute, diego, rows(organization("Owner")))
			},
			mean:  func(o *openaitest.Organization) { user(o, diego).Role = "owner" },
			amend: func(f file) file { return f.withProfile("user:"+diego, "organization_role", nil) },
		},
		"of a user with that role": {bend: func(s *openaitest.Server) {
			answer(s, userRolesRoute, diego, rows(organization("reader")))
		}},
		"of a group": {
			bend: func(s *openaitest.Server) {
				s.Faults = map[string]openaitest.Fault{}
				answer(s, groupRolesRoute, platfm, rows(organization("owner")))
				answer(s, projectGroupRolesRoute, assist+"/groups/"+platfm, rows(inProject("owner")))
			},
		},
		"of a project's user without role": {
			bend: func(s *openaitest.Server) {
				projectUser(&s.Organization, search, lena).JSON = openaitest.Fields{"role": nil}
				answer(s, projectUserRolesRoute, lena, rows(inProject("MEMBER")))
			},
			mean: func(o *openaitest.Organization) { projectUser(o, search, lena).Role = "member" },
		},
		"without resource type": {
			bend: func(s *openaitest.Server) {
				answer(s, groupRolesRoute, suppt, rows(assignedRole("role-x", map[string]any{"name": "reader", "predefined_role": true})))
			},
		},
	})
}

// A predefined role of a project in the organization's assignment list, or the reverse, is not taken for its namesake.
func TestAssignedRoleOfTheOtherScope(t *testing.T) {
	t.Parallel()
	owner := func(scope string) map[string]any {
		return assignedRole("role-foreign", map[string]any{"name": "owner", "predefined_role": true, "resource_type": scope})
	}
	requireQuirks(t, map[string]quirk{"foreign": {
		bend: func(s *openaitest.Server) {
			answer(s, groupRolesRoute, suppt, rows(owner("api.project")))
			answer(s, projectGroupRolesRoute, assist+"/groups/"+suppt, rows(owner("api.organization")))
		},
		mean: func(o *openaitest.Organization) {
			group(o, suppt).RoleIDs = nil
			project(o, assist).Groups[0].RoleIDs = nil
		},
		warned: []warning{
			{assignedUnknown, map[string]any{"role_id": "role-foreign", "in": "organization", "principal_id": suppt}},
			{assignedUnknown, map[string]any{"role_id": "role-foreign", "in": assist, "principal_id": suppt}},
		},
	}})
}

// A custom role is told from its namesake among the predefined ones by the API's flag, in any scope and spelling.
func TestCustomRolesCalledLikePredefinedOnes(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{
		"Owner": {bend: func(s *openaitest.Server) {
			o := &s.Organization
			role(o, billng).Name, role(o, keyadm).Name = "Owner", "reader"
			project(o, search).Roles[0].Name, project(o, assist).Roles[0].Name = "owner", "Member"
		}},
		"with the resource type of the other scope": {bend: func(s *openaitest.Server) {
			o := &s.Organization
			role(o, billng).Name, role(o, billng).JSON = "owner", openaitest.Fields{"resource_type": "api.project"}
			p := project(o, search)
			p.Roles[0].Name, p.Roles[0].JSON = "owner", openaitest.Fields{"resource_type": "api.organization"}
		}},
		"without resource type": {bend: func(s *openaitest.Server) {
			role(&s.Organization, billng).JSON = openaitest.Fields{"resource_type": openaitest.Absent{}}
			project(&s.Organization, search).Roles[0].JSON = openaitest.Fields{"resource_type": nil}
		}},
	})
}

// A role without name goes by its id; what the API does not say of it is not in its profile.
func TestRolesAsTheyAreServed(t *testing.T) {
	t.Parallel()
	const id = "organization_role:" + billng
	fields := openaitest.Fields{"name": nil, "description": openaitest.Absent{}, "permissions": nil, "predefined_role": openaitest.Absent{}, "object": openaitest.Absent{}}
	requireQuirks(t, map[string]quirk{
		"bare": {
			bend: func(s *openaitest.Server) { role(&s.Organization, billng).JSON = fields },
			mean: func(o *openaitest.Organization) { role(o, billng).Name, role(o, billng).Description = billng, "" },
			amend: func(f file) file {
				return f.withProfile(id, "permissions", nil)
			},
		},
		"no permissions": {bend: func(s *openaitest.Server) { role(&s.Organization, billng).Permissions = nil }},
		"same id in two projects": {bend: func(s *openaitest.Server) {
			shared := project(&s.Organization, search).Roles[0]
			p := project(&s.Organization, assist)
			p.Roles = append(p.Roles, shared)
			p.Users[0].RoleIDs = []string{shared.ID}
		}},
	})
}

// Where the role list holds no predefined roles, owner and reader are there all the same, for the users' rows name them.
func TestRoleListWithoutPredefinedRoles(t *testing.T) {
	t.Parallel()
	quirks := map[string]quirk{}
	for name, custom := range map[string][]map[string]any{
		"custom only": {
			{
				"object": "role", "id": billng, "name": "Billing viewer", "description": "Sees usage and costs",
				"permissions": []string{"api.usage.read"}, "resource_type": "api.organization", "predefined_role": false,
			},
			{
				"object": "role", "id": keyadm, "name": "Key administrator", "description": "Manages API keys of all projects", "resource_type": "api.organization",
				"permissions": []string{"api.organization.projects.api_keys.read", "api.organization.projects.api_keys.write"}, "predefined_role": false,
			},
		},
		"empty": nil,
	} {
		without := func(o *openaitest.Organization) {
			if custom == nil {
				o.Roles, group(o, financ).RoleIDs = nil, nil
				for i := range o.Users {
					o.Users[i].RoleIDs = nil
				}
			}
		}
		quirks[name] = quirk{
			bend: func(s *openaitest.Server) {
				without(&s.Organization)
				answer(s, "GET /organization/roles", "", rows(custom...))
			},
			mean: without,
			amend: func(f file) file {
				f = f.withResource("organization:organization", func(row *resourceRow) { row.RawID, row.Profile = "organization", map[string]any{} })
				for _, id := range []string{"owner", "reader"} {
					f = f.withResource("organization_role:"+id, func(row *resourceRow) {
						row.RawID, row.Description, row.Profile = id, "", map[string]any{"predefined": true}
					})
				}
				return f
			},
		}
	}
	requireQuirks(t, quirks)
}

// A predefined role that this connector does not know, or that belongs elsewhere, is a role like a custom one, under its own
// id; a warning says so. Who holds it only the assignment lists tell.
func TestUnknownPredefinedRole(t *testing.T) {
	t.Parallel()
	const unknown = "a predefined role that this version does not know"
	predefined := openaitest.Fields{"predefined_role": true}
	auditor := openaitest.Role{ID: "role-api-organization-auditor__api-organization__org-1", Name: "auditor", JSON: predefined}
	foreign := openaitest.Role{ID: "role-api-project-owner", Name: "owner", JSON: openaitest.Fields{"predefined_role": true, "resource_type": "api.project"}}
	untyped := openaitest.Role{ID: "role-api-project-owner__api-project__proj_1", Name: "owner", JSON: openaitest.Fields{"predefined_role": true, "resource_type": nil}}
	inspector := openaitest.Role{ID: "role-api-project-inspector", Name: "inspector", JSON: predefined}
	two := openaitest.Role{ID: "role_two", Name: "Project Member Owner", JSON: predefined}
	organization := openaitest.Organization{
		ID: "org-1", Users: many(3, userRow), Roles: []openaitest.Role{auditor, foreign, untyped},
		Projects: []openaitest.Project{{
			ID: "proj_1", Name: "Project", Status: "active", Roles: []openaitest.Role{inspector, two},
			Users: []openaitest.ProjectUser{{UserID: "user-0", Role: "member", RoleIDs: []string{inspector.ID}}, {UserID: "user-1", Role: "inspector", RoleIDs: []string{inspector.ID, two.ID}}},
		}},
	}
	organization.Users[2].RoleIDs = []string{auditor.ID, foreign.ID, untyped.ID}
	server := &openaitest.Server{Organization: organization}
	synced := runSync(t, server, syncOptions{})
	require.NoError(t, synced.err)
	want := expected(organization)
	for _, id := range []string{
		"organization_role:" + auditor.ID, "organization_role:" + foreign.ID, "organization_role:" + untyped.ID,
		"project_role:proj_1/" + inspector.ID, "project_role:proj_1/" + two.ID,
	} {
		want = want.withProfile(id, "predefined", true)
	}
	want.Grants = mapRows(want.Grants, func(row grantRow) (grantRow, bool) { return row, row.Entitlement != "project:proj_1:inspector" })
	requireSame(t, want, readFile(t, synced.path))
	requireWarnings(t, synced.logs, []warning{
		{unknown, map[string]any{"role": "auditor", "in": "organization"}},
		{unknown, map[string]any{"role_id": foreign.ID, "in": "organization"}},
		{unknown, map[string]any{"role_id": untyped.ID, "in": "organization"}},
		{unknown, map[string]any{"role": "inspector", "in": "proj_1"}},
		{unknown, map[string]any{"role_id": two.ID, "in": "proj_1"}},
	})
}

// What the predefined roles are called is disputed: they are known by their names in any letter case, by their display
// names, and by their ids alone, so that none of them shows as a role of its own.
func TestPredefinedRolesByAnyName(t *testing.T) {
	t.Parallel()
	stays := func(*openaitest.Organization) {}
	requireQuirks(t, map[string]quirk{
		"capitalized":   {bend: func(s *openaitest.Server) { s.CapitalizedRoleNames = true }, mean: stays},
		"display names": {bend: func(s *openaitest.Server) { s.RoleDisplayNames = true }, mean: stays},
		"nameless":      {bend: func(s *openaitest.Server) { s.NamelessRoles = true }, mean: stays},
		"display names and no word of a user's role": {
			bend: func(s *openaitest.Server) {
				s.RoleDisplayNames = true
				user(&s.Organization, priya).JSON, user(&s.Organization, diego).JSON = openaitest.Fields{"role": nil}, openaitest.Fields{"role": nil}
				projectUser(&s.Organization, search, lena).JSON = openaitest.Fields{"role": nil}
			},
			mean: stays,
			amend: func(f file) file {
				return f.withProfile("user:"+priya, "organization_role", nil).withProfile("user:"+diego, "organization_role", nil)
			},
		},
		"display name under an alias": {
			bend: func(s *openaitest.Server) {
				answer(s, groupRolesRoute, suppt, rows(assignedRole("role_1", map[string]any{"name": "Organization  READER", "predefined_role": true})))
			},
			mean: stays,
		},
		"id alone, in its short form": {
			bend: func(s *openaitest.Server) {
				answer(s, groupRolesRoute, suppt, rows(assignedRole("role-api-organization-reader", map[string]any{"name": nil, "predefined_role": true})))
				answer(s, projectGroupRolesRoute, assist+"/groups/"+platfm, rows(assignedRole("role-api-project-owner", map[string]any{"name": "", "predefined_role": true})))
			},
			mean: stays,
		},
	})
}

// predefinedRow is a predefined role's row of an assignment list, without sources.
func predefinedRow(name string) map[string]any {
	return assignedRole("role_alias_"+name, map[string]any{"name": name, "predefined_role": true})
}

// A predefined role beside the one that the principal's row names is held directly, unless a group that holds it has the
// principal as a member: then expansion shows it.
func TestPredefinedRoleBesideTheOneOfTheRow(t *testing.T) {
	t.Parallel()
	const hana = "user-HanaSato00000000000000006" // member of the platform engineers, who own the organization
	add := func(roles *[]string, role string) { *roles = append(*roles, role) }
	stays := func(*openaitest.Organization) {}
	requireQuirks(t, map[string]quirk{
		"in the organization": {
			bend: func(s *openaitest.Server) {
				answer(s, userRolesRoute, diego, rows(predefinedRow("reader"), predefinedRow("owner")))
			},
			mean: func(o *openaitest.Organization) { add(&user(o, diego).RoleIDs, "owner") },
		},
		"in the organization, by a group": {
			bend: func(s *openaitest.Server) {
				answer(s, userRolesRoute, tomas, rows(predefinedRow("reader"), predefinedRow("owner")))
			},
			mean: stays,
		},
		"in the organization, by the group and by itself": {
			bend: func(s *openaitest.Server) { add(&user(&s.Organization, tomas).RoleIDs, "owner") },
			mean: func(o *openaitest.Organization) { add(&user(o, tomas).RoleIDs, "owner") },
		},
		"in the organization, of an owner by itself": {
			bend: func(s *openaitest.Server) {
				answer(s, userRolesRoute, priya, rows(predefinedRow("reader"), predefinedRow("owner")))
			},
			mean: func(o *openaitest.Organization) { add(&user(o, priya).RoleIDs, "reader") },
		},
		"in a project": {
			bend: func(s *openaitest.Server) {
				answer(s, projectUserRolesRoute, diego, rows(predefinedRow("member"), predefinedRow("viewer")))
			},
			mean: func(o *openaitest.Organization) {
				projectUser(o, assist, diego).RoleIDs = []string{"viewer"}
			},
		},
		"in a project, by a group": {
			bend: func(s *openaitest.Server) {
				projectUser(&s.Organization, search, lena).Role = "member"
				answer(s, projectUserRolesRoute, search+"/users/"+lena, rows(predefinedRow("member"), predefinedRow("viewer")))
			},
			mean: func(o *openaitest.Organization) { projectUser(o, search, lena).Role = "member" },
		},
		"in a project, by a group of the organization's owners": {
			bend: func(s *openaitest.Server) {
				answer(s, projectUserRolesRoute, search+"/users/"+hana, rows(predefinedRow("member"), predefinedRow("owner")))
			},
			mean: func(o *openaitest.Organization) { projectUser(o, search, hana).RoleIDs = nil },
		},
		"in a project, by the ownership of the organization": {
			bend: func(s *openaitest.Server) {
				p := project(&s.Organization, search)
				p.Users = append(p.Users, openaitest.ProjectUser{UserID: priya, Role: "viewer"})
				answer(s, projectUserRolesRoute, search+"/users/"+priya, rows(predefinedRow("viewer"), predefinedRow("owner")))
			},
			mean: func(o *openaitest.Organization) {
				p := project(o, search)
				p.Users = append(p.Users, openaitest.ProjectUser{UserID: priya, Role: "viewer"})
			},
		},
		"of a service account, by a group": {
			bend: func(s *openaitest.Server) {
				project(&s.Organization, search).Groups[0].RoleIDs = []string{tuner, "viewer"}
				answer(s, projectUserRolesRoute, indexr, rows(predefinedRow("member"), predefinedRow("viewer"), assignedRole(tuner, nil)))
			},
			mean: func(o *openaitest.Organization) { project(o, search).Groups[0].RoleIDs = []string{tuner, "viewer"} },
		},
		"of a service account without role, by a group": {
			bend: func(s *openaitest.Server) {
				account(&s.Organization, indexr).Role = "none"
				project(&s.Organization, search).Groups[0].RoleIDs = []string{tuner, "viewer"}
				answer(s, projectUserRolesRoute, indexr, rows(predefinedRow("viewer"), assignedRole(tuner, nil)))
			},
			mean: func(o *openaitest.Organization) {
				account(o, indexr).Role = "none"
				project(o, search).Groups[0].RoleIDs = []string{tuner, "viewer"}
			},
		},
		"of a group whose members the plan does not tell": {
			bend: func(s *openaitest.Server) {
				s.GroupMembersUnavailable = 403
				answer(s, userRolesRoute, tomas, rows(predefinedRow("reader"), predefinedRow("owner")))
			},
			mean: func(o *openaitest.Organization) {
				add(&user(o, tomas).RoleIDs, "owner")
				for i := range o.Groups {
					o.Groups[i].MemberIDs = nil
				}
			},
			warned: []warning{{"does not list the members", nil}, {"does not list the members", nil}, {"does not list the members", nil}},
		},
	})
}

// It is the same where groups are no part of the sync: what a group gives is not shown as if it was held directly.
func TestPredefinedRoleBesideTheOneOfTheRowWithoutGroups(t *testing.T) {
	t.Parallel()
	types := []string{"user", "organization_role"}
	bent := func() *openaitest.Server {
		server := &openaitest.Server{Organization: openaitest.Sample()}
		answer(server, userRolesRoute, tomas, rows(predefinedRow("reader"), predefinedRow("owner")))
		return server
	}
	server := bent()
	synced := runSync(t, server, syncOptions{resourceTypes: types})
	require.NoError(t, synced.err)
	requireSame(t, expected(openaitest.Sample()).of(types...), readFile(t, synced.path))

	// Where the organization knows no groups, none gives anything.
	server = bent()
	server.SetFault("GET /organization/groups", openaitest.Fault{Status: 404, Body: object("", "There are no groups.")})
	synced = runSync(t, server, syncOptions{resourceTypes: types})
	require.NoError(t, synced.err)
	meant := openaitest.Sample()
	user(&meant, tomas).RoleIDs = []string{"owner"}
	requireSame(t, expected(meant).of(types...), readFile(t, synced.path))
}
