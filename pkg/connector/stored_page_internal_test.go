package connector

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
)

// A page of any size is the same after the session store, which takes 4 MiB at once. Pages of the API have up to 16
// MiB.
func TestPagesAreStoredUnchanged(t *testing.T) {
	t.Parallel()
	s := syncSession{newStoreInMemory()}
	for name, n := range map[string]int{"small": 1, "of one part": maxStoredBytes - 500, "of two parts": maxStoredBytes + 1, "of many parts": 5 * maxStoredBytes} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := client.Page[client.User]{
				Items: []client.User{{ID: "user-1", Name: strings.Repeat("ü", n/2), AddedAt: 7, APIKeyLastUsedAt: 8}},
				Next:  client.Cursor{After: "user-1", Mark: "user-0", Steps: 1, Power: 2},
			}
			key := pageKey(usersList(), client.Cursor{After: name})
			require.NoError(t, storePage(t.Context(), s, kindUsers, key, page))
			got, ok, err := loadStoredPage[client.User](t.Context(), s, kindUsers, key)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, page, got)
		})
	}
}

// Ids may have any characters: two lists never have the same key.
func TestPageKeysDiffer(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	lists := []list[client.AssignedRole]{
		projectUserRolesList("a/b", "c"), projectUserRolesList("a", "b/c"), projectUserRolesList("a", "b"), projectUserRolesList("ab", ""),
		projectGroupRolesList("a", "b"), userRolesList("a"), userRolesList("1:a"), userRolesList(strings.Repeat("a", 1_024)),
	}
	for _, l := range lists {
		for _, cursor := range []client.Cursor{{}, {After: "b", Power: 1, Mark: "b"}, {After: "b", Mark: "a", Power: 2}} {
			keys[pageKey(l, cursor)] = true
		}
	}
	require.Len(t, keys, 3*len(lists))
	for key := range keys {
		require.Less(t, len(key), 200)
	}
}
