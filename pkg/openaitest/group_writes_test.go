package openaitest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestGroupWrites(t *testing.T) {
	t.Parallel()
	const made = "group_Made000000000001"
	longest := strings.Repeat("ü", 255)
	requireWrites(t, map[string]write{
		"create": {
			route: "POST /organization/groups", body: `{"name":"G"}`,
			answer: map[string]any{"id": made, "name": "G", "created_at": float64(writeTime), "is_scim_managed": false, "group_type": "group"},
			effect: func(o *openaitest.Organization) {
				o.Groups = append(o.Groups, openaitest.Group{ID: made, Name: "G", GroupType: "group", CreatedAt: writeTime})
			},
		},
		"create with the longest name": {
			route: "POST /organization/groups", body: `{"name":"` + longest + `"}`,
			effect: func(o *openaitest.Organization) {
				o.Groups = append(o.Groups, openaitest.Group{ID: made, Name: longest, GroupType: "group", CreatedAt: writeTime})
			},
		},
		"rename": {
			route: "POST /organization/groups/g", body: `{"name":"New"}`,
			answer: map[string]any{"id": "g", "name": "New", "created_at": 6.0, "is_scim_managed": false},
			effect: func(o *openaitest.Organization) { o.Groups[0].Name = "New" },
		},
		"delete": {
			route: "DELETE /organization/groups/g", answer: map[string]any{"object": "group.deleted", "id": "g", "deleted": true},
			effect: func(o *openaitest.Organization) {
				o.Groups = o.Groups[1:]
				o.Projects[0].Groups = o.Projects[0].Groups[1:]
			},
		},
		"add a user": {
			route: "POST /organization/groups/h/users", body: `{"user_id":"dee"}`,
			answer: map[string]any{"object": "group.user", "user_id": "dee", "group_id": "h"},
			effect: func(o *openaitest.Organization) { o.Groups[1].MemberIDs = []string{"dee"} },
		},
		"add a service account": {
			route: "POST /organization/groups/h/users", body: `{"user_id":"sa"}`,
			effect: func(o *openaitest.Organization) { o.Groups[1].MemberIDs = []string{"sa"} },
		},
		"add a member": {
			route: "POST /organization/groups/g/users", body: `{"user_id":"cyd"}`,
			answer: map[string]any{"object": "group.user", "user_id": "cyd", "group_id": "g"},
		},
		"remove a member": {
			route: "DELETE /organization/groups/g/users/cyd", answer: map[string]any{"object": "group.user.deleted", "deleted": true},
			effect: func(o *openaitest.Organization) { o.Groups[0].MemberIDs = []string{"sa"} },
		},
	})
}

func TestGroupRefusals(t *testing.T) {
	t.Parallel()
	const scim = "managed by your identity provider"
	gated := func(s *openaitest.Server) { s.GroupMembersUnavailable = http.StatusForbidden }
	requireRefusals(t, map[string]refusal{
		"create nameless":      {route: "POST /organization/groups", body: `{"name":""}`, status: 400, code: "missing_required_parameter"},
		"create with a novel":  {route: "POST /organization/groups", body: `{"name":"` + strings.Repeat("x", 256) + `"}`, status: 400, code: "string_above_max_length"},
		"rename nothing":       {route: "POST /organization/groups/x", body: `{"name":"N"}`, status: 404, code: "group_not_found"},
		"rename to nothing":    {route: "POST /organization/groups/g", body: `{}`, status: 400, code: "missing_required_parameter"},
		"rename SCIM":          {route: "POST /organization/groups/scim", body: `{"name":"N"}`, status: 400, message: scim},
		"delete nothing":       {route: "DELETE /organization/groups/x", status: 404, code: "group_not_found"},
		"delete SCIM":          {route: "DELETE /organization/groups/scim", status: 400, message: scim},
		"add to nothing":       {route: "POST /organization/groups/x/users", body: `{"user_id":"dee"}`, status: 404, code: "group_not_found"},
		"add nobody":           {route: "POST /organization/groups/h/users", body: `{"user_id":"x"}`, status: 404, code: "user_not_found"},
		"add without id":       {route: "POST /organization/groups/h/users", body: `{}`, status: 400, code: "missing_required_parameter"},
		"add to SCIM":          {route: "POST /organization/groups/scim/users", body: `{"user_id":"cyd"}`, status: 400, message: scim},
		"add, gated":           {route: "POST /organization/groups/h/users", body: `{"user_id":"dee"}`, prepare: gated, status: 403, message: "not available"},
		"remove from nothing":  {route: "DELETE /organization/groups/x/users/dee", status: 404, code: "group_not_found"},
		"remove who is absent": {route: "DELETE /organization/groups/g/users/dee", status: 404, code: "user_not_found"},
		"remove from SCIM":     {route: "DELETE /organization/groups/scim/users/dee", status: 400, message: scim},
		"remove, gated":        {route: "DELETE /organization/groups/g/users/cyd", prepare: gated, status: 403, message: "not available"},
	})
}

