package client

import "context"

// maxInFlight is how many requests of syncs are in flight at the same time. More gain little, since the API answers within
// tens of milliseconds, and the API refuses each one above its limit.
const maxInFlight = 12

// slotKey is the key of a slot in a context.
type slotKey struct{}

// slot is the place of one request among those in flight.
type slot struct{ free func() }

// WithSlot lets the one request of the context keep its slot after the answer, until the returned function is called. This
// limits the answers that wait to be stored, and so the answers that are lost when the process ends.
func WithSlot(ctx context.Context) (context.Context, func()) {
	held := &slot{}
	return context.WithValue(ctx, slotKey{}, held), func() {
		if held.free != nil {
			held.free()
			held.free = nil
		}
	}
}

// attemptInSlot waits for a slot and calls [Client.attempt]. Urgent requests need no slot.
func (c *Client) attemptInSlot(ctx context.Context, call call) *Error {
	if isUrgent(ctx) {
		return c.attempt(ctx, call)
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return c.newError(call).because(KindStopped, ctx.Err())
	}
	free := func() { <-c.slots }
	failure := c.attempt(ctx, call)
	if held, ok := ctx.Value(slotKey{}).(*slot); ok && failure == nil {
		held.free = free
		return nil
	}
	free()
	return failure
}
