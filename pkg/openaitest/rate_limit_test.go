package openaitest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// In a synctest bubble the clock advances only while every goroutine waits, so these tests take no time.

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		standIn := &openaitest.Server{
			Organization: openaitest.Organization{Projects: []openaitest.Project{{ID: "a"}, {ID: "b"}}},
			RateLimit:    &openaitest.RateLimit{Burst: 2, Interval: 10 * time.Second},
		}
		status := func(path string) int { return get(t, standIn, path).status }
		assert.Equal(t, http.StatusOK, status("/projects/a/roles"))
		assert.Equal(t, http.StatusOK, status("/projects/b/roles"))
		assert.Equal(t, http.StatusTooManyRequests, status("/projects/a/roles"), "the projects share the route's tokens")
		assert.Equal(t, http.StatusOK, status("/organization/users"), "another route has its own")

		<-time.After(3063 * time.Millisecond)
		refused := get(t, standIn, "/projects/b/roles")
		assert.Equal(t, "You've exceeded the rate limit, please slow down and try again after 6.937 seconds.", refused.message())
		assert.Equal(t, "rate_limit_exceeded", refused.code())
		assert.Equal(t, "invalid_request_error", refused.field("type"))
		assert.NotContains(t, refused.header, "Retry-After")

		<-time.After(6937 * time.Millisecond)
		assert.Equal(t, http.StatusOK, status("/projects/a/roles"), "after as long as told")
		assert.Equal(t, http.StatusTooManyRequests, status("/projects/a/roles"))
		<-time.After(time.Hour)
		assert.Equal(t, http.StatusOK, status("/projects/a/roles"))
		assert.Equal(t, http.StatusOK, status("/projects/a/roles"))
		assert.Equal(t, http.StatusTooManyRequests, status("/projects/a/roles"), "no more than Burst")
	})
}

func TestRateLimitForms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limit               openaitest.RateLimit
		message, retryAfter string
	}{
		"seconds": {openaitest.RateLimit{RetryAfter: "seconds"}, "after 9.500 seconds", "10"},
		"date":    {openaitest.RateLimit{RetryAfter: "date"}, "after 9.500 seconds", "Sat, 01 Jan 2000 00:00:10 GMT"},
		"message": {openaitest.RateLimit{Message: "You're making too many requests, please slow down."}, "please slow down.", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.limit.Burst, test.limit.Interval = 1, 9500*time.Millisecond
				standIn := &openaitest.Server{RateLimit: &test.limit}
				ok(t, standIn, "/organization/users")
				refused := get(t, standIn, "/organization/users")
				assert.Contains(t, refused.message(), test.message)
				assert.Equal(t, test.retryAfter, refused.header.Get("Retry-After"))
			})
		})
	}
}

func TestRateLimitMustBePossible(t *testing.T) {
	t.Parallel()
	for _, limit := range []openaitest.RateLimit{
		{Interval: time.Second},
		{Burst: 1},
		{Burst: 1, Interval: time.Second, RetryAfter: "minutes"},
	} {
		assert.Panics(t, func() { get(t, &openaitest.Server{RateLimit: &limit}, "/organization/users") })
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		standIn := &openaitest.Server{Latency: 50 * time.Millisecond}
		before := time.Now()
		ok(t, standIn, "/organization/users")
		assert.Equal(t, 50*time.Millisecond, time.Since(before))
	})
}
