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

// A role with sources other than the principal is inherited and gives no direct grant. With the principal among its
// sources, or without sources, it is direct.
func TestAssignmentSources(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fields map[string]any
		direct bool
	}{
		"absent":             {nil, true},
		"null":               {map[string]any{"assignment_sources": nil}, true},
		"empty":              {map[string]any{"assignment_sources": []any{}}, true},
		"a group":            {map[string]any{"assignment_sources": []any{source("group", financeGroup)}}, false},
		"two groups":         {map[string]any{"assignment_sources": []any{source("group", financeGroup), source("group", supportGroup)}}, false},
		"a group and itself": {map[string]any{"assignment_sources": []any{source("group", financeGroup), source("user", lena)}}, true},
		"itself":             {map[string]any{"assignment_sources": []any{source("user", lena)}}, true},
		"itself as a group":  {map[string]any{"assignment_sources": []any{source("group", lena)}}, true},
		"itself and no type": {map[string]any{"assignment_sources": []any{map[string]any{"principal_id": lena}}}, true},
		"a tenant's group":   {map[string]any{"assignment_sources": []any{source("tenant_group", financeGroup)}}, false},
		"a directory":        {map[string]any{"assignment_sources": []any{source("directory", financeGroup)}}, false},
		"another user":       {map[string]any{"assignment_sources": []any{source("user", financeGroup)}}, false},
		"no type":            {map[string]any{"assignment_sources": []any{map[string]any{"principal_id": financeGroup}}}, false},
		"nobody":             {map[string]any{"assignment_sources": []any{nil, map[string]any{}, map[string]any{"principal_type": "user"}}}, true},
		"nobody and a group": {map[string]any{"assignment_sources": []any{nil, source("group", financeGroup)}}, false},
	}
	server := &openaitest.Server{Organization: openaitest.Sample()}
	o := &server.Organization
	search := project(o, searchProject)
	var direct []string
	assigned := make([]map[string]any, 0, len(tests))
	for name, test := range tests {
		o.Roles = append(o.Roles, openaitest.Role{ID: name, Name: name})
		search.Roles = append(search.Roles, openaitest.Role{ID: name, Name: name})
		assigned = append(assigned, assignedRole(name, test.fields))
		if test.direct {
			direct = append(direct, name)
		}
	}
	answer(server, userRolesRoute, lena, rows(assigned...))
	answer(server, projectUserRolesRoute, lena, rows(assigned...))
	wanted := server.Snapshot()
	user(&wanted, lena).RoleIDs, projectUser(&wanted, searchProject, lena).RoleIDs = direct, direct
	synced := runSync(t, server, syncOptions{})
	require.NoError(t, synced.err)
	requireSame(t, expected(wanted), readRows(t, synced.store))
	requireWarnings(t, synced.logs, nil)
}

