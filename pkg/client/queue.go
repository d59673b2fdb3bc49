package client

import (
	"slices"
	"time"
)

// queue has the calls of one route that wait to be sent, and counts those that were. It only decides: it is told of each
// call, and of the time.
type queue struct {
	rate rate
	// waiting are the calls whose turn has not come: the urgent ones, then the others, each in the order of arrival.
	waiting []*turn
	// arrived, inFlight and done count calls: those that came, and of these the unanswered and the passed ones.
	arrived, inFlight, done int
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

// arrive gives a new call its place, which it keeps when it has to be sent again.
func (q *queue) arrive(urgent bool) *turn {
	q.arrived++
	return &turn{urgent: urgent, arrival: q.arrived}
}

// join has a call wait.
func (q *queue) join(t *turn) {
	t.come = make(chan struct{})
	at := slices.IndexFunc(q.waiting, t.before)
	if at < 0 {
		at = len(q.waiting)
	}
	q.waiting = slices.Insert(q.waiting, at, t)
}

// leave takes a call out that does not wait any more. Its turn may have come at the same moment: then it is not used.
func (q *queue) leave(t *turn) {
	if at := slices.Index(q.waiting, t); at >= 0 {
		q.waiting = slices.Delete(q.waiting, at, at+1)
	} else {
		q.inFlight--
	}
}

// goOn lets every call go whose turn has come. The next one comes after the wait; 0 is for one that an answer brings on, or
// for none.
func (q *queue) goOn(now time.Time) time.Duration {
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
		close(t.come)
	}
	return 0
}

// passed is told of a call that the API answered, whatever else it said than 429.
func (q *queue) passed(t *turn) {
	q.inFlight--
	q.done++
	q.rate.passed(t.number)
}

// lost is told of a call that got no answer, or whose turn was not used.
func (q *queue) lost() { q.inFlight-- }

// refused is [rate.refused] of a call.
func (q *queue) refused(t *turn, named time.Duration, now time.Time) time.Duration {
	q.inFlight--
	return q.rate.refused(t.number, named, now)
}
