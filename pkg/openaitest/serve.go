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
	"time"
)

// call is one request to the handler of a route, which runs under the server's lock.
type call struct {
	*http.Request
	route route
	query url.Values
	body  []byte
	// largestPage is [Server.LargestPage].
	largestPage int
	// fault is the fault of this call, if any.
	fault *Fault
}

// answer is an HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ServeHTTP answers a request as the API does. It panics if a field of s has an unknown route, route family or status.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.build)
	// The mux would redirect a path with empty or dot segments. The API does not.
	if escaped := r.URL.EscapedPath(); path.Clean(escaped) != escaped {
		s.serve(w, r, nil)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// build registers each path once for all methods, so that this server answers requests with a wrong method.
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

// serve answers a request. known has the routes of the path by method; it is empty for an unknown path.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, known map[string]route) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
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

	c := &call{Request: r, route: matched, query: entry.Query, body: body, largestPage: s.LargestPage}
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

// unknownURL has one of two messages, depending on whether the path has the API's prefix.
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

// wait waits for the latency. It returns false if the client is gone.
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

// refuse records an unknown request and gives the refusal.
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
			_, _ = c.fault.handleLocked(s, c)
		}
		return s.finishLocked(entry, c.fault.answer())
	}
	body, err := c.fault.handleLocked(s, c)
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

// checkQueryLocked refuses and records unknown query parameters.
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

// finishLocked sets the request id of the answer and logs the request.
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
