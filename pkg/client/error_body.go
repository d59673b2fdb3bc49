package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
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

// parseErrorBody parses the forms of the API: {"error":{…}}, {"error":"a sentence"} and, in old answers with status 400,
// {"code":400,"message":"…"}. For other bodies the message is the body.
func parseErrorBody(statusCode int, body []byte) errorBody {
	foreign := errorBody{message: string(body)}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		if beginsWithError(body) && errors.As(err, new(*json.SyntaxError)) {
			foreign.message, foreign.cutOff = "the answer is not complete JSON: "+foreign.message, true
		}
		return foreign
	}
	if text := stringIn(fields["error"]); text != "" {
		if !onlyHas(fields, "error", "type", "code", "param", "request_id") || strings.EqualFold(text, http.StatusText(statusCode)) {
			return foreign // web frameworks answer so, with the status as the text, or with a status, a path or a time
		}
		return errorBody{kind: stringIn(fields["type"]), code: stringIn(fields["code"]), param: stringIn(fields["param"]), message: text, own: true}
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(fields["error"], &inner) == nil && inner != nil {
		parsed := errorBody{kind: stringIn(inner["type"]), code: stringIn(inner["code"]), param: stringIn(inner["param"]), message: stringIn(inner["message"])}
		isEmpty := parsed.message == "" && parsed.kind == "" && parsed.code == ""
		// Gateways of clouds and of models repeat the status in such an object. OpenAI's codes are words.
		parsed.own = !isEmpty && !isNumber(inner["code"]) && !isNumber(inner["status"])
		if parsed.message == "" {
			parsed.message = string(body)
		}
		return parsed
	}
	if text := stringIn(fields["message"]); text != "" {
		foreign.code, foreign.message = stringIn(fields["code"]), text
		foreign.own = statusCode == http.StatusBadRequest && string(fields["code"]) == "400" && onlyHas(fields, "code", "message")
	}
	return foreign
}

// stringIn is the string in a field, "" for any other value.
func stringIn(field json.RawMessage) string {
	var text string
	if json.Unmarshal(field, &text) != nil {
		return ""
	}
	return text
}

// isNumber tells whether the field has a number, or a text of digits.
func isNumber(field json.RawMessage) bool {
	_, err := strconv.Atoi(strings.Trim(string(field), `"`))
	return err == nil
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

func beginsWithError(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte(`{"error"`))
}

// isRefusal tells whether the body of a success is one of a refusal: gateways answer so.
func isRefusal(body []byte) bool {
	return beginsWithError(body) && parseErrorBody(http.StatusOK, body).own
}

// isPage tells whether the body is HTML.
func isPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }
