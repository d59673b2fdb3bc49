package client_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const requestID = "req_0123456789abcdef"

// refuse answers with an error, as the API does; headers are pairs.
func refuse(statusCode int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", requestID)
		for i := 0; i < len(headers); i += 2 {
			w.Header()[headers[i]] = []string{headers[i+1]}
		}
		w.WriteHeader(statusCode)
		_, _ = w.Write([]byte(body))
	}
}

// refusal returns the error of a list with the handler's answer.
func refusal(t *testing.T, handler http.Handler) *client.Error {
	t.Helper()
	_, err := newClient(t, start(t, handler)).ListGroupUsers(t.Context(), "group_1", client.Cursor{})
	return failureOf(t, err)
}

func TestErrorKeepsWhatTheAPISays(t *testing.T) {
	t.Parallel()
	statuses := map[int]codes.Code{
		http.StatusBadRequest:          codes.InvalidArgument,
		http.StatusUnauthorized:        codes.Unauthenticated,
		http.StatusForbidden:           codes.PermissionDenied,
		http.StatusNotFound:            codes.NotFound,
		http.StatusRequestTimeout:      codes.Aborted,
		http.StatusMethodNotAllowed:    codes.InvalidArgument,
		http.StatusConflict:            codes.Aborted,
		http.StatusTooManyRequests:     codes.ResourceExhausted,
		http.StatusInternalServerError: codes.Aborted,
		http.StatusNotImplemented:      codes.Aborted,
		http.StatusBadGateway:          codes.Aborted,
		http.StatusServiceUnavailable:  codes.Aborted,
		http.StatusGatewayTimeout:      codes.Aborted,
	}
	const sentence = "Something is wrong."
	bodies := []struct{ name, body, kind, code, message string }{ // the first ones are the API's own
		{"object", `{"error":{"message":"Something is wrong.","type":"invalid_request_error","param":null,"code":"a_code"}}`, "invalid_request_error", "a_code", sentence},
		{"object without code", `{"error":{"message":"Something is wrong.","type":"server_error","code":null}}`, "server_error", "", sentence},
		{"sentence", `{"error":"Something is wrong."}`, "", "", sentence},
		{"message null", `{"error":{"message":null,"type":"a_type","code":"a_code"}}`, "a_type", "a_code", `{"error":{"message":null,"type":"a_type","code":"a_code"}}`},
		{"not UTF-8 in JSON", "{\"error\":\"Something\xff is wrong.\"}", "", "", "Something\ufffd is wrong."},
		{"flat with a number", `{"code":400,"message":"Something is wrong."}`, "", "", sentence},
		{"object with a number", `{"error":{"message":"Something is wrong.","code":400}}`, "", "", sentence},
		{"flat", `{"code":"a_code","message":"Something is wrong."}`, "", "a_code", sentence},
		{"error null", `{"error":null}`, "", "", `{"error":null}`},
		{"error empty", `{"error":{}}`, "", "", `{"error":{}}`},
		{"HTML", "<html>\n<head><title>Bad gateway</title>\r\n</html>\n", "", "", "<html> <head><title>Bad gateway</title> </html>"},
		{"nothing", ``, "", "", ""},
		{"cut off", `{"error":{"message":"Something is`, "", "", `the answer is not complete JSON: {"error":{"message":"Something is`},
		{"another shape", `["Something is wrong."]`, "", "", `["Something is wrong."]`},
		{"null", `null`, "", "", `null`},
		{"not UTF-8", "Something\xff is \xfe\xfewrong.", "", "", "Something\ufffd is \ufffdwrong."},
	}
	own := slices.IndexFunc(bodies, func(b struct{ name, body, kind, code, message string }) bool { return b.name == "flat with a number" })
	for statusCode, grpcCode := range statuses {
		for i, tt := range bodies {
			t.Run(fmt.Sprintf("%d/%s", statusCode, tt.name), func(t *testing.T) {
				t.Parallel()
				failure := refusal(t, refuse(statusCode, tt.body))

				assert.Equal(t, "GET /organization/groups/{group_id}/users", failure.Method+" "+failure.Route)
				assert.Equal(t, statusCode, failure.StatusCode)
				assert.Equal(t, tt.kind, failure.Type)
				assert.Equal(t, tt.code, failure.Code)
				assert.Equal(t, tt.message, failure.Message)
				assert.Equal(t, requestID, failure.RequestID)

				text := failure.Error()
				for _, part := range []string{"GET /organization/groups/{group_id}/users", fmt.Sprint(statusCode), tt.message, tt.code, requestID} {
					assert.Contains(t, text, part)
				}
				assert.True(t, utf8.ValidString(text))

				want := grpcCode
				isOwn := i < own || i == own && statusCode == http.StatusBadRequest
				if !isOwn && statusCode != http.StatusTooManyRequests {
					want = codes.Aborted // the code after repetitions, which this client does not make
				}
				for _, err := range []error{failure, fmt.Errorf("listing the groups: %w", failure)} {
					st, ok := status.FromError(err)
					assert.True(t, ok)
					assert.Equal(t, want.String(), st.Code().String())
					assert.Equal(t, err.Error(), st.Message())
				}
			})
		}
	}
}

