package openaitest

import (
	"bytes"
	"cmp"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// anyRoute is the key in [Server.Faults] of a fault that befalls every known route. Where a route has a fault of its own
// that befalls the request, that one wins.
const anyRoute = "*"

// Fault is what goes wrong with the answers of a route. Fields combine: a cursor fault with Header, say, or Status with
// Truncate. The fields down to Drop answer instead of the real answer, without looking at key, query or body.
type Fault struct {
	// Status is answered, with Body or, without one, the API's envelope for a server error.
	Status int
	// Body is answered, with Status or, without one, 200.
	Body string
	// EmptyBody answers no body at all.
	EmptyBody bool
	// WrongShape answers valid JSON that is not a list, nor any other object of the API.
	WrongShape bool
	// Page answers a page of HTML, with Status or 200, as something on the way does: with 403 the firewall in front of
	// api.openai.com, with 200 a network that wants a login.
	Page bool
	// Redirect answers 302 to this URL.
	Redirect string
	// Drop closes the connection without any answer.
	Drop bool
	// AfterEffect has the request handled all the same, so that a write takes effect; only its answer is lost.
	AfterEffect bool

	// ContentType is answered in place of application/json.
	ContentType string
	// Header is added to the answer.
	Header http.Header
	// Oversize pads the body with white space to so many bytes. The JSON stays valid.
	Oversize int
	// Truncate cuts the body off in the middle; the connection ends properly.
	Truncate bool
	// Reset resets the connection in the middle of the body.
	Reset bool
	// Stall stops in the middle of the body until the client goes away or the server closes its connections.
	Stall bool

	// Cursor is what is wrong with the cursor of a list.
	Cursor CursorFault
	// ConcealLastID answers last_id null on every page of the lists that page by last_id. The last row's id leads on.
	ConcealLastID bool

	// PathContains restricts the fault to requests whose decoded path contains it, such as "/proj_2/".
	PathContains string
	// After is how many of the requests that match are spared first.
	After int
	// Times is how many requests the fault befalls; 0 is all.
	Times int
}

// CursorFault is a way in which the cursor of a list goes wrong. All say has_more true.
type CursorFault string

const (
	// CursorEmpty names no next page: last_id, or next, is null.
	CursorEmpty CursorFault = "empty"
	// CursorRepeated answers the first page again and names the cursor of the request as the next one.
	CursorRepeated CursorFault = "repeated"
	// CursorCircular leads from the first page to the second and from there back to the first.
	CursorCircular CursorFault = "circular"
)

// The cursors of CursorCircular, and of CursorRepeated where the list is empty; they are not ids of rows.
const (
	cursorToSecondPage = "circle-2"
	cursorToFirstPage  = "circle-1"
	cursorToSamePage   = "circle-0"
)

const page = `<!DOCTYPE html>
<html lang="en-US"><head><title>Attention Required!</title></head>
<body><h1>Sorry, you have been blocked</h1></body></html>
`

// faultLocked picks the fault that befalls the call and counts.
func (s *Server) faultLocked(c *call) *Fault {
	for _, key := range []string{c.route.template, anyRoute} {
		f, ok := s.Faults[key]
		if !ok || !strings.Contains(c.URL.Path, f.PathContains) {
			continue
		}
		if s.matched == nil {
			s.matched = map[string]int{}
		}
		before := s.matched[key]
		s.matched[key]++
		if before >= f.After && (f.Times == 0 || before < f.After+f.Times) {
			return &f
		}
	}
	return nil
}

// replaces tells whether the fault stands in for the real answer.
func (f *Fault) replaces() bool {
	return f != nil && (f.Status != 0 || f.Body != "" || f.EmptyBody || f.WrongShape || f.Page || f.Redirect != "" || f.Drop)
}

func (f *Fault) answer() answer {
	reply := answer{
		status: cmp.Or(f.Status, http.StatusOK),
		header: http.Header{"Content-Type": {"application/json"}},
		body:   []byte(f.Body),
	}
	switch {
	case f.Redirect != "":
		reply.status = cmp.Or(f.Status, http.StatusFound)
		reply.header.Set("Location", f.Redirect)
	case f.EmptyBody:
		reply.body = nil
	case f.Page:
		reply.header.Set("Content-Type", "text/html; charset=UTF-8")
		reply.body = []byte(page)
	case f.WrongShape:
		reply.body = []byte(`{"status":"ok"}`)
	case f.Body == "":
		failure := &apiError{status: reply.status, message: "The server had an error while processing your request.", code: "server_error"}
		return failure.answer()
	}
	return reply
}

// owns tells whether the fault decides which page a request gets, whatever its cursor.
func (f *Fault) owns() bool {
	return f != nil && (f.Cursor == CursorRepeated || f.Cursor == CursorCircular)
}

// pagesToSkip is the page, counted from 0, that a request with this cursor gets.
func (f *Fault) pagesToSkip(after string) int {
	if f.Cursor == CursorCircular && after == cursorToSecondPage {
		return 1
	}
	return 0
}

// bendCursor changes the list's cursor, which is in the named field; after is the cursor of the request.
func (f *Fault) bendCursor(body object, field, after string) {
	if f == nil || f.Cursor == "" {
		return
	}
	body["has_more"] = true
	switch f.Cursor {
	case CursorEmpty:
		body[field] = nil
	case CursorRepeated:
		if after != "" {
			body[field] = after
		} else if body[field] == nil {
			body[field] = cursorToSamePage
		}
	case CursorCircular:
		body[field] = cursorToSecondPage
		if after == cursorToSecondPage {
			body[field] = cursorToFirstPage
		}
	default:
		panic("openaitest: unknown cursor fault " + strconv.Quote(string(f.Cursor)))
	}
}

// send writes the reply, spoilt as f says; without f as it is.
func (f *Fault) send(w http.ResponseWriter, r *http.Request, reply answer) {
	var spoilt Fault
	if f != nil {
		spoilt = *f
	}
	header := w.Header()
	for _, more := range []http.Header{reply.header, spoilt.Header} {
		for name, values := range more {
			header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if spoilt.ContentType != "" {
		header.Set("Content-Type", spoilt.ContentType)
	}
	body := reply.body
	if missing := spoilt.Oversize - len(body); missing > 0 {
		body = append(bytes.Clone(body), bytes.Repeat([]byte{' '}, missing)...)
	}
	if spoilt.Drop {
		reset(w)
		return
	}
	if spoilt.Truncate {
		body = body[:len(body)/2]
	}
	if reply.status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(reply.status)
	if !spoilt.Reset && !spoilt.Stall {
		// The client may be gone, which is its own affair.
		_, _ = w.Write(body)
		return
	}

	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	if spoilt.Stall {
		<-r.Context().Done()
	}
	reset(w)
}

// reset ends the connection so that the client's reading fails.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST in place of FIN
	}
	_ = conn.Close()
}
