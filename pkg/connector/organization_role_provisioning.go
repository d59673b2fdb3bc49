package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceProvisionerV2Limited = (*organizationRoleBuilder)(nil)

// Grant gives a role of the organization. A person holds one of owner and reader, which one call switches.
func (b *organizationRoleBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return provisionGrant(ctx, principal, entitlement, func(ctx context.Context, w wish) (granted, error) {
		switch {
		case w.slug != slugAssigned:
			return granted{}, w.unknown()
		case w.who.GetResourceType() == resourceTypeUser.GetId() && w.isPredefinedOrganizationRole():
			return b.switchTo(ctx, w)
		}
		holder, err := b.holder(w)
		if err != nil {
			return granted{}, err
		}
		return holder.grant(ctx, w.organizationRole(), b.client.ListRoles)
	})
}

// Revoke takes a role of the organization. Reader is the least that a person holds.
func (b *organizationRoleBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return provisionRevoke(ctx, grant, func(ctx context.Context, w wish) (revoked, error) {
		switch {
		case w.slug != slugAssigned:
			return revoked{}, w.unknown()
		case w.who.GetResourceType() == resourceTypeUser.GetId() && w.isPredefinedOrganizationRole():
			return b.revokePredefined(ctx, w)
		}
		holder, err := b.holder(w)
		if err != nil {
			return revoked{}, err
		}
		return holder.revoke(ctx, w.organizationRole())
	})
}

func (w wish) isPredefinedOrganizationRole() bool {
	_, ok := predefinedOrganizationRoles[w.what.GetResource()]
	return ok
}

func (w wish) organizationRole() wantedRole {
	if w.isPredefinedOrganizationRole() {
		return roleOfName(organizationKey, w.what.GetResource())
	}
	return roleOfID(w.what.GetResource())
}

func (b *organizationRoleBuilder) holder(w wish) (roleHolder, error) {
	switch w.who.GetResourceType() {
	case resourceTypeUser.GetId():
		return userInOrganization(b.client, b.patience, w.who.GetResource()), nil
	case resourceTypeGroup.GetId():
		return groupInOrganization(b.client, b.patience, w.who.GetResource()), nil
	default:
		return roleHolder{}, w.wrongPrincipal()
	}
}

func (b *organizationRoleBuilder) switchTo(ctx context.Context, w wish) (granted, error) {
	user, err := b.client.GetUser(ctx, w.who.GetResource())
	if err != nil {
		return granted{}, err
	}
	role := w.what.GetResource()
	held, err := predefinedOrganizationRole(ctx, b.client, user)
	switch {
	case err != nil:
		return granted{}, err
	case held == role:
		return granted{already: true}, nil
	}
	if err := refuseServiceAccount(user); err != nil {
		return granted{}, err
	}
	if role == roleReader {
		err = b.makeReader(ctx, user)
	} else {
		err = b.modify(ctx, user.ID, role)
	}
	if err != nil || held == "" {
		return granted{}, err
	}
	before := wish{what: resourceID(resourceTypeOrganizationRole, held), slug: slugAssigned, who: w.who}
	return granted{replaced: &before}, nil
}

func (b *organizationRoleBuilder) revokePredefined(ctx context.Context, w wish) (revoked, error) {
	user, err := b.client.GetUser(ctx, w.who.GetResource())
	if isGone(err) {
		return revoked{already: true}, nil
	}
	if err != nil {
		return revoked{}, err
	}
	role := w.what.GetResource()
	if organizationRoleName(user.Role) != role {
		// Not by the person's own row; by the assignment list it may be held all the same.
		held, err := userInOrganization(b.client, b.patience, user.ID).holds(ctx, w.organizationRole().matches)
		switch {
		case err != nil:
			return revoked{}, err
		case held.row == nil:
			return revoked{already: true}, nil
		case held.inherited():
			return revoked{}, heldThroughGroups(held)
		}
	}
	if role == roleReader {
		return revoked{}, refusal("reader is the least role of the organization and cannot be revoked: delete the account instead")
	}
	if err := refuseServiceAccount(user); err != nil {
		return revoked{}, err
	}
	return revoked{}, b.makeReader(ctx, user)
}

func refuseServiceAccount(user client.User) error {
	if !user.IsServiceAccount {
		return nil
	}
	return refusal("%s is a service account, whose organization role the API cannot change: change it in OpenAI's own pages", user.ID)
}

// makeReader takes the ownership of the organization from the user.
func (b *organizationRoleBuilder) makeReader(ctx context.Context, user client.User) error {
	if organizationRoleName(user.Role) != roleOwner {
		return b.takeAssignedOwnership(ctx, user)
	}
	if err := refuseLastOwner(ctx, b.client, user.ID); err != nil {
		return err
	}
	return b.modify(ctx, user.ID, roleReader)
}

// takeAssignedOwnership is for whom only the assignment list may call an owner. The assignment may outlast the change of
// the row, and whoever loses it is to be a reader all the same.
func (b *organizationRoleBuilder) takeAssignedOwnership(ctx context.Context, user client.User) error {
	holder, owner := userInOrganization(b.client, b.patience, user.ID), roleOfName(organizationKey, roleOwner)
	held, err := holder.holds(ctx, owner.matches)
	if err == nil && held.direct {
		err = refuseLastOwner(ctx, b.client, user.ID)
	}
	if err == nil && organizationRoleName(user.Role) != roleReader {
		err = b.modify(ctx, user.ID, roleReader)
	}
	if err == nil && held.direct {
		err = holder.drop(ctx, owner)
	}
	return err
}

func (b *organizationRoleBuilder) modify(ctx context.Context, userID, role string) error {
	return b.patience.settle(ctx, b.client.ModifyUser(ctx, userID, role), func(ctx context.Context) (bool, error) {
		user, err := b.client.GetUser(ctx, userID)
		if err != nil {
			return false, err
		}
		held, err := predefinedOrganizationRole(ctx, b.client, user)
		return held == role, err
	})
}

// predefinedOrganizationRole is the user's own predefined role, "" for none. Where the row does not name one that is
// known, the assignment list does, as it does for a sync.
func predefinedOrganizationRole(ctx context.Context, api *client.Client, user client.User) (string, error) {
	if role := organizationRoleName(user.Role); role != "" {
		return role, nil
	}
	return userInOrganization(api, nil, user.ID).predefined(ctx, organizationKey, roleOwner, roleReader)
}
