package openaitest

import (
	"fmt"
	"net/http"
	"strings"
)

// Key has the permissions of a bearer value. The zero Key has all.
type Key struct {
	// Project marks a project key, which is refused on every route of the Admin API.
	Project bool
	// MissingScopes are the scopes that the key lacks, such as "api.groups.read", by route family: users, invites,
	// groups (with members), roles (with every role assignment), projects, project_users, project_groups,
	// service_accounts, project_api_keys, admin_api_keys, audit_logs. A missing scope that ends in .write only affects writes.
	MissingScopes map[string]string
	// AsObject answers a missing scope with 401 and the usual envelope instead of 403 and a bare string.
	AsObject bool
}

const (
	adminKeyPrefix  = "sk-admin-"
	managementScope = "api.management.read"
)

// authorize refuses a call whose bearer is unknown or lacks the scope of the route's family.
func (s *Server) authorize(c *call) error {
	bearer, isBearer := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	if !isBearer || bearer == "" {
		return &apiError{
			status:  http.StatusUnauthorized,
			message: "You didn't provide an API key. Send it as Authorization: Bearer YOUR_KEY.",
			code:    "invalid_api_key",
		}
	}
	key, known := s.Keys[bearer]
	if s.Keys == nil {
		known = strings.HasPrefix(bearer, adminKeyPrefix)
	}
	if !known {
		return &apiError{
			status: http.StatusUnauthorized,
			message: fmt.Sprintf(
				"Incorrect API key provided: %s. You can find your API key at https://platform.openai.com/account/api-keys.", mask(bearer)),
			code: "invalid_api_key",
		}
	}
	if key.Project {
		return key.missingScope(managementScope)
	}
	scope, lacks := key.MissingScopes[c.route.family]
	if lacks && (c.Method != http.MethodGet || !strings.HasSuffix(scope, ".write")) {
		return key.missingScope(scope)
	}
	return nil
}

func (k Key) missingScope(scope string) error {
	failure := &apiError{
		status: http.StatusForbidden,
		message: "You have insufficient permissions for this operation. Missing scopes: " + scope + ". Check that you have the correct role " +
			"in your organization, and if you're using a restricted API key, that it has the necessary scopes.",
		messageIsBody: true,
	}
	if k.AsObject {
		failure.status, failure.messageIsBody = http.StatusUnauthorized, false
	}
	return failure
}

// mask hides the middle of a key, as the API does.
func mask(key string) string {
	const head, tail = 8, 4
	if len(key) <= head+tail {
		return strings.Repeat("*", len(key))
	}
	return key[:head] + strings.Repeat("*", len(key)-head-tail) + key[len(key)-tail:]
}
