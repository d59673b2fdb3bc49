package openaitest

import (
	"cmp"
	"slices"
)

const projectsFamily = "projects"

var projectRoutes = []route{
	{"GET /organization/projects", projectsFamily, append(slices.Clone(lastIDQuery), "include_archived"), (*Server).listProjectsLocked},
	{"GET /organization/projects/{project_id}", projectsFamily, nil, (*Server).retrieveProjectLocked},
	{"POST /organization/projects", projectsFamily, nil, withBody((*Server).createProjectLocked)},
	{"POST /organization/projects/{project_id}", projectsFamily, nil, withBody((*Server).modifyProjectLocked)},
	{"POST /organization/projects/{project_id}/archive", projectsFamily, nil, withOptionalBody((*Server).archiveProjectLocked)},
}

func (s *Server) listProjectsLocked(c *call) (any, error) {
	archived, err := c.choice("include_archived", "false", "true")
	if err != nil {
		return nil, err
	}
	return lister[Project]{
		rows:   s.Organization.Projects,
		id:     func(p Project) string { return p.ID },
		render: renderProject,
		keep:   func(p Project) bool { return archived == "true" || p.Status != statusArchived },
	}.byLastID(c)
}

func (s *Server) retrieveProjectLocked(c *call) (any, error) {
	id := c.PathValue("project_id")
	project := s.Organization.project(id)
	if project == nil {
		return nil, notFound("project", id)
	}
	return renderProject(*project), nil
}

// defaultProject is the name of the default project, its only mark.
const defaultProject = "Default project"

func (p *Project) isDefault() bool { return p.Name == defaultProject }

// newProject is the body of the creation of a project.
type newProject struct {
	Name          string `json:"name"`
	Residency     string `json:"residency"`
	ExternalKeyID string `json:"external_key_id"`
}

func (s *Server) createProjectLocked(_ *call, body newProject) (any, error) {
	if err := required("name", body.Name); err != nil {
		return nil, err
	}
	o := &s.Organization
	id := s.newIDLocked("proj_", func(id string) bool { return o.project(id) != nil })
	project := Project{
		ID: id, Name: body.Name, Status: statusActive, CreatedAt: s.nowLocked(), ExternalKeyID: body.ExternalKeyID, Residency: body.Residency,
	}
	o.Projects = append(o.Projects, project)
	return renderProject(project), nil
}

// projectChange is the body of the modification of a project. Null and absent fields stay unchanged.
type projectChange struct {
	Name          string `json:"name"`
	ExternalKeyID string `json:"external_key_id"`
}

func (s *Server) modifyProjectLocked(c *call, body projectChange) (any, error) {
	project, err := s.changeableProjectLocked(c)
	if err != nil {
		return nil, err
	}
	project.Name = cmp.Or(body.Name, project.Name)
	project.ExternalKeyID = cmp.Or(body.ExternalKeyID, project.ExternalKeyID)
	return renderProject(*project), nil
}

// archiveProjectLocked archives a project. The API has been seen to do so and to answer with the error that it is archived.
func (s *Server) archiveProjectLocked(c *call, _ noBody) (any, error) {
	project, err := s.changeableProjectLocked(c)
	if err != nil {
		return nil, err
	}
	project.Status, project.ArchivedAt = statusArchived, s.nowLocked()
	if s.ArchiveReportsError {
		return nil, projectArchived(project.ID)
	}
	return renderProject(*project), nil
}

// changeableProjectLocked is the project of a route that changes it. It refuses the default project.
func (s *Server) changeableProjectLocked(c *call) (*Project, error) {
	project, err := s.activeProjectLocked(c)
	if err != nil {
		return nil, err
	}
	if project.isDefault() {
		return nil, invalid("", "", "The default project cannot be updated or archived.")
	}
	return project, nil
}

// activeProjectLocked is the project of a route below it. It refuses archived projects.
func (s *Server) activeProjectLocked(c *call) (*Project, error) {
	return s.Organization.activeProject(c.PathValue("project_id"))
}

func (o *Organization) activeProject(id string) (*Project, error) {
	project := o.project(id)
	switch {
	case project == nil:
		return nil, notFound("project", id)
	case project.Status == statusArchived:
		return nil, projectArchived(id)
	}
	return project, nil
}

func (o *Organization) project(id string) *Project {
	return find(o.Projects, func(p *Project) bool { return p.ID == id })
}

func renderProject(p Project) object {
	return object{
		"object":          "organization.project",
		"id":              p.ID,
		"name":            p.Name,
		"created_at":      p.CreatedAt,
		"archived_at":     orNull(p.ArchivedAt),
		"status":          cmp.Or(p.Status, statusActive),
		"external_key_id": orNull(p.ExternalKeyID),
		"residency":       orNull(p.Residency),
	}.with(p.JSON)
}
