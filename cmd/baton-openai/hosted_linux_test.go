//go:build baton_lambda_support

package main

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/bid"
	"github.com/conductorone/baton-sdk/pkg/connectorclient"
	transport "github.com/conductorone/baton-sdk/pkg/lambda/grpc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// Two processes that read a sync in turn give the rows of a single run, with the same requests, each once.
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

// Several processes that read a sync at the same time give the same rows.
func TestHostedSyncsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.workers = 3
	for range h.workers {
		h.start(false)
	}
	synced := contents(t, h.sync())
	asked := slices.Compact(h.asked()) // two processes may send the same request at the same time
	assert.Equal(t, contents(t, h.once()), synced)
	assert.Equal(t, h.asked(), asked)
	h.end()
}

// AWS ends processes at any time and starts others. The pages that an ended process has read are not lost.
func TestHostedSyncSurvivesEndedProcesses(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	first := h.start(false)
	var inTheMiddle atomic.Bool
	h.api.OnRequest = func(request openaitest.Request) {
		if request.Route == "GET /organization/projects/{project_id}/api_keys" {
			inTheMiddle.Store(true)
		}
	}
	h.between = func() {
		if inTheMiddle.Load() && len(h.processes) == 1 {
			h.kill(first)
			h.start(true)
		}
	}
	synced := contents(t, h.sync())
	asked := h.asked()
	require.Len(t, h.processes, 2)
	assert.Equal(t, contents(t, h.once()), synced)
	assert.Equal(t, h.asked(), asked)
	h.end()
}

// If ConductorOne cannot return what the processes have kept, a request fails and is repeated. Nothing is lost.
func TestHostedSyncSurvivesSessionErrors(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.start(false)
	h.start(true)
	requests := 0
	h.between = func() {
		requests++
		h.conductorOne.SetFaults(conductoronetest.Faults{CallsRefused: requests > 40 && h.failures == 0})
	}
	synced := contents(t, h.sync())
	require.Equal(t, 1, h.failures)
	assert.Equal(t, contents(t, h.once()), synced)
	h.end()
}

// A targeted sync gives the rows of one on the command line, with the same requests.
func TestHostedSyncsTargets(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.start(false)
	h.start(true)
	for _, id := range []*v2.ResourceId{resourceID("group", finance), resourceID("user", lena), resourceID("project", assistant)} {
		target := v2.Resource_builder{Id: id}.Build()
		synced := contents(t, h.sync(target))
		asked := h.asked()
		name, err := bid.MakeBid(target)
		require.NoError(t, err)
		assert.Equal(t, contents(t, h.once("--sync-resources", name)), synced, name)
		assert.Equal(t, h.asked(), asked, name)
		assert.NotContains(t, asked, "GET /v1/organization/projects?limit=100", name)
	}
	h.end()
}

// events reads a feed from the cursor and returns the events and the next cursor.
func (h *hosted) events(feed, cursor string) ([]string, string, error) {
	h.t.Helper()
	var events []*v2.Event
	for {
		page, err := h.client.ListEvents(h.context(), v2.ListEventsRequest_builder{
			EventFeedId: feed, StartAt: timestamppb.New(time.Now().Add(-time.Hour)), Cursor: cursor, PageSize: 2,
		}.Build())
		if err != nil {
			return nil, cursor, err
		}
		events, cursor = append(events, page.GetEvents()...), page.GetCursor()
		if !page.GetHasMore() {
			return eventResources(events), cursor, nil
		}
	}
}

// The feeds give each change on OpenAI's pages once, from any process.
func TestHostedReportsEvents(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.start(true)
	h.start(true)
	feeds, err := h.client.ListEventFeeds(h.context(), &v2.ListEventFeedsRequest{})
	require.NoError(t, err)
	require.Len(t, feeds.GetList(), 2)

	cursors := map[string]string{"audit_log": "", "usage": ""}
	requireEvents := func(feed string, want []string) {
		t.Helper()
		found, cursor, err := h.events(feed, cursors[feed])
		require.NoError(t, err)
		assert.Equal(t, want, found)
		cursors[feed] = cursor
	}
	requireEvents("audit_log", []string{})
	requireEvents("usage", []string{})
	changeInOpenAI(h.api, time.Now().Add(-3*time.Minute))
	// A page has one entry here. A grant is reported as one only if a single page has the whole window.
	requireEvents("audit_log", []string{"user " + lena, "project " + assistant, "group " + finance})
	requireEvents("usage", []string{"user " + lena})

	// Here an error reaches the caller, so it is returned.
	h.api.Update(func(*openaitest.Organization) { h.api.AuditLog.Off = http.StatusForbidden })
	_, _, err = h.events("audit_log", cursors["audit_log"])
	assert.Equal(t, codes.FailedPrecondition, status.Code(err), err)
	require.ErrorContains(t, err, "an owner of the organization switches it on at")
	h.end()
}

// Any process makes changes, without a flag.
func TestHostedMakesChanges(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.start(true)
	h.start(true)
	viewer, user := entitlement("project", assistant, "viewer"), v2.Resource_builder{Id: resourceID("user", lena)}.Build()
	for range 2 { // each process makes both changes
		granted, err := h.client.Grant(h.context(), v2.GrantManagerServiceGrantRequest_builder{Entitlement: viewer, Principal: user}.Build())
		require.NoError(t, err)
		require.Len(t, granted.GetGrants(), 1)
		assert.True(t, isViewer(h.api))
		assert.Contains(t, rows(t, h.sync(v2.Resource_builder{Id: resourceID("project", assistant)}.Build())), "grant "+granted.GetGrants()[0].GetId())

		_, err = h.client.Revoke(h.context(), v2.GrantManagerServiceRevokeRequest_builder{Grant: granted.GetGrants()[0]}.Build())
		require.NoError(t, err)
		assert.False(t, isViewer(h.api))
	}
	h.end()
}

// The next request uses a key that was entered in ConductorOne.
func TestHostedTakesANewKey(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.start(true)
	_, err := h.client.Validate(h.context(), &v2.ConnectorServiceValidateRequest{})
	require.NoError(t, err)
	h.api.Update(func(*openaitest.Organization) { h.api.Keys = map[string]openaitest.Key{otherKey: {}} })
	_, err = h.client.Validate(h.context(), &v2.ConnectorServiceValidateRequest{})
	require.ErrorContains(t, err, "baton-openai: ")
	assert.Equal(t, codes.Unauthenticated, status.Code(err), err)
	h.configure(otherKey)
	_, err = h.client.Validate(h.context(), &v2.ConnectorServiceValidateRequest{})
	require.NoError(t, err)
	h.end()
}

// A request that does not prove that it comes from ConductorOne is refused.
func TestHostedRefusesOtherCallers(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.start(false)
	stranger := connectorclient.NewConnectorClient(t.Context(), transport.NewClientConn(h.function))
	_, err := stranger.Validate(h.context(), &v2.ConnectorServiceValidateRequest{})
	assert.Equal(t, codes.Unauthenticated, status.Code(err), err)
	assert.Empty(t, h.asked())
	h.end()
}
