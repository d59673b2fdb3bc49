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

	// maxMessageBytes keeps a page of HTML or a stack trace out of logs, maxIDBytes an id that is none.
	maxMessageBytes = 500
	maxIDBytes      = 100
)

// Error is a request that did not succeed. What it means is its Kind; what the API said of it is kept for people.
type Error struct {
	// Method and Route name the endpoint; Route is its template, without ids.
	Method, Route string
	// Kind is what the answer means, and Reason why, as far as the API says so.
	Kind   Kind
	Reason Reason
	// StatusCode is the HTTP status, 0 if no answer came.
	StatusCode int
	// Type, Code and Message are the API's own words, without any key; Message is the start of the body where that
	// is not in the API's form.
	Type, Code, Message string
	// RequestID is the x-request-id header, which OpenAI's support asks for.
	RequestID string
	// RetryAfter is the wait that the API asked for, in a header or in its message; 0 if it named none.
	RetryAfter time.Duration
	// GivenUp says that the call was repeated for as long as it may be.
	GivenUp bool

	// ids are what the route's placeholders stood for, in words for people.
	ids   []string
	cause error
	// tried says for how long the call was repeated.
	tried string
}

func (c *Client) newError(call call) *Error {
	return &Error{Method: call.method, Route: string(call.route), ids: call.named(c.key)}
}

// named are the ids of the call, each behind the name of its placeholder and quoted.
func (c call) named(key string) []string {
	names := placeholder.FindAllStringSubmatch(string(c.route), -1)
	named := make([]string, 0, len(c.ids))
	for i, id := range c.ids {
		if i < len(names) {
			named = append(named, names[i][1]+" "+strconv.Quote(shorten(redact(id, key), maxIDBytes)))
		}
	}
	return named
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// Error names the endpoint, the status, what the API said, the ids and the request id.
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

// Unwrap gives the cause of an error that is not the API's.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus tells the SDK what kind of failure it is and how long the API asked to wait: it repeats Unavailable and
// DeadlineExceeded, and nothing else.
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

// MissingScopes are the permissions that the API says the key lacks; "" if it did not say so.
func (e *Error) MissingScopes() string {
	found := missingScopes.FindStringSubmatch(e.Message)
	if found == nil {
		return ""
	}
	return strings.TrimRight(found[1], ".")
}

// Redirected tells whether the answer leads to another address, which is not followed.
func (e *Error) Redirected() bool { return e.StatusCode >= 300 && e.StatusCode <= 399 }

// SaysAlreadyInProject tells whether the API refused to add somebody to a project because they are in it, with whatever
// role. Only the words are known, not the status.
func (e *Error) SaysAlreadyInProject() bool {
	return (e.Kind == KindRefused || e.Kind == KindConflict) && strings.Contains(strings.ToLower(e.Message), "already exists in project")
}

// SaysAlreadyThere tells whether the API refused to invite somebody because the address has been invited or belongs to a
// member. Its words vary, and none of them are documented.
func (e *Error) SaysAlreadyThere() bool {
	return e.Kind == KindConflict || e.Kind == KindRefused && strings.Contains(strings.ToLower(e.Message), "already")
}

// giveUp ends a call that has been repeated for as long as it may be: the SDK, which repeats what may pass without end, is
// told that this does not.
func (e *Error) giveUp(tried string) *Error {
	e.GivenUp, e.tried = true, tried
	return e
}

func (e *Error) because(kind Kind, cause error) *Error {
	e.Kind, e.cause = kind, cause
	return e
}

// fromTransport is for a request that got no complete answer.
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

// plainMessage is the cause in the error that uhttp makes of a failed request: it joins gRPC's status and the cause.
func plainMessage(err error) string {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		if parts := joined.Unwrap(); len(parts) > 0 {
			return plainMessage(parts[len(parts)-1])
		}
	}
	return err.Error()
}

// fromAnswer is for an answer with a status that is no success.
func (e *Error) fromAnswer(ctx context.Context, c call, answer *uhttp.WrapperResponse, key string) *Error {
	e.StatusCode = answer.StatusCode
	// A key is taken out before the text is cut: half of one would not be recognised.
	presentable := func(text string) string { return shorten(redact(text, key), maxMessageBytes) }
	said := parseErrorBody(answer.StatusCode, answer.Body)
	e.Kind, e.Reason = classify(ctx, c, answer.StatusCode, said, nil)
	e.RequestID = presentable(answer.Header.Get(requestIDHeader))
	e.Type, e.Code, e.Message = presentable(said.kind), presentable(said.code), presentable(said.message)
	e.RetryAfter = retryAfter(answer.Header, e.Message, time.Now())
	if c.secret {
		e.withoutQuotes(said, answer.Body)
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

// anyKey matches what OpenAI's keys look like, whole or masked, behind anything that is no letter or behind an escaped
// line break of JSON that was cut off.
var anyKey = regexp.MustCompile(`(?:\b|\\[nrt])(?:sk|sess)-[A-Za-z0-9_\-*.…•]*[A-Za-z0-9_\-*…•]`)

// redact takes keys out of text: the API's 401 quotes the key that it was sent.
func redact(text, key string) string {
	if key != "" {
		text = strings.ReplaceAll(text, key, "[key]")
	}
	return anyKey.ReplaceAllString(text, "[key]")
}

// waitInMessage matches "please slow down and try again after 6.937 seconds" and "Please try again in 1m2s", where the API
// tells the wait in place of a header.
var waitInMessage = regexp.MustCompile(`(?i)\btry again (?:after|in) (` + spans + `)(?:[^a-z0-9]|$)`)

// spans are spans of time such as "1m2s" or "6.937 seconds", span is one of them.
const (
	spans   = `(?:` + number + `\s?` + unit + `\s?)+`
	number  = `\d+(?:\.\d+)?`
	unit    = `(?:ms|milliseconds?|s|seconds?|m|minutes?|h|hours?|d|days?)`
	oneSpan = `(?i)(` + number + `)\s?` + unitName
	// unitName is a unit of which the first letters are enough: the longer ones first.
	unitName = `(ms|milli|s|m|h|d)[a-z]*`
)

var (
	span      = regexp.MustCompile(oneSpan)
	onlySpans = regexp.MustCompile(`(?i)^` + spans + `$`)
)

// maxWait keeps the sum of a wait and a time in range. No wait that comes near it is waited for.
const maxWait = 7 * 24 * time.Hour

// retryAfter is the wait that an answer names: in Retry-After-Ms, which OpenAI's own clients heed first, in Retry-After as
// seconds, a date or a span, in the sentence, or in the header that tells when a limit is reset.
func retryAfter(header http.Header, message string, now time.Time) time.Duration {
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
	} else if onlySpans.MatchString(reset) {
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
	// The comparison is false for NaN as well, and keeps the conversion in range.
	if !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second))
}
