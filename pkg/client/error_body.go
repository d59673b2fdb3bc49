package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// errorBody is what an answer that is no success says.
type errorBody struct {
	kind, code, param, message string
	// own says that it is in the API's own form. Nothing else is the API's word: what is on the way answers in its place with
	// pages, texts, nothing, or JSON of its own.
	own bool
	// cutOff says that it may be the beginning of something in that form.
	cutOff bool
}

// namesUnknownURL tells whether the API does not know the address at all, which is no word on whether something is there:
// the base URL lacks its /v1, say. Both sentences have been seen, the first one without a code.
func (b errorBody) namesUnknownURL() bool {
	return b.code == codeUnknownURL || strings.HasPrefix(b.message, "Invalid URL") || strings.HasPrefix(b.message, "Unknown request URL")
}

// mayMean tells whether the refusal may be one of the parameter.
func (b errorBody) mayMean(param string) bool { return b.param == "" || b.param == param }

// parseErrorBody understands the forms of the API: {"error":{…}}, {"error":"a sentence"} and, as it once was,
// {"code":400,"message":"…"} with the status as its code. The message of anything else is the body.
func parseErrorBody(statusCode int, body []byte) errorBody {
	foreign := errorBody{message: string(body)}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		if trimmed := bytes.TrimSpace(body); bytes.HasPrefix(trimmed, []byte(`{"error"`)) && errors.As(err, new(*json.SyntaxError)) {
			foreign.message, foreign.cutOff = "the answer is not complete JSON: "+foreign.message, true
		}
		return foreign
	}
	if text := stringIn(fields["error"]); text != "" {
		if !onlyHas(fields, "error", "type", "code", "param", "request_id") {
			return foreign // as web frameworks answer, with the status, the path or the time beside it
		}
		return errorBody{kind: stringIn(fields["type"]), code: stringIn(fields["code"]), param: stringIn(fields["param"]), message: text, own: true}
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(fields["error"], &inner) == nil && inner != nil {
		said := errorBody{kind: stringIn(inner["type"]), code: stringIn(inner["code"]), param: stringIn(inner["param"]), message: stringIn(inner["message"])}
		said.own = said.message != "" || said.kind != "" || said.code != ""
		if said.message == "" {
			said.message = string(body)
		}
		return said
	}
	var flat float64
	if text := stringIn(fields["message"]); text != "" {
		foreign.code, foreign.message = stringIn(fields["code"]), text
		if json.Unmarshal(fields["code"], &flat) == nil && flat == float64(statusCode) && onlyHas(fields, "code", "message") {
			foreign.own = true
		}
	}
	return foreign
}

// stringIn is the text in a field, "" if it holds none: the number that some bodies have for a code only repeats the
// status.
func stringIn(field json.RawMessage) string {
	var text string
	if json.Unmarshal(field, &text) != nil {
		return ""
	}
	return text
}

func onlyHas(fields map[string]json.RawMessage, names ...string) bool {
	known := 0
	for _, name := range names {
		if _, has := fields[name]; has {
			known++
		}
	}
	return known == len(fields)
}

// isPage tells HTML from what the API answers.
func isPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }
