package client_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
)

// Of the sources the ids decide, whatever type they name.
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
		"nobody":                    {`[{}]`, false},
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
