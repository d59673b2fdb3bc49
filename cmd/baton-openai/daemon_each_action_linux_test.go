package main

import (
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

// ConductorOne can invoke every action that a daemon lists. Each action finds the state that the one before it left.
func TestDaemonInvokesEachAction(t *testing.T) {
	t.Parallel()
	const (
		project = `"project":{"resource_type_id":"project","resource_id":"proj_Made000000000001"}`
		role    = `"role":{"resource_type_id":"project_role","resource_id":"proj_Made000000000001/role_Made000000000003"}`
		group   = `"group":{"resource_type_id":"group","resource_id":"` + finance + `"}`
		user    = `"user":{"resource_type_id":"user","resource_id":"user-HanaSato00000000000000006"}`
	)
	d := newDaemon(t)
	d.start("--provisioning")
	var listed v2.ListActionSchemasResponse
	require.NoError(t, d.do(conductoronetest.ListActionSchemas()).Outcome().Response.UnmarshalTo(&listed))
	left := map[string]bool{}
	for _, schema := range listed.GetSchemas() {
		left[schema.GetName()] = true
	}
	for _, given := range []struct{ name, arguments string }{
		{"create_project", `{"name":"Research"}`},
		{"update_project", `{` + project + `,"name":"Night shift"}`},
		{"create_service_account", `{` + project + `,"name":"deploy"}`},
		{"create_role", `{` + project + `,"name":"Tester","permissions":["api.model.request"]}`},
		{"update_role", `{` + role + `,"name":"Reviewer"}`},
		{"delete_role", `{` + role + `}`},
		{"update_group", `{` + group + `,"name":"Money"}`},
		{"delete_user_keys", `{` + user + `}`},
		{"set_project_models", `{` + project + `,"mode":"allow_list","model_ids":["gpt-4.1"]}`},
		{"set_project_tools", `{` + project + `,"mcp":false}`},
		{"set_project_rate_limit", `{"project":{"resource_type_id":"project","resource_id":"proj_CatalogueSearch0000001"},"model":"gpt-4.1","max_requests_per_1_minute":5}`},
		{"set_spend_limit", `{` + project + `,"amount_cents":10000}`},
		{"archive_project", `{` + project + `,"confirm_name":"Night shift"}`},
	} {
		var invoked v2.InvokeActionResponse
		outcome := d.outcome(d.conductorOne.Enqueue(action(t, given.name, given.arguments)))
		require.True(t, outcome.Succeeded(), "%s: %v", given.name, outcome.Status)
		require.NoError(t, outcome.Response.UnmarshalTo(&invoked))
		response := invoked.GetResponse()
		for status := invoked.GetStatus(); status != v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE; {
			// The action takes longer than the second for which the SDK waits.
			var now v2.GetActionStatusResponse
			require.NoError(t, d.do(conductoronetest.ActionStatus(&invoked)).Outcome().Response.UnmarshalTo(&now))
			require.NotEqual(t, v2.BatonActionStatus_BATON_ACTION_STATUS_FAILED, now.GetStatus(), given.name)
			status, response = now.GetStatus(), now.GetResponse()
		}
		assert.True(t, response.GetFields()["success"].GetBoolValue(), given.name)
		delete(left, given.name)
	}
	assert.Empty(t, left, "actions that were not tried")
	made := d.api.Snapshot().Projects
	assert.Equal(t, "archived", made[len(made)-1].Status)
	d.stop()
}
