package openaitest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// lister serves a list: its rows in ascending order, with the id and the rendering of each. Only the rows of the requested page
// are rendered.
type lister[T any] struct {
	rows   []T
	id     func(T) string
	render func(T) object
	// keep, if set, is false for rows to hide. The id of a hidden row is still a valid cursor.
	keep func(T) bool
}

// limits are the page sizes of an endpoint.
type limits struct{ lowest, highest, defaultLimit int }

var (
	lastIDLimits       = limits{1, 100, 20}
	groupLimits        = limits{0, 1000, 100}
	roleLimits         = limits{0, 1000, 1000}
	projectGroupLimits = limits{0, 100, 20}
)

const (
	ascending  = "asc"
	descending = "desc"
)

// The query parameters of the two ways to page.
var (
	lastIDQuery = []string{"limit", "after"}
	nextQuery   = []string{"limit", "after", "order"}
)

// byLastID answers a page with the id of its last row as cursor.
func (l lister[T]) byLastID(c *call) (any, error) {
	after := c.query.Get("after")
	rows, hasMore, err := l.page(c, lastIDLimits, ascending, after)
	if err != nil {
		return nil, err
	}
	body := object{"object": "list", "data": l.renderAll(rows), "first_id": nil, "last_id": nil, "has_more": hasMore}
	if len(rows) > 0 {
		body["first_id"], body["last_id"] = l.id(rows[0]), l.id(rows[len(rows)-1])
	}
	c.fault.changeCursor(body, "last_id", after)
	if c.fault != nil && c.fault.ConcealLastID {
		body["last_id"] = nil
	}
	return body, nil
}

// byNext answers a page with an opaque cursor.
func (l lister[T]) byNext(c *call, lim limits, order string) (any, error) {
	sent := c.query.Get("after")
	after := sent
	if sent != "" && !c.fault.choosesPage() {
		var known bool
		if after, known = openCursor(c, sent); !known {
			return nil, unknownCursor(sent)
		}
	}
	rows, hasMore, err := l.page(c, lim, order, after)
	if err != nil {
		return nil, err
	}
	body := object{"object": "list", "data": l.renderAll(rows), "has_more": hasMore, "next": nil}
	switch {
	case !hasMore:
	case len(rows) > 0:
		body["next"] = sealCursor(c, l.id(rows[len(rows)-1]))
	default: // limit=0 is allowed
		body["next"] = sealCursor(c, after)
	}
	c.fault.changeCursor(body, "next", sent)
	return body, nil
}

// page returns the rows of the page, and whether more rows follow.
func (l lister[T]) page(c *call, lim limits, order, after string) ([]T, bool, error) {
	limit, err := lim.parse(c)
	if err != nil {
		return nil, false, err
	}
	if c.largestPage > 0 {
		limit = min(limit, c.largestPage)
	}
	rows := l.rows
	if values, given := c.query["order"]; given {
		order = values[0]
	}
	switch order {
	case ascending:
	case descending:
		rows = slices.Clone(rows)
		slices.Reverse(rows)
	default:
		return nil, false, notOneOf("order", order, ascending, descending)
	}

	pages := 0
	if c.fault.choosesPage() {
		pages = c.fault.pagesToSkip(after)
	} else if after != "" {
		at := slices.IndexFunc(rows, func(row T) bool { return l.id(row) == after })
		if at < 0 {
			return nil, false, unknownCursor(after)
		}
		rows = rows[at+1:]
	}
	rows = l.visible(rows, limit*(pages+1)+1)
	rows = rows[min(limit*pages, len(rows)):]
	return rows[:min(limit, len(rows))], len(rows) > limit, nil
}

// visible returns the first rows that are not hidden, at most the wanted number.
func (l lister[T]) visible(rows []T, wanted int) []T {
	if l.keep == nil {
		return rows[:min(wanted, len(rows))]
	}
	var kept []T
	for _, row := range rows {
		if len(kept) == wanted {
			break
		}
		if l.keep(row) {
			kept = append(kept, row)
		}
	}
	return kept
}

func (l lister[T]) renderAll(rows []T) []object {
	objects := make([]object, 0, len(rows))
	for _, row := range rows {
		objects = append(objects, l.render(row))
	}
	return objects
}

func (l limits) parse(c *call) (int, error) {
	const name = "limit"
	values, given := c.query[name]
	if !given {
		return l.defaultLimit, nil
	}
	limit, err := strconv.Atoi(values[0])
	switch {
	case err != nil:
		return 0, invalid(name, "invalid_type", "Invalid type for '%s': expected an integer, but got '%s' instead.", name, values[0])
	case limit < l.lowest:
		return 0, invalid(name, "integer_below_min_value",
			"Invalid '%s': integer below minimum value. Expected a value >= %d, but got %d instead.", name, l.lowest, limit)
	case limit > l.highest:
		return 0, invalid(name, "integer_above_max_value",
			"Invalid '%s': integer above maximum value. Expected a value <= %d, but got %d instead.", name, l.highest, limit)
	}
	return limit, nil
}

func notOneOf(param, value string, allowed ...string) error {
	return invalid(param, "invalid_value", "Invalid value: '%s'. Supported values are: '%s'.", value, strings.Join(allowed, "', '"))
}

// choice is the value of a query parameter with a fixed set of values. The first one is the default.
func (c *call) choice(param string, allowed ...string) (string, error) {
	values, given := c.query[param]
	if !given {
		return allowed[0], nil
	}
	if !slices.Contains(allowed, values[0]) {
		return "", notOneOf(param, values[0], allowed...)
	}
	return values[0], nil
}

func unknownCursor(after string) error {
	return &apiError{
		status:  http.StatusBadRequest,
		message: "Invalid 'after': no place in the list is named '" + after + "'.",
		param:   "after",
		code:    "invalid_value",
	}
}

// An opaque cursor begins and ends with characters that must be escaped in a URL: this finds clients that do not.
const (
	cursorHead = "+/"
	cursorTail = "=="
)

// sealCursor makes a cursor that is only valid for the list.
func sealCursor(c *call, lastID string) string {
	place := c.URL.EscapedPath() + "\n" + c.query.Get("order") + "\n" + lastID
	return cursorHead + base64.RawStdEncoding.EncodeToString([]byte(place)) + cursorTail
}

func openCursor(c *call, cursor string) (string, bool) {
	sealed, _ := strings.CutPrefix(cursor, cursorHead)
	place, err := base64.RawStdEncoding.DecodeString(strings.TrimSuffix(sealed, cursorTail))
	if err != nil {
		return "", false
	}
	_, lastID, _ := strings.Cut(string(place), "\n")
	_, lastID, _ = strings.Cut(lastID, "\n")
	return lastID, cursor == sealCursor(c, lastID)
}