// An unknown address is not an object that is gone.
func TestUnknownAddress(t *testing.T) {
	t.Parallel()
	for body, isUnknown := range map[string]bool{
		`{"error":{"message":"Invalid URL (GET /organization/groups)","type":"invalid_request_error","param":null,"code":null}}`:      true,
		`{"error":{"message":"Unknown request URL: GET /organization/groups. Please check the URL for typos.","code":"unknown_url"}}`: true,
		`{"error":{"message":"Unknown request URL: GET /organization/groups."}}`:                                                      true,
		`{"error":{"message":"The group group_1 was not found","code":"group_not_found"}}`:                                            false,
		`{"error":{"message":"Not found: Invalid URL"}}`:                                                                              false,
	} {
		failure := refusal(t, refuse(http.StatusNotFound, body))
		assert.Equal(t, isUnknown, failure.Kind == client.KindMisdirected, body)
		assert.Equal(t, isUnknown, status.Code(failure) == codes.FailedPrecondition, body)
		assert.Equal(t, client.KindRefused, refusal(t, refuse(http.StatusBadRequest, body)).Kind, body)
	}
	_, err := newClient(t, start(t, http.StripPrefix("/v1", &openaitest.Server{}))).ListGroups(t.Context(), client.Cursor{})
	assert.Equal(t, client.KindMisdirected, client.KindOf(err))
}

// A list that always exists cannot be gone. An object in it can.
func TestListThatIsDenied(t *testing.T) {
	t.Parallel()
	const body = `{"error":{"message":"No such thing.","code":"not_found"}}`
	c := newClient(t, start(t, refuse(http.StatusNotFound, body)))
	_, err := c.ListUsers(t.Context(), client.Cursor{})
	requireCode(t, codes.FailedPrecondition, err)
	_, err = c.GetUser(t.Context(), "user-1")
	requireCode(t, codes.NotFound, err)
	_, err = c.CreateGroup(t.Context(), "Night shift")
	requireCode(t, codes.NotFound, err)
}

func TestTextOfAnErrorIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("漢a", 25_000)
	tests := map[string]http.HandlerFunc{
		"message":    refuse(http.StatusBadRequest, `{"error":{"message":"`+long+`"}}`),
		"sentence":   refuse(http.StatusBadRequest, `{"error":"`+long+`"}`),
		"flat":       refuse(http.StatusBadRequest, `{"message":"`+long+`"}`),
		"HTML":       refuse(http.StatusBadGateway, "<html>"+long),
		"code":       refuse(http.StatusBadRequest, `{"error":{"message":"No.","code":"`+long+`"}}`),
		"type":       refuse(http.StatusBadRequest, `{"error":{"message":"No.","type":"`+long+`"}}`),
		"request id": refuse(http.StatusBadRequest, `{"error":"No."}`, "X-Request-Id", strings.Repeat("x", 50_000)),
		"not UTF-8":  refuse(http.StatusBadRequest, strings.Repeat("\xff", 500_000)),
		"many keys":  refuse(http.StatusBadRequest, strings.Repeat("sk-a ", 100_000)),
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := refusal(t, handler)
			assert.Less(t, len(failure.Error()), 1500)
			assert.Less(t, len(failure.Type), 1000)
			assert.True(t, utf8.ValidString(failure.Error()))
		})
	}
}

