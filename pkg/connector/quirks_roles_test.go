package connector_test

import (
	"maps"
	"testing"

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
		"nobody":             {map[string]any{"assignment_sources": []any{nil, map[string]any{}, map[string]any{"principal_type": "user"}}}, true},
		"nobody and a group": {map[string]any{"assignment_sources": []any{nil, source("group", financ)}}, false},
	}
	quirks := map[string]quirk{}
	for name, test := range tests {
		quirks[name] = quirk{
			prepare: func(s *openaitest.Server) {
				answer(s, userRolesRoute, lena, rows(assignedRole(billng, test.fields)))
				answer(s, projectUserRolesRoute, lena, rows(assignedRole(tuner, test.fields)))
			},
			effect: func(o *openaitest.Organization) {
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
	const unknown = "roles are inherited from a source that is no group of the organization"
	inherited := map[string]any{"assignment_sources": []any{source("tenant_group", "group_tenant"), source("group", financ), source("", "")}}
	requireQuirks(t, map[string]quirk{"a tenant's group": {
		prepare: func(s *openaitest.Server) {
			answer(s, userRolesRoute, "/users/", rows(assignedRole(billng, inherited), assignedRole(keyadm, inherited)))
		},
		effect: func(o *openaitest.Organization) {
			for i := range o.Users {
				o.Users[i].RoleIDs = nil
			}
		},
		warned: []warning{
			{unknown, map[string]any{"source_type": "tenant_group", "source_id": "group_tenant", "in": "organization"}},
		},
	}})
}

// A group's own roles are the group's, even where the sources name the group.
func TestAssignmentSourcesOfAGroup(t *testing.T) {
	t.Parallel()
	itself := map[string]any{"assignment_sources": []any{source("group", financ)}}
	requireQuirks(t, map[string]quirk{"itself": {prepare: func(s *openaitest.Server) {
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
		prepare: func(s *openaitest.Server) { s.OmitAssignmentSources = true },
		effect: func(o *openaitest.Organization) {
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
		prepare: func(s *openaitest.Server) {
			o := &s.Organization
			user(o, lena).RoleIDs = append(user(o, lena).RoleIDs, gone)
			group(o, suppt).RoleIDs = append(group(o, suppt).RoleIDs, gone)
			projectUser(o, search, lena).RoleIDs = []string{gone}
			account(o, idle).RoleIDs = []string{gone}
			p := project(o, search)
			p.Groups[1].RoleIDs = append(p.Groups[1].RoleIDs, gone)
		},
		effect: func(*openaitest.Organization) {},
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
			prepare: func(s *openaitest.Server) {
				user(&s.Organization, diego).JSON = openaitest.Fields{"role": nil}
				answer(s, userRolesRoute, diego, rows(organization("Owner")))
			},
			effect: func(o *openaitest.Organization) { user(o, diego).Role = "owner" },
			amend:  func(f file) file { return f.withProfile("user:"+diego, "organization_role", nil) },
		},
		"of a user with that role": {prepare: func(s *openaitest.Server) {
			answer(s, userRolesRoute, diego, rows(organization("reader")))
		}},
		"of a group": {
			prepare: func(s *openaitest.Server) {
				s.Faults = map[string]openaitest.Fault{}
				answer(s, groupRolesRoute, platfm, rows(organization("owner")))
				answer(s, projectGroupRolesRoute, assist+"/groups/"+platfm, rows(inProject("owner")))
			},
		},
		"of a project's user without role": {
			prepare: func(s *openaitest.Server) {
				projectUser(&s.Organization, search, lena).JSON = openaitest.Fields{"role": nil}
				answer(s, projectUserRolesRoute, lena, rows(inProject("MEMBER")))
			},
			effect: func(o *openaitest.Organization) { projectUser(o, search, lena).Role = "member" },
		},
		"without resource type": {
			prepare: func(s *openaitest.Server) {
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
		prepare: func(s *openaitest.Server) {
			answer(s, groupRolesRoute, suppt, rows(owner("api.project")))
			answer(s, projectGroupRolesRoute, assist+"/groups/"+suppt, rows(owner("api.organization")))
		},
		effect: func(o *openaitest.Organization) {
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
		"Owner": {prepare: func(s *openaitest.Server) {
			o := &s.Organization
			role(o, billng).Name, role(o, keyadm).Name = "Owner", "reader"
			project(o, search).Roles[0].Name, project(o, assist).Roles[0].Name = "owner", "Member"
		}},
		"with the resource type of the other scope": {prepare: func(s *openaitest.Server) {
			o := &s.Organization
			role(o, billng).Name, role(o, billng).JSON = "owner", openaitest.Fields{"resource_type": "api.project"}
			p := project(o, search)
			p.Roles[0].Name, p.Roles[0].JSON = "owner", openaitest.Fields{"resource_type": "api.organization"}
		}},
		"without resource type": {prepare: func(s *openaitest.Server) {
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
			prepare: func(s *openaitest.Server) { role(&s.Organization, billng).JSON = fields },
			effect:  func(o *openaitest.Organization) { role(o, billng).Name, role(o, billng).Description = billng, "" },
			amend: func(f file) file {
				return f.withProfile(id, "permissions", nil)
			},
		},
		"no permissions": {prepare: func(s *openaitest.Server) { role(&s.Organization, billng).Permissions = nil }},
		"same id in two projects": {prepare: func(s *openaitest.Server) {
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
			prepare: func(s *openaitest.Server) {
				without(&s.Organization)
				answer(s, "GET /organization/roles", "", rows(custom...))
			},
			effect: without,
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
