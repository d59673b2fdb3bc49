package client

import "context"

// ProjectUser is a user's membership of a project.
type ProjectUser struct {
	// ID is the id of the user.
	ID    string `json:"id"`
	Email string `json:"email"`
	// Role is owner, member or viewer; the documentation allows any string.
	Role string `json:"role"`
}

func (u ProjectUser) itemID() string { return u.ID }

// ListProjectUsers gives a page of at most 100 users of a project. Whether owners of the organization, who own every
// project, are among them is not documented.
//
// GET /organization/projects/{project_id}/users, https://platform.openai.com/docs/api-reference/project-users/list,
// scope api.management.read.
func (c *Client) ListProjectUsers(ctx context.Context, projectID string, cursor Cursor) (Page[ProjectUser], error) {
	return list[ProjectUser](ctx, c, lastID100, "/organization/projects/{project_id}/users", []string{projectID}, nil, cursor)
}

// GetProjectUser gives one user of a project.
//
// GET /organization/projects/{project_id}/users/{user_id},
// https://platform.openai.com/docs/api-reference/project-users/retrieve.
func (c *Client) GetProjectUser(ctx context.Context, projectID, userID string) (ProjectUser, error) {
	return retrieve[ProjectUser](ctx, c, "/organization/projects/{project_id}/users/{user_id}", projectID, userID)
}

// AddProjectUser adds a user to a project with a predefined role, by name. For a user who is already in the project the API
// answers with an error and keeps the role.
//
// POST /organization/projects/{project_id}/users, https://platform.openai.com/docs/api-reference/project-users/create.
func (c *Client) AddProjectUser(ctx context.Context, projectID, userID, role string) (ProjectUser, error) {
	body := map[string]string{"user_id": userID, "role": role}
	return change[ProjectUser](ctx, c, "/organization/projects/{project_id}/users", []string{projectID}, body)
}

// ModifyProjectUser replaces the predefined role of a user of a project, by name.
//
// POST /organization/projects/{project_id}/users/{user_id},
// https://platform.openai.com/docs/api-reference/project-users/modify.
func (c *Client) ModifyProjectUser(ctx context.Context, projectID, userID, role string) (ProjectUser, error) {
	ids := []string{projectID, userID}
	return change[ProjectUser](ctx, c, "/organization/projects/{project_id}/users/{user_id}", ids, map[string]string{"role": role})
}

// RemoveProjectUser removes a user, with all custom roles, from a project.
//
// DELETE /organization/projects/{project_id}/users/{user_id},
// https://platform.openai.com/docs/api-reference/project-users/delete.
func (c *Client) RemoveProjectUser(ctx context.Context, projectID, userID string) error {
	return c.remove(ctx, "/organization/projects/{project_id}/users/{user_id}", projectID, userID)
}
