package connector

import (
	"context"
	"strings"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// openAIOrganizationID finds the organization's id at the end of a predefined role's, as in
// role-api-organization-owner__api-organization__org-abc123; "" if there is none.
func openAIOrganizationID(roles []client.Role) string {
	for _, role := range roles {
		if !isPredefined(role) {
			continue
		}
		if _, id, ok := strings.Cut(role.ID, "__api-organization__"); ok {
			return id
		}
	}
	return ""
}

// rolesWithOrganizationID gives the roles that have the organization's id in theirs. If OpenAI refuses their list, the other types
// are still synced; the organization's roles report the error.
func (r *reader) rolesWithOrganizationID(ctx context.Context, read func(context.Context) (client.Page[client.Role], error)) ([]client.Role, error) {
	if r.excludes(resourceTypeOrganizationRole) {
		return nil, nil
	}
	page, err := read(ctx)
	if isPermanentRefusal(err) {
		warn(ctx, "OpenAI refuses the roles of the organization, whose own id is therefore not shown", zap.Error(err))
		return nil, nil
	}
	return page.Items, err
}

// OrganizationID asks for the organization's id, which shows in the ids of its predefined roles; "" where it does not.
func (c *Connector) OrganizationID(ctx context.Context) (string, error) {
	page, err := c.client.ListRoles(ctx, client.OrganizationScope(), client.Cursor{})
	if err == nil {
		return openAIOrganizationID(page.Items), nil
	}
	switch kindOf(err) {
	case client.KindDenied, client.KindDeniedWithoutReason, client.KindNoSuchList, client.KindGone, client.KindRefused:
		return "", nil
	default:
		return "", readError("asking for the organization", err)
	}
}

// OrganizationIDOf is the id of the organization that a sync has read, as far as it has come, "" if it has not come to it.
func OrganizationIDOf(ctx context.Context, store sessions.SessionStore) (string, error) {
	roles := organizationRolesList()
	page, _, err := loadStoredPage[client.Role](ctx, syncSession{store}, roles.kind, pageKey(roles, client.Cursor{}))
	return openAIOrganizationID(page.Items), err
}
