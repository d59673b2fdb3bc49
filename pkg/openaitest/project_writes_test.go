package openaitest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestProjectWrites(t *testing.T) {
	t.Parallel()
	const made = "proj_Made000000000001"
	shown := func(id, name, status string, createdAt float64, archivedAt, externalKey, residency any) map[string]any {
		return map[string]any{
			"object": "organization.project", "id": id, "name": name, "status": status, "created_at": createdAt, "archived_at": archivedAt,
			"external_key_id": externalKey, "residency": residency,
		}
	}
	archived := func(o *openaitest.Organization) {
		o.Projects[0].Status, o.Projects[0].ArchivedAt = "archived", writeTime
	}
	requireWrites(t, map[string]write{
		"create": {
			route: "POST /organization/projects", body: `{"name":"New","residency":"GLOBAL","external_key_id":"ext_1"}`,
			answer: shown(made, "New", "active", writeTime, nil, "ext_1", "GLOBAL"),
			effect: func(o *openaitest.Organization) {
				o.Projects = append(o.Projects, openaitest.Project{
					ID: made, Name: "New", Status: "active", CreatedAt: writeTime, Residency: "GLOBAL", ExternalKeyID: "ext_1",
				})
			},
		},
		"modify": {
			route: "POST /organization/projects/p", body: `{"name":"New","external_key_id":null}`,
			answer: shown("p", "New", "active", 9, nil, nil, nil),
			effect: func(o *openaitest.Organization) { o.Projects[0].Name = "New" },
		},
		"modify nothing": {route: "POST /organization/projects/p", body: `{}`},
		"archive": {
			route: "POST /organization/projects/p/archive", answer: shown("p", "P", "archived", 9, float64(writeTime), nil, nil), effect: archived,
		},
		"archive with a body": {route: "POST /organization/projects/p/archive", body: `{}`, effect: archived},
	})
	requireRefusals(t, map[string]refusal{
		"create nameless":      {route: "POST /organization/projects", body: `{}`, status: 400, code: "missing_required_parameter"},
		"modify nothing":       {route: "POST /organization/projects/x", body: `{"name":"N"}`, status: 404, code: "project_not_found"},
		"modify the default":   {route: "POST /organization/projects/default", body: `{"name":"N"}`, status: 400, message: "default project"},
		"modify the archived":  {route: "POST /organization/projects/old", body: `{"name":"N"}`, status: 400, code: "project_archived"},
		"archive nothing":      {route: "POST /organization/projects/x/archive", status: 404, code: "project_not_found"},
		"archive the default":  {route: "POST /organization/projects/default/archive", status: 400, message: "default project"},
		"archive the archived": {route: "POST /organization/projects/old/archive", status: 400, code: "project_archived", message: "You can only update an active project."},
	})
}

func TestArchiveThatReportsAnError(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.ArchiveReportsError = true
	r := post(t, standIn, "/organization/projects/p/archive", "")
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.Equal(t, "project_archived", r.code())
	assert.Equal(t, "archived", standIn.Snapshot().Projects[0].Status)
}

func TestProjectUserWrites(t *testing.T) {
	t.Parallel()
	const users = "/organization/projects/p/users"
	added := func(id, role string) func(*openaitest.Organization) {
		return func(o *openaitest.Organization) {
			o.Projects[0].Users = append(o.Projects[0].Users, openaitest.ProjectUser{UserID: id, Role: role, AddedAt: writeTime})
		}
	}
	requireWrites(t, map[string]write{
		"add": {
			route: "POST " + users, body: `{"user_id":"dee","role":"viewer"}`,
			answer: map[string]any{
				"object": "organization.project.user", "id": "dee", "name": "Dee", "email": "dee@example.com", "role": "viewer", "added_at": float64(writeTime),
			},
			effect: added("dee", "viewer"),
		},
		"add by email": {route: "POST " + users, body: `{"user_id":null,"email":"DEE@example.com","role":"owner"}`, effect: added("dee", "owner")},
		"modify": {
			route: "POST " + users + "/cyd", body: `{"role":"owner"}`,
			answer: map[string]any{"object": "organization.project.user", "id": "cyd", "name": "Cyd", "email": "cyd@example.com", "role": "owner", "added_at": 10.0},
			effect: func(o *openaitest.Organization) { o.Projects[0].Users[0].Role = "owner" },
		},
		"modify nothing": {route: "POST " + users + "/cyd", body: `{"role":null}`},
		"remove": {
			route: "DELETE " + users + "/cyd", answer: map[string]any{"object": "organization.project.user.deleted", "id": "cyd", "deleted": true},
			effect: func(o *openaitest.Organization) {
				o.Projects[0].Users = o.Projects[0].Users[1:]
				o.Projects[0].APIKeys[0].OwnerProjectAccess = "inactive"
			},
		},
		"remove from the default project": {
			route: "DELETE /organization/projects/default/users/dee",
			effect: func(o *openaitest.Organization) {
				o.Projects[1].Users = nil
			},
		},
	}, edited(func(o *openaitest.Organization) {
		o.Projects[1].Users = []openaitest.ProjectUser{{UserID: "dee", Role: "member"}}
	}))
}

