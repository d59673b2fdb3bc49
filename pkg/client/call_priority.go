package client

import "context"

// urgencyKey is the key of the urgency in a context.
type urgencyKey struct{}

type urgency int

const (
	awaited urgency = iota + 1
	urgent
)

// Urgent marks calls that somebody waits for: on a limited route they go before the others, and without a usable answer they
// fail within some seconds.
func Urgent(ctx context.Context) context.Context {
	return context.WithValue(ctx, urgencyKey{}, urgent)
}

// Awaited is [Urgent] without priority over other calls. It is for reading a whole list.
func Awaited(ctx context.Context) context.Context {
	return context.WithValue(ctx, urgencyKey{}, awaited)
}

func urgencyOf(ctx context.Context) urgency {
	marked, _ := ctx.Value(urgencyKey{}).(urgency)
	return marked
}

func isUrgent(ctx context.Context) bool { return urgencyOf(ctx) == urgent }

func isAwaited(ctx context.Context) bool { return urgencyOf(ctx) >= awaited }
