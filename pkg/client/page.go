package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
)

// Page is one page of a list.
type Page[T any] struct {
	// Items are the rows, in the API's order.
	Items []T
	// Next is the cursor of the next page; zero on the last page.
	Next Cursor
	// Again says that this is the first page again, because the requested cursor was gone. The caller has to drop the earlier pages.
	Again bool `json:",omitempty"`
}

// Cursor is a position in a list; the zero Cursor is its beginning. Besides the API's cursor it has the state to detect a cycle
// of cursors without a record of all of them (Brent's algorithm: the mark moves on after 1, 2, 4, 8 … steps, so that every cycle
// comes back to it).
type Cursor struct {
	// After is the API's cursor, unchanged.
	After string `json:"after,omitempty"`
	// Mark is the value of After some Steps ago. It moves on after Power steps.
	Mark  string `json:"mark,omitempty"`
	Steps int    `json:"steps,omitempty"`
	Power int    `json:"power,omitempty"`
	// Again counts how often the list was restarted.
	Again int `json:"again,omitempty"`
}

// maxRestarts limits how often a list is restarted in one run of a sync.
const maxRestarts = 2

// runKey is the key of the number of a run in a context.
type runKey struct{}

// WithRun sets the number of the run of a sync, from 1 on. Each run may restart a list up to the limit, also one that the run
// before gave up.
func WithRun(ctx context.Context, run int) context.Context {
	return context.WithValue(ctx, runKey{}, run)
}

// mayRestart tells whether the list of the cursor may be restarted.
func (c Cursor) mayRestart(ctx context.Context) bool {
	run, _ := ctx.Value(runKey{}).(int)
	return c.Again < maxRestarts*max(run, 1)
}

// IsZero tells whether the cursor is the beginning of a list. As Next of a page it means the end of the list.
func (c Cursor) IsZero() bool { return c.After == "" }

var (
	errNoCursor  = errors.New("has_more is true but the answer names no next page: the list would be cut short")
	errCircle    = errors.New("the API leads in a circle: a page that was read is named as the next page again")
	errNoData    = errors.New("the answer is not a list: data is missing")
	errNoHasMore = errors.New("the answer is not a list: has_more is missing")
)

// advance gives the next cursor, with the API's cursor after.
func (c Cursor) advance(after string) (Cursor, error) {
	if after == "" {
		return Cursor{}, errNoCursor
	}
	if after == c.After || after == c.Mark {
		return Cursor{}, errCircle
	}
	if c.Mark == "" {
		return Cursor{After: after, Mark: after, Power: 1, Again: c.Again}, nil
	}
	next := Cursor{After: after, Mark: c.Mark, Steps: c.Steps + 1, Power: c.Power, Again: c.Again}
	if next.Steps >= next.Power {
		next.Mark, next.Steps, next.Power = after, 0, next.Power*2
	}
	return next, nil
}

// item is a row of a list, or an object. An answer with an empty itemID is malformed. Objects without an id give their type
// instead.
type item interface {
	itemID() string
}

// envelope is the body of a list. Each dialect has one of the last two fields.
type envelope[T item] struct {
	Data    []T    `json:"data"`
	HasMore *bool  `json:"has_more"`
	LastID  string `json:"last_id"`
	Next    string `json:"next"`
}

// dialect is one of the API's two ways of paging, with the page size.
type dialect struct {
	limit int
	// next chooses the API's next cursor. lastItem is the id of the last row, "" on an empty page.
	next func(lastID, next, lastItem string) string
}

// byLastID pages by the id of the last row. last_id may be null.
func byLastID(limit int) dialect {
	return dialect{limit: limit, next: func(lastID, _, lastItem string) string {
		if lastID != "" {
			return lastID
		}
		return lastItem
	}}
}

// byNext pages by an opaque cursor.
func byNext(limit int) dialect {
	return dialect{limit: limit, next: func(_, next, _ string) string { return next }}
}

// The dialects with the maximum page sizes of the routes.
var (
	lastID100 = byLastID(100)
	next1000  = byNext(1000)
	next100   = byNext(100)
)

// list requests one page. An incomplete answer is an error, never a short page.
//
// Some cursors are the id of a row. If that row was deleted, the position is lost: list then restarts and returns the first
// page.
func list[T item](ctx context.Context, c *Client, d dialect, route Route, ids []string, query url.Values, cursor Cursor) (Page[T], error) {
	page, err := listOnce[T](ctx, c, d, route, ids, query, cursor)
	if KindOf(err) != KindCursorGone || !cursor.mayRestart(ctx) {
		return page, err
	}
	ctxzap.Extract(ctx).Info("baton-openai: the list changed while it was read; reading it again from its beginning", zap.Error(err))
	page, err = listOnce[T](ctx, c, d, route, ids, query, Cursor{Again: cursor.Again + 1})
	page.Again = err == nil
	return page, err
}

func listOnce[T item](ctx context.Context, c *Client, d dialect, route Route, ids []string, query url.Values, cursor Cursor) (Page[T], error) {
	parameters := url.Values{"limit": {strconv.Itoa(d.limit)}}
	maps.Copy(parameters, query)
	if !cursor.IsZero() {
		parameters.Set("after", cursor.After)
	}

	var body envelope[T]
	if err := c.get(ctx, route, ids, parameters, &body); err != nil {
		return Page[T]{}, err
	}
	page, err := body.page(d, cursor)
	if err != nil {
		return Page[T]{}, c.newError(call{method: http.MethodGet, route: route, ids: ids}).because(KindMalformed, err)
	}
	return page, nil
}

func (e envelope[T]) page(d dialect, cursor Cursor) (Page[T], error) {
	if e.Data == nil {
		return Page[T]{}, errNoData
	}
	if e.HasMore == nil {
		return Page[T]{}, errNoHasMore
	}
	lastItem := ""
	for i, row := range e.Data {
		lastItem = row.itemID()
		if lastItem == "" {
			return Page[T]{}, fmt.Errorf("row %d of the answer has no id", i)
		}
	}
	page := Page[T]{Items: e.Data}
	if !*e.HasMore {
		return page, nil
	}
	next, err := cursor.advance(d.next(e.LastID, e.Next, lastItem))
	if err != nil {
		return Page[T]{}, err
	}
	page.Next = next
	return page, nil
}
