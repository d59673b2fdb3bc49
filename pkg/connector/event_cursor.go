package connector

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/conductorone/baton-sdk/pkg/pagination"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-openai/pkg/client"
)

// A feed reads the audit log in windows of time that are over, from one page to the next, and the next window from where
// the last one ended. So it can be asked at any interval and go on anywhere.
const (
	// lookBack is how far back a feed begins without a cursor or a start.
	lookBack = 24 * time.Hour
	// windowDelay is how long ago a window ends: a window must not change while it is read.
	windowDelay = time.Minute
	// overlap is how much of a window the next one reads again, for entries that are served late. They are given again
	// with the same ids. No entry that arrives within windowDelay and overlap is lost, at any interval.
	overlap = 5 * time.Minute
	// maxRestarts is how often a window begins again because the entry that its cursor names is gone.
	maxRestarts = 2
)

// feedCursor is a place in the audit log, and the cursor of a feed. The zero place is where a feed begins.
type feedCursor struct {
	Version int `json:"v"`
	// From and Until are the window, in Unix seconds; Until is not part of it, and 0 as long as it is not begun.
	From  int64 `json:"from"`
	Until int64 `json:"until,omitempty"`
	// Cursor is the API's page in the window.
	Cursor   client.Cursor `json:"cursor,omitzero"`
	Restarts int           `json:"restarts,omitempty"`
}

const (
	feedCursorVersion = 1
	// maxCursorBytes is the SDK's limit.
	maxCursorBytes = 4_096
)

var errLongCursor = errors.New("OpenAI's cursor is too long for a cursor of the event feed")

// parseFeedCursor reads a cursor that came back from ConductorOne. It gives false for one that this version would not have
// made.
func parseFeedCursor(encoded string) (feedCursor, bool) {
	if encoded == "" {
		return feedCursor{}, true
	}
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return feedCursor{}, false
	}
	var cursor feedCursor
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&cursor); err != nil || cursor.Version != feedCursorVersion || cursor.text() != encoded {
		return feedCursor{}, false
	}
	begun := cursor.Until > cursor.From
	if cursor.From < 0 || cursor.Restarts < 0 || !begun && cursor != (feedCursor{Version: feedCursorVersion, From: cursor.From}) {
		return feedCursor{}, false
	}
	if cursor.Cursor.IsZero() && cursor.Cursor != (client.Cursor{}) {
		return feedCursor{}, false
	}
	return cursor, true
}

func (c feedCursor) text() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings and numbers always has a JSON form: %v", err))
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// state is the cursor for the SDK, which asks again at once if there is more.
func (c feedCursor) state(more bool) (*pagination.StreamState, error) {
	c.Version = feedCursorVersion
	text := c.text()
	if len(text) > maxCursorBytes {
		return nil, errLongCursor
	}
	return &pagination.StreamState{Cursor: text, HasMore: more}, nil
}

// window is the window of the cursor. Without a valid cursor, it begins with the earliest event.
func (f *eventFeed) window(ctx context.Context, earliest *timestamppb.Timestamp, encoded string) feedCursor {
	now := f.now()
	cursor, isValid := parseFeedCursor(encoded)
	switch {
	case !isValid:
		warn(ctx, "the cursor of the event feed is not one of this version; the feed begins anew", zap.String("feed", f.id))
	case cursor.From > now.Unix():
		// The cursor comes from a machine with another time. Later events may not have been read.
		warn(ctx, "the cursor of the event feed is ahead of this machine's clock; the feed begins anew", zap.String("feed", f.id))
		cursor = feedCursor{}
	}
	if cursor == (feedCursor{}) {
		cursor.From = now.Add(-lookBack).Unix()
		if earliest != nil {
			cursor.From = max(0, earliest.GetSeconds())
		}
	}
	if cursor.Until == 0 {
		cursor.Until = now.Add(-windowDelay).Unix()
	}
	return cursor
}

// after is the place after a page: the next page or, after the last one, the next window.
func (c feedCursor) after(next client.Cursor) (*pagination.StreamState, error) {
	if !next.IsZero() {
		return feedCursor{From: c.From, Until: c.Until, Cursor: next, Restarts: c.Restarts}.state(true)
	}
	return feedCursor{From: max(c.From, c.Until-int64(overlap/time.Second))}.state(false)
}
