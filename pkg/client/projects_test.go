package client_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestGetProject(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Projects: []openaitest.Project{
		{ID: "proj_1", Name: "One", CreatedAt: 1_700_000_000, ExternalKeyID: "ext_1", Residency: "EU"},
	}}}
	c := newClient(t, start(t, standIn))

	project, err := c.GetProject(t.Context(), "proj_1")
	require.NoError(t, err)
	assert.Equal(t, client.Project{
		ID: "proj_1", Name: "One", CreatedAt: 1_700_000_000, Status: "active", ExternalKeyID: "ext_1", Residency: "EU",
	}, project)

	_, err = c.GetProject(t.Context(), "proj_2")
	requireCode(t, codes.NotFound, err)
	assert.Equal(t, "project_not_found", failureOf(t, err).Code)
	assert.Equal(t, "/organization/projects/{project_id}", failureOf(t, err).Route)
	assert.Empty(t, standIn.Unknown())
}

func TestGetProjectThatIsNoProject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		code codes.Code
	}{
		"array":          {`[]`, codes.Internal},
		"number for id":  {`{"id":1}`, codes.Internal},
		"nothing":        {``, codes.Aborted},
		"cut off":        {`{"id":"proj_1","na`, codes.Aborted},
		"null":           {`null`, codes.Internal},
		"another object": {`{"status":"ok"}`, codes.Internal},
		"without id":     {`{"object":"organization.project","id":null}`, codes.Internal},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			project, err := newClient(t, start(t, answer(http.StatusOK, tt.body))).GetProject(t.Context(), "proj_1")
			requireCode(t, tt.code, err)
			assert.Equal(t, client.Project{}, project)
		})
	}
}
