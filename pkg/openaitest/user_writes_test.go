package openaitest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// onlyAda leaves the organization a single owner.
func onlyAda(o *openaitest.Organization) { o.Users[1].Role, o.Users[4].Role = "reader", "reader" }

func TestUserWrites(t *testing.T) {
	t.Parallel()
	requireWrites(t, map[string]write{
		"promote": {
			route: "POST /organization/users/dee", body: `{"role":"owner"}`,
			effect: func(o *openaitest.Organization) { o.Users[3].Role = "owner" },
		},
		"demote": {
			route: "POST /organization/users/ada", body: `{"role":"reader"}`,
			effect: func(o *openaitest.Organization) { o.Users[0].Role = "reader" },
		},
		"same role":   {route: "POST /organization/users/dee", body: `{"role":"reader","role_id":null}`},
		"no role":     {route: "POST /organization/users/dee", body: `{"technical_level":"high","developer_persona":null}`},
		"role id":     {route: "POST /organization/users/dee", body: `{"role_id":"` + longOwner + `"}`, effect: func(o *openaitest.Organization) { o.Users[3].Role = "owner" }},
		"custom role": {route: "POST /organization/users/dee", body: `{"role_id":"role_b"}`, effect: func(o *openaitest.Organization) { o.Users[3].RoleIDs = []string{"role_b"} }},
		"delete": {
			route: "DELETE /organization/users/cyd", answer: map[string]any{"object": "organization.user.deleted", "id": "cyd", "deleted": true},
			effect: func(o *openaitest.Organization) {
				o.Users = append(o.Users[:2], o.Users[3:]...)
				o.Groups[0].MemberIDs = []string{"sa"}
				o.Projects[0].Users = o.Projects[0].Users[1:]
				o.Projects[0].APIKeys[0].OwnerProjectAccess = "inactive"
			},
		},
		"delete an owner": {
			route: "DELETE /organization/users/ada",
			effect: func(o *openaitest.Organization) {
				o.Users = o.Users[1:]
				o.Projects[0].Users = o.Projects[0].Users[:1]
			},
		},
	})
	standIn := newWritable()
	assert.Equal(t, "owner", post(t, standIn, "/organization/users/dee", `{"role":"owner"}`).body["role"])
	assert.Equal(t, ok(t, standIn, "/organization/users/dee").body, post(t, standIn, "/organization/users/dee", `{"role":"owner"}`).body)
}

func TestUserRefusals(t *testing.T) {
	t.Parallel()
	requireRefusals(t, map[string]refusal{
		"unknown":              {route: "POST /organization/users/x", body: `{"role":"owner"}`, status: 404, code: "user_not_found"},
		"unknown role":         {route: "POST /organization/users/dee", body: `{"role":"member"}`, status: 400, code: "invalid_value", message: "'owner', 'reader'"},
		"unknown role id":      {route: "POST /organization/users/dee", body: `{"role_id":"role_p"}`, status: 400, code: "invalid_value", message: "role_p"},
		"service account":      {route: "POST /organization/users/bot", body: `{"role":"reader"}`, status: 400, message: "service account"},
		"last owner":           {route: "POST /organization/users/ada", body: `{"role":"reader"}`, prepare: edited(onlyAda), status: 400, code: "last_owner"},
		"last owner by id":     {route: "POST /organization/users/ada", body: `{"role":"owner","role_id":"` + longReader + `"}`, prepare: edited(onlyAda), status: 400, code: "last_owner"},
		"delete the last one":  {route: "DELETE /organization/users/ada", prepare: edited(onlyAda), status: 400, code: "last_owner"},
		"delete who is gone":   {route: "DELETE /organization/users/x", status: 404, code: "user_not_found"},
		"last owner reassigns": {route: "POST /organization/users/ada/roles", body: `{"role_id":"role-api-organization-reader"}`, prepare: edited(onlyAda), status: 400, code: "last_owner"},
		"last owner unassigns": {route: "DELETE /organization/users/ada/roles/" + longOwner, prepare: edited(onlyAda), status: 400, code: "last_owner"},
	})
}

