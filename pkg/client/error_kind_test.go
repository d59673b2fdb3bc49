package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// Proxies and gateways answer in the API's place, in many forms. Only an answer in the API's own envelope counts. After
// any other one nothing is gone, nothing is denied, the key is not rejected, and the call is repeated.
func TestOnlyTheAPIsEnvelopeCounts(t *testing.T) {
	t.Parallel()
	bodies := map[string]struct {
		body string
		own  bool
	}{
		"text":                    {"404 page not found", false},
		"nothing":                 {"", false},
		"page":                    {"\n<!DOCTYPE html><title>Attention Required! | Cloudflare</title>", false},
		"gateway":                 {`{"message":"no Route matched with those values"}`, false},
		"gateway with a code":     {`{"code":5,"message":"Not Found","details":[]}`, false},
		"gateway with a word":     {`{"code":"NotFound","message":"Not Found"}`, false},
		"cluster":                 {`{"kind":"Status","status":"Failure","message":"not found","code":404}`, false},
		"web framework":           {`{"timestamp":"2026-01-01","status":404,"error":"Not Found","path":"/v1"}`, false},
		"other web framework":     {`{"detail":"Not Found"}`, false},
		"error null":              {`{"error":null}`, false},
		"error empty":             {`{"error":{}}`, false},
		"error a list":            {`{"error":["Not found"]}`, false},
		"list":                    {`[{"error":"Not found"}]`, false},
		"cut off":                 {`{"error":{"message":"No`, false},
		"cloud":                   {`{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}`, false},
		"cloud, number as text":   {`{"error":{"code":"404","message":"Resource not found"}}`, false},
		"proxy for models":        {`{"error":{"message":"Not Found","type":"None","param":"None","code":"404"}}`, false},
		"server with a status":    {`{"error":{"message":"Not Found","status":404}}`, false},
		"status as a word":        {`{"error":"%s"}`, false},
		"object":                  {`{"error":{"message":"No such thing.","type":"invalid_request_error","param":null,"code":null}}`, true},
		"object with more":        {`{"error":{"message":"No such thing."},"request_id":"req_1"}`, true},
		"sentence":                {`{"error":"No such thing."}`, true},
		"as older answers say it": {`{"code":%d,"message":"No such thing."}`, true},
	}
	statuses := map[int]client.Kind{
		400: client.KindRefused, 401: client.KindUnauthenticated, 403: client.KindDeniedWithoutReason, 404: client.KindGone, 405: client.KindRefused,
		407: client.KindNoAnswer, 408: client.KindNoAnswer, 409: client.KindConflict, 429: client.KindLimited, 500: client.KindNoAnswer, 503: client.KindNoAnswer,
	}
	for name, tt := range bodies {
		for statusCode, own := range statuses {
			t.Run(fmt.Sprintf("%d %s", statusCode, name), func(t *testing.T) {
				t.Parallel()
				body := strings.NewReplacer("%d", strconv.Itoa(statusCode), "%s", strings.ToLower(http.StatusText(statusCode))).Replace(tt.body)
				failure := refusal(t, refuse(statusCode, body))
				want := own
				isOwn := tt.own && (!strings.Contains(tt.body, "%d") || statusCode == http.StatusBadRequest) // they were seen with 400 only
				if !isOwn && own != client.KindLimited {
					want = client.KindNoAnswer
					requireCode(t, codes.Aborted, failure)
				}
				assert.Equal(t, want, failure.Kind)
			})
		}
	}
}

