package openaitest

import (
	"bytes"
	"cmp"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// anyRoute is the key in [Server.Faults] of a fault of every known route. A fault of the route itself comes first.
const anyRoute = "*"

// Fault is a fault in the answers of a route. Fields can be combined, such as a cursor fault with Header, or Status with
// Truncate. The fields down to Drop replace the real answer, and ignore the key, the query and the body.
type Fault struct {
	// Status is the status, with Body or else the API's envelope for a server error.
	Status int
	// Body is the body, with Status or else 200.
	Body string
	// EmptyBody answers without a body.
	EmptyBody bool
	// WrongShape answers valid JSON that is no list and no other object of the API.
	WrongShape bool
	// Page answers a page of HTML, with Status or 200: with 403 as the firewall of api.openai.com, with 200 as the login page of a
	// network.
	Page bool
	// Text answers a line of plain text, with Status or 404, as another server does for an unknown path.
	Text bool
	// Gateway answers JSON that is not the API's, with Status or 404, as an API gateway does for an unknown path.
	Gateway bool
	// Code answers the API's envelope with this code. Known codes have a status and a message.
	Code string
	// Redirect answers 302 to this URL.
	Redirect string
	// Drop closes the connection without an answer.
	Drop bool
	// AfterEffect handles the request before the fault: a write takes effect, and its answer is lost.
	AfterEffect bool

	// NoEffect answers as usual and changes nothing.
	NoEffect bool
	// Twice handles the request twice, as if a proxy had repeated it, and sends the second answer.
	Twice bool
	// NotDeleted answers a successful deletion with deleted false.
	NotDeleted bool
	// Role replaces the role in the answer of a success.
	Role string

	// ContentType replaces application/json.
	ContentType string
	// Header is added to the answer.
	Header http.Header
	// Oversize pads the body with white space to this size. The JSON stays valid.
	Oversize int
	// Truncate cuts the body off in the middle. The connection ends normally.
	Truncate bool
	// Reset resets the connection in the middle of the body.
	Reset bool
	// Stall stops in the middle of the body until the client or the server closes the connection.
	Stall bool

	// Cursor is the fault in the cursor of a list.
	Cursor CursorFault
	// ConcealLastID answers last_id null on every page of the lists that page by last_id.
	ConcealLastID bool

	// PathContains limits the fault to requests whose decoded path contains it, such as "/proj_2/".
	PathContains string
	// After is the number of matching requests before the fault.
	After int
	// Times is the number of requests with the fault; 0 means all.
	Times int
}

// CursorFault is a fault in the cursor of a list. All but CursorGone answer has_more true.
type CursorFault string

const (
	// CursorEmpty names no next page: last_id, or next, is null.
	CursorEmpty CursorFault = "empty"
	// CursorRepeated answers the first page again, with the cursor of the request as the next one.
	CursorRepeated CursorFault = "repeated"
	// CursorCircular leads from the first page to the second, and from there to the first.
	CursorCircular CursorFault = "circular"
	// CursorGone refuses every request with a cursor, as if the row of the cursor had been deleted, with Status or 400.
	CursorGone CursorFault = "gone"
)

// The cursors of CursorCircular, and of CursorRepeated for an empty list. They are no ids of rows.
const (
	cursorToSecondPage = "circle-2"
	cursorToFirstPage  = "circle-1"
	cursorToSamePage   = "circle-0"
)

const page = `<!DOCTYPE html>
<html lang="en-US"><head><title>Attention Required!</title></head>
<body><h1>Sorry, you have been blocked</h1></body></html>
`

// The bodies of other servers for an unknown path.
const (
	textNotFound    = "404 page not found\n"
	gatewayNotFound = `{"message":"no Route matched with those values"}`
)

// knownCodes are codes of the API for refusals, with their status and roughly their message, as documented or seen. The codes of
// spend limits come from https://github.com/zed-industries/zed/pull/63208. The answer without a certificate is not published.
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

// faultLocked gives the fault of the call, and counts the call.
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

// replaces tells whether the fault replaces the real answer.
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

// handleLocked handles the call as the fault says.
func (f *Fault) handleLocked(s *Server, c *call) (any, error) {
	var fault Fault
	if f != nil {
		fault = *f
	}
	before := s.Organization
	if fault.NoEffect {
		before = s.Organization.clone()
	}
	body, err := s.handleLocked(c)
	if fault.Twice {
		body, err = s.handleLocked(c)
	}
	if fault.NoEffect {
		s.Organization, s.views = before, nil
	}
	answered, ok := body.(object)
	if !ok || err != nil {
		return body, err
	}
	if fault.NotDeleted {
		answered["deleted"] = false
	}
	if fault.Role != "" {
		answered["role"] = fault.Role
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
		failure := &apiError{status: reply.status, message: "This is refused."} // without a reason, as of a plan or of a key
		if reply.status >= http.StatusInternalServerError {
			failure = &apiError{status: reply.status, message: "The server had an error while processing your request.", code: "server_error"}
		}
		return failure.answer()
	}
	return reply
}

// choosesPage tells whether the fault ignores the cursor of the request and chooses the page.
func (f *Fault) choosesPage() bool {
	return f != nil && (f.Cursor == CursorRepeated || f.Cursor == CursorCircular)
}

// pagesToSkip is the page, counted from 0, that a request with this cursor gets.
func (f *Fault) pagesToSkip(after string) int {
	if f.Cursor == CursorCircular && after == cursorToSecondPage {
		return 1
	}
	return 0
}

// changeCursor changes the next cursor of a list, which is in the field. after is the cursor of the request.
func (f *Fault) changeCursor(body object, field, after string) {
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

// send writes the reply with the fault.
func (f *Fault) send(w http.ResponseWriter, r *http.Request, reply answer) {
	var fault Fault
	if f != nil {
		fault = *f
	}
	header := w.Header()
	for _, more := range []http.Header{reply.header, fault.Header} {
		for name, values := range more {
			header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if fault.ContentType != "" {
		header.Set("Content-Type", fault.ContentType)
	}
	body := reply.body
	if missing := fault.Oversize - len(body); missing > 0 {
		body = append(bytes.Clone(body), bytes.Repeat([]byte{' '}, missing)...)
	}
	if fault.Drop {
		reset(w)
		return
	}
	if fault.Truncate {
		body = body[:len(body)/2]
	}
	if reply.status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(reply.status)
	if !fault.Reset && !fault.Stall {
		// A client that is gone gets no answer.
		_, _ = w.Write(body)
		return
	}

	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	if fault.Stall {
		<-r.Context().Done()
	}
	reset(w)
}

// reset resets the connection, so that the client gets an error.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST instead of FIN
	}
	_ = conn.Close()
}
