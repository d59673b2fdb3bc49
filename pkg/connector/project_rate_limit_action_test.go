package connector_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const modifyRateLimit = "POST /organization/projects/{project_id}/rate_limits/{rate_limit_id}"

func setRateLimit(at int, numbers map[string]int64) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { o.Projects[0].RateLimits[at].Numbers = numbers }
}

var rateLimitActions = map[string]actionCase{
	"one number": {
		name: "set_project_rate_limit", arguments: projectAnd("alpha", `,"model":"gpt-4.1","max_requests_per_1_minute":20`),
		effect: setRateLimit(1, map[string]int64{"max_requests_per_1_minute": 20, "max_tokens_per_1_minute": 30_000}),
		sends:  []string{modifyRateLimit}, returns: returnedAlpha, logs: []string{"project_id:alpha"},
	},
	"two numbers, one of them as it is": {
		name: "set_project_rate_limit", arguments: projectAnd("alpha", `,"model":"ada","max_requests_per_1_minute":60,"max_tokens_per_1_minute":0`),
		effect: setRateLimit(0, map[string]int64{"max_requests_per_1_minute": 60, "max_tokens_per_1_minute": 0}),
		sends:  []string{modifyRateLimit}, returns: returnedAlpha,
	},
	"as it is": {
		name: "set_project_rate_limit", arguments: projectAnd("alpha", `,"model":"ada","max_requests_per_1_minute":60`), returns: returnedAlpha,
	},
}

func TestSetProjectRateLimit(t *testing.T) {
	t.Parallel()
	requireInvoked(t, rateLimitActions)
}

func TestSetProjectRateLimitRefused(t *testing.T) {
	t.Parallel()
	set := func(others string) func(string) string {
		return func(project string) string { return projectAnd(project, others) }
	}
	one := set(`,"model":"ada","max_requests_per_1_minute":1`)
	requireAllRefused(t, map[string]refusedCase{
		"nothing": {
			do:   invoked("set_project_rate_limit", set(`,"model":"ada"`)("alpha")),
			code: codes.InvalidArgument, says: []string{"nothing is asked for: give at least one of max_requests_per_1_minute"},
		},
		"below 0": {
			do:   invoked("set_project_rate_limit", set(`,"model":"ada","max_tokens_per_1_minute":-1`)("alpha")),
			code: codes.InvalidArgument, says: []string{"max_tokens_per_1_minute is below 0"},
		},
		"a model that no name can be of": {
			do:   invoked("set_project_rate_limit", set(`,"model":"a\nda","max_tokens_per_1_minute":1`)("alpha")),
			code: codes.InvalidArgument, says: []string{"the model has a character that no model has"},
		},
		"another model": {
			do:   invoked("set_project_rate_limit", set(`,"model":"gpt-4","max_requests_per_1_minute":1`)("alpha")),
			says: []string{"the project alpha has no rate limit for the model gpt-4: it has 2, such as that for gpt-4.1, ada"},
		},
		"a project without rate limits": {
			do: invoked("set_project_rate_limit", one("beta")), says: []string{"the project beta has no rate limit for the model ada: it has none at all"},
		},
		"a number that the model does not have": {
			do:   invoked("set_project_rate_limit", set(`,"model":"ada","max_images_per_1_minute":1`)("alpha")),
			says: []string{"the model ada has no max_images_per_1_minute: its limits are max_requests_per_1_minute 60, max_tokens_per_1_minute 9000"},
		},
		"a model that the organization has no limit for": {
			do:      invoked("set_project_rate_limit", one("alpha")),
			prepare: func(o *openaitest.Organization) { o.Projects[0].RateLimits[0].NotOfOrganization = true },
			sends:   []string{modifyRateLimit}, says: []string{"The rate limit for model ada is not set for your organization"},
		},
		"an archived project": {do: invoked("set_project_rate_limit", one("gone")), says: []string{"the project gone is archived"}},
		"a project that is not there": {
			do: invoked("set_project_rate_limit", one("delta")), code: codes.NotFound, says: []string{"setting a rate limit of the project delta"},
		},
	})
}

// A model is found at any place of the list, with three calls at most.
func TestSetProjectRateLimitOfMany(t *testing.T) {
	t.Parallel()
	server := newServer(func(o *openaitest.Organization) {
		for i := range 250 {
			o.Projects[1].RateLimits = append(o.Projects[1].RateLimits, openaitest.ModelRateLimit{
				ID: fmt.Sprintf("rl-%d", i), Model: fmt.Sprintf("model-%d", i), Numbers: map[string]int64{"max_requests_per_1_minute": 5},
			})
		}
	})
	d := connect(t, server)
	require.NoError(t, invoked("set_project_rate_limit", projectAnd("beta", `,"model":"model-249","max_requests_per_1_minute":6`))(t.Context(), d))
	require.EqualValues(t, 6, server.Snapshot().Projects[1].RateLimits[249].Numbers["max_requests_per_1_minute"])
	require.Equal(t, 6, calls(server)["GET /organization/projects/{project_id}/rate_limits"])

	err := invoked("set_project_rate_limit", projectAnd("beta", `,"model":"model-24x","max_requests_per_1_minute":6`))(t.Context(), d)
	requireRefusal(t, err, "it has 250, such as that for model-24, model-240, model-241, model-242, model-243")
}
