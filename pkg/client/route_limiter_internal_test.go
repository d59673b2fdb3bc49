package client

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// elapse advances the fake clock of a synctest bubble.
func elapse(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // nothing but time has to pass
}

// limit is the rate limit of an API: call reports whether a call passes now, and otherwise the wait that the API names.
type limit interface {
	call(now time.Time) (passes bool, wait time.Duration)
}

// bucket fills evenly, as the API's was seen to.
type bucket struct {
	burst    float64
	interval time.Duration
	tokens   float64
	at       time.Time
}

func (b *bucket) call(now time.Time) (bool, time.Duration) {
	if b.at.IsZero() {
		b.at, b.tokens = now, b.burst
	}
	b.tokens = min(b.burst, b.tokens+float64(now.Sub(b.at))/float64(b.interval))
	b.at = now
	if b.tokens >= 1-1e-9 {
		b.tokens--
		return true, 0
	}
	// The wait is rounded up to a millisecond, as in the API's message.
	wait := time.Duration((1 - b.tokens) * float64(b.interval))
	return false, time.Duration(math.Ceil(wait.Seconds()*1000)) * time.Millisecond
}

// window lets a number of calls pass, and then none until it ends.
type window struct {
	length time.Duration
	calls  int
	ends   time.Time
	passed int
}

func (w *window) call(now time.Time) (bool, time.Duration) {
	if !now.Before(w.ends) {
		w.ends, w.passed = now.Add(w.length), 0
	}
	if w.passed < w.calls {
		w.passed++
		return true, 0
	}
	return false, w.ends.Sub(now)
}

// silent is a limit that names no wait.
type silent struct{ limit }

func (s silent) call(now time.Time) (bool, time.Duration) {
	passes, _ := s.limit.call(now)
	return passes, 0
}

// rounded is a limit that names the wait in whole seconds, as the header Retry-After does.
type rounded struct{ limit }

func (r rounded) call(now time.Time) (bool, time.Duration) {
	passes, wait := r.limit.call(now)
	return passes, time.Duration(math.Ceil(wait.Seconds())) * time.Second
}

// api is an API behind a limiter, with a latency.
type api struct {
	mu      sync.Mutex
	limit   limit
	latency time.Duration
	passed  int
	refused int
}

func (a *api) ask(l *routeLimiter, t *turn) bool {
	elapse(a.latency / 2)
	a.mu.Lock()
	passes, wait := a.limit.call(time.Now())
	if passes {
		a.passed++
	} else {
		a.refused++
	}
	a.mu.Unlock()
	elapse(a.latency / 2)
	if passes {
		l.passed(t)
	} else {
		l.refused(t, wait, "")
	}
	return passes
}

// call repeats one call until it passes.
func (a *api) call(ctx context.Context, l *routeLimiter) error {
	turn := l.newTurn(ctx)
	for {
		if err := l.wait(ctx, turn); err != nil {
			return err
		}
		if a.ask(l, turn) {
			return nil
		}
	}
}

// run makes the calls with some workers and returns how long that takes on the fake clock.
func (a *api) run(t *testing.T, l *routeLimiter, calls, workers int) time.Duration {
	t.Helper()
	start := time.Now()
	work := make(chan struct{}, calls)
	for range calls {
		work <- struct{}{}
	}
	close(work)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for range work {
				assert.NoError(t, a.call(t.Context(), l))
			}
		})
	}
	wait.Wait()
	return time.Since(start)
}

// For any form of limit, a route keeps to its rate: it takes hardly longer than necessary, and hardly a call is
// refused.
func TestRouteIsAsFastAsTheLimit(t *testing.T) {
	t.Parallel()
	const calls = 500
	minute := func(n int) time.Duration { return time.Minute / time.Duration(n) }
	tests := map[string]struct {
		limit func() limit
		// bound is the shortest time for so many calls, slower the accepted factor, and refused the accepted number of
		// refusals.
		bound   time.Duration
		slower  float64
		refused int
	}{
		"bucket of 7 a minute":          {func() limit { return &bucket{burst: 7, interval: minute(7)} }, (calls - 7) * minute(7), 1.01, calls / 15},
		"bucket of 7 a second":          {func() limit { return &bucket{burst: 7, interval: time.Second / 7} }, (calls - 7) * time.Second / 7, 1.05, calls / 15},
		"bucket of 60 a minute":         {func() limit { return &bucket{burst: 60, interval: minute(60)} }, (calls - 60) * minute(60), 1.02, calls / 15},
		"no burst":                      {func() limit { return &bucket{burst: 1, interval: minute(10)} }, (calls - 1) * minute(10), 1.1, calls / 6},
		"window of 7 a minute":          {func() limit { return &window{calls: 7, length: time.Minute} }, (calls/7 - 1) * time.Minute, 1.1, calls / 15},
		"wait in whole seconds":         {func() limit { return rounded{&bucket{burst: 7, interval: minute(7)}} }, (calls - 7) * minute(7), 1.05, calls / 15},
		"no wait named":                 {func() limit { return silent{&bucket{burst: 7, interval: minute(7)}} }, (calls - 7) * minute(7), 1.4, calls / 4},
		"no wait named, 60 a minute":    {func() limit { return silent{&bucket{burst: 10, interval: minute(60)}} }, (calls - 10) * minute(60), 1.4, calls / 4},
		"window, no wait named":         {func() limit { return silent{&window{calls: 10, length: time.Minute}} }, (calls/10 - 1) * time.Minute, 1.4, calls / 3},
		"window that opens for a crowd": {func() limit { return &window{calls: 100, length: time.Minute} }, (calls/100 - 1) * time.Minute, 1.35, calls / 15},
	}
	for name, test := range tests {
		for _, workers := range []int{1, 4, 12} {
			t.Run(fmt.Sprintf("%s, %d workers", name, workers), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server := &api{limit: test.limit(), latency: 50 * time.Millisecond}
					took := server.run(t, &routeLimiter{}, calls, workers)
					require.Equal(t, calls, server.passed)
					t.Logf("%.3f, %d refused", took.Seconds()/test.bound.Seconds(), server.refused)
					require.LessOrEqual(t, took.Seconds()/test.bound.Seconds(), test.slower)
					require.LessOrEqual(t, server.refused, test.refused+workers)
				})
			})
		}
	}
}

