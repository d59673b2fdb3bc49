package conductoronetest_test

import (
	"context"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

// answerEvents answers one task for each of the answers, as a daemon does, and returns the tasks.
func (p *peer) answerEvents(ctx context.Context, answers ...*v2.ListEventsResponse) []*v1.Task_ListEventsTask {
	p.t.Helper()
	asked := make([]*v1.Task_ListEventsTask, 0, len(answers))
	for _, answer := range answers {
		var task *v1.Task
		require.Eventually(p.t, func() bool { task = p.getTask(ctx); return task != nil }, time.Minute, time.Millisecond)
		asked = append(asked, task.GetListEvents())
		response, err := anypb.New(answer)
		require.NoError(p.t, err)
		report := success(task.GetId())
		report.GetSuccess().SetResponse(response)
		_, err = p.FinishTask(ctx, report)
		require.NoError(p.t, err)
	}
	return asked
}

func page(cursor string, more bool, ids ...string) *v2.ListEventsResponse {
	events := make([]*v2.Event, 0, len(ids))
	for _, id := range ids {
		events = append(events, v2.Event_builder{Id: id}.Build())
	}
	return v2.ListEventsResponse_builder{Cursor: cursor, HasMore: more, Events: events}.Build()
}

// followed is the result of following a feed.
type followed struct {
	events []*v2.Event
	err    error
}

func follow(ctx context.Context, feed *conductoronetest.EventFeed) <-chan followed {
	heard := make(chan followed, 1)
	go func() {
		events, err := feed.Events(ctx)
		heard <- followed{events, err}
	}()
	return heard
}

// A feed is read page by page, and continues at its last cursor.
func TestFeedsAreFollowed(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{})
	ctx := p.authorized()
	start := time.Unix(1_770_000_000, 0).UTC()
	feed := p.service.Follow("changes", start)
	heard := follow(t.Context(), feed)
	asked := p.answerEvents(ctx, page("one", true, "a"), page("two", false, "b", "c"))
	first := <-heard
	require.NoError(t, first.err)
	require.Len(t, first.events, 3)
	heard = follow(t.Context(), feed)
	asked = append(asked, p.answerEvents(ctx, page("two", false))...)
	require.NoError(t, (<-heard).err)
	for i, cursor := range []string{"", "one", "two"} {
		assert.Equal(t, cursor, asked[i].GetCursor())
		assert.Equal(t, "changes", asked[i].GetEventFeedId())
		assert.Equal(t, start, asked[i].GetStartAt().AsTime())
	}
	assert.Empty(t, p.service.Refused())
}

// Answers that a connector must not give are detected.
func TestAnswersOfFeedsAreChecked(t *testing.T) {
	t.Parallel()
	invalid := page("one", false)
	invalid.SetEvents([]*v2.Event{v2.Event_builder{Id: "a", ResourceChangeEvent: &v2.ResourceChangeEvent{}}.Build()})
	for name, answers := range map[string][]*v2.ListEventsResponse{
		"a cursor that leads nowhere":   {page("one", true), page("one", true)},
		"a cursor that is too long":     {page(string(make([]byte, 4_097)), false)},
		"a change of nobody knows what": {invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, &conductoronetest.Service{})
			heard := follow(t.Context(), p.service.Follow("changes", time.Now()))
			p.answerEvents(p.authorized(), answers...)
			require.Error(t, (<-heard).err)
		})
	}
	p := newPeer(t, &conductoronetest.Service{})
	ctx := p.authorized()
	feed := p.service.Follow("changes", time.Now())
	task := feed.Next()
	assert.Equal(t, "list the events of changes", task.String())
	p.getTask(ctx)
	_, err := p.FinishTask(ctx, failure(task.ID, true))
	require.NoError(t, err)
	_, _, err = feed.Take(task)
	require.ErrorContains(t, err, "changes")
}
