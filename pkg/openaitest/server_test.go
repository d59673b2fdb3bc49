package openaitest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestZeroValue(t *testing.T) {
	t.Parallel()
	var standIn openaitest.Server
	for _, path := range []string{
		"/organization/users", "/organization/invites", "/organization/groups", "/organization/projects", "/organization/admin_api_keys",
	} {
		assert.Empty(t, ok(t, &standIn, path).ids(), path)
	}
	assert.Equal(t, []string{
		"role-api-organization-owner__api-organization__org-standin", "role-api-organization-reader__api-organization__org-standin",
	}, ok(t, &standIn, "/organization/roles").ids())
	assert.Empty(t, standIn.Unknown())
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	organization := openaitest.Organization{
		Groups:   []openaitest.Group{{ID: "g"}, {ID: "t", GroupType: "tenant_group"}},
		Users:    []openaitest.User{{ID: "u"}},
		Projects: []openaitest.Project{{ID: "p", Groups: []openaitest.ProjectGroup{{GroupID: "t"}}}, {ID: "old", Status: "archived"}},
	}
	tests := []struct {
		path   string
		status int
		code   string
	}{
		{"/organization/users/x", 404, "user_not_found"},
		{"/organization/users/x/roles", 404, "user_not_found"},
		{"/organization/users/u/roles/role_x", 404, "role_not_found"},
		{"/organization/invites/x", 404, "invite_not_found"},
		{"/organization/groups/x", 404, "group_not_found"},
		{"/organization/groups/x/users", 404, "group_not_found"},
		{"/organization/groups/x/roles", 404, "group_not_found"},
		{"/organization/groups/g/users/x", 404, "user_not_found"},
		{"/organization/groups/g/roles/x", 404, "role_not_found"},
		{"/organization/roles/x", 404, "role_not_found"},
		{"/organization/roles/owner", 404, "role_not_found"},
		{"/organization/admin_api_keys/x", 404, "api_key_not_found"},
		{"/organization/projects/x", 404, "project_not_found"},
		{"/organization/projects/x/users", 404, "project_not_found"},
		{"/projects/x/roles", 404, "project_not_found"},
		{"/organization/projects/p/users/x", 404, "user_not_found"},
		{"/organization/projects/p/groups/g", 404, "group_not_found"},
		{"/organization/projects/p/groups/t", 404, "group_not_found"},
		{"/organization/projects/p/groups/t?group_type=tenant_group", 200, ""},
		{"/organization/projects/p/groups/t?group_type=crowd", 400, "invalid_value"},
		{"/organization/projects/p/service_accounts/x", 404, "service_account_not_found"},
		{"/organization/projects/p/api_keys/x", 404, "api_key_not_found"},
		{"/organization/projects/p/api_keys?owner_project_access=all", 400, "invalid_value"},
		{"/organization/projects?include_archived=yes", 400, "invalid_value"},
		{"/projects/p/roles/x", 404, "role_not_found"},
		{"/projects/p/users/x/roles", 404, "user_not_found"},
		{"/projects/p/groups/g/roles", 404, "group_not_found"},
		{"/organization/projects/old", 200, ""},
		{"/organization/projects/old/users", 400, "project_archived"},
		{"/organization/projects/old/groups", 400, "project_archived"},
		{"/organization/projects/old/service_accounts", 400, "project_archived"},
		{"/organization/projects/old/api_keys", 400, "project_archived"},
		{"/projects/old/roles", 400, "project_archived"},
		{"/projects/old/users/u/roles", 400, "project_archived"},
		{"/projects/old/groups/g/roles", 400, "project_archived"},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: organization}
			r := get(t, standIn, test.path)
			assert.Equal(t, test.status, r.status, r.text)
			assert.Equal(t, test.code, r.code())
			assert.Empty(t, standIn.Unknown(), "a refusal is an answer that the API gives")
			if test.status != http.StatusOK {
				assert.Equal(t, "invalid_request_error", r.field("type"))
				assert.Contains(t, r.body["error"], "param")
			}
		})
	}
}

func TestMessagesOfTheAPI(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Projects: []openaitest.Project{{ID: "proj_old", Status: "archived"}}}}
	assert.Equal(t, "The project proj_abc was not found", get(t, standIn, "/organization/projects/proj_abc").message())
	assert.Equal(t, "Project 'proj_old' is archived. You can only update an active project.", get(t, standIn, "/organization/projects/proj_old/users").message())
}

