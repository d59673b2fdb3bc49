package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// ProjectArchived is the status of an archived project. Archiving cannot be undone.
const ProjectArchived = "archived"

// Project is a project of the organization.
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

// UnmarshalJSON takes a project without a status for archived if it says when that was. The API's document requires no status.
func (p *Project) UnmarshalJSON(text []byte) error {
	type fields Project
	row := struct {
		*fields

		ArchivedAt Timestamp `json:"archived_at"`
	}{fields: (*fields)(p)}
	if err := json.Unmarshal(text, &row); err != nil {
		return err
	}
	if p.Status == "" && row.ArchivedAt > 0 {
		p.Status = ProjectArchived
	}
	return nil
}

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

// NewProject has the fields of a project to create. Only the name is required.
type NewProject struct {
	Name string `json:"name"`
	// Residency is a region that the organization has access to, ExternalKeyID its own encryption key.
	Residency     string `json:"residency,omitempty"`
	ExternalKeyID string `json:"external_key_id,omitempty"`
}

// CreateProject creates a project. Projects can be archived, but not deleted.
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

// ProjectChange has the new values of a project. Empty fields stay unchanged.
type ProjectChange struct {
	Name          string `json:"name,omitempty"`
	ExternalKeyID string `json:"external_key_id,omitempty"`
}

// ModifyProject changes a project. The API refuses the default project with 400.
//
// POST /organization/projects/{project_id}, https://platform.openai.com/docs/api-reference/projects/modify.
func (c *Client) ModifyProject(ctx context.Context, projectID string, changes ProjectChange) (Project, error) {
	return change[Project](ctx, c, "/organization/projects/{project_id}", []string{projectID}, changes)
}

// ArchiveProject archives a project, which cannot be undone. The API has been seen to do so and then to answer with the error
// that the project is archived.
//
// POST /organization/projects/{project_id}/archive, https://platform.openai.com/docs/api-reference/projects/archive.
func (c *Client) ArchiveProject(ctx context.Context, projectID string) error {
	return c.post(ctx, "/organization/projects/{project_id}/archive", []string{projectID}, nil, nil)
}
