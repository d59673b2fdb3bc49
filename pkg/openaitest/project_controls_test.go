package openaitest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestModelPermissionWrites(t *testing.T) {
	t.Parallel()
	const path = "/organization/projects/p/model_permissions"
	requireWrites(t, map[string]write{
		"replaced": {
			route: "POST " + path, body: `{"mode":"allow_list","model_ids":["b","a"]}`,
			answer: map[string]any{"object": "project.model_permissions", "mode": "allow_list", "model_ids": []any{"b", "a"}},
			effect: func(o *openaitest.Organization) {
				o.Projects[0].Models = openaitest.ModelPermissions{Mode: "allow_list", ModelIDs: []string{"b", "a"}}
			},
		},
		"of a project without any": {
			route: "POST /organization/projects/default/model_permissions", body: `{"mode":"deny_list","model_ids":[]}`,
			effect: func(o *openaitest.Organization) { o.Projects[1].Models.Mode = "deny_list" },
		},
		"deleted": {
			route: "DELETE " + path, answer: map[string]any{"object": "project.model_permissions.deleted", "deleted": true},
			effect: func(o *openaitest.Organization) { o.Projects[0].Models = openaitest.ModelPermissions{} },
		},
	})
	requireRefusals(t, map[string]refusal{
		"another mode":      {route: "POST " + path, body: `{"mode":"all","model_ids":[]}`, status: 400, code: "invalid_value"},
		"without models":    {route: "POST " + path, body: `{"mode":"deny_list"}`, status: 400, code: "missing_required_parameter", message: "model_ids"},
		"no project":        {route: "POST /organization/projects/x/model_permissions", body: `{"mode":"deny_list","model_ids":[]}`, status: 404, code: "project_not_found"},
		"archived":          {route: "POST /organization/projects/old/model_permissions", body: `{"mode":"deny_list","model_ids":[]}`, status: 400, code: "project_archived"},
		"nothing to delete": {route: "DELETE /organization/projects/default/model_permissions", status: 404, code: "model_permissions_not_found"},
	})
}

func TestHostedToolWrites(t *testing.T) {
	t.Parallel()
	const path = "/organization/projects/p/hosted_tool_permissions"
	on, off := map[string]any{"enabled": true}, map[string]any{"enabled": false}
	disabled := func(tools ...string) func(*openaitest.Organization) {
		return func(o *openaitest.Organization) { o.Projects[0].DisabledTools = tools }
	}
	requireWrites(t, map[string]write{
		"one on, one off, one as it is": {
			route: "POST " + path, body: `{"mcp":{"enabled":true},"image_generation":{"enabled":false},"file_search":null}`,
			answer: map[string]any{"file_search": on, "web_search": on, "image_generation": off, "mcp": on, "code_interpreter": on},
			effect: disabled("image_generation"),
		},
		"off already": {route: "POST " + path, body: `{"mcp":{"enabled":false}}`},
		"one more": {
			route: "POST " + path, body: `{"code_interpreter":{"enabled":false}}`, effect: disabled("code_interpreter", "mcp"),
		},
	})
	requireRefusals(t, map[string]refusal{
		"on for all projects": {route: "POST " + path, body: `{"mcp":{"enabled":true},"web_search":{"enabled":false}}`, status: 409, message: "web_search is enabled for all"},
		"says nothing":        {route: "POST " + path, body: `{"mcp":{}}`, status: 400, code: "missing_required_parameter", message: "mcp.enabled"},
		"archived":            {route: "POST /organization/projects/old/hosted_tool_permissions", body: `{}`, status: 400, code: "project_archived"},
	})
}

func TestModelRateLimitWrites(t *testing.T) {
	t.Parallel()
	const path = "/organization/projects/p/rate_limits"
	requireWrites(t, map[string]write{"one number": {
		route: "POST " + path + "/rl-ada", body: `{"max_tokens_per_1_minute":0}`,
		answer: map[string]any{
			"object": "project.rate_limit", "id": "rl-ada", "model": "ada", "max_requests_per_1_minute": 600.0, "max_tokens_per_1_minute": 0.0,
		},
		effect: func(o *openaitest.Organization) { o.Projects[0].RateLimits[0].Numbers["max_tokens_per_1_minute"] = 0 },
	}})
	requireRefusals(t, map[string]refusal{
		"negative":         {route: "POST " + path + "/rl-ada", body: `{"max_tokens_per_1_minute":-1}`, status: 400, code: "integer_below_min_value"},
		"not of the model": {route: "POST " + path + "/rl-ada", body: `{"max_images_per_1_minute":1}`, status: 400, code: "invalid_value", message: "ada"},
		"not of the organization": {
			route: "POST " + path + "/rl-old", body: `{"max_tokens_per_1_minute":1}`, status: 400, code: "rate_limit_does_not_exist_for_org_and_model", message: "old",
		},
		"no such limit": {route: "POST " + path + "/rl-x", body: `{}`, status: 404, code: "rate_limit_not_found"},
		"archived":      {route: "POST /organization/projects/old/rate_limits/rl-ada", body: `{}`, status: 400, code: "project_archived"},
	})
}

