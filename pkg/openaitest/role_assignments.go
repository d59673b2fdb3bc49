package openaitest

import "slices"

// assignment is a row of a role assignment list: one role of one principal, direct or through groups or both.
type assignment struct {
	role   scopedRole
	direct bool
	// groups are the ids of the groups through which the principal has the role.
	groups []string
}

// assignments collects the rows of one principal's list.
type assignments struct {
	roles map[string]scopedRole
	// resourceType is the resource type of the roles.
	resourceType string
	// principal holds the roles.
	principal, principalType string
	rows                     []assignment
	// at has the index of each row by role id.
	at map[string]int
}

func newAssignments(roles []scopedRole, principal, principalType string) *assignments {
	byID := make(map[string]scopedRole, len(roles))
	for _, role := range roles {
		byID[role.ID] = role
	}
	return &assignments{
		roles: byID, resourceType: roles[0].resourceType, principal: principal, principalType: principalType, at: map[string]int{},
	}
}

func (a *assignments) addDirect(ids ...string) {
	for _, id := range ids {
		a.row(id).direct = true
	}
}

func (a *assignments) addInherited(group string, ids ...string) {
	for _, id := range ids {
		if row := a.row(id); !slices.Contains(row.groups, group) {
			row.groups = append(row.groups, group)
		}
	}
}

// row returns the row of the role, and adds it if needed. The row of a deleted role only has the id.
func (a *assignments) row(id string) *assignment {
	at, ok := a.at[id]
	if !ok {
		role, listed := a.roles[id]
		if !listed {
			role = scopedRole{Role: Role{ID: id, Name: id}, resourceType: a.resourceType}
		}
		at = len(a.rows)
		a.at[id] = at
		a.rows = append(a.rows, assignment{role: role})
	}
	return &a.rows[at]
}

func (s *Server) userRolesLocked(c *call) (*assignments, error) {
	user, err := s.userLocked(c)
	if err != nil {
		return nil, err
	}
	o := &s.Organization
	found := newAssignments(o.roles(), user.ID, typeUser)
	if user.Role == roleOwner || user.Role == roleReader {
		found.addDirect(o.RoleID(user.Role))
	}
	found.addDirect(mapped(o.RoleID, user.RoleIDs)...)
	for _, group := range o.Groups {
		if slices.Contains(group.MemberIDs, user.ID) {
			found.addInherited(group.ID, mapped(o.RoleID, group.RoleIDs)...)
		}
	}
	return found, nil
}

func (s *Server) groupRolesLocked(c *call) (*assignments, error) {
	group, err := s.groupLocked(c)
	if err != nil {
		return nil, err
	}
	found := newAssignments(s.Organization.roles(), group.ID, typeGroup)
	found.addDirect(mapped(s.Organization.RoleID, group.RoleIDs)...)
	return found, nil
}

// projectUserRolesLocked gives the roles of a user or a service account, also of one who is in the project only through a group.
func (s *Server) projectUserRolesLocked(c *call) (*assignments, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	id := c.PathValue("user_id")
	found := newAssignments(project.roles(), id, typeUser)
	user, account := s.projectUserLocked(project, id), project.serviceAccount(id)
	switch {
	case user != nil:
		found.addDirect(projectRoleIDs(project, user.Role, user.RoleIDs)...)
	case account != nil:
		found.principalType = typeServiceAccount
		found.addDirect(projectRoleIDs(project, account.Role, account.RoleIDs)...)
	}
	isMember := user != nil || account != nil
	for _, added := range project.Groups {
		group := s.Organization.group(added.GroupID)
		if group != nil && slices.Contains(group.MemberIDs, id) {
			isMember = true
			found.addInherited(group.ID, mapped(project.RoleID, added.RoleIDs)...)
		}
	}
	if !isMember || s.RolesOfMembersOnly && user == nil && account == nil {
		return nil, notFound(typeUser, id)
	}
	return found, nil
}

func (s *Server) projectGroupRolesLocked(c *call) (*assignments, error) {
	project, group, err := s.projectGroupLocked(c)
	if err != nil {
		return nil, err
	}
	found := newAssignments(project.roles(), group.GroupID, typeGroup)
	found.addDirect(mapped(project.RoleID, group.RoleIDs)...)
	return found, nil
}

// projectRoleIDs are the ids of a member's predefined role, if any, and of the other roles.
func projectRoleIDs(p *Project, role string, others []string) []string {
	ids := mapped(p.RoleID, others)
	if id := p.RoleID(role); id != role {
		return slices.Insert(ids, 0, id)
	}
	return ids
}

func mapped(roleID func(string) string, roles []string) []string {
	ids := make([]string, 0, len(roles))
	for _, role := range roles {
		ids = append(ids, roleID(role))
	}
	return ids
}

// renderAssignmentLocked omits object, as the API does here.
func (s *Server) renderAssignmentLocked(a *assignments, row assignment) object {
	rendered := object{
		"created_at":          orNull(row.role.CreatedAt),
		"updated_at":          orNull(row.role.CreatedAt),
		"created_by":          nil,
		"created_by_user_obj": nil,
		"metadata":            object{},
	}
	if !s.OmitAssignmentSources {
		rendered["assignment_sources"] = a.sources(row)
	}
	rendered = s.addRole(rendered, &row.role)
	for _, field := range s.AssignmentsOmit {
		delete(rendered, field)
	}
	return rendered
}

// sources are null for a role that is only direct. A role that is also held through groups has one row, whose sources include
// the principal.
func (a *assignments) sources(row assignment) any {
	if len(row.groups) == 0 {
		return nil
	}
	sources := make([]object, 0, len(row.groups)+1)
	for _, group := range row.groups {
		sources = append(sources, source(group, typeGroup))
	}
	if row.direct {
		sources = append(sources, source(a.principal, a.principalType))
	}
	return sources
}

func source(principal, principalType string) object {
	return object{"principal_id": principal, "principal_type": principalType}
}

// listAssignments serves the list of the assignments that find gives.
func listAssignments(find func(*Server, *call) (*assignments, error)) func(*Server, *call) (any, error) {
	return func(s *Server, c *call) (any, error) {
		found, err := find(s, c)
		if err != nil {
			return nil, err
		}
		return lister[assignment]{
			rows:   found.rows,
			id:     func(row assignment) string { return row.role.ID },
			render: func(row assignment) object { return s.renderAssignmentLocked(found, row) },
		}.byNext(c, roleLimits, ascending)
	}
}

// retrieveAssignment serves one of the assignments that find gives. It finds a role by its listed id only, not by an alias.
func retrieveAssignment(find func(*Server, *call) (*assignments, error)) func(*Server, *call) (any, error) {
	return func(s *Server, c *call) (any, error) {
		found, err := find(s, c)
		if err != nil {
			return nil, err
		}
		id := c.PathValue("role_id")
		at, held := found.at[id]
		if !held {
			return nil, notFound("role", id)
		}
		return s.renderAssignmentLocked(found, found.rows[at]), nil
	}
}
