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

// pacer has the pace of each route, and tells operators how far it is with the routes that have to wait.
type pacer struct {
	mu     sync.Mutex
	routes map[string]*pace
	// reported is when the operator was told last, or when the first call had to wait.
	reported time.Time
}

// The first report comes when it is clear that the waiting is not over at once.
const (
	firstReport    = 10 * time.Second
	reportInterval = 30 * time.Second
)

func newPacer() *pacer {
	return &pacer{routes: map[string]*pace{}}
}

func (p *pacer) of(method string, route Route) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := method + " " + string(route)
	found, ok := p.routes[name]
	if !ok {
		found = &pace{}
		p.routes[name] = found
	}
	return found
}

func (p *pacer) take(ctx context.Context, pace *pace, t *turn) error {
	if remaining, ok := ctx.Value(remainingKey{}).(func() int); ok {
		pace.expect(remaining)
	}
	if pace.isLimited() {
		p.report(ctx, pace)
	}
	return pace.take(ctx, t)
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
func (p *pacer) report(ctx context.Context, caller *pace) {
	now := time.Now()
	behind := p.due(now, caller)
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
	ctxzap.Extract(ctx).Info("baton-openai: OpenAI limits how often it can be asked; going on at its pace", fields...)
}

// due gives the routes that have to wait, as the caller's does, the one that takes longest first; none if it is too early
// to tell.
func (p *pacer) due(now time.Time, caller *pace) []routeProgress {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reported.IsZero() {
		p.reported = now.Add(firstReport - reportInterval)
	}
	if now.Sub(p.reported) < reportInterval {
		return nil
	}
	p.reported = now
	var behind []routeProgress
	for name, pace := range p.routes {
		progress, waits := pace.progress()
		progress.route = name
		if pace != caller && !waits {
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
