// Package client speaks to the OpenAI Admin API: its routes, its two ways to page, its errors.
//
// Every list method returns one page for one request, and the cursor of the next page. The API is described at
// https://platform.openai.com/docs/api-reference/administration; every route needs an Admin API key, and the groups
// and roles need one with the permission "All".
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

// maxResponseBytes is far above the largest page (1,000 rows) and keeps a broken peer from filling the memory.
const maxResponseBytes = 16 << 20

const (
	// standardRetryFor is far above the minute after which the API's limits have been seen to let calls pass again, and
	// above what its operators need to mend most failures.
	standardRetryFor = 15 * time.Minute

	// standardTimeout is far above what the largest page takes.
	standardTimeout = time.Minute

	// callsAtOnce is how many requests of syncs are under way at the same time. More gain little where the API answers in
	// tens of milliseconds, and where it limits a route, each one that is under way then is refused.
	callsAtOnce = 12
)

// Client calls the Admin API of one organization, each route at the rate that the API allows. It is safe for concurrent
// use.
type Client struct {
	// RetryFor is for how long a route may refuse every call with 429, or a call that only reads may get no answer of use,
	// before the call gives up; 0 is not at all. Somebody who waits for a read waits for some seconds of it. It is set
	// before the first call.
	RetryFor time.Duration
	// Timeout is for how long one attempt may take, up to the last byte of the answer. It is set before the first call.
	Timeout time.Duration

	base         *url.URL
	key          string
	http         *uhttp.BaseHttpClient
	limiter      *limiter
	organization organization
	calls        atomic.Int64
	// underWay has an element for each request of a sync that is under way.
	underWay chan struct{}
	// answered is set once the API has answered a call with what was asked for.
	answered atomic.Bool
}

// New returns a client that sends the admin key to base and to no other host. Nothing is sent yet.
func New(ctx context.Context, base *url.URL, key string, userAgent string) (*Client, error) {
	// The SDK's log of requests would quote the error of an answer that is not HTTP; guardedTransport logs in its place.
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
		RetryFor: standardRetryFor, Timeout: standardTimeout,
		base: base, key: key, http: wrapper, limiter: newLimiter(), underWay: make(chan struct{}, callsAtOnce),
	}, nil
}

// get asks for the route and decodes the answer into out.
func (c *Client) get(ctx context.Context, route Route, ids []string, query url.Values, out any) error {
	return c.send(ctx, call{method: http.MethodGet, route: route, ids: ids, query: query, out: out})
}

// retrieve gets one object.
func retrieve[T item](ctx context.Context, c *Client, route Route, ids ...string) (T, error) {
	var object, none T
	if err := c.get(ctx, route, ids, nil, &object); err != nil {
		return none, err
	}
	return identified(c, object, http.MethodGet, route, ids...)
}

// identified refuses an answer that is not the object that was asked for.
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

// call is one request. The route is a template such as "/organization/groups/{group_id}/users", whose placeholders are
// filled with ids in their order.
type call struct {
	method string
	route  Route
	ids    []string
	query  url.Values
	body   any
	// out is what the answer is decoded into; said is the answer as it came, for calls that succeed whatever it says.
	out  any
	said *json.RawMessage
	// secret says that the answer tells a secret, once: the call is never made again, and its answer is quoted nowhere.
	secret bool
	// answered says that the API has answered another call: it is where the base URL leads.
	answered bool
}

// send is the way of every request: it waits for the route's turn, and sends again what may be sent again by the verdict
// on its answer. Every error is an *Error.
func (c *Client) send(ctx context.Context, call call) error {
	route := c.limiter.of(call.method, call.route)
	turn := route.arrive(ctx)
	var retries retry
	for {
		if err := c.limiter.wait(ctx, route, turn); err != nil {
			return c.newError(call).because(KindStopped, err)
		}
		failure := c.attemptInTurn(ctx, call)
		if failure == nil {
			route.passed(turn)
			return nil
		}
		again := verdicts[failure.Kind].again
		if again == inTurn {
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
			route.lost()
		} else {
			route.passed(turn)
		}
		if again != reads || call.method != http.MethodGet {
			return failure
		}
		if err := retries.wait(ctx, failure, c.RetryFor); err != nil {
			return err
		}
	}
}

