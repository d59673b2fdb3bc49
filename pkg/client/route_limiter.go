package client

import (
	"context"
	"sync"
	"time"
)

// routeLimiter lets the calls of one route wait for their turn.
type routeLimiter struct {
	mu    sync.Mutex
	queue queue
	// timer fires at the next turn.
	timer *time.Timer
	// message is the API's in its last refusal.
	message string
	// remaining gives the number of calls that are known to follow; nil if unknown.
	remaining func() int
}

// newTurn gives a call its place in the queue.
func (l *routeLimiter) newTurn(ctx context.Context) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue.newTurn(isUrgent(ctx))
}

// wait waits until the call may be sent. The caller must then call passed, refused or unanswered. After refused it may wait again.
func (l *routeLimiter) wait(ctx context.Context, t *turn) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	l.queue.add(t)
	l.release()
	l.mu.Unlock()

	select {
	case <-t.ready:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.remove(t)
	l.release()
	return ctx.Err()
}

// release releases every call whose turn has come, and sets the timer for the next one.
func (l *routeLimiter) release() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if wait := l.queue.release(time.Now()); wait > 0 {
		l.timer = time.AfterFunc(wait, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.release()
		})
	}
}

// passed reports a call with any answer but 429.
func (l *routeLimiter) passed(t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.passed(t)
	l.release()
}

// unanswered reports a call without an answer, or an unused turn.
func (l *routeLimiter) unanswered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.unanswered()
	l.release()
}

// refused reports a call with the answer 429, its wait (0 for none) and its message. It gives the time from the route's first
// refusal to its next call.
func (l *routeLimiter) refused(t *turn, retryAfter time.Duration, message string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.rate.isCurrent(t.number) {
		l.message = message
	}
	defer l.release()
	return l.queue.refused(t, retryAfter, time.Now())
}

func (l *routeLimiter) isLimited() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue.rate.limited
}

func (l *routeLimiter) setRemaining(remaining func() int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remaining = remaining
}

// progress is false for a route that is not limited, or idle.
func (l *routeLimiter) progress() (routeProgress, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	progress := routeProgress{done: l.queue.done, interval: l.queue.rate.interval, message: l.message}
	if l.remaining != nil {
		progress.left = l.remaining()
	}
	return progress, l.queue.rate.limited && len(l.queue.waiting)+l.queue.inFlight > 0
}
