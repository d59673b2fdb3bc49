package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noon is the time at which each calculation begins.
var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// after returns the time so many seconds after noon.
func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// A route has no limit until its first 429, and then waits as long as that says.
func TestRateOfAFreeRoute(t *testing.T) {
	t.Parallel()
	var r rate
	for range 3 {
		require.Zero(t, r.next(noon))
		r.passed(r.send(noon))
	}
	require.False(t, r.isUnknown())
	require.Equal(t, 20*time.Second, r.refused(r.send(noon), 20*time.Second, noon))
	require.True(t, r.isUnknown(), "there is one 429 only")
	require.Equal(t, 20*time.Second, r.next(noon))
	require.Equal(t, 5*time.Second, r.next(after(15)))
	require.Zero(t, r.next(after(21)))
}

// The waits of two 429s are two instants. The calls that passed between them give the rate.
func TestRateByTwoRefusals(t *testing.T) {
	t.Parallel()
	var r rate
	r.passed(r.send(noon))
	r.refused(r.send(noon), 10*time.Second, noon)
	for range 4 {
		r.passed(r.send(after(10)))
	}
	require.Equal(t, 30*time.Second, r.refused(r.send(after(20)), 30*time.Second, after(20)))
	require.Equal(t, 10*time.Second, r.interval, "from 10 to 50 seconds past, four calls")
	require.False(t, r.isUnknown())
	r.send(after(50))
	require.Equal(t, 10*time.Second, r.next(after(50)))
}

// The answer to a call from before the last 429 changes nothing.
func TestRateIgnoresEarlierCalls(t *testing.T) {
	t.Parallel()
	var r rate
	first, second, third := r.send(noon), r.send(noon), r.send(noon)
	require.Equal(t, 10*time.Second, r.refused(first, 10*time.Second, noon))
	before := r
	require.Equal(t, 10*time.Second, r.refused(second, time.Hour, after(1)))
	require.Equal(t, before, r)
	r.passed(third)
	require.Zero(t, r.passedSince)
}

// If a 429 has no wait, or one that is too short, each further 429 doubles the wait, up to a minute. The time of
// refusals is counted until a call passes.
func TestRateOfContinuedRefusals(t *testing.T) {
	t.Parallel()
	for name, named := range map[string]time.Duration{"silent": 0, "wrong": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r rate
			want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute, time.Minute}
			if named > 0 {
				want[0] = named // it is used once
			}
			now := noon
			for _, wanted := range want {
				refusing := r.refused(r.send(now), named, now)
				wait := r.next(now)
				require.Equal(t, now.Add(wait).Sub(noon), refusing)
				require.Equal(t, wanted, wait)
				now = now.Add(wait)
			}
			r.passed(r.send(now))
			require.Zero(t, r.refusedFor())
			require.Equal(t, refusals{}, r.refusals)
		})
	}
}

// Between two 429s the rate rises: after a number of calls without a 429 it has doubled.
func TestRateRises(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exact bool
		steps int
	}{"where waits are named": {true, exactSteps}, "where they are not": {false, roughSteps}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rate{limited: true, interval: time.Minute, exact: test.exact}
			for range test.steps / 2 {
				r.passed(r.send(noon))
			}
			require.Equal(t, 45*time.Second, r.step())
			require.Equal(t, time.Minute, r.interval)
			for range test.steps / 2 {
				r.passed(r.send(noon))
			}
			require.Equal(t, 30*time.Second, r.interval)
			require.Zero(t, r.passedSince)
		})
	}
}

// After a pause, as many calls are sent at once as passed before the first 429, but only a few.
func TestRateAfterAPause(t *testing.T) {
	t.Parallel()
	for passed, burst := range map[int]int{0: 0, 3: 3, 100: maxBurst} {
		var r rate
		for range passed {
			r.passed(r.send(noon))
		}
		r.refused(r.send(noon), time.Second, noon)
		r.interval = time.Minute
		atOnce := 0
		for r.next(after(36_000)) == 0 {
			r.send(after(36_000))
			atOnce++
		}
		require.Equal(t, burst+1, atOnce)
		require.Equal(t, time.Minute, r.next(after(36_000)))
		require.True(t, r.reference.IsZero(), "the API's bucket has run over, so that the reference says nothing")
	}
}

// Calls one after the other, in calculated time: hardly slower than the limit, and hardly a call refused.
func TestRateKeepsToALimit(t *testing.T) {
	t.Parallel()
	const calls = 300
	limit, now, refused := &bucket{burst: 7, interval: time.Second}, noon, 0
	var r rate
	for passed := 0; passed < calls; {
		now = now.Add(r.next(now))
		number := r.send(now)
		if passes, wait := limit.call(now); passes {
			r.passed(number)
			passed++
		} else {
			r.refused(number, wait, now)
			refused++
		}
	}
	require.InDelta(t, calls-7, now.Sub(noon).Seconds(), calls/100)
	require.Less(t, refused, calls/15)
}
