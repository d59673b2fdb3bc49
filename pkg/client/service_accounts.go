package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// ServiceAccount is a non-human user of one project. Its id may look like that of a user.
type ServiceAccount struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Role is owner, member or none.
	Role      string    `json:"role"`
	CreatedAt Timestamp `json:"created_at"`
}

func (s ServiceAccount) itemID() string { return s.ID }

// ListProjectServiceAccounts gives a page of at most 100 service accounts of a project. The API has no list of those of all
// projects.
//
// GET /organization/projects/{project_id}/service_accounts,
// https://platform.openai.com/docs/api-reference/project-service-accounts/list, scope api.management.read.
func (c *Client) ListProjectServiceAccounts(ctx context.Context, projectID string, cursor Cursor) (Page[ServiceAccount], error) {
	return list[ServiceAccount](ctx, c, lastID100, "/organization/projects/{project_id}/service_accounts", []string{projectID}, nil, cursor)
}

// GetProjectServiceAccount gives one service account of a project. The API does not know a new one for a while.
//
// GET /organization/projects/{project_id}/service_accounts/{service_account_id},
// https://platform.openai.com/docs/api-reference/project-service-accounts/retrieve.
func (c *Client) GetProjectServiceAccount(ctx context.Context, projectID, accountID string) (ServiceAccount, error) {
	return retrieve[ServiceAccount](ctx, c, "/organization/projects/{project_id}/service_accounts/{service_account_id}", projectID, accountID)
}

// NewServiceAccount is a service account that was just created.
type NewServiceAccount struct {
	ServiceAccount

	// Key is the key that the API created with it, if any.
	Key UnaskedKey `json:"api_key"`
}

// UnaskedKey is a key that nobody asked for. Only its id is read.
type UnaskedKey struct {
	IsThere bool
	ID      string
}

// UnmarshalJSON takes every value but null for a key.
func (k *UnaskedKey) UnmarshalJSON(text []byte) error {
	var named struct {
		ID string `json:"id"`
	}
	k.IsThere = string(text) != "null"
	if json.Unmarshal(text, &named) == nil {
		k.ID = named.ID
	}
	return nil
}

// CreateProjectServiceAccount creates a service account without a role. It tells the API not to create a key.
//
// POST /organization/projects/{project_id}/service_accounts,
// https://platform.openai.com/docs/api-reference/project-service-accounts/create.
func (c *Client) CreateProjectServiceAccount(ctx context.Context, projectID, name string) (NewServiceAccount, error) {
	const route Route = "/organization/projects/{project_id}/service_accounts"
	body := map[string]any{"name": name, "create_service_account_only": true}
	var made NewServiceAccount
	if err := c.post(ctx, route, []string{projectID}, body, &made); err != nil {
		return NewServiceAccount{}, err
	}
	return identified(c, made, http.MethodPost, route, projectID)
}

// ModifyProjectServiceAccount replaces the role of a service account by owner or member.
//
// POST /organization/projects/{project_id}/service_accounts/{service_account_id},
// https://platform.openai.com/docs/api-reference/project-service-accounts.
func (c *Client) ModifyProjectServiceAccount(ctx context.Context, projectID, accountID, role string) (ServiceAccount, error) {
	ids := []string{projectID, accountID}
	const route Route = "/organization/projects/{project_id}/service_accounts/{service_account_id}"
	return change[ServiceAccount](ctx, c, route, ids, map[string]string{"role": role})
}

// DeleteProjectServiceAccount deletes a service account and its keys. The API has been seen to do so and to answer 404.
//
// DELETE /organization/projects/{project_id}/service_accounts/{service_account_id},
// https://platform.openai.com/docs/api-reference/project-service-accounts/delete.
func (c *Client) DeleteProjectServiceAccount(ctx context.Context, projectID, accountID string) error {
	return c.remove(ctx, "/organization/projects/{project_id}/service_accounts/{service_account_id}", projectID, accountID)
}
