package connector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/pagination"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The ids of the feeds, as permanent as those of the resource types.
const (
	feedAuditLog = "audit_log"
	feedUsage    = "usage"
)

// EventFeeds are the feeds of changes and logins between two syncs. Both read the organization's audit log.
func (c *Connector) EventFeeds(context.Context) []connectorbuilder.EventFeed {
	warnings := &dailyWarning{}
	feeds := []*eventFeed{auditLogFeed(), usageFeed()}
	found := make([]connectorbuilder.EventFeed, 0, len(feeds))
	for _, feed := range feeds {
		feed.client, feed.now, feed.warnings = c.client, time.Now, warnings
		feed.errorsReachNobody = c.worksOnTasks
		found = append(found, feed)
	}
	return found
}

// WorkOnTasks says that the process runs as a daemon, which works on the tasks of ConductorOne.
func (c *Connector) WorkOnTasks() { c.worksOnTasks = true }

// eventFeed reads entries of the audit log as events. The cursor holds all of its state; the feed itself only remembers
// when it warned.
type eventFeed struct {
	client *client.Client
	now    func() time.Time

	id         string
	eventTypes []v2.EventType
	// entryTypes are the types of entries that are asked for.
	entryTypes []string
	// maxEvents is how many events an entry gives at most.
	maxEvents int
	// events gives the events of an entry, none if it cannot be read.
	events func(client.AuditLog) []*v2.Event

	// errorsReachNobody says that an error would be lost: the SDK reports none of this task, and ConductorOne would wait for
	// the answer.
	errorsReachNobody bool
	warnings          *dailyWarning
}

// EventFeedMetadata names the feed and what it tells.
func (f *eventFeed) EventFeedMetadata(context.Context) *v2.EventFeedMetadata {
	return v2.EventFeedMetadata_builder{Id: f.id, SupportedEventTypes: f.eventTypes}.Build()
}

// maxEntries is the API's largest page.
const maxEntries = 100

// ListEvents gives the events of a page of the audit log, the oldest first.
func (f *eventFeed) ListEvents(
	ctx context.Context, earliest *timestamppb.Timestamp, token *pagination.StreamToken,
) ([]*v2.Event, *pagination.StreamState, annotations.Annotations, error) {
	if f.client == nil {
		return nil, nil, nil, MissingAdminKey()
	}
	cursor := f.window(ctx, earliest, token.Cursor)
	if cursor.From >= cursor.Until {
		return nil, &pagination.StreamState{Cursor: token.Cursor}, nil, nil
	}
	limit := maxEntries
	if token.Size > 0 {
		limit = max(1, min(token.Size/f.maxEvents, maxEntries))
	}
	page, err := f.client.ListAuditLogs(client.Urgent(f.warnings.quiet(ctx, f.now())), client.AuditLogQuery{
		Types: f.entryTypes, From: time.Unix(cursor.From, 0), Until: time.Unix(cursor.Until, 0), Limit: limit,
	}, cursor.Cursor)
	switch {
	case err == nil:
		f.warnings.reset()
		state, err := cursor.after(page.Next)
		if err != nil {
			return nil, nil, nil, readError(readingAuditLog, err)
		}
		return f.pageEvents(ctx, page, cursor), state, nil, nil
	case kindOf(err) == client.KindCursorGone && cursor.Restarts < maxRestarts:
		// The entry that the place is named after is not kept any more. What was given already is given again.
		state, err := feedCursor{From: cursor.From, Until: cursor.Until, Restarts: cursor.Restarts + 1}.state(true)
		return nil, state, nil, err
	case isUnavailable(err):
		err = auditLogUnavailable(err)
		if !f.errorsReachNobody {
			return nil, nil, nil, err
		}
		f.warnings.warn(ctx, f.now(), err)
		return nil, &pagination.StreamState{Cursor: token.Cursor}, nil, nil
	default:
		return nil, nil, nil, readError(readingAuditLog, err)
	}
}

const readingAuditLog = "reading the audit log"

// pageEvents gives the events of a page. What is read anew because of a change has the last word: of one second, grants come
// first.
func (f *eventFeed) pageEvents(ctx context.Context, page client.Page[client.AuditLog], cursor feedCursor) []*v2.Event {
	// The API has been seen to give the newest page first. Only within one page it is known what came after what.
	ordered := cursor.Cursor.IsZero() && page.Next.IsZero()
	var events []*v2.Event
	left, unread := 0, map[string]bool{}
	for _, entry := range page.Items {
		given := f.events(entry)
		if len(given) == 0 {
			left++
			unread[entry.Type] = true
		}
		for _, event := range given {
			if ordered || !event.HasCreateGrantEvent() {
				events = append(events, event)
			}
		}
	}
	if left > 0 {
		warn(ctx, "the audit log has entries that this version cannot read, of which no event tells; the next sync shows what they changed",
			zap.String("feed", f.id), zap.Int("entries", left), zap.Strings("types", slices.Sorted(maps.Keys(unread))))
	}
	slices.SortFunc(events, func(a, b *v2.Event) int {
		return cmp.Or(
			cmp.Compare(a.GetOccurredAt().GetSeconds(), b.GetOccurredAt().GetSeconds()),
			cmp.Compare(rank(a), rank(b)),
			cmp.Compare(a.GetId(), b.GetId()),
		)
	})
	return events
}

func rank(event *v2.Event) int {
	if event.HasCreateGrantEvent() {
		return 0
	}
	return 1
}

// newEvent is nil for an entry that does not say when it was made, as the API documents that each does.
func newEvent(entry client.AuditLog, suffix string, event v2.Event_builder) *v2.Event {
	at, said := entry.EffectiveAt.Time()
	if !said {
		return nil
	}
	event.Id, event.OccurredAt = entry.ID+suffix, timestamppb.New(at)
	return event.Build()
}
