package client

import (
	"context"
	"net/url"
)

// ProjectGroup is a group's access to a project. ListAssignedRoles has its roles.
type ProjectGroup struct {
	GroupID   string `json:"group_id"`
	ProjectID string `json:"project_id"`
	GroupName string `json:"group_name"`
}

func (g ProjectGroup) itemID() string { return g.GroupID }

// isAsked also compares the project, if the answer names it.
func (g ProjectGroup) isAsked(ids []string) bool {
	return g.GroupID == ids[1] && (g.ProjectID == "" || g.ProjectID == ids[0])
}

// ListProjectGroups gives a page of at most 100 groups of a project.
//
// GET /organization/projects/{project_id}/groups, https://platform.openai.com/docs/api-reference/project-groups/list,
// needs a key with all permissions.
func (c *Client) ListProjectGroups(ctx context.Context, projectID string, cursor Cursor) (Page[ProjectGroup], error) {
	return list[ProjectGroup](ctx, c, next100, "/organization/projects/{project_id}/groups", []string{projectID}, nil, cursor)
}

// GetProjectGroup gives one group of a project. Without a type the API only knows groups of the type group, so that it is asked for
// the other type before a group counts as gone.
//
// GET /organization/projects/{project_id}/groups/{group_id}?group_type=…,
// https://platform.openai.com/docs/api-reference/project-groups.
func (c *Client) GetProjectGroup(ctx context.Context, projectID, groupID string) (ProjectGroup, error) {
	const route Route = "/organization/projects/{project_id}/groups/{group_id}"
	group, err := retrieve[ProjectGroup](ctx, c, route, projectID, groupID)
	if KindOf(err) != KindGone {
		return group, err
	}
	return retrieveBy[ProjectGroup](ctx, c, url.Values{"group_type": {"tenant_group"}}, route, projectID, groupID)
}

// AddProjectGroup adds a group to a project with the role of an id, predefined or custom.
//
// POST /organization/projects/{project_id}/groups, https://platform.openai.com/docs/api-reference/project-groups.
func (c *Client) AddProjectGroup(ctx context.Context, projectID, groupID, roleID string) error {
	body := map[string]string{"group_id": groupID, "role": roleID}
	return c.post(ctx, "/organization/projects/{project_id}/groups", []string{projectID}, body, nil)
}

// RemoveProjectGroup removes a group, with all its roles, from a project.
//
// DELETE /organization/projects/{project_id}/groups/{group_id},
// https://platform.openai.com/docs/api-reference/project-groups.
func (c *Client) RemoveProjectGroup(ctx context.Context, projectID, groupID string) error {
	return c.remove(ctx, "/organization/projects/{project_id}/groups/{group_id}", projectID, groupID)
}