func TestTextOfAnErrorIsUTF8(t *testing.T) {
	t.Parallel()
	// A gRPC status that is not UTF-8 cannot be marshalled, and its wait would be lost.
	failure := refusal(t, refuse(http.StatusTooManyRequests, "\xc3\x28", "X-Request-Id", "req_\xff", "Retry-After", "5"))
	assert.True(t, utf8.ValidString(failure.Error()))
	assert.True(t, utf8.ValidString(failure.RequestID))
}

func TestMissingScopes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ message, want string }{
		"one":             {"You have insufficient permissions. Missing scopes: api.groups.read. Check that you have the correct role.", "api.groups.read"},
		"two":             {"Missing scopes: api.groups.read, api.roles.read. Check", "api.groups.read, api.roles.read"},
		"without a space": {"Missing scopes: api.groups.read,api.roles.read", "api.groups.read,api.roles.read"},
		"at the end":      {"Missing scopes: api.management.read", "api.management.read"},
		"none":            {"Incorrect API key provided.", ""},
		"no names":        {"Missing scopes: ", ""},
		"nothing":         {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, (&client.Error{Message: tt.message}).MissingScopes())
		})
	}
}

func TestMissingScopesInBothShapes(t *testing.T) {
	t.Parallel()
	sentence := "You have insufficient permissions for this operation. Missing scopes: api.groups.read. Check that you have the correct role."
	tests := map[string]struct {
		handler http.Handler
		code    codes.Code
	}{
		"403, sentence, of the stand-in": {scopeless(false), codes.PermissionDenied},
		"401, object, of the stand-in":   {scopeless(true), codes.Unauthenticated},
		"401, sentence":                  {refuse(http.StatusUnauthorized, `{"error":"`+sentence+`"}`), codes.Unauthenticated},
		"403, object":                    {refuse(http.StatusForbidden, `{"error":{"message":"`+sentence+`"}}`), codes.PermissionDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := refusal(t, tt.handler)
			assert.Equal(t, "api.groups.read", failure.MissingScopes())
			requireCode(t, tt.code, failure)
		})
	}
}

// scopeless is a stand-in with a key that may not read groups.
func scopeless(asObject bool) *openaitest.Server {
	key := openaitest.Key{MissingScopes: map[string]string{"groups": "api.groups.read"}, AsObject: asObject}
	return &openaitest.Server{Keys: map[string]openaitest.Key{adminKey: key}}
}

func TestProjectThatIsArchived(t *testing.T) {
	t.Parallel()
	const sentence = `{"error":{"message":"Project 'proj_1' is archived. You can only update an active project."}}`
	tests := map[string]struct {
		status int
		body   string
		want   client.Kind
	}{
		"code":                     {http.StatusBadRequest, `{"error":{"message":"No.","code":"project_archived"}}`, client.KindProjectArchived},
		"code, other status":       {http.StatusForbidden, `{"error":{"message":"No.","code":"project_archived"}}`, client.KindProjectArchived},
		"sentence":                 {http.StatusBadRequest, sentence, client.KindProjectArchived},
		"sentence, as it once was": {http.StatusBadRequest, `{"code":400,"message":"Project Is Archived"}`, client.KindProjectArchived},
		"sentence, forbidden":      {http.StatusForbidden, sentence, client.KindDeniedWithoutReason},
		"sentence, not found":      {http.StatusNotFound, sentence, client.KindGone},
		"sentence of a gateway":    {http.StatusBadRequest, `{"message":"The project is archived."}`, client.KindNoAnswer},
		"bad request of its own":   {http.StatusBadRequest, `{"error":{"message":"Invalid 'limit'."}}`, client.KindRefused},
		"bad request on archiving": {http.StatusBadRequest, `{"error":{"message":"The default project cannot be archived."}}`, client.KindRefused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, refusal(t, refuse(tt.status, tt.body)).Kind)
		})
	}
}

