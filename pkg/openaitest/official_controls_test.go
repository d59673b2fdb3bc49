//go:build conformance

package openaitest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// setOrNot returns the answer, or the zero value if nothing is set.
func setOrNot[T any](t *testing.T, answer *T, err error) T {
	t.Helper()
	var refusal *openai.Error
	if errors.As(err, &refusal) && refusal.StatusCode == http.StatusNotFound {
		var none T
		return none
	}
	require.NoError(t, err)
	return *answer
}

// readControls reads the models, tools and limits of the projects.
func readControls(t *testing.T, client *openai.Client, o *openaitest.Organization) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization
	limit, err := api.SpendLimit.Get(ctx)
	o.SpendLimit.Cents = setOrNot(t, limit, err).ThresholdAmount
	for i := range o.Projects {
		p := &o.Projects[i]
		if p.Status != "active" {
			continue
		}
		models, err := api.Projects.ModelPermissions.Get(ctx, p.ID)
		read := setOrNot(t, models, err)
		p.Models = openaitest.ModelPermissions{Mode: string(read.Mode), ModelIDs: read.ModelIDs}
		p.RateLimits = all(t,
			api.Projects.RateLimits.ListRateLimitsAutoPaging(ctx, p.ID, openai.AdminOrganizationProjectRateLimitListRateLimitsParams{Limit: smallPage}),
			func(l openai.ProjectRateLimit) openaitest.ModelRateLimit { return readModelRateLimit(t, l) })
		limit, err := api.Projects.SpendLimit.Get(ctx, p.ID)
		p.SpendLimit.Cents = setOrNot(t, limit, err).ThresholdAmount
		tools, err := api.Projects.HostedToolPermissions.Get(ctx, p.ID)
		require.NoError(t, err)
		for _, tool := range []struct {
			name    string
			enabled bool
		}{
			{"code_interpreter", tools.CodeInterpreter.Enabled}, {"file_search", tools.FileSearch.Enabled},
			{"image_generation", tools.ImageGeneration.Enabled}, {"mcp", tools.Mcp.Enabled}, {"web_search", tools.WebSearch.Enabled},
		} {
			if !tool.enabled {
				p.DisabledTools = append(p.DisabledTools, tool.name)
			}
		}
	}
}

func readModelRateLimit(t *testing.T, l openai.ProjectRateLimit) openaitest.ModelRateLimit {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(l.RawJSON()), &fields))
	numbers := map[string]int64{}
	for name, number := range map[string]int64{
		"max_requests_per_1_minute": l.MaxRequestsPer1Minute, "max_tokens_per_1_minute": l.MaxTokensPer1Minute,
		"max_images_per_1_minute": l.MaxImagesPer1Minute, "max_audio_megabytes_per_1_minute": l.MaxAudioMegabytesPer1Minute,
		"max_requests_per_1_day": l.MaxRequestsPer1Day, "batch_1_day_max_input_tokens": l.Batch1DayMaxInputTokens,
	} {
		if _, present := fields[name]; present {
			numbers[name] = number
		}
	}
	return openaitest.ModelRateLimit{ID: l.ID, Model: l.Model, Numbers: numbers}
}

