package connector_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/pagination"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// followedFeed is a feed as ConductorOne follows it, with one clock for the feed and the stand-in.
type followedFeed struct {
	feed   connectorbuilder.EventFeed
	server *openaitest.Server
	clock  *time.Time
	// start is the requested start, and size the requested page size.
	start  time.Time
	size   int
	cursor string
	logger *zap.Logger
	logs   *observer.ObservedLogs
}

// followFeed opens a feed of the server and sets the clock of both.
func followFeed(t *testing.T, server *openaitest.Server, id string, preparations ...func(*connector.Connector)) *followedFeed {
	t.Helper()
	clock := time.Unix(now, 0)
	r := &followedFeed{server: server, clock: &clock, start: clock}
	server.Now = func() time.Time { return *r.clock }
	d := connect(t, server)
	for _, prepare := range preparations {
		prepare(d.connector)
	}
	r.feed = feedOf(t, d.connector, id)
	connector.SetFeedClock(r.feed, server.Now)
	var core zapcore.Core
	core, r.logs = observer.New(zap.InfoLevel)
	r.logger = zap.New(core)
	return r
}

func feedOf(t *testing.T, c *connector.Connector, id string) connectorbuilder.EventFeed {
	t.Helper()
	for _, feed := range c.EventFeeds(t.Context()) {
		if feed.EventFeedMetadata(t.Context()).GetId() == id {
			return feed
		}
	}
	require.FailNow(t, "there is no feed "+id)
	return nil
}

// page makes one request.
func (r *followedFeed) page(t *testing.T) ([]*v2.Event, bool, error) {
	t.Helper()
	events, state, _, err := r.feed.ListEvents(ctxzap.ToContext(t.Context(), r.logger), timestamppb.New(r.start), &pagination.StreamToken{Size: r.size, Cursor: r.cursor})
	if err != nil {
		return nil, false, err
	}
	require.NotNil(t, state)
	require.LessOrEqual(t, len(state.Cursor), 4_096)
	if r.size > 0 {
		require.LessOrEqual(t, len(events), max(r.size, 2))
	}
	var last int64
	for _, event := range events {
		require.NoError(t, event.ValidateAll())
		require.GreaterOrEqual(t, event.GetOccurredAt().GetSeconds(), last, "the oldest comes first")
		last = event.GetOccurredAt().GetSeconds()
	}
	r.cursor = state.Cursor
	return events, state.HasMore, nil
}

// all makes requests until there are no more events for now.
func (r *followedFeed) all(t *testing.T) []*v2.Event {
	t.Helper()
	var found []*v2.Event
	for range 10_000 {
		events, more, err := r.page(t)
		require.NoError(t, err)
		found = append(found, events...)
		if !more {
			return found
		}
	}
	require.FailNow(t, "the feed does not end")
	return nil
}

func (r *followedFeed) pass(d time.Duration) { *r.clock = r.clock.Add(d) }

// eventLine is an event as one line.
func eventLine(event *v2.Event) string {
	switch {
	case event.HasResourceChangeEvent():
		changed := event.GetResourceChangeEvent()
		line := event.GetId() + " changed " + id(changed.GetResourceId())
		if parent := id(changed.GetParentResourceId()); parent != "" {
			line += " in " + parent
		}
		return line
	case event.HasCreateGrantEvent():
		given := event.GetCreateGrantEvent()
		return event.GetId() + " granted " + given.GetEntitlement().GetId() + " to " + id(given.GetPrincipal().GetId())
	case event.HasUsageEvent():
		used := event.GetUsageEvent()
		return event.GetId() + " used " + id(used.GetTargetResource().GetId()) + " by " + id(used.GetActorResource().GetId())
	default:
		return event.GetId() + " nothing"
	}
}

func eventLines(events []*v2.Event) []string {
	lines := make([]string, 0, len(events))
	for _, event := range events {
		lines = append(lines, eventLine(event))
	}
	return lines
}

func TestFeedsAreNamed(t *testing.T) {
	t.Parallel()
	want := map[string][]v2.EventType{
		"audit_log": {v2.EventType_EVENT_TYPE_RESOURCE_CHANGE, v2.EventType_EVENT_TYPE_CREATE_GRANT},
		"usage":     {v2.EventType_EVENT_TYPE_USAGE},
	}
	for name, c := range map[string]*connector.Connector{"without a key": {}, "with a key": connect(t, newServer()).connector} {
		found := map[string][]v2.EventType{}
		for _, feed := range c.EventFeeds(t.Context()) {
			metadata := feed.EventFeedMetadata(t.Context())
			require.NoError(t, metadata.ValidateAll())
			found[metadata.GetId()] = metadata.GetSupportedEventTypes()
		}
		require.Equal(t, want, found, name)
	}
	_, _, _, err := feedOf(t, &connector.Connector{}, "usage").ListEvents(t.Context(), nil, &pagination.StreamToken{})
	require.ErrorContains(t, err, "no OpenAI admin key is configured")
}

