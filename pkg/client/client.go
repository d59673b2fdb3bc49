// Package client calls the OpenAI Admin API.
//
// Each list method makes one request and returns one page with the cursor of the next. The API is described at
// https://platform.openai.com/docs/api-reference/administration. Every route needs an Admin API key; those of groups and
// roles need one with the permission "All".
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/conductorone/baton-sdk/pkg/uhttp"
)

const (
	// defaultRetryFor is far above the minute that the API's rate limits have been seen to last, and above most outages.
	defaultRetryFor = 15 * time.Minute

	// defaultTimeout is far above the time of the largest page.
	defaultTimeout = time.Minute
)

// Client calls the Admin API of one organization, each route at the rate that the API allows. It is safe for concurrent use.
type Client struct {
	// RetryFor is the time after which a call gives up: a route refuses every call with 429, or a read gets no usable answer.
	// 0 means no retry. A read that somebody waits for gives up after some seconds. Set it before the first call.
	RetryFor time.Duration
	// Timeout limits one attempt, up to the last byte of the answer. Set it before the first call.
	Timeout time.Duration

	base         *url.URL
	key          string
	http         *uhttp.BaseHttpClient
	limiter      *limiter
	organization organization
	calls        atomic.Int64
	// slots has an element for each request of a sync in flight.
	slots chan struct{}
	// answered is set after the first usable answer of the API.
	answered atomic.Bool
}

// New returns a client that sends the admin key to base and to no other host. It sends no request.
func New(ctx context.Context, base *url.URL, key, userAgent string) (*Client, error) {
	// guardedTransport logs instead: the SDK's log of requests would quote an answer that is not HTTP.
	httpClient, err := uhttp.NewClient(ctx, uhttp.WithLogger(false, nil), uhttp.WithUserAgent(userAgent))
	if err != nil {
		return nil, fmt.Errorf("creating the HTTP client: %w", err)
	}
	httpClient.Transport = guardedTransport{next: httpClient.Transport, key: key}
	// The API does not redirect, and the key must not follow one to another host.
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	wrapper, err := uhttp.NewBaseHttpClientWithContext(ctx, httpClient)
	if err != nil {
		return nil, fmt.Errorf("creating the HTTP client: %w", err)
	}
	return &Client{
		RetryFor: defaultRetryFor, Timeout: defaultTimeout,
		base: base, key: key, http: wrapper, limiter: newLimiter(), slots: make(chan struct{}, maxInFlight),
	}, nil
}

// Calls is the number of requests so far.
func (c *Client) Calls() int64 { return c.calls.Load() }

// get requests the route and decodes the answer into out.
func (c *Client) get(ctx context.Context, route Route, ids []string, query url.Values, out any) error {
	return c.send(ctx, call{method: http.MethodGet, route: route, ids: ids, query: query, out: out})
}

// retrieve gets one object. An answer about another object is an error.
func retrieve[T item](ctx context.Context, c *Client, route Route, ids ...string) (T, error) {
	return retrieveBy[T](ctx, c, nil, route, ids...)
}

// retrieveBy is [retrieve] with a query.
func retrieveBy[T item](ctx context.Context, c *Client, query url.Values, route Route, ids ...string) (T, error) {
	var object, none T
	if err := c.get(ctx, route, ids, query, &object); err != nil {
		return none, err
	}
	object, err := identified(c, object, http.MethodGet, route, ids...)
	if err == nil && strings.HasSuffix(string(route), "}") && !isAsked(object, ids) {
		return none, c.newError(call{method: http.MethodGet, route: route, ids: ids}).because(KindMalformed, errOtherObject)
	}
	return object, err
}

// isAsked tells whether the object is the one that the last of the ids names. Some objects have more to tell than their id.
func isAsked(object item, ids []string) bool {
	if detailed, has := object.(interface{ isAsked(ids []string) bool }); has {
		return detailed.isAsked(ids)
	}
	return object.itemID() == ids[len(ids)-1]
}

// identified returns the object, or an error if the answer has no id.
func identified[T item](c *Client, object T, method string, route Route, ids ...string) (T, error) {
	if object.itemID() == "" {
		var none T
		return none, c.newError(call{method: method, route: route, ids: ids}).because(KindMalformed, errNoID)
	}
	return object, nil
}

var errNoAnswer = errors.New("no complete answer came in time")

var errPage = errors.New("the answer is a page and not the API's")

var errNoID = errors.New("the answer is not what was asked for: the id or the type is missing")

var errOtherObject = errors.New("the answer is not what was asked for: it is about another object")

// call is one request. The ids replace the placeholders of the route, in their order.
type call struct {
	method string
	route  Route
	ids    []string
	query  url.Values
	body   any
	// out receives the decoded answer. raw receives the undecoded answer of a call that succeeds with any body.
	out any
	raw *json.RawMessage
	// secret says that the answer contains a secret: the call is never repeated, and its answer is never quoted.
	secret bool
	// answered says that the API has answered an earlier call, so that the base URL is right.
	answered bool
}