func TestSaysAlreadyInProject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		want   bool
	}{
		"bad request":    {http.StatusBadRequest, `{"error":"The user user-1 already exists in project proj_1."}`, true},
		"conflict":       {http.StatusConflict, `{"error":{"message":"Group Already Exists In Project"}}`, true},
		"something else": {http.StatusBadRequest, `{"error":"The name already exists."}`, false},
		"of a gateway":   {http.StatusBadRequest, `The user already exists in project proj_1.`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, refusal(t, refuse(tt.status, tt.body)).SaysAlreadyInProject())
		})
	}
}

func TestArchivedProjectOfTheStandIn(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Projects: []openaitest.Project{{ID: "proj_1", Status: "archived"}}}}
	c := newClient(t, start(t, standIn))

	_, err := c.ListProjectUsers(t.Context(), "proj_1", client.Cursor{})
	assert.Equal(t, client.KindProjectArchived, client.KindOf(err))
	_, err = c.ListProjectUsers(t.Context(), "proj_2", client.Cursor{})
	assert.Equal(t, client.KindGone, client.KindOf(err))
	project, err := c.GetProject(t.Context(), "proj_1")
	require.NoError(t, err)
	assert.Equal(t, client.ProjectArchived, project.Status)
}

func TestWaitIsPassedOnToTheSDK(t *testing.T) {
	t.Parallel()
	date := time.Now().Add(30 * time.Minute).UTC().Format(http.TimeFormat)
	tests := []struct {
		name       string
		statusCode int
		header     []string
		message    string
		// least and most bound the wait; both are 0 without one.
		least, most time.Duration
	}{
		{"seconds", http.StatusTooManyRequests, []string{"Retry-After", "12"}, "", 12 * time.Second, 12 * time.Second},
		{"date", http.StatusTooManyRequests, []string{"Retry-After", date}, "", 25 * time.Minute, 30 * time.Minute},
		{"past date", http.StatusTooManyRequests, []string{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}, "", 0, 0},
		{"huge", http.StatusTooManyRequests, []string{"Retry-After", "99999999999"}, "", 7 * 24 * time.Hour, 7 * 24 * time.Hour},
		{"message", http.StatusTooManyRequests, nil, "Please slow down and try again after 6.937 seconds.", 6937 * time.Millisecond, 6937 * time.Millisecond},
		{"message without wait", http.StatusTooManyRequests, nil, "Please try again after 0.0 seconds.", 0, 0},
		{"no word", http.StatusTooManyRequests, nil, "Rate limit reached.", 0, 0},
		{"unavailable", http.StatusServiceUnavailable, []string{"Retry-After", "12"}, "", 12 * time.Second, 12 * time.Second},
		{"forbidden", http.StatusForbidden, nil, "Try again after 3 seconds.", 3 * time.Second, 3 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			failure := refusal(t, refuse(tt.statusCode, `{"error":{"message":"`+tt.message+`"}}`, tt.header...))
			assert.GreaterOrEqual(t, failure.RetryAfter, tt.least)
			assert.LessOrEqual(t, failure.RetryAfter, tt.most)

			before := time.Now()
			details := status.Convert(fmt.Errorf("listing: %w", failure)).Details()
			after := time.Now()
			if tt.most == 0 || tt.statusCode != http.StatusTooManyRequests {
				assert.Empty(t, details)
				return
			}
			require.Len(t, details, 1)
			limited, ok := details[0].(*v2.RateLimitDescription)
			require.True(t, ok)
			assert.Equal(t, v2.RateLimitDescription_STATUS_OVERLIMIT, limited.GetStatus())
			reset := limited.GetResetAt().AsTime()
			assert.False(t, reset.Before(before.Add(failure.RetryAfter)))
			assert.False(t, reset.After(after.Add(failure.RetryAfter)))
		})
	}
}

func TestRateLimitOfTheStandIn(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"", "seconds", "date"} {
		t.Run("Retry-After "+form, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{RateLimit: &openaitest.RateLimit{Burst: 1, Interval: 30 * time.Minute, RetryAfter: form}}
			c := newClient(t, start(t, standIn))
			require.NoError(t, c.CheckAccess(t.Context(), client.AccessToGroups))
			err := c.CheckAccess(t.Context(), client.AccessToGroups)
			requireCode(t, codes.ResourceExhausted, err)
			assert.InDelta(t, 30*time.Minute, failureOf(t, err).RetryAfter, float64(time.Minute))
		})
	}
}
