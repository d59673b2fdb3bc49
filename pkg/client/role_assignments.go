package client

import "context"

// The API has no list of all role assignments: each of these methods asks for one principal's.
// All are described at https://platform.openai.com/docs/api-reference/role-assignments and need a key with all
// permissions. A page holds at most 1,000 roles.

// ListUserRoles gives the organization roles of a user, those inherited through groups included.
//
// GET /organization/users/{user_id}/roles.
func (c *Client) ListUserRoles(ctx context.Context, userID string, cursor Cursor) (Page[AssignedRole], error) {
	return list[AssignedRole](ctx, c, next1000, "/organization/users/{user_id}/roles", []string{userID}, nil, cursor)
}

// ListGroupRoles gives the organization roles of a group.
//
// GET /organization/groups/{group_id}/roles.
func (c *Client) ListGroupRoles(ctx context.Context, groupID string, cursor Cursor) (Page[AssignedRole], error) {
	return list[AssignedRole](ctx, c, next1000, "/organization/groups/{group_id}/roles", []string{groupID}, nil, cursor)
}

// ListProjectUserRoles gives the project roles of a user or service account, those inherited through groups included.
//
// GET /projects/{project_id}/users/{user_id}/roles.
func (c *Client) ListProjectUserRoles(ctx context.Context, projectID, userID string, cursor Cursor) (Page[AssignedRole], error) {
	return list[AssignedRole](ctx, c, next1000, "/projects/{project_id}/users/{user_id}/roles", []string{projectID, userID}, nil, cursor)
}

// ListProjectGroupRoles gives the project roles of a group.
//
// GET /projects/{project_id}/groups/{group_id}/roles.
func (c *Client) ListProjectGroupRoles(ctx context.Context, projectID, groupID string, cursor Cursor) (Page[AssignedRole], error) {
	return list[AssignedRole](ctx, c, next1000, "/projects/{project_id}/groups/{group_id}/roles", []string{projectID, groupID}, nil, cursor)
}

// AssignUserRole gives a user an organization role, by the API's id of it.
//
// POST /organization/users/{user_id}/roles.
func (c *Client) AssignUserRole(ctx context.Context, userID, roleID string) error {
	return c.post(ctx, "/organization/users/{user_id}/roles", []string{userID}, roleBody(roleID), nil)
}

// UnassignUserRole takes an organization role that a user holds directly.
//
// DELETE /organization/users/{user_id}/roles/{role_id}.
func (c *Client) UnassignUserRole(ctx context.Context, userID, roleID string) error {
	return c.remove(ctx, "/organization/users/{user_id}/roles/{role_id}", userID, roleID)
}

// AssignGroupRole gives a group an organization role.
//
// POST /organization/groups/{group_id}/roles.
func (c *Client) AssignGroupRole(ctx context.Context, groupID, roleID string) error {
	return c.post(ctx, "/organization/groups/{group_id}/roles", []string{groupID}, roleBody(roleID), nil)
}

// UnassignGroupRole takes an organization role from a group.
//
// DELETE /organization/groups/{group_id}/roles/{role_id}.
func (c *Client) UnassignGroupRole(ctx context.Context, groupID, roleID string) error {
	return c.remove(ctx, "/organization/groups/{group_id}/roles/{role_id}", groupID, roleID)
}

// AssignProjectUserRole gives a member of a project a role there. Service accounts are refused.
//
// POST /projects/{project_id}/users/{user_id}/roles.
func (c *Client) AssignProjectUserRole(ctx context.Context, projectID, userID, roleID string) error {
	return c.post(ctx, "/projects/{project_id}/users/{user_id}/roles", []string{projectID, userID}, roleBody(roleID), nil)
}

// UnassignProjectUserRole takes a project role that a member holds directly.
//
// DELETE /projects/{project_id}/users/{user_id}/roles/{role_id}.
func (c *Client) UnassignProjectUserRole(ctx context.Context, projectID, userID, roleID string) error {
	return c.remove(ctx, "/projects/{project_id}/users/{user_id}/roles/{role_id}", projectID, userID, roleID)
}

// AssignProjectGroupRole gives a group of a project a role there.
//
// POST /projects/{project_id}/groups/{group_id}/roles.
func (c *Client) AssignProjectGroupRole(ctx context.Context, projectID, groupID, roleID string) error {
	return c.post(ctx, "/projects/{project_id}/groups/{group_id}/roles", []string{projectID, groupID}, roleBody(roleID), nil)
}

// UnassignProjectGroupRole takes a project role from a group. The last one takes the group out of the project.
//
// DELETE /projects/{project_id}/groups/{group_id}/roles/{role_id}.
func (c *Client) UnassignProjectGroupRole(ctx context.Context, projectID, groupID, roleID string) error {
	return c.remove(ctx, "/projects/{project_id}/groups/{group_id}/roles/{role_id}", projectID, groupID, roleID)
}

func roleBody(roleID string) map[string]string {
	return map[string]string{"role_id": roleID}
}