// send makes every request: it waits for its turn on the route, and retries where the verdict on the answer allows it. Every
// error is an *Error.
func (c *Client) send(ctx context.Context, call call) error {
	route := c.limiter.forRoute(call.method, call.route)
	turn := route.newTurn(ctx)
	var retries retry
	for {
		if err := c.limiter.wait(ctx, route, turn); err != nil {
			return c.newError(call).because(KindStopped, err)
		}
		failure := c.attemptInSlot(ctx, call)
		if failure == nil {
			route.passed(turn)
			return nil
		}
		policy := verdicts[failure.Kind].retry
		if policy == retryInTurn {
			if call.secret {
				route.refused(turn, min(failure.RetryAfter, c.RetryFor), failure.Message)
				return failure
			}
			if err := c.refused(route, turn, failure); err != nil {
				return err
			}
			continue
		}
		if failure.StatusCode == 0 {
			route.unanswered()
		} else {
			route.passed(turn)
		}
		if policy != retryReads || call.method != http.MethodGet {
			return failure
		}
		if err := retries.wait(ctx, failure, c.RetryFor); err != nil {
			return err
		}
	}
}

// attempt sends one request; nil is a success.
func (c *Client) attempt(ctx context.Context, call call) *Error {
	call.answered = c.answered.Load()
	u, err := c.url(call.route, call.ids, call.query)
	if err != nil {
		return c.newError(call).because(KindRefused, err)
	}
	options := []uhttp.RequestOption{
		uhttp.WithBearerToken(c.key),
		uhttp.WithAcceptJSONHeader(),
		// The key of the SDK's cache ignores the case of ids, and the credentials.
		uhttp.WithNoCache(),
	}
	if call.body != nil {
		options = append(options, uhttp.WithJSONBody(call.body))
	}
	// The SDK's HTTP client would wait five minutes for a body that stalls.
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if call.secret {
		limited = withSecret(limited)
	}
	request, err := c.http.NewRequest(limited, call.method, u, options...)
	if err != nil {
		return c.newError(call).because(KindRefused, errors.New("the request cannot be built"))
	}

	c.calls.Add(1)
	var answer *uhttp.WrapperResponse
	response, err := c.http.Do(request, func(r *uhttp.WrapperResponse) error { answer = r; return nil })
	if response != nil {
		// The SDK has already read the body. This satisfies the contract of net/http.
		defer response.Body.Close()
	}
	if answer != nil && call.secret {
		defer clear(answer.Body)
	}
	switch {
	case answer == nil:
		return c.newError(call).fromTransport(ctx, call, err, c.key)
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return c.newError(call).fromAnswer(ctx, call, answer, c.key)
	}
	c.organization.update(answer.Header)
	if kind, err := c.accept(call, answer.Body); err != nil {
		failure := c.newError(call).because(kind, err)
		failure.StatusCode = answer.StatusCode
		failure.RequestID = answer.Header.Get(requestIDHeader)
		return failure
	}
	if call.out != nil {
		c.answered.Store(true)
	}
	return nil
}

// accept reads the body of a success.
func (c *Client) accept(call call, body []byte) (Kind, error) {
	switch {
	case isPage(body):
		// For example, a network with a login page answers with HTML and 200.
		return KindNoAnswer, errPage
	case isRefusal(body) && call.secret:
		return KindNoAnswer, errNotQuoted
	case isRefusal(body):
		return KindNoAnswer, fmt.Errorf("the answer is an error: %s", shorten(redact(parseErrorBody(http.StatusOK, body).message, c.key), maxMessageBytes))
	case call.out == nil:
		if call.raw != nil {
			*call.raw = body
		}
		return 0, nil
	default:
		if !call.secret {
			body = maskKeys(body)
		}
		kind, err := decode(body, call.out)
		if err != nil && call.secret {
			err = errNotQuoted
		}
		return kind, err
	}
}

// decode parses the body. A truncated body is [KindNoAnswer], so that it is retried; another shape is [KindMalformed].
func decode(body []byte, out any) (Kind, error) {
	err := json.Unmarshal(body, out)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &syntax):
		return KindNoAnswer, fmt.Errorf("the answer is not complete JSON: %w", err)
	default:
		return KindMalformed, fmt.Errorf("the answer does not have the documented shape: %w", err)
	}
}

// url replaces the placeholders of the route. The ids are not trusted: each is escaped, and one that would lead to another
// route is an error.
func (c *Client) url(route Route, ids []string, query url.Values) (*url.URL, error) {
	segments := strings.Split(strings.Trim(string(route), "/"), "/")
	for i, segment := range segments {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("no value for %s", segment)
		}
		id := ids[0]
		ids = ids[1:]
		if id == "" || id == "." || id == ".." {
			return nil, fmt.Errorf("%q is not a value for %s", id, segment)
		}
		segments[i] = url.PathEscape(id)
	}
	if len(ids) != 0 {
		return nil, fmt.Errorf("%d values too many", len(ids))
	}

	// JoinPath would remove escaped segments.
	u, err := url.Parse(strings.TrimRight(c.base.String(), "/") + "/" + strings.Join(segments, "/"))
	if err != nil {
		return nil, fmt.Errorf("joining the path: %w", err)
	}
	u.RawQuery = query.Encode()
	return u, nil
}
