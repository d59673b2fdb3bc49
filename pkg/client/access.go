package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// The lists by which a key can be checked. The groups and the roles need a key with all permissions, so that one with
// fewer is refused there first; the others need the scope api.management.read.
const (
	RouteGroups       Route = "/organization/groups"
	RouteRoles        Route = "/organization/roles"
	RouteUsers        Route = "/organization/users"
	RouteInvites      Route = "/organization/invites"
	RouteProjects     Route = "/organization/projects"
	RouteAdminAPIKeys Route = "/organization/admin_api_keys"
)

// CheckAccess asks for a single row of one of these lists.
func (c *Client) CheckAccess(ctx context.Context, list Route) error {
	var body struct {
		Data []map[string]json.RawMessage `json:"data"`
	}
	if err := c.get(ctx, list, nil, url.Values{"limit": {"1"}}, &body); err != nil {
		return err
	}
	if body.Data == nil {
		return c.newError(call{method: http.MethodGet, route: list}).because(KindMalformed, errNoData)
	}
	return nil
}
