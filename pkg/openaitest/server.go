package openaitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is a stand-in of the OpenAI Admin API for one organization. Its zero value is ready for use: an empty
// organization that accepts every bearer that starts with sk-admin-. It implements [http.Handler] and serves below /v1.
// The exported fields are set before the first request; later changes go through [Server.Update] and [Server.SetFault].
type Server struct {
	Organization Organization
	// Keys are the bearer values that are accepted; nil accepts every one that starts with sk-admin-.
	Keys map[string]Key

	// ListImplicitOwners lists organization owners in every project's users, as role owner.
	ListImplicitOwners bool
	// AdminListRepeatsProjectKeys lists the project keys once more, as admin keys.
	AdminListRepeatsProjectKeys bool
	// LeakKeyValues serves the secret of each admin key in the list.
	LeakKeyValues bool
	// OmitAssignmentSources leaves assignment_sources out of the role assignment lists.
	OmitAssignmentSources bool
	// EmailsMatchCase finds users by email only in the spelling of the address that they have.
	EmailsMatchCase bool
	// OmitOptionalUserFields leaves object, id, name, email, role and added_at of a user.
	OmitOptionalUserFields bool
	// GroupMembersUnavailable is the status, 403 or 404, that the routes of group members answer where the plan lacks them.
	GroupMembersUnavailable int

	// OmitOrganizationHeader leaves the header openai-organization out. Other parts of the API send it; whether the Admin
	// API does is not known.
	OmitOrganizationHeader bool

	// CreatedStatus is the status of a creation: 200, or 201 as before December 2025. 0 is 200.
	CreatedStatus int
	// DeleteAnswersNoContent answers each deletion with 204 and no body.
	DeleteAnswersNoContent bool
	// WriteLag is how many reads, of whatever route, do not see a write yet. Writes see each other at once.
	WriteLag int
	// EmptyProjectGroupsStay leaves a group in a project when its last role there is taken. What the API does is not known.
	EmptyProjectGroupsStay bool
	// PaymentMethodMissing refuses invitations, as the API does where nobody has set up how to pay.
	PaymentMethodMissing bool
	// ArchiveReportsError archives projects and answers that they are archived, as an error.
	ArchiveReportsError bool
	// ServiceAccountDeleteReports404 deletes service accounts and answers 404.
	ServiceAccountDeleteReports404 bool
	// Now is the clock by which things are created; nil is [time.Now].
	Now func() time.Time

	// Faults are the faults per route template, such as "GET /organization/groups/{group_id}/users", or "*" for all.
	Faults map[string]Fault
	// RateLimit, if set, limits each route template.
	RateLimit *RateLimit
	// Latency is how long every answer takes.
	Latency time.Duration
	// OnRequest, if set, is called before the answer is computed, while no lock is held.
	OnRequest func(Request)

	mu       sync.Mutex
	once     sync.Once
	mux      *http.ServeMux
	owned    bool
	views    []view
	made     int
	served   int
	requests []Request
	unknown  []string
	matched  map[string]int
	buckets  map[string]*bucket
}

// Request is an entry of the request log.
type Request struct {
	Method string
	// Route is the template, such as "GET /organization/groups/{group_id}/users"; empty for a route that is not known.
	Route string
	// Path is the path as it was sent, still escaped.
	Path  string
	Query url.Values
	// Body is the JSON that was sent; nil if there was none.
	Body json.RawMessage
	// Status is the status of the answer; 0 in the argument of [Server.OnRequest].
	Status int
	At     time.Time
}

// Snapshot returns a deep copy of the organization.
func (s *Server) Snapshot() Organization {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Organization.clone()
}

// Update changes the organization; change must not call methods of the server. The change, and every write before it, is
// visible at once.
func (s *Server) Update(change func(*Organization)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ownLocked()
	s.views = nil
	change(&s.Organization)
}

// Requests returns the log of the requests answered so far, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ResetRequests empties the request log.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Unknown returns what was asked for and does not exist: routes, methods, query parameters and fields of bodies. A test
// of a client expects it to be empty.
func (s *Server) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unknown)
}

// SetFault sets the fault of a route template, or of "*", and starts its counting anew. It panics on a template that the
// server does not know, because a misspelt fault would never happen.
func (s *Server) SetFault(route string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Faults == nil {
		s.Faults = map[string]Fault{}
	}
	s.Faults[route] = f
	delete(s.matched, route)
	s.checkLocked()
}

// prefix is where the API lives on its host.
const prefix = "/v1"

// route is one method of one path of the API. Its family is the word by which [Key.MissingScopes] names it.
type route struct {
	template string
	family   string
	// query are the query parameters that the route knows.
	query  []string
	handle func(*Server, *call) (any, error)
}

// routes are all that the server knows. Each noun's file holds its own.
var routes = slices.Concat(
	userRoutes,
	userRoleRoutes,
	inviteRoutes,
	groupRoutes,
	groupRoleRoutes,
	roleRoutes,
	projectRoutes,
	projectUserRoutes,
	projectUserRoleRoutes,
	projectGroupRoutes,
	projectGroupRoleRoutes,
	serviceAccountRoutes,
	projectAPIKeyRoutes,
	adminAPIKeyRoutes,
)

