package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/uhttp"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	requestIDHeader = "X-Request-Id"

	codeProjectArchived = "project_archived"
	codeUnknownURL      = "unknown_url"

	// maxMessageBytes keeps pages of HTML and stack traces out of logs, maxIDBytes overlong ids.
	maxMessageBytes = 500
	maxIDBytes      = 100
)

// Error is a request that failed. Its Kind is for decisions; the texts of the API are for people.
type Error struct {
	// Method and Route name the endpoint. Route has placeholders instead of ids.
	Method, Route string
	// Kind is the meaning of the answer, Reason its cause as far as the API names one.
	Kind   Kind
	Reason Reason
	// StatusCode is the HTTP status, 0 without an answer.
	StatusCode int
	// Type, Code and Message are the texts of the API, without keys. Message is the beginning of a body in another form.
	Type, Code, Message string
	// RequestID is the x-request-id header, which OpenAI's support asks for.
	RequestID string
	// RetryAfter is the wait that the API asked for in a header or in its message; 0 if it named none.
	RetryAfter time.Duration
	// GivenUp says that the call was retried for the whole RetryFor.
	GivenUp bool

	// ids are the values of the placeholders, described for people.
	ids   []string
	cause error
	// tried describes how long the call was retried.
	tried string
}

func (c *Client) newError(call call) *Error {
	return &Error{Method: call.method, Route: string(call.route), ids: call.describeIDs(c.key)}
}

// describeIDs gives the ids of the call, each with the name of its placeholder, such as `group_id "group_1"`.
func (c call) describeIDs(key string) []string {
	names := placeholder.FindAllStringSubmatch(string(c.route), -1)
	described := make([]string, 0, len(c.ids))
	for i, id := range c.ids {
		if i < len(names) {
			described = append(described, names[i][1]+" "+strconv.Quote(shorten(redact(id, key), maxIDBytes)))
		}
	}
	return described
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// Error gives the endpoint, the status, the message of the API, the ids and the request id.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Method, e.Route)
	if e.StatusCode != 0 && e.cause == nil {
		fmt.Fprintf(&b, ": %d %s", e.StatusCode, http.StatusText(e.StatusCode))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	details := slices.Clone(e.ids)
	if e.Code != "" {
		details = append(details, "code "+e.Code)
	}
	if e.RequestID != "" {
		details = append(details, "request "+e.RequestID)
	}
	if e.tried != "" {
		details = append(details, e.tried)
	}
	if len(details) > 0 {
		b.WriteString(" (" + strings.Join(details, ", ") + ")")
	}
	return b.String()
}

// Unwrap gives the cause of an error without an answer of the API.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus gives the code for the SDK, and the time to wait. The SDK only retries Unavailable and DeadlineExceeded.
func (e *Error) GRPCStatus() *status.Status {
	st := status.New(e.grpcCode(), e.Error())
	if e.Kind != KindLimited || e.RetryAfter <= 0 {
		return st
	}
	limited, err := st.WithDetails(v2.RateLimitDescription_builder{
		Status:  v2.RateLimitDescription_STATUS_OVERLIMIT,
		ResetAt: timestamppb.New(time.Now().Add(e.RetryAfter)),
	}.Build())
	if err != nil {
		return st
	}
	return limited
}

// MissingScopes are the permissions that the key lacks, by the API's message; "" if it names none.
func (e *Error) MissingScopes() string {
	found := missingScopes.FindStringSubmatch(e.Message)
	if found == nil {
		return ""
	}
	return strings.TrimRight(found[1], ".")
}

// NamesNoReason tells whether neither the code nor the type says why the API refused: they are absent or generic.
func (e *Error) NamesNoReason() bool {
	return e.Reason == "" && genericCodes[strings.ToLower(e.Code)] && (genericCodes[strings.ToLower(e.Type)] || strings.HasSuffix(e.Type, "_error"))
}

// genericCodes only repeat the status.
var genericCodes = map[string]bool{"": true, "not_found": true, "resource_not_found": true, "forbidden": true}

// Redirected tells whether the answer is a redirect, which is not followed.
func (e *Error) Redirected() bool { return e.StatusCode >= 300 && e.StatusCode <= 399 }

// SaysAlreadyInProject tells whether the API refused to add a user to a project because the user is in it, with any role. The
// message is known, the status is not.
func (e *Error) SaysAlreadyInProject() bool {
	return (e.Kind == KindRefused || e.Kind == KindConflict) && strings.Contains(strings.ToLower(e.Message), "already exists in project")
}

// SaysAlreadyThere tells whether the API refused to invite an address because it was invited or belongs to a member. The
// messages vary and are not documented.
func (e *Error) SaysAlreadyThere() bool {
	return e.Kind == KindConflict || e.Kind == KindRefused && strings.Contains(strings.ToLower(e.Message), "already")
}

// giveUp marks a call that was retried for the whole RetryFor. It changes the gRPC code, so that the SDK does not retry the call
// without end.
func (e *Error) giveUp(tried string) *Error {
	e.GivenUp, e.tried = true, tried
	return e
}

func (e *Error) because(kind Kind, cause error) *Error {
	e.Kind, e.cause = kind, cause
	return e
}

// fromTransport is for a request without a complete answer.
func (e *Error) fromTransport(ctx context.Context, c call, err error, key string) *Error {
	e.Kind, e.Reason = classify(ctx, c, 0, errorBody{}, err)
	switch {
	case e.Kind == KindStopped:
		e.cause = ctx.Err()
	case e.Kind == KindMalformed:
		e.cause = errBodyTooLarge
	case errors.Is(err, context.DeadlineExceeded):
		e.cause = errNoAnswer
	default:
		e.cause = errors.New(shorten(redact(plainMessage(err), key), maxMessageBytes))
	}
	return e
}

// plainMessage is the message of the cause. uhttp joins a gRPC status and the cause of a failed request.
func plainMessage(err error) string {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		if parts := joined.Unwrap(); len(parts) > 0 {
			return plainMessage(parts[len(parts)-1])
		}
	}
	return err.Error()
}