// attemptInTurn is [Client.attempt] as soon as few enough requests are under way. Those that somebody waits for go at once.
func (c *Client) attemptInTurn(ctx context.Context, call call) *Error {
	if isUrgent(ctx) {
		return c.attempt(ctx, call)
	}
	select {
	case c.underWay <- struct{}{}:
	case <-ctx.Done():
		return c.newError(call).because(KindStopped, ctx.Err())
	}
	failure := c.attempt(ctx, call)
	if held, ok := ctx.Value(placeKey{}).(*place); ok && failure == nil {
		held.free = func() { <-c.underWay }
		return nil
	}
	<-c.underWay
	return failure
}

// placeKey marks a context.
type placeKey struct{}

// place is that of a request among those that are under way.
type place struct{ free func() }

// WithPlace has the one request of a context keep its place among those that are under way until [ReleasePlace]: so no more
// answers wait to be kept than requests may be under way, and no more are lost where the process ends.
func WithPlace(ctx context.Context) context.Context {
	return context.WithValue(ctx, placeKey{}, &place{})
}

// ReleasePlace gives the place of [WithPlace] up, if it is still kept.
func ReleasePlace(ctx context.Context) {
	if held, ok := ctx.Value(placeKey{}).(*place); ok && held.free != nil {
		held.free()
		held.free = nil
	}
}

// refused tells the limiter of a route of a call that the API refused because it was asked too often; nil means that it is asked again.
func (c *Client) refused(route *routeLimiter, turn *turn, failure *Error) error {
	if failure.RetryAfter > c.RetryFor {
		// Nobody waits for that, so that the limiter is not told: the route would be silent for everybody.
		route.lost()
		return failure.giveUp(fmt.Sprintf("OpenAI asks for a wait of %s, which is longer than is waited for", failure.RetryAfter.Round(time.Second)))
	}
	if refusing := route.refused(turn, failure.RetryAfter, failure.Message); refusing > c.RetryFor {
		return failure.giveUp(fmt.Sprintf("refused for %s in all, which is not waited for", refusing.Round(time.Second)))
	}
	return nil
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
		// The SDK would answer from a cache whose key ignores the letter case of ids and the credentials.
		uhttp.WithNoCache(),
	}
	if call.body != nil {
		options = append(options, uhttp.WithJSONBody(call.body))
	}
	// Without a limit of its own, a body that stalls would hold the call for the five minutes of the SDK's HTTP client.
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
		// The SDK has read the body already; this satisfies the contract of net/http.
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
	c.organization.note(answer.Header)
	if kind, err := accept(call, answer.Body); err != nil {
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

// accept takes the body of a success.
func accept(call call, body []byte) (Kind, error) {
	switch {
	case isPage(body):
		// A network that wants a login, say, answers so, with 200.
		return KindNoAnswer, errPage
	case call.out == nil:
		if call.said != nil {
			*call.said = body
		}
		return 0, nil
	default:
		kind, err := decode(body, call.out)
		if err != nil && call.secret {
			err = errNotQuoted
		}
		return kind, err
	}
}

// decode tells a body that was cut off, which another attempt may mend, from one that is not what the route answers.
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

// url fills the template's placeholders. Ids come from outside: each is escaped, and the ones that would climb to
// another route are refused.
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

	// JoinPath would clean escaped segments away, so the escaped path is joined by hand and parsed once.
	u, err := url.Parse(strings.TrimRight(c.base.String(), "/") + "/" + strings.Join(segments, "/"))
	if err != nil {
		return nil, fmt.Errorf("joining the path: %w", err)
	}
	u.RawQuery = query.Encode()
	return u, nil
}