func TestProjectUserRefusals(t *testing.T) {
	t.Parallel()
	const users = "/organization/projects/p/users"
	const already, owner = "already exists in project", "owner of the organization"
	requireRefusals(t, map[string]refusal{
		"add nobody":            {route: "POST " + users, body: `{"user_id":"x","role":"member"}`, status: 404, code: "user_not_found"},
		"add by unknown email":  {route: "POST " + users, body: `{"email":"x@example.com","role":"member"}`, status: 404, code: "user_not_found", message: "x@example.com"},
		"add without id":        {route: "POST " + users, body: `{"role":"member"}`, status: 400, code: "missing_required_parameter", message: "user_id"},
		"add without role":      {route: "POST " + users, body: `{"user_id":"dee"}`, status: 400, code: "missing_required_parameter", message: "role"},
		"add with a role's id":  {route: "POST " + users, body: `{"user_id":"dee","role":"role_p"}`, status: 400, code: "invalid_value"},
		"add a member":          {route: "POST " + users, body: `{"user_id":"cyd","role":"owner"}`, status: 400, message: already},
		"add an owner":          {route: "POST " + users, body: `{"user_id":"bob","role":"member"}`, status: 400, message: already},
		"add a service account": {route: "POST " + users, body: `{"user_id":"sa","role":"member"}`, prepare: edited(alsoAUser), status: 400, message: already},
		"add to nothing":        {route: "POST /organization/projects/x/users", body: `{"user_id":"dee","role":"member"}`, status: 404, code: "project_not_found"},
		"add to the archived":   {route: "POST /organization/projects/old/users", body: `{"user_id":"dee","role":"member"}`, status: 400, code: "project_archived"},
		"modify the absent":     {route: "POST " + users + "/dee", body: `{"role":"owner"}`, status: 404, code: "user_not_found"},
		"modify wrongly":        {route: "POST " + users + "/cyd", body: `{"role":"king"}`, status: 400, code: "invalid_value"},
		"modify an owner":       {route: "POST " + users + "/ada", body: `{"role":"member"}`, status: 400, message: owner},
		"modify unlisted owner": {route: "POST " + users + "/bob", body: `{"role":"member"}`, status: 400, message: owner},
		"remove the absent":     {route: "DELETE " + users + "/dee", status: 404, code: "user_not_found"},
		"remove an owner":       {route: "DELETE " + users + "/ada", status: 400, message: owner},
		"remove from archived":  {route: "DELETE /organization/projects/old/users/cyd", status: 400, code: "project_archived"},
	})
}

// alsoAUser adds the service account to the organization's users.
func alsoAUser(o *openaitest.Organization) {
	o.Users = append(o.Users, openaitest.User{ID: "sa", Name: "ci", Role: "reader", IsServiceAccount: true})
}

