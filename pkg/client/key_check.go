package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Access names a list by which a key can be checked.
type Access struct{ route Route }

// The groups and the roles need a key with all permissions: a restricted key is refused there first. The other lists need the
// scope api.management.read.
var (
	AccessToGroups       = Access{"/organization/groups"}
	AccessToRoles        = Access{"/organization/roles"}
	AccessToUsers        = Access{"/organization/users"}
	AccessToInvites      = Access{"/organization/invites"}
	AccessToProjects     = Access{"/organization/projects"}
	AccessToAdminAPIKeys = Access{"/organization/admin_api_keys"}
)

// CheckAccess asks for one row of the list.
func (c *Client) CheckAccess(ctx context.Context, access Access) error {
	var body struct {
		Data []map[string]json.RawMessage `json:"data"`
	}
	if err := c.get(ctx, access.route, nil, url.Values{"limit": {"1"}}, &body); err != nil {
		return err
	}
	if body.Data == nil {
		return c.newError(call{method: http.MethodGet, route: access.route}).because(KindMalformed, errNoData)
	}
	return nil
}
