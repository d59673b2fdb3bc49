package client

import "context"

// PrincipalType is the API's type of a principal.
type PrincipalType string

// The types of principals.
const (
	PrincipalUser           PrincipalType = "user"
	PrincipalGroup          PrincipalType = "group"
	PrincipalServiceAccount PrincipalType = "service_account"
)

// Principal is the holder of role assignments in a scope. Every call about role assignments addresses one principal: the API
// has no list of all assignments.
//
// The calls are described at https://platform.openai.com/docs/api-reference/role-assignments and need a key with all
// permissions.
type Principal struct {
	RoleScope

	Type PrincipalType
	ID   string
}

// OrganizationPrincipal is a principal in the organization.
func OrganizationPrincipal(principalType PrincipalType, id string) Principal {
	return Principal{OrganizationScope(), principalType, id}
}

// ProjectPrincipal is a principal in a project.
func ProjectPrincipal(projectID string, principalType PrincipalType, id string) Principal {
	return Principal{ProjectScope(projectID), principalType, id}
}

// assignmentsRoute is the route of the principal's assignments. Service accounts have the routes of users.
func (p Principal) assignmentsRoute() Route {
	switch {
	case !p.inProject && p.Type == PrincipalGroup:
		return "/organization/groups/{group_id}/roles"
	case !p.inProject:
		return "/organization/users/{user_id}/roles"
	case p.Type == PrincipalGroup:
		return "/projects/{project_id}/groups/{group_id}/roles"
	default:
		return "/projects/{project_id}/users/{user_id}/roles"
	}
}

// ids are the values of the placeholders in the principal's routes.
func (p Principal) ids(more ...string) []string {
	return p.within(append([]string{p.ID}, more...)...)
}

// ListAssignedRoles gives a page of at most 1,000 roles of the principal. Those of a user include the roles from groups.
//
// GET /organization/users/{user_id}/roles, /organization/groups/{group_id}/roles,
// /projects/{project_id}/users/{user_id}/roles or /projects/{project_id}/groups/{group_id}/roles.
func (c *Client) ListAssignedRoles(ctx context.Context, p Principal, cursor Cursor) (Page[AssignedRole], error) {
	return list[AssignedRole](ctx, c, next1000, p.assignmentsRoute(), p.ids(), nil, cursor)
}

// AssignRole assigns the principal the role of an id. In a project, the API refuses principals outside of the project, and
// service accounts.
//
// POST to the route of [Client.ListAssignedRoles].
func (c *Client) AssignRole(ctx context.Context, p Principal, roleID string) error {
	return c.post(ctx, p.assignmentsRoute(), p.ids(), map[string]string{"role_id": roleID}, nil)
}

// UnassignRole removes a role that the principal holds directly. A group leaves the project with its last role.
//
// DELETE on the route of [Client.ListAssignedRoles], followed by /{role_id}.
func (c *Client) UnassignRole(ctx context.Context, p Principal, roleID string) error {
	return c.remove(ctx, p.assignmentsRoute()+"/{role_id}", p.ids(roleID)...)
}

// FindPrincipal asks for the principal itself. The error has [KindGone] if it does not exist.
func (c *Client) FindPrincipal(ctx context.Context, p Principal) error {
	var err error
	switch {
	case !p.inProject && p.Type == PrincipalGroup:
		_, err = c.GetGroup(ctx, p.ID)
	case !p.inProject:
		_, err = c.GetUser(ctx, p.ID)
	case p.Type == PrincipalGroup:
		_, err = c.GetProjectGroup(ctx, p.ProjectID, p.ID)
	case p.Type == PrincipalServiceAccount:
		_, err = c.GetProjectServiceAccount(ctx, p.ProjectID, p.ID)
	default:
		_, err = c.GetProjectUser(ctx, p.ProjectID, p.ID)
	}
	return err
}
