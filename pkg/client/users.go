package client

import (
	"context"
	"net/url"
)

// User is a member of the organization. The API requires only the id and AddedAt of itself.
type User struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	// Role is owner or reader, in old payloads member; other words are possible.
	Role    string    `json:"role"`
	AddedAt Timestamp `json:"added_at"`
	// IsServiceAccount marks a row that is no person.
	IsServiceAccount bool `json:"is_service_account"`
	// IsSCIMManaged is nil if the API does not say, which is not the same as false.
	IsSCIMManaged    *bool     `json:"is_scim_managed"`
	APIKeyLastUsedAt Timestamp `json:"api_key_last_used_at"`
	// Disabled is in early payloads only.
	Disabled bool `json:"disabled"`
	// Account is the person's account at OpenAI; most answers leave it out.
	Account struct {
		Name    string `json:"name"`
		Email   string `json:"email"`
		Enabled *bool  `json:"enabled"`
		Banned  bool   `json:"banned"`
	} `json:"user"`
}

func (u User) itemID() string { return u.ID }

// Active tells whether the account can be used, as far as the API says: it is neither disabled nor banned.
func (u User) Active() bool {
	return !u.Disabled && !u.Account.Banned && (u.Account.Enabled == nil || *u.Account.Enabled)
}

// ListUsers gives a page of at most 100 users.
//
// GET /organization/users, https://platform.openai.com/docs/api-reference/users/list, scope api.management.read.
func (c *Client) ListUsers(ctx context.Context, cursor Cursor) (Page[User], error) {
	return list[User](ctx, c, lastID100, "/organization/users", nil, nil, cursor)
}

// GetUser gives one user.
//
// GET /organization/users/{user_id}, https://platform.openai.com/docs/api-reference/users/retrieve.
func (c *Client) GetUser(ctx context.Context, userID string) (User, error) {
	return retrieve[User](ctx, c, "/organization/users/{user_id}", userID)
}

// MostEmails is how many addresses [Client.FindUsers] takes: their number is not documented, and an address line of a few
// thousand characters passes everywhere.
const MostEmails = 50

// FindUsers gives a page of the users who have one of the email addresses. The API's comparison is not documented, so the
// caller compares again.
//
// GET /organization/users?emails[]=…, https://platform.openai.com/docs/api-reference/users/list.
func (c *Client) FindUsers(ctx context.Context, emails []string, cursor Cursor) (Page[User], error) {
	return list[User](ctx, c, lastID100, "/organization/users", nil, url.Values{"emails[]": emails}, cursor)
}

// ModifyUser gives a person the role owner or reader, in place of the one before. Service accounts are refused.
//
// POST /organization/users/{user_id}, https://platform.openai.com/docs/api-reference/users/modify.
func (c *Client) ModifyUser(ctx context.Context, userID, role string) (User, error) {
	return change[User](ctx, c, "/organization/users/{user_id}", []string{userID}, map[string]string{"role": role})
}

// DeleteUser takes a user out of the organization.
//
// DELETE /organization/users/{user_id}, https://platform.openai.com/docs/api-reference/users/delete.
func (c *Client) DeleteUser(ctx context.Context, userID string) error {
	return c.remove(ctx, "/organization/users/{user_id}", userID)
}
