package openaitest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const usersRoute = "GET /organization/users"

func TestAnsweredFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault       openaitest.Fault
		status      int
		text        string
		contentType string
	}{
		"status":       {openaitest.Fault{Status: 500}, 500, `"code":"server_error"`, "application/json"},
		"refusal":      {openaitest.Fault{Status: 403}, 403, `"code":null`, "application/json"},
		"gateway":      {openaitest.Fault{Status: 502, Body: "<html>", ContentType: "text/html"}, 502, "<html>", "text/html"},
		"firewall":     {openaitest.Fault{Status: 403, Page: true}, 403, "<!DOCTYPE html>", "text/html; charset=UTF-8"},
		"login":        {openaitest.Fault{Page: true}, 200, "</html>", "text/html; charset=UTF-8"},
		"body":         {openaitest.Fault{Body: `{"error":null}`}, 200, `{"error":null}`, "application/json"},
		"empty body":   {openaitest.Fault{Status: 503, EmptyBody: true}, 503, "", "application/json"},
		"wrong shape":  {openaitest.Fault{WrongShape: true}, 200, `{"status":"ok"}`, "application/json"},
		"oversize":     {openaitest.Fault{Oversize: 5000}, 200, `"object":"list"`, "application/json"},
		"quota":        {openaitest.Fault{Status: 429, Body: `{"error":{"code":"insufficient_quota"}}`}, 429, "insufficient_quota", "application/json"},
		"text":         {openaitest.Fault{Text: true}, 404, "404 page not found", "text/plain; charset=utf-8"},
		"text, 403":    {openaitest.Fault{Status: 403, Text: true}, 403, "page not found", "text/plain; charset=utf-8"},
		"gateway JSON": {openaitest.Fault{Gateway: true}, 404, `{"message":"no Route matched with those values"}`, "application/json"},
		"known code":   {openaitest.Fault{Code: "unsupported_country_region_territory"}, 403, `"code":"unsupported_country_region_territory"`, "application/json"},
		"other code":   {openaitest.Fault{Code: "odd", Status: 409}, 409, `"code":"odd"`, "application/json"},
		"content type": {openaitest.Fault{ContentType: "text/plain"}, 200, `"object":"list"`, "text/plain"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.fault.Header = http.Header{"Retry-After": {"7"}}
			standIn := &openaitest.Server{Faults: map[string]openaitest.Fault{usersRoute: test.fault}}
			r := get(t, standIn, "/organization/users")
			assert.Equal(t, test.status, r.status)
			assert.Contains(t, r.text, test.text)
			assert.Equal(t, test.contentType, r.header.Get("Content-Type"))
			assert.Equal(t, "7", r.header.Get("Retry-After"))
			assert.NotEmpty(t, r.header.Get("X-Request-Id"))
			if test.fault.EmptyBody {
				assert.Empty(t, r.text)
			}
			if test.fault.Oversize > 0 {
				assert.Len(t, r.text, test.fault.Oversize)
				assert.True(t, json.Valid([]byte(r.text)))
			}
			assert.Equal(t, test.status, standIn.Requests()[0].Status, "the log has what was answered")
		})
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Faults: map[string]openaitest.Fault{usersRoute: {Redirect: "https://elsewhere.example.com/"}}}
	r := get(t, standIn, "/organization/users")
	assert.Equal(t, http.StatusFound, r.status)
	assert.Equal(t, "https://elsewhere.example.com/", r.header.Get("Location"))
}

// send calls a real server, for faults of the connection.
func send(ctx context.Context, t *testing.T, server *httptest.Server, path string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/v1"+path, http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+testKey)
	return server.Client().Do(request)
}

