package openaitest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// RateLimit limits each route template on its own; all projects and groups share the template's tokens. The API tells
// how long to wait only in the message.
type RateLimit struct {
	// Burst is how many requests pass at once; at least 1.
	Burst int
	// Interval is how long one token takes to come back; positive.
	Interval time.Duration
	// RetryAfter adds the header Retry-After: "seconds" rounded up, or "date"; empty adds none, as the API does.
	RetryAfter string
	// Message replaces the message, and with it the time to wait.
	Message string
}

// The forms of the header Retry-After.
const (
	retryAfterSeconds = "seconds"
	retryAfterDate    = "date"
)

// bucket holds a route's tokens as they were at a time.
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

// takeTokenLocked refuses the call when the route's bucket is empty. A refused call costs nothing.
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
	// A hair less than a token is one: the fractions do not add up exactly.
	if b.tokens >= 1-1e-9 {
		b.tokens--
		return nil
	}
	return s.RateLimit.refusal(now, time.Duration((1-b.tokens)*float64(s.RateLimit.Interval)))
}

func (l *RateLimit) refusal(now time.Time, wait time.Duration) error {
	// Rounded up: whoever waits as long as told is served.
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
