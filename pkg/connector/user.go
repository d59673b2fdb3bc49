package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

// Profile keys that more than one place uses.
const (
	profileOrganizationRole = "organization_role"
	profileRole             = "role"
)

type userBuilder struct {
	builder
	noEntitlements
}

// List gives a page of the organization's users.
func (b *userBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	return listOrganization(ctx, b.builder, parent, opts, usersList(), "listing the users", userResource)
}

// Get gives a user.
//
// GET /organization/users/{user_id}.
func (b *userBuilder) Get(ctx context.Context, id, _ *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		user, err := b.client.GetUser(ctx, id.GetResource())
		if err != nil {
			return nil, err
		}
		return userResource(user)
	})
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
	var marks []rs.ResourceOption
	if user.IsServiceAccount {
		acc.accountType = v2.UserTrait_ACCOUNT_TYPE_SERVICE
		marks = append(marks, nonHuman())
	}
	switch {
	case user.Account.Banned:
		acc.status, acc.statusDetails = v2.UserTrait_Status_STATUS_DISABLED, "banned"
	case !user.Active():
		acc.status, acc.statusDetails = v2.UserTrait_Status_STATUS_DISABLED, "disabled"
	}
	name := acc.profile.name(user.ID, user.Name, user.Account.Name, email)
	return newResource(resourceTypeUser, user.ID, user.ID, name, organizationResourceID(), append(marks, acc.trait())...)
}

// Grants gives the user's membership of the organization and its organization roles. The user's row names the predefined
// role; the assignment list is asked only for what no row tells: custom roles, and a role of another name.
func (b *userBuilder) Grants(ctx context.Context, user *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	const doing = "listing a user's roles"
	first, err := parsePageToken(opts)
	if err != nil {
		return nil, nil, err
	}
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	catalog, err := s.organizationRoles(ctx)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	held := assignmentReader{in: organizationKey, roles: catalog, principal: user.GetId(), rowRole: organizationRoleName(profileText(user, profileOrganizationRole))}
	return fillResponse(first, func(response *response[*v2.Grant], token pageToken) (*pageToken, error) {
		if token == (pageToken{}) {
			if s.includes(resourceTypeOrganization) {
				response.add(newGrant(organizationResourceID(), slugMember, user.GetId()))
			}
			if held.rowRole != "" && s.includes(resourceTypeOrganizationRole) {
				response.add(newGrant(resourceID(resourceTypeOrganizationRole, held.rowRole), slugAssigned, user.GetId()))
			}
		}
		if !s.includes(resourceTypeOrganizationRole) || !needsAssignments(catalog, held.rowRole) {
			return nil, nil
		}
		next, err := held.addPage(ctx, s, response, token, userRolesList(user.GetId().GetResource()))
		if err == nil {
			return next, nil
		}
		left, err := leftDuringSync(ctx, err, user.GetId(), organizationKey, func(ctx context.Context) error {
			_, err := b.client.GetUser(ctx, user.GetId().GetResource())
			return err
		})
		if left {
			response.rows = nil
			return nil, nil
		}
		return nil, readError(doing, err)
	})
}

// profileText reads a profile value that the list phase wrote.
func profileText(resource *v2.Resource, key string) string {
	return resource.GetProfile().GetFields()[key].GetStringValue()
}