// A 404 whose code names another object than the one that the call is about says nothing about the object.
func TestNotFoundOfAnotherObject(t *testing.T) {
	t.Parallel()
	calls := map[string]struct {
		call func(context.Context, *client.Client) error
		own  []string
	}{
		"user": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetUser(ctx, "x"); return err },
			[]string{"user", "users", "User", "member", "organization_user"},
		},
		"user, deleted": {
			func(ctx context.Context, c *client.Client) error { return c.DeleteUser(ctx, "x") },
			[]string{"user", "member"},
		},
		"invite": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetInvite(ctx, "x"); return err },
			[]string{"invite", "invitation", "invites"},
		},
		"invite, sent": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.CreateInvite(ctx, "a@example.com", "reader", nil)
				return err
			},
			[]string{
				"project", "user", "member", "project_user", "group", "project_group", "role", "role_assignment", "invite", "invitation", "service_account", "api_key",
				"admin_api_key", "rate_limit", "spend_limit", "model_permissions",
			},
		},
		"group": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetGroup(ctx, "x"); return err },
			[]string{"group"},
		},
		"group member": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetGroupUser(ctx, "g", "x"); return err },
			[]string{"user", "member", "group_user"},
		},
		"group members": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.ListGroupUsers(ctx, "x", client.Cursor{})
				return err
			},
			[]string{"group"},
		},
		"project": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetProject(ctx, "x"); return err },
			[]string{"project"},
		},
		"project users": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.ListProjectUsers(ctx, "x", client.Cursor{})
				return err
			},
			[]string{"project"},
		},
		"project user": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetProjectUser(ctx, "p", "x")
				return err
			},
			[]string{"user", "member", "project_user"},
		},
		"project group": {
			func(ctx context.Context, c *client.Client) error { return c.RemoveProjectGroup(ctx, "p", "x") },
			[]string{"group", "project_group"},
		},
		"service account": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetProjectServiceAccount(ctx, "p", "x")
				return err
			},
			[]string{"service_account", "service_accounts"},
		},
		"project key": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetProjectAPIKey(ctx, "p", "x")
				return err
			},
			[]string{"api_key", "key", "project_api_key"},
		},
		"admin key": {
			func(ctx context.Context, c *client.Client) error { _, err := c.GetAdminAPIKey(ctx, "x"); return err },
			[]string{"api_key", "admin_api_key"},
		},
		"role": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetRole(ctx, client.ProjectScope("p"), "x")
				return err
			},
			[]string{"role", "role_assignment", "project_role"},
		},
		"assigned roles": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.ListAssignedRoles(ctx, client.ProjectPrincipal("p", client.PrincipalUser, "x"), client.Cursor{})
				return err
			},
			[]string{"user", "member", "project_user"},
		},
		"assigned role": {
			func(ctx context.Context, c *client.Client) error {
				return c.UnassignRole(ctx, client.OrganizationPrincipal(client.PrincipalGroup, "g"), "x")
			},
			[]string{"role", "role_assignment"},
		},
		"spend limit": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.GetSpendLimit(ctx, client.ProjectSpender("p"))
				return err
			},
			[]string{"spend_limit"},
		},
		"model permissions": {
			func(ctx context.Context, c *client.Client) error { return c.DeleteProjectModelPermissions(ctx, "p") },
			[]string{"model_permissions"},
		},
	}
	// No code, and codes that name no object of the API, leave a 404 what it is.
	always := []string{"", "not_found", "resource_not_found", "something_not_found", "invalid_value"}
	nouns := []string{
		"organization", "organizations", "project", "user", "member", "project_user", "group", "project_group", "role", "role_assignment", "invite", "invitation",
		"service_account", "api_key", "admin_api_key", "rate_limit", "spend_limit", "model_permissions",
	}
	for name, tt := range calls {
		kinds := map[string]client.Kind{}
		for _, noun := range nouns {
			kinds[noun+"_not_found"] = client.KindNoSuchList
		}
		for _, noun := range tt.own {
			kinds[noun+"_not_found"] = client.KindGone
		}
		for _, code := range always {
			kinds[code] = client.KindGone
		}
		for code, want := range kinds {
			for _, field := range []string{"code", "type"} {
				t.Run(name+", "+field+" "+code, func(t *testing.T) {
					t.Parallel()
					body := fmt.Sprintf(`{"error":{"message":"No such thing.",%q:%q}}`, field, code)
					err := tt.call(t.Context(), newClient(t, start(t, refuse(http.StatusNotFound, body))))
					assert.Equal(t, want, client.KindOf(err), err)
				})
			}
		}
	}
}

