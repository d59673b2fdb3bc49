package client_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The ids of the sources decide, whatever type they have.
func TestRoleIsHeldDirectlyUnlessAllSourcesAreOthers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sources string
		want    bool
	}{
		"absent":                    {``, true},
		"null":                      {`null`, true},
		"empty":                     {`[]`, true},
		"a group":                   {`[{"principal_id":"b","principal_type":"group"}]`, false},
		"a user":                    {`[{"principal_id":"b","principal_type":"user"}]`, false},
		"a type that is new":        {`[{"principal_id":"b","principal_type":"tenant_group"}]`, false},
		"no type":                   {`[{"principal_id":"b"}]`, false},
		"nobody":                    {`[{}]`, true},
		"null as a source":          {`[null]`, true},
		"a type alone":              {`[{"principal_type":"user"}]`, true},
		"an empty id":               {`[{"principal_id":"","principal_type":"group"},{"principal_id":null}]`, true},
		"nobody and a group":        {`[null,{"principal_id":"b","principal_type":"group"}]`, false},
		"itself":                    {`[{"principal_id":"a","principal_type":"user"}]`, true},
		"itself and a group":        {`[{"principal_id":"b","principal_type":"group"},{"principal_id":"a","principal_type":"user"}]`, true},
		"itself under another type": {`[{"principal_id":"b","principal_type":"group"},{"principal_id":"a","principal_type":"group"}]`, true},
		"itself without type":       {`[{"principal_id":"a"}]`, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := `{"id":"role_1"}`
			if tt.sources != "" {
				row = `{"id":"role_1","assignment_sources":` + tt.sources + `}`
			}
			var role client.AssignedRole
			require.NoError(t, json.Unmarshal([]byte(row), &role))
			assert.Equal(t, "role_1", role.ID)
			assert.Equal(t, tt.want, role.HeldDirectlyBy("a"))
		})
	}
}

// Roles of the organization and of a project are created, changed and deleted in the same way, at two addresses.
func TestChangesOfRoles(t *testing.T) {
	t.Parallel()
	for roles, of := range map[string]client.RoleScope{
		"/organization/roles":          client.OrganizationScope(),
		"/projects/{project_id}/roles": client.ProjectScope("p"),
	} {
		t.Run(roles, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: openaitest.Organization{Projects: []openaitest.Project{{ID: "p"}}}}
			c := newClient(t, start(t, standIn))
			made, err := c.CreateRole(t.Context(), of, client.RoleFields{Name: "Auditor", Description: "Looks", Permissions: []string{"api.usage.read"}})
			require.NoError(t, err)
			require.Equal(t, "Auditor", made.Name)
			read := func() client.Role {
				role, err := c.GetRole(t.Context(), of, made.ID)
				require.NoError(t, err)
				return role
			}
			require.Equal(t, made, read())

			changed, err := c.ModifyRole(t.Context(), of, made.ID, client.RoleFields{Name: "Checker"})
			require.NoError(t, err)
			require.Equal(t, []any{"Checker", "Looks", []string{"api.usage.read"}}, []any{changed.Name, changed.Description, changed.Permissions})
			_, err = c.ModifyRole(t.Context(), of, made.ID, client.RoleFields{Permissions: []string{}})
			require.NoError(t, err)
			require.Equal(t, []any{"Checker", "Looks", []string{}}, []any{read().Name, read().Description, read().Permissions})

			require.NoError(t, c.DeleteRole(t.Context(), of, made.ID))
			_, err = c.GetRole(t.Context(), of, made.ID)
			require.Equal(t, client.KindGone, client.KindOf(err))
			var sent []string
			for _, request := range standIn.Requests() {
				if request.Method != http.MethodGet {
					sent = append(sent, request.Route)
				}
			}
			require.Equal(t, []string{"POST " + roles, "POST " + roles + "/{role_id}", "POST " + roles + "/{role_id}", "DELETE " + roles + "/{role_id}"}, sent)
			require.Empty(t, standIn.Unknown())
		})
	}
}

// An empty project id does not address the organization.
func TestRolesOfAnEmptyProjectID(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{}
	c := newClient(t, start(t, standIn))
	of := client.ProjectScope("")
	_, err := c.CreateRole(t.Context(), of, client.RoleFields{Name: "Auditor", Permissions: []string{}})
	require.Error(t, err)
	require.Error(t, c.DeleteRole(t.Context(), of, "role_1"))
	require.Empty(t, standIn.Requests())
}

// An answer without an id is malformed.
func TestCreatedRoleWithoutID(t *testing.T) {
	t.Parallel()
	c := newClient(t, start(t, answer(http.StatusOK, `{"object":"role"}`)))
	_, err := c.CreateRole(t.Context(), client.OrganizationScope(), client.RoleFields{Name: "Auditor", Permissions: []string{}})
	require.Equal(t, client.KindMalformed, client.KindOf(err))
}
