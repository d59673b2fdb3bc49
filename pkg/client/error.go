package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/uhttp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	requestIDHeader = "X-Request-Id"

	codeInsufficientQuota = "insufficient_quota"
	codeProjectArchived   = "project_archived"
	codeUnknownURL        = "unknown_url"

	// maxMessageBytes keeps a page of HTML or a stack trace out of logs.
	maxMessageBytes = 500
)

// Error is a request that did not succeed. What the API said of it is kept: the type of nearly every error is
// invalid_request_error, so callers go by StatusCode, then Code, then Message.
type Error struct {
	// Method and Route name the endpoint; Route is its template, without ids.
	Method, Route string
	// StatusCode is the HTTP status, 0 if no answer came.
	StatusCode int
	// Type, Code and Message are the API's own words, without any key; Message is the start of the body where that
	// is no JSON.
	Type, Code, Message string
	// RequestID is the x-request-id header, which OpenAI's support asks for.
	RequestID string
	// RetryAfter is the wait that the API asked for, in a header or in its message; 0 if it named none.
	RetryAfter time.Duration

	grpcCode codes.Code
	cause    error
	// isPage is set where the body is a page of HTML.
	isPage bool
	// tried says for how long the call was repeated.
	tried string
}

func newError(method string, route Route) *Error {
	return &Error{Method: method, Route: string(route)}
}

// Error names the endpoint, the status, what the API said and the request id.
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
	var details []string
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
	st := status.New(e.grpcCode, e.Error())
	if !e.Limited() || e.Code == codeInsufficientQuota || e.RetryAfter <= 0 {
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

// missingScopes matches the sentence that the API gives a restricted or project key, with status 401 or 403.
var missingScopes = regexp.MustCompile(`Missing scopes: ([a-z_.]+(?:, *[a-z_.]+)*)`)

// Limited tells whether the API refused because it was asked too often: nothing was done then.
func (e *Error) Limited() bool { return e.StatusCode == http.StatusTooManyRequests }

// MissingScopes are the permissions that the API says the key lacks; "" if it did not say so.
func (e *Error) MissingScopes() string {
	found := missingScopes.FindStringSubmatch(e.Message)
	if found == nil {
		return ""
	}
	return strings.TrimRight(found[1], ".")
}

// Foreign tells whether a refusal is not the API's own but of something on the way to it, which answers with a page of
// HTML: the firewall in front of api.openai.com does so with 403, proxies do with 404, 401 and 407. It says nothing of
// keys, plans, or whether something is there. Other statuses mean the same whoever says them.
func (e *Error) Foreign() bool {
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusProxyAuthRequired:
		return e.isPage
	default:
		return false
	}
}

// isPage tells HTML from what the API answers.
func isPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }

// SaysUnknownURL tells whether the API does not know the address at all, which is no word on whether something is there:
// the base URL lacks its /v1, say. Both sentences have been seen, the first one without a code.
func (e *Error) SaysUnknownURL() bool {
	return e.StatusCode == http.StatusNotFound &&
		(e.Code == codeUnknownURL || strings.HasPrefix(e.Message, "Invalid URL") || strings.HasPrefix(e.Message, "Unknown request URL"))
}

// DeniesAList tells the API's own 404 of a list that is always there, such as the organization's users. Its gRPC code is
// FailedPrecondition: nothing is gone.
func (e *Error) DeniesAList() bool {
	return e.StatusCode == http.StatusNotFound && e.Method == http.MethodGet && !strings.Contains(e.Route, "{") && !e.Foreign() && !e.SaysUnknownURL()
}

// SaysProjectArchived tells whether the API refused because the project is archived. Only code project_archived is
// documented; older answers have just the sentence.
func (e *Error) SaysProjectArchived() bool {
	return e.Code == codeProjectArchived ||
		e.StatusCode == http.StatusBadRequest && strings.Contains(strings.ToLower(e.Message), "is archived")
}

// SaysAlreadyInProject tells whether the API refused to add somebody to a project because they are in it, with whatever
// role. Only the words are known, not the status.
func (e *Error) SaysAlreadyInProject() bool {
	return e.StatusCode != 0 && strings.Contains(strings.ToLower(e.Message), "already exists in project")
}

// givenUp is for what the API has refused too long: the SDK, which repeats what may pass without end, is told that this
// does not. refusing is for how long it will have been refused when the API lets it pass, by its own word.
func (e *Error) givenUp(refusing time.Duration) *Error {
	e.grpcCode = codes.ResourceExhausted
	e.tried = fmt.Sprintf("refused for %s in all, which is not waited for", refusing.Round(time.Second))
	return e
}

