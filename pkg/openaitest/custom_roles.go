package openaitest

import "slices"

// newRole is the body of the creation of a custom role. Its role_name is the name of the role.
type newRole struct {
	RoleName    string   `json:"role_name"`
	Permissions []string `json:"permissions"`
	Description string   `json:"description"`
}

// roleChange is the body of the modification of a custom role. Null and absent fields stay unchanged.
type roleChange struct {
	RoleName    *string  `json:"role_name"`
	Permissions []string `json:"permissions"`
	Description *string  `json:"description"`
}

func (s *Server) createRoleLocked(c *call, body newRole) (any, error) {
	roles, err := s.roleListLocked(c)
	if err != nil {
		return nil, err
	}
	role, err := s.newRoleLocked(roles.all, body)
	if err != nil {
		return nil, err
	}
	*roles.custom = append(*roles.custom, role)
	return s.renderRole(scopedRole{role, roles.resourceType, false}), nil
}

func (s *Server) modifyRoleLocked(c *call, body roleChange) (any, error) {
	roles, err := s.roleListLocked(c)
	if err != nil {
		return nil, err
	}
	role, err := roles.changeable(c)
	if err != nil {
		return nil, err
	}
	if err := body.apply(role, *roles.custom); err != nil {
		return nil, err
	}
	return s.renderRole(scopedRole{*role, roles.resourceType, false}), nil
}

// removeRoleLocked deletes the role of the path, but not its assignments, and gives its id.
func (s *Server) removeRoleLocked(c *call) (string, error) {
	roles, err := s.roleListLocked(c)
	if err != nil {
		return "", err
	}
	role, err := roles.changeable(c)
	if err != nil {
		return "", err
	}
	id := role.ID
	*roles.custom = slices.DeleteFunc(*roles.custom, func(r Role) bool { return r.ID == id })
	return id, nil
}

// deleteRoleLocked deletes the role and its assignments.
func (s *Server) deleteRoleLocked(c *call) (any, error) {
	id, err := s.removeRoleLocked(c)
	if err != nil {
		return nil, err
	}
	o := &s.Organization
	for i := range o.Users {
		drop(&o.Users[i].RoleIDs, id)
	}
	for i := range o.Groups {
		drop(&o.Groups[i].RoleIDs, id)
	}
	return deleted("role", id), nil
}

// deleteProjectRoleLocked deletes the role and its assignments. A group without another role leaves the project.
func (s *Server) deleteProjectRoleLocked(c *call) (any, error) {
	id, err := s.removeRoleLocked(c)
	if err != nil {
		return nil, err
	}
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	for i := range project.Users {
		drop(&project.Users[i].RoleIDs, id)
	}
	for i := range project.ServiceAccounts {
		drop(&project.ServiceAccounts[i].RoleIDs, id)
	}
	project.Groups = slices.DeleteFunc(project.Groups, func(g ProjectGroup) bool { return len(g.RoleIDs) == 1 && g.RoleIDs[0] == id })
	for i := range project.Groups {
		drop(&project.Groups[i].RoleIDs, id)
	}
	return deleted("role", id), nil
}

// changeable gives the custom role of the path. It refuses a predefined one.
func (l roleList) changeable(c *call) (*Role, error) {
	id := c.PathValue("role_id")
	listed := find(l.all, func(r *scopedRole) bool { return r.ID == id })
	switch {
	case listed == nil:
		return nil, notFound("role", id)
	case listed.predefined:
		return nil, invalid("", "", "The predefined role %s cannot be changed or deleted.", listed.Name)
	}
	return find(*l.custom, func(r *Role) bool { return r.ID == id }), nil
}

func (s *Server) newRoleLocked(roles []scopedRole, body newRole) (Role, error) {
	if err := required("role_name", body.RoleName); err != nil {
		return Role{}, err
	}
	if body.Permissions == nil {
		return Role{}, missing("permissions")
	}
	if slices.ContainsFunc(roles, func(r scopedRole) bool { return !r.predefined && r.Name == body.RoleName }) {
		return Role{}, roleNameTaken(body.RoleName)
	}
	id := s.newIDLocked("role_", s.Organization.hasRole)
	return Role{ID: id, Name: body.RoleName, Description: body.Description, Permissions: body.Permissions, CreatedAt: s.nowLocked()}, nil
}

func (b *roleChange) apply(role *Role, among []Role) error {
	if b.RoleName != nil {
		if err := required("role_name", *b.RoleName); err != nil {
			return err
		}
		if slices.ContainsFunc(among, func(r Role) bool { return r.Name == *b.RoleName && r.ID != role.ID }) {
			return roleNameTaken(*b.RoleName)
		}
		role.Name = *b.RoleName
	}
	if b.Permissions != nil {
		role.Permissions = b.Permissions
	}
	if b.Description != nil {
		role.Description = *b.Description
	}
	return nil
}

func roleNameTaken(name string) error {
	return invalid("role_name", "", "A role with the name '%s' already exists.", name)
}

// hasRole searches the custom roles of the organization and of all projects.
func (o *Organization) hasRole(id string) bool {
	among := func(roles []Role) bool { return slices.ContainsFunc(roles, func(r Role) bool { return r.ID == id }) }
	return among(o.Roles) || slices.ContainsFunc(o.Projects, func(p Project) bool { return among(p.Roles) })
}

func drop(ids *[]string, id string) {
	*ids = slices.DeleteFunc(*ids, func(held string) bool { return held == id })
}