func TestGroupRoleWrites(t *testing.T) {
	t.Parallel()
	group := func(id, name string, createdAt float64, scim bool) map[string]any {
		return map[string]any{"object": "group", "id": id, "name": name, "created_at": createdAt, "scim_managed": scim}
	}
	gone := map[string]any{"object": "group.role.deleted", "deleted": true}
	requireWrites(t, map[string]write{
		"assign": {
			route: "POST /organization/groups/h/roles", body: `{"role_id":"role_a"}`,
			answer: map[string]any{"object": "group.role", "group": group("h", "H", 7, false), "role": shownRole("role_a", "Auditor", "api.organization")},
			effect: func(o *openaitest.Organization) { o.Groups[1].RoleIDs = []string{"role_a"} },
		},
		"assign to SCIM": {
			route: "POST /organization/groups/scim/roles", body: `{"role_id":"role-api-organization-reader"}`,
			effect: func(o *openaitest.Organization) { o.Groups[2].RoleIDs = []string{"reader"} },
		},
		"assign the held":       {route: "POST /organization/groups/g/roles", body: `{"role_id":"role_a"}`},
		"assign the held by id": {route: "POST /organization/groups/g/roles", body: `{"role_id":"` + longOwner + `"}`},
		"unassign": {
			route: "DELETE /organization/groups/g/roles/role_a", answer: gone,
			effect: func(o *openaitest.Organization) { o.Groups[0].RoleIDs = []string{"owner"} },
		},
		"unassign the predefined": {
			route: "DELETE /organization/groups/g/roles/" + longOwner, answer: gone,
			effect: func(o *openaitest.Organization) { o.Groups[0].RoleIDs = []string{"role_a"} },
		},
		"assign in a project": {
			route: "POST /projects/p/groups/scim/roles", body: `{"role_id":"role-api-project-member"}`,
			effect: func(o *openaitest.Organization) { o.Projects[0].Groups[1].RoleIDs = []string{"role_q", "member"} },
		},
		"assign in a project, answered": {
			route: "POST /projects/p/groups/g/roles", body: `{"role_id":"role_p"}`,
			answer: map[string]any{"object": "group.role", "group": group("g", "G", 6, false), "role": shownRole("role_p", "Tuner", "api.project")},
		},
		"unassign in a project": {
			route: "DELETE /projects/p/groups/g/roles/role-api-project-viewer__api-project__p", answer: gone,
			effect: func(o *openaitest.Organization) { o.Projects[0].Groups[0].RoleIDs = []string{"role_p"} },
		},
		"unassign the last in a project": {
			route: "DELETE /projects/p/groups/scim/roles/role_q", answer: gone,
			effect: func(o *openaitest.Organization) { o.Projects[0].Groups = o.Projects[0].Groups[:1] },
		},
	})
	requireWrites(t, map[string]write{"unassign the last where groups stay": {
		route: "DELETE /projects/p/groups/scim/roles/role_q", answer: gone,
		effect: func(o *openaitest.Organization) { o.Projects[0].Groups[1].RoleIDs = nil },
	}}, func(s *openaitest.Server) { s.EmptyProjectGroupsStay = true })
	requireRefusals(t, map[string]refusal{
		"assign to nothing":              {route: "POST /organization/groups/x/roles", body: `{"role_id":"role_a"}`, status: 404, code: "group_not_found"},
		"assign nothing":                 {route: "POST /organization/groups/h/roles", body: `{"role_id":"x"}`, status: 404, code: "role_not_found"},
		"unassign from nothing":          {route: "DELETE /organization/groups/x/roles/role_a", status: 404, code: "group_not_found"},
		"unassign the absent":            {route: "DELETE /organization/groups/h/roles/role_a", status: 404, code: "role_not_found"},
		"unassign by the alias":          {route: "DELETE /organization/groups/g/roles/role-api-organization-owner", status: 404, code: "role_not_found"},
		"assign outside of a project":    {route: "POST /projects/p/groups/h/roles", body: `{"role_id":"role_p"}`, status: 404, code: "group_not_found"},
		"assign another's role":          {route: "POST /projects/p/groups/g/roles", body: `{"role_id":"role_a"}`, status: 404, code: "role_not_found"},
		"assign in an archived project":  {route: "POST /projects/old/groups/g/roles", body: `{"role_id":"role_p"}`, status: 400, code: "project_archived"},
		"unassign outside of a project":  {route: "DELETE /projects/p/groups/h/roles/role_p", status: 404, code: "group_not_found"},
		"unassign the absent in project": {route: "DELETE /projects/p/groups/g/roles/role_q", status: 404, code: "role_not_found"},
	})
}

// TestAssignmentToAGroupThatIsNotListed uses a group that a project lists and the organization does not.
func TestAssignmentToAGroupThatIsNotListed(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.Update(func(o *openaitest.Organization) { o.Projects[0].Groups[0].GroupID = "elsewhere" })
	r := post(t, standIn, "/projects/p/groups/elsewhere/roles", `{"role_id":"role_q"}`)
	assert.Equal(t, map[string]any{"object": "group", "id": "elsewhere", "name": "elsewhere", "created_at": 0.0, "scim_managed": false}, r.body["group"])
}
