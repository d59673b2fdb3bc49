package connector

import (
	"context"
	"errors"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ownSession is the session store of a sync as long as it is that. A daemon's SDK has one place for it: when another sync
// begins meanwhile, whatever is asked for is looked for in the file of the other one, where nothing of this sync is. Not
// found would be taken for not there, and rows would be missing.
//
// So what is not found is believed only where the mark is found that the sync has left first. It is asked for with GetAll,
// which the SDK's cache does not answer. A sync does not get its store back, so that it is enough to look afterwards.
type ownSession struct{ sessions.SessionStore }

// errSessionTaken ends the sync: the SDK would repeat what is Unavailable for ever. ConductorOne gives the task again.
var errSessionTaken = errors.New("another sync has begun in this process and has taken the session store, or this one was stopped; try the sync again")

// Get implements [sessions.SessionStore].
func (o ownSession) Get(ctx context.Context, key string, opts ...sessions.SessionStoreOption) ([]byte, bool, error) {
	value, found, err := o.SessionStore.Get(ctx, key, opts...)
	return value, found, o.check(ctx, found, err)
}

// GetMany implements [sessions.SessionStore].
func (o ownSession) GetMany(ctx context.Context, keys []string, opts ...sessions.SessionStoreOption) (map[string][]byte, []string, error) {
	values, left, err := o.SessionStore.GetMany(ctx, keys, opts...)
	return values, left, o.check(ctx, len(values) == len(keys), err)
}

// Set implements [sessions.SessionStore].
func (o ownSession) Set(ctx context.Context, key string, value []byte, opts ...sessions.SessionStoreOption) error {
	return o.check(ctx, true, o.SessionStore.Set(ctx, key, value, opts...))
}

// SetMany implements [sessions.SessionStore].
func (o ownSession) SetMany(ctx context.Context, values map[string][]byte, opts ...sessions.SessionStoreOption) error {
	return o.check(ctx, true, o.SessionStore.SetMany(ctx, values, opts...))
}

// check holds an answer to the mark, if not everything was found.
func (o ownSession) check(ctx context.Context, found bool, err error) error {
	if err == nil && !found {
		var marks map[string][]byte
		marks, _, err = o.GetAll(ctx, "", sessions.WithPrefix(factRuns))
		if err == nil && len(marks) == 0 {
			return refuse(codes.Aborted, errSessionTaken)
		}
	}
	if ctx.Err() == nil && status.Code(err) == codes.Unavailable {
		return refuse(codes.Aborted, errSessionTaken)
	}
	return err
}
