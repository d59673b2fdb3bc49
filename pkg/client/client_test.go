package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
)

const adminKey = "sk-admin-0Kd3vWm5Tq7Zb1Xy9LcR_2fGhJ-8nPsUeQa4"

// start serves the handler on a loopback address until the test is over.
func start(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// newClient returns a client of the API below /v1 of a server.
func newClient(t *testing.T, server string) *client.Client {
	t.Helper()
	return newClientOf(t, server+"/v1")
}

func newClientOf(t *testing.T, baseURL string) *client.Client {
	t.Helper()
	return newClientIn(t.Context(), t, baseURL)
}

func newClientIn(ctx context.Context, t *testing.T, baseURL string) *client.Client {
	t.Helper()
	c, err := client.New(ctx, mustParse(t, baseURL), adminKey, "baton-openai/test")
	require.NoError(t, err)
	c.RetryFor = 0
	return c
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

// answer gives every request the same answer.
func answer(statusCode int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(statusCode)
		_, _ = w.Write([]byte(body))
	}
}

// recorder keeps the requests to a handler.
type recorder struct {
	http.Handler

	mu   sync.Mutex
	seen []*http.Request
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	r.seen = append(r.seen, request.Clone(context.WithoutCancel(request.Context())))
	r.mu.Unlock()
	r.Handler.ServeHTTP(w, request)
}

func (r *recorder) requests() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// failureOf returns the *client.Error that every error of the package has.
func failureOf(t *testing.T, err error) *client.Error {
	t.Helper()
	var failure *client.Error
	require.ErrorAs(t, err, &failure)
	return failure
}

func requireCode(t *testing.T, want codes.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want.String(), status.Code(err).String(), "of %v", err)
}

func TestRequestCarriesTheKeyAndIsNeverCached(t *testing.T) {
	t.Parallel()
	seen := &recorder{Handler: answer(http.StatusOK, `{"data":[],"has_more":false}`)}
	c := newClient(t, start(t, seen))

	for range 2 {
		_, err := c.ListUsers(t.Context(), client.Cursor{})
		require.NoError(t, err)
	}

	require.Len(t, seen.requests(), 2)
	for _, request := range seen.requests() {
		assert.Equal(t, http.MethodGet, request.Method)
		assert.Equal(t, "Bearer "+adminKey, request.Header.Get("Authorization"))
		assert.Equal(t, "no-cache", request.Header.Get("Cache-Control"))
		assert.Equal(t, "application/json", request.Header.Get("Accept"))
		assert.True(t, strings.HasPrefix(request.UserAgent(), "baton-openai/test "), request.UserAgent())
		assert.Equal(t, "limit=100", request.URL.RawQuery)
	}
}

func TestIDsThatDifferInCaseHaveAnswersOfTheirOwn(t *testing.T) {
	t.Parallel()
	c := newClient(t, start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, id, _ := strings.Cut(r.URL.Path, "/projects/")
		answer(http.StatusOK, `{"id":"`+id+`"}`)(w, r)
	})))

	for _, id := range []string{"proj_Ab", "proj_aB", "proj_ab", "proj_Ab"} {
		project, err := c.GetProject(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, id, project.ID)
	}
}

