package connector_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// passedCalls counts the calls of a route that were within the limit.
func passedCalls(server *openaitest.Server, route string) int {
	n := 0
	for _, request := range server.Requests() {
		if request.Route == route && request.Status == http.StatusOK {
			n++
		}
	}
	return n
}

// A sync with a limited API has the same rows as one without a limit, with the same number of calls within the limit.
func TestSyncOfALimitedAPI(t *testing.T) {
	t.Parallel()
	organization := openaitest.Seeded(31, openaitest.Size{Users: 30, Groups: 4, Projects: 5})
	server := &openaitest.Server{Organization: organization, RateLimit: &openaitest.RateLimit{Burst: 3, Interval: 20 * time.Millisecond}}
	synced := runSync(t, server, syncOptions{workers: 12, retryFor: time.Minute})
	require.NoError(t, synced.err)
	requireSame(t, expected(organization), readRows(t, synced.store))
	for route, calls := range fewestCalls(organization) {
		require.Equal(t, calls, passedCalls(server, route), route)
	}
}

// A change comes before the waiting calls of a sync for the same route.
func TestChangeGoesBeforeASync(t *testing.T) {
	t.Parallel()
	const route = "GET /organization/users"
	server := newServer()
	server.RateLimit = &openaitest.RateLimit{Burst: 1, Interval: 200 * time.Millisecond}
	d := connect(t, server)
	d.connector.SetRetryFor(time.Minute)
	const lists = 12
	users := builderOf[connectorbuilder.ResourceSyncerV2](t.Context(), d, "user")
	var wait sync.WaitGroup
	begun := make(chan struct{}, lists)
	for range lists {
		wait.Go(func() {
			begun <- struct{}{}
			// Each is another sync, so that each one reads.
			_, _, err := users.List(t.Context(), nil, rs.SyncOpAttrs{Session: newMapSessionStore()})
			assert.NoError(t, err)
		})
	}
	for range lists {
		<-begun
	}
	// The change has to find another owner among the users.
	require.NoError(t, d.revokeDirectly(t.Context(), access{"organization_role:owner:assigned", "user:ola"}))
	require.Less(t, passedCalls(server, route), lists)
	wait.Wait()
	require.Equal(t, lists+1, passedCalls(server, route))
}
