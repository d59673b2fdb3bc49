package openaitest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	groupsScope := map[string]string{"groups": "api.groups.read"}
	keys := map[string]openaitest.Key{
		"sk-admin-good-000000": {},
		"sk-proj-000000000000": {Project: true},
		"sk-proj-as-object-00": {Project: true, AsObject: true},
		"sk-admin-restricted0": {MissingScopes: groupsScope},
		"sk-admin-restricted1": {MissingScopes: groupsScope, AsObject: true},
	}
	const (
		users  = "/organization/users"
		groups = "/organization/groups"
		wrong  = "invalid_api_key"
	)
	tests := map[string]struct {
		keys                map[string]openaitest.Key
		bearer, path        string
		status              int
		code, message, bare string
	}{
		"known":                 {keys: keys, bearer: "sk-admin-good-000000", path: users, status: 200},
		"unknown":               {keys: keys, bearer: testKey, path: users, status: 401, code: wrong, message: "provided: sk-admin*****************ghij. You can find"},
		"unknown and short":     {keys: keys, bearer: "sk-secret", path: users, status: 401, code: wrong, message: "Incorrect API key provided: *********. "},
		"none":                  {keys: keys, path: users, status: 401, code: wrong, message: "You didn't provide an API key."},
		"no keys, admin":        {bearer: "sk-admin-anything", path: users, status: 200},
		"no keys, project":      {bearer: "sk-proj-anything00", path: users, status: 401, code: wrong},
		"project":               {keys: keys, bearer: "sk-proj-000000000000", path: users, status: 403, bare: "api.management.read"},
		"project as object":     {keys: keys, bearer: "sk-proj-as-object-00", path: users, status: 401, message: "api.management.read"},
		"restricted":            {keys: keys, bearer: "sk-admin-restricted0", path: groups, status: 403, bare: "api.groups.read"},
		"restricted elsewhere":  {keys: keys, bearer: "sk-admin-restricted0", path: users, status: 200},
		"restricted as object":  {keys: keys, bearer: "sk-admin-restricted1", path: groups, status: 401, message: "api.groups.read"},
		"restricted, no object": {keys: keys, bearer: "sk-admin-restricted0", path: groups + "/none", status: 403, bare: "api.groups.read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Keys: test.keys}
			r := ask(t, standIn, http.MethodGet, "/v1"+test.path, test.bearer)
			assert.Equal(t, test.status, r.status, r.text)
			assert.Equal(t, test.code, r.code())
			assert.Contains(t, r.message(), test.message)
			assert.Regexp(t, `^req_[0-9a-f]{24}$`, r.header.Get("X-Request-Id"))
			if test.bare != "" {
				assert.IsType(t, "", r.body["error"])
				assert.Contains(t, r.message(), "Missing scopes: "+test.bare+". Check")
			}
		})
	}
}

func TestEveryFamilyOfRoutesHasAScope(t *testing.T) {
	t.Parallel()
	families := map[string]string{
		"users":            "/organization/users",
		"invites":          "/organization/invites",
		"groups":           "/organization/groups",
		"roles":            "/organization/users/none/roles",
		"projects":         "/organization/projects",
		"project_users":    "/organization/projects/none/users",
		"project_groups":   "/organization/projects/none/groups",
		"service_accounts": "/organization/projects/none/service_accounts",
		"project_api_keys": "/organization/projects/none/api_keys",
		"admin_api_keys":   "/organization/admin_api_keys",
	}
	for family, path := range families {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Keys: map[string]openaitest.Key{testKey: {MissingScopes: map[string]string{family: "api.x.read"}}}}
			assert.Equal(t, http.StatusForbidden, get(t, standIn, path).status)
		})
	}
	misspelt := &openaitest.Server{Keys: map[string]openaitest.Key{testKey: {MissingScopes: map[string]string{"group": "api.groups.read"}}}}
	assert.Panics(t, func() { get(t, misspelt, "/organization/users") })
}
