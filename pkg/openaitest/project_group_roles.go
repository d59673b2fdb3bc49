package openaitest

var projectGroupRoleRoutes = []route{
	{"GET /projects/{project_id}/groups/{group_id}/roles", rolesFamily, nextQuery, listAssignments((*Server).projectGroupRolesLocked)},
	{"GET /projects/{project_id}/groups/{group_id}/roles/{role_id}", rolesFamily, nil, retrieveAssignment((*Server).projectGroupRolesLocked)},
	{"POST /projects/{project_id}/groups/{group_id}/roles", rolesFamily, nil, withBody((*Server).assignProjectGroupRoleLocked)},
	{"DELETE /projects/{project_id}/groups/{group_id}/roles/{role_id}", rolesFamily, nil, (*Server).unassignProjectGroupRoleLocked},
}

// assignProjectGroupRoleLocked assigns a role to a group in the project.
func (s *Server) assignProjectGroupRoleLocked(c *call, body roleAssignment) (any, error) {
	project, group, err := s.projectGroupLocked(c)
	if err != nil {
		return nil, err
	}
	role, err := body.find(project.roles())
	if err != nil {
		return nil, err
	}
	group.RoleIDs = withRole(group.RoleIDs, role, project.RoleID)
	return s.renderGroupRoleLocked(group.GroupID, role), nil
}

// unassignProjectGroupRoleLocked unassigns a role. A group without another role leaves the project.
func (s *Server) unassignProjectGroupRoleLocked(c *call) (any, error) {
	project, group, err := s.projectGroupLocked(c)
	if err != nil {
		return nil, err
	}
	if group.RoleIDs, err = withoutRole(group.RoleIDs, c.PathValue("role_id"), project.RoleID); err != nil {
		return nil, err
	}
	if len(group.RoleIDs) == 0 && !s.EmptyProjectGroupsStay {
		project.removeGroup(group.GroupID)
	}
	return deleted("group.role", ""), nil
}
