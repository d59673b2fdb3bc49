package openaitest

var groupRoleRoutes = []route{
	{"GET /organization/groups/{group_id}/roles", rolesFamily, nextQuery, listAssignments((*Server).groupRolesLocked)},
	{"GET /organization/groups/{group_id}/roles/{role_id}", rolesFamily, nil, retrieveAssignment((*Server).groupRolesLocked)},
	{"POST /organization/groups/{group_id}/roles", rolesFamily, nil, withBody((*Server).assignGroupRoleLocked)},
	{"DELETE /organization/groups/{group_id}/roles/{role_id}", rolesFamily, nil, (*Server).unassignGroupRoleLocked},
}

// assignGroupRoleLocked gives roles to SCIM-managed groups too: who is in them is the identity provider's affair, what
// they may do is not.
func (s *Server) assignGroupRoleLocked(c *call, body roleAssignment) (any, error) {
	group, err := s.groupLocked(c)
	if err != nil {
		return nil, err
	}
	role, err := body.find(s.Organization.roles())
	if err != nil {
		return nil, err
	}
	group.RoleIDs = withRole(group.RoleIDs, role, s.Organization.RoleID)
	return s.renderGroupRoleLocked(group.ID, role), nil
}

func (s *Server) unassignGroupRoleLocked(c *call) (any, error) {
	group, err := s.groupLocked(c)
	if err != nil {
		return nil, err
	}
	if group.RoleIDs, err = withoutRole(group.RoleIDs, c.PathValue("role_id"), s.Organization.RoleID); err != nil {
		return nil, err
	}
	return deleted("group.role", ""), nil
}

// renderGroupRoleLocked holds a group whose flag is called otherwise than the group's own row calls it.
func (s *Server) renderGroupRoleLocked(groupID string, role *scopedRole) object {
	embedded := object{"object": typeGroup, "id": groupID, "name": groupID, "created_at": 0, "scim_managed": false}
	if group := s.Organization.group(groupID); group != nil {
		embedded["name"], embedded["created_at"], embedded["scim_managed"] = group.Name, group.CreatedAt, group.IsSCIMManaged
	}
	return object{"object": "group.role", "group": embedded, "role": s.renderRole(*role)}
}
