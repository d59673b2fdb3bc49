package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
)

// SecretValue is a whole key, which the API tells once, when the key is made. In every way to print, log or encode it, it
// is [redacted]; only [SecretValue.Reveal] gives it.
type SecretValue struct {
	// reveal is a function, of which fmt has no more than the address: where the whole is in a field that is not exported, it
	// prints what is in it without asking its methods.
	reveal func() []byte
}

const redacted = "[redacted]"

// UnmarshalJSON takes a text. What it says of anything else does not quote it.
func (v *SecretValue) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return errNotQuoted
	}
	value := []byte(text)
	v.reveal = func() []byte { return value }
	return nil
}

// IsEmpty tells whether the API gave no value.
func (v SecretValue) IsEmpty() bool { return len(v.Reveal()) == 0 }

// Reveal gives the value, for whoever encrypts it.
func (v SecretValue) Reveal() []byte {
	if v.reveal == nil {
		return nil
	}
	return v.reveal()
}

// String is that of the verbs %s and %v.
func (v SecretValue) String() string { return redacted }

// GoString is that of the verb %#v.
func (v SecretValue) GoString() string { return redacted }

// Format is that of every other verb.
func (v SecretValue) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText is for encoders.
func (v SecretValue) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON is a text.
func (v SecretValue) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// LogValue is for slog.
func (v SecretValue) LogValue() slog.Value { return slog.StringValue(redacted) }

// errNotQuoted stands for everything that would quote an answer in which a secret is.
var errNotQuoted = errors.New("the answer cannot be read, and is not quoted, because a key's value may be in it")

// secretKey marks the context of a request whose answer tells a secret.
type secretKey struct{}

func withSecret(ctx context.Context) context.Context {
	return context.WithValue(ctx, secretKey{}, true)
}

func tellsSecret(ctx context.Context) bool { return ctx.Value(secretKey{}) != nil }

// unquoted is the error of a connection, or errNotQuoted where it may have the text of an answer: net/http quotes what is
// not HTTP.
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

// withoutQuotes leaves of a refusal what the API says of it in its own form, and nothing of any other answer.
func (e *Error) withoutQuotes(said errorBody, body []byte) {
	if !said.own || e.Kind == KindNoAnswer || said.message == string(body) {
		e.Type, e.Code, e.Message = "", "", ""
	}
}
