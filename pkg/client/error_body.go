package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// errorBody is the parsed body of an answer other than success.
type errorBody struct {
	kind, code, param, message string
	// own says that the body has the API's own form. Any other body comes from a proxy or firewall, which answer with HTML, text,
	// nothing, or JSON of their own.
	own bool
	// cutOff says that the body may be the beginning of one in that form.
	cutOff bool
}

// namesUnknownURL tells whether the API does not know the route, for example because the base URL lacks /v1. This says nothing
// about the object. Both messages have been seen, the first one without a code.
func (b errorBody) namesUnknownURL() bool {
	return b.code == codeUnknownURL || strings.HasPrefix(b.message, "Invalid URL") || strings.HasPrefix(b.message, "Unknown request URL")
}

// mayMean tells whether the refusal may be about the parameter.
func (b errorBody) mayMean(param string) bool { return b.param == "" || b.param == param }

// parseErrorBody parses the forms of the API: {"error":{…}}, {"error":"a sentence"} and, in old answers,
// {"code":400,"message":"…"} with the status as code. For other bodies the message is the body.
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
			return foreign // web frameworks answer so, with a status, a path or a time
		}
		return errorBody{kind: stringIn(fields["type"]), code: stringIn(fields["code"]), param: stringIn(fields["param"]), message: text, own: true}
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(fields["error"], &inner) == nil && inner != nil {
		parsed := errorBody{kind: stringIn(inner["type"]), code: stringIn(inner["code"]), param: stringIn(inner["param"]), message: stringIn(inner["message"])}
		parsed.own = parsed.message != "" || parsed.kind != "" || parsed.code != ""
		if parsed.message == "" {
			parsed.message = string(body)
		}
		return parsed
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

// refusalIn is the message of the error in the body of a success, "" if there is none. Other fields, such as a code, are no error there.
func refusalIn(body []byte) string {
	var answered struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &answered) != nil || answered.Error == nil {
		return ""
	}
	parsed := parseErrorBody(http.StatusOK, body)
	if !parsed.own {
		return ""
	}
	return shorten(redact(parsed.message, ""), maxMessageBytes)
}

// stringIn is the string in a field, "" for any other value: a number as code only repeats the status.
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

// isPage tells whether the body is HTML.
func isPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }
