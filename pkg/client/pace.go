package client

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pace keeps the calls of one route as fast as the API lets them pass, and no faster.
//
// The API limits each route on its own, tells no limit in advance, and says in a 429 how long to wait, more or less
// exactly. So a route runs free until its first 429. From then on the pace follows what the 429s say: each names an
// instant at which a call would pass, and between two such instants as many calls pass as the limit lets, so that their
// distance over that number is the interval. It is exact for a bucket that fills evenly and right on average for a
// window that opens at once. From 429 to 429 the pace quickens a little, to find out whether more is possible.
type pace struct {
	mu sync.Mutex
	// waiting are the calls whose turn has not come: the urgent ones, then the others, each in the order of arrival.
	waiting []*turn
	timer   *time.Timer

	// limited says that the API has refused a call; the fields below mean nothing before.
	limited bool
	// interval is the time between two calls; 0 as long as it is not known, and calls go one after the other.
	interval time.Duration
	// due is when the next call may go.
	due time.Time
	// credit is how many calls the API lets pass at once after a pause: as many as passed before the first 429.
	credit int
	// exact says that the API named the wait the last time.
	exact bool

	// reference is an instant at which the API would let a call pass, by its own word; sent is the number of calls that
	// had been sent by then, and passed how many of those sent later passed.
	reference time.Time
	sentThen  int
	passed    int

	// arrived, sent, flying and done count calls: those that came, and of these the sent, unanswered and passed ones.
	arrived, sent, flying, done int
	// refusals counts the 429s since a call passed, refusedSince is when the first of them came.
	refusals     int
	refusedSince time.Time
	// said is what the API said with the last of them.
	said string

	// remaining tells how many more calls are known to come; nil if nobody has said so.
	remaining func() int
}

// turn is a call that waits to be sent, for the first time or again.
type turn struct {
	urgent bool
	// arrival is the call's place among all that came.
	arrival int
	// come is closed when the call may go; number is then its place among all that were sent.
	come   chan struct{}
	number int
}

// before tells which of two waiting calls goes first.
func (t *turn) before(other *turn) bool {
	if t.urgent != other.urgent {
		return t.urgent
	}
	return t.arrival < other.arrival
}

const (
	// firstWait is how long a route waits after a 429 that does not say; each further one doubles it, up to longestWait.
	firstWait   = time.Second
	longestWait = time.Minute

	// exactSteps and roughSteps are in how many calls that pass the pace doubles, where the API names the wait and
	// where it does not. Where it does, the 429 that ends the quickening costs one call and no time.
	exactSteps = 256
	roughSteps = 16

	// mostCredit bounds how many calls go at once after a pause.
	mostCredit = 16
)

// arrive gives a new call its place.
func (p *pace) arrive(ctx context.Context) *turn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrived++
	return &turn{urgent: isUrgent(ctx), arrival: p.arrived}
}

// take waits until the call may go. One of passedThrough, refused and lost must follow; after refused, take may again.
func (p *pace) take(ctx context.Context, t *turn) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	t.come = make(chan struct{})
	at := slices.IndexFunc(p.waiting, t.before)
	if at < 0 {
		at = len(p.waiting)
	}
	p.waiting = slices.Insert(p.waiting, at, t)
	p.goOn()
	p.mu.Unlock()

	select {
	case <-t.come:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := slices.Index(p.waiting, t); at >= 0 {
		p.waiting = slices.Delete(p.waiting, at, at+1)
	} else {
		p.flying-- // the turn came at the same moment
	}
	p.goOn()
	return ctx.Err()
}

// goOn lets every call go whose turn has come, and sets the timer for the one after.
func (p *pace) goOn() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	for len(p.waiting) > 0 {
		now := time.Now()
		if p.limited {
			if p.interval == 0 && p.flying > 0 {
				return // the answer brings it on
			}
			if wait := p.due.Sub(now); wait > 0 {
				p.timer = time.AfterFunc(wait, func() {
					p.mu.Lock()
					defer p.mu.Unlock()
					p.goOn()
				})
				return
			}
			p.spend(now)
		}
		t := p.waiting[0]
		p.waiting = slices.Delete(p.waiting, 0, 1)
		p.sent++
		p.flying++
		t.number = p.sent
		close(t.come)
	}
}

