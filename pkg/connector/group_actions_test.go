package connector_test

import (
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const renameGroup = "POST /organization/groups/{group_id}"

var renamedTeam = returnedResource("group:team", "organization:organization", "Editors")

var groupActions = map[string]actionCase{
	"another name": {
		name: "update_group", arguments: `{"group":{"resource_type_id":"group","resource_id":"team"},"name":" Editors "}`,
		effect: func(o *openaitest.Organization) { group(o, "team").Name = "Editors" },
		sends:  []string{renameGroup}, returns: renamedTeam, logs: []string{"group_id:team"},
	},
	"a name that another group has": {
		name: "update_group", arguments: `{"group":{"resource_type_id":"group","resource_id":"team"},"name":"Editors"}`,
		prepare: func(o *openaitest.Organization) { group(o, "empty").Name = "Editors" },
		effect:  func(o *openaitest.Organization) { group(o, "team").Name = "Editors" },
		sends:   []string{renameGroup}, returns: renamedTeam,
	},
	"the same name": {
		name: "update_group", arguments: `{"group":{"resource_type_id":"group","resource_id":"team"},"name":"Editors"}`,
		prepare: func(o *openaitest.Organization) { group(o, "team").Name = "Editors" }, returns: renamedTeam,
	},
}

func TestUpdateGroup(t *testing.T) {
	t.Parallel()
	requireInvoked(t, groupActions)
}

func TestUpdateGroupRefused(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"a group that SCIM manages": {
			do:   invoked("update_group", `{"group":{"resource_type_id":"group","resource_id":"directory"},"name":"Editors"}`),
			says: []string{"directory is managed by SCIM", "change it in the identity provider"},
		},
		"a group that is not there": {
			do:   invoked("update_group", `{"group":{"resource_type_id":"group","resource_id":"nobody"},"name":"Editors"}`),
			code: codes.NotFound, says: []string{"renaming the group nobody", "OpenAI does not know it, or not any more"},
		},
	})
}
