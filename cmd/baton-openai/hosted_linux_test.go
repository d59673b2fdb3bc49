//go:build baton_lambda_support

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What two processes read in turn is what a sync by hand reads, row by row, with the same requests, each once.
func TestHostedSyncs(t *testing.T) {
	t.Parallel()
	for name, isFrozen := range map[string]bool{"processes that go on between two requests": false, "processes that are frozen": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHosted(t)
			h.start(isFrozen)
			h.start(isFrozen)
			synced := contents(t, h.sync())
			asked := h.asked()
			require.NotEmpty(t, synced)
			assert.Equal(t, contents(t, h.once()), synced)
			assert.Equal(t, h.asked(), asked)
			h.end()
		})
	}
}
