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
	// Route is the template, such as "GET /organization/groups/{group_id}/users"; empty for an unknown route.
	Route string
	// Path is the escaped path.
	Path  string
	Query url.Values
	// Body is the JSON body; nil without one.
	Body json.RawMessage
	// Status is the status of the answer; 0 in the argument of [Server.OnRequest].
	Status int
	At     time.Time
}

// Requests returns the request log, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ResetRequests clears the request log.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Unknown returns the requested routes, methods, query parameters and body fields that do not exist. Tests of a client expect
// none.
func (s *Server) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unknown)
}
