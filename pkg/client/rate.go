package client

import "time"

// rate is how fast the calls of one route may go: as fast as the API lets them pass, and no faster. It only calculates: it
// is told of each call, and of the time.
//
// The API limits each route on its own, tells no limit in advance, and says in a 429 how long to wait, more or less
// exactly. So a route is free until its first 429. From then on the rate follows what the 429s say: each names an instant at
// which a call would pass, and between two such instants as many calls pass as the limit lets, so that their distance over
// that number is the interval. It is exact for a bucket that fills evenly and right on average for a window that opens at
// once. From 429 to 429 the rate rises a little, to find out whether more is possible.
type rate struct {
	// sent counts the calls that went, which is the number of the last of them.
	sent int

	// limited says that the API has refused a call; the fields below, but for burst, mean nothing before.
	limited bool
	// interval is the time between two calls; 0 as long as it is not known.
	interval time.Duration
	// due is when the next call may go.
	due time.Time
	// burst is how many calls the API lets pass at once after a pause: as many as passed before the first 429.
	burst int
	// exact says that the API named the wait the last time.
	exact bool

	// reference is an instant at which the API would let a call pass, by its own word; sentThen is the number of calls that
	// had been sent by then, and passedSince how many of those sent later passed.
	reference   time.Time
	sentThen    int
	passedSince int

	refusals refusals
}

// refusals are the 429s since a call passed.
type refusals struct {
	count int
	// since is when the first of them came.
	since time.Time
}

const (
	// firstWait is how long a route waits after a 429 that does not say; each further one doubles it, up to longestWait.
	firstWait   = time.Second
	longestWait = time.Minute

	// exactSteps and roughSteps are in how many calls that pass the rate doubles, where the API names the wait and where it
	// does not. Where it does, the 429 that ends the rise costs one call and no time.
	exactSteps = 256
	roughSteps = 16

	// mostBurst bounds how many calls go at once after a pause.
	mostBurst = 16
)

// isUnknown tells that the API limits the route and has not shown yet how much, so that calls go one after the other.
func (r *rate) isUnknown() bool { return r.limited && r.interval == 0 }

// next is how long the next call has to wait.
func (r *rate) next(now time.Time) time.Duration {
	if !r.limited {
		return 0
	}
	return max(r.due.Sub(now), 0)
}

// send is told of a call that goes now, and gives it its number.
func (r *rate) send(now time.Time) int {
	if r.limited {
		r.spend(now)
	}
	r.sent++
	return r.sent
}

// spend moves the due time on by one call. A pause leaves a burst for some calls at once; after a longer one, in which the
// API's own bucket has run over, the reference says nothing any more.
func (r *rate) spend(now time.Time) {
	step := r.step()
	if full := now.Add(-time.Duration(r.burst) * step); step > 0 && r.due.Before(full) {
		r.due = full
		r.reference = time.Time{}
	}
	r.due = r.due.Add(step)
}

// step is the interval, the shorter the more calls have passed since the last 429.
func (r *rate) step() time.Duration {
	return r.interval - r.interval*time.Duration(r.passedSince)/time.Duration(2*r.steps())
}

func (r *rate) steps() int {
	if r.exact {
		return exactSteps
	}
	return roughSteps
}

// passed is told of a call that the API did not refuse with 429.
func (r *rate) passed(number int) {
	r.refusals = refusals{}
	if !r.limited {
		r.burst = min(r.burst+1, mostBurst)
		return
	}
	if r.isNews(number) {
		r.passedSince++
	}
	if r.passedSince >= r.steps() && r.interval > 0 {
		// So long without a 429: the limit has risen, and the higher rate is the rate from now on.
		r.interval = r.step()
		r.passedSince = 0
		r.reference = time.Time{}
	}
}

// isNews tells whether the answer to a call says something new: not if the call was sent before the last 429 was known.
func (r *rate) isNews(number int) bool { return number > r.sentThen }

// refused is told of a call that the API refused with 429, and of the wait that it named, 0 for none. It gives for how long
// the API will have refused every call when the next one goes.
func (r *rate) refused(number int, named time.Duration, now time.Time) time.Duration {
	if !r.isNews(number) {
		return r.refusing()
	}
	r.exact = named > 0
	wait := named
	if r.refusals.count > 0 || !r.exact {
		// An API that does not mean what it says is not asked without end.
		wait = max(wait, min(firstWait<<min(r.refusals.count, 16), longestWait))
	}
	if r.refusals.count == 0 {
		r.refusals.since = now
	}
	r.refusals.count++

	passes := now.Add(wait)
	switch {
	case r.reference.IsZero():
		r.refer(passes)
	case r.passedSince > 0 && passes.After(r.reference):
		r.interval = passes.Sub(r.reference) / time.Duration(r.passedSince)
		r.refer(passes)
	}
	r.sentThen = r.sent
	r.limited = true
	if r.due.Before(passes) {
		r.due = passes
	}
	return r.refusing()
}

func (r *rate) refusing() time.Duration {
	if r.refusals.count == 0 {
		return 0
	}
	return r.due.Sub(r.refusals.since)
}

func (r *rate) refer(passes time.Time) {
	r.reference = passes
	r.passedSince = 0
}