func TestProjectUserRoleWrites(t *testing.T) {
	t.Parallel()
	const roles = "/projects/p/users/cyd/roles"
	const longProjectOwner, longProjectMember = "role-api-project-owner__api-project__p", "role-api-project-member__api-project__p"
	requireWrites(t, map[string]write{
		"custom": {
			route: "POST " + roles, body: `{"role_id":"role_q"}`,
			answer: map[string]any{
				"object": "user.role", "user": thinUser("cyd", "Cyd", "cyd@example.com", "reader", 3), "role": shownRole("role_q", "Reviewer", "api.project"),
			},
			effect: func(o *openaitest.Organization) { o.Projects[0].Users[0].RoleIDs = []string{"role_p", "role_q"} },
		},
		"held":       {route: "POST " + roles, body: `{"role_id":"role_p"}`},
		"predefined": {route: "POST " + roles, body: `{"role_id":"` + longProjectOwner + `"}`, effect: func(o *openaitest.Organization) { o.Projects[0].Users[0].Role = "owner" }},
		"alias":      {route: "POST " + roles, body: `{"role_id":"role-api-project-viewer"}`, effect: func(o *openaitest.Organization) { o.Projects[0].Users[0].Role = "viewer" }},
		"custom to an owner": {
			route: "POST /projects/p/users/ada/roles", body: `{"role_id":"role_q"}`,
			effect: func(o *openaitest.Organization) { o.Projects[0].Users[1].RoleIDs = []string{"role_q"} },
		},
		"custom to an unlisted owner": {
			route: "POST /projects/p/users/bob/roles", body: `{"role_id":"role_q"}`,
			effect: func(o *openaitest.Organization) {
				o.Projects[0].Users = append(o.Projects[0].Users, openaitest.ProjectUser{UserID: "bob", Role: "owner", AddedAt: writeTime, RoleIDs: []string{"role_q"}})
			},
		},
		"owner to an unlisted owner": {route: "POST /projects/p/users/bob/roles", body: `{"role_id":"role-api-project-owner"}`},
		"unassign": {
			route: "DELETE " + roles + "/role_p", answer: map[string]any{"object": "user.role.deleted", "deleted": true},
			effect: func(o *openaitest.Organization) { o.Projects[0].Users[0].RoleIDs = nil },
		},
	})
	requireRefusals(t, map[string]refusal{
		"nobody":               {route: "POST /projects/p/users/x/roles", body: `{"role_id":"role_q"}`, status: 404, code: "user_not_found"},
		"no member":            {route: "POST /projects/p/users/dee/roles", body: `{"role_id":"role_q"}`, status: 404, code: "user_not_found"},
		"service account":      {route: "POST /projects/p/users/sa/roles", body: `{"role_id":"role_q"}`, status: 400, message: "not supported"},
		"no role":              {route: "POST " + roles, body: `{"role_id":"role_a"}`, status: 404, code: "role_not_found"},
		"archived":             {route: "POST /projects/old/users/cyd/roles", body: `{"role_id":"role_p"}`, status: 400, code: "project_archived"},
		"less to an owner":     {route: "POST /projects/p/users/ada/roles", body: `{"role_id":"role-api-project-viewer"}`, status: 400, message: "owner of the organization"},
		"unassign, nobody":     {route: "DELETE /projects/p/users/x/roles/role_p", status: 404, code: "user_not_found"},
		"unassign, account":    {route: "DELETE /projects/p/users/sa/roles/role_p", status: 400, message: "not supported"},
		"unassign, absent":     {route: "DELETE " + roles + "/role_q", status: 404, code: "role_not_found"},
		"unassign, inherited":  {route: "DELETE " + roles + "/role-api-project-viewer__api-project__p", status: 404, code: "role_not_found"},
		"unassign membership":  {route: "DELETE " + roles + "/" + longProjectMember, status: 400, message: "remove the user from the project"},
		"unassign from owner":  {route: "DELETE /projects/p/users/ada/roles/" + longProjectOwner, status: 400, message: "owner of the organization"},
		"unassign in archived": {route: "DELETE /projects/old/users/cyd/roles/role_p", status: 400, code: "project_archived"},
	})
}

func TestProjectGroupWrites(t *testing.T) {
	t.Parallel()
	const groups = "/organization/projects/p/groups"
	added := func(role string) func(*openaitest.Organization) {
		return func(o *openaitest.Organization) {
			o.Projects[0].Groups = append(o.Projects[0].Groups, openaitest.ProjectGroup{GroupID: "h", CreatedAt: writeTime, RoleIDs: []string{role}})
		}
	}
	requireWrites(t, map[string]write{
		"add": {
			route: "POST " + groups, body: `{"group_id":"h","role":"role_p"}`,
			answer: map[string]any{
				"object": "project.group", "project_id": "p", "group_id": "h", "group_name": "H", "group_type": "group", "created_at": float64(writeTime),
			},
			effect: added("role_p"),
		},
		"add with a predefined role": {route: "POST " + groups, body: `{"group_id":"h","role":"role-api-project-member__api-project__p"}`, effect: added("member")},
		"add with an alias":          {route: "POST " + groups, body: `{"group_id":"h","role":"role-api-project-member"}`, effect: added("member")},
		"remove": {
			route: "DELETE " + groups + "/g", answer: map[string]any{"object": "project.group.deleted", "deleted": true},
			effect: func(o *openaitest.Organization) { o.Projects[0].Groups = o.Projects[0].Groups[1:] },
		},
	})
	requireRefusals(t, map[string]refusal{
		"add with a role's name":   {route: "POST " + groups, body: `{"group_id":"h","role":"member"}`, status: 400, code: "invalid_value", message: "name of a role"},
		"add with a custom name":   {route: "POST " + groups, body: `{"group_id":"h","role":"Tuner"}`, status: 400, code: "invalid_value", message: "name of a role"},
		"add without role":         {route: "POST " + groups, body: `{"group_id":"h"}`, status: 400, code: "missing_required_parameter"},
		"add without group":        {route: "POST " + groups, body: `{"role":"role_p"}`, status: 400, code: "missing_required_parameter"},
		"add with no role's id":    {route: "POST " + groups, body: `{"group_id":"h","role":"role_a"}`, status: 404, code: "role_not_found"},
		"add nothing":              {route: "POST " + groups, body: `{"group_id":"x","role":"role_p"}`, status: 404, code: "group_not_found"},
		"add what is there":        {route: "POST " + groups, body: `{"group_id":"g","role":"role_q"}`, status: 400, message: "already exists in project"},
		"add to the archived":      {route: "POST /organization/projects/old/groups", body: `{"group_id":"h","role":"role_p"}`, status: 400, code: "project_archived"},
		"remove the absent":        {route: "DELETE " + groups + "/h", status: 404, code: "group_not_found"},
		"remove from the archived": {route: "DELETE /organization/projects/old/groups/g", status: 400, code: "project_archived"},
	})
}
