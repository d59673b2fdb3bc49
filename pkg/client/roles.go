package client

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Role is a role of the organization or of a project, depending on its list.
type Role struct {
	// ID of a predefined role is different in each project (role-api-project-member__api-project__proj_…). It is never built,
	// only read. To assign a role, the API also takes the short form role-api-project-member.
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Permissions []string `json:"permissions"`
	// ResourceType is api.organization or api.project.
	ResourceType string `json:"resource_type"`
	// PredefinedRole is false for custom roles, which may have the name of a predefined one. Nil means that the API does not say.
	PredefinedRole *bool `json:"predefined_role"`
}

func (r Role) itemID() string { return r.ID }

// isAsked tells whether the role is the one of the last id. For the short form of a predefined role's id, the answer may have
// the long form, role-api-project-member__api-project__proj_….
func (r Role) isAsked(ids []string) bool {
	asked := ids[len(ids)-1]
	isCustom := r.PredefinedRole != nil && !*r.PredefinedRole
	return r.ID == asked || !isCustom && strings.HasPrefix(asked, "role-api-") && strings.HasPrefix(r.ID, asked+"__")
}

// AssignedRole is a role that a principal holds.
type AssignedRole struct {
	Role
	// AssignmentSources are the principals that the role was assigned to. Null, absent or empty means that the API does not
	// say, or that the role is held directly.
	AssignmentSources AssignmentSources `json:"assignment_sources"`
}

// AssignmentSources are the sources that name somebody.
type AssignmentSources []AssignmentSource

// UnmarshalJSON leaves out the sources without an id: they name nobody.
func (s *AssignmentSources) UnmarshalJSON(data []byte) error {
	var sources []AssignmentSource
	if err := json.Unmarshal(data, &sources); err != nil {
		return err
	}
	*s = slices.DeleteFunc(sources, func(source AssignmentSource) bool { return strings.TrimSpace(source.PrincipalID) == "" })
	return nil
}

// AssignmentSource is a principal that a role was assigned to.
type AssignmentSource struct {
	PrincipalID string `json:"principal_id"`
	// PrincipalType is user or group; other values are possible.
	PrincipalType string `json:"principal_type"`
}

// HeldDirectlyBy tells whether the role was assigned to the principal itself: the sources name the principal, or there are
// none. The role may also come from a group. The type of a source is ignored: the API may have more types.
func (r AssignedRole) HeldDirectlyBy(principalID string) bool {
	return len(r.AssignmentSources) == 0 || slices.ContainsFunc(r.AssignmentSources, func(source AssignmentSource) bool {
		return source.PrincipalID == principalID
	})
}

// RoleScope is the scope of roles: the organization or a project. The API serves both in the same way, on different routes.
type RoleScope struct {
	// ProjectID is "" for the organization.
	ProjectID string
	// inProject keeps an empty id of a project from meaning the organization.
	inProject bool
}

// OrganizationScope is the scope of the organization's roles.
func OrganizationScope() RoleScope { return RoleScope{} }

// ProjectScope is the scope of a project's roles.
func ProjectScope(projectID string) RoleScope {
	return RoleScope{ProjectID: projectID, inProject: true}
}

// The routes of roles: GET and POST /organization/roles, GET, POST and DELETE /organization/roles/{role_id},
// https://platform.openai.com/docs/api-reference/roles. Those of a project begin with /projects/{project_id}, without the
// /organization of a project's other routes, https://platform.openai.com/docs/api-reference/project-roles. All need a key with
// all permissions.
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

// within puts the project's id, if there is one, before the other ids of a route.
func (s RoleScope) within(ids ...string) []string {
	if s.inProject {
		return append([]string{s.ProjectID}, ids...)
	}
	return ids
}

// ListRoles gives a page of at most 1,000 roles, predefined and custom.
func (c *Client) ListRoles(ctx context.Context, scope RoleScope, cursor Cursor) (Page[Role], error) {
	return list[Role](ctx, c, next1000, scope.rolesRoute(), scope.within(), nil, cursor)
}

// GetRole gives one role. For a predefined role the API takes the long id only.
func (c *Client) GetRole(ctx context.Context, scope RoleScope, roleID string) (Role, error) {
	return retrieve[Role](ctx, c, scope.rolesRoute()+oneRole, scope.within(roleID)...)
}

// RoleFields are the fields of a custom role to create or change. The name is role_name in requests and name in answers.
type RoleFields struct {
	// Name is unique among the custom roles of the scope. Fields that are "" or nil are not sent, and stay unchanged.
	Name        string `json:"role_name,omitempty"`
	Description string `json:"description,omitempty"`
	// Permissions are the complete list; an empty one removes all.
	Permissions []string `json:"permissions,omitzero"`
}

// CreateRole creates a custom role. Its name and permissions are required.
func (c *Client) CreateRole(ctx context.Context, scope RoleScope, fields RoleFields) (Role, error) {
	var role Role
	if err := c.post(ctx, scope.rolesRoute(), scope.within(), fields, &role); err != nil {
		return Role{}, err
	}
	return identified(c, role, http.MethodPost, scope.rolesRoute(), scope.within()...)
}

// ModifyRole changes a custom role for all its holders.
func (c *Client) ModifyRole(ctx context.Context, scope RoleScope, roleID string, fields RoleFields) (Role, error) {
	return change[Role](ctx, c, scope.rolesRoute()+oneRole, scope.within(roleID), fields)
}

// DeleteRole deletes a custom role and all its assignments.
func (c *Client) DeleteRole(ctx context.Context, scope RoleScope, roleID string) error {
	return c.remove(ctx, scope.rolesRoute()+oneRole, scope.within(roleID)...)
}
