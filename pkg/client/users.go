package client

import (
	"context"
	"net/url"
)

// User is a member of the organization. By the API's schema only the id and AddedAt are required.
type User struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	// Role is owner or reader, or member in old payloads; other values are possible.
	Role    string    `json:"role"`
	AddedAt Timestamp `json:"added_at"`
	// IsServiceAccount marks a non-human user.
	IsServiceAccount bool `json:"is_service_account"`
	// IsSCIMManaged is nil if the API does not say.
	IsSCIMManaged    *bool     `json:"is_scim_managed"`
	APIKeyLastUsedAt Timestamp `json:"api_key_last_used_at"`
	// Disabled is in old payloads only.
	Disabled bool `json:"disabled"`
	// Account is the user's OpenAI account; most answers omit it.
	Account struct {
		Name    string `json:"name"`
		Email   string `json:"email"`
		Enabled *bool  `json:"enabled"`
		Banned  bool   `json:"banned"`
	} `json:"user"`
}

func (u User) itemID() string { return u.ID }

// Active tells whether the account is neither disabled nor banned, as far as the API says.
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

// MostEmails is the maximum of [Client.FindUsers]. The API documents none, but a URL of a few thousand characters passes every
// proxy.
const MostEmails = 50

// FindUsers gives a page of the users with one of the email addresses. How the API compares is not documented, so the caller
// has to compare again.
//
// GET /organization/users?emails[]=…, https://platform.openai.com/docs/api-reference/users/list.
func (c *Client) FindUsers(ctx context.Context, emails []string, cursor Cursor) (Page[User], error) {
	return list[User](ctx, c, lastID100, "/organization/users", nil, url.Values{"emails[]": emails}, cursor)
}

// ModifyUser replaces the role of a user by owner or reader. The API refuses service accounts.
//
// POST /organization/users/{user_id}, https://platform.openai.com/docs/api-reference/users/modify.
func (c *Client) ModifyUser(ctx context.Context, userID, role string) (User, error) {
	return change[User](ctx, c, "/organization/users/{user_id}", []string{userID}, map[string]string{"role": role})
}

// DeleteUser removes a user from the organization.
//
// DELETE /organization/users/{user_id}, https://platform.openai.com/docs/api-reference/users/delete.
func (c *Client) DeleteUser(ctx context.Context, userID string) error {
	return c.remove(ctx, "/organization/users/{user_id}", userID)
}