func TestUnknownRequestsAreRefusedAndRecorded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, target string
		status         int
		code           string
		unknown        string
	}{
		"route":          {http.MethodGet, "/v1/organization/costs", 404, "", "GET /v1/organization/costs"},
		"at the root":    {http.MethodGet, "/organization/users", 404, "unknown_url", "GET /organization/users"},
		"trailing slash": {http.MethodGet, "/v1/organization/users/", 404, "", "GET /v1/organization/users/"},
		"two slashes":    {http.MethodGet, "/v1//organization/users", 404, "", "GET /v1//organization/users"},
		"wrong prefix":   {http.MethodGet, "/v1/organization/projects/p/roles", 404, "", "GET /v1/organization/projects/p/roles"},
		"dots":           {http.MethodGet, "/v1/organization/x/../users", 404, "", "GET /v1/organization/x/../users"},
		"method":         {http.MethodPost, "/v1/organization/users", 405, "method_not_supported", "POST /v1/organization/users"},
		"parameter":      {http.MethodGet, "/v1/organization/users?page=2", 400, "unknown_parameter", `GET /organization/users: query parameter "page"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var standIn openaitest.Server
			r := ask(t, &standIn, test.method, test.target, testKey)
			assert.Equal(t, test.status, r.status)
			assert.Equal(t, test.code, r.code())
			assert.Equal(t, []string{test.unknown}, standIn.Unknown())
			assert.Equal(t, test.status, standIn.Requests()[0].Status)
		})
	}
}

func TestIDsAreEscaped(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a/b", "a b", "a.b", "user..x", "ü–漢", "50%", "a?b#c", "a+b", "%2F", "a__b:c"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: openaitest.Organization{
				Users: []openaitest.User{{ID: id, Role: "reader", RoleIDs: []string{id}}},
				Projects: []openaitest.Project{{
					ID: id, Users: []openaitest.ProjectUser{{UserID: id, Role: "member"}}, Groups: []openaitest.ProjectGroup{{GroupID: id}},
				}},
			}}
			escaped := url.PathEscape(id)
			assert.Equal(t, id, ok(t, standIn, "/organization/users/"+escaped).body["id"])
			assert.Equal(t, id, ok(t, standIn, "/organization/users/"+escaped+"/roles/"+escaped).body["id"])
			assert.Equal(t, id, ok(t, standIn, "/organization/projects/"+escaped+"/users/"+escaped).body["id"])
			assert.Equal(t, id, ok(t, standIn, "/organization/projects/"+escaped+"/groups/"+escaped).body["group_id"])
			assert.Len(t, ok(t, standIn, "/projects/"+escaped+"/users/"+escaped+"/roles").ids(), 1)
			assert.Empty(t, ok(t, standIn, "/organization/users?after="+url.QueryEscape(id)).ids())

			// The same through a connection, in which a proxy or the server could normalize the path.
			server := httptest.NewServer(standIn)
			defer server.Close()
			response, err := send(t.Context(), t, server, "/organization/users/"+escaped)
			require.NoError(t, err)
			defer response.Body.Close()
			assert.Equal(t, id, read(t, response).body["id"])
		})
	}
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Groups: []openaitest.Group{{ID: "a/b"}}}}
	get(t, standIn, "/organization/groups/a%2Fb/users?limit=5&order=asc")
	get(t, standIn, "/organization/groups/none")
	log := standIn.Requests()
	require.Len(t, log, 2)
	assert.False(t, log[0].At.IsZero())
	log[0].At = log[1].At
	assert.Equal(t, openaitest.Request{
		Method: http.MethodGet,
		Route:  "GET /organization/groups/{group_id}/users",
		Path:   "/v1/organization/groups/a%2Fb/users",
		Query:  url.Values{"limit": {"5"}, "order": {"asc"}},
		Status: http.StatusOK,
		At:     log[1].At,
	}, log[0])
	assert.Equal(t, http.StatusNotFound, log[1].Status)
	standIn.ResetRequests()
	assert.Empty(t, standIn.Requests())
}

func TestUpdateFromOnRequest(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Projects: []openaitest.Project{{ID: "p"}}}}
	standIn.OnRequest = func(r openaitest.Request) {
		if r.Route == "GET /organization/projects/{project_id}/users" {
			standIn.Update(func(o *openaitest.Organization) { o.Projects[0].Status = "archived" })
		}
	}
	assert.Equal(t, []string{"p"}, ok(t, standIn, "/organization/projects").ids())
	assert.Equal(t, "project_archived", get(t, standIn, "/organization/projects/p/users").code())
	assert.Empty(t, ok(t, standIn, "/organization/projects").ids())
	assert.Equal(t, []string{"p"}, ok(t, standIn, "/organization/projects?include_archived=true").ids())
}

func TestSnapshotIsADeepCopy(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Seeded(3, openaitest.Size{})}
	before, changed := standIn.Snapshot(), standIn.Snapshot()
	require.Equal(t, before, changed)
	changed.Users[0].RoleIDs = append(changed.Users[0].RoleIDs, "x")
	changed.Users[2].RoleIDs[0] = "x"
	changed.Groups[0].MemberIDs[0] = "x"
	changed.Projects[0].Users[0].Role = "x"
	changed.Projects[0].Roles[0].Permissions[0] = "x"
	changed.Invites[0].Projects[0].ID = "x"
	assert.Equal(t, before, standIn.Snapshot())
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Sample()}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			ok(t, standIn, "/organization/users")
			standIn.Update(func(o *openaitest.Organization) { o.Users[0].Name += "x" })
			standIn.SetFault("GET /organization/groups", openaitest.Fault{Header: http.Header{"X": {"y"}}})
			standIn.Snapshot()
			standIn.Requests()
			standIn.Unknown()
		})
	}
	group.Wait()
	assert.Len(t, standIn.Requests(), 4)
}
