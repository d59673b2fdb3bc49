package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"regexp"
)

// SecretValue is a whole key, which the API returns once, when the key is created. Printed, logged or encoded, it is
// [redacted]. Only [SecretValue.Reveal] returns it.
type SecretValue struct {
	// reveal is a function because fmt does not call the methods of a value in an unexported field: it prints the fields, and of
	// a function only the address.
	reveal func() []byte
}

const redacted = "[redacted]"

// UnmarshalJSON reads a string. Its error does not quote the value.
func (v *SecretValue) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return errNotQuoted
	}
	value := []byte(text)
	v.reveal = func() []byte { return value }
	return nil
}

// IsEmpty tells whether there is no value.
func (v SecretValue) IsEmpty() bool { return len(v.Reveal()) == 0 }

// Reveal returns the value, to encrypt it.
func (v SecretValue) Reveal() []byte {
	if v.reveal == nil {
		return nil
	}
	return v.reveal()
}

// String is for the verbs %s and %v.
func (v SecretValue) String() string { return redacted }

// GoString is for the verb %#v.
func (v SecretValue) GoString() string { return redacted }

// Format is for all other verbs.
func (v SecretValue) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText is for encoders of text.
func (v SecretValue) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON is for JSON.
func (v SecretValue) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// LogValue is for slog.
func (v SecretValue) LogValue() slog.Value { return slog.StringValue(redacted) }

// wholeKeyForm is a key in a text: by its length, or in the older form by the mark that all of OpenAI's keys have.
const wholeKeyForm = `sk-(?:((?:admin|proj|svcacct|None)-)[A-Za-z0-9_-]{40,}|[A-Za-z0-9]+T3BlbkFJ[A-Za-z0-9]+)`

var (
	wholeKey = regexp.MustCompile(wholeKeyForm)
	// separateKey is not a part of a longer word, such as an id that begins with task-proj-. It is slow in a large answer.
	separateKey = regexp.MustCompile(`([^A-Za-z0-9])` + wholeKeyForm)
)

// maskKeys leaves only the kind of each key in an answer: people have given keys as names of other things.
func maskKeys(body []byte) []byte {
	if !wholeKey.Match(body) {
		return body
	}
	return separateKey.ReplaceAll(body, []byte("${1}sk-${2}***"))
}

// errNotQuoted replaces errors that would quote an answer with a secret.
var errNotQuoted = errors.New("the answer cannot be read, and is not quoted, because a key's value may be in it")

// secretKey is the context key of a request whose answer contains a secret.
type secretKey struct{}

func withSecret(ctx context.Context) context.Context {
	return context.WithValue(ctx, secretKey{}, true)
}

func hasSecret(ctx context.Context) bool { return ctx.Value(secretKey{}) != nil }

// unquoted returns errors of the connection unchanged, and errNotQuoted for all others: net/http quotes an answer that is not
// HTTP.
func unquoted(err error) error {
	var connection net.Error
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &connection),
		errors.Is(err, context.Canceled), errors.Is(err, errBodyTooLarge):
		return err
	default:
		return errNotQuoted
	}
}

// withoutQuotes keeps the text of a refusal in the API's own form, and removes that of any other answer.
func (e *Error) withoutQuotes(parsed errorBody, body []byte) {
	if !parsed.own || e.Kind == KindNoAnswer || parsed.message == string(body) {
		e.Type, e.Code, e.Message = "", "", ""
	}
}