// writeControls changes the models, tools and limits of the projects of the writable organization.
func writeControls(t *testing.T, client *openai.Client) {
	t.Helper()
	ctx, api := t.Context(), &client.Admin.Organization
	models := done(api.Projects.ModelPermissions.Update(ctx, "p", openai.AdminOrganizationProjectModelPermissionUpdateParams{
		Mode: "allow_list", ModelIDs: []string{"ada", "o3"},
	}))(t)
	assert.Equal(t, []string{"allow_list", "ada", "o3"}, append([]string{string(models.Mode)}, models.ModelIDs...))
	assert.True(t, done(api.Projects.ModelPermissions.Delete(ctx, "p"))(t).Deleted)

	// The client omits a false value.
	tools := done(api.Projects.HostedToolPermissions.Update(ctx, "p", openai.AdminOrganizationProjectHostedToolPermissionUpdateParams{
		Mcp: openai.AdminOrganizationProjectHostedToolPermissionUpdateParamsMcp{Enabled: true},
	}, option.WithJSONSet("code_interpreter.enabled", false)))(t)
	assert.Equal(t, []bool{true, false, true}, []bool{tools.Mcp.Enabled, tools.CodeInterpreter.Enabled, tools.WebSearch.Enabled})

	limit := done(api.Projects.RateLimits.UpdateRateLimit(ctx, "p", "rl-ada", openai.AdminOrganizationProjectRateLimitUpdateRateLimitParams{
		MaxTokensPer1Minute: openai.Int(7),
	}))(t)
	assert.Equal(t, []int64{600, 7}, []int64{limit.MaxRequestsPer1Minute, limit.MaxTokensPer1Minute})

	ofProject := done(api.Projects.SpendLimit.Update(ctx, "p", openai.AdminOrganizationProjectSpendLimitUpdateParams{
		ThresholdAmount: 700, Currency: "USD", Interval: "month",
	}))(t)
	assert.EqualValues(t, 700, ofProject.ThresholdAmount)
	assert.Equal(t, "enforcing", ofProject.Enforcement.Status)
	assert.True(t, done(api.Projects.SpendLimit.Delete(ctx, "p"))(t).Deleted)
	ofAll := done(api.SpendLimit.Update(ctx, openai.AdminOrganizationSpendLimitUpdateParams{ThresholdAmount: 800, Currency: "USD", Interval: "month"}))(t)
	assert.EqualValues(t, 800, ofAll.ThresholdAmount)
	assert.True(t, done(api.SpendLimit.Delete(ctx))(t).Deleted)
}

// Of the controls, only the rate limits are in the audit log.
func TestAuditLogOfControls(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	writeControls(t, newOfficialClient(t, standIn))
	recorded := standIn.Recorded()
	if assert.Len(t, recorded, 1) {
		assert.Equal(t, "rate_limit.updated", recorded[0].Type)
		assert.Equal(t, "rl-ada", recorded[0].Details["id"])
		assert.Contains(t, get(t, standIn, "/organization/audit_logs").text, `"changes_requested":{"max_tokens_per_1_minute":7}`)
	}
}

// TestDocumentOfControls compares reads and writes of the projects' models, tools and limits with the document. An
// excerpt of the chapter on administration may lack these routes. The whole document is at
// https://github.com/openai/openai-openapi.
func TestDocumentOfControls(t *testing.T) {
	t.Parallel()
	document := loadDocument(t)
	const project = "/organization/projects/{project_id}"
	routes := []string{
		"GET " + project + "/model_permissions", "POST " + project + "/model_permissions", "DELETE " + project + "/model_permissions",
		"GET " + project + "/hosted_tool_permissions", "POST " + project + "/hosted_tool_permissions",
		"GET " + project + "/rate_limits", "POST " + project + "/rate_limits/{rate_limit_id}",
		"GET " + project + "/spend_limit", "POST " + project + "/spend_limit", "DELETE " + project + "/spend_limit",
		"GET /organization/spend_limit", "POST /organization/spend_limit", "DELETE /organization/spend_limit",
	}
	known := 0
	for _, template := range routes {
		method, path, _ := strings.Cut(template, " ")
		if item := document.Paths.Find(path); item != nil && item.GetOperation(method) != nil {
			known++
		}
	}
	if known == 0 {
		t.Skipf("%s names a document without these routes; the whole one has them.", documentVariable)
	}
	require.Equal(t, len(routes), known, "the document knows some of the routes, and not others")

	standIn := newWritable()
	checked := newValidator(standIn, document)
	client := newOfficialClient(t, checked)
	read := openaitest.Organization{Projects: standIn.Snapshot().Projects[:1]}
	readControls(t, client, &read)
	writeControls(t, client)
	assert.Empty(t, checked.failures)
	assert.Empty(t, standIn.Unknown())
	for _, template := range routes {
		assert.NotZero(t, checked.routes[template], "nobody has asked for %s", template)
	}
}
