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

// Page is one answer of a list endpoint.
type Page[T any] struct {
	// Items are the rows of this page, in the API's order.
	Items []T
	// Next is where the following page begins; it is zero on the last page.
	Next Cursor
	// Again says that this is the first page once more, and what was read before it is to be forgotten: the place that was
	// asked for was gone.
	Again bool `json:",omitempty"`
}

// Cursor is a place in a list; the zero Cursor is its beginning. Beside the API's own cursor it carries what is needed
// to notice, without keeping the whole walk, that the API leads in a circle (Brent's algorithm: the mark moves on after
// 1, 2, 4, 8 … steps, so that any circle comes back to it).
type Cursor struct {
	// After is the API's cursor, sent back as it came.
	After string `json:"after,omitempty"`
	// Mark is an earlier value of After; Steps is how many pages ago, Power after how many it moves on.
	Mark  string `json:"mark,omitempty"`
	Steps int    `json:"steps,omitempty"`
	Power int    `json:"power,omitempty"`
	// Again is how often the list has begun again.
	Again int `json:"again,omitempty"`
}

// mostAgain is how often a list begins again: one of which places go again and again would never end.
const mostAgain = 2

// runKey marks a context.
type runKey struct{}

// WithRun says which run of a sync a call belongs to, from 1 on. A list that a run gave up, because it had begun again too
// often, begins again in the next one.
func WithRun(ctx context.Context, run int) context.Context {
	return context.WithValue(ctx, runKey{}, run)
}

// mayBeginAgain tells whether the list of the cursor may begin again.
func (c Cursor) mayBeginAgain(ctx context.Context) bool {
	run, _ := ctx.Value(runKey{}).(int)
	return c.Again < mostAgain*max(run, 1)
}

// IsZero tells whether the cursor is the beginning of a list; as the Next of a page it means that there is no more.
func (c Cursor) IsZero() bool { return c.After == "" }

var (
	errNoCursor  = errors.New("has_more is true but the answer names no next page: the list would be cut short")
	errCircle    = errors.New("the API leads in a circle: a page that was read is named as the next page again")
	errNoData    = errors.New("the answer is not a list: data is missing")
	errNoHasMore = errors.New("the answer is not a list: has_more is missing")
)

// advance is the cursor that follows c when the API names after as its next page.
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

// item is a row of a list. A row without id cannot be told from another and makes the answer malformed. An object that has no
// id is told by its type.
type item interface {
	itemID() string
}

// envelope is the body of every list. The fields that one of the dialects lacks stay nil.
type envelope[T item] struct {
	Data    []T    `json:"data"`
	HasMore *bool  `json:"has_more"`
	LastID  string `json:"last_id"`
	Next    string `json:"next"`
}

// dialect is one of the two ways in which the API pages, and the largest page that the endpoint serves.
type dialect struct {
	limit int
	// next picks the API's next cursor; lastItem is the id of the page's last row, "" on an empty page.
	next func(lastID, next, lastItem string) string
}

// byLastID pages with an object's id. last_id may be null; the documentation then means the last row's id.
func byLastID(limit int) dialect {
	return dialect{limit: limit, next: func(lastID, _, lastItem string) string {
		if lastID != "" {
			return lastID
		}
		return lastItem
	}}
}

// byNext pages with an opaque cursor. The last row's id cannot stand in for it: project groups have none.
func byNext(limit int) dialect {
	return dialect{limit: limit, next: func(_, next, _ string) string { return next }}
}

// The largest pages that the endpoints serve.
var (
	lastID100 = byLastID(100)
	next1000  = byNext(1000)
	next100   = byNext(100)
)

// list asks for one page. An answer that cannot be the whole truth about its page is an error, never a short page.
//
// Some places are named after a row. Where that was deleted meanwhile, nothing says how far the list has been read, so that
// it begins again: the answer is its first page then.
func list[T item](ctx context.Context, c *Client, d dialect, route Route, ids []string, query url.Values, cursor Cursor) (Page[T], error) {
	page, err := listOnce[T](ctx, c, d, route, ids, query, cursor)
	if KindOf(err) != KindCursorGone || !cursor.mayBeginAgain(ctx) {
		return page, err
	}
	ctxzap.Extract(ctx).Info("baton-openai: the list changed while it was read; reading it again from its beginning", zap.Error(err))
	page, err = listOnce[T](ctx, c, d, route, ids, query, Cursor{Again: cursor.Again + 1})
	page.Again = err == nil
	return page, err
}

func listOnce[T item](ctx context.Context, c *Client, d dialect, route Route, ids []string, query url.Values, cursor Cursor) (Page[T], error) {
	asked := url.Values{"limit": {strconv.Itoa(d.limit)}}
	maps.Copy(asked, query)
	if !cursor.IsZero() {
		asked.Set("after", cursor.After)
	}

	var body envelope[T]
	if err := c.get(ctx, route, ids, asked, &body); err != nil {
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
