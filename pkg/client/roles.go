package client

import (
	"context"
	"net/http"
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
	// PrincipalType is user or group; other words are possible.
	PrincipalType string `json:"principal_type"`
}

// HeldDirectlyBy tells whether the principal of the id holds the role itself, through others as well or not: the sources
// name the principal, or there are none. The type that a source names does not matter: the API may have more of them.
func (r AssignedRole) HeldDirectlyBy(principalID string) bool {
	return len(r.AssignmentSources) == 0 || slices.ContainsFunc(r.AssignmentSources, func(source AssignmentSource) bool {
		return source.PrincipalID == principalID
	})
}

// RoleScope is what roles are of: a project or, without one, the organization. The API serves both alike, at two addresses.
type RoleScope struct {
	// ProjectID is "" in the organization.
	ProjectID string
	// inProject keeps a project's id that is empty by mistake from meaning the organization.
	inProject bool
}

// OrganizationScope is that of the organization's roles.
func OrganizationScope() RoleScope { return RoleScope{} }

// ProjectScope is that of a project's roles.
func ProjectScope(projectID string) RoleScope {
	return RoleScope{ProjectID: projectID, inProject: true}
}

// The routes of roles: GET and POST /organization/roles, GET, POST and DELETE /organization/roles/{role_id},
// https://platform.openai.com/docs/api-reference/roles, and those of a project, which begin with /projects/{project_id},
// without /organization as the other routes of a project have it,
// https://platform.openai.com/docs/api-reference/project-roles. All need a key with all permissions.
const (
	organizationRolesRoute Route = "/organization/roles"
	projectRolesRoute      Route = "/projects/{project_id}/roles"
	oneRole                Route = "/{role_id}"
)

func (s RoleScope) rolesRoute() Route {
	if s.inProject {
		return projectRolesRoute
	}
	return organizationRolesRoute
}

// within puts the project's id before those of what is in it, as the placeholders of a route have them.
func (s RoleScope) within(ids ...string) []string {
	if s.inProject {
		return append([]string{s.ProjectID}, ids...)
	}
	return ids
}

// ListRoles gives a page of at most 1,000 predefined and custom roles.
func (c *Client) ListRoles(ctx context.Context, of RoleScope, cursor Cursor) (Page[Role], error) {
	return list[Role](ctx, c, next1000, of.rolesRoute(), of.within(), nil, cursor)
}

// GetRole gives one role. A predefined role is known by its long id only.
func (c *Client) GetRole(ctx context.Context, of RoleScope, roleID string) (Role, error) {
	return retrieve[Role](ctx, c, of.rolesRoute()+oneRole, of.within(roleID)...)
}

// RoleFields are what a custom role is made of, and what can be changed of it. The API calls the name otherwise in what it is
// sent than in what it answers.
type RoleFields struct {
	// Name is unique among the custom roles of the scope. What is "" here, or nil, is left out, and stays as it is.
	Name        string `json:"role_name,omitempty"`
	Description string `json:"description,omitempty"`
	// Permissions are the whole list; an empty one takes all of them.
	Permissions []string `json:"permissions,omitzero"`
}

// CreateRole makes a custom role, which nobody holds yet. It has to have a name and permissions.
func (c *Client) CreateRole(ctx context.Context, of RoleScope, fields RoleFields) (Role, error) {
	var role Role
	if err := c.post(ctx, of.rolesRoute(), of.within(), fields, &role); err != nil {
		return Role{}, err
	}
	return identified(c, role, http.MethodPost, of.rolesRoute(), of.within()...)
}

// ModifyRole changes a custom role for everybody who holds it.
func (c *Client) ModifyRole(ctx context.Context, of RoleScope, roleID string, fields RoleFields) (Role, error) {
	return change[Role](ctx, c, of.rolesRoute()+oneRole, of.within(roleID), fields)
}

// DeleteRole deletes a custom role, and takes it from everybody who holds it.
func (c *Client) DeleteRole(ctx context.Context, of RoleScope, roleID string) error {
	return c.remove(ctx, of.rolesRoute()+oneRole, of.within(roleID)...)
}
