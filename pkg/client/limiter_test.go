package client_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// newRetryingClient returns a client that waits and repeats calls, as the connector's does.
func newRetryingClient(t *testing.T, handler http.Handler) *client.Client {
	t.Helper()
	c := newClient(t, start(t, handler))
	c.RetryFor = time.Minute
	return c
}

// passed counts the requests that were not refused.
func passed(standIn *openaitest.Server) int {
	n := 0
	for _, request := range standIn.Requests() {
		if request.Status == http.StatusOK {
			n++
		}
	}
	return n
}

// A call above a rate limit is repeated and succeeds.
func TestCallsOfALimitedRouteAllPass(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{RateLimit: &openaitest.RateLimit{Burst: 3, Interval: 10 * time.Millisecond}}
	c := newRetryingClient(t, standIn)
	const callers, each = 4, 5
	var wait sync.WaitGroup
	errs := make([]error, callers*each)
	for caller := range callers {
		wait.Go(func() {
			for i := range each {
				_, errs[caller*each+i] = c.ListUsers(t.Context(), client.Cursor{})
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, callers*each, passed(standIn))
	require.Greater(t, len(standIn.Requests()), callers*each, "nothing was refused, so nothing was tested")
}

// A waiting route does not delay another one, and a cancelled call stops waiting at once.
func TestWaitingRoute(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{RateLimit: &openaitest.RateLimit{Burst: 1, Interval: 30 * time.Second}}
	c := newRetryingClient(t, standIn)
	_, err := c.ListUsers(t.Context(), client.Cursor{})
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.ListUsers(ctx, client.Cursor{})
		ended <- err
	}()
	_, err = c.ListGroups(t.Context(), client.Cursor{})
	require.NoError(t, err)
	_, err = c.ListProjects(t.Context(), client.Cursor{})
	require.NoError(t, err)
	cancel()
	requireCode(t, codes.Canceled, <-ended)
}
