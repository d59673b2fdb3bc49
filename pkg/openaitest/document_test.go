//go:build conformance

package openaitest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const documentVariable = "OPENAI_ADMIN_API_DOCUMENT"

// deviation is a difference between the API as it was seen and its document, which the stand-in shares. It removes the
// difference from a row of the route's answer and reports whether there was one.
type deviation struct {
	name, reason string
	routes       []string
	remove       func(row map[string]any) bool
}

var deviations = []deviation{
	{
		name:   "residency null",
		reason: "The document requires one of its words wherever the field is present; the API sends null for a project without a residency.",
		routes: []string{"/organization/projects", "/organization/projects/{project_id}", "/organization/projects/{project_id}/archive"},
		remove: func(row map[string]any) bool {
			value, present := row["residency"]
			if present && value == nil {
				delete(row, "residency")
				return true
			}
			return false
		},
	},
	{
		name:   "key owner with only an id",
		reason: "The document requires name, e-mail and role of a key's owner; keys outlive their owner, of whom then only the id is left.",
		routes: []string{"/organization/projects/{project_id}/api_keys", "/organization/projects/{project_id}/api_keys/{api_key_id}"},
		remove: func(row map[string]any) bool {
			owner, _ := row["owner"].(map[string]any)
			for _, kind := range []string{"user", "service_account"} {
				if fields, ok := owner[kind].(map[string]any); ok && len(fields) == 1 && fields["id"] != "" {
					delete(owner, kind)
					return true
				}
			}
			return false
		},
	},
}

// TestDocument compares every request and answer of a walk through a seeded organization with OpenAI's own document.
// The document is not part of this repository; without it the test is skipped.
func TestDocument(t *testing.T) {
	t.Parallel()
	document := loadDocument(t)
	require.True(t, document.IsOpenAPI31OrLater(), "the document uses the schemas of OpenAPI 3.1")

	standIn := &openaitest.Server{Organization: openaitest.Seeded(11, openaitest.Size{Users: 30, Groups: 8, Projects: 5})}
	checked := newValidator(standIn, document)
	client := newOfficialClient(t, checked)
	readOrganization(t, client)
	organization := standIn.Snapshot()
	retrieveAll(t, client, &organization)

	assert.Empty(t, checked.failures)
	assert.Empty(t, standIn.Unknown())
	for _, d := range deviations {
		assert.True(t, checked.used[d.name], "nothing deviates any more: %s", d.name)
	}
	for template := range accessRoutes(document, http.MethodGet) {
		assert.NotZero(t, checked.routes[template], "the walk has not asked for %s", template)
	}
}

// TestDocumentOfWrites compares every successful write with the document.
func TestDocumentOfWrites(t *testing.T) {
	t.Parallel()
	document := loadDocument(t)
	standIn := newWritable()
	checked := newValidator(standIn, document)
	writeAll(t, newOfficialClient(t, checked))
	assert.Empty(t, checked.failures)
	assert.Empty(t, standIn.Unknown())
	for template := range accessRoutes(document, http.MethodPost, http.MethodDelete, http.MethodPut, http.MethodPatch) {
		assert.NotZero(t, checked.routes[template], "nobody has written to %s", template)
	}
}

// TestDocumentIsEnforced checks that a wrong answer and a wrong request are detected.
func TestDocumentIsEnforced(t *testing.T) {
	t.Parallel()
	document := loadDocument(t)
	tests := map[string]struct {
		change openaitest.Fields
		path   string
	}{
		"type":    {openaitest.Fields{"created_at": "soon"}, "/organization/groups"},
		"word":    {openaitest.Fields{"group_type": "crowd"}, "/organization/groups"},
		"absence": {openaitest.Fields{"name": openaitest.Absent{}}, "/organization/groups"},
		"null":    {openaitest.Fields{"name": nil}, "/organization/groups"},
		"request": {nil, "/organization/groups?limit=1001"},
	}
	bodies := map[string]string{"body": `{"name":""}`, "no body": ``, "body's type": `{"name":7}`}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: openaitest.Organization{Groups: []openaitest.Group{{ID: "g", Name: "G", JSON: test.change}}}}
			checked := newValidator(standIn, document)
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1"+test.path, http.NoBody)
			request.Header.Set("Authorization", "Bearer "+testKey)
			checked.ServeHTTP(httptest.NewRecorder(), request)
			assert.Len(t, checked.failures, 1)
		})
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checked := newValidator(&openaitest.Server{}, document)
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/organization/groups", strings.NewReader(body))
			request.Header.Set("Authorization", "Bearer "+testKey)
			request.Header.Set("Content-Type", "application/json")
			checked.ServeHTTP(httptest.NewRecorder(), request)
			assert.Len(t, checked.failures, 1)
		})
	}
}

