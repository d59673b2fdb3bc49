package connector

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// If a sync makes no more requests, or gives up a call, a process of a Lambda removes its pages from memory. It keeps
// the session, since other processes may continue the sync.
func TestLambdaKeepsTheSession(t *testing.T) {
	t.Parallel()
	for name, isGivenUp := range map[string]bool{"asked for nothing": false, "given up": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample()}
			r, store := readerOf(t, server, false), newStoreInMemory()
			r.resumeTimeout = 0
			s := syncOf(t, r, "sync", store)
			_, err := getPage(t.Context(), s, usersList(), client.Cursor{})
			require.NoError(t, err)
			if isGivenUp {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_, err = getPage(ctx, s, groupsList(), client.Cursor{})
				require.Error(t, err)
			} else {
				s.endIfIdle()
			}
			r.mu.Lock()
			assert.Empty(t, r.syncs)
			assert.Empty(t, r.resumable)
			r.mu.Unlock()
			_, err = getPage(t.Context(), syncOf(t, r, "sync", store), usersList(), client.Cursor{})
			require.NoError(t, err)
			require.Equal(t, 1, requests(server)[usersRoute])
		})
	}
}
