package client

import (
	"context"
	"net/http"
)

// The statuses of an invite.
const (
	InvitePending  = "pending"
	InviteExpired  = "expired"
	InviteAccepted = "accepted"
)

// Invite is an invitation to the organization.
type Invite struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Role  string `json:"role"`
	// Status is one of the constants above.
	Status    string    `json:"status"`
	CreatedAt Timestamp `json:"created_at"`
	// InvitedAt is the older name of CreatedAt.
	InvitedAt Timestamp       `json:"invited_at"`
	ExpiresAt Timestamp       `json:"expires_at"`
	Projects  []InviteProject `json:"projects"`
}

// InviteProject is a project that the invited user joins, with the role there.
type InviteProject struct {
	ID   string `json:"id"`
	Role string `json:"role"`
}

func (i Invite) itemID() string { return i.ID }

// ListInvites gives a page of at most 100 invites of every status.
//
// GET /organization/invites, https://platform.openai.com/docs/api-reference/invite/list, scope api.management.read.
func (c *Client) ListInvites(ctx context.Context, cursor Cursor) (Page[Invite], error) {
	return list[Invite](ctx, c, lastID100, "/organization/invites", nil, nil, cursor)
}

// GetInvite gives one invite.
//
// GET /organization/invites/{invite_id}, https://platform.openai.com/docs/api-reference/invite/retrieve.
func (c *Client) GetInvite(ctx context.Context, inviteID string) (Invite, error) {
	return retrieve[Invite](ctx, c, "/organization/invites/{invite_id}", inviteID)
}

// CreateInvite invites an email address with a role in the organization (owner, reader) and roles in projects (owner,
// member). The list of projects is always sent: without it the API adds the default project.
//
// POST /organization/invites, https://platform.openai.com/docs/api-reference/invite/create.
func (c *Client) CreateInvite(ctx context.Context, email, role string, projects []InviteProject) (Invite, error) {
	if projects == nil {
		projects = []InviteProject{}
	}
	const route Route = "/organization/invites"
	body := struct {
		Email    string          `json:"email"`
		Role     string          `json:"role"`
		Projects []InviteProject `json:"projects"`
	}{email, role, projects}
	var invite Invite
	if err := c.post(ctx, route, nil, body, &invite); err != nil {
		return Invite{}, err
	}
	return identified(c, invite, http.MethodPost, route)
}

// DeleteInvite deletes an invite. The API refuses an accepted one.
//
// DELETE /organization/invites/{invite_id}, https://platform.openai.com/docs/api-reference/invite/delete.
func (c *Client) DeleteInvite(ctx context.Context, inviteID string) error {
	return c.remove(ctx, "/organization/invites/{invite_id}", inviteID)
}
