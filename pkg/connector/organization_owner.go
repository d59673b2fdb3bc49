package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	gr "github.com/conductorone/baton-sdk/pkg/types/grant"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// Owners of the organization own every project.

// ownerThroughOrganization is the grant of a project that shows it. It cannot be revoked in the project.
func ownerThroughOrganization(project *v2.ResourceId) *v2.Grant {
	owners := resourceID(resourceTypeOrganizationRole, roleOwner)
	return newGrant(project, slugOwner, owners, gr.WithAnnotation(&v2.GrantImmutable{}), expandThrough(owners, slugAssigned))
}

// predefinedOrganizationRole is the user's own predefined role, "" for none. Where the row does not name one that is
// known, the assignment list does, as it does for a sync.
func (p provisioning) predefinedOrganizationRole(ctx context.Context, user client.User) (string, error) {
	if role := organizationRoleName(user.Role); role != "" {
		return role, nil
	}
	return p.userInOrganization(user.ID).predefined(ctx, roleOwner, roleReader)
}

func (p provisioning) userInOrganization(userID string) principalRoles {
	return p.rolesOf(client.OrganizationPrincipal(client.PrincipalUser, userID))
}

// ownsOrganization tells whether the user owns every project anyway.
func (p provisioning) ownsOrganization(ctx context.Context, userID string) (bool, error) {
	user, err := p.client.GetUser(ctx, userID)
	if err != nil {
		return false, ignoreGone(err)
	}
	role, err := p.predefinedOrganizationRole(ctx, user)
	return role == roleOwner, err
}

// revokeNotHeld ends the revocation of a role that is not held in the project. An owner of the organization, directly or
// through a group, owns the project anyway.
func (p provisioning) revokeNotHeld(ctx context.Context, r changeRequest) (outcome, error) {
	if r.slug != slugOwner {
		return outcome{already: true}, nil
	}
	held, err := p.rolesOf(r.inOrganization()).confirmedAssignment(ctx, roleByName(organizationKey, roleOwner))
	switch {
	case err != nil:
		return outcome{}, err
	case held.direct:
		return outcome{}, r.ownsEveryProject()
	case held.isInherited() && !r.seenDirect:
		return outcome{}, newError(codes.FailedPrecondition,
			"%s owns the organization, and so every project, through the group %s: take the organization role %s from the group, or the member out of the group",
			r.principal.GetResource(), held.sourceIDs(), roleOwner)
	default:
		return outcome{already: true}, nil
	}
}

func (r changeRequest) ownsEveryProject() error {
	return newError(codes.FailedPrecondition, "%s owns the organization and so every project: take the organization role %s from the %s first",
		r.principal.GetResource(), roleOwner, r.principal.GetResourceType())
}
