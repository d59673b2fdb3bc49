package openaitest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// view is the organization as reads still see it.
type view struct {
	organization Organization
	// reads is how many more reads see it.
	reads int
}

// ownLocked detaches the organization from the literal that it was made of, which servers may share, before the first
// change.
func (s *Server) ownLocked() {
	if !s.owned {
		s.Organization, s.owned = s.Organization.clone(), true
	}
}

// writeLocked handles a call that changes something, whatever it answers: some writes work and yet answer an error.
func (s *Server) writeLocked(c *call) (any, error) {
	s.ownLocked()
	before := s.Organization.clone()
	if s.WriteLag > 0 {
		s.views = append(s.views, view{before, s.WriteLag})
	}
	body, err := c.route.handle(s, c)
	s.recordChangesLocked(&before, byKey, c.route.assignsRoles())
	return body, err
}

// readLocked handles a call that changes nothing. It sees the oldest view that has not had all its reads.
func (s *Server) readLocked(c *call) (any, error) {
	if len(s.views) == 0 {
		return c.route.handle(s, c)
	}
	actual := s.Organization
	s.Organization = s.views[0].organization
	defer func() {
		s.Organization = actual
		for i := range s.views {
			s.views[i].reads--
		}
		s.views = slices.DeleteFunc(s.views, func(v view) bool { return v.reads == 0 })
	}()
	return c.route.handle(s, c)
}

// creates tells whether the route makes something: those to which something is posted by the name of the collection.
func (r *route) creates() bool {
	method, path, _ := strings.Cut(r.template, " ")
	switch path[strings.LastIndex(path, "/")+1:] {
	case "archive", "model_permissions", "hosted_tool_permissions", "spend_limit":
		return false
	}
	return method == http.MethodPost && !strings.HasSuffix(path, "}")
}

// success is the answer to a call that was not refused.
func (s *Server) success(r *route, body any) answer {
	switch {
	case strings.HasPrefix(r.template, http.MethodDelete+" ") && s.DeleteAnswersNoContent:
		return answer{status: http.StatusNoContent, header: http.Header{}}
	case r.creates():
		return jsonAnswer(cmp.Or(s.CreatedStatus, http.StatusOK), body)
	default:
		return jsonAnswer(http.StatusOK, body)
	}
}

// nowLocked is the time of a change in Unix seconds.
func (s *Server) nowLocked() int64 {
	if s.Now == nil {
		return time.Now().Unix()
	}
	return s.Now().Unix()
}

// newIDLocked makes an id of the server's counter, so that the same calls in the same order make the same ids. An id
// that an organization brought along from another server is not made again.
func (s *Server) newIDLocked(prefix string, taken func(id string) bool) string {
	for {
		s.made++
		if id := fmt.Sprintf("%sMade%012d", prefix, s.made); !taken(id) {
			return id
		}
	}
}

// newKeyValueLocked makes the secret of a key and how it is shown afterwards.
func (s *Server) newKeyValueLocked(prefix string) (string, string) {
	s.made++
	value := fmt.Sprintf("%sStandInOpensNothing%012d", prefix, s.made)
	return value, prefix + "***" + value[len(value)-4:]
}

// deleted is the answer to a deletion. The API names the id of what was an object, not that of a membership or of an
// assignment.
func deleted(what, id string) object {
	answered := object{"object": what + ".deleted", "deleted": true}
	if id != "" {
		answered["id"] = id
	}
	return answered
}
