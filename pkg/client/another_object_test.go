package client_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
)

// An answer about another object than the one that was asked for is no answer.
func TestAnswerAboutAnotherObject(t *testing.T) {
	t.Parallel()
	project := client.ProjectScope("p")
	tests := map[string]struct {
		get   func(context.Context, *client.Client) error
		right []string
		wrong []string
	}{
		"user": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetUser(ctx, "x"); return err },
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`, `{"id":"X"}`, `{"id":"x "}`, `{"id":""}`},
		},
		"invite": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetInvite(ctx, "x"); return err },
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`},
		},
		"group": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetGroup(ctx, "x"); return err },
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`},
		},
		"group member": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetGroupUser(ctx, "g", "x"); return err },
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`, `{"id":"g"}`},
		},
		"project": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetProject(ctx, "x"); return err },
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`},
		},
		"project user": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetProjectUser(ctx, "p", "x")
				return err
			},
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`, `{"id":"p"}`},
		},
		"project group": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetProjectGroup(ctx, "p", "x")
				return err
			},
			[]string{`{"group_id":"x","project_id":"p"}`, `{"group_id":"x"}`},
			[]string{`{"group_id":"y","project_id":"p"}`, `{"group_id":"x","project_id":"q"}`},
		},
		"service account": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetProjectServiceAccount(ctx, "p", "x")
				return err
			},
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`},
		},
		"project key": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetProjectAPIKey(ctx, "p", "x")
				return err
			},
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`},
		},
		"admin key": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetAdminAPIKey(ctx, "x"); return err },
			[]string{`{"id":"x"}`},
			[]string{`{"id":"y"}`},
		},
		"role": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetRole(ctx, project, "x"); return err },
			[]string{`{"id":"x"}`},
			// Only predefined roles have a long and a short form of their id.
			[]string{`{"id":"y"}`, `{"id":"x__api-project__p"}`, `{"id":"x__api-project__p","predefined_role":true}`},
		},
		"predefined role": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetRole(ctx, project, "role-api-project-member")
				return err
			},
			[]string{`{"id":"role-api-project-member"}`, `{"id":"role-api-project-member__api-project__p","predefined_role":true}`, `{"id":"role-api-project-member__api-project__p"}`},
			[]string{
				`{"id":"role-api-project-owner__api-project__p","predefined_role":true}`, `{"id":"role-api-project-members","predefined_role":true}`,
				`{"id":"role-api-project-member__api-project__p","predefined_role":false}`,
			},
		},
		"predefined role of the organization": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetRole(ctx, client.OrganizationScope(), "role-api-organization-owner")
				return err
			},
			[]string{`{"id":"role-api-organization-owner__api-organization__org-1","predefined_role":true}`},
			[]string{`{"id":"role-api-organization-reader__api-organization__org-1","predefined_role":true}`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, body := range tt.right {
				require.NoError(t, tt.get(t.Context(), newClient(t, start(t, answer(http.StatusOK, body)))), body)
			}
			for _, body := range tt.wrong {
				err := tt.get(t.Context(), newClient(t, start(t, answer(http.StatusOK, body))))
				require.Equal(t, client.KindMalformed, client.KindOf(err), body)
				require.ErrorContains(t, err, "the answer is not what was asked for: ", body)
			}
		})
	}
}
