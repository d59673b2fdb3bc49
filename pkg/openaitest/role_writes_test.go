package openaitest_test

import (
	"testing"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestCustomRoleWrites(t *testing.T) {
	t.Parallel()
	const made = "role_Made000000000001"
	shown := func(id, name string, description any, resourceType string, permissions ...any) map[string]any {
		return map[string]any{
			"object": "role", "id": id, "name": name, "description": description, "permissions": append([]any{}, permissions...),
			"resource_type": resourceType, "predefined_role": false,
		}
	}
	gone := func(id string) map[string]any {
		return map[string]any{"object": "role.deleted", "id": id, "deleted": true}
	}
	requireWrites(t, map[string]write{
		"create": {
			route: "POST /organization/roles", body: `{"role_name":"Owner","permissions":["api.groups.read"],"description":null}`,
			answer: shown(made, "Owner", nil, "api.organization", "api.groups.read"),
			effect: func(o *openaitest.Organization) {
				o.Roles = append(o.Roles, openaitest.Role{ID: made, Name: "Owner", Permissions: []string{"api.groups.read"}, CreatedAt: writeTime})
			},
		},
		"modify": {
			route: "POST /organization/roles/role_b", body: `{"role_name":"Treasurer","permissions":[],"description":"Pays"}`,
			answer: shown("role_b", "Treasurer", "Pays", "api.organization"),
			effect: func(o *openaitest.Organization) {
				o.Roles[1].Name, o.Roles[1].Permissions, o.Roles[1].Description = "Treasurer", nil, "Pays"
			},
		},
		"modify nothing": {
			route: "POST /organization/roles/role_b", body: `{"role_name":"Buyer","permissions":null,"description":null}`,
			answer: shown("role_b", "Buyer", "Buys", "api.organization", "api.usage.read"),
		},
		"delete": {
			route: "DELETE /organization/roles/role_a", answer: gone("role_a"),
			effect: func(o *openaitest.Organization) {
				o.Roles = o.Roles[1:]
				o.Users[2].RoleIDs = nil
				o.Groups[0].RoleIDs = []string{"owner"}
			},
		},
		"create in a project": {
			route: "POST /projects/p/roles", body: `{"role_name":"Auditor","permissions":[],"description":"Looks"}`,
			answer: shown(made, "Auditor", "Looks", "api.project"),
			effect: func(o *openaitest.Organization) {
				o.Projects[0].Roles = append(o.Projects[0].Roles, openaitest.Role{ID: made, Name: "Auditor", Description: "Looks", CreatedAt: writeTime})
			},
		},
		"modify in a project": {
			route: "POST /projects/p/roles/role_p", body: `{"permissions":["api.project.read"]}`,
			answer: shown("role_p", "Tuner", nil, "api.project", "api.project.read"),
			effect: func(o *openaitest.Organization) { o.Projects[0].Roles[0].Permissions = []string{"api.project.read"} },
		},
		"delete in a project": {
			route: "DELETE /projects/p/roles/role_p", answer: gone("role_p"),
			effect: func(o *openaitest.Organization) {
				p := &o.Projects[0]
				p.Roles, p.Users[0].RoleIDs, p.ServiceAccounts[0].RoleIDs, p.Groups[0].RoleIDs = p.Roles[1:], nil, nil, []string{"viewer"}
			},
		},
		"delete a group's last in a project": {
			route: "DELETE /projects/p/roles/role_q",
			effect: func(o *openaitest.Organization) {
				o.Projects[0].Roles, o.Projects[0].Groups = o.Projects[0].Roles[:1], o.Projects[0].Groups[:1]
			},
		},
	})
	const predefined = "cannot be changed or deleted"
	requireRefusals(t, map[string]refusal{
		"create nameless":         {route: "POST /organization/roles", body: `{"permissions":[]}`, status: 400, code: "missing_required_parameter", message: "role_name"},
		"create powerless":        {route: "POST /organization/roles", body: `{"role_name":"X"}`, status: 400, code: "missing_required_parameter", message: "permissions"},
		"create twice":            {route: "POST /organization/roles", body: `{"role_name":"Buyer","permissions":[]}`, status: 400, message: "already exists"},
		"modify nothing":          {route: "POST /organization/roles/role_p", body: `{}`, status: 404, code: "role_not_found"},
		"modify by the alias":     {route: "POST /organization/roles/role-api-organization-owner", body: `{}`, status: 404, code: "role_not_found"},
		"modify the predefined":   {route: "POST /organization/roles/" + longOwner, body: `{"role_name":"X"}`, status: 400, message: predefined},
		"name taken":              {route: "POST /organization/roles/role_a", body: `{"role_name":"Buyer"}`, status: 400, message: "already exists"},
		"name removed":            {route: "POST /organization/roles/role_a", body: `{"role_name":""}`, status: 400, code: "missing_required_parameter"},
		"delete nothing":          {route: "DELETE /organization/roles/x", status: 404, code: "role_not_found"},
		"delete the predefined":   {route: "DELETE /organization/roles/" + longReader, status: 400, message: predefined},
		"project: none":           {route: "POST /projects/x/roles", body: `{"role_name":"X","permissions":[]}`, status: 404, code: "project_not_found"},
		"project: create twice":   {route: "POST /projects/p/roles", body: `{"role_name":"Tuner","permissions":[]}`, status: 400, message: "already exists"},
		"project: archived":       {route: "POST /projects/old/roles", body: `{"role_name":"X","permissions":[]}`, status: 400, code: "project_archived"},
		"project: modify nothing": {route: "POST /projects/p/roles/role_a", body: `{}`, status: 404, code: "role_not_found"},
		"project: name taken":     {route: "POST /projects/p/roles/role_p", body: `{"role_name":"Reviewer"}`, status: 400, message: "already exists"},
		"project: modify member":  {route: "POST /projects/p/roles/role-api-project-member__api-project__p", body: `{}`, status: 400, message: predefined},
		"project: delete none":    {route: "DELETE /projects/p/roles/role_a", status: 404, code: "role_not_found"},
		"project: delete member":  {route: "DELETE /projects/p/roles/role-api-project-member__api-project__p", status: 400, message: predefined},
		"project: delete in old":  {route: "DELETE /projects/old/roles/role_p", status: 400, code: "project_archived"},
		"project: modify in old":  {route: "POST /projects/old/roles/role_p", body: `{}`, status: 400, code: "project_archived"},
	})
}
