package openaitest

import (
	"cmp"
	"slices"
)

const projectGroupsFamily = "project_groups"

var projectGroupRoutes = []route{
	{"GET /organization/projects/{project_id}/groups", projectGroupsFamily, nextQuery, (*Server).listProjectGroupsLocked},
	{"GET /organization/projects/{project_id}/groups/{group_id}", projectGroupsFamily, []string{"group_type"}, (*Server).retrieveProjectGroupLocked},
	{"POST /organization/projects/{project_id}/groups", projectGroupsFamily, nil, withBody((*Server).addProjectGroupLocked)},
	{"DELETE /organization/projects/{project_id}/groups/{group_id}", projectGroupsFamily, nil, (*Server).removeProjectGroupLocked},
}

func (s *Server) listProjectGroupsLocked(c *call) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	return lister[ProjectGroup]{
		rows:   project.Groups,
		id:     func(g ProjectGroup) string { return g.GroupID },
		render: func(g ProjectGroup) object { return s.renderProjectGroupLocked(project, g) },
	}.byNext(c, projectGroupLimits, ascending)
}

func (s *Server) retrieveProjectGroupLocked(c *call) (any, error) {
	project, group, err := s.projectGroupLocked(c)
	if err != nil {
		return nil, err
	}
	groupType, err := c.choice("group_type", typeGroup, "tenant_group")
	if err != nil {
		return nil, err
	}
	if _, actual := s.groupNameLocked(group.GroupID); actual != groupType {
		return nil, notFound(typeGroup, group.GroupID)
	}
	return s.renderProjectGroupLocked(project, *group), nil
}

// newProjectGroup is the body of a request to add a group to a project. Unlike for users, Role is an id.
type newProjectGroup struct {
	GroupID string `json:"group_id"`
	Role    string `json:"role"`
}

func (s *Server) addProjectGroupLocked(c *call, body newProjectGroup) (any, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	if err := required("group_id", body.GroupID); err != nil {
		return nil, err
	}
	role, err := body.role(project)
	if err != nil {
		return nil, err
	}
	if s.Organization.group(body.GroupID) == nil {
		return nil, notFound(typeGroup, body.GroupID)
	}
	if project.group(body.GroupID) != nil {
		return nil, invalid("", "", "The group %s already exists in project %s.", body.GroupID, project.ID)
	}
	added := ProjectGroup{GroupID: body.GroupID, CreatedAt: s.nowLocked(), RoleIDs: []string{role.stored()}}
	project.Groups = append(project.Groups, added)
	return s.renderProjectGroupLocked(project, added), nil
}

func (b *newProjectGroup) role(p *Project) (*scopedRole, error) {
	roles := p.roles()
	if slices.ContainsFunc(roles, func(r scopedRole) bool { return r.Name == b.Role && r.ID != b.Role }) {
		return nil, invalid("role", "invalid_value", "Invalid 'role': '%s' is the name of a role, not its id.", b.Role)
	}
	if err := required("role", b.Role); err != nil {
		return nil, err
	}
	role := roleForWrite(roles, b.Role)
	if role == nil {
		return nil, notFound("role", b.Role)
	}
	return role, nil
}

func (s *Server) removeProjectGroupLocked(c *call) (any, error) {
	project, group, err := s.projectGroupLocked(c)
	if err != nil {
		return nil, err
	}
	project.removeGroup(group.GroupID)
	return deleted("project.group", ""), nil
}

func (p *Project) group(id string) *ProjectGroup {
	return find(p.Groups, func(g *ProjectGroup) bool { return g.GroupID == id })
}

func (p *Project) removeGroup(id string) {
	p.Groups = slices.DeleteFunc(p.Groups, func(g ProjectGroup) bool { return g.GroupID == id })
}

func (s *Server) projectGroupLocked(c *call) (*Project, *ProjectGroup, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, nil, err
	}
	id := c.PathValue("group_id")
	group := project.group(id)
	if group == nil {
		return nil, nil, notFound(typeGroup, id)
	}
	return project, group, nil
}

// groupNameLocked returns the name and the type of a group. The name of an unlisted group is its id.
func (s *Server) groupNameLocked(id string) (string, string) {
	group := s.Organization.group(id)
	if group == nil {
		return id, typeGroup
	}
	return group.Name, cmp.Or(group.GroupType, typeGroup)
}

// renderProjectGroupLocked has no role, which another route lists, and no id but group_id.
func (s *Server) renderProjectGroupLocked(p *Project, g ProjectGroup) object {
	name, groupType := s.groupNameLocked(g.GroupID)
	return object{
		"object":     "project.group",
		"project_id": p.ID,
		"group_id":   g.GroupID,
		"group_name": name,
		"group_type": groupType,
		"created_at": g.CreatedAt,
	}.with(g.JSON)
}