// loadDocument also accepts an excerpt with the schemas but without the answers that all routes share, such as 429. The
// walk does not get such answers.
func loadDocument(t *testing.T) *openapi3.T {
	t.Helper()
	file := os.Getenv(documentVariable)
	if file == "" {
		t.Skipf("To check the stand-in against OpenAI's OpenAPI document, set %s to the path of a copy of it "+
			"(https://github.com/openai/openai-openapi), as JSON.", documentVariable)
	}
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var whole map[string]any
	require.NoError(t, json.Unmarshal(raw, &whole))
	components, _ := whole["components"].(map[string]any)
	require.NotEmpty(t, components)
	if components["responses"] == nil {
		components["responses"] = map[string]any{"TooManyRequests": map[string]any{"description": "Too many requests"}}
	}
	raw, err = json.Marshal(whole)
	require.NoError(t, err)
	document, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	return document
}

// accessRoutes are the document's routes, with one of the methods, that have to do with principals and their access.
func accessRoutes(document *openapi3.T, methods ...string) map[string]bool {
	// Routes that grant no access and name no principal, and events.
	ignored := []string{
		"audit_logs", "certificates", "costs", "data_retention", "hosted_tool_permissions", "model_permissions", "rate_limits", "spend_", "usage",
	}
	wanted := map[string]bool{}
	for path, item := range document.Paths.Map() {
		other := !strings.HasPrefix(path, "/organization/") && !strings.HasPrefix(path, "/projects/")
		for _, word := range ignored {
			other = other || strings.Contains(path, word)
		}
		for _, method := range methods {
			if !other && item.GetOperation(method) != nil {
				wanted[method+" "+path] = true
			}
		}
	}
	return wanted
}

// validator passes requests on to the stand-in and compares requests and answers with the document.
type validator struct {
	standIn  *openaitest.Server
	document *openapi3.T

	mu       sync.Mutex
	failures []string
	used     map[string]bool
	routes   map[string]int
}

func newValidator(standIn *openaitest.Server, document *openapi3.T) *validator {
	return &validator{standIn: standIn, document: document, used: map[string]bool{}, routes: map[string]int{}}
}

func (v *validator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	recorder := httptest.NewRecorder()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		v.failures = append(v.failures, err.Error())
	}
	// Both the stand-in and the document read the body.
	r.Body = io.NopCloser(bytes.NewReader(body))
	v.standIn.ServeHTTP(recorder, r)
	r.Body = io.NopCloser(bytes.NewReader(body))
	log := v.standIn.Requests()
	template := log[len(log)-1].Route
	v.routes[template]++
	if err := v.check(r, template, recorder); err != nil {
		v.failures = append(v.failures, r.Method+" "+r.URL.Path+": "+err.Error())
	}
	maps.Copy(w.Header(), recorder.Header())
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

func (v *validator) check(r *http.Request, template string, answer *httptest.ResponseRecorder) error {
	method, path, _ := strings.Cut(template, " ")
	item := v.document.Paths.Find(path)
	if item == nil || item.GetOperation(method) == nil {
		return errors.New("the document has no route " + template)
	}
	request := &openapi3filter.RequestValidationInput{
		Request:    r,
		PathParams: pathParams(path, r.URL.EscapedPath()),
		Route:      &routers.Route{Spec: v.document, Path: path, PathItem: item, Method: method, Operation: item.GetOperation(method)},
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true,
			MultiError:            true,
			AuthenticationFunc:    func(context.Context, *openapi3filter.AuthenticationInput) error { return nil },
		},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), request); err != nil {
		return err
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: answer.Code, Header: answer.Header(), Options: request.Options,
	}
	return openapi3filter.ValidateResponse(r.Context(), response.SetBodyBytes(v.conform(path, answer.Body.Bytes())))
}

// pathParams returns the values of the template's placeholders in a path below /v1.
func pathParams(template, path string) map[string]string {
	params := map[string]string{}
	segments := strings.Split(strings.TrimPrefix(path, "/v1"), "/")
	for i, name := range strings.Split(template, "/") {
		if strings.HasPrefix(name, "{") {
			params[strings.Trim(name, "{}")], _ = url.PathUnescape(segments[i])
		}
	}
	return params
}

// conform removes the known deviations from a body.
func (v *validator) conform(path string, body []byte) []byte {
	var whole map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&whole) != nil {
		return body
	}
	rows, isList := whole["data"].([]any)
	if !isList {
		rows = []any{whole}
	}
	for _, d := range deviations {
		for _, route := range d.routes {
			if route != path {
				continue
			}
			for _, row := range rows {
				if fields, ok := row.(map[string]any); ok && d.remove(fields) {
					v.used[d.name] = true
				}
			}
		}
	}
	conformed, err := json.Marshal(whole)
	if err != nil {
		return body
	}
	return conformed
}
