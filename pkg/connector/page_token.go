package connector

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-openai/pkg/client"
)

// pageToken is a place in one list, and the page token: all that is needed to go on from there, by another process as well.
// The zero place is the beginning of the first list.
type pageToken struct {
	// List is which of several lists it is, "" for the first one.
	List string `json:"list,omitempty"`
	// Cursor is the API's page, Row the row of it that comes next, and Given how much of that row has been given.
	Cursor client.Cursor `json:"cursor,omitzero"`
	Row    int           `json:"row,omitempty"`
	Given  int           `json:"given,omitempty"`
	// LeftOut counts the rows of the list that gave nothing and are to be spoken of at its end.
	LeftOut int `json:"left_out,omitempty"`
}

// parsePageToken reads a token that came back from the SDK, through a file and possibly another process. One that this
// version would not have made, or of a list that is not one of those, is refused.
func parsePageToken(opts rs.SyncOpAttrs, lists ...string) (pageToken, error) {
	if opts.PageToken.Token == "" {
		return pageToken{}, nil
	}
	var p pageToken
	decoder := json.NewDecoder(strings.NewReader(opts.PageToken.Token))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil || p == (pageToken{}) || p.text() != opts.PageToken.Token {
		return pageToken{}, errForeignPageToken
	}
	if p.Row < 0 || p.Given < 0 || p.LeftOut < 0 {
		return pageToken{}, errForeignPageToken
	}
	if p.Cursor != (client.Cursor{}) && (p.Cursor.IsZero() || p.Cursor.Power < 1 || p.Cursor.Again < 0) {
		return pageToken{}, errForeignPageToken
	}
	if p.List != "" && !slices.Contains(lists, p.List) {
		return pageToken{}, errForeignPageToken
	}
	return p, nil
}

var errForeignPageToken = newError(codes.InvalidArgument, "the page token is not one of this connector's")

func (p pageToken) text() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings and numbers always has a JSON form: %v", err))
	}
	return string(text)
}

func (p pageToken) results() *rs.SyncOpResults { return &rs.SyncOpResults{NextPageToken: p.text()} }

// skipped is for a list that is no part of the sync: no place in it can have been given out.
func (p pageToken) skipped() (*pageToken, error) {
	if p.Cursor != (client.Cursor{}) || p.Row > 0 || p.Given > 0 || p.LeftOut > 0 {
		return nil, errForeignPageToken
	}
	return nil, nil
}

const (
	// maxResponseBytes is far below the 4 MiB that an answer to the syncer may have, and leaves room for its largest row.
	maxResponseBytes = 2 << 20
	// maxResponseTime is when a response is given although it is not full: the next rows may take long.
	maxResponseTime = 10 * time.Second
)

// response collects the rows of one answer to the SDK until it is full. It stays below the SDK's size limit.
type response[M proto.Message] struct {
	rows  []M
	bytes int
	// full is set when something had to be left for the next page.
	full  bool
	began time.Time
}

func newResponse[M proto.Message]() *response[M] { return &response[M]{began: time.Now()} }

// add takes as many of the rows as there is room for and tells how many.
func (r *response[M]) add(rows ...M) int {
	for i, row := range rows {
		size := proto.Size(row)
		if len(r.rows) > 0 && r.bytes+size > maxResponseBytes {
			r.full = true
			return i
		}
		r.rows = append(r.rows, row)
		r.bytes += size
	}
	return len(rows)
}

// isDue tells whether the response is to be given, full or not.
func (r *response[M]) isDue() bool { return r.full || time.Since(r.began) > maxResponseTime }

// fillResponse gives rows from the token on, over one list after the other, until the response is due. page adds the
// rows of one page to the response and gives the token after it, nil at the end.
func fillResponse[M proto.Message](token pageToken, page func(*response[M], pageToken) (*pageToken, error)) ([]M, *rs.SyncOpResults, error) {
	response := newResponse[M]()
	for {
		next, err := page(response, token)
		switch {
		case err != nil:
			return nil, nil, err
		case next == nil:
			return response.rows, &rs.SyncOpResults{}, nil
		case response.isDue():
			return response.rows, next.results(), nil
		}
		token = *next
	}
}

// addRows adds what the rows of a page give, from the token on. It gives the token to continue with: in the page if the
// response is full, else at the next page; nil at the end of the list. leftOut counts the rows of the list that give
// nothing and need a warning.
func addRows[T any, M proto.Message](r *response[M], token pageToken, page client.Page[T], give func(T) (given []M, leftOut bool, err error)) (*pageToken, int, error) {
	items := page.Items
	if token.Row > len(items) {
		return nil, 0, errForeignPageToken
	}
	leftOut := token.LeftOut
	if page.Again && token.Row == 0 && token.Given == 0 {
		leftOut = 0 // they come again
	}
	for row := token.Row; row < len(items); row++ {
		given, left, err := give(items[row])
		if err != nil {
			return nil, 0, err
		}
		if left {
			leftOut++
		}
		before := 0
		if row == token.Row {
			before = min(token.Given, len(given))
		}
		taken := r.add(given[before:]...)
		switch {
		case before+taken < len(given):
			return &pageToken{List: token.List, Cursor: token.Cursor, Row: row, Given: before + taken, LeftOut: leftOut}, leftOut, nil
		case r.isDue() && row+1 < len(items):
			return &pageToken{List: token.List, Cursor: token.Cursor, Row: row + 1, LeftOut: leftOut}, leftOut, nil
		}
	}
	if page.Next.IsZero() {
		return nil, leftOut, nil
	}
	return &pageToken{List: token.List, Cursor: page.Next, LeftOut: leftOut}, leftOut, nil
}