// After a pause in which the API's bucket fills, a route uses the full bucket, and continues at its rate.
func TestRouteAfterAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &api{limit: &bucket{burst: 7, interval: 10 * time.Second}, latency: 50 * time.Millisecond}
		l := &routeLimiter{}
		server.run(t, l, 40, 4)
		elapse(time.Hour)
		refused := server.refused
		took := server.run(t, l, 40, 4)
		require.InDelta(t, (33 * 10 * time.Second).Seconds(), took.Seconds(), 20)
		require.LessOrEqual(t, server.refused-refused, 8)
	})
}

// If the limit rises, the rate follows.
func TestRateFollowsARisenLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bucket{burst: 7, interval: 10 * time.Second}
		server := &api{limit: b, latency: 50 * time.Millisecond}
		l := &routeLimiter{}
		server.run(t, l, 40, 4)
		b.interval = time.Second
		server.run(t, l, 1200, 4)
		require.Less(t, server.run(t, l, 100, 4), 2*time.Minute)
	})
}

// An urgent call comes before those that have waited longer, and a cancelled call gives up its turn at once.
func TestUrgentCallsGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &api{limit: &bucket{burst: 1, interval: time.Minute}}
		l := &routeLimiter{}
		server.run(t, l, 2, 1)

		var mu sync.Mutex
		var order []string
		var wait sync.WaitGroup
		queue := func(ctx context.Context, name string) {
			wait.Go(func() {
				err := server.call(ctx, l)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					name += ": " + err.Error()
				}
				order = append(order, name)
			})
			synctest.Wait()
		}
		leaving, leave := context.WithCancel(t.Context())
		queue(t.Context(), "first")
		queue(leaving, "leaving")
		queue(t.Context(), "second")
		queue(Awaited(Urgent(t.Context())), "awaited")
		queue(Urgent(t.Context()), "urgent")
		queue(Urgent(t.Context()), "also urgent")
		sofar := func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(order)
		}
		start := time.Now()
		leave()
		synctest.Wait()
		require.Equal(t, []string{"leaving: context canceled"}, sofar())
		require.Zero(t, time.Since(start))
		wait.Wait()
		require.Equal(t, []string{"leaving: context canceled", "urgent", "also urgent", "first", "second", "awaited"}, sofar())
	})
}

// A wait that is wrong again and again does not lead to a busy loop, and the time of refusals is reported.
func TestAPIThatRefusesEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &routeLimiter{}
		start := time.Now()
		turn := l.newTurn(t.Context())
		for n := 1; ; n++ {
			require.NoError(t, l.wait(t.Context(), turn))
			if refusing := l.refused(turn, time.Millisecond, ""); refusing > time.Hour {
				require.Less(t, n, 80)
				require.WithinDuration(t, start.Add(time.Hour), start.Add(refusing), 2*time.Minute)
				return
			}
		}
	})
}

// A route is reported only if it is delayed for longer, at most every half minute; the slowest one is reported first.
func TestLimiterReportsSlowRoutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter()
		slow, fast, free := l.forRoute("GET", "/slow"), l.forRoute("GET", "/fast"), l.forRoute("GET", "/free")
		for _, one := range []*routeLimiter{slow, fast} {
			one.queue.rate.limited, one.queue.rate.interval, one.queue.done = true, 10*time.Second, 3
		}
		fast.queue.rate.interval = time.Second
		slow.setRemaining(func() int { return 40 })
		free.setRemaining(func() int { return 1000 })
		fast.queue.inFlight = 1
		require.False(t, free.isLimited())

		require.Empty(t, l.due(time.Now(), slow))
		elapse(firstReport)
		require.Equal(t, []routeProgress{
			{route: "GET /slow", done: 3, left: 40, interval: 10 * time.Second, duration: 400 * time.Second},
			{route: "GET /fast", done: 3, interval: time.Second},
		}, l.due(time.Now(), slow))
		elapse(reportInterval - time.Second)
		require.Empty(t, l.due(time.Now(), slow))
		elapse(time.Second)
		require.NotEmpty(t, l.due(time.Now(), slow))
	})
}

// The log line about a limit has OpenAI's words.
func TestReportHasOpenAIsWords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		ctx := ctxzap.ToContext(t.Context(), zap.New(core))
		l := newLimiter()
		slow := l.forRoute("GET", "/slow")
		turn := slow.newTurn(ctx)
		require.NoError(t, l.wait(ctx, slow, turn))
		slow.refused(turn, time.Minute, "Limit of the organization: 3 a minute.")
		slow.unanswered()
		l.report(ctx, slow)
		elapse(firstReport)
		l.report(ctx, slow)
		require.Equal(t, 1, logs.Len())
		require.Equal(t, "Limit of the organization: 3 a minute.", logs.All()[0].ContextMap()["openai_says"])
	})
}
