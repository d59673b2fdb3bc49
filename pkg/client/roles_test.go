package client_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
)

func TestRoleIsHeldDirectlyUnlessAllSourcesAreOthers(t *testing.T) {
	t.Parallel()
	source := func(kind, id string) client.AssignmentSource {
		return client.AssignmentSource{PrincipalType: kind, PrincipalID: id}
	}
	tests := map[string]struct {
		sources []client.AssignmentSource
		want    bool
	}{
		"no sources":                {nil, true},
		"another group":             {[]client.AssignmentSource{source("group", "b")}, false},
		"itself":                    {[]client.AssignmentSource{source("user", "a")}, true},
		"itself and a group":        {[]client.AssignmentSource{source("group", "b"), source("user", "a")}, true},
		"itself under another type": {[]client.AssignmentSource{source("group", "b"), source("group", "a")}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, client.AssignedRole{AssignmentSources: tt.sources}.HeldDirectlyBy("a"))
		})
	}
}

func TestRoleIsInheritedOnlyIfEverySourceIsAGroup(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sources string
		want    bool
	}{
		"null":            {`null`, false},
		"empty":           {`[]`, false},
		"group":           {`[{"principal_id":"group_1","principal_type":"group"}]`, true},
		"two groups":      {`[{"principal_id":"group_1","principal_type":"group"},{"principal_id":"group_2","principal_type":"group"}]`, true},
		"user":            {`[{"principal_id":"user-1","principal_type":"user"}]`, false},
		"group and user":  {`[{"principal_id":"group_1","principal_type":"group"},{"principal_id":"user-1","principal_type":"user"}]`, false},
		"service account": {`[{"principal_id":"user-2","principal_type":"service_account"}]`, false},
		"unknown":         {`[{}]`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var role client.AssignedRole
			require.NoError(t, json.Unmarshal([]byte(`{"id":"role_1","assignment_sources":`+tt.sources+`}`), &role))
			assert.Equal(t, "role_1", role.ID)
			assert.Equal(t, tt.want, role.Inherited())
		})
	}
	assert.False(t, client.AssignedRole{}.Inherited(), "without sources")
}
