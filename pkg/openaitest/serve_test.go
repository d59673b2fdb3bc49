package openaitest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const testKey = "sk-admin-0123456789abcdefghij"

// reply is a whole answer.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// message is error.message, or the string that the API sends in place of the object.
func (r reply) message() string {
	if text, ok := r.body["error"].(string); ok {
		return text
	}
	return r.field("message")
}

func (r reply) code() string { return r.field("code") }

func (r reply) field(name string) string {
	envelope, _ := r.body["error"].(map[string]any)
	text, _ := envelope[name].(string)
	return text
}

// ids are the ids of a list's rows.
func (r reply) ids() []string {
	rows, _ := r.body["data"].([]any)
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		fields, _ := row.(map[string]any)
		id, ok := fields["id"].(string)
		if !ok {
			id, _ = fields["group_id"].(string)
		}
		ids = append(ids, id)
	}
	return ids
}

// row is the row of a list with this id.
func (r reply) row(t *testing.T, id string) map[string]any {
	t.Helper()
	rows, _ := r.body["data"].([]any)
	for _, row := range rows {
		if fields, ok := row.(map[string]any); ok && fields["id"] == id {
			return fields
		}
	}
	require.Failf(t, "no such row", "%s in %s", id, r.text)
	return nil
}

// ask calls the handler without a connection.
func ask(t *testing.T, s *openaitest.Server, method, path, bearer string) reply {
	t.Helper()
	return askWith(t, s, method, path, bearer, http.NoBody)
}

func askWith(t *testing.T, s *openaitest.Server, method, path, bearer string, body io.Reader) reply {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, body)
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	result := recorder.Result()
	defer result.Body.Close()
	return read(t, result)
}

func read(t *testing.T, response *http.Response) reply {
	t.Helper()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	r := reply{status: response.StatusCode, header: response.Header, text: string(raw)}
	// The body stays empty if the answer is not JSON; tests of such answers use the text.
	_ = json.Unmarshal(raw, &r.body)
	return r
}

// get requests a path below /v1 with a valid key.
func get(t *testing.T, s *openaitest.Server, path string) reply {
	t.Helper()
	return ask(t, s, http.MethodGet, "/v1"+path, testKey)
}

// post sends a body to a path below /v1 with a valid key.
func post(t *testing.T, s *openaitest.Server, path, body string) reply {
	t.Helper()
	return askWith(t, s, http.MethodPost, "/v1"+path, testKey, strings.NewReader(body))
}

// remove deletes a path below /v1 with a valid key.
func remove(t *testing.T, s *openaitest.Server, path string) reply {
	t.Helper()
	return ask(t, s, http.MethodDelete, "/v1"+path, testKey)
}

// ok is get for an answer that must be 200 and JSON.
func ok(t *testing.T, s *openaitest.Server, path string) reply {
	t.Helper()
	r := get(t, s, path)
	require.Equal(t, http.StatusOK, r.status, r.text)
	require.NotEmpty(t, r.body, r.text)
	return r
}

// walk follows the cursor in the field to the end of the list and returns the ids of all rows.
func walk(t *testing.T, s *openaitest.Server, path, field string, query url.Values) []string {
	t.Helper()
	ids := []string{}
	q := url.Values{}
	maps.Copy(q, query)
	for {
		page := ok(t, s, path+"?"+q.Encode())
		ids = append(ids, page.ids()...)
		if page.body["has_more"] == false {
			return ids
		}
		cursor, isText := page.body[field].(string)
		require.True(t, isText, page.text)
		require.NotEqual(t, q.Get("after"), cursor, "the list does not go on")
		q.Set("after", cursor)
	}
}
