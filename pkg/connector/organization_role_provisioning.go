package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceProvisionerV2Limited = (*organizationRoleBuilder)(nil)

// Grant gives a role of the organization. A person holds one of owner and reader, which one call switches.
func (b *organizationRoleBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return b.provisionGrant(ctx, principal, entitlement, func(ctx context.Context, r changeRequest) (outcome, error) {
		switch err := r.checkOrganizationRole(); {
		case err != nil:
			return outcome{}, err
		case r.principal.GetResourceType() == resourceTypeUser.GetId() && r.isPredefinedOrganizationRole():
			return b.switchRole(ctx, r)
		default:
			return b.rolesOf(r.inOrganization()).grant(ctx, r.organizationRole())
		}
	})
}

// Revoke takes a role of the organization. Reader is the least that a person holds.
func (b *organizationRoleBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return b.provisionRevoke(ctx, grant, func(ctx context.Context, r changeRequest) (outcome, error) {
		switch err := r.checkOrganizationRole(); {
		case err != nil:
			return outcome{}, err
		case r.principal.GetResourceType() == resourceTypeUser.GetId() && r.isPredefinedOrganizationRole():
			return b.revokePredefined(ctx, r)
		default:
			return b.rolesOf(r.inOrganization()).revoke(ctx, r, r.organizationRole())
		}
	})
}

func (r changeRequest) checkOrganizationRole() error {
	if r.slug != slugAssigned {
		return r.unknownSlugError()
	}
	switch r.principal.GetResourceType() {
	case resourceTypeUser.GetId(), resourceTypeGroup.GetId():
		return r.refusePredefinedID(organizationKey, r.resource.GetResource())
	default:
		return r.wrongPrincipalError()
	}
}

func (r changeRequest) isPredefinedOrganizationRole() bool {
	_, ok := predefinedOrganizationRoles[r.resource.GetResource()]
	return ok
}

func (r changeRequest) organizationRole() requestedRole {
	if r.isPredefinedOrganizationRole() {
		return roleByName(organizationKey, r.resource.GetResource())
	}
	return roleByID(r.resource.GetResource())
}

func (b *organizationRoleBuilder) switchRole(ctx context.Context, r changeRequest) (outcome, error) {
	user, err := b.client.GetUser(ctx, r.principal.GetResource())
	if err != nil {
		return outcome{}, err
	}
	role := r.resource.GetResource()
	before, err := b.predefinedOrganizationRole(ctx, user)
	switch {
	case err != nil:
		return outcome{}, err
	case before == role && role == roleReader && organizationRoleName(user.Role) == roleReader:
		// An assignment may make the reader an owner all the same: one that an earlier change did not come to take, say.
		if before, err = b.userInOrganization(user.ID).predefinedBeside(ctx, roleOwner); err != nil || before == "" {
			return outcome{already: err == nil}, err
		}
	case before == role:
		return outcome{already: true}, nil
	}
	if err := refuseServiceAccount(user); err != nil {
		return outcome{}, err
	}
	if role == roleReader {
		var left roleAssignment
		if left, err = b.makeReader(ctx, user, before); left.row != nil {
			before = "" // which a group gives
		}
	} else {
		_, err = b.modifyRole(ctx, user.ID, before, role)
	}
	if err != nil || before == "" {
		return outcome{}, err
	}
	return outcome{replaced: &changeRequest{
		resource: resourceID(resourceTypeOrganizationRole, before), slug: slugAssigned, principal: r.principal,
	}}, nil
}

func (b *organizationRoleBuilder) revokePredefined(ctx context.Context, r changeRequest) (outcome, error) {
	user, err := b.client.GetUser(ctx, r.principal.GetResource())
	if isGone(err) {
		return outcome{already: true}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	role := r.resource.GetResource()
	if organizationRoleName(user.Role) != role {
		// Not by the person's own row; by the assignment list it may be held all the same.
		held, err := b.userInOrganization(user.ID).assignment(ctx, r.organizationRole())
		switch {
		case err != nil:
			return outcome{}, err
		case !held.direct:
			return r.outcomeIfNotDirect(held)
		}
	}
	if role == roleReader {
		return outcome{}, newError(codes.FailedPrecondition, "reader is the least role of the organization and cannot be revoked: delete the account instead")
	}
	if err := refuseServiceAccount(user); err != nil {
		return outcome{}, err
	}
	left, err := b.makeReader(ctx, user, roleOwner)
	if err != nil || left.row == nil {
		return outcome{}, err
	}
	return r.outcomeIfNotDirect(left)
}

func refuseServiceAccount(user client.User) error {
	if !user.IsServiceAccount {
		return nil
	}
	return newError(codes.FailedPrecondition, "%s is a service account, whose organization role the API cannot change: change it in OpenAI's own pages", user.ID)
}

// makeReader takes the ownership of the organization from the user. What it gives is an assignment that turns out to be a group's, which
// stays.
func (b *organizationRoleBuilder) makeReader(ctx context.Context, user client.User, before string) (roleAssignment, error) {
	roles, owner := b.userInOrganization(user.ID), roleByName(organizationKey, roleOwner)
	if organizationRoleName(user.Role) == roleOwner {
		return roleAssignment{}, b.ifNotLastOwner(ctx, user.ID, func(ctx context.Context) error {
			return roles.changeAndUnassign(ctx, roleOwner, func(ctx context.Context) (bool, error) { return b.modifyRole(ctx, user.ID, before, roleReader) })
		})
	}
	// Only the assignment list may call the user an owner. The assignment may outlast the change of the row, and the
	// user has to become a reader as well.
	held, err := roles.assignment(ctx, owner)
	if err != nil {
		return roleAssignment{}, err
	}
	var left roleAssignment
	change := func(ctx context.Context) error {
		if organizationRoleName(user.Role) != roleReader {
			if _, err := b.modifyRole(ctx, user.ID, before, roleReader); err != nil {
				return err
			}
		}
		if !held.direct {
			return nil
		}
		taken, err := roles.unassignOwn(ctx, held, roleOwner)
		if err == nil && !taken {
			left = held
		}
		return err
	}
	if !held.direct {
		return left, change(ctx)
	}
	err = b.ifNotLastOwner(ctx, user.ID, change)
	return left, err
}

// modifyRole changes the role that the user's row names, and tells whether that shows.
func (b *organizationRoleBuilder) modifyRole(ctx context.Context, userID, before, role string) (bool, error) {
	var shown string
	err := b.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			answered, err := b.client.ModifyUser(ctx, userID, role)
			if err != nil {
				return err
			}
			return checkAnsweredRole(organizationRoleName(answered.Role), role)
		},
		read: func(ctx context.Context) (string, error) {
			user, err := b.client.GetUser(ctx, userID)
			if err != nil {
				return "", err
			}
			shown, err = b.predefinedOrganizationRole(ctx, user)
			return shown, err
		},
		before: before, wanted: role,
	})
	return shown == role, err
}
