package connector

import (
	"context"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// sharedStore is the SDK's one place for the session store of the sync that began last, which is nil where that has ended.
type sharedStore struct {
	sessions.SessionStore

	latest *storeInMemory
}

func (s *sharedStore) GetMany(ctx context.Context, keys []string, options ...sessions.SessionStoreOption) (map[string][]byte, []string, error) {
	if s.latest == nil {
		return nil, nil, status.Error(codes.Unavailable, "closing")
	}
	return s.latest.GetMany(ctx, keys, options...)
}

func (s *sharedStore) Get(ctx context.Context, key string, options ...sessions.SessionStoreOption) ([]byte, bool, error) {
	if s.latest == nil {
		return nil, false, status.Error(codes.Unavailable, "closing")
	}
	return s.latest.Get(ctx, key, options...)
}

func (s *sharedStore) GetAll(ctx context.Context, page string, options ...sessions.SessionStoreOption) (map[string][]byte, string, error) {
	return s.latest.GetAll(ctx, page, options...)
}

func (s *sharedStore) Set(ctx context.Context, key string, value []byte, options ...sessions.SessionStoreOption) error {
	if s.latest == nil {
		return status.Error(codes.Unavailable, "closing")
	}
	return s.latest.Set(ctx, key, value, options...)
}

// What is not found is not there only as long as the store is the sync's own.
func TestSessionThatIsTaken(t *testing.T) {
	t.Parallel()
	shared := &sharedStore{latest: newStoreInMemory()}
	_, err := syncSession{shared}.countRun(t.Context())
	require.NoError(t, err)
	session := syncSession{ownSession{shared}}
	recallOne := func() (bool, error) {
		_, found, err := recall[string](t.Context(), session, factUser, "ann")
		return found, err
	}
	recallTwo := func() (bool, error) {
		found, err := recallMany[string](t.Context(), session, factUser, []string{"ann", "ben"})
		return len(found) == 2, err
	}
	keep := func() (bool, error) { return true, session.set(t.Context(), factUser, "ann", "") }
	for _, reads := range []func() (bool, error){recallOne, recallTwo} {
		found, err := reads()
		require.False(t, found)
		require.NoError(t, err)
	}
	shared.latest = newStoreInMemory()
	for _, reads := range []func() (bool, error){recallOne, recallTwo} {
		_, err := reads()
		require.ErrorIs(t, err, errSessionTaken)
		require.Equal(t, codes.Aborted, status.Code(err))
	}
	shared.latest = nil
	for _, uses := range []func() (bool, error){recallOne, recallTwo, keep} {
		_, err := uses()
		require.ErrorIs(t, err, errSessionTaken)
	}
	// A call that was given up has ended for another reason.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NotErrorIs(t, session.set(ctx, factUser, "ann", ""), errSessionTaken)
}
