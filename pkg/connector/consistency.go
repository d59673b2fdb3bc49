package connector

import (
	"cmp"
	"context"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// change is one write and how its outcome is read. The state is a word, such as the name of a role.
type change struct {
	write func(context.Context) error
	read  func(context.Context) (string, error)
	// before is the state before the write, wanted the state that the write is to bring about.
	before, wanted string
	// isRemoval says that the write takes something away: any state but before is then a success.
	isRemoval bool
	// meansDone tells a refusal that may be the answer to a request that arrived twice; nil if there is none.
	meansDone func(error) bool
}

// The words for what is there or not.
const (
	stateThere    = "there"
	stateNotThere = "not there"
	stateHeld     = "held"
	stateNotHeld  = "not held"
	stateUnknown  = "nothing that can be read"
)

// presence is the word for whether something is there.
func presence(there bool) string {
	if there {
		return stateThere
	}
	return stateNotThere
}

// possession is the word for whether something is held.
func possession(held bool) string {
	if held {
		return stateHeld
	}
	return stateNotHeld
}

func (c change) isDone(state string) bool {
	return state == c.wanted || c.isRemoval && state != c.before
}

// consistency has the waits between the attempts to read the state after a change: the API may show it late.
type consistency []time.Duration

// standardConsistency covers the some five seconds that a write has been seen to take until it is read.
var standardConsistency = consistency{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}

// apply makes a change and judges it by its outcome. If OpenAI is busy with another change (409), the write is repeated once,
// unless the state shows that it was done.
func (w consistency) apply(ctx context.Context, c change) error {
	err := c.write(ctx)
	if kindOf(err) == client.KindConflict && len(w) > 0 && sleep(ctx, w[0]) {
		state, readErr := c.read(ctx)
		switch {
		case readErr == nil && c.isDone(state):
			return nil
		case readErr == nil && state == c.before:
			err = c.write(ctx)
		}
	}
	return w.confirm(ctx, err, c)
}

// ensure makes a change unless the state shows it already; true means that it did. The state before is read if the
// change does not have it.
func (w consistency) ensure(ctx context.Context, c change) (bool, error) {
	if c.before == "" {
		var err error
		if c.before, err = c.read(ctx); err != nil {
			return false, err
		}
	}
	if c.before == c.wanted {
		return true, nil
	}
	return false, w.apply(ctx, c)
}

// confirm reads the state after any answer, and decides by it.
//
//   - An error is one unless the state shows what was wanted: the API has answered 404 and 400 for what it had done, and an
//     answer may be lost.
//   - A success is waited for, so that the next change does not decide by what was there before this one. If nothing shows
//     but what was there before, which on some plans is so for ever, it stays a success, with a warning. If something else
//     shows, it is an error.
//
// Therefore a change that reads as made already sends nothing.
func (w consistency) confirm(ctx context.Context, err error, c change) error {
	if isFinal(err) {
		return err
	}
	waits := w
	if isPlainRefusal(err) && (c.meansDone == nil || !c.meansDone(err)) {
		// Any other plain refusal is not looked at for longer than once.
		waits = nil
	}
	seen := stateUnknown
	for attempt := 0; ; attempt++ {
		state, readErr := c.read(ctx)
		if readErr == nil {
			if c.isDone(state) {
				return nil
			}
			seen = state
		}
		if attempt == len(waits) || isFinal(readErr) || !sleep(ctx, waits[attempt]) {
			return c.judge(ctx, err, seen)
		}
	}
}

// judge decides about a change whose outcome did not show.
func (c change) judge(ctx context.Context, err error, seen string) error {
	wanted, shown := cmp.Or(c.wanted, "nothing"), cmp.Or(seen, "nothing")
	switch {
	case err != nil:
		return err
	case seen != c.before && seen != stateUnknown:
		return newError(codes.FailedPrecondition,
			"OpenAI answered that it was done, and shows %s where %s was asked for: somebody else may have changed it at the same time; sync again to see what there is", shown, wanted)
	default:
		warn(ctx, "OpenAI answered that it was done, and does not show it yet", zap.String("wanted", wanted), zap.String("shown", shown))
		return nil
	}
}

// checkAnsweredRole is the error of a write that succeeded in giving another role than was asked for, by what it answered; nil
// where the answer does not tell.
func checkAnsweredRole(answered, wanted string) error {
	if answered == "" || answered == wanted {
		return nil
	}
	return newError(codes.FailedPrecondition, "OpenAI answered with the role %s where %s was asked for: sync again to see what there is", answered, wanted)
}

// retryUntilKnown repeats a call about something new, which the API may not know yet.
func (w consistency) retryUntilKnown(ctx context.Context, call func(context.Context) error) error {
	for attempt := 0; ; attempt++ {
		err := call(ctx)
		if !isGone(err) || attempt == len(w) || !sleep(ctx, w[attempt]) {
			return err
		}
	}
}

// sleep is false if the context ended first.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