func TestUserRoleWrites(t *testing.T) {
	t.Parallel()
	const roles = "/organization/users/dee/roles"
	dee := thinUser("dee", "Dee", "dee@example.com", "reader", 4)
	owner := map[string]any{
		"object": "role", "id": longOwner, "name": "owner", "description": "Can modify billing information and manage organization members",
		"permissions": []any{}, "resource_type": "api.organization", "predefined_role": true,
	}
	becomesOwner := func(o *openaitest.Organization) { o.Users[3].Role = "owner" }
	gone := map[string]any{"object": "user.role.deleted", "deleted": true}
	requireWrites(t, map[string]write{
		"custom": {
			route: "POST " + roles, body: `{"role_id":"role_a"}`,
			answer: map[string]any{"object": "user.role", "user": dee, "role": shownRole("role_a", "Auditor", "api.organization")},
			effect: func(o *openaitest.Organization) { o.Users[3].RoleIDs = []string{"role_a"} },
		},
		"predefined": {
			route: "POST " + roles, body: `{"role_id":"` + longOwner + `"}`,
			answer: map[string]any{"object": "user.role", "user": thinUser("dee", "Dee", "dee@example.com", "owner", 4), "role": owner},
			effect: becomesOwner,
		},
		"alias":              {route: "POST " + roles, body: `{"role_id":"role-api-organization-owner"}`, effect: becomesOwner},
		"held":               {route: "POST /organization/users/cyd/roles", body: `{"role_id":"role_a"}`},
		"predefined, held":   {route: "POST " + roles, body: `{"role_id":"` + longReader + `"}`},
		"held by an account": {route: "POST /organization/users/bot/roles", body: `{"role_id":"` + longOwner + `"}`},
		"owner to reader": {
			route: "POST /organization/users/ada/roles", body: `{"role_id":"` + longReader + `"}`,
			effect: func(o *openaitest.Organization) { o.Users[0].Role = "reader" },
		},
		"custom, to an account": {
			route: "POST /organization/users/bot/roles", body: `{"role_id":"role_b"}`,
			effect: func(o *openaitest.Organization) { o.Users[4].RoleIDs = []string{"role_b"} },
		},
		"unassign custom": {
			route: "DELETE /organization/users/cyd/roles/role_a", answer: gone,
			effect: func(o *openaitest.Organization) { o.Users[2].RoleIDs = nil },
		},
		"unassign owner": {
			route: "DELETE /organization/users/ada/roles/" + longOwner, answer: gone,
			effect: func(o *openaitest.Organization) { o.Users[0].Role = "reader" },
		},
	})
	requireRefusals(t, map[string]refusal{
		"no user":                  {route: "POST /organization/users/x/roles", body: `{"role_id":"role_a"}`, status: 404, code: "user_not_found"},
		"no role":                  {route: "POST " + roles, body: `{"role_id":"role_x"}`, status: 404, code: "role_not_found"},
		"role of a project":        {route: "POST " + roles, body: `{"role_id":"role_p"}`, status: 404, code: "role_not_found"},
		"name of a role":           {route: "POST " + roles, body: `{"role_id":"owner"}`, status: 404, code: "role_not_found"},
		"role missing":             {route: "POST " + roles, body: `{}`, status: 400, code: "missing_required_parameter", message: "role_id"},
		"predefined to an account": {route: "POST /organization/users/bot/roles", body: `{"role_id":"` + longReader + `"}`, status: 400, message: "service account"},
		"unassign from nobody":     {route: "DELETE /organization/users/x/roles/role_a", status: 404, code: "user_not_found"},
		"unassign what is absent":  {route: "DELETE " + roles + "/role_a", status: 404, code: "role_not_found"},
		"unassign the inherited":   {route: "DELETE /organization/users/cyd/roles/" + longOwner, status: 404, code: "role_not_found"},
		"unassign reader":          {route: "DELETE " + roles + "/" + longReader, status: 400, message: "reader cannot be removed"},
		"unassign by the alias":    {route: "DELETE /organization/users/ada/roles/role-api-organization-owner", status: 404, code: "role_not_found"},
		"unassign an account's":    {route: "DELETE /organization/users/bot/roles/" + longOwner, status: 400, message: "service account"},
	})
}

// TestSecondPredefinedRole unassigns a predefined role that the user's own row does not name.
func TestSecondPredefinedRole(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{
		ID: "org-1", Users: []openaitest.User{{ID: "u", Role: "billing", RoleIDs: []string{"owner"}}},
	}}
	assert.Equal(t, 200, remove(t, standIn, "/organization/users/u/roles/"+longOwner).status)
	assert.Empty(t, standIn.Snapshot().Users[0].RoleIDs)
	assert.Equal(t, "billing", standIn.Snapshot().Users[0].Role)
}

