package openaitest

import (
	"maps"
	"slices"
)

var userRoleRoutes = []route{
	{"GET /organization/users/{user_id}/roles", rolesFamily, nextQuery, listAssignments((*Server).userRolesLocked)},
	{"GET /organization/users/{user_id}/roles/{role_id}", rolesFamily, nil, retrieveAssignment((*Server).userRolesLocked)},
	{"POST /organization/users/{user_id}/roles", rolesFamily, nil, withBody((*Server).assignUserRoleLocked)},
	{"DELETE /organization/users/{user_id}/roles/{role_id}", rolesFamily, nil, (*Server).unassignUserRoleLocked},
}

// assignUserRoleLocked assigns a role, also one that is held already. A predefined role replaces the other one.
func (s *Server) assignUserRoleLocked(c *call, body roleAssignment) (any, error) {
	user, err := s.userLocked(c)
	if err != nil {
		return nil, err
	}
	role, err := body.find(s.Organization.roles())
	if err != nil {
		return nil, err
	}
	if err := s.assignToUserLocked(user, role); err != nil {
		return nil, err
	}
	return object{"object": "user.role", "user": s.renderThinUserLocked(user.ID), "role": s.renderRole(*role)}, nil
}

func (s *Server) assignToUserLocked(user *User, role *scopedRole) error {
	switch {
	case !role.predefined:
		user.RoleIDs = withRole(user.RoleIDs, role, s.Organization.RoleID)
		return nil
	case user.Role == role.Name:
		return nil
	case user.IsServiceAccount:
		return serviceAccountRole(user.ID)
	default:
		return s.setRoleLocked(user, role.Name)
	}
}

// unassignUserRoleLocked unassigns a role that is held directly. A user without owner becomes a reader; reader stays.
func (s *Server) unassignUserRoleLocked(c *call) (any, error) {
	user, err := s.userLocked(c)
	if err != nil {
		return nil, err
	}
	o, id := &s.Organization, c.PathValue("role_id")
	switch {
	case user.Role == roleReader && id == o.RoleID(roleReader):
		return nil, invalid("", "", "The role reader cannot be removed.")
	case user.Role == roleOwner && id == o.RoleID(roleOwner):
		if user.IsServiceAccount {
			return nil, serviceAccountRole(user.ID)
		}
		err = s.setRoleLocked(user, roleReader)
	default:
		user.RoleIDs, err = withoutRole(user.RoleIDs, id, o.RoleID)
	}
	if err != nil {
		return nil, err
	}
	return deleted("user.role", ""), nil
}

// renderThinUserLocked renders the user in an assignment.
func (s *Server) renderThinUserLocked(id string) object {
	rendered := object{"object": "organization.user", "id": id, "name": nil, "email": nil, "role": nil, "added_at": 0}
	if user := s.Organization.user(id); user != nil {
		maps.Copy(rendered, object{"name": orNull(user.Name), "email": orNull(user.Email), "role": orNull(user.Role), "added_at": user.AddedAt})
	}
	return rendered
}

// roleAssignment is the body of all four assignment routes.
type roleAssignment struct {
	RoleID string `json:"role_id"`
}

func (a roleAssignment) find(roles []scopedRole) (*scopedRole, error) {
	if err := required("role_id", a.RoleID); err != nil {
		return nil, err
	}
	role := roleForWrite(roles, a.RoleID)
	if role == nil {
		return nil, notFound("role", a.RoleID)
	}
	return role, nil
}

// withRole adds the role unless it is held.
func withRole(held []string, role *scopedRole, roleID func(string) string) []string {
	if slices.Contains(mapped(roleID, held), role.ID) {
		return held
	}
	return append(held, role.stored())
}

// withoutRole removes the role with the served id. It does not accept the short id of a predefined role.
func withoutRole(held []string, id string, roleID func(string) string) ([]string, error) {
	at := slices.Index(mapped(roleID, held), id)
	if at < 0 {
		return held, notFound("role", id)
	}
	return slices.Delete(held, at, at+1), nil
}
