package client

import "context"

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
