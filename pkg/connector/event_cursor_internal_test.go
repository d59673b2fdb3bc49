package connector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
)

// FuzzFeedCursor parses any cursor of a feed: it is refused, or it is the exact text of a cursor that a feed returns,
// and its window is valid.
func FuzzFeedCursor(f *testing.F) {
	for _, place := range []feedCursor{
		{Version: 1, From: 5}, {Version: 1, From: 5, Until: 9}, {Version: 1, From: 5, Until: 9, Restarts: 2},
		{Version: 1, From: 5, Until: 9, Cursor: client.Cursor{After: "audit_log-1", Mark: "audit_log-1", Power: 1}},
		{Version: 2, From: 5}, {Version: 1, From: -5}, {Version: 1, From: 5, Until: 4}, {Version: 1, From: 5, Cursor: client.Cursor{After: "a"}},
		{Version: 1, From: 5, Until: 9, Cursor: client.Cursor{Mark: "a"}}, {},
	} {
		f.Add(place.text())
	}
	for _, text := range []string{"", "e30", "e30=", "bnVsbA", "audit_log-1", "eyJ2IjoxLCJmcm9tIjo1fQ ", "eyJWIjoxLCJmcm9tIjo1fQ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		t.Parallel()
		place, isValid := parseFeedCursor(text)
		if !isValid || text == "" {
			require.Equal(t, feedCursor{}, place)
			return
		}
		require.Equal(t, text, place.text())
		require.GreaterOrEqual(t, place.From, int64(0))
		require.True(t, place.Until == 0 || place.Until > place.From)
		state, err := place.after(client.Cursor{})
		require.NoError(t, err)
		require.False(t, state.HasMore)
		next, isValid := parseFeedCursor(state.Cursor)
		require.True(t, isValid)
		require.GreaterOrEqual(t, next.From, place.From)
		require.Zero(t, next.Until)
	})
}

// OpenAI's cursor is part of the feed's cursor, which has a maximal length.
func TestFeedCursorsHaveALimit(t *testing.T) {
	t.Parallel()
	after := func(id string) error {
		_, err := feedCursor{From: 1, Until: 2}.after(client.Cursor{After: id, Mark: id, Power: 1})
		return err
	}
	long := make([]byte, 1_400)
	for i := range long {
		long[i] = 'a'
	}
	require.NoError(t, after(string(long)))
	require.ErrorIs(t, after(string(long)+string(long)), errLongCursor)
}