// A role that is inherited from a source other than a group of the organization is not shown. A warning names each such
// source.
func TestRolesInheritedFromAnUnknownSource(t *testing.T) {
	t.Parallel()
	const unknown = "roles are inherited from a source that is no group of the organization"
	inherited := map[string]any{"assignment_sources": []any{source("tenant_group", "group_tenant"), source("group", financeGroup), source("", "")}}
	requireQuirks(t, map[string]quirk{"a tenant's group": {
		prepare: func(s *openaitest.Server) {
			answer(s, userRolesRoute, "/users/", rows(assignedRole(billingRole, inherited), assignedRole(keyAdminRole, inherited)))
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

// A group's own roles are direct, also if the sources name the group.
func TestAssignmentSourcesOfAGroup(t *testing.T) {
	t.Parallel()
	itself := map[string]any{"assignment_sources": []any{source("group", financeGroup)}}
	requireQuirks(t, map[string]quirk{"itself": {prepare: func(s *openaitest.Server) {
		answer(s, groupRolesRoute, financeGroup, rows(assignedRole(billingRole, itself)))
		answer(s, projectGroupRolesRoute, financeGroup, rows(assignedRole("role-api-project-viewer", map[string]any{
			"name": "viewer", "predefined_role": true, "resource_type": "api.project", "assignment_sources": itself["assignment_sources"],
		})))
	}}})
}

// Some organizations have no assignment_sources. Then inherited and direct roles cannot be told apart: custom roles are
// direct, and the predefined role is the one in the row.
func TestServerWithoutAssignmentSources(t *testing.T) {
	t.Parallel()
	effect := func(o *openaitest.Organization) {
		user(o, "user-GraceLindqvist00000000008").RoleIDs = []string{billingRole}
		projectUser(o, searchProject, tomas).RoleIDs = []string{tunerRole}
		projectUser(o, assistantProject, "user-AishaBello000000000000003").RoleIDs = []string{"role_01PROMPTREVIEWER0000"}
	}
	requireQuirks(t, map[string]quirk{
		"none": {prepare: func(s *openaitest.Server) { s.OmitAssignmentSources = true }, effect: effect},
		// What groups give is known by the role list then.
		"nothing but ids": {
			prepare: func(s *openaitest.Server) {
				s.OmitAssignmentSources, s.AssignmentsOmit = true, []string{"name", "predefined_role", "resource_type", "permissions", "description"}
			},
			effect: effect,
		},
	})
}

// A sync without project roles has the predefined ones of groups all the same, also where only the role list says which they are.
func TestThinAssignmentsWithoutProjectRoles(t *testing.T) {
	t.Parallel()
	grants := func(omitted ...string) []string {
		server := newServer()
		server.AssignmentsOmit = omitted
		synced := runSync(t, server, syncOptions{resourceTypes: []string{"user", "group", "project"}})
		require.NoError(t, synced.err)
		return readRows(t, synced.store).Grants
	}
	require.Equal(t, grants(), grants("name", "predefined_role", "resource_type"))
}

// An assigned role that the role list does not have gives no grant and a warning each time. The other roles stay.
func TestAssignedRoleMissingInTheRoleList(t *testing.T) {
	t.Parallel()
	const gone = "role_gone"
	requireQuirks(t, map[string]quirk{"gone": {
		prepare: func(s *openaitest.Server) {
			o := &s.Organization
			user(o, lena).RoleIDs = append(user(o, lena).RoleIDs, gone)
			group(o, supportGroup).RoleIDs = append(group(o, supportGroup).RoleIDs, gone)
			projectUser(o, searchProject, lena).RoleIDs = []string{gone}
			account(o, idleAccount).RoleIDs = []string{gone}
			p := project(o, searchProject)
			p.Groups[1].RoleIDs = append(p.Groups[1].RoleIDs, gone)
		},
		effect: func(*openaitest.Organization) {},
		warned: []warning{
			{assignedUnknown, map[string]any{"role_id": gone, "in": "organization", "principal_type": "user", "principal_id": lena}},
			{assignedUnknown, map[string]any{"role_id": gone, "in": "organization", "principal_type": "group", "principal_id": supportGroup}},
			{assignedUnknown, map[string]any{"role_id": gone, "in": searchProject, "principal_type": "user", "principal_id": lena}},
			{assignedUnknown, map[string]any{"role_id": gone, "in": searchProject, "principal_type": "service_account", "principal_id": idleAccount}},
			{assignedUnknown, map[string]any{"role_id": gone, "in": searchProject, "principal_type": "group", "principal_id": financeGroup}},
		},
	}})
}

// A predefined role in an assignment list is recognized by its name, under a short alias of its id.
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
				answer(s, groupRolesRoute, platformGroup, rows(organization("owner")))
				answer(s, projectGroupRolesRoute, assistantProject+"/groups/"+platformGroup, rows(inProject("owner")))
			},
		},
		"of a project's user without role": {
			prepare: func(s *openaitest.Server) {
				projectUser(&s.Organization, searchProject, lena).JSON = openaitest.Fields{"role": nil}
				answer(s, projectUserRolesRoute, lena, rows(inProject("MEMBER")))
			},
			effect: func(o *openaitest.Organization) { projectUser(o, searchProject, lena).Role = "member" },
		},
		"without resource type": {
			prepare: func(s *openaitest.Server) {
				answer(s, groupRolesRoute, supportGroup, rows(assignedRole("role-x", map[string]any{"name": "reader", "predefined_role": true})))
			},
		},
	})
}