func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T, f openaitest.Fault) *httptest.Server {
		t.Helper()
		server := httptest.NewServer(&openaitest.Server{Faults: map[string]openaitest.Fault{usersRoute: f}})
		t.Cleanup(server.Close)
		return server
	}
	t.Run("truncate", func(t *testing.T) {
		t.Parallel()
		response, err := send(t.Context(), t, start(t, openaitest.Fault{Truncate: true}), "/organization/users")
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err, "the connection ends properly")
		assert.Equal(t, http.StatusOK, response.StatusCode)
		assert.NotEmpty(t, body)
		assert.False(t, json.Valid(body))
	})
	t.Run("reset", func(t *testing.T) {
		t.Parallel()
		response, err := send(t.Context(), t, start(t, openaitest.Fault{Reset: true}), "/organization/users")
		if err != nil {
			return // the reset may come before the beginning of the answer
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.Error(t, err)
		assert.False(t, json.Valid(body))
	})
	t.Run("stall until the client goes away", func(t *testing.T) {
		t.Parallel()
		server := start(t, openaitest.Fault{Stall: true})
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		response, err := send(ctx, t, server, "/organization/users")
		require.NoError(t, err)
		defer response.Body.Close()
		_, err = io.ReadFull(response.Body, make([]byte, 8))
		require.NoError(t, err, "the body begins")
		cancel(gone)
		_, err = io.ReadAll(response.Body)
		assert.ErrorIs(t, err, gone)
	})
	t.Run("stall until the server closes", func(t *testing.T) {
		t.Parallel()
		server := start(t, openaitest.Fault{Stall: true})
		standIn, isStandIn := server.Config.Handler.(*openaitest.Server)
		require.True(t, isStandIn)
		standIn.OnRequest = func(openaitest.Request) { go server.CloseClientConnections() }
		response, err := send(t.Context(), t, server, "/organization/users")
		if err == nil {
			_, err = io.ReadAll(response.Body)
			response.Body.Close()
		}
		assert.Error(t, err)
	})
}

func TestCursorFaults(t *testing.T) {
	t.Parallel()
	organization := fullLists(7)
	lists := map[string]string{
		"/organization/users":                  "last_id",
		"/organization/projects/p0/api_keys":   "last_id",
		"/organization/groups":                 "next",
		"/organization/projects/p0/groups":     "next",
		"/projects/p0/users/u0/roles":          "next",
		"/organization/users/u1/roles":         "next", // one row: no second page
		"/organization/groups/g1/users":        "next", // no row
		"/organization/projects/p0/users":      "last_id",
		"/organization/groups/g0/users":        "next",
		"/organization/admin_api_keys":         "last_id",
		"/organization/projects?limit=100":     "last_id",
		"/organization/invites?limit=3":        "last_id",
		"/organization/groups/g0/roles":        "next",
		"/projects/p0/groups/g1/roles?limit=5": "next",
	}
	for path, field := range lists {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			// follow uses the cursor that was returned.
			follow := func(fault openaitest.CursorFault) ([]any, [][]string) {
				standIn := &openaitest.Server{Organization: organization, Faults: map[string]openaitest.Fault{"*": {Cursor: fault}}}
				u, err := url.Parse(path)
				require.NoError(t, err)
				query := u.Query()
				const pages = 4
				cursors, rows := make([]any, 0, pages), make([][]string, 0, pages)
				for range pages {
					page := ok(t, standIn, u.Path+"?"+query.Encode())
					assert.Equal(t, true, page.body["has_more"])
					cursors, rows = append(cursors, page.body[field]), append(rows, page.ids())
					if after, isText := page.body[field].(string); isText {
						query.Set("after", after)
					}
				}
				return cursors, rows
			}

			cursors, _ := follow(openaitest.CursorEmpty)
			assert.Equal(t, []any{nil, nil, nil, nil}, cursors)

			cursors, rows := follow(openaitest.CursorRepeated)
			assert.NotEmpty(t, cursors[0])
			for i := range 3 {
				assert.Equal(t, cursors[i], cursors[i+1])
				assert.Equal(t, rows[i], rows[i+1])
			}

			cursors, rows = follow(openaitest.CursorCircular)
			assert.NotEqual(t, cursors[0], cursors[1])
			for i := range 2 {
				assert.Equal(t, cursors[i], cursors[i+2])
				assert.Equal(t, rows[i], rows[i+2])
			}
		})
	}
}

