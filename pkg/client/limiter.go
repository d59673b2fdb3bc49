package client

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Route is the template of a path, such as "/organization/groups/{group_id}/users". The API limits each method of a route: the
// requests for the members of all groups share one limit.
type Route string

// limiter has the limiter of each route, and logs the progress of limited routes.
type limiter struct {
	mu     sync.Mutex
	routes map[string]*routeLimiter
	// reported is the time of the last report, or of the first call that had to wait.
	reported time.Time
}

// Short waits are not reported.
const (
	firstReport    = 10 * time.Second
	reportInterval = 30 * time.Second
)

func newLimiter() *limiter {
	return &limiter{routes: map[string]*routeLimiter{}}
}

func (l *limiter) forRoute(method string, route Route) *routeLimiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := method + " " + string(route)
	found, ok := l.routes[name]
	if !ok {
		found = &routeLimiter{}
		l.routes[name] = found
	}
	return found
}

func (l *limiter) wait(ctx context.Context, route *routeLimiter, t *turn) error {
	if remaining, ok := ctx.Value(remainingKey{}).(func() int); ok {
		route.setRemaining(remaining)
	}
	if route.isLimited() {
		l.report(ctx, route)
	}
	return route.wait(ctx, t)
}

// remainingKey is the key of the number of further calls in a context.
type remainingKey struct{}

// WithRemaining sets how many more calls of the same route are known to follow. It only serves to log how long a sync will
// take.
func WithRemaining(ctx context.Context, remaining func() int) context.Context {
	return context.WithValue(ctx, remainingKey{}, remaining)
}

// report logs the progress of each limited route, at most every half minute. Each call of a limited route calls it before it
// waits, so that no goroutine is needed.
func (l *limiter) report(ctx context.Context, caller *routeLimiter) {
	now := time.Now()
	limited := l.due(now, caller)
	if len(limited) == 0 {
		return
	}
	slowest := limited[0]
	if slowest.duration > 0 && slowest.duration < firstReport {
		return
	}
	fields := []zap.Field{
		zap.String("limiting_route", slowest.route),
		zap.Objects("routes", limited),
		zap.String("openai_says", slowest.message),
	}
	if slowest.duration > 0 {
		fields = append(fields, zap.Time("expected_end", now.Add(slowest.duration).Truncate(time.Second)))
	}
	ctxzap.Extract(ctx).Info("baton-openai: OpenAI limits how often it can be asked; going on as fast as it allows", fields...)
}

// due gives the progress of the limited routes, the slowest first. It gives none if it is too early for a report.
func (l *limiter) due(now time.Time, caller *routeLimiter) []routeProgress {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reported.IsZero() {
		l.reported = now.Add(firstReport - reportInterval)
	}
	if now.Sub(l.reported) < reportInterval {
		return nil
	}
	l.reported = now
	var limited []routeProgress
	for name, route := range l.routes {
		progress, waits := route.progress()
		progress.route = name
		if route != caller && !waits {
			continue
		}
		progress.duration = time.Duration(progress.left) * progress.interval
		limited = append(limited, progress)
	}
	slices.SortFunc(limited, func(a, b routeProgress) int {
		return cmp.Or(cmp.Compare(b.duration, a.duration), cmp.Compare(a.route, b.route))
	})
	return limited
}

// routeProgress is the progress of a route.
type routeProgress struct {
	route string
	// done is the number of calls that passed, left the number that is known to follow.
	done, left int
	// interval is the time between two calls, duration the time of the calls that are left; 0 means unknown.
	interval, duration time.Duration
	// message is the API's in its last refusal.
	message string
}

// MarshalLogObject gives the progress the same form in both formats of the log.
func (p routeProgress) MarshalLogObject(encoder zapcore.ObjectEncoder) error {
	encoder.AddString("route", p.route)
	encoder.AddInt("calls_done", p.done)
	encoder.AddInt("calls_left", p.left)
	if p.interval > 0 {
		encoder.AddFloat64("calls_per_minute", float64(time.Minute/time.Millisecond)/float64(max(p.interval/time.Millisecond, 1)))
	}
	return nil
}
