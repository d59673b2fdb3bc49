package connector

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// What owners of the organization are, for changes: the organization keeps one, and they own every project.

// keepingAnOwner makes a change by which the user ceases to be an owner, unless it is the last one. Two owners who take each
// other's place away would both find the other one there, so that such changes go one after the other.
func (p provisioning) keepingAnOwner(ctx context.Context, userID string, change func(context.Context) error) error {
	_, err := inTurn(ctx, p, aboutOwners, func(ctx context.Context) (struct{}, error) {
		if err := p.refuseLastOwner(ctx, userID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, change(ctx)
	})
	return err
}

// refuseLastOwner guards the organization's last owner. What the API would do is not documented, and nobody could undo
// it. So only those count whose row says that they are owners and can act as such. The API has no list of owners: the users
// are walked until there is one.
func (p provisioning) refuseLastOwner(ctx context.Context, userID string) error {
	for other, err := range eachRow(pages(ctx, urgentFirst(p.client.ListUsers))) {
		if err != nil {
			return err
		}
		if other.ID == userID || !standsInAsOwner(other) {
			continue
		}
		// A list may show what was there before the last change, which has been read back by the id.
		other, err := p.client.GetUser(ctx, other.ID)
		if err := unlessGone(err); err != nil {
			return err
		}
		if err == nil && standsInAsOwner(other) {
			return nil
		}
	}
	return newError(codes.FailedPrecondition, "%s is the last owner of the organization, not counting service accounts and disabled accounts: make somebody else an owner first", userID)
}

func standsInAsOwner(user client.User) bool {
	return !user.IsServiceAccount && organizationRoleName(user.Role) == roleOwner && user.Active()
}

// predefinedOrganizationRole is the user's own predefined role, "" for none. Where the row does not name one that is
// known, the assignment list does, as it does for a sync.
func (p provisioning) predefinedOrganizationRole(ctx context.Context, user client.User) (string, error) {
	if role := organizationRoleName(user.Role); role != "" {
		return role, nil
	}
	return p.userInOrganization(user.ID).predefined(ctx, organizationKey, roleOwner, roleReader)
}

func (p provisioning) userInOrganization(userID string) principalRoles {
	return p.rolesOf(client.OrganizationPrincipal(client.PrincipalUser, userID))
}

// ownsOrganization tells whether the user owns every project anyway.
func (p provisioning) ownsOrganization(ctx context.Context, userID string) (bool, error) {
	user, err := p.client.GetUser(ctx, userID)
	if err != nil {
		return false, unlessGone(err)
	}
	role, err := p.predefinedOrganizationRole(ctx, user)
	return role == roleOwner, err
}

// revokeNotHeld is the end of a revocation of a role that is not held in the project: whoever owns the organization,
// directly or through a group, owns the project all the same.
func (p provisioning) revokeNotHeld(ctx context.Context, r changeRequest) (outcome, error) {
	if r.slug != slugOwner {
		return outcome{already: true}, nil
	}
	held, err := p.rolesOf(r.inOrganization()).assignmentUnlessGone(ctx, roleOfName(organizationKey, roleOwner))
	switch {
	case err != nil:
		return outcome{}, err
	case held.direct:
		return outcome{}, r.ownsEveryProject()
	case held.inherited() && !r.seenDirect:
		return outcome{}, newError(codes.FailedPrecondition,
			"%s owns the organization, and so every project, through the group %s: take the organization role %s from the group, or the member out of the group",
			r.principal.GetResource(), held.through(), roleOwner)
	default:
		return outcome{already: true}, nil
	}
}

func (r changeRequest) ownsEveryProject() error {
	return newError(codes.FailedPrecondition, "%s owns the organization and so every project: take the organization role %s from the %s first",
		r.principal.GetResource(), roleOwner, r.principal.GetResourceType())
}
