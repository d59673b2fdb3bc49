package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The API's masking leaves both ends of the key visible: sk-admin*****eQa4.
var (
	keyTail   = adminKey[len(adminKey)-4:]
	maskedKey = adminKey[:8] + strings.Repeat("*", 20) + keyTail
)

func TestKeyNeverShows(t *testing.T) {
	t.Parallel()
	tests := map[string]http.Handler{
		"whole":              refuse(http.StatusUnauthorized, `{"error":{"message":"Incorrect API key provided: `+adminKey+`.","code":"invalid_api_key"}}`),
		"masked":             refuse(http.StatusUnauthorized, `{"error":{"message":"Incorrect API key provided: `+maskedKey+`.","code":"invalid_api_key"}}`),
		"by the stand-in":    &openaitest.Server{Keys: map[string]openaitest.Key{}},
		"masked with dots":   refuse(http.StatusUnauthorized, `{"error":"Incorrect API key provided: sk-...`+keyTail+`"}`),
		"masked, ellipsis":   refuse(http.StatusUnauthorized, `{"error":"Incorrect API key provided: sk-admin…`+keyTail+`"}`),
		"masked, bullets":    refuse(http.StatusUnauthorized, `{"error":"Incorrect API key provided: sk-admin••••`+keyTail+`"}`),
		"in quotes":          refuse(http.StatusUnauthorized, `{"error":"Incorrect API key provided: '`+adminKey+`'"}`),
		"as a bearer":        refuse(http.StatusForbidden, `{"error":"Authorization: Bearer `+adminKey+`"}`),
		"in the code":        refuse(http.StatusUnauthorized, `{"error":{"message":"No.","code":"`+adminKey+`"}}`),
		"in the type":        refuse(http.StatusUnauthorized, `{"error":{"message":"No.","type":"`+adminKey+`"}}`),
		"in HTML":            refuse(http.StatusBadGateway, `<html><pre>Authorization: Bearer `+adminKey+`</pre></html>`),
		"in JSON, cut off":   refuse(http.StatusUnauthorized, `{"error":{"message":"Incorrect API key provided: `+adminKey),
		"masked and cut off": refuse(http.StatusUnauthorized, `{"error":{"message":"Key:\n`+maskedKey),
		"in a broken page":   answer(http.StatusOK, `{"data":"`+adminKey+`","has_more":`),
		"in another shape":   answer(http.StatusOK, `{"data":"`+adminKey+`","has_more":"`+adminKey+`"}`),
		"as the answer":      answer(http.StatusOK, `"`+adminKey+`"`),
		"in a redirect":      refuse(http.StatusFound, adminKey, "Location", "http://127.0.0.1:1/?key="+adminKey),
		"in a bad redirect":  refuse(http.StatusFound, "", "Location", "http://127.0.0.1:x/"+adminKey),
		"in the request id":  refuse(http.StatusUnauthorized, `{"error":"No."}`, "X-Request-Id", adminKey),
		"in a broken page's": refuse(http.StatusOK, `{"data":`, "X-Request-Id", adminKey),
		"in a header":        refuse(http.StatusUnauthorized, `{"error":"No."}`, "X-Echo", "Bearer "+adminKey),
		"in a header of 500": refuse(http.StatusInternalServerError, ``, "X-Echo", "Bearer "+adminKey),
		"in the wait":        refuse(http.StatusTooManyRequests, ``, "Retry-After", adminKey),
		"behind the shown":   refuse(http.StatusBadGateway, strings.Repeat("x", 480)+adminKey),
		"behind the shown 2": refuse(http.StatusBadGateway, strings.Repeat("x", 479)+" "+adminKey),
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.DebugLevel)
			ctx := ctxzap.ToContext(t.Context(), zap.New(core))
			c := newClientIn(ctx, t, start(t, handler)+"/v1")

			_, err := c.ListGroups(ctx, client.Cursor{})
			require.Error(t, err)

			assertNoKey(t, allOf(failureOf(t, err)))
			assertNoKey(t, status.Convert(err).String())
			require.NotZero(t, logs.Len())
			for _, entry := range logs.All() {
				assertNoKey(t, fmt.Sprintln(entry.Message, entry.ContextMap()))
			}
		})
	}
}

// allOf returns every form in which an error can be printed.
func allOf(failure *client.Error) string {
	var text strings.Builder
	for err := error(failure); err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&text, "%v %+v %#v %q\n", err, err, err, err)
	}
	return text.String()
}

// assertNoKey searches for the key, its ends, and its remains after it was cut.
func assertNoKey(t *testing.T, text string) {
	t.Helper()
	for _, part := range []string{adminKey, maskedKey, keyTail, adminKey[:len("sk-admin-")+3]} {
		if !assert.NotContains(t, text, part) {
			return
		}
	}
}

// rawAnswer answers with the text instead of an HTTP answer.
func rawAnswer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = conn.Write([]byte(text))
		_ = conn.Close()
	}
}

func TestKeyInANonHTTPAnswerIsNotInTheError(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"header":     "HTTP/1.1 200 OK\r\n" + adminKey + "\r\n\r\n",
		"status":     "HTTP/1.1 " + adminKey + "\r\n\r\n",
		"everything": adminKey + "\r\n\r\n",
		"chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + adminKey + "\r\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := refusal(t, rawAnswer(text))
			assertNoKey(t, allOf(failure))
			requireCode(t, codes.Aborted, failure)
		})
	}
}

