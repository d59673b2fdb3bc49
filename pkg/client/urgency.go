package client

import "context"

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
