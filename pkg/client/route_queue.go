package client

import (
	"slices"
	"time"
)

// queue has the waiting calls of one route. It has no clock and no goroutine: the caller reports each call and the time.
type queue struct {
	rate rate
	// waiting are the calls whose turn has not come: first the urgent ones, then the others, each in the order of arrival.
	waiting []*turn
	// arrived, inFlight and done count calls: all, those without an answer yet, and those that passed.
	arrived, inFlight, done int
}

// turn is the place of a call in the queue.
type turn struct {
	urgent bool
	// arrival is the number of the call in the order of arrival.
	arrival int
	// ready is closed when the call may be sent. number is then its number in the order of sending.
	ready  chan struct{}
	number int
}

// before tells whether the call is sent before the other.
func (t *turn) before(other *turn) bool {
	if t.urgent != other.urgent {
		return t.urgent
	}
	return t.arrival < other.arrival
}

// newTurn gives a new call its place, which it keeps for a retry.
func (q *queue) newTurn(urgent bool) *turn {
	q.arrived++
	return &turn{urgent: urgent, arrival: q.arrived}
}

// add adds a call that has to wait.
func (q *queue) add(t *turn) {
	t.ready = make(chan struct{})
	at := slices.IndexFunc(q.waiting, t.before)
	if at < 0 {
		at = len(q.waiting)
	}
	q.waiting = slices.Insert(q.waiting, at, t)
}

// remove removes a call that no longer waits. If its turn has just come, the turn stays unused.
func (q *queue) remove(t *turn) {
	if at := slices.Index(q.waiting, t); at >= 0 {
		q.waiting = slices.Delete(q.waiting, at, at+1)
	} else {
		q.inFlight--
	}
}

// release releases every call whose turn has come. It gives the time until the next turn; 0 means that no call waits, or that
// the next turn comes with an answer.
func (q *queue) release(now time.Time) time.Duration {
	for len(q.waiting) > 0 {
		if q.rate.isUnknown() && q.inFlight > 0 {
			return 0
		}
		if wait := q.rate.next(now); wait > 0 {
			return wait
		}
		t := q.waiting[0]
		q.waiting = slices.Delete(q.waiting, 0, 1)
		q.inFlight++
		t.number = q.rate.send(now)
		close(t.ready)
	}
	return 0
}

// passed reports a call with any answer but 429.
func (q *queue) passed(t *turn) {
	q.inFlight--
	q.done++
	q.rate.passed(t.number)
}

// unanswered reports a call without an answer, or an unused turn.
func (q *queue) unanswered() { q.inFlight-- }

// refused reports a call with the answer 429, see [rate.refused].
func (q *queue) refused(t *turn, retryAfter time.Duration, now time.Time) time.Duration {
	q.inFlight--
	return q.rate.refused(t.number, retryAfter, now)
}
