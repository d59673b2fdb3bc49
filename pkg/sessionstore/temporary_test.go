package sessionstore_test

import (
	"os"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/sessionstore"
)

// Each sync finds what it has set, whichever began last, and nothing of another one.
func TestTemporaryKeepsSyncsApart(t *testing.T) {
	t.Parallel()
	ctx, parent := t.Context(), t.TempDir()
	const owner, other = 12, 123
	store, err := sessionstore.OpenTemporary(ctx, parent, owner)
	require.NoError(t, err)
	full, targeted := sessions.WithSyncID("full"), sessions.WithSyncID("targeted")
	require.NoError(t, store.Set(ctx, "users", []byte("3"), full))
	require.NoError(t, store.Set(ctx, "users", []byte("1"), targeted))
	// More than is held in memory.
	require.NoError(t, store.Set(ctx, "large", make([]byte, 33<<20), targeted))
	require.NoError(t, store.Clear(ctx, targeted))
	value, found, err := store.Get(ctx, "users", full)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "3", string(value))
	_, found, err = store.Get(ctx, "users", targeted)
	require.NoError(t, err)
	require.False(t, found)

	_, err = sessionstore.OpenTemporary(ctx, parent, other)
	require.NoError(t, err)
	require.NoError(t, sessionstore.RemoveTemporary(parent, owner))
	left, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Len(t, left, 1, "what belongs to another owner")
	require.NoError(t, sessionstore.RemoveTemporary(parent, other))
}

// A directory that cannot be written to is named, with what to do.
func TestTemporaryWithoutADirectory(t *testing.T) {
	t.Parallel()
	_, err := sessionstore.OpenTemporary(t.Context(), t.TempDir()+"/gone", 1)
	require.ErrorContains(t, err, "give another place with --c1z-temp-dir")
	require.ErrorIs(t, err, os.ErrNotExist)
}