func TestIDsArriveAsTheyWereSent(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"plain":          "user-9fQ2",
		"slash":          "a/b",
		"leading slash":  "/a",
		"climbing":       "../../users",
		"dots":           "...",
		"dot inside":     "role.v1",
		"space":          "a b",
		"percent":        "100%",
		"escaped slash":  "a%2Fb",
		"escaped dots":   "%2e%2e",
		"question mark":  "a?limit=1",
		"hash":           "a#b",
		"plus":           "a+b",
		"semicolon":      "a;b",
		"colon":          "a:b",
		"backslash":      `..\a`,
		"newline":        "a\r\nHost: b",
		"zero":           "a\x00b",
		"accents":        "Zoë",
		"other script":   "組織",
		"emoji":          "🗝",
		"not UTF-8":      "a\xffb",
		"1,024 bytes":    strings.Repeat("x", 1024),
		"braces":         "{project_id}",
		"predefined":     "role-api-project-member__api-project__proj_1",
		"quotes":         `"'`,
		"only a space":   " ",
		"trailing slash": "a/",
	}
	for name, id := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := &recorder{Handler: answer(http.StatusOK, `{"data":[],"has_more":false}`)}
			c := newClient(t, start(t, seen))

			_, err := c.ListAssignedRoles(t.Context(), client.ProjectPrincipal(id, client.PrincipalUser, id), client.Cursor{})
			require.NoError(t, err)

			require.Len(t, seen.requests(), 1)
			request := seen.requests()[0]
			segments := strings.Split(request.URL.EscapedPath(), "/")
			for i := range segments {
				segments[i], err = url.PathUnescape(segments[i])
				require.NoError(t, err)
			}
			assert.Equal(t, []string{"", "v1", "projects", id, "users", id, "roles"}, segments)
			assert.Equal(t, "limit=1000", request.URL.RawQuery)
		})
	}
}

func TestIDsThatWouldNameAnotherRouteAreRefused(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *client.Client, string) error{
		"project": func(ctx context.Context, c *client.Client, id string) error {
			_, err := c.GetProject(ctx, id)
			return err
		},
		"first of two ids": func(ctx context.Context, c *client.Client, id string) error {
			_, err := c.ListAssignedRoles(ctx, client.ProjectPrincipal(id, client.PrincipalGroup, "group_1"), client.Cursor{})
			return err
		},
		"second of two ids": func(ctx context.Context, c *client.Client, id string) error {
			_, err := c.ListAssignedRoles(ctx, client.ProjectPrincipal("proj_1", client.PrincipalUser, id), client.Cursor{})
			return err
		},
	}
	for _, l := range listings("", "", "") {
		if l.needsID {
			calls[l.name] = func(ctx context.Context, c *client.Client, id string) error {
				_, _, err := l.withIDs(id, id, id).page(ctx, c, client.Cursor{})
				return err
			}
		}
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := &recorder{Handler: answer(http.StatusOK, `{"data":[],"has_more":false}`)}
			c := newClient(t, start(t, seen))
			for _, id := range []string{"", ".", ".."} {
				err := call(t.Context(), c, id)
				requireCode(t, codes.InvalidArgument, err)
				assert.Zero(t, failureOf(t, err).StatusCode)
				assert.NotEmpty(t, failureOf(t, err).Route)
			}
			assert.Empty(t, seen.requests())
		})
	}
}

func TestBaseURLKeepsItsPath(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":             "/organization/projects/p",
		"/":            "/organization/projects/p",
		"/v1":          "/v1/organization/projects/p",
		"/v1/":         "/v1/organization/projects/p",
		"/v1//":        "/v1/organization/projects/p",
		"/proxy/v1":    "/proxy/v1/organization/projects/p",
		"/a%2Fb%20/v1": "/a%2Fb%20/v1/organization/projects/p",
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			seen := &recorder{Handler: answer(http.StatusOK, `{"id":"p"}`)}
			_, err := newClientOf(t, start(t, seen)+path).GetProject(t.Context(), "p")
			require.NoError(t, err)
			require.Len(t, seen.requests(), 1)
			assert.Equal(t, want, seen.requests()[0].URL.EscapedPath())
		})
	}
}

func TestClientIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	c := newClient(t, start(t, answer(http.StatusOK, `{"data":[{"id":"user-1"}],"has_more":false}`)))
	failures := make([]error, 16)
	var group sync.WaitGroup
	for i := range failures {
		group.Go(func() { _, failures[i] = c.ListUsers(t.Context(), client.Cursor{}) })
	}
	group.Wait()
	require.NoError(t, errors.Join(failures...))
}
