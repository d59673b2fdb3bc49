package client

import (
	"context"
	"slices"
)

// Role is a role of the organization or of a project, depending on which list it is from.
type Role struct {
	// ID is long and the organization's or project's own for predefined roles
	// (role-api-project-member__api-project__proj_…); it is never built, only read. Where a role is assigned, the API takes
	// the short form role-api-project-member as well.
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Permissions []string `json:"permissions"`
	// ResourceType is api.organization or api.project.
	ResourceType string `json:"resource_type"`
	// PredefinedRole tells the API's roles from custom ones, whose names are free and may repeat a predefined one's.
	PredefinedRole bool `json:"predefined_role"`
}

func (r Role) itemID() string { return r.ID }

// AssignedRole is a role that a principal holds.
type AssignedRole struct {
	Role
	// AssignmentSources say through whom the role is held. Null, absent or empty means that the API does not say, or
	// that the role is held directly.
	AssignmentSources []AssignmentSource `json:"assignment_sources"`
}

// AssignmentSource is a principal that a role was given to.
type AssignmentSource struct {
	PrincipalID string `json:"principal_id"`
	// PrincipalType is user or group.
	PrincipalType string `json:"principal_type"`
}

// Inherited tells whether the principal holds the role only through groups.
func (r AssignedRole) Inherited() bool {
	for _, source := range r.AssignmentSources {
		if source.PrincipalType != "group" {
			return false
		}
	}
	return len(r.AssignmentSources) > 0
}

// HeldDirectlyBy tells whether the principal of the id holds the role itself, through groups as well or not: its sources
// name the principal, whatever type they give it, or they name nobody.
func (r AssignedRole) HeldDirectlyBy(principalID string) bool {
	return !r.Inherited() || slices.ContainsFunc(r.AssignmentSources, func(source AssignmentSource) bool {
		return source.PrincipalID == principalID
	})
}

// ListRoles gives a page of at most 1,000 predefined and custom roles of the organization.
//
// GET /organization/roles, https://platform.openai.com/docs/api-reference/roles, needs a key with all permissions.
func (c *Client) ListRoles(ctx context.Context, cursor Cursor) (Page[Role], error) {
	return list[Role](ctx, c, next1000, "/organization/roles", nil, nil, cursor)
}

// ListProjectRoles gives a page of at most 1,000 predefined and custom roles of a project.
//
// GET /projects/{project_id}/roles, without /organization as the other routes of a project have it,
// https://platform.openai.com/docs/api-reference/project-roles, needs a key with all permissions.
func (c *Client) ListProjectRoles(ctx context.Context, projectID string, cursor Cursor) (Page[Role], error) {
	return list[Role](ctx, c, next1000, "/projects/{project_id}/roles", []string{projectID}, nil, cursor)
}

// GetRole gives one role of the organization. A predefined role is known by its long id only.
//
// GET /organization/roles/{role_id}, https://platform.openai.com/docs/api-reference/roles
func (c *Client) GetRole(ctx context.Context, roleID string) (Role, error) {
	return retrieve[Role](ctx, c, "/organization/roles/{role_id}", roleID)
}

// GetProjectRole gives one role of a project.
//
// GET /projects/{project_id}/roles/{role_id}, https://platform.openai.com/docs/api-reference/project-roles
func (c *Client) GetProjectRole(ctx context.Context, projectID, roleID string) (Role, error) {
	return retrieve[Role](ctx, c, "/projects/{project_id}/roles/{role_id}", projectID, roleID)
}
