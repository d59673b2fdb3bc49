package openaitest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// view is an earlier state of the organization that reads still see.
type view struct {
	organization Organization
	// reads is the number of further reads that see it.
	reads int
}

// ownLocked copies the organization before the first change: several servers may share one value.
func (s *Server) ownLocked() {
	if !s.owned {
		s.Organization, s.owned = s.Organization.clone(), true
	}
}

// writeLocked handles a write. It records changes even after an error: some writes succeed and answer with an error.
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

// readLocked handles a read. It sees the oldest view that has reads left.
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

// creates tells whether the route creates an object: a POST to a collection.
func (r *route) creates() bool {
	method, path, _ := strings.Cut(r.template, " ")
	switch path[strings.LastIndex(path, "/")+1:] {
	case "archive", "model_permissions", "hosted_tool_permissions", "spend_limit":
		return false
	}
	return method == http.MethodPost && !strings.HasSuffix(path, "}")
}

// success is the answer to a successful call.
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

// nowLocked is the current time in Unix seconds.
func (s *Server) nowLocked() int64 {
	if s.Now == nil {
		return time.Now().Unix()
	}
	return s.Now().Unix()
}

// newIDLocked makes an id from the server's counter, so that the same calls in the same order make the same ids. It skips ids
// that are taken: the organization may come from another server.
func (s *Server) newIDLocked(prefix string, taken func(id string) bool) string {
	for {
		s.made++
		if id := fmt.Sprintf("%sMade%012d", prefix, s.made); !taken(id) {
			return id
		}
	}
}

// newKeyValueLocked makes the secret of a key and its redacted value.
func (s *Server) newKeyValueLocked(prefix string) (string, string) {
	s.made++
	value := fmt.Sprintf("%sStandInOpensNothing%012d", prefix, s.made)
	return value, prefix + "***" + value[len(value)-4:]
}

// deleted is the answer to a deletion. It has the id of an object, but not of a membership or an assignment.
func deleted(what, id string) object {
	answered := object{"object": what + ".deleted", "deleted": true}
	if id != "" {
		answered["id"] = id
	}
	return answered
}
