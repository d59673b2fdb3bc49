package client

import (
	"context"
	"net/http"
)

// ProjectArchived is the status of a project that nobody can use any more; it cannot be undone.
const ProjectArchived = "archived"

// Project divides the organization's use of the API.
type Project struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt Timestamp `json:"created_at"`
	// Status is active or archived.
	Status        string `json:"status"`
	ExternalKeyID string `json:"external_key_id"`
	Residency     string `json:"residency"`
}

func (p Project) itemID() string { return p.ID }

// ListProjects gives a page of at most 100 projects, without the archived ones.
//
// GET /organization/projects, https://platform.openai.com/docs/api-reference/projects/list, scope api.management.read.
func (c *Client) ListProjects(ctx context.Context, cursor Cursor) (Page[Project], error) {
	return list[Project](ctx, c, lastID100, "/organization/projects", nil, nil, cursor)
}

// GetProject gives one project, archived or not.
//
// GET /organization/projects/{project_id}, https://platform.openai.com/docs/api-reference/projects/retrieve, scope
// api.management.read.
func (c *Client) GetProject(ctx context.Context, projectID string) (Project, error) {
	return retrieve[Project](ctx, c, "/organization/projects/{project_id}", projectID)
}

// NewProject is what a project is made with. Only the name has to be given.
type NewProject struct {
	Name string `json:"name"`
	// Residency is a region that the organization has to have access to, ExternalKeyID a key of its own for encryption.
	Residency     string `json:"residency,omitempty"`
	ExternalKeyID string `json:"external_key_id,omitempty"`
}

// CreateProject makes a project. Projects are archived, and never deleted.
//
// POST /organization/projects, https://platform.openai.com/docs/api-reference/projects/create.
func (c *Client) CreateProject(ctx context.Context, project NewProject) (Project, error) {
	const route Route = "/organization/projects"
	var made Project
	if err := c.post(ctx, route, nil, project, &made); err != nil {
		return Project{}, err
	}
	return identified(c, made, http.MethodPost, route)
}

// ProjectChange is what a project gets anew; what is empty stays as it is.
type ProjectChange struct {
	Name          string `json:"name,omitempty"`
	ExternalKeyID string `json:"external_key_id,omitempty"`
}

// ModifyProject changes a project. The API refuses the default project with 400.
//
// POST /organization/projects/{project_id}, https://platform.openai.com/docs/api-reference/projects/modify.
func (c *Client) ModifyProject(ctx context.Context, projectID string, to ProjectChange) (Project, error) {
	return change[Project](ctx, c, "/organization/projects/{project_id}", []string{projectID}, to)
}

// ArchiveProject archives a project for good. The API has been seen to do so and to answer that the project is archived, as an
// error.
//
// POST /organization/projects/{project_id}/archive, https://platform.openai.com/docs/api-reference/projects/archive.
func (c *Client) ArchiveProject(ctx context.Context, projectID string) error {
	return c.post(ctx, "/organization/projects/{project_id}/archive", []string{projectID}, nil, nil)
}