// fromAnswer is for an answer with a status other than success.
func (e *Error) fromAnswer(ctx context.Context, c call, answer *uhttp.WrapperResponse, key string) *Error {
	e.StatusCode = answer.StatusCode
	// Keys are removed before the text is cut: half a key would not be recognized.
	clean := func(text string) string { return shorten(redact(text, key), maxMessageBytes) }
	parsed := parseErrorBody(answer.StatusCode, answer.Body)
	e.Kind, e.Reason = classify(ctx, c, answer.StatusCode, parsed, nil)
	e.RequestID = clean(answer.Header.Get(requestIDHeader))
	e.Type, e.Code, e.Message = clean(parsed.kind), clean(parsed.code), clean(parsed.message)
	e.RetryAfter = retryAfter(answer.StatusCode, answer.Header, e.Message, time.Now())
	if c.secret {
		e.withoutQuotes(parsed, answer.Body)
	}
	if e.Redirected() {
		e.Message = "the API redirects to another address, which is not followed"
	}
	return e
}

func shorten(text string, bytes int) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "�")), " ")
	if len(text) <= bytes {
		return text
	}
	cut := bytes
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// anyKey matches the form of OpenAI's keys, whole or masked, after a character that is no letter or after an escaped line break
// in truncated JSON.
var anyKey = regexp.MustCompile(`(?:\b|\\[nrt])(?:sk|sess)-[A-Za-z0-9_\-*.…•]*[A-Za-z0-9_\-*…•]`)

// redact removes keys from text: a 401 of the API quotes the key of the request.
func redact(text, key string) string {
	if key != "" {
		text = strings.ReplaceAll(text, key, "[key]")
	}
	return anyKey.ReplaceAllString(text, "[key]")
}

// WithoutKeys removes keys from a text that people have written.
func WithoutKeys(text string) string { return redact(text, "") }

// waitInMessage matches messages that name the wait instead of a header: "please slow down and try again after 6.937 seconds"
// and "Please try again in 1m2s".
var waitInMessage = regexp.MustCompile(`(?i)\btry again (?:after|in) (` + spans + `)(?:[^a-z0-9]|$)`)

// spans matches durations such as "1m2s" or "6.937 seconds".
const (
	spans   = `(?:` + number + `\s?` + unit + `\s?)+`
	number  = `\d+(?:\.\d+)?`
	unit    = `(?:ms|milliseconds?|s|seconds?|m|minutes?|h|hours?|d|days?)`
	oneSpan = `(?i)(` + number + `)\s?` + unitName
	// unitName matches the significant letters of a unit, the longer ones first.
	unitName = `(ms|milli|s|m|h|d)[a-z]*`
)

var (
	span      = regexp.MustCompile(oneSpan)
	onlySpans = regexp.MustCompile(`(?i)^` + spans + `$`)
)

// maxWait keeps sums with a wait in range. It is far above any RetryFor.
const maxWait = 7 * 24 * time.Hour

// retryAfter is the wait that an answer names: in Retry-After-Ms, which OpenAI's own clients read first; in Retry-After as
// seconds, a date or a duration; in the message; or, of a 429, in the header with the reset of the limit.
func retryAfter(statusCode int, header http.Header, message string, now time.Time) time.Duration {
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent // the clock of this machine may be wrong
	}
	value := header.Get("Retry-After")
	reset := header.Get("X-Ratelimit-Reset-Requests")
	wait := time.Duration(0)
	if milliseconds, err := strconv.ParseFloat(header.Get("Retry-After-Ms"), 64); err == nil {
		wait = secondsToDuration(milliseconds / 1000)
	} else if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		wait = secondsToDuration(seconds)
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	} else if onlySpans.MatchString(value) {
		wait = sumOfSpans(value)
	} else if found := waitInMessage.FindStringSubmatch(message); found != nil {
		wait = sumOfSpans(found[1])
	} else if statusCode == http.StatusTooManyRequests && onlySpans.MatchString(reset) {
		wait = sumOfSpans(reset)
	}
	return min(max(wait, 0), maxWait)
}

func sumOfSpans(text string) time.Duration {
	var sum time.Duration
	for _, found := range span.FindAllStringSubmatch(text, -1) {
		amount, _ := strconv.ParseFloat(found[1], 64)
		seconds := map[string]float64{"ms": 0.001, "milli": 0.001, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600}[strings.ToLower(found[2])]
		sum = min(sum+secondsToDuration(amount*seconds), maxWait)
	}
	return sum
}

func secondsToDuration(seconds float64) time.Duration {
	// The comparison is also false for NaN.
	if !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second))
}
