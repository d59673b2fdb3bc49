package client

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// outage is the time in which one call gets no answer of use: servers that fail, connections that break, answers that
// are cut off. The SDK would repeat such a call of a sync without end, and one wait for all of its workers.
type outage struct {
	began time.Time
	waits *backoff.ExponentialBackOff
}

// The first repetition comes soon, since most failures are over at once.
const (
	firstRepetition = 250 * time.Millisecond
	slowRepetition  = time.Minute
)

// repeats tells whether the call is asked again where no answer of use came. What changes something is not, because it
// may have been done; nor is a call that somebody waits for.
func (c call) repeats(ctx context.Context) bool {
	return c.method == http.MethodGet && !isUrgent(ctx)
}

// wait lasts until the call may be asked again. It gives the error that the call ends with if there is no point in that.
func (o *outage) wait(ctx context.Context, failure *Error, patience time.Duration) error {
	if ctx.Err() != nil || !failure.mayPass() {
		return failure
	}
	if o.waits == nil {
		o.began = time.Now()
		o.waits = backoff.NewExponentialBackOff()
		o.waits.InitialInterval, o.waits.MaxInterval, o.waits.Multiplier = firstRepetition, slowRepetition, 2
	}
	wait := max(o.waits.NextBackOff(), min(failure.RetryAfter, slowRepetition))
	if lasted := time.Since(o.began); lasted+wait > patience {
		return failure.unanswered(lasted)
	}
	ctxzap.Extract(ctx).Warn("baton-openai: OpenAI gave no answer of use; asking again", zap.Duration("wait", wait), zap.Error(failure))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return failure.because(status.FromContextError(ctx.Err()).Code(), ctx.Err())
	}
}

// mayPass tells whether the next attempt may well succeed.
func (e *Error) mayPass() bool {
	return e.grpcCode == codes.Unavailable || e.grpcCode == codes.DeadlineExceeded
}

// unanswered is for what has failed too long. Aborted is gRPC's word for what is to be begun anew as a whole; the SDK
// does not repeat it.
func (e *Error) unanswered(lasted time.Duration) *Error {
	e.grpcCode = codes.Aborted
	if lasted >= time.Second {
		e.tried = fmt.Sprintf("asked again for %s", lasted.Round(time.Second))
	}
	return e
}