func TestSpendLimitWrites(t *testing.T) {
	t.Parallel()
	const ofProject, ofAll = "/organization/projects/p/spend_limit", "/organization/spend_limit"
	body := `{"threshold_amount":9,"currency":"USD","interval":"month"}`
	shown := func(object string) map[string]any {
		return map[string]any{
			"object": object, "threshold_amount": 9.0, "currency": "USD", "interval": "month", "enforcement": map[string]any{"status": "enforcing"},
		}
	}
	requireWrites(t, map[string]write{
		"of a project": {
			route: "POST " + ofProject, body: body, answer: shown("project.spend_limit"),
			effect: func(o *openaitest.Organization) { o.Projects[0].SpendLimit.Cents = 9 },
		},
		"of the organization": {
			route: "POST " + ofAll, body: body, answer: shown("organization.spend_limit"),
			effect: func(o *openaitest.Organization) { o.SpendLimit.Cents = 9 },
		},
		"of a project, deleted": {
			route: "DELETE " + ofProject, answer: map[string]any{"object": "project.spend_limit.deleted", "deleted": true},
			effect: func(o *openaitest.Organization) { o.Projects[0].SpendLimit.Cents = 0 },
		},
		"of the organization, deleted": {
			route: "DELETE " + ofAll, answer: map[string]any{"object": "organization.spend_limit.deleted", "deleted": true},
			effect: func(o *openaitest.Organization) { o.SpendLimit.Cents = 0 },
		},
	})
	none := edited(func(o *openaitest.Organization) { o.SpendLimit.Cents, o.Projects[0].SpendLimit.Cents = 0, 0 })
	requireRefusals(t, map[string]refusal{
		"nothing":               {route: "POST " + ofAll, body: `{"threshold_amount":0,"currency":"USD","interval":"month"}`, status: 400, code: "integer_below_min_value"},
		"no amount":             {route: "POST " + ofAll, body: `{"currency":"USD","interval":"month"}`, status: 400, code: "missing_required_parameter"},
		"another currency":      {route: "POST " + ofProject, body: `{"threshold_amount":1,"currency":"EUR","interval":"month"}`, status: 400, code: "invalid_value"},
		"another interval":      {route: "POST " + ofProject, body: `{"threshold_amount":1,"currency":"USD","interval":"day"}`, status: 400, code: "invalid_value"},
		"archived":              {route: "POST /organization/projects/old/spend_limit", body: body, status: 400, code: "project_archived"},
		"no project":            {route: "DELETE /organization/projects/x/spend_limit", status: 404, code: "project_not_found"},
		"none of a project":     {route: "DELETE " + ofProject, prepare: none, status: 404, code: "spend_limit_not_found"},
		"none of all":           {route: "DELETE " + ofAll, prepare: none, status: 404, code: "spend_limit_not_found"},
		"half of what it takes": {route: "POST " + ofAll, body: `{"threshold_amount":1}`, status: 400, code: "missing_required_parameter", message: "currency"},
	})
}

// A control that nobody has set is read as 404, or as null.
func TestControlsThatNobodyHasSet(t *testing.T) {
	t.Parallel()
	paths := map[string]string{
		"/organization/projects/default/model_permissions": "mode", "/organization/projects/default/spend_limit": "threshold_amount",
		"/organization/spend_limit": "threshold_amount",
	}
	for path, field := range paths {
		standIn := newWritable()
		standIn.Update(func(o *openaitest.Organization) { o.SpendLimit = openaitest.SpendLimit{} })
		assert.Equal(t, http.StatusNotFound, get(t, standIn, path).status, path)

		standIn.UnsetIsNull = true
		r := get(t, standIn, path)
		assert.Equal(t, http.StatusOK, r.status, path)
		assert.Contains(t, r.body, field)
		assert.Nil(t, r.body[field])
	}
}
