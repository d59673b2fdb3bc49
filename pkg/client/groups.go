package client

import (
	"context"
	"net/http"
	"net/url"
)

// Group is a set of users that can be assigned roles.
type Group struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt Timestamp `json:"created_at"`
	// IsSCIMManaged is nil if the API does not say. A managed group can only be changed in the identity provider.
	IsSCIMManaged *bool `json:"is_scim_managed"`
	// SCIMManaged is its name in role assignments.
	SCIMManaged *bool `json:"scim_managed"`
	// GroupType is group, or tenant_group for a group of another OpenAI product.
	GroupType string `json:"group_type"`
}

func (g Group) itemID() string { return g.ID }

// Managed tells whether SCIM manages the group; nil if the API does not say.
func (g Group) Managed() *bool {
	if g.IsSCIMManaged != nil {
		return g.IsSCIMManaged
	}
	return g.SCIMManaged
}

// GroupUser is a member of a group: a user, a service account or a user of another OpenAI product.
type GroupUser struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

func (u GroupUser) itemID() string { return u.ID }

// ListGroups gives a page of at most 1,000 groups.
//
// GET /organization/groups, https://platform.openai.com/docs/api-reference/groups/list, needs a key with all
// permissions.
func (c *Client) ListGroups(ctx context.Context, cursor Cursor) (Page[Group], error) {
	return list[Group](ctx, c, next1000, "/organization/groups", nil, nil, cursor)
}

// ListNewestGroups gives the 1,000 newest groups, the newest first.
//
// GET /organization/groups?order=desc, https://platform.openai.com/docs/api-reference/groups/list, needs a key with all
// permissions.
func (c *Client) ListNewestGroups(ctx context.Context) (Page[Group], error) {
	return list[Group](ctx, c, next1000, "/organization/groups", nil, url.Values{"order": {"desc"}}, Cursor{})
}

// ListGroupUsers gives a page of at most 1,000 members of a group. The API answers 403 or 404 if the plan does not
// offer it.
//
// GET /organization/groups/{group_id}/users, https://platform.openai.com/docs/api-reference/group-users/list, needs a
// key with all permissions.
func (c *Client) ListGroupUsers(ctx context.Context, groupID string, cursor Cursor) (Page[GroupUser], error) {
	return list[GroupUser](ctx, c, next1000, "/organization/groups/{group_id}/users", []string{groupID}, nil, cursor)
}

// GetGroup gives one group.
//
// GET /organization/groups/{group_id}, https://platform.openai.com/docs/api-reference/groups.
func (c *Client) GetGroup(ctx context.Context, groupID string) (Group, error) {
	return retrieve[Group](ctx, c, "/organization/groups/{group_id}", groupID)
}

// CreateGroup creates a group without members.
//
// POST /organization/groups, https://platform.openai.com/docs/api-reference/groups/create.
func (c *Client) CreateGroup(ctx context.Context, name string) (Group, error) {
	const route Route = "/organization/groups"
	var group Group
	if err := c.post(ctx, route, nil, map[string]string{"name": name}, &group); err != nil {
		return Group{}, err
	}
	return identified(c, group, http.MethodPost, route)
}

// RenameGroup renames a group.
//
// POST /organization/groups/{group_id}, https://platform.openai.com/docs/api-reference/groups/update.
func (c *Client) RenameGroup(ctx context.Context, groupID, name string) (Group, error) {
	return change[Group](ctx, c, "/organization/groups/{group_id}", []string{groupID}, map[string]string{"name": name})
}

// DeleteGroup deletes a group.
//
// DELETE /organization/groups/{group_id}, https://platform.openai.com/docs/api-reference/groups/delete.
func (c *Client) DeleteGroup(ctx context.Context, groupID string) error {
	return c.remove(ctx, "/organization/groups/{group_id}", groupID)
}

// GetGroupUser gives one member of a group. A 404 means that the user is no member, or that the plan does not offer it.
//
// GET /organization/groups/{group_id}/users/{user_id}, https://platform.openai.com/docs/api-reference/group-users.
func (c *Client) GetGroupUser(ctx context.Context, groupID, userID string) (GroupUser, error) {
	return retrieve[GroupUser](ctx, c, "/organization/groups/{group_id}/users/{user_id}", groupID, userID)
}

// AddGroupUser adds a user to a group.
//
// POST /organization/groups/{group_id}/users, https://platform.openai.com/docs/api-reference/group-users.
func (c *Client) AddGroupUser(ctx context.Context, groupID, userID string) error {
	return c.post(ctx, "/organization/groups/{group_id}/users", []string{groupID}, map[string]string{"user_id": userID}, nil)
}

// RemoveGroupUser removes a user from a group.
//
// DELETE /organization/groups/{group_id}/users/{user_id}, https://platform.openai.com/docs/api-reference/group-users.
func (c *Client) RemoveGroupUser(ctx context.Context, groupID, userID string) error {
	return c.remove(ctx, "/organization/groups/{group_id}/users/{user_id}", groupID, userID)
}
