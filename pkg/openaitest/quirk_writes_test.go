package openaitest_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestExpiredInvitesThatBlock(t *testing.T) {
	t.Parallel()
	blocks := func(s *openaitest.Server) { s.ExpiredInvitesBlock = true }
	body := `{"email":"Late@example.com","role":"reader","projects":[]}`
	requireRefusals(t, map[string]refusal{
		"blocked": {route: "POST /organization/invites", body: body, prepare: blocks, status: 400, message: "has already been invited"},
	})
	standIn := newWritable()
	blocks(standIn)
	require.Equal(t, http.StatusOK, remove(t, standIn, "/organization/invites/expired").status)
	require.Equal(t, http.StatusOK, post(t, standIn, "/organization/invites", body).status)
}

func TestServiceAccountKeysThatMayGo(t *testing.T) {
	t.Parallel()
	requireWrites(t, map[string]write{"one of the account's": {
		route:  "DELETE /organization/projects/p/api_keys/key_sa",
		answer: map[string]any{"object": "organization.project.api_key.deleted", "id": "key_sa", "deleted": true},
		effect: func(o *openaitest.Organization) {
			o.Projects[0].APIKeys = append(o.Projects[0].APIKeys[:1], o.Projects[0].APIKeys[2:]...)
		},
	}}, func(s *openaitest.Server) { s.ServiceAccountKeysMayGo = true })
}

func TestMemberRoutesWithoutViewer(t *testing.T) {
	t.Parallel()
	refuses := func(s *openaitest.Server) { s.MembersRefuseViewer = true }
	requireRefusals(t, map[string]refusal{
		"added": {
			route: "POST /organization/projects/p/users", body: `{"user_id":"dee","role":"viewer"}`, prepare: refuses, status: 400, code: "invalid_value", message: "viewer",
		},
		"modified": {
			route: "POST /organization/projects/p/users/cyd", body: `{"role":"viewer"}`, prepare: refuses, status: 400, code: "invalid_value", message: "viewer",
		},
	})
	requireWrites(t, map[string]write{"assigned by its id": {
		route: "POST /projects/p/users/cyd/roles", body: `{"role_id":"role-api-project-viewer"}`,
		effect: func(o *openaitest.Organization) { o.Projects[0].Users[0].Role = "viewer" },
	}}, refuses)
}

func TestAssignedRolesThatAddUp(t *testing.T) {
	t.Parallel()
	addsUp := func(s *openaitest.Server) { s.AssignedRolesAddUp = true }
	both := edited(func(o *openaitest.Organization) { o.Projects[0].Users[0].RoleIDs = []string{"role_p", "viewer"} })
	requireWrites(t, map[string]write{"next to the one of the row": {
		route: "POST /projects/p/users/cyd/roles", body: `{"role_id":"role-api-project-viewer"}`,
		effect: func(o *openaitest.Organization) { o.Projects[0].Users[0].RoleIDs = []string{"role_p", "viewer"} },
	}}, addsUp)
	requireWrites(t, map[string]write{"the row's taken": {
		route: "DELETE /projects/p/users/cyd/roles/role-api-project-member__api-project__p",
		effect: func(o *openaitest.Organization) {
			o.Projects[0].Users[0].Role, o.Projects[0].Users[0].RoleIDs = "viewer", []string{"role_p"}
		},
	}}, addsUp, both)
	requireRefusals(t, map[string]refusal{"the only one": {
		route: "DELETE /projects/p/users/cyd/roles/role-api-project-member__api-project__p", prepare: addsUp, status: 400, message: "is the membership",
	}})
}

