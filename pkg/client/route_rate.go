package client

import "time"

// rate estimates the rate limit of one route. It has no clock: the caller reports each call and the time.
//
// The API limits each route separately, does not announce the limit, and names in a 429 the time to wait, more or less
// exactly. So a route is unlimited until its first 429. Each 429 names a time at which a call would pass. Between two such
// times as many calls pass as the limit allows, so the interval is their distance divided by that number. This is exact for a
// token bucket and right on average for a fixed window. Between two 429s the rate rises a little, to find a higher limit.
type rate struct {
	// sent is the number of calls that were sent, and the number of the last one.
	sent int

	// limited says that the API has refused a call. Until then only burst has a meaning.
	limited bool
	// interval is the time between two calls; 0 means unknown.
	interval time.Duration
	// due is the time of the next call.
	due time.Time
	// burst is the number of calls that may be sent at once after a pause: as many as passed before the first 429.
	burst int
	// exact says that the last 429 named a wait.
	exact bool

	// reference is the time at which a call would pass, by the last 429. sentBefore is the number of calls that were sent before
	// that 429, passedSince the number of later ones that passed.
	reference   time.Time
	sentBefore  int
	passedSince int

	refusals refusals
}

// refusals are the 429s since the last call that passed.
type refusals struct {
	count int
	// since is the time of the first one.
	since time.Time
}

const (
	// defaultWait is the wait after a 429 that names none. Each further one doubles it, up to maxDefaultWait.
	defaultWait    = time.Second
	maxDefaultWait = time.Minute

	// The rate doubles after this many calls that pass: exactSteps if the API names waits, roughSteps if not. If it does, the 429
	// that ends the rise costs one call and no time.
	exactSteps = 256
	roughSteps = 16

	// maxBurst limits the calls that are sent at once after a pause.
	maxBurst = 16
)

// isUnknown tells whether the route is limited at an unknown rate. Calls are then sent one after the other.
func (r *rate) isUnknown() bool { return r.limited && r.interval == 0 }

// next is the time until the next call.
func (r *rate) next(now time.Time) time.Duration {
	if !r.limited {
		return 0
	}
	return max(r.due.Sub(now), 0)
}

// send reports a call that is sent now, and gives its number.
func (r *rate) send(now time.Time) int {
	if r.limited {
		r.advance(now)
	}
	r.sent++
	return r.sent
}

// advance moves the due time by one call. A pause saves up a burst. After a longer pause the reference is outdated.
func (r *rate) advance(now time.Time) {
	step := r.step()
	if full := now.Add(-time.Duration(r.burst) * step); step > 0 && r.due.Before(full) {
		r.due = full
		r.reference = time.Time{}
	}
	r.due = r.due.Add(step)
}

// step is the interval, shortened with each call that has passed since the last 429.
func (r *rate) step() time.Duration {
	return r.interval - r.interval*time.Duration(r.passedSince)/time.Duration(2*r.steps())
}

func (r *rate) steps() int {
	if r.exact {
		return exactSteps
	}
	return roughSteps
}

// passed reports a call with any answer but 429.
func (r *rate) passed(number int) {
	r.refusals = refusals{}
	if !r.limited {
		r.burst = min(r.burst+1, maxBurst)
		return
	}
	if r.isCurrent(number) {
		r.passedSince++
	}
	if r.passedSince >= r.steps() && r.interval > 0 {
		// After so many calls without a 429 the limit must be higher.
		r.interval = r.step()
		r.passedSince = 0
		r.reference = time.Time{}
	}
}

// isCurrent tells whether the call was sent after the last 429 was known. Earlier ones say nothing new.
func (r *rate) isCurrent(number int) bool { return number > r.sentBefore }

// refused reports a call with the answer 429 and its wait, 0 for none. It gives the time from the first refusal to the next
// call.
func (r *rate) refused(number int, retryAfter time.Duration, now time.Time) time.Duration {
	if !r.isCurrent(number) {
		return r.refusedFor()
	}
	r.exact = retryAfter > 0
	wait := retryAfter
	if r.refusals.count > 0 || !r.exact {
		// The wait grows if the API refuses again after the wait that it named.
		wait = max(wait, min(defaultWait<<min(r.refusals.count, 16), maxDefaultWait))
	}
	if r.refusals.count == 0 {
		r.refusals.since = now
	}
	r.refusals.count++

	free := now.Add(wait)
	switch {
	case r.reference.IsZero():
		r.setReference(free)
	case r.passedSince > 0 && free.After(r.reference):
		r.interval = free.Sub(r.reference) / time.Duration(r.passedSince)
		r.setReference(free)
	}
	r.sentBefore = r.sent
	r.limited = true
	if r.due.Before(free) {
		r.due = free
	}
	return r.refusedFor()
}

func (r *rate) refusedFor() time.Duration {
	if r.refusals.count == 0 {
		return 0
	}
	return r.due.Sub(r.refusals.since)
}

func (r *rate) setReference(free time.Time) {
	r.reference = free
	r.passedSince = 0
}
