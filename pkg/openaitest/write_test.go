package openaitest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestMethodsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	for _, route := range []string{
		"DELETE /organization/users", "PUT /organization/users/dee", "PATCH /organization/groups/g", "DELETE /organization/projects/p",
		"POST /organization/projects/p/api_keys", "POST /organization/invites/pending", "GET /organization/projects/p/archive", "HEAD /organization/users",
	} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			standIn := newWritable()
			method, path, _ := strings.Cut(route, " ")
			assert.Equal(t, http.StatusMethodNotAllowed, ask(t, standIn, method, "/v1"+path, testKey).status)
			assert.Equal(t, []string{method + " /v1" + path}, standIn.Unknown())
		})
	}
}

// creations are one write for each kind of object, and changes are the POST requests that create nothing.
var (
	creations = []write{
		{route: "POST /organization/invites", body: `{"email":"eve@example.com","role":"reader"}`},
		{route: "POST /organization/groups", body: `{"name":"N"}`},
		{route: "POST /organization/groups/h/users", body: `{"user_id":"dee"}`},
		{route: "POST /organization/groups/h/roles", body: `{"role_id":"role_a"}`},
		{route: "POST /organization/users/dee/roles", body: `{"role_id":"role_a"}`},
		{route: "POST /organization/roles", body: `{"role_name":"N","permissions":[]}`},
		{route: "POST /organization/projects", body: `{"name":"N"}`},
		{route: "POST /organization/projects/p/users", body: `{"user_id":"dee","role":"member"}`},
		{route: "POST /organization/projects/p/groups", body: `{"group_id":"h","role":"role_p"}`},
		{route: "POST /organization/projects/p/service_accounts", body: `{"name":"N"}`},
		{route: "POST /organization/projects/p/service_accounts/sa/api_keys"},
		{route: "POST /organization/admin_api_keys", body: `{"name":"N"}`},
		{route: "POST /projects/p/roles", body: `{"role_name":"N","permissions":[]}`},
		{route: "POST /projects/p/users/cyd/roles", body: `{"role_id":"role_q"}`},
		{route: "POST /projects/p/groups/g/roles", body: `{"role_id":"role_q"}`},
	}
	changes = []write{
		{route: "POST /organization/users/dee", body: `{"role":"owner"}`},
		{route: "POST /organization/groups/g", body: `{"name":"N"}`},
		{route: "POST /organization/roles/role_a", body: `{}`},
		{route: "POST /organization/projects/p", body: `{}`},
		{route: "POST /organization/projects/p/users/cyd", body: `{"role":"viewer"}`},
		{route: "POST /organization/projects/p/service_accounts/sa", body: `{}`},
		{route: "POST /projects/p/roles/role_p", body: `{}`},
		{route: "POST /organization/projects/p/model_permissions", body: `{"mode":"allow_list","model_ids":["ada"]}`},
		{route: "POST /organization/projects/p/hosted_tool_permissions", body: `{}`},
		{route: "POST /organization/projects/p/rate_limits/rl-ada", body: `{}`},
		{route: "POST /organization/projects/p/spend_limit", body: `{"threshold_amount":1,"currency":"USD","interval":"month"}`},
		{route: "POST /organization/spend_limit", body: `{"threshold_amount":1,"currency":"USD","interval":"month"}`},
		{route: "POST /organization/projects/p/archive"},
	}
	deletions = []string{
		"/organization/users/dee", "/organization/users/cyd/roles/role_a", "/organization/invites/pending", "/organization/groups/g/users/cyd",
		"/organization/groups/g/roles/role_a", "/organization/groups/h", "/organization/roles/role_b", "/organization/admin_api_keys/admin",
		"/projects/p/users/cyd/roles/role_p", "/projects/p/groups/g/roles/role_p", "/projects/p/roles/role_q", "/organization/projects/p/users/cyd",
		"/organization/projects/p/groups/g", "/organization/projects/p/model_permissions", "/organization/projects/p/spend_limit",
		"/organization/spend_limit", "/organization/projects/p/api_keys/key_cyd", "/organization/projects/p/service_accounts/sa",
	}
)

func TestCreatedStatus(t *testing.T) {
	t.Parallel()
	for configured, want := range map[int]int{0: 200, 200: 200, 201: 201} {
		for _, w := range creations {
			standIn := newWritable()
			standIn.CreatedStatus = configured
			assert.Equal(t, want, w.send(t, standIn).status, w.route)
		}
		for _, w := range changes {
			standIn := newWritable()
			standIn.CreatedStatus = configured
			assert.Equal(t, http.StatusOK, w.send(t, standIn).status, w.route)
		}
	}
	assert.Panics(t, func() { get(t, &openaitest.Server{CreatedStatus: 204}, "/organization/users") })
}

