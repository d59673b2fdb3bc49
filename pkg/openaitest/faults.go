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
	// Text answers a line of plain text, with Status or 404, as a server does that knows no such path.
	Text bool
	// Gateway answers JSON that is not the API's, with Status or 404, as an API gateway does that knows no such path.
	Gateway bool
	// Code answers the API's envelope with this code and, of a code that is known, its status and sentence.
	Code string
	// Redirect answers 302 to this URL.
	Redirect string
	// Drop closes the connection without any answer.
	Drop bool
	// AfterEffect has the request handled all the same, so that a write takes effect; only its answer is lost.
	AfterEffect bool

	// NoEffect answers as if the request had been handled, and nothing has changed.
	NoEffect bool
	// Twice has the request handled twice, as if something on the way had repeated it; the second answer is sent.
	Twice bool
	// NotDeleted answers a deletion that was handled with deleted false.
	NotDeleted bool
	// Role is the role that a success names in place of the one that there is.
	Role string

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

// CursorFault is a way in which the cursor of a list goes wrong. All but CursorGone say has_more true.
type CursorFault string

const (
	// CursorEmpty names no next page: last_id, or next, is null.
	CursorEmpty CursorFault = "empty"
	// CursorRepeated answers the first page again and names the cursor of the request as the next one.
	CursorRepeated CursorFault = "repeated"
	// CursorCircular leads from the first page to the second and from there back to the first.
	CursorCircular CursorFault = "circular"
	// CursorGone refuses every request that has a cursor, as if the row that it is named after had been deleted: with Status
	// or 400. It says nothing of has_more.
	CursorGone CursorFault = "gone"
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

// What is on the way answers so for a path that it does not know.
const (
	textNotFound    = "404 page not found\n"
	gatewayNotFound = `{"message":"no Route matched with those values"}`
)

// knownCodes are codes of the API that name the reason of a refusal, with the status and the gist of the sentence that they
// have been seen or are documented with. The codes of spend limits come from https://github.com/zed-industries/zed/pull/63208.
// What is answered where a certificate is missing is not published.
var knownCodes = map[string]struct {
	status  int
	message string
}{
	"ip_not_authorized":                    {http.StatusUnauthorized, "Your IP address is not on the allow list of this organization."},
	"unsupported_country_region_territory": {http.StatusForbidden, "Country, region, or territory not supported"},
	"account_deactivated":                  {http.StatusUnauthorized, "The account associated with this key has been deactivated."},
	"mtls_certificate_required":            {http.StatusUnauthorized, "This organization requires a client certificate."},
	"insufficient_quota":                   {http.StatusTooManyRequests, "You exceeded your current quota."},
	"billing_not_active":                   {http.StatusTooManyRequests, "Your account is not active."},
	"access_terminated":                    {http.StatusTooManyRequests, "Your access was terminated."},
	"billing_hard_limit_reached":           {http.StatusBadRequest, "Billing hard limit has been reached."},
	"credit_balance_exhausted":             {http.StatusTooManyRequests, "Your credit balance is used up."},
	"organization_spend_limit_exceeded":    {http.StatusTooManyRequests, "The organization's spend limit is reached."},
	"organization_usage_limit_exceeded":    {http.StatusTooManyRequests, "The organization's usage limit is reached."},
	"project_spend_limit_exceeded":         {http.StatusTooManyRequests, "The project's spend limit is reached."},
}

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

// replaces tells whether the fault stands in for the real answer to the call.
func (f *Fault) replaces(c *call) bool {
	switch {
	case f == nil:
		return false
	case f.Cursor == CursorGone:
		return c.query.Get("after") != ""
	default:
		return f.Status != 0 || f.Body != "" || f.EmptyBody || f.WrongShape || f.Page || f.Text || f.Gateway || f.Code != "" || f.Redirect != "" || f.Drop
	}
}

// handleLocked handles the call, as often and with as much effect as f says; without f once.
func (f *Fault) handleLocked(s *Server, c *call) (any, error) {
	var as Fault
	if f != nil {
		as = *f
	}
	before := s.Organization
	if as.NoEffect {
		before = s.Organization.clone()
	}
	body, err := s.handleLocked(c)
	if as.Twice {
		body, err = s.handleLocked(c)
	}
	if as.NoEffect {
		s.Organization, s.views = before, nil
	}
	answered, ok := body.(object)
	if !ok || err != nil {
		return body, err
	}
	if as.NotDeleted {
		answered["deleted"] = false
	}
	if as.Role != "" {
		answered["role"] = as.Role
	}
	return answered, nil
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
	case f.Text:
		reply.status = cmp.Or(f.Status, http.StatusNotFound)
		reply.header.Set("Content-Type", "text/plain; charset=utf-8")
		reply.body = []byte(textNotFound)
	case f.Gateway:
		reply.status = cmp.Or(f.Status, http.StatusNotFound)
		reply.body = []byte(gatewayNotFound)
	case f.Code != "":
		known := knownCodes[f.Code]
		failure := &apiError{status: cmp.Or(f.Status, known.status, http.StatusBadRequest), message: cmp.Or(known.message, "This is refused."), code: f.Code}
		return failure.answer()
	case f.Cursor == CursorGone && f.Body == "":
		failure := &apiError{status: cmp.Or(f.Status, http.StatusBadRequest), message: "Invalid 'after': no such row.", param: "after", code: "invalid_value"}
		return failure.answer()
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
	if f == nil || f.Cursor == "" || f.Cursor == CursorGone {
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
