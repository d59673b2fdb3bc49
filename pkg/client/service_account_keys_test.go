package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// keyValue does not look like a key, so that no redaction removes it from a text.
const keyValue = "Vr6Hn3Kq8WtZ1Xc5Pj0L"

func TestServiceAccountKey(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Projects: []openaitest.Project{
		{ID: "proj_1", ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc/1", Role: "member"}}},
	}}}
	c := newClient(t, start(t, standIn))
	key, err := c.CreateServiceAccountKey(t.Context(), "proj_1", "svc/1", "Night shift", []string{"api.model.request"})
	require.NoError(t, err)
	assert.Equal(t, "key_Made000000000002", key.ID)
	assert.Equal(t, "Night shift", key.Name)
	assert.Equal(t, "sk-svcacct-StandInOpensNothing000000000001", string(key.Value.Reveal()))
	assert.False(t, key.Value.IsEmpty())
	at, isSet := key.CreatedAt.Time()
	assert.True(t, isSet)
	assert.Positive(t, at.Unix())

	keys, err := c.ListProjectAPIKeys(t.Context(), "proj_1", client.Cursor{})
	require.NoError(t, err)
	require.Len(t, keys.Items, 1)
	assert.Equal(t, key.ID, keys.Items[0].ID)
	assert.Equal(t, "svc/1", keys.Items[0].Owner.OwnerID())
	assert.Empty(t, standIn.Unknown())
}

// No way of Go to print, log or encode the struct shows the value.
func TestSecretValueIsRedacted(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(map[string]any{"id": "key_1", "value": keyValue})
	require.NoError(t, err)
	var key client.ServiceAccountKey
	require.NoError(t, json.Unmarshal(body, &key))
	clear(body) // the decoded value is a copy
	require.Equal(t, keyValue, string(key.Value.Reveal()))

	var shownText bytes.Buffer
	for _, shown := range []any{key, &key, key.Value, &key.Value, []client.ServiceAccountKey{key}, struct{ hidden client.SecretValue }{key.Value}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%p"} {
			_, _ = fmt.Fprintf(&shownText, verb+"\n", shown)
		}
		encoded, err := json.Marshal(shown)
		require.NoError(t, err)
		shownText.Write(encoded)
		core, logs := observer.New(zapcore.DebugLevel)
		zap.New(core).Info("a line", zap.Any("key", shown), zap.Reflect("again", shown))
		entry := logs.All()[0]
		encodedLine, err := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()).EncodeEntry(entry.Entry, entry.Context)
		require.NoError(t, err)
		shownText.Write(encodedLine.Bytes())
		slog.New(slog.NewTextHandler(&shownText, nil)).Info("a line", "key", shown)
		slog.New(slog.NewJSONHandler(&shownText, nil)).Info("a line", "key", shown)
	}
	text, err := key.Value.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "[redacted]", string(text))
	inDecimals := strings.Trim(fmt.Sprintf("%d", []byte(keyValue)), "[]")
	for _, form := range []string{keyValue, fmt.Sprintf("%x", keyValue), fmt.Sprintf("%X", keyValue), inDecimals} {
		assert.NotContains(t, shownText.String(), form)
	}
	assert.Greater(t, strings.Count(shownText.String(), "[redacted]"), 50)
	assert.True(t, client.SecretValue{}.IsEmpty())
	assert.Empty(t, client.SecretValue{}.Reveal())
}

