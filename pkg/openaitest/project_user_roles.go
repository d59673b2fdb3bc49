package openaitest

import "slices"

var projectUserRoleRoutes = []route{
	{"GET /projects/{project_id}/users/{user_id}/roles", rolesFamily, nextQuery, (*Server).listProjectUserRolesLocked},
	{"GET /projects/{project_id}/users/{user_id}/roles/{role_id}", rolesFamily, nil, (*Server).retrieveProjectUserRoleLocked},
	{"POST /projects/{project_id}/users/{user_id}/roles", rolesFamily, nil, withBody((*Server).assignProjectUserRoleLocked)},
	{"DELETE /projects/{project_id}/users/{user_id}/roles/{role_id}", rolesFamily, nil, (*Server).unassignProjectUserRoleLocked},
}

// assignProjectUserRoleLocked gives members roles: a predefined one in place of the other, a custom one beside it.
// Organization owners are members of every project; what is given to one who is not listed makes a row.
func (s *Server) assignProjectUserRoleLocked(c *call, body roleAssignment) (any, error) {
	project, err := s.projectOfPersonLocked(c)
	if err != nil {
		return nil, err
	}
	role, err := body.find(project.roles())
	if err != nil {
		return nil, err
	}
	id := c.PathValue("user_id")
	member, owner := project.user(id), s.Organization.isOwner(id)
	switch {
	case member == nil && !owner:
		return nil, notFound(typeUser, id)
	case owner && role.predefined && role.Name != roleOwner:
		return nil, ownsEveryProject(id)
	case owner && role.predefined:
	case role.predefined && s.AssignedRolesAddUp && member.Role != role.Name:
		member.RoleIDs = withRole(member.RoleIDs, role, project.RoleID)
	case role.predefined:
		member.Role = role.Name
	default:
		if member == nil {
			project.Users = append(project.Users, ProjectUser{UserID: id, Role: roleOwner, AddedAt: s.nowLocked()})
			member = project.user(id)
		}
		member.RoleIDs = withRole(member.RoleIDs, role, project.RoleID)
	}
	return object{"object": "user.role", "user": s.renderThinUserLocked(id), "role": s.renderRole(*role)}, nil
}

// unassignProjectUserRoleLocked knows only what is held directly. The predefined role is the membership itself, which
// another route ends.
func (s *Server) unassignProjectUserRoleLocked(c *call) (any, error) {
	project, err := s.projectOfPersonLocked(c)
	if err != nil {
		return nil, err
	}
	id, roleID := c.PathValue("user_id"), c.PathValue("role_id")
	member := project.user(id)
	switch {
	case s.Organization.isOwner(id) && roleID == project.RoleID(roleOwner):
		return nil, ownsEveryProject(id)
	case member == nil:
		return nil, notFound(typeUser, id)
	case roleID == project.RoleID(member.Role) && s.AssignedRolesAddUp && project.stepsDown(member):
		return deleted("user.role", ""), nil
	case roleID == project.RoleID(member.Role) && roleID != member.Role:
		return nil, invalid("", "", "The role %s is the membership of the project: remove the user from the project.", member.Role)
	}
	if member.RoleIDs, err = withoutRole(member.RoleIDs, roleID, project.RoleID); err != nil {
		return nil, err
	}
	return deleted("user.role", ""), nil
}

// stepsDown lets the row name another predefined role that the member holds, and is false if there is none.
func (p *Project) stepsDown(member *ProjectUser) bool {
	for i, role := range member.RoleIDs {
		if p.RoleID(role) != role {
			member.Role, member.RoleIDs = role, slices.Delete(member.RoleIDs, i, i+1)
			return true
		}
	}
	return false
}

// projectOfPersonLocked refuses service accounts: their roles are read here, but changed elsewhere or not at all.
func (s *Server) projectOfPersonLocked(c *call) (*Project, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	if id := c.PathValue("user_id"); project.serviceAccount(id) != nil {
		return nil, invalid("", "", "Roles of the service account %s are not supported here.", id)
	}
	return project, nil
}
