package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The profile keys that another phase reads back, beside being shown.
const (
	profileOrganizationRole = "organization_role"
	profileRole             = "role"
)

type userBuilder struct {
	client   *client.Client
	scope    scope
	patience patience
}

func (b *userBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeUser
}

// List gives a page of the organization's users.
func (b *userBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	if !b.scope.listsOrganization(parent) {
		return nil, nil, nil
	}
	const doing = "listing the users"
	token, err := parsePageToken(opts)
	if err != nil {
		return nil, nil, err
	}
	page, err := b.client.ListUsers(ctx, token.Cursor)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	if err := (memory{opts.Session}).rememberUsers(ctx, page.Items); err != nil {
		return nil, nil, failed(doing, err)
	}
	users, err := resourcesOf(page.Items, userResource)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	return users, token.then(page.Next), nil
}

func userResource(user client.User) (*v2.Resource, error) {
	email := cmp.Or(user.Email, user.Account.Email)
	acc := account{
		status:      v2.UserTrait_Status_STATUS_ENABLED,
		accountType: v2.UserTrait_ACCOUNT_TYPE_HUMAN,
		email:       email,
		createdAt:   user.AddedAt,
		profile: profile{}.
			text("email", email).
			text(profileOrganizationRole, user.Role).
			flag("is_scim_managed", user.IsSCIMManaged).
			time("api_key_last_used_at", user.APIKeyLastUsedAt).
			time("added_at", user.AddedAt),
	}
	if user.IsServiceAccount {
		acc.accountType = v2.UserTrait_ACCOUNT_TYPE_SERVICE
	}
	switch {
	case user.Account.Banned:
		acc.status, acc.statusDetails = v2.UserTrait_Status_STATUS_DISABLED, "banned"
	case user.Disabled, user.Account.Enabled != nil && !*user.Account.Enabled:
		acc.status, acc.statusDetails = v2.UserTrait_Status_STATUS_DISABLED, "disabled"
	}
	name := cmp.Or(user.Name, user.Account.Name, email, user.ID)
	return newResource(resourceTypeUser, user.ID, user.ID, name, theOrganization(), acc.trait())
}

// Entitlements is not called: the type skips them.
func (b *userBuilder) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// Grants gives the user's membership of the organization and its organization roles. The user's row names the
// predefined role; the assignment list is asked only for what no row tells: custom roles, and a role of another name.
func (b *userBuilder) Grants(ctx context.Context, user *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	const doing = "listing a user's roles"
	token, err := parsePageToken(opts)
	if err != nil {
		return nil, nil, err
	}
	role := organizationRoleName(profileText(user, profileOrganizationRole))
	var grants []*v2.Grant
	if token.Cursor.IsZero() {
		grants = append(grants, newGrant(theOrganization(), slugMember, user.GetId()))
		if role != "" {
			grants = append(grants, newGrant(resourceID(resourceTypeOrganizationRole, role), slugAssigned, user.GetId()))
		}
	}
	if !b.scope.includes(resourceTypeOrganizationRole) {
		return grants, nil, nil
	}

	roles, err := memory{opts.Session}.roleBook(ctx, organizationKey)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	if role != "" && !roles.hasCustom() {
		return grants, nil, nil
	}
	page, err := b.client.ListUserRoles(ctx, user.GetId().GetResource(), token.Cursor)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	held := assignment{in: organizationKey, roles: roles, principal: user.GetId(), roleKnown: role != ""}
	return append(grants, held.grants(ctx, page.Items)...), token.then(page.Next), nil
}

// profileText reads a profile value that the list phase wrote.
func profileText(resource *v2.Resource, key string) string {
	return resource.GetProfile().GetFields()[key].GetStringValue()
}