// A caller that reads the feed from time to time gets every event, in whatever order the API serves the entries, up to
// six minutes late, and after any lost answer.
func TestNoEntryIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 2))
			server := newServer()
			server.AuditLog = openaitest.AuditLog{
				OldestFirst: seed%3 == 0, LateEvery: 1 + rng.IntN(4), LateBy: time.Duration(rng.IntN(300)) * time.Second, Lag: time.Duration(rng.IntN(60)) * time.Second,
			}
			r := followFeed(t, server, "audit_log")
			r.size = []int{0, 1, 7, 100, 1_000}[rng.IntN(5)]
			want, got := map[string]string{}, map[string]string{}
			listen := func(events []*v2.Event) {
				for _, event := range events {
					line := eventLine(event)
					require.Equal(t, line, orElse(got[event.GetId()], line), "what is given again is the same")
					got[event.GetId()] = line
				}
			}
			for n := range 300 {
				entry := openaitest.AuditLogEntry{ID: fmt.Sprint("entry", n), Type: "group.updated", EffectiveAt: r.clock.Unix(), Details: map[string]any{"id": fmt.Sprint("g", n)}}
				server.Record(entry)
				want[entry.ID] = entry.ID + " changed group:" + fmt.Sprint("g", n) + " in organization:organization"
				r.pass(time.Duration(rng.IntN(20)) * time.Second)
				switch rng.IntN(10) {
				case 0:
					r.pass(time.Duration(rng.IntN(7_200)) * time.Second)
				case 1, 2, 3:
					before := r.cursor
					events, _, err := r.page(t)
					require.NoError(t, err)
					if rng.IntN(3) == 0 {
						r.cursor = before // the answer was lost
						continue
					}
					listen(events)
				case 4:
					listen(r.all(t))
				}
			}
			r.pass(10 * time.Minute)
			for range 3 { // the rest of the current window, and two more
				listen(r.all(t))
				r.pass(10 * time.Minute)
			}
			require.Equal(t, want, got)
			require.Empty(t, server.Unknown())
		})
	}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Events of the same second come once in a window of any number of pages, and again in the overlap of windows.
func TestEntriesOfOneSecond(t *testing.T) {
	t.Parallel()
	server := newServer()
	r := followFeed(t, server, "audit_log")
	for n := range 1_000 {
		server.Record(openaitest.AuditLogEntry{Type: "project.updated", Details: map[string]any{"id": fmt.Sprint("p", n)}})
	}
	r.pass(2 * time.Minute)
	for _, times := range []int{1, 1, 1, 0} {
		ids := map[string]int{}
		for _, event := range r.all(t) {
			ids[event.GetId()]++
		}
		require.Len(t, ids, 1_000*times)
		for id, n := range ids {
			require.Equal(t, 1, n, id)
		}
		r.pass(4 * time.Minute)
	}
}

func TestFeedWindows(t *testing.T) {
	t.Parallel()
	server := newServer()
	r := followFeed(t, server, "audit_log")
	r.pass(30 * time.Second)
	require.Empty(t, r.all(t))
	require.Empty(t, r.cursor)
	require.Empty(t, calls(server))

	r.pass(time.Hour)
	r.start = r.clock.Add(-30 * 24 * time.Hour)
	require.Empty(t, r.all(t))
	query := server.Requests()[0].Query
	require.Equal(t, fmt.Sprint(r.start.Unix()), query.Get("effective_at[gte]"))
	require.Equal(t, fmt.Sprint(r.clock.Add(-time.Minute).Unix()), query.Get("effective_at[lt]"))
	// Types without events are not requested.
	require.Len(t, query["event_types[]"], 27)

	// A request without a start gets one day.
	server.ResetRequests()
	events, state, _, err := feedOf(t, connect(t, server).connector, "usage").ListEvents(t.Context(), nil, &pagination.StreamToken{})
	require.NoError(t, err)
	require.Empty(t, events)
	require.False(t, state.HasMore)
	from, err := time.ParseDuration(server.Requests()[0].Query.Get("effective_at[gte]") + "s")
	require.NoError(t, err)
	require.InDelta(t, time.Now().Add(-24*time.Hour).Unix(), from.Seconds(), 60)
	require.Equal(t, []string{"login.succeeded"}, server.Requests()[0].Query["event_types[]"])
}

// Events have no personal data except the id: no address, browser or location.
func TestEventsHaveNoPersonalData(t *testing.T) {
	t.Parallel()
	server := newServer()
	r := followFeed(t, server, "usage")
	server.Record(openaitest.AuditLogEntry{ID: "a", Type: "login.succeeded", Actor: openaitest.AuditLogActor{UserID: "ann"}})
	r.pass(time.Hour)
	events := r.all(t)
	require.Equal(t, []string{"a used organization:organization by user:ann"}, eventLines(events))
	text := protojson.Format(events[0])
	for _, personal := range []string{"Ann@Example.com", "203.0.113.7", "Browser/1.0", "a497151ce4338a12c4418c44d375173e"} {
		require.NotContains(t, text, personal)
	}
	require.True(t, slices.ContainsFunc(server.Requests(), func(r openaitest.Request) bool { return r.Route == "GET /organization/audit_logs" }))
}