func TestDeleteAnswersNoContent(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.DeleteAnswersNoContent = true
	server := httptest.NewServer(standIn)
	t.Cleanup(server.Close)
	for _, path := range deletions {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, server.URL+"/v1"+path, http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+testKey)
		response, err := server.Client().Do(request)
		require.NoError(t, err)
		r := read(t, response)
		response.Body.Close()
		assert.Equal(t, http.StatusNoContent, r.status, path+r.text)
		assert.Empty(t, r.text)
		assert.NotEmpty(t, r.header.Get("X-Request-Id"))
		assert.Empty(t, r.header.Values("Content-Length"))
	}
	assert.Equal(t, http.StatusNotFound, remove(t, standIn, deletions[0]).status, "a refusal is answered as ever")
}

func TestWriteLag(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.WriteLag = 2
	id, _ := post(t, standIn, "/organization/groups", `{"name":"N"}`).body["id"].(string)
	path := "/organization/groups/" + id
	assert.Equal(t, http.StatusOK, post(t, standIn, path, `{"name":"M"}`).status, "a write sees the write before")
	assert.Equal(t, "M", standIn.Snapshot().Groups[3].Name)
	assert.Equal(t, http.StatusNotFound, get(t, standIn, path).status)
	assert.NotContains(t, ok(t, standIn, "/organization/groups").ids(), id)
	assert.Equal(t, "M", ok(t, standIn, path).body["name"], "both writes have had two reads")

	assert.Equal(t, http.StatusOK, remove(t, standIn, path).status)
	ok(t, standIn, "/organization/users")
	assert.Equal(t, http.StatusBadRequest, post(t, standIn, "/organization/groups", `{}`).status)
	assert.Equal(t, http.StatusOK, get(t, standIn, path).status, "a refusal does not bring the write forward")
	assert.Equal(t, http.StatusNotFound, get(t, standIn, path).status, "nor does it put it off")
	assert.Equal(t, http.StatusNotFound, remove(t, standIn, path).status)
}

// TestWriteLagOfSeveralWrites counts the lag of each write separately.
func TestWriteLagOfSeveralWrites(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.WriteLag = 2
	rename := func(name string) { post(t, standIn, "/organization/groups/g", `{"name":"`+name+`"}`) }
	name := func() any { return ok(t, standIn, "/organization/groups/g").body["name"] }
	rename("1")
	assert.Equal(t, "G", name())
	rename("2")
	assert.Equal(t, "G", name())
	assert.Equal(t, "1", name())
	assert.Equal(t, "2", name())
	rename("3")
	assert.Equal(t, "2", name())
	standIn.Update(func(o *openaitest.Organization) { o.Groups[1].Name = "updated" })
	assert.Equal(t, "3", name(), "an update is visible at once, with all before it")
	assert.Panics(t, func() { get(t, &openaitest.Server{WriteLag: -1}, "/organization/users") })
}

func TestFaultsOfWrites(t *testing.T) {
	t.Parallel()
	const route = "DELETE /organization/users/{user_id}"
	t.Run("before the effect", func(t *testing.T) {
		t.Parallel()
		standIn := newWritable()
		standIn.SetFault(route, openaitest.Fault{Status: 502, Times: 1})
		assert.Equal(t, http.StatusBadGateway, remove(t, standIn, "/organization/users/dee").status)
		assert.Equal(t, writable().Users, standIn.Snapshot().Users)
		assert.Equal(t, http.StatusOK, remove(t, standIn, "/organization/users/dee").status)
	})
	t.Run("after the effect", func(t *testing.T) {
		t.Parallel()
		standIn := newWritable()
		standIn.SetFault(route, openaitest.Fault{Status: 502, AfterEffect: true, Times: 1})
		assert.Equal(t, http.StatusBadGateway, remove(t, standIn, "/organization/users/dee").status)
		assert.Len(t, standIn.Snapshot().Users, 4)
		assert.Equal(t, http.StatusNotFound, remove(t, standIn, "/organization/users/dee").status)
	})
	t.Run("after the effect of a refusal", func(t *testing.T) {
		t.Parallel()
		standIn := newWritable()
		standIn.SetFault("*", openaitest.Fault{EmptyBody: true, Status: 500, AfterEffect: true})
		before := standIn.Snapshot()
		assert.Equal(t, http.StatusInternalServerError, remove(t, standIn, "/organization/users/x").status)
		assert.Equal(t, http.StatusInternalServerError, ask(t, standIn, http.MethodDelete, "/v1/organization/users/dee", "sk-proj-1").status)
		assert.Equal(t, before, standIn.Snapshot())
	})
	t.Run("in the answer", func(t *testing.T) {
		t.Parallel()
		standIn := newWritable()
		standIn.SetFault("POST /organization/groups", openaitest.Fault{Truncate: true})
		r := post(t, standIn, "/organization/groups", `{"name":"N"}`)
		assert.Equal(t, http.StatusOK, r.status)
		assert.Empty(t, r.body)
		assert.Len(t, standIn.Snapshot().Groups, 4)
	})
}