// A role in the assignment list of another scope is not taken for the predefined role of the same name.
func TestAssignedRoleOfTheOtherScope(t *testing.T) {
	t.Parallel()
	owner := func(scope string) map[string]any {
		return assignedRole("role-foreign", map[string]any{"name": "owner", "predefined_role": true, "resource_type": scope})
	}
	requireQuirks(t, map[string]quirk{"foreign": {
		prepare: func(s *openaitest.Server) {
			answer(s, groupRolesRoute, supportGroup, rows(owner("api.project")))
			answer(s, projectGroupRolesRoute, assistantProject+"/groups/"+supportGroup, rows(owner("api.organization")))
		},
		effect: func(o *openaitest.Organization) {
			group(o, supportGroup).RoleIDs = nil
			project(o, assistantProject).Groups[0].RoleIDs = nil
		},
		warned: []warning{
			{assignedUnknown, map[string]any{"role_id": "role-foreign", "in": "organization", "principal_id": supportGroup}},
			{assignedUnknown, map[string]any{"role_id": "role-foreign", "in": assistantProject, "principal_id": supportGroup}},
		},
	}})
}

// A custom role with the name of a predefined one is recognized by the API's flag, in any scope and spelling.
func TestCustomRolesNamedLikePredefinedOnes(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{
		"Owner": {prepare: func(s *openaitest.Server) {
			o := &s.Organization
			role(o, billingRole).Name, role(o, keyAdminRole).Name = "Owner", "reader"
			project(o, searchProject).Roles[0].Name, project(o, assistantProject).Roles[0].Name = "owner", "Member"
		}},
		"with the resource type of the other scope": {prepare: func(s *openaitest.Server) {
			o := &s.Organization
			role(o, billingRole).Name, role(o, billingRole).JSON = "owner", openaitest.Fields{"resource_type": "api.project"}
			p := project(o, searchProject)
			p.Roles[0].Name, p.Roles[0].JSON = "owner", openaitest.Fields{"resource_type": "api.organization"}
		}},
		"without resource type": {prepare: func(s *openaitest.Server) {
			role(&s.Organization, billingRole).JSON = openaitest.Fields{"resource_type": openaitest.Absent{}}
			project(&s.Organization, searchProject).Roles[0].JSON = openaitest.Fields{"resource_type": nil}
		}},
	})
}

// The id of a role without a name is its display name. Missing fields are not in its profile.
func TestRoleProfiles(t *testing.T) {
	t.Parallel()
	const id = "organization_role:" + billingRole
	fields := openaitest.Fields{"name": nil, "description": openaitest.Absent{}, "permissions": nil, "predefined_role": openaitest.Absent{}, "object": openaitest.Absent{}}
	requireQuirks(t, map[string]quirk{
		"bare": {
			prepare: func(s *openaitest.Server) { role(&s.Organization, billingRole).JSON = fields },
			effect: func(o *openaitest.Organization) {
				role(o, billingRole).Name, role(o, billingRole).Description = billingRole, ""
			},
			amend: func(f file) file {
				return f.withProfile(id, "permissions", nil)
			},
		},
		"no permissions": {prepare: func(s *openaitest.Server) { role(&s.Organization, billingRole).Permissions = nil }},
		"same id in two projects": {prepare: func(s *openaitest.Server) {
			shared := project(&s.Organization, searchProject).Roles[0]
			p := project(&s.Organization, assistantProject)
			p.Roles = append(p.Roles, shared)
			p.Users[0].RoleIDs = []string{shared.ID}
		}},
	})
}

// If the role list has no predefined roles, owner and reader are there all the same, since the users' rows name them.
func TestRoleListWithoutPredefinedRoles(t *testing.T) {
	t.Parallel()
	quirks := map[string]quirk{}
	for name, custom := range map[string][]map[string]any{
		"custom only": {
			{
				"object": "role", "id": billingRole, "name": "Billing viewer", "description": "Sees usage and costs",
				"permissions": []string{"api.usage.read"}, "resource_type": "api.organization", "predefined_role": false,
			},
			{
				"object": "role", "id": keyAdminRole, "name": "Key administrator", "description": "Manages API keys of all projects", "resource_type": "api.organization",
				"permissions": []string{"api.organization.projects.api_keys.read", "api.organization.projects.api_keys.write"}, "predefined_role": false,
			},
		},
		"empty": nil,
	} {
		without := func(o *openaitest.Organization) {
			if custom == nil {
				o.Roles, group(o, financeGroup).RoleIDs = nil, nil
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
