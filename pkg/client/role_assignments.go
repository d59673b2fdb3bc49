package client

import "context"

// PrincipalType is what a principal is, in the API's words.
type PrincipalType string

// The types of principals.
const (
	PrincipalUser           PrincipalType = "user"
	PrincipalGroup          PrincipalType = "group"
	PrincipalServiceAccount PrincipalType = "service_account"
)

// Principal is to whom roles are assigned, and where: in a project or, without one, in the organization. It is the address
// of every call about role assignments; the API has no list of all of them.
//
// The calls are described at https://platform.openai.com/docs/api-reference/role-assignments and need a key with all
// permissions.
type Principal struct {
	RoleScope

	Type PrincipalType
	ID   string
}

// OrganizationPrincipal is a principal in the organization.
func OrganizationPrincipal(of PrincipalType, id string) Principal {
	return Principal{OrganizationScope(), of, id}
}

// ProjectPrincipal is a principal in a project.
func ProjectPrincipal(projectID string, of PrincipalType, id string) Principal {
	return Principal{ProjectScope(projectID), of, id}
}

// assignmentsRoute is the route of the principal's assignments. A service account's are those of a user.
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

// ids fill the placeholders of the principal's routes.
func (p Principal) ids(more ...string) []string {
	return p.within(append([]string{p.ID}, more...)...)
}

// ListAssignedRoles gives a page of at most 1,000 roles of the principal; those of a user are with the ones that groups
// give.
//
// GET /organization/users/{user_id}/roles, /organization/groups/{group_id}/roles,
// /projects/{project_id}/users/{user_id}/roles or /projects/{project_id}/groups/{group_id}/roles.
func (c *Client) ListAssignedRoles(ctx context.Context, p Principal, cursor Cursor) (Page[AssignedRole], error) {
	return list[AssignedRole](ctx, c, next1000, p.assignmentsRoute(), p.ids(), nil, cursor)
}

// AssignRole gives the principal a role, by the API's id of it. In a project, whoever is not in it is refused, and so are
// service accounts.
//
// POST to the route of [Client.ListAssignedRoles].
func (c *Client) AssignRole(ctx context.Context, p Principal, roleID string) error {
	return c.post(ctx, p.assignmentsRoute(), p.ids(), map[string]string{"role_id": roleID}, nil)
}

// UnassignRole takes a role that the principal holds directly. A group leaves the project with its last one.
//
// DELETE on the route of [Client.ListAssignedRoles], followed by /{role_id}.
func (c *Client) UnassignRole(ctx context.Context, p Principal, roleID string) error {
	return c.remove(ctx, p.assignmentsRoute()+"/{role_id}", p.ids(roleID)...)
}

// FindPrincipal asks for the principal itself; the error is of [KindGone] if it is not there.
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
