package openaitest

import (
	"fmt"
	"net/http"
	"slices"
)

// checkLocked panics on configuration without effect.
func (s *Server) checkLocked() {
	for template := range s.Faults {
		if template != anyRoute && !slices.ContainsFunc(routes, func(r route) bool { return r.template == template }) {
			panic(fmt.Sprintf("openaitest: a fault names the route %q, which does not exist", template))
		}
	}
	for _, key := range s.Keys {
		for family := range key.MissingScopes {
			if !slices.ContainsFunc(routes, func(r route) bool { return r.family == family }) {
				panic(fmt.Sprintf("openaitest: a key names the route family %q, which does not exist", family))
			}
		}
	}
	switch s.GroupMembersUnavailable {
	case 0, http.StatusForbidden, http.StatusNotFound:
	default:
		panic("openaitest: GroupMembersUnavailable is neither 403 nor 404")
	}
	switch s.AuditLog.Off {
	case 0, http.StatusForbidden, http.StatusNotFound:
	default:
		panic("openaitest: AuditLog.Off is neither 403 nor 404")
	}
	if s.RateLimit != nil {
		s.RateLimit.check()
	}
	switch s.CreatedStatus {
	case 0, http.StatusOK, http.StatusCreated:
	default:
		panic("openaitest: CreatedStatus is neither 200 nor 201")
	}
	if s.WriteLag < 0 {
		panic("openaitest: WriteLag is negative")
	}
}