func (e *Error) because(code codes.Code, cause error) *Error {
	e.grpcCode = code
	e.cause = cause
	return e
}

// fromTransport is for a request that got no complete answer.
func (e *Error) fromTransport(ctx context.Context, err error, key string) *Error {
	switch {
	case ctx.Err() != nil:
		return e.because(status.FromContextError(ctx.Err()).Code(), ctx.Err())
	case errors.Is(err, errBodyTooLarge):
		return e.because(codes.Internal, errBodyTooLarge)
	case errors.Is(err, context.DeadlineExceeded):
		return e.because(codes.DeadlineExceeded, errNoAnswer)
	}
	code := status.Code(err)
	if code == codes.OK || code == codes.Unknown {
		// A body that ends early reaches here as Unknown, though another attempt may well succeed.
		code = codes.Unavailable
	}
	return e.because(code, errors.New(shorten(redact(plainMessage(err), key))))
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
func (e *Error) fromAnswer(answer *uhttp.WrapperResponse, key string) *Error {
	e.StatusCode = answer.StatusCode
	// A key is taken out before the text is cut: half of one would not be recognised.
	presentable := func(text string) string { return shorten(redact(text, key)) }
	kind, code, message := parseErrorBody(answer.Body)
	e.RequestID = presentable(answer.Header.Get(requestIDHeader))
	e.Type, e.Code, e.Message = presentable(kind), presentable(code), presentable(message)
	e.RetryAfter = retryAfter(answer.Header, e.Message, time.Now())
	e.grpcCode = uhttp.GrpcCodeFromHTTPStatus(e.StatusCode)
	if e.Code == codeInsufficientQuota {
		// A quota does not come back by waiting; the SDK would wait for ever.
		e.grpcCode = codes.ResourceExhausted
	}
	e.isPage = isPage(answer.Body)
	switch {
	case e.StatusCode >= 300 && e.StatusCode <= 399:
		e.grpcCode = codes.FailedPrecondition
		e.Message = "the API redirects to another address, which is not followed"
	case e.Foreign():
		// It is no answer of use, and another attempt may get through.
		e.grpcCode = codes.Unavailable
	case e.SaysUnknownURL(), e.DeniesAList():
		// Neither is an object that is gone.
		e.grpcCode = codes.FailedPrecondition
	}
	return e
}

// parseErrorBody understands the shapes that the API and the proxies before it answer with:
// {"error":{…}}, {"error":"a sentence"}, {"code":400,"message":"…"}, {"error":null}, HTML, text, nothing, and any of
// these cut off. It gives the type, the code and the message; the message of a body of another shape is the body.
func parseErrorBody(body []byte) (string, string, string) {
	var flat struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Code    any             `json:"code"`
	}
	if json.Unmarshal(body, &flat) != nil {
		return "", "", string(body)
	}

	var nested struct {
		Type    string `json:"type"`
		Code    any    `json:"code"`
		Message string `json:"message"`
	}
	var sentence string
	switch {
	case json.Unmarshal(flat.Error, &sentence) == nil && sentence != "":
		return "", "", sentence
	case json.Unmarshal(flat.Error, &nested) == nil && nested.Message != "":
		return nested.Type, codeString(nested.Code), nested.Message
	case flat.Message != "":
		return "", codeString(flat.Code), flat.Message
	default:
		return nested.Type, codeString(nested.Code), string(body)
	}
}

// codeString accepts the code as a string; the number that some bodies have there only repeats the status.
func codeString(code any) string {
	text, ok := code.(string)
	if !ok {
		return ""
	}
	return text
}

func shorten(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "�")), " ")
	if len(text) <= maxMessageBytes {
		return text
	}
	cut := maxMessageBytes
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

// waitInMessage matches "please slow down and try again after 6.937 seconds", where the API tells the wait in place of
// a header.
var waitInMessage = regexp.MustCompile(`after (\d+(?:\.\d+)?) ?s`)

// maxWait is above any wait that the API has been seen to ask for; a larger one is a mistake, and is cut.
const maxWait = time.Hour

func retryAfter(header http.Header, message string, now time.Time) time.Duration {
	wait := time.Duration(0)
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		wait = secondsToDuration(seconds)
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	} else if found := waitInMessage.FindStringSubmatch(message); found != nil {
		seconds, _ := strconv.ParseFloat(found[1], 64)
		wait = secondsToDuration(seconds)
	}
	return min(max(wait, 0), maxWait)
}

func secondsToDuration(seconds float64) time.Duration {
	// The comparison is false for NaN as well, and keeps the conversion in range.
	if !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second))
}