func TestInviteWrites(t *testing.T) {
	t.Parallel()
	const path = "POST /organization/invites"
	invited := func(email, role string, projects ...openaitest.InviteProject) func(*openaitest.Organization) {
		return func(o *openaitest.Organization) {
			o.Invites = append(o.Invites, openaitest.Invite{
				ID: "invite-Made000000000001", Email: email, Role: role, Status: "pending", CreatedAt: writeTime, ExpiresAt: writeTime + 7*24*3600, Projects: projects,
			})
		}
	}
	inDefault := openaitest.InviteProject{ID: "default", Role: "member"}
	requireWrites(t, map[string]write{
		"with projects": {
			route: path, body: `{"email":"Eve@example.com","role":"owner","projects":[{"id":"p","role":"owner"}]}`,
			answer: map[string]any{
				"object": "organization.invite", "id": "invite-Made000000000001", "email": "Eve@example.com", "role": "owner", "status": "pending",
				"created_at": float64(writeTime), "expires_at": float64(writeTime + 604800), "accepted_at": nil,
				"projects": []any{map[string]any{"id": "p", "role": "owner"}},
			},
			effect: invited("Eve@example.com", "owner", openaitest.InviteProject{ID: "p", Role: "owner"}),
		},
		"projects left out": {route: path, body: `{"email":"eve@example.com","role":"reader"}`, effect: invited("eve@example.com", "reader", inDefault)},
		"no projects":       {route: path, body: `{"email":"eve@example.com","role":"reader","projects":[]}`, effect: invited("eve@example.com", "reader")},
		"expired before":    {route: path, body: `{"email":"late@example.com","role":"reader","projects":[]}`, effect: invited("late@example.com", "reader")},
		"delete": {
			route: "DELETE /organization/invites/pending", answer: map[string]any{"object": "organization.invite.deleted", "id": "pending", "deleted": true},
			effect: func(o *openaitest.Organization) { o.Invites = o.Invites[1:] },
		},
		"delete the expired": {route: "DELETE /organization/invites/expired", effect: func(o *openaitest.Organization) { o.Invites = o.Invites[:2] }},
	})
	requireRefusals(t, map[string]refusal{
		"no email":         {route: path, body: `{"role":"reader"}`, status: 400, code: "missing_required_parameter", message: "email"},
		"not an email":     {route: path, body: `{"email":"eve","role":"reader"}`, status: 400, code: "invalid_value"},
		"no role":          {route: path, body: `{"email":"eve@example.com"}`, status: 400, code: "missing_required_parameter", message: "role"},
		"other role":       {route: path, body: `{"email":"eve@example.com","role":"member"}`, status: 400, code: "invalid_value"},
		"pending already":  {route: path, body: `{"email":"nEW@example.com","role":"reader"}`, status: 400, message: "pending already"},
		"member already":   {route: path, body: `{"email":"bob@example.com","role":"reader"}`, status: 400, message: "member of the organization already"},
		"no such project":  {route: path, body: `{"email":"e@x.io","role":"reader","projects":[{"id":"x","role":"member"}]}`, status: 404, code: "project_not_found"},
		"archived project": {route: path, body: `{"email":"e@x.io","role":"reader","projects":[{"id":"old","role":"member"}]}`, status: 400, code: "project_archived"},
		"viewer":           {route: path, body: `{"email":"e@x.io","role":"reader","projects":[{"id":"p","role":"viewer"}]}`, status: 400, code: "invalid_value"},
		"no payment method": {
			route: path, body: `{"email":"eve@example.com","role":"reader"}`, prepare: func(s *openaitest.Server) { s.PaymentMethodMissing = true },
			status: 400, code: "payment_method_required",
		},
		"delete the accepted": {route: "DELETE /organization/invites/accepted", status: 400, message: "already accepted"},
		"delete the absent":   {route: "DELETE /organization/invites/x", status: 404, code: "invite_not_found"},
	})
}

func TestInviteWithoutDefaultProject(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*openaitest.Organization){
		"none":     func(o *openaitest.Organization) { o.Projects = o.Projects[:1] },
		"archived": func(o *openaitest.Organization) { o.Projects[1].Status = "archived" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := newWritable()
			standIn.Update(change)
			assert.Equal(t, []any{}, post(t, standIn, "/organization/invites", `{"email":"eve@example.com","role":"reader"}`).body["projects"])
		})
	}
}
