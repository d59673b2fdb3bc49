package openaitest

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"
)

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