// call is one request on its way through a route's handler, which runs under the server's lock.
type call struct {
	*http.Request
	route route
	query url.Values
	body  []byte
	// fault is the fault that befalls this call, if any.
	fault *Fault
}

// answer is what goes over the wire.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ServeHTTP answers a request as the API does. It panics when a field of s names a route, a route family or a status
// that does not exist.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.build)
	// The mux would redirect a path with empty or dot segments; the API has no such routes.
	if escaped := r.URL.EscapedPath(); path.Clean(escaped) != escaped {
		s.serve(w, r, nil)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// build registers each path once, whatever its methods, so that the answer to a method that it lacks is ours.
func (s *Server) build() {
	s.mux = http.NewServeMux()
	methods := map[string]map[string]route{}
	for _, r := range routes {
		method, pattern, _ := strings.Cut(r.template, " ")
		if methods[pattern] == nil {
			methods[pattern] = map[string]route{}
		}
		methods[pattern][method] = r
	}
	for pattern, known := range methods {
		s.mux.HandleFunc(prefix+pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, known) })
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, nil) })
}

// serve answers a request to a path whose methods are known; no methods mean that the path is not.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, known map[string]route) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone away
	}
	entry := Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Body: bodyOf(body), At: time.Now()}
	matched, ok := known[r.Method]
	if ok {
		entry.Route = matched.template
	}
	if s.OnRequest != nil {
		s.OnRequest(entry)
	}
	if !wait(r, s.Latency) {
		return
	}

	c := &call{Request: r, route: matched, query: entry.Query, body: body}
	var reply answer
	switch {
	case ok:
		reply = s.answer(c, entry)
	case len(known) > 0:
		reply = s.refuse(entry, &apiError{
			status:  http.StatusMethodNotAllowed,
			message: fmt.Sprintf("Not allowed to %s on %s", r.Method, entry.Path),
			code:    "method_not_supported",
		})
	default:
		reply = s.refuse(entry, unknownURL(entry))
	}
	c.fault.send(w, r, reply)
}

// unknownURL is worded in one of two ways, by whether the address is below the API's prefix.
func unknownURL(entry Request) *apiError {
	if strings.HasPrefix(entry.Path, prefix+"/") {
		return &apiError{status: http.StatusNotFound, message: fmt.Sprintf("Invalid URL (%s %s)", entry.Method, entry.Path)}
	}
	return &apiError{
		status:  http.StatusNotFound,
		message: fmt.Sprintf("Unknown request URL: %s %s. Please check the URL for typos.", entry.Method, entry.Path),
		code:    "unknown_url",
	}
}

// wait lets the latency pass; it returns false when the client has gone away meanwhile.
func wait(r *http.Request, latency time.Duration) bool {
	if latency <= 0 {
		return true
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// refuse answers and records what the server does not know.
func (s *Server) refuse(entry Request, failure *apiError) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkLocked()
	s.unknown = append(s.unknown, entry.Method+" "+entry.Path)
	return s.finishLocked(entry, failure.answer())
}

func (s *Server) answer(c *call, entry Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkLocked()
	c.fault = s.faultLocked(c)
	if c.fault.replaces(c) {
		if c.fault.AfterEffect {
			_, _ = s.handleLocked(c)
		}
		return s.finishLocked(entry, c.fault.answer())
	}
	body, err := s.handleLocked(c)
	if err != nil {
		return s.finishLocked(entry, errorAnswer(err))
	}
	return s.finishLocked(entry, s.success(&c.route, body))
}

func (s *Server) handleLocked(c *call) (any, error) {
	if err := s.authorize(c); err != nil {
		return nil, err
	}
	if err := s.takeTokenLocked(c.route.template); err != nil {
		return nil, err
	}
	if err := s.checkQueryLocked(c); err != nil {
		return nil, err
	}
	if c.Method == http.MethodGet {
		return s.readLocked(c)
	}
	return s.writeLocked(c)
}

// checkQueryLocked refuses and records query parameters that the route does not know.
func (s *Server) checkQueryLocked(c *call) error {
	for name := range c.query {
		if slices.Contains(c.route.query, name) {
			continue
		}
		s.unknown = append(s.unknown, fmt.Sprintf("%s: query parameter %q", c.route.template, name))
		return unknownParameter(name)
	}
	return nil
}

// finishLocked gives the answer its request id and writes the log.
func (s *Server) finishLocked(entry Request, reply answer) answer {
	s.served++
	entry.Status = reply.status
	s.requests = append(s.requests, entry)
	reply.header.Set("X-Request-Id", fmt.Sprintf("req_%024x", s.served))
	if reply.status < http.StatusBadRequest && !s.OmitOrganizationHeader {
		reply.header.Set("Openai-Organization", s.Organization.slug())
	}
	return reply
}

func jsonAnswer(status int, body any) answer {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(fmt.Sprintf("openaitest: a value of Fields is not JSON: %v", err))
	}
	return answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: buffer.Bytes()}
}

func errorAnswer(err error) answer {
	var failure *apiError
	if !errors.As(err, &failure) {
		panic(fmt.Sprintf("openaitest: %v", err))
	}
	return failure.answer()
}
