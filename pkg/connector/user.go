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

// userRow is what the grants of a user need to know.
type userRow struct {
	ID string `json:"id"`
	// Role is the API's word.
	Role string `json:"role,omitempty"`
}

type userBuilder struct {
	client   *client.Client
	crew     *crew
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
	token, err := parseListToken(opts)
	if err != nil {
		return nil, nil, err
	}
	page, err := b.client.ListUsers(ctx, token.Cursor)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	if err := (memory{opts.Session}).rememberUsers(ctx, token.Page, page.Items); err != nil {
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
	case !user.Active():
		acc.status, acc.statusDetails = v2.UserTrait_Status_STATUS_DISABLED, "disabled"
	}
	name := cmp.Or(user.Name, user.Account.Name, email, user.ID)
	return newResource(resourceTypeUser, user.ID, user.ID, name, theOrganization(), acc.trait())
}

// Entitlements is not called: the type skips them.
func (b *userBuilder) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// Grants gives one user's.
func (b *userBuilder) Grants(ctx context.Context, user *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return b.lanes(ctx, opts, only(userRow{ID: user.GetId().GetResource(), Role: profileText(user, profileOrganizationRole)}))
}

// GrantsForResourceType gives every user's.
func (b *userBuilder) GrantsForResourceType(ctx context.Context, _ string, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return b.lanes(ctx, opts, listed[userRow](memory{opts.Session}, resourceTypeUser))
}

func (b *userBuilder) lanes(ctx context.Context, opts rs.SyncOpAttrs, users roster[userRow]) ([]*v2.Grant, *rs.SyncOpResults, error) {
	l := lanes[userRow]{client: b.client, crew: b.crew, resourceType: resourceTypeUser, roster: users}
	var roles roleBook
	if b.scope.includes(resourceTypeOrganizationRole) {
		var err error
		if roles, err = (memory{opts.Session}).roleBook(ctx, organizationKey); err != nil {
			return nil, nil, failed(doingUserGrants, err)
		}
		if roles.hasCustom() {
			l.routes = append(l.routes, client.RouteUserRoles)
		}
	}
	l.page = func(ctx context.Context, user userRow, token laneToken) (rowPage, error) {
		return b.grants(ctx, roles, user, token)
	}
	return l.grants(ctx, opts)
}

const doingUserGrants = "listing a user's roles"

// grants gives the user's membership of the organization and its organization roles. The user's row names the
// predefined role; the assignment list is asked only for what no row tells: custom roles, and a role of another name.
func (b *userBuilder) grants(ctx context.Context, roles roleBook, user userRow, token laneToken) (rowPage, error) {
	if token.Step != stepFirst {
		return rowPage{}, errForeignPageToken
	}
	id, role := resourceID(resourceTypeUser, user.ID), organizationRoleName(user.Role)
	var page rowPage
	if token.Cursor.IsZero() {
		page.grants = append(page.grants, newGrant(theOrganization(), slugMember, id))
		if role != "" {
			page.grants = append(page.grants, newGrant(resourceID(resourceTypeOrganizationRole, role), slugAssigned, id))
		}
	}
	if !b.scope.includes(resourceTypeOrganizationRole) || role != "" && !roles.hasCustom() {
		return page, nil
	}
	listed, err := b.client.ListUserRoles(ctx, user.ID, token.Cursor)
	if err != nil {
		left, err := leftMeanwhile(ctx, err, id, organizationKey, func(ctx context.Context) error {
			_, err := b.client.GetUser(ctx, user.ID)
			return err
		})
		if left {
			return rowPage{asked: true}, nil
		}
		return rowPage{}, failed(doingUserGrants, err)
	}
	held := assignment{in: organizationKey, roles: roles, principal: id, rowRole: role}
	page.grants = append(page.grants, held.grants(ctx, listed.Items)...)
	page.asked = true
	if !listed.Next.IsZero() {
		page.next = token.at(place{Cursor: listed.Next})
	}
	return page, nil
}

// profileText reads a profile value that the list phase wrote.
func profileText(resource *v2.Resource, key string) string {
	return resource.GetProfile().GetFields()[key].GetStringValue()
}
