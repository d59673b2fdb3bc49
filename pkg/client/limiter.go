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

// Route is the template of a path, such as "/organization/groups/{group_id}/users". With the method it is what the API
// limits: however many groups there are, their members are asked for from one allowance.
type Route string

// limiter has the limiter of each route, and tells operators how far it is with the routes that have to wait.
type limiter struct {
	mu     sync.Mutex
	routes map[string]*routeLimiter
	// reported is when the operator was told last, or when the first call had to wait.
	reported time.Time
}

// The first report comes when it is clear that the waiting is not over at once.
const (
	firstReport    = 10 * time.Second
	reportInterval = 30 * time.Second
)

func newLimiter() *limiter {
	return &limiter{routes: map[string]*routeLimiter{}}
}

func (l *limiter) of(method string, route Route) *routeLimiter {
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
		route.expect(remaining)
	}
	if route.isLimited() {
		l.report(ctx, route)
	}
	return route.wait(ctx, t)
}

// remainingKey marks a context.
type remainingKey struct{}

// WithRemaining marks the calls of a context as some of many of their route: remaining tells at any time how many more
// are known to come. It serves to tell operators how long a sync will take, and nothing depends on it.
func WithRemaining(ctx context.Context, remaining func() int) context.Context {
	return context.WithValue(ctx, remainingKey{}, remaining)
}

// report tells how far each route is that has to wait, at most every half minute. It is called whenever a call of a
// limited route is about to wait, so that it needs nobody to call it.
func (l *limiter) report(ctx context.Context, caller *routeLimiter) {
	now := time.Now()
	behind := l.due(now, caller)
	if len(behind) == 0 {
		return
	}
	slowest := behind[0]
	if slowest.takes > 0 && slowest.takes < firstReport {
		return // not worth a word
	}
	fields := []zap.Field{
		zap.String("limiting_route", slowest.route),
		zap.Objects("routes", behind),
		zap.String("openai_says", slowest.said),
	}
	if slowest.takes > 0 {
		fields = append(fields, zap.Time("expected_end", now.Add(slowest.takes).Truncate(time.Second)))
	}
	ctxzap.Extract(ctx).Info("baton-openai: OpenAI limits how often it can be asked; going on as fast as it allows", fields...)
}

// due gives the routes that have to wait, as the caller's does, the one that takes longest first; none if it is too early
// to tell.
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
	var behind []routeProgress
	for name, route := range l.routes {
		progress, waits := route.progress()
		progress.route = name
		if route != caller && !waits {
			continue
		}
		progress.takes = time.Duration(progress.left) * progress.interval
		behind = append(behind, progress)
	}
	slices.SortFunc(behind, func(a, b routeProgress) int {
		return cmp.Or(cmp.Compare(b.takes, a.takes), cmp.Compare(a.route, b.route))
	})
	return behind
}

// routeProgress is how far a route is.
type routeProgress struct {
	route string
	// done is how many calls have passed, left how many more are known to come.
	done, left int
	// interval is the time between two calls, and takes how long the calls that are left will take; 0 if not known.
	interval, takes time.Duration
	// said is what the API said when it refused a call the last time.
	said string
}

// MarshalLogObject is the same in both formats of the log.
func (p routeProgress) MarshalLogObject(encoder zapcore.ObjectEncoder) error {
	encoder.AddString("route", p.route)
	encoder.AddInt("calls_done", p.done)
	encoder.AddInt("calls_left", p.left)
	if p.interval > 0 {
		encoder.AddFloat64("calls_per_minute", float64(time.Minute/time.Millisecond)/float64(max(p.interval/time.Millisecond, 1)))
	}
	return nil
}