// Only a refusal that may be about the cursor is one of the cursor.
func TestCursorThatIsNotGone(t *testing.T) {
	t.Parallel()
	second := client.Cursor{After: "user-1", Mark: "user-1", Power: 1}
	last := client.Cursor{After: "user-1", Mark: "user-1", Power: 1, Again: 2} // the list does not begin again
	tests := map[string]struct {
		cursor client.Cursor
		fault  openaitest.Fault
		want   client.Kind
	}{
		"first page, 400":         {client.Cursor{}, openaitest.Fault{Status: 400, Body: `{"error":{"message":"No.","param":"after"}}`}, client.KindRefused},
		"first page, 404":         {client.Cursor{}, openaitest.Fault{Status: 404}, client.KindGone},
		"another parameter":       {second, openaitest.Fault{Status: 400, Body: `{"error":{"message":"No.","param":"limit"}}`}, client.KindRefused},
		"archived project":        {second, openaitest.Fault{Code: "project_archived"}, client.KindProjectArchived},
		"refusal with a reason":   {second, openaitest.Fault{Code: "ip_not_authorized", Status: 404}, client.KindDenied},
		"unknown address":         {second, openaitest.Fault{Status: 404, Body: `{"error":{"message":"Invalid URL (GET /v1)"}}`}, client.KindMisdirected},
		"404 of something else":   {second, openaitest.Fault{Gateway: true}, client.KindNoAnswer},
		"no parameter named, 400": {last, openaitest.Fault{Status: 400}, client.KindCursorGone},
		"no parameter named, 404": {last, openaitest.Fault{Status: 404}, client.KindCursorGone},
		// The beginning of the list is then read, and decides.
		"400 of everything": {second, openaitest.Fault{Status: 400}, client.KindRefused},
		"404 of everything": {second, openaitest.Fault{Status: 404}, client.KindGone},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Faults: map[string]openaitest.Fault{"*": tt.fault}}
			_, err := newClient(t, start(t, standIn)).ListGroupUsers(t.Context(), "group_1", tt.cursor)
			assert.Equal(t, tt.want, client.KindOf(err), err)
		})
	}
}

// No call waits longer than RetryFor: the call fails at once, and other calls of the route go on.
func TestWaitThatIsTooLong(t *testing.T) {
	t.Parallel()
	standIn := faulty(openaitest.Fault{
		Status: 429, Body: `{"error":{"message":"Come back tomorrow.","code":"rate_limit_exceeded"}}`, Header: http.Header{"Retry-After": {"86400"}}, Times: 1,
	})
	c := newRetryingClient(t, standIn)
	_, err := c.ListGroups(t.Context(), client.Cursor{})
	requireCode(t, codes.ResourceExhausted, err)
	require.ErrorContains(t, err, "Come back tomorrow.")
	require.Equal(t, 1, strings.Count(err.Error(), "OpenAI asks to wait 24h0m0s, which is longer than this connector waits"), err)
	_, err = c.ListGroups(t.Context(), client.Cursor{})
	require.NoError(t, err, "another call of the route")
	require.Len(t, standIn.Requests(), 2)
}

// The wait in the API's message is used, in each of its forms.
func TestWaitInAMessage(t *testing.T) {
	t.Parallel()
	for text, least := range map[string]time.Duration{
		"in 250ms": 250 * time.Millisecond, "in 0.3s": 300 * time.Millisecond, "after 0.2 seconds": 200 * time.Millisecond, "in 0m0.25s": 250 * time.Millisecond,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			body := fmt.Sprintf(`{"error":{"message":"Rate limit reached. Please try again %s.","code":"rate_limit_exceeded"}}`, text)
			standIn := faulty(openaitest.Fault{Status: 429, Body: body, Times: 1})
			began := time.Now()
			_, err := newRetryingClient(t, standIn).ListGroups(t.Context(), client.Cursor{})
			require.NoError(t, err)
			require.GreaterOrEqual(t, time.Since(began), least)
			require.Less(t, time.Since(began), least+time.Second-50*time.Millisecond, "the wait of an answer that names none")
		})
	}
}

