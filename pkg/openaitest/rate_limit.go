package openaitest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// RateLimit limits each route template separately. All projects and groups share the tokens of a template. The API names the
// wait only in the message.
type RateLimit struct {
	// Burst is the number of requests that pass at once; at least 1.
	Burst int
	// Interval is the time until a token returns; positive.
	Interval time.Duration
	// RetryAfter adds the header Retry-After: "seconds" rounded up, or "date"; empty adds none, as the API does.
	RetryAfter string
	// Message replaces the message with the wait.
	Message string
}

// The forms of the header Retry-After.
const (
	retryAfterSeconds = "seconds"
	retryAfterDate    = "date"
)

// bucket has the tokens of a route at a time.
type bucket struct {
	tokens float64
	at     time.Time
}

func (l *RateLimit) check() {
	if l.Burst < 1 || l.Interval <= 0 {
		panic("openaitest: RateLimit needs a Burst of at least 1 and a positive Interval")
	}
	switch l.RetryAfter {
	case "", retryAfterSeconds, retryAfterDate:
	default:
		panic(`openaitest: RateLimit.RetryAfter is not "", "seconds" or "date"`)
	}
}

// takeTokenLocked refuses the call if the bucket of the route is empty. A refused call costs no token.
func (s *Server) takeTokenLocked(template string) error {
	if s.RateLimit == nil {
		return nil
	}
	if s.buckets == nil {
		s.buckets = map[string]*bucket{}
	}
	now := time.Now()
	b := s.buckets[template]
	if b == nil {
		b = &bucket{tokens: float64(s.RateLimit.Burst), at: now}
		s.buckets[template] = b
	}
	b.tokens = min(float64(s.RateLimit.Burst), b.tokens+float64(now.Sub(b.at))/float64(s.RateLimit.Interval))
	b.at = now
	// The tolerance is for rounding errors of the fractions.
	if b.tokens >= 1-1e-9 {
		b.tokens--
		return nil
	}
	return s.RateLimit.refusal(now, time.Duration((1-b.tokens)*float64(s.RateLimit.Interval)))
}

func (l *RateLimit) refusal(now time.Time, wait time.Duration) error {
	// Rounded up, so that a client that waits this long is served.
	milliseconds := math.Ceil(float64(wait) / float64(time.Millisecond))
	failure := &apiError{
		status:  http.StatusTooManyRequests,
		message: l.Message,
		code:    "rate_limit_exceeded",
		header:  http.Header{},
	}
	if failure.message == "" {
		failure.message = fmt.Sprintf("You've exceeded the rate limit, please slow down and try again after %.3f seconds.", milliseconds/1000)
	}
	switch l.RetryAfter {
	case retryAfterSeconds:
		failure.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(milliseconds/1000))))
	case retryAfterDate:
		failure.header.Set("Retry-After", now.Add(wait+time.Second).UTC().Format(http.TimeFormat))
	}
	return failure
}
