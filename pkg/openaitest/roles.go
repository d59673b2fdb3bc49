package openaitest

import (
	"strings"
)

const (
	rolesFamily = "roles"

	organizationResource = "api.organization"
	projectResource      = "api.project"
)

var roleRoutes = []route{
	{"GET /organization/roles", rolesFamily, nextQuery, (*Server).listRolesLocked},
	{"GET /organization/roles/{role_id}", rolesFamily, nil, (*Server).retrieveRoleLocked},
	{"POST /organization/roles", rolesFamily, nil, withBody((*Server).createRoleLocked)},
	{"POST /organization/roles/{role_id}", rolesFamily, nil, withBody((*Server).modifyRoleLocked)},
	{"DELETE /organization/roles/{role_id}", rolesFamily, nil, (*Server).deleteRoleLocked},
	{"GET /projects/{project_id}/roles", rolesFamily, nextQuery, (*Server).listRolesLocked},
	{"GET /projects/{project_id}/roles/{role_id}", rolesFamily, nil, (*Server).retrieveRoleLocked},
	{"POST /projects/{project_id}/roles", rolesFamily, nil, withBody((*Server).createRoleLocked)},
	{"POST /projects/{project_id}/roles/{role_id}", rolesFamily, nil, withBody((*Server).modifyRoleLocked)},
	{"DELETE /projects/{project_id}/roles/{role_id}", rolesFamily, nil, (*Server).deleteProjectRoleLocked},
}

// scopedRole is a role with its served id and its resource type.
type scopedRole struct {
	Role
	resourceType string
	predefined   bool
}

// roles are the organization's roles, the predefined ones first.
func (o *Organization) roles() []scopedRole {
	return scope(organizationResource, o.Roles, []Role{
		{ID: o.RoleID(roleOwner), Name: roleOwner, Description: "Can modify billing information and manage organization members"},
		{ID: o.RoleID(roleReader), Name: roleReader, Description: "Can make standard API requests and read basic organizational data"},
	})
}

// roles are the project's roles, the predefined ones first.
func (p *Project) roles() []scopedRole {
	return scope(projectResource, p.Roles, []Role{
		{ID: p.RoleID(roleOwner), Name: roleOwner},
		{ID: p.RoleID(roleMember), Name: roleMember},
		{ID: p.RoleID(roleViewer), Name: roleViewer},
	})
}

func scope(resourceType string, custom, predefined []Role) []scopedRole {
	scoped := make([]scopedRole, 0, len(predefined)+len(custom))
	for _, role := range predefined {
		scoped = append(scoped, scopedRole{role, resourceType, true})
	}
	for _, role := range custom {
		scoped = append(scoped, scopedRole{role, resourceType, false})
	}
	return scoped
}

// stored is the id of the role in the state: the name of a predefined role.
func (r *scopedRole) stored() string {
	if r.predefined {
		return r.Name
	}
	return r.ID
}

// roleForWrite returns the role with the id, or nil. Writes, unlike reads, also take the short id of a predefined role, such as
// role-api-project-member.
func roleForWrite(roles []scopedRole, id string) *scopedRole {
	return find(roles, func(r *scopedRole) bool {
		alias, _, _ := strings.Cut(r.ID, "__")
		return r.ID == id || r.predefined && alias == id
	})
}

func (o *Organization) roleForWrite(id string) *scopedRole { return roleForWrite(o.roles(), id) }

// roleList has the roles of the scope of a route.
type roleList struct {
	custom *[]Role
	// all are the roles that the API lists, the predefined ones first.
	all          []scopedRole
	resourceType string
}

// roleListLocked gives the roles of the organization, or of the project in the path.
func (s *Server) roleListLocked(c *call) (roleList, error) {
	o := &s.Organization
	if !strings.Contains(c.route.template, "{project_id}") {
		return roleList{&o.Roles, o.roles(), organizationResource}, nil
	}
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return roleList{}, err
	}
	return roleList{&project.Roles, project.roles(), projectResource}, nil
}

func (s *Server) listRolesLocked(c *call) (any, error) {
	roles, err := s.roleListLocked(c)
	if err != nil {
		return nil, err
	}
	return lister[scopedRole]{
		rows:   roles.all,
		id:     func(r scopedRole) string { return r.ID },
		render: s.renderRole,
		keep:   func(r scopedRole) bool { return !s.OmitPredefinedRoles || !r.predefined },
	}.byNext(c, roleLimits, ascending)
}

func (s *Server) retrieveRoleLocked(c *call) (any, error) {
	roles, err := s.roleListLocked(c)
	if err != nil {
		return nil, err
	}
	id := c.PathValue("role_id")
	role := find(roles.all, func(r *scopedRole) bool { return r.ID == id })
	if role == nil {
		return nil, notFound("role", id)
	}
	return s.renderRole(*role), nil
}

func (s *Server) renderRole(r scopedRole) object {
	return s.addRole(object{"object": "role"}, &r)
}

// addRole adds the fields of a role to the object.
func (s *Server) addRole(rendered object, r *scopedRole) object {
	rendered["id"] = r.ID
	rendered["name"] = s.servedName(r)
	rendered["description"] = orNull(r.Description)
	rendered["permissions"] = list(r.Permissions)
	rendered["resource_type"] = r.resourceType
	rendered["predefined_role"] = r.predefined
	return rendered.with(r.JSON)
}

// servedName is the served name of a role. The options of the server only affect predefined roles.
func (s *Server) servedName(r *scopedRole) any {
	if !r.predefined {
		return r.Name
	}
	capitalized := strings.ToUpper(r.Name[:1]) + r.Name[1:]
	switch {
	case s.NamelessRoles:
		return nil
	case s.RoleDisplayNames && r.resourceType == organizationResource:
		return "Organization " + capitalized
	case s.RoleDisplayNames:
		return "Project " + capitalized
	case s.CapitalizedRoleNames:
		return capitalized
	default:
		return r.Name
	}
}
