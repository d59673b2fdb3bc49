package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// events follows the feed and returns, for each event, the resources that it names.
func (d *daemon) events(feed *conductoronetest.EventFeed) []string {
	d.t.Helper()
	events, err := feed.Events(d.t.Context())
	require.NoError(d.t, err)
	return eventResources(events)
}

func eventResources(events []*v2.Event) []string {
	found := make([]string, 0, len(events))
	for _, event := range events {
		var named []*v2.ResourceId
		switch {
		case event.HasResourceChangeEvent():
			named = append(named, event.GetResourceChangeEvent().GetResourceId())
		case event.HasCreateGrantEvent():
			named = append(named, event.GetCreateGrantEvent().GetPrincipal().GetId(), event.GetCreateGrantEvent().GetEntitlement().GetResource().GetId())
		case event.HasUsageEvent():
			named = append(named, event.GetUsageEvent().GetActorResource().GetId())
		}
		words := make([]string, 0, len(named))
		for _, id := range named {
			words = append(words, id.GetResourceType()+" "+id.GetResource())
		}
		found = append(found, strings.Join(words, ", "))
	}
	return found
}

// ConductorOne lists the feeds, and gets each change that somebody makes on OpenAI's pages once.
func TestDaemonReportsEvents(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.start()
	var feeds v2.ListEventFeedsResponse
	task := d.do(v1.Task_builder{ListEventFeeds: &v1.Task_ListEventFeedsTask{}}.Build())
	require.NoError(t, task.Outcome().Response.UnmarshalTo(&feeds))
	assert.Len(t, feeds.GetList(), 2)

	start := time.Now().Add(-time.Hour)
	changes, usage := d.conductorOne.Follow("audit_log", start), d.conductorOne.Follow("usage", start)
	assert.Empty(t, d.events(changes))
	assert.Empty(t, d.events(usage))
	changeInOpenAI(d.api, time.Now().Add(-3*time.Minute))
	want := []string{"group " + finance + ", organization_role owner", "group " + finance, "user " + lena, "project " + assistant}
	assert.Equal(t, want, d.events(changes))
	assert.Equal(t, []string{"user " + lena}, d.events(usage))

	// Another daemon continues at the cursor.
	d.stop()
	d.api.Record(openaitest.AuditLogEntry{
		Type: "group.deleted", EffectiveAt: time.Now().Add(-2 * time.Minute).Unix(), Details: map[string]any{"id": "group_Old"},
	})
	d.start()
	assert.Contains(t, d.events(changes), "group group_Old")
	d.stop()
}

// Without audit logging, the task succeeds all the same, since ConductorOne shows nobody the error. The log has the
// reason once.
func TestDaemonWithoutAnAuditLog(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.api.AuditLog.Off = http.StatusForbidden
	d.start("--log-level", "warn")
	start := time.Now().Add(-time.Hour)
	feeds := []*conductoronetest.EventFeed{d.conductorOne.Follow("audit_log", start), d.conductorOne.Follow("usage", start)}
	for range 2 {
		for _, feed := range feeds {
			assert.Empty(t, d.events(feed))
		}
	}
	d.do(fullSync())
	d.api.Update(func(*openaitest.Organization) { d.api.AuditLog.Off = 0 })
	changeInOpenAI(d.api, time.Now().Add(-3*time.Minute))
	assert.Len(t, d.events(feeds[0]), 4)
	d.stop()
	assert.Equal(t, 1, strings.Count(d.output.String(), "there are no events; this is said once a day"))
	assert.Contains(t, d.output.String(), "an owner of the organization switches it on at")
}
