package client

import (
	"context"
	"sync"
	"time"
)

// routeLimiter has the calls of one route wait for their turn.
type routeLimiter struct {
	mu    sync.Mutex
	queue queue
	// timer goes off when the next turn comes.
	timer *time.Timer
	// said is what the API said when it refused a call the last time.
	said string
	// remaining tells how many more calls are known to come; nil if nobody has said so.
	remaining func() int
}

// arrive gives a new call its place.
func (l *routeLimiter) arrive(ctx context.Context) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue.arrive(isUrgent(ctx))
}

// wait lasts until the call may go. One of passed, refused and lost must follow; after refused, wait may again.
func (l *routeLimiter) wait(ctx context.Context, t *turn) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	l.queue.join(t)
	l.goOn()
	l.mu.Unlock()

	select {
	case <-t.come:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.leave(t)
	l.goOn()
	return ctx.Err()
}

// goOn lets every call go whose turn has come, and sets the timer for the one after.
func (l *routeLimiter) goOn() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if wait := l.queue.goOn(time.Now()); wait > 0 {
		l.timer = time.AfterFunc(wait, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.goOn()
		})
	}
}

// passed is told of a call that the API answered, whatever else it said than 429.
func (l *routeLimiter) passed(t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.passed(t)
	l.goOn()
}

// lost is told of a call that got no answer, or whose turn was not used.
func (l *routeLimiter) lost() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.lost()
	l.goOn()
}

// refused is told of a call that the API refused with 429, of the wait that it named, 0 for none, and of its words. It
// gives for how long the route will have refused every call when the next one goes.
func (l *routeLimiter) refused(t *turn, named time.Duration, said string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.rate.isNews(t.number) {
		l.said = said
	}
	defer l.goOn()
	return l.queue.refused(t, named, time.Now())
}

func (l *routeLimiter) isLimited() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue.rate.limited
}

func (l *routeLimiter) expect(remaining func() int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remaining = remaining
}

// progress is false for a route that nothing waits for.
func (l *routeLimiter) progress() (routeProgress, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	progress := routeProgress{done: l.queue.done, interval: l.queue.rate.interval, said: l.said}
	if l.remaining != nil {
		progress.left = l.remaining()
	}
	return progress, l.queue.rate.limited && len(l.queue.waiting)+l.queue.inFlight > 0
}
