package openaitest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestBodies(t *testing.T) {
	t.Parallel()
	const invites = "/organization/invites"
	tests := map[string]struct {
		path, body, code, param, unknown string
	}{
		"none":           {path: invites},
		"no JSON":        {path: invites, body: `{"email":`},
		"two values":     {path: invites, body: `{}{}`},
		"a list":         {path: invites, body: `[]`},
		"null":           {path: invites, body: `null`},
		"text":           {path: invites, body: `"x"`},
		"wrong type":     {path: invites, body: `{"email":7}`, code: "invalid_type", param: "email"},
		"wrong inside":   {path: invites, body: `{"email":"e@x.io","role":"reader","projects":[{"id":true}]}`, code: "invalid_type", param: "projects.id"},
		"field":          {path: invites, body: `{"email":"e@x.io","role":"reader","note":1}`, code: "unknown_parameter", param: "note", unknown: "note"},
		"field inside":   {path: invites, body: `{"projects":[{"id":"p"},{"name":"P"}]}`, code: "unknown_parameter", param: "projects.1.name", unknown: "projects.1.name"},
		"field spelling": {path: invites, body: `{"Email":"e@x.io","role":"reader"}`, code: "unknown_parameter", param: "Email", unknown: "Email"},
		"object as text": {path: invites, body: `{"email":{"address":"e@x.io"}}`, code: "invalid_type", param: "email"},
		"list as text":   {path: invites, body: `{"email":["e@x.io"]}`, code: "invalid_type", param: "email"},
		"optional body":  {path: "/organization/projects/p/archive", body: `{"force":true}`, code: "unknown_parameter", param: "force", unknown: "force"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := newWritable()
			before := standIn.Snapshot()
			r := post(t, standIn, test.path, test.body)
			assert.Equal(t, http.StatusBadRequest, r.status)
			assert.Equal(t, test.code, r.code(), r.text)
			assert.Equal(t, test.param, r.field("param"))
			assert.Equal(t, before, standIn.Snapshot())
			if test.unknown == "" {
				assert.Empty(t, standIn.Unknown())
				return
			}
			assert.Equal(t, []string{fmt.Sprintf("POST %s: body field %q", strings.Replace(test.path, "/p/", "/{project_id}/", 1), test.unknown)}, standIn.Unknown())
			assert.Equal(t, "Unknown parameter: '"+test.param+"'.", r.message())
		})
	}
}

func TestBodyInTheLog(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	var seen []json.RawMessage
	standIn.OnRequest = func(r openaitest.Request) { seen = append(seen, r.Body) }
	post(t, standIn, "/organization/groups", `{"name": "N"}`)
	post(t, standIn, "/organization/groups", `{"name": `)
	post(t, standIn, "/organization/projects/p/archive", "")
	get(t, standIn, "/organization/groups")
	want := []json.RawMessage{json.RawMessage(`{"name": "N"}`), nil, nil, nil}
	assert.Equal(t, want, seen)
	logged := make([]json.RawMessage, 0, len(want))
	for _, r := range standIn.Requests() {
		logged = append(logged, r.Body)
	}
	assert.Equal(t, want, logged)
}
