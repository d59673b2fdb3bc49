package client

import (
	"context"
	"net/http"
	"os"
)

// ServiceAccountKey is a new key of a service account, with its value.
type ServiceAccountKey struct {
	ID        string      `json:"id"`
	Name      string      `json:"name"`
	Value     SecretValue `json:"value"`
	CreatedAt Timestamp   `json:"created_at"`
}

func (k ServiceAccountKey) itemID() string { return k.ID }

// CreateServiceAccountKey creates a key of a service account. Without scopes the key has the permissions of the account. The
// API has no expiry to set. The request is sent once, whatever the answer: each request that arrives creates a key.
//
// POST /organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys,
// https://platform.openai.com/docs/api-reference/project-service-accounts.
func (c *Client) CreateServiceAccountKey(ctx context.Context, projectID, accountID, name string, scopes []string) (ServiceAccountKey, error) {
	const route Route = "/organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys"
	ids := []string{projectID, accountID}
	body := struct {
		Name   string   `json:"name"`
		Scopes []string `json:"scopes,omitempty"`
	}{name, scopes}
	var key ServiceAccountKey
	if err := c.send(ctx, call{method: http.MethodPost, route: route, ids: ids, body: body, out: &key, secret: true}); err != nil {
		return ServiceAccountKey{}, err
	}
	return identified(c, key, http.MethodPost, route, ids...)
}

// PrintsAnswers tells whether the SDK is configured to print answers, which may contain the value of a key.
func PrintsAnswers() bool { return os.Getenv("BATON_DEBUG_PRINT_RESPONSE_BODY") != "" }
