package client

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
)

// retry repeats one read without a usable answer. The SDK would repeat it without end, and stop all its workers meanwhile.
type retry struct {
	start time.Time
	waits *backoff.ExponentialBackOff
}

// The first retry comes soon: most failures are short.
const (
	firstRetryWait = 250 * time.Millisecond
	maxRetryWait   = time.Minute
	// urgentRetryFor limits the retries of a read that somebody waits for.
	urgentRetryFor = 5 * time.Second
)

// wait waits until the next attempt. It returns the error of the call if there is no further attempt.
func (r *retry) wait(ctx context.Context, failure *Error, retryFor time.Duration) error {
	if ctx.Err() != nil {
		return failure
	}
	if r.waits == nil {
		r.start = time.Now()
		r.waits = backoff.NewExponentialBackOff()
		r.waits.InitialInterval, r.waits.MaxInterval, r.waits.Multiplier = firstRetryWait, maxRetryWait, 2
	}
	wait := max(r.waits.NextBackOff(), min(failure.RetryAfter, maxRetryWait))
	elapsed := time.Since(r.start)
	if isAwaited(ctx) && elapsed+wait > min(retryFor, urgentRetryFor) || endsWithin(ctx, wait) {
		// The caller decides whether to try again.
		failure.tried = triedFor(elapsed)
		return failure
	}
	if elapsed+wait > retryFor {
		return failure.giveUp(triedFor(elapsed))
	}
	ctxzap.Extract(ctx).Warn("baton-openai: OpenAI gave no usable answer; asking again", zap.Duration("wait", wait), zap.Error(failure))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return failure.because(KindStopped, ctx.Err())
	}
}

// refused reports a 429 to the route's limiter. nil means that the call is repeated.
func (c *Client) refused(route *routeLimiter, turn *turn, failure *Error) error {
	if failure.RetryAfter > c.RetryFor {
		// The limiter does not learn of the wait: it would stop the route for every caller.
		route.unanswered()
		return failure.giveUp(fmt.Sprintf("OpenAI asks to wait %s, which is longer than this connector waits", failure.RetryAfter.Round(time.Second)))
	}
	if refusing := route.refused(turn, failure.RetryAfter, failure.Message); refusing > c.RetryFor {
		return failure.giveUp(fmt.Sprintf("refused for %s in all, which is longer than this connector waits", refusing.Round(time.Second)))
	}
	return nil
}

// endsWithin tells whether the deadline of the caller comes before the end of the wait.
func endsWithin(ctx context.Context, wait time.Duration) bool {
	deadline, has := ctx.Deadline()
	return has && time.Until(deadline) < wait
}

func triedFor(elapsed time.Duration) string {
	if elapsed < time.Second {
		return ""
	}
	return fmt.Sprintf("asked again for %s", elapsed.Round(time.Second))
}
