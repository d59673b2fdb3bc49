package client_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// controlled is an organization with one project that has every kind of limit, and one that has none.
func controlled() *openaitest.Server {
	return &openaitest.Server{
		Organization: openaitest.Organization{
			Projects: []openaitest.Project{{ID: "p", Name: "P"}, {
				ID: "q", Name: "Q", DisabledTools: []string{"mcp"}, SpendLimit: openaitest.SpendLimit{Cents: 7, Enforcement: "inactive"},
				Models:     openaitest.ModelPermissions{Mode: "deny_list", ModelIDs: []string{"o3"}},
				RateLimits: []openaitest.ModelRateLimit{{ID: "rl-ada", Model: "ada", Numbers: map[string]int64{"max_requests_per_1_minute": 5}}},
			}},
		},
		Now: func() time.Time { return time.Unix(1, 0) },
	}
}

// A control that was set is read back, and nothing else changes.
func TestControlsAreSetAndRead(t *testing.T) {
	t.Parallel()
	standIn := controlled()
	c := newClient(t, start(t, standIn))
	ctx := t.Context()

	_, err := c.ModifyProjectModelPermissions(ctx, "p", client.ModelsAllowed, []string{"b", "a"})
	require.NoError(t, err)
	models, err := c.GetProjectModelPermissions(ctx, "p")
	require.NoError(t, err)
	require.Equal(t, client.ModelPermissions{Object: "project.model_permissions", Mode: "allow_list", ModelIDs: []string{"b", "a"}}, models)
	require.NoError(t, c.DeleteProjectModelPermissions(ctx, "p"))
	_, err = c.GetProjectModelPermissions(ctx, "p")
	require.Equal(t, client.KindGone, client.KindOf(err))

	_, err = c.ModifyProjectHostedTools(ctx, "q", map[string]bool{"mcp": true, "file_search": false})
	require.NoError(t, err)
	tools, err := c.GetProjectHostedTools(ctx, "q")
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"file_search": false, "web_search": true, "image_generation": true, "mcp": true, "code_interpreter": true}, tools.Enabled)

	_, err = c.ModifyProjectRateLimit(ctx, "q", "rl-ada", map[string]int64{"max_requests_per_1_minute": 6})
	require.NoError(t, err)
	page, err := c.ListProjectRateLimits(ctx, "q", client.Cursor{})
	require.NoError(t, err)
	require.Equal(t, []client.RateLimit{{ID: "rl-ada", Model: "ada", Numbers: map[string]int64{"max_requests_per_1_minute": 6}}}, page.Items)
	require.Empty(t, standIn.Unknown())
}

// The spend limit of a project is not that of the organization, and an empty project id does not turn one into the
// other.
func TestSpendLimitsOfBoth(t *testing.T) {
	t.Parallel()
	standIn := controlled()
	c := newClient(t, start(t, standIn))
	ctx := t.Context()
	limit, err := c.GetSpendLimit(ctx, client.ProjectSpender("q"))
	require.NoError(t, err)
	require.Equal(t, "inactive", limit.Enforcement.Status)
	require.EqualValues(t, 7, limit.ThresholdAmount)

	for cents, of := range map[int64]client.Spender{8: client.OrganizationSpender(), 9: client.ProjectSpender("p")} {
		_, err := c.GetSpendLimit(ctx, of)
		require.Equal(t, client.KindGone, client.KindOf(err), err)
		_, err = c.ModifySpendLimit(ctx, of, cents)
		require.NoError(t, err)
		limit, err := c.GetSpendLimit(ctx, of)
		require.NoError(t, err)
		require.Equal(t, []any{cents, "USD", "month", "enforcing"}, []any{limit.ThresholdAmount, limit.Currency, limit.Interval, limit.Enforcement.Status})
	}
	require.NoError(t, c.DeleteSpendLimit(ctx, client.OrganizationSpender()))
	after := standIn.Snapshot()
	require.Equal(t, []int64{0, 9, 7}, []int64{after.SpendLimit.Cents, after.Projects[0].SpendLimit.Cents, after.Projects[1].SpendLimit.Cents})

	before := len(standIn.Requests())
	_, err = c.ModifySpendLimit(ctx, client.ProjectSpender(""), 1)
	require.Equal(t, client.KindRefused, client.KindOf(err))
	require.Len(t, standIn.Requests(), before)
}

// Only null in the object means that nothing is set. A malformed answer does not.
func TestAnswersAboutControls(t *testing.T) {
	t.Parallel()
	reads := map[string]func(*client.Client) error{
		"models": func(c *client.Client) error { _, err := c.GetProjectModelPermissions(t.Context(), "p"); return err },
		"tools":  func(c *client.Client) error { _, err := c.GetProjectHostedTools(t.Context(), "p"); return err },
		"spend": func(c *client.Client) error {
			_, err := c.GetSpendLimit(t.Context(), client.OrganizationSpender())
			return err
		},
	}
	for name, read := range reads {
		for _, body := range []string{`{"status":"ok"}`, `{}`, `null`, `[]`, `{"mcp":{"enabled":true}}`, `{"object":7}`, `{"mcp":[]}`} {
			err := read(newClient(t, start(t, answer(http.StatusOK, body))))
			require.Equal(t, client.KindMalformed, client.KindOf(err), "%s: %s", name, body)
		}
	}
	standIn := controlled()
	standIn.UnsetIsNull = true
	c := newClient(t, start(t, standIn))
	models, err := c.GetProjectModelPermissions(t.Context(), "p")
	require.NoError(t, err)
	require.Empty(t, models.Mode)
	limit, err := c.GetSpendLimit(t.Context(), client.OrganizationSpender())
	require.NoError(t, err)
	require.Zero(t, limit.ThresholdAmount)
}