// An error has the ids, quoted and unambiguous, and never a key.
func TestErrorNamesTheIDs(t *testing.T) {
	t.Parallel()
	list := func(projectID, userID string) error {
		c := newClient(t, start(t, refuse(http.StatusNotFound, `{"error":"No."}`)))
		_, err := c.ListAssignedRoles(t.Context(), client.ProjectPrincipal(projectID, client.PrincipalUser, userID), client.Cursor{})
		return err
	}
	err := list("proj_1", "user-1")
	require.ErrorContains(t, err, `GET /projects/{project_id}/users/{user_id}/roles: 404 Not Found: No. (project_id "proj_1", user_id "user-1", request `)
	err = list("a\"b\n\x1bc", strings.Repeat("x", 5000))
	require.ErrorContains(t, err, `project_id "a\"b \x1bc"`)
	require.Less(t, len(err.Error()), 500)
	err = list(adminKey, "see sk-proj-Tw5Ea9Nf3RiB7Oy2xKm8")
	require.NotContains(t, err.Error(), adminKey)
	require.NotContains(t, err.Error(), "Tw5Ea9Nf3RiB7Oy2xKm8")

	c := newClient(t, start(t, answer(http.StatusOK, `{"status":"ok"}`)))
	_, err = c.ListGroupUsers(t.Context(), "group_1", client.Cursor{})
	require.ErrorContains(t, err, `(group_id "group_1"`)
	_, err = c.GetGroup(t.Context(), "group_1")
	require.ErrorContains(t, err, `(group_id "group_1"`)
}

// An urgent read is repeated for a short time, and then reports its error.
func TestUrgentRead(t *testing.T) {
	t.Parallel()
	ctx := client.Urgent(t.Context())
	passing := faulty(openaitest.Fault{Status: http.StatusBadGateway, Times: 2})
	_, err := newRetryingClient(t, passing).ListGroups(ctx, client.Cursor{})
	require.NoError(t, err)
	require.Len(t, passing.Requests(), 3)

	lasting := faulty(openaitest.Fault{Text: true})
	began := time.Now()
	_, err = newRetryingClient(t, lasting).ListGroups(ctx, client.Cursor{})
	requireCode(t, codes.Unavailable, err)
	require.ErrorContains(t, err, "404 page not found (request ")
	require.ErrorContains(t, err, "asked again for ")
	require.Less(t, time.Since(began), 10*time.Second)
	require.Greater(t, len(lasting.Requests()), 2)
	require.Less(t, len(lasting.Requests()), 12)

	// A caller with a deadline before the next attempt gets the error at once.
	short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	late := faulty(openaitest.Fault{Status: http.StatusBadGateway, Header: http.Header{"Retry-After": {"60"}}})
	_, err = newRetryingClient(t, late).ListGroups(short, client.Cursor{})
	requireCode(t, codes.Unavailable, err)
	require.ErrorContains(t, err, "502")
	require.Len(t, late.Requests(), 1)
}

// The error of a limit has OpenAI's words.
func TestLimitIsReportedInOpenAIsWords(t *testing.T) {
	t.Parallel()
	body := `{"error":{"message":"Limit of the organization: 3 a minute.","code":"rate_limit_exceeded"}}`
	_, err := newClient(t, start(t, refuse(429, body))).ListGroups(t.Context(), client.Cursor{})
	requireCode(t, codes.ResourceExhausted, err)
	require.ErrorContains(t, err, "Limit of the organization: 3 a minute.")
	require.ErrorContains(t, err, "refused for 1s in all, which is longer than this connector waits")
}
