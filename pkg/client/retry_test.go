package client_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// A read without a usable answer is repeated, with a line in the log for each attempt.
func TestReadIsRepeated(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))
	standIn := faulty(openaitest.Fault{Status: http.StatusBadGateway, Body: "<html>Bad gateway</html>", Times: 2})
	_, err := newRetryingClient(t, standIn).ListGroups(ctx, client.Cursor{})
	require.NoError(t, err)
	require.Len(t, standIn.Requests(), 3)
	repeats := logs.FilterMessage("baton-openai: OpenAI gave no usable answer; asking again").All()
	require.Len(t, repeats, 2)
	require.Contains(t, repeats[0].ContextMap()["error"], "GET /organization/groups: 502 Bad Gateway")
}

// Without a usable answer for too long, the call fails with a code that the SDK does not repeat.
func TestRepetitionEnds(t *testing.T) {
	t.Parallel()
	standIn := faulty(openaitest.Fault{Status: http.StatusServiceUnavailable, EmptyBody: true})
	c := newClient(t, start(t, standIn))
	c.RetryFor = 2 * time.Second
	_, err := c.ListGroups(t.Context(), client.Cursor{})
	requireCode(t, codes.Aborted, err)
	require.ErrorContains(t, err, "GET /organization/groups: 503 Service Unavailable")
	require.Greater(t, len(standIn.Requests()), 1)
	require.Less(t, len(standIn.Requests()), 10)
}

// The wait that a 503 asks for is kept. Here it is longer than calls are repeated for.
func TestServiceUnavailableWithALongWait(t *testing.T) {
	t.Parallel()
	standIn := faulty(openaitest.Fault{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"90"}}})
	c := newClient(t, start(t, standIn))
	c.RetryFor = 30 * time.Second
	_, err := c.ListGroups(t.Context(), client.Cursor{})
	requireCode(t, codes.Aborted, err)
	require.Len(t, standIn.Requests(), 1)
}

// The wait for another attempt ends with the context.
func TestRepetitionEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	standIn := faulty(openaitest.Fault{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"30"}}})
	core, logs := observer.New(zap.WarnLevel)
	ended := make(chan error, 1)
	c := newRetryingClient(t, standIn)
	go func() {
		_, err := c.ListGroups(ctxzap.ToContext(ctx, zap.New(core)), client.Cursor{})
		ended <- err
	}()
	// The SDK logs the answer itself, before the wait.
	require.Eventually(t, func() bool { return logs.FilterMessageSnippet("asking again").Len() > 0 }, time.Minute, time.Millisecond)
	cancel()
	requireCode(t, codes.Canceled, <-ended)
}