func TestKeyThatCannotBeSentIsNotQuoted(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))
	c, err := client.New(ctx, mustParse(t, start(t, answer(http.StatusOK, `{}`))), adminKey+"\n", "baton-openai/test")
	require.NoError(t, err)
	c.RetryFor = 0

	_, err = c.ListGroups(ctx, client.Cursor{})
	require.Error(t, err)
	assertNoKey(t, allOf(failureOf(t, err)))
	for _, entry := range logs.All() {
		assertNoKey(t, fmt.Sprintln(entry.Message, entry.ContextMap()))
	}
}

func TestOtherKeysInAMessageDoNotShow(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"sk-proj-abc_DEF-123", "sk-svcacct-abc", "sk-abcdefghijkl", "sk-None-abc", "sess-abcdef", "sk-proj-********************wxyz", "sk-...wxyz"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			failure := refusal(t, refuse(http.StatusUnauthorized, `{"error":{"message":"Incorrect API key provided: `+key+`. You can find it there."}}`))
			assert.Equal(t, "Incorrect API key provided: [key]. You can find it there.", failure.Message)
		})
	}
}

func TestWordsThatAreNoKeysAreKept(t *testing.T) {
	t.Parallel()
	const message = "A risk-free task-1 of desk-top: role 'sk' was not found."
	assert.Equal(t, message, refusal(t, refuse(http.StatusNotFound, `{"error":"`+message+`"}`)).Message)
}

// A key that somebody has given as a name is masked, and words that begin like one are kept.
func TestKeysInNamesAreMasked(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("aB3_-", 30)
	older := strings.Repeat("aB3d", 5)
	for name, want := range map[string]string{
		"sk-proj-" + long:                                          "sk-proj-***",
		"old sk-svcacct-" + long + " x":                            "old sk-svcacct-*** x",
		"sk-" + older + "T3BlbkFJ" + older:                         "sk-***",
		"sk-learn-experiments-of-the-team-that-trains-models-2026": "sk-learn-experiments-of-the-team-that-trains-models-2026",
		"task-" + strings.Repeat("0af9", 10):                       "task-" + strings.Repeat("0af9", 10),
		"task-proj-" + long:                                        "task-proj-" + long,
		"key_sk-proj-" + long:                                      "key_sk-proj-***",
		"sk-proj-***abcd":                                          "sk-proj-***abcd",
	} {
		c := newClient(t, start(t, &openaitest.Server{Organization: openaitest.Organization{Projects: []openaitest.Project{{ID: "proj_1", Name: name}}}}))
		page, err := c.ListProjects(t.Context(), client.Cursor{})
		require.NoError(t, err)
		assert.Equal(t, want, page.Items[0].Name)
	}
}

func TestSecretsOfListedKeysAreNotKept(t *testing.T) {
	t.Parallel()
	const secret = "Zq9X7wVu5TsR3pOn1MlK"
	standIn := &openaitest.Server{
		LeakKeyValues: true,
		Organization: openaitest.Organization{
			AdminKeys: []openaitest.AdminAPIKey{
				{ID: "key_1", Value: "sk-admin-" + secret, RedactedValue: "sk-admin-" + secret},
				{ID: "key_2", Value: "sk-admin-" + secret, RedactedValue: "sk-admin-***ab12"},
			},
			Projects: []openaitest.Project{{ID: "proj_1", APIKeys: []openaitest.ProjectAPIKey{
				{ID: "key_3", RedactedValue: "sk-proj-" + secret, JSON: openaitest.Fields{"value": "sk-proj-" + secret}},
				{ID: "key_4", RedactedValue: "sk-svcacct-" + secret, JSON: openaitest.Fields{"api_key": map[string]any{"value": "sk-svcacct-" + secret}}},
			}}},
		},
	}
	core, logs := observer.New(zapcore.DebugLevel)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))
	c := newClientIn(ctx, t, start(t, standIn)+"/v1")

	adminKeys, err := c.ListAdminAPIKeys(ctx, client.Cursor{})
	require.NoError(t, err)
	require.Len(t, adminKeys.Items, 2)
	assert.Equal(t, "sk-admin", adminKeys.Items[0].RedactedValue.String())
	assert.Equal(t, "sk-admin-***ab12", adminKeys.Items[1].RedactedValue.String())

	projectKeys, err := c.ListProjectAPIKeys(ctx, "proj_1", client.Cursor{})
	require.NoError(t, err)
	require.Len(t, projectKeys.Items, 2)
	assert.Equal(t, "sk-proj", projectKeys.Items[0].RedactedValue.String())
	assert.Equal(t, "sk-svcacct", projectKeys.Items[1].RedactedValue.String())

	for _, page := range []any{adminKeys, projectKeys} {
		text, err := json.Marshal(page)
		require.NoError(t, err)
		assert.NotContains(t, string(text), secret)
		assert.NotContains(t, fmt.Sprintf("%+v %#v", page, page), secret)
	}
	for _, entry := range logs.All() {
		assert.NotContains(t, fmt.Sprintln(entry.Message, entry.ContextMap()), secret)
	}
}

func TestCancelledRequestDoesNotShowTheKey(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)
	ctx, cancel := context.WithCancel(ctxzap.ToContext(t.Context(), zap.New(core)))
	cancel()
	_, err := newClientIn(ctx, t, "http://127.0.0.1:1/v1").ListGroups(ctx, client.Cursor{})
	require.Error(t, err)
	assertNoKey(t, allOf(failureOf(t, err)))
	for _, entry := range logs.All() {
		assertNoKey(t, fmt.Sprintln(entry.Message, entry.ContextMap()))
	}
}
