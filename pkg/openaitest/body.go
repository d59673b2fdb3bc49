package openaitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// withBody makes a handler of a function that takes the request's JSON body. The fields of the struct are those that the route
// knows.
func withBody[B any](handle func(*Server, *call, B) (any, error)) func(*Server, *call) (any, error) {
	return func(s *Server, c *call) (any, error) {
		var body B
		if err := s.decodeLocked(c, &body); err != nil {
			return nil, err
		}
		return handle(s, c, body)
	}
}

// withOptionalBody is withBody for a route whose body is optional.
func withOptionalBody[B any](handle func(*Server, *call, B) (any, error)) func(*Server, *call) (any, error) {
	decoding := withBody(handle)
	return func(s *Server, c *call) (any, error) {
		if len(c.body) == 0 {
			var none B
			return handle(s, c, none)
		}
		return decoding(s, c)
	}
}

// noBody is the body of a route without fields.
type noBody struct{}

// decodeLocked refuses a body that is not a JSON object, or that has unknown fields or wrong types. It records unknown fields.
func (s *Server) decodeLocked(c *call, into any) error {
	var fields map[string]any
	if err := json.Unmarshal(c.body, &fields); err != nil || fields == nil {
		return invalid("", "", "We could not parse the JSON body of your request. The API expects a JSON object.")
	}
	if name := unknownField(fields, reflect.TypeOf(into).Elem()); name != "" {
		s.unknown = append(s.unknown, fmt.Sprintf("%s: body field %q", c.route.template, name))
		return unknownParameter(name)
	}
	err := json.Unmarshal(c.body, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return invalid(wrong.Field, "invalid_type", "Invalid type for '%s': expected %s, but got %s instead.", wrong.Field, wrong.Type, wrong.Value)
	case err != nil:
		panic(fmt.Sprintf("openaitest: %v", err))
	}
	return nil
}

func unknownParameter(name string) error {
	return &apiError{
		status:  http.StatusBadRequest,
		message: fmt.Sprintf("Unknown parameter: '%s'.", name),
		param:   name,
		code:    "unknown_parameter",
	}
}

// unknownField is the path of the first field that the type does not have, or "". Unlike encoding/json, and like the API, it is
// case-sensitive.
func unknownField(value any, t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch value := value.(type) {
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return ""
		}
		known := bodyFields(t)
		for _, name := range slices.Sorted(maps.Keys(value)) {
			field, ok := known[name]
			if !ok {
				return name
			}
			if inner := unknownField(value[name], field); inner != "" {
				return name + "." + inner
			}
		}
	case []any:
		if t.Kind() != reflect.Slice {
			return ""
		}
		for i, item := range value {
			if inner := unknownField(item, t.Elem()); inner != "" {
				return fmt.Sprintf("%d.%s", i, inner)
			}
		}
	}
	return ""
}

// bodyFields are the types of a body's fields by their names in JSON.
func bodyFields(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[name] = t.Field(i).Type
	}
	return fields
}

// required refuses a body whose field is missing, null or an empty string.
func required(param, value string) error {
	if value == "" {
		return missing(param)
	}
	return nil
}

func missing(param string) error {
	return invalid(param, "missing_required_parameter", "Missing required parameter: '%s'.", param)
}

// oneOfWords refuses a value that is not among the words.
func oneOfWords(param, value string, words ...string) error {
	if err := required(param, value); err != nil {
		return err
	}
	if !slices.Contains(words, value) {
		return notOneOf(param, value, words...)
	}
	return nil
}

// bodyOf is the body for the request log: nil if it is not JSON.
func bodyOf(raw []byte) json.RawMessage {
	if !json.Valid(raw) {
		return nil
	}
	return bytes.Clone(raw)
}
