package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Access is to a list by which a key can be checked.
type Access struct{ route Route }

// The groups and the roles need a key with all permissions, so that one with fewer is refused there first; the others need
// the scope api.management.read.
var (
	AccessToGroups       = Access{"/organization/groups"}
	AccessToRoles        = Access{"/organization/roles"}
	AccessToUsers        = Access{"/organization/users"}
	AccessToInvites      = Access{"/organization/invites"}
	AccessToProjects     = Access{"/organization/projects"}
	AccessToAdminAPIKeys = Access{"/organization/admin_api_keys"}
)

// CheckAccess asks for a single row of the list.
func (c *Client) CheckAccess(ctx context.Context, to Access) error {
	var body struct {
		Data []map[string]json.RawMessage `json:"data"`
	}
	if err := c.get(ctx, to.route, nil, url.Values{"limit": {"1"}}, &body); err != nil {
		return err
	}
	if body.Data == nil {
		return c.newError(call{method: http.MethodGet, route: to.route}).because(KindMalformed, errNoData)
	}
	return nil
}
