package conductoronetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// EventFeed is a feed of the connector with the position of the service in it.
type EventFeed struct {
	service *Service
	id      string
	startAt time.Time
	cursor  string
}

// Follow starts at the time in the feed with the id.
func (s *Service) Follow(feedID string, startAt time.Time) *EventFeed {
	return &EventFeed{service: s, id: feedID, startAt: startAt}
}

// pageSize is the number of events in a page.
const pageSize = 100

// Next gives the daemon the task to list the next events.
func (f *EventFeed) Next() *Task {
	return f.service.Enqueue(v1.Task_builder{ListEvents: v1.Task_ListEventsTask_builder{
		EventFeedId: f.id, StartAt: timestamppb.New(f.startAt), Cursor: f.cursor, PageSize: pageSize,
	}.Build()}.Build())
}

// Take reads the report about a task of [EventFeed.Next], and tells whether there are more events.
func (f *EventFeed) Take(task *Task) ([]*v2.Event, bool, error) {
	outcome := task.Outcome()
	if !outcome.Succeeded() {
		return nil, false, fmt.Errorf("conductoronetest: listing the events of %s: %w", f.id, outcome.Status.Err())
	}
	var answer v2.ListEventsResponse
	if err := outcome.Response.UnmarshalTo(&answer); err != nil {
		return nil, false, fmt.Errorf("conductoronetest: reading the events of %s: %w", f.id, err)
	}
	if err := checkMessage(&answer); err != nil {
		return nil, false, fmt.Errorf("conductoronetest: reading the events of %s: %w", f.id, err)
	}
	if answer.GetHasMore() && answer.GetCursor() == f.cursor {
		return nil, false, errors.New("conductoronetest: there are more events, and the cursor does not lead to them")
	}
	f.cursor = answer.GetCursor()
	return answer.GetEvents(), answer.GetHasMore(), nil
}

// Events lists all new events.
func (f *EventFeed) Events(ctx context.Context) ([]*v2.Event, error) {
	var found []*v2.Event
	for {
		task := f.Next()
		if _, err := task.Wait(ctx); err != nil {
			return nil, err
		}
		events, more, err := f.Take(task)
		found = append(found, events...)
		if err != nil || !more {
			return found, err
		}
	}
}