func TestConcealLastID(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{
		Organization: fullLists(7),
		Faults:       map[string]openaitest.Fault{usersRoute: {ConcealLastID: true}},
	}
	page := ok(t, standIn, "/organization/users?limit=2")
	assert.Nil(t, page.body["last_id"])
	assert.Equal(t, true, page.body["has_more"])
	assert.Equal(t, []string{"u2", "u3"}, ok(t, standIn, "/organization/users?limit=2&after=u1").ids(), "the last row's id leads on")
}

// A request after a deleted row is refused; one from the beginning of the list is not.
func TestCursorThatIsGone(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 404} {
		standIn := &openaitest.Server{
			Organization: fullLists(4),
			Faults:       map[string]openaitest.Fault{usersRoute: {Cursor: openaitest.CursorGone, Status: status}},
		}
		page := ok(t, standIn, "/organization/users?limit=2")
		assert.Equal(t, true, page.body["has_more"])
		refused := get(t, standIn, "/organization/users?limit=2&after=u1")
		assert.Equal(t, cmp.Or(status, http.StatusBadRequest), refused.status)
		assert.Contains(t, refused.text, `"param":"after"`)
	}
}

func TestWhichRequestsAFaultAffects(t *testing.T) {
	t.Parallel()
	const projectUsers = "GET /organization/projects/{project_id}/users"
	broken := openaitest.Fault{Status: 500}
	tests := map[string]struct {
		faults map[string]openaitest.Fault
		want   []int
	}{
		"the route":        {map[string]openaitest.Fault{projectUsers: broken}, []int{500, 500, 200, 500}},
		"every route":      {map[string]openaitest.Fault{"*": broken}, []int{500, 500, 500, 500}},
		"the first":        {map[string]openaitest.Fault{projectUsers: {Status: 500, Times: 1}}, []int{500, 200, 200, 200}},
		"after the first":  {map[string]openaitest.Fault{projectUsers: {Status: 500, After: 1, Times: 1}}, []int{200, 500, 200, 200}},
		"one project":      {map[string]openaitest.Fault{projectUsers: {Status: 500, PathContains: "/p1/"}}, []int{200, 500, 200, 200}},
		"one path of many": {map[string]openaitest.Fault{"*": {Status: 500, PathContains: "/p0/", After: 1}}, []int{200, 200, 200, 500}},
		"route before any": {map[string]openaitest.Fault{"*": broken, projectUsers: {Status: 502, Times: 1}}, []int{502, 500, 500, 500}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: fullLists(2), Faults: test.faults}
			for i, path := range []string{
				"/organization/projects/p0/users", "/organization/projects/p1/users", "/organization/users", "/organization/projects/p0/users",
			} {
				assert.Equal(t, test.want[i], get(t, standIn, path).status, "request %d", i)
			}
		})
	}
}

func TestSetFault(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{}
	standIn.SetFault(usersRoute, openaitest.Fault{Status: 500, Times: 1})
	assert.Equal(t, http.StatusInternalServerError, get(t, standIn, "/organization/users").status)
	assert.Equal(t, http.StatusOK, get(t, standIn, "/organization/users").status)
	standIn.SetFault(usersRoute, openaitest.Fault{Status: 503, Times: 1})
	assert.Equal(t, http.StatusServiceUnavailable, get(t, standIn, "/organization/users").status, "the counting begins anew")
}

func TestMisspeltFaultsPanic(t *testing.T) {
	t.Parallel()
	for _, template := range []string{"", "GET /organization/user", "/organization/users", "POST /organization/users", "GET /v1/organization/users"} {
		assert.Panics(t, func() { new(openaitest.Server).SetFault(template, openaitest.Fault{}) }, template)
		configured := &openaitest.Server{Faults: map[string]openaitest.Fault{template: {}}}
		for range 2 {
			assert.Panics(t, func() { get(t, configured, "/organization/users") }, template)
		}
	}
	badCursor := &openaitest.Server{Faults: map[string]openaitest.Fault{"*": {Cursor: "spiral"}}}
	assert.Panics(t, func() { get(t, badCursor, "/organization/users") })
}