func TestServiceAccountRolesThatMayGo(t *testing.T) {
	t.Parallel()
	held := edited(func(o *openaitest.Organization) { o.Projects[0].ServiceAccounts[0].RoleIDs = []string{"owner"} })
	const route = "DELETE /projects/p/users/sa/roles/role-api-project-owner__api-project__p"
	requireWrites(t, map[string]write{"taken": {
		route:  route,
		effect: func(o *openaitest.Organization) { o.Projects[0].ServiceAccounts[0].RoleIDs = []string{} },
	}}, func(s *openaitest.Server) { s.ServiceAccountRolesMayGo = true }, held)
	requireRefusals(t, map[string]refusal{"not taken": {route: route, prepare: held, status: 400, message: "not supported"}})
}

func TestAssignmentsThatOmitFields(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.AssignmentsOmit = []string{"name", "predefined_role"}
	var list struct{ Data []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(get(t, standIn, "/projects/p/users/cyd/roles").text), &list))
	require.NotEmpty(t, list.Data)
	for _, row := range list.Data {
		require.Contains(t, row, "id")
		require.NotContains(t, row, "name")
		require.NotContains(t, row, "predefined_role")
	}
}

func TestRoleListsWithoutPredefinedRoles(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.OmitPredefinedRoles = true
	for path, want := range map[string][]string{"/organization/roles": {"role_a", "role_b"}, "/projects/p/roles": {"role_p", "role_q"}} {
		var list struct{ Data []struct{ ID string } }
		require.NoError(t, json.Unmarshal([]byte(get(t, standIn, path).text), &list))
		require.Len(t, list.Data, len(want))
		for i, role := range list.Data {
			assert.Equal(t, want[i], role.ID)
		}
	}
	require.Equal(t, http.StatusOK, post(t, standIn, "/projects/p/groups/g/roles", `{"role_id":"role-api-project-owner"}`).status)
	assert.Contains(t, get(t, standIn, "/projects/p/groups/g/roles").text, `"id":"role-api-project-owner__api-project__p"`)
}

func TestLastOwnerThatMayGo(t *testing.T) {
	t.Parallel()
	mayGo := func(s *openaitest.Server) { s.LastOwnerMayGo = true }
	alone := edited(func(o *openaitest.Organization) { o.Users[1].Role, o.Users[4].Role = "reader", "reader" })
	requireWrites(t, map[string]write{"modified": {
		route: "POST /organization/users/ada", body: `{"role":"reader"}`,
		effect: func(o *openaitest.Organization) { o.Users[0].Role = "reader" },
	}}, mayGo, alone)
}

// Faults of a write with an effect, and of its answer.
func TestFaultsOfHandledWrites(t *testing.T) {
	t.Parallel()
	const route = "DELETE /organization/groups/{group_id}/users/{user_id}"
	removing := func(f openaitest.Fault) (reply, []string) {
		standIn := newWritable()
		standIn.SetFault(route, f)
		r := remove(t, standIn, "/organization/groups/g/users/cyd")
		return r, standIn.Snapshot().Groups[0].MemberIDs
	}
	r, members := removing(openaitest.Fault{NotDeleted: true})
	assert.Equal(t, false, r.body["deleted"])
	assert.Equal(t, []string{"sa"}, members)

	r, members = removing(openaitest.Fault{NoEffect: true})
	assert.Equal(t, true, r.body["deleted"])
	assert.Equal(t, []string{"cyd", "sa"}, members)

	r, members = removing(openaitest.Fault{Twice: true})
	assert.Equal(t, http.StatusNotFound, r.status)
	assert.Equal(t, []string{"sa"}, members)

	r, members = removing(openaitest.Fault{Twice: true, Status: 502, AfterEffect: true})
	assert.Equal(t, http.StatusBadGateway, r.status)
	assert.Equal(t, []string{"sa"}, members)

	standIn := newWritable()
	standIn.SetFault("POST /organization/projects/{project_id}/users/{user_id}", openaitest.Fault{Role: "viewer"})
	r = post(t, standIn, "/organization/projects/p/users/cyd", `{"role":"owner"}`)
	assert.Equal(t, "viewer", r.body["role"])
	assert.Equal(t, "owner", standIn.Snapshot().Projects[0].Users[0].Role)
}
