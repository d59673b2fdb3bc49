package client

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// longID has the largest length of an id in ConductorOne.
var longID = strings.Repeat("x", 1_024)

var oddIDs = []string{
	"user-1", "", ".", "..", "...", "/", "//", "a/b", "../../organization/users", "..%2f..", "%2e%2e", "%", "%zz", "%00", "\x00", "a b", " ", "+", "a?b=c", "a#b", "a&b", "a;b", `a\b`, "a:b",
	"@host", "//host/", "http://host/", "ключ-鍵-🔑", "\u202e", "\u2028", "\xff\xfe", "a\r\nHost: other", "\t", "{user_id}", longID, longID + "/" + longID,
	"role-api-project-member__api-project__proj_1", "usеr-1",
}

// routes have one, two and three placeholders.
var routes = []Route{
	"/organization/users/{user_id}",
	"/organization/groups/{group_id}/users/{user_id}",
	"/projects/{project_id}/groups/{group_id}/roles/{role_id}",
	"/organization/projects/{project_id}/service_accounts/{service_account_id}",
}

// requireSameRoute checks that a reader of the address finds the route below the base, and each id in its place.
func requireSameRoute(t *testing.T, base string, route Route, ids []string, address *url.URL) {
	t.Helper()
	parsed, err := url.Parse(address.String())
	require.NoError(t, err)
	root, err := url.Parse(base)
	require.NoError(t, err)
	require.Equal(t, root.Scheme, parsed.Scheme)
	require.Equal(t, root.Host, parsed.Host)
	require.Nil(t, parsed.User)
	require.Empty(t, parsed.Fragment)
	require.Empty(t, parsed.RawQuery)
	rest, ok := strings.CutPrefix(parsed.EscapedPath(), strings.TrimRight(root.EscapedPath(), "/")+"/")
	require.True(t, ok, parsed)

	got := strings.Split(rest, "/")
	want := strings.Split(strings.Trim(string(route), "/"), "/")
	require.Len(t, got, len(want), parsed)
	for i, segment := range want {
		text, err := url.PathUnescape(got[i])
		require.NoError(t, err)
		if !strings.HasPrefix(segment, "{") {
			require.Equal(t, segment, got[i])
			continue
		}
		require.Equal(t, ids[0], text)
		require.NotContains(t, []string{"", ".", ".."}, text)
		ids = ids[1:]
	}
}

// FuzzURL fills the routes with any ids: the result is an address of the same route with these ids, or an error.
func FuzzURL(f *testing.F) {
	for i, id := range oddIDs {
		f.Add(id, oddIDs[(i+7)%len(oddIDs)], "role_1")
		f.Add("proj_1", "user-1", id)
	}
	const base = "https://api.example.com/a%2Fb/v1/"
	root, err := url.Parse(base)
	require.NoError(f, err)
	c := &Client{base: root}
	f.Fuzz(func(t *testing.T, first, second, third string) {
		t.Parallel()
		for _, route := range routes {
			ids := []string{first, second, third}[:strings.Count(string(route), "{")]
			address, err := c.url(route, ids, nil)
			if err != nil {
				assert.Nil(t, address)
				continue
			}
			requireSameRoute(t, base, route, ids, address)
		}
	})
}

// The ids arrive unchanged, whatever the HTTP libraries of both sides do with the address, or nothing is sent.
func TestOddIDsArrive(t *testing.T) {
	t.Parallel()
	for _, id := range oddIDs {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			arrived := make(chan string, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				arrived <- r.URL.EscapedPath()
				_, _ = w.Write([]byte(`{"deleted":true}`))
			}))
			t.Cleanup(server.Close)
			base, err := url.Parse(server.URL + "/v1")
			require.NoError(t, err)
			c, err := New(t.Context(), base, "sk-admin-key", "test")
			require.NoError(t, err)
			err = c.RemoveGroupUser(t.Context(), "group_1", id)
			if id == "" || id == "." || id == ".." {
				require.Error(t, err)
				require.Empty(t, arrived)
				return
			}
			require.NoError(t, err)
			address := &url.URL{Scheme: base.Scheme, Host: base.Host}
			address, err = address.Parse(<-arrived)
			require.NoError(t, err)
			requireSameRoute(t, server.URL+"/v1", "/organization/groups/{group_id}/users/{user_id}", []string{"group_1", id}, address)
		})
	}
}
