package client

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
)

// retry is the time in which one call that only reads gets no answer of use. The SDK would repeat such a call of a sync
// without end, and one wait for all of its workers.
type retry struct {
	began time.Time
	waits *backoff.ExponentialBackOff
}

// The first repetition comes soon, since most failures are over at once.
const (
	firstRepetition = 250 * time.Millisecond
	slowRepetition  = time.Minute
	// urgentRetryFor is for how long a read is asked again that somebody waits for.
	urgentRetryFor = 5 * time.Second
)

// wait lasts until a read may be asked again. It gives the error that the call ends with if there is no point in that.
func (o *retry) wait(ctx context.Context, failure *Error, retryFor time.Duration) error {
	if ctx.Err() != nil {
		return failure
	}
	if o.waits == nil {
		o.began = time.Now()
		o.waits = backoff.NewExponentialBackOff()
		o.waits.InitialInterval, o.waits.MaxInterval, o.waits.Multiplier = firstRepetition, slowRepetition, 2
	}
	wait := max(o.waits.NextBackOff(), min(failure.RetryAfter, slowRepetition))
	lasted := time.Since(o.began)
	if isAwaited(ctx) && lasted+wait > min(retryFor, urgentRetryFor) || endsWithin(ctx, wait) {
		// Whoever waits is told what it is, and repeats it or not.
		failure.tried = triedFor(lasted)
		return failure
	}
	if lasted+wait > retryFor {
		// Aborted is gRPC's word for what is to be begun anew as a whole.
		return failure.giveUp(triedFor(lasted))
	}
	ctxzap.Extract(ctx).Warn("baton-openai: OpenAI gave no answer of use; asking again", zap.Duration("wait", wait), zap.Error(failure))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return failure.because(KindStopped, ctx.Err())
	}
}

// endsWithin tells whether the caller will have gone before the wait is over.
func endsWithin(ctx context.Context, wait time.Duration) bool {
	deadline, has := ctx.Deadline()
	return has && time.Until(deadline) < wait
}

func triedFor(lasted time.Duration) string {
	if lasted < time.Second {
		return ""
	}
	return fmt.Sprintf("asked again for %s", lasted.Round(time.Second))
}
