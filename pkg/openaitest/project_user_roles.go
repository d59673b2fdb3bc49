package openaitest

import "slices"

var projectUserRoleRoutes = []route{
	{"GET /projects/{project_id}/users/{user_id}/roles", rolesFamily, nextQuery, listAssignments((*Server).projectUserRolesLocked)},
	{"GET /projects/{project_id}/users/{user_id}/roles/{role_id}", rolesFamily, nil, retrieveAssignment((*Server).projectUserRolesLocked)},
	{"POST /projects/{project_id}/users/{user_id}/roles", rolesFamily, nil, withBody((*Server).assignProjectUserRoleLocked)},
	{"DELETE /projects/{project_id}/users/{user_id}/roles/{role_id}", rolesFamily, nil, (*Server).unassignProjectUserRoleLocked},
}

// assignProjectUserRoleLocked assigns a role to a member. A predefined role replaces the predefined one; a custom role is added.
// Organization owners are members of every project; an assignment adds a row for an unlisted one.
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

// unassignProjectUserRoleLocked unassigns a role that is held directly. The predefined role is the membership, which another
// route ends.
func (s *Server) unassignProjectUserRoleLocked(c *call) (any, error) {
	id, roleID := c.PathValue("user_id"), c.PathValue("role_id")
	if s.ServiceAccountRolesMayGo {
		if project, err := s.activeProjectLocked(c); err == nil && project.serviceAccount(id) != nil {
			account := project.serviceAccount(id)
			account.RoleIDs, err = withoutRole(account.RoleIDs, roleID, project.RoleID)
			return deleted("user.role", ""), err
		}
	}
	project, err := s.projectOfPersonLocked(c)
	if err != nil {
		return nil, err
	}
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

// stepsDown sets the row to another predefined role that the member holds. It is false if there is none.
func (p *Project) stepsDown(member *ProjectUser) bool {
	for i, role := range member.RoleIDs {
		if p.RoleID(role) != role {
			member.Role, member.RoleIDs = role, slices.Delete(member.RoleIDs, i, i+1)
			return true
		}
	}
	return false
}

// projectOfPersonLocked refuses service accounts: these routes only read their roles.
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
