package sessionstore_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/sessionstore"
)

// writes counts what reaches the store in the file.
type writes struct {
	sessions.SessionStore

	n int
}

func (w *writes) SetMany(ctx context.Context, values map[string][]byte, options ...sessions.SessionStoreOption) error {
	w.n++
	return w.SessionStore.SetMany(ctx, values, options...)
}

// The buffer answers as the store would, and writes only what it is told to, or what it has no room for.
func TestBuffer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	file, err := dotc1z.NewStore(ctx, t.TempDir()+"/sync.c1z")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close(context.WithoutCancel(ctx))) })
	store := &writes{SessionStore: file.SessionStore()}
	in := func(prefix string) []sessions.SessionStoreOption {
		return []sessions.SessionStoreOption{sessions.WithSyncID("sync-1"), sessions.WithPrefix(prefix)}
	}
	require.NoError(t, store.Set(ctx, "stored", []byte("1"), in("a")...))

	buffer := sessionstore.NewBuffer(store)
	require.NoError(t, buffer.Set(ctx, "key", []byte("2"), in("a")...))
	require.NoError(t, buffer.SetMany(ctx, map[string][]byte{"key": []byte("3"), "other": []byte("4")}, in("b")...))
	requireValues := func(from sessions.SessionStore, prefix string, want map[string]string) {
		t.Helper()
		found, left, err := from.GetMany(ctx, []string{"key", "stored", "other"}, in(prefix)...)
		require.NoError(t, err)
		require.Empty(t, left)
		got := map[string]string{}
		for key, value := range found {
			got[key] = string(value)
			alone, ok, err := from.Get(ctx, key, in(prefix)...)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, value, alone)
		}
		require.Equal(t, want, got)
	}
	requireValues(buffer, "a", map[string]string{"key": "2", "stored": "1"})
	requireValues(buffer, "b", map[string]string{"key": "3", "other": "4"})
	requireValues(store, "a", map[string]string{"stored": "1"})
	require.Zero(t, store.n)

	require.NoError(t, buffer.Flush(ctx))
	requireValues(store, "a", map[string]string{"key": "2", "stored": "1"})
	requireValues(store, "b", map[string]string{"key": "3", "other": "4"})
	requireValues(buffer, "b", map[string]string{"key": "3", "other": "4"})
	require.Equal(t, 2, store.n)

	require.NoError(t, buffer.Set(ctx, "key", []byte("5"), in("b")...))
	require.NoError(t, buffer.Clear(ctx, sessions.WithSyncID("sync-1")))
	requireValues(buffer, "b", map[string]string{})
	require.Equal(t, 2, store.n)

	for i := range 40 {
		require.NoError(t, buffer.Set(ctx, fmt.Sprint(i), bytes.Repeat([]byte("x"), 1<<20), in("large")...))
	}
	require.Equal(t, 3, store.n)
	value, ok, err := buffer.Get(ctx, "0", in("large")...)
	require.NoError(t, err)
	require.True(t, ok)
	require.Len(t, value, 1<<20)
}