// keyAnswers are answers to the creation of a key that have no key or only a part of one, each with the value in it.
func keyAnswers() map[string]http.Handler {
	const whole = `{"id":"key_1","value":"` + keyValue + `","created_at":1}`
	return map[string]http.Handler{
		"cut off":                 answer(http.StatusOK, whole[:len(whole)-1]),
		"cut off in the value":    answer(http.StatusOK, whole[:len(whole)-20]),
		"a list":                  answer(http.StatusOK, "["+whole+"]"),
		"a text":                  answer(http.StatusOK, `"`+keyValue+`"`),
		"no JSON":                 answer(http.StatusOK, keyValue),
		"a page":                  answer(http.StatusOK, "<html>"+keyValue),
		"no id":                   answer(http.StatusOK, `{"value":"`+keyValue+`"}`),
		"value of another shape":  answer(http.StatusOK, `{"id":"key_1","value":{"secret":"`+keyValue+`"}}`),
		"time of another shape":   answer(http.StatusOK, `{"id":"key_1","created_at":"`+keyValue+`"}`),
		"id of another shape":     answer(http.StatusOK, `{"id":["`+keyValue+`"]}`),
		"behind what is too much": answer(http.StatusOK, whole+keyValue),
		"500":                     refuse(http.StatusInternalServerError, whole),
		"500 in the API's form":   refuse(http.StatusInternalServerError, `{"error":{"message":"`+keyValue+`","code":"`+keyValue+`"}}`),
		"502 of a page":           refuse(http.StatusBadGateway, "<html>"+keyValue, "Content-Type", "text/html"),
		"400 that is no refusal":  refuse(http.StatusBadRequest, whole),
		"400 without a message":   refuse(http.StatusBadRequest, `{"error":{"type":"odd"},"value":"`+keyValue+`"}`),
		"403 of a gateway":        refuse(http.StatusForbidden, `{"message":"`+keyValue+`"}`),
		"404 of a text":           refuse(http.StatusNotFound, keyValue, "Content-Type", "text/plain"),
		"429 of a text":           refuse(http.StatusTooManyRequests, keyValue),
		"redirect":                refuse(http.StatusFound, keyValue, "Location", "http://127.0.0.1:1/"),
		"in a header's place":     rawAnswer("HTTP/1.1 200 OK\r\n" + keyValue + "\r\n\r\n"),
		"in the status's place":   rawAnswer("HTTP/1.1 " + keyValue + "\r\n\r\n"),
		"in place of everything":  rawAnswer(keyValue + "\r\n\r\n"),
		"in a chunk's place":      rawAnswer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + keyValue + "\r\n"),
		"in a trailer's place":    rawAnswer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + keyValue + "\r\n\r\n"),
	}
}

// No error and no line of the log quotes an answer to the creation of a key.
func TestAnswerWithASecretIsNotQuoted(t *testing.T) {
	t.Parallel()
	for name, handler := range keyAnswers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.DebugLevel)
			ctx := ctxzap.ToContext(t.Context(), zap.New(core))
			_, err := newClientIn(ctx, t, start(t, handler)+"/v1").CreateServiceAccountKey(ctx, "proj_1", "svc_1", "Night shift", nil)
			require.Error(t, err)
			assertNoValue(t, allOf(failureOf(t, err)))
			assertNoValue(t, status.Convert(err).String())
			require.NotZero(t, logs.Len())
			for _, entry := range logs.All() {
				assertNoValue(t, fmt.Sprintln(entry.Message, entry.ContextMap()))
			}
		})
	}
}

// assertNoValue also finds a value without one of its ends.
func assertNoValue(t *testing.T, text string) {
	t.Helper()
	assert.NotContains(t, text, keyValue[:6])
	assert.NotContains(t, text, keyValue[len(keyValue)-6:])
}

// A refusal in the API's own form is reported.
func TestRefusalOfAKeyIsReported(t *testing.T) {
	t.Parallel()
	refuses := refuse(http.StatusBadRequest, `{"error":{"message":"Unknown scope.","code":"invalid_value"}}`)
	_, err := newClient(t, start(t, refuses)).CreateServiceAccountKey(t.Context(), "proj_1", "svc_1", "Night shift", []string{"everything"})
	failure := failureOf(t, err)
	assert.Equal(t, client.KindRefused, failure.Kind)
	assert.ErrorContains(t, err, "400 Bad Request: Unknown scope. (")
}

// An error before the connection has its cause, since no answer could be quoted yet.
func TestKeyWithoutAConnection(t *testing.T) {
	t.Parallel()
	_, err := newClient(t, "http://127.0.0.1:1").CreateServiceAccountKey(t.Context(), "proj_1", "svc_1", "Night shift", nil)
	require.Equal(t, client.KindNoAnswer, client.KindOf(err))
	assert.ErrorContains(t, err, "connection refused")
}
