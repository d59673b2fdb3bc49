package client

import (
	"context"
	"net/http"
	"os"
)

// ServiceAccountKey is a key of a service account as the answer to its creation tells it, with its value.
type ServiceAccountKey struct {
	ID        string      `json:"id"`
	Name      string      `json:"name"`
	Value     SecretValue `json:"value"`
	CreatedAt Timestamp   `json:"created_at"`
}

func (k ServiceAccountKey) itemID() string { return k.ID }

// CreateServiceAccountKey gives a service account one more key. Without scopes the key may do what the account may. Nobody
// can set an expiry. It is sent once, whatever comes of it: each time it arrives, another key is made.
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

// PrintsAnswers tells whether the SDK is told to print answers, which may hold a key's value.
func PrintsAnswers() bool { return os.Getenv("BATON_DEBUG_PRINT_RESPONSE_BODY") != "" }