// spend moves the due time on by one call. A pause leaves credit for some calls at once; after a longer one, in which
// the API's own bucket has run over, the reference says nothing any more.
func (p *pace) spend(now time.Time) {
	step := p.step()
	if full := now.Add(-time.Duration(p.credit) * step); step > 0 && p.due.Before(full) {
		p.due = full
		p.reference = time.Time{}
	}
	p.due = p.due.Add(step)
}

// step is the interval, the shorter the more calls have passed since the last 429.
func (p *pace) step() time.Duration {
	return p.interval - p.interval*time.Duration(p.passed)/time.Duration(2*p.steps())
}

func (p *pace) steps() int {
	if p.exact {
		return exactSteps
	}
	return roughSteps
}

// passedThrough is told of a call that the API answered, whatever else it said.
func (p *pace) passedThrough(t *turn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	p.done++
	p.refusals = 0
	if !p.limited {
		p.credit = min(p.credit+1, mostCredit)
		return
	}
	if t.number > p.sentThen {
		p.passed++
	}
	if p.passed >= p.steps() && p.interval > 0 {
		// So long without a 429: the limit has risen, and the quicker pace is the pace from now on.
		p.interval = p.step()
		p.passed = 0
		p.reference = time.Time{}
	}
	p.goOn()
}

// lost is told of a call that got no answer, or whose turn was not used.
func (p *pace) lost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	p.goOn()
}

// refused is told of a call that the API refused with 429, of the wait that it named, 0 for none, and of its words. It
// gives for how long the route will have refused every call when the next one goes.
func (p *pace) refused(t *turn, named time.Duration, said string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	defer p.goOn()
	now := time.Now()
	if t.number <= p.sentThen {
		// Sent before the last 429 was known, so it says nothing new.
		return p.refusing()
	}

	p.exact = named > 0
	wait := named
	if p.refusals > 0 || !p.exact {
		// An API that does not mean what it says is not asked without end.
		wait = max(wait, min(firstWait<<min(p.refusals, 16), longestWait))
	}
	if p.refusals == 0 {
		p.refusedSince = now
	}
	p.refusals++
	p.said = said

	passes := now.Add(wait)
	switch {
	case p.reference.IsZero():
		p.refer(passes)
	case p.passed > 0 && passes.After(p.reference):
		p.interval = passes.Sub(p.reference) / time.Duration(p.passed)
		p.refer(passes)
	}
	p.sentThen = p.sent
	p.limited = true
	if p.due.Before(passes) {
		p.due = passes
	}
	return p.refusing()
}

// refusing is for how long the route will have refused every call when the next one goes.
func (p *pace) refusing() time.Duration {
	if p.refusals == 0 {
		return 0
	}
	return p.due.Sub(p.refusedSince)
}

func (p *pace) refer(passes time.Time) {
	p.reference = passes
	p.passed = 0
}

// urgencyKey marks a context.
type urgencyKey struct{}

type urgency int

const (
	awaited urgency = iota + 1
	urgent
)

// Urgent marks the calls of a context as those that somebody waits for: where a route has to wait, they go before the
// others, and where no answer of use comes, they say so within some seconds.
func Urgent(ctx context.Context) context.Context {
	return context.WithValue(ctx, urgencyKey{}, urgent)
}

// Awaited is [Urgent] without going before the others, for whoever has to read a whole list.
func Awaited(ctx context.Context) context.Context {
	return context.WithValue(ctx, urgencyKey{}, awaited)
}

func urgencyOf(ctx context.Context) urgency {
	marked, _ := ctx.Value(urgencyKey{}).(urgency)
	return marked
}

func isUrgent(ctx context.Context) bool { return urgencyOf(ctx) == urgent }

func isAwaited(ctx context.Context) bool { return urgencyOf(ctx) >= awaited }

func (p *pace) isLimited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limited
}

func (p *pace) expect(remaining func() int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remaining = remaining
}

// progress is false for a route that nothing waits for.
func (p *pace) progress() (routeProgress, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	progress := routeProgress{done: p.done, interval: p.interval, said: p.said}
	if p.remaining != nil {
		progress.left = p.remaining()
	}
	return progress, p.limited && len(p.waiting)+p.flying > 0
}