func TestRefusedBeforeTheRoute(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(*openaitest.Server)
		status  int
	}{
		"key":   {func(s *openaitest.Server) { s.Keys = map[string]openaitest.Key{} }, http.StatusUnauthorized},
		"scope": {func(s *openaitest.Server) { s.Keys = restricted("groups", "api.groups.read") }, http.StatusForbidden},
		"write": {func(s *openaitest.Server) { s.Keys = restricted("groups", "api.groups.write") }, http.StatusForbidden},
		"rate": {func(s *openaitest.Server) {
			s.RateLimit = &openaitest.RateLimit{Burst: 1, Interval: time.Hour}
			remove(t, s, "/organization/groups/x")
		}, http.StatusTooManyRequests},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := newWritable()
			test.prepare(standIn)
			before := standIn.Snapshot()
			assert.Equal(t, test.status, remove(t, standIn, "/organization/groups/g").status)
			assert.Equal(t, before, standIn.Snapshot())
		})
	}
	standIn := newWritable()
	standIn.Keys = restricted("groups", "api.groups.write")
	ok(t, standIn, "/organization/groups")
}

func restricted(family, scope string) map[string]openaitest.Key {
	return map[string]openaitest.Key{testKey: {MissingScopes: map[string]string{family: scope}}}
}

// TestRepetition creates the same objects on two servers, and again on top of the first one's.
func TestRepetition(t *testing.T) {
	t.Parallel()
	build := func(organization openaitest.Organization) openaitest.Organization {
		standIn := &openaitest.Server{Organization: organization, Now: func() time.Time { return time.Unix(writeTime, 0) }}
		for _, w := range creations {
			w.send(t, standIn)
		}
		return standIn.Snapshot()
	}
	first := build(writable())
	assert.Equal(t, first, build(writable()))

	again := build(first)
	var ids []string
	for _, g := range again.Groups {
		ids = append(ids, g.ID)
	}
	for _, p := range again.Projects {
		ids = append(ids, p.ID)
		for _, a := range p.ServiceAccounts {
			ids = append(ids, a.ID)
		}
		for _, k := range p.APIKeys {
			ids = append(ids, k.ID)
		}
	}
	for _, k := range again.AdminKeys {
		ids = append(ids, k.ID)
	}
	slices.Sort(ids)
	assert.Equal(t, slices.Compact(slices.Clone(ids)), ids)
	assert.Greater(t, len(again.Groups), len(first.Groups))
}

func TestClock(t *testing.T) {
	t.Parallel()
	before := time.Now().Unix()
	standIn := &openaitest.Server{}
	post(t, standIn, "/organization/groups", `{"name":"N"}`)
	at := standIn.Snapshot().Groups[0].CreatedAt
	assert.GreaterOrEqual(t, at, before)
	assert.LessOrEqual(t, at, time.Now().Unix())
}

// TestServersShareNothing writes to one of two servers with the same organization.
func TestServersShareNothing(t *testing.T) {
	t.Parallel()
	organization := writable()
	one, other := &openaitest.Server{Organization: organization}, &openaitest.Server{Organization: organization}
	for _, w := range slices.Concat(creations, changes) {
		w.send(t, one)
	}
	one.Update(func(o *openaitest.Organization) { o.Users[0].Name = "changed" })
	assert.Equal(t, writable(), organization)
	assert.Equal(t, writable(), other.Snapshot())
	third := &openaitest.Server{Organization: organization}
	third.Update(func(o *openaitest.Organization) { o.Users[0].Name = "changed" })
	assert.Equal(t, writable(), organization)
}

func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.WriteLag = 3
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			post(t, standIn, "/organization/groups", fmt.Sprintf(`{"name":"N%d"}`, i))
			get(t, standIn, "/organization/groups")
			standIn.Snapshot()
		})
	}
	group.Wait()
	assert.Len(t, standIn.Snapshot().Groups, 11)
}

func TestIDsAreEscapedInWrites(t *testing.T) {
	t.Parallel()
	const id = "a/b c%2F"
	standIn := &openaitest.Server{Organization: openaitest.Organization{
		Users:    []openaitest.User{{ID: id, Role: "reader"}},
		Groups:   []openaitest.Group{{ID: id}},
		Projects: []openaitest.Project{{ID: id}},
	}}
	escaped := url.PathEscape(id)
	assert.Equal(t, id, post(t, standIn, "/organization/users/"+escaped, `{"role":"owner"}`).body["id"])
	assert.Equal(t, id, post(t, standIn, "/organization/groups/"+escaped+"/users", `{"user_id":"a/b c%2F"}`).body["user_id"])
	assert.Equal(t, http.StatusOK, remove(t, standIn, "/organization/groups/"+escaped+"/users/"+escaped).status)
	assert.Equal(t, "archived", post(t, standIn, "/organization/projects/"+escaped+"/archive", "").body["status"])
}
