package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// arrivals adds calls to the queue; a name that ends with ! is an urgent call.
func arrivals(q *queue, names ...string) map[string]*turn {
	turns := map[string]*turn{}
	for _, name := range names {
		turns[name] = q.newTurn(name[len(name)-1] == '!')
		q.add(turns[name])
	}
	return turns
}

// sent are the calls whose turn has come.
func sent(turns map[string]*turn) map[string]int {
	numbers := map[string]int{}
	for name, t := range turns {
		select {
		case <-t.ready:
			numbers[name] = t.number
		default:
		}
	}
	return numbers
}

// No call waits on a route without a limit.
func TestQueueOfAFreeRoute(t *testing.T) {
	t.Parallel()
	var q queue
	turns := arrivals(&q, "a", "b", "c")
	require.Zero(t, q.release(noon))
	require.Equal(t, map[string]int{"a": 1, "b": 2, "c": 3}, sent(turns))
	require.Equal(t, 3, q.inFlight)
	q.passed(turns["b"])
	q.unanswered()
	require.Equal(t, []int{1, 1}, []int{q.inFlight, q.done})
}

// Until the rate is known, a call is sent when the one before it is answered.
func TestQueueBeforeTheRateIsKnown(t *testing.T) {
	t.Parallel()
	var q queue
	first := arrivals(&q, "first")
	q.release(noon)
	require.Equal(t, 10*time.Second, q.refused(first["first"], 10*time.Second, noon))
	turns := arrivals(&q, "a", "b")
	require.Equal(t, 10*time.Second, q.release(noon))
	require.Empty(t, sent(turns))
	require.Zero(t, q.release(after(10)), "an answer brings the next one on")
	require.Equal(t, map[string]int{"a": 2}, sent(turns))
	require.Zero(t, q.release(after(60)))
	require.Len(t, sent(turns), 1)
	q.passed(turns["a"])
	require.Zero(t, q.release(after(60)))
	require.Equal(t, map[string]int{"a": 2, "b": 3}, sent(turns))
}

// Urgent calls come first, and a repeated call comes before those that arrived after it. No call waits for one that was
// cancelled.
func TestQueueOrder(t *testing.T) {
	t.Parallel()
	q := queue{rate: rate{limited: true, interval: time.Minute, due: noon}}
	refused := arrivals(&q, "refused")["refused"]
	require.Zero(t, q.release(noon))
	turns := arrivals(&q, "leaving", "a", "urgent!", "b", "also urgent!")
	q.refused(refused, 2*time.Minute, noon)
	q.add(refused)
	turns["refused"] = refused
	q.remove(turns["leaving"])
	var order []string
	for seconds := 0; len(q.waiting) > 0; seconds += 60 {
		before := sent(turns)
		wait := q.release(after(seconds))
		require.True(t, wait > 0 || len(q.waiting) == 0)
		for name := range sent(turns) {
			if _, already := before[name]; !already {
				order = append(order, name)
			}
		}
	}
	require.Equal(t, []string{"urgent!", "also urgent!", "refused", "a", "b"}, order)
	require.Equal(t, 5, q.inFlight)
}

// A turn is returned if its call is cancelled at that moment.
func TestQueueOfACallThatLeaves(t *testing.T) {
	t.Parallel()
	var q queue
	turns := arrivals(&q, "a")
	q.release(noon)
	require.Equal(t, 1, q.inFlight)
	q.remove(turns["a"])
	require.Zero(t, q.inFlight)
	require.Zero(t, q.done)
}
