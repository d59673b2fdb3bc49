package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceProvisionerV2Limited = (*organizationBuilder)(nil)

// Grant cannot make anybody a member: people join by invitation.
func (b *organizationBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return provisionGrant(ctx, principal, entitlement, func(ctx context.Context, w wish) (granted, error) {
		if err := w.isMembership(); err != nil {
			return granted{}, err
		}
		_, err := b.client.GetUser(ctx, w.who.GetResource())
		if isGone(err) {
			return granted{}, refusal("%s is not a member of the organization: create the account instead, which invites the person", w.who.GetResource())
		}
		return granted{already: true}, err
	})
}

// Revoke takes the user out of the organization.
func (b *organizationBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return provisionRevoke(ctx, grant, func(ctx context.Context, w wish) (revoked, error) {
		if err := w.isMembership(); err != nil {
			return revoked{}, err
		}
		already, err := deleteUser(ctx, b.client, b.patience, w.who.GetResource())
		if err != nil || already {
			return revoked{already: already}, err
		}
		return revoked{deleted: w.who}, nil
	})
}

func (w wish) isMembership() error {
	switch {
	case w.slug != slugMember:
		return w.unknown()
	case w.who.GetResourceType() != resourceTypeUser.GetId():
		return w.wrongPrincipal()
	default:
		return nil
	}
}

// deleteUser takes a user out of the organization; true means that nothing had to be done.
func deleteUser(ctx context.Context, api *client.Client, p patience, userID string) (bool, error) {
	err := checkDeletion(ctx, api, userID)
	if isGone(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, p.settle(ctx, api.DeleteUser(ctx, userID), gone(func(ctx context.Context) (client.User, error) {
		return api.GetUser(ctx, userID)
	}))
}

// checkDeletion reads the user and refuses the last owner.
func checkDeletion(ctx context.Context, api *client.Client, userID string) error {
	user, err := api.GetUser(ctx, userID)
	if err != nil {
		return err
	}
	role, err := predefinedOrganizationRole(ctx, api, user)
	if err != nil || role != roleOwner {
		return err
	}
	return refuseLastOwner(ctx, api, userID)
}

// refuseLastOwner guards the organization's last owner. What the API would do is not documented, and nobody could undo
// it. So only those count whose row says that they are owners and can act as such.
func refuseLastOwner(ctx context.Context, api *client.Client, userID string) error {
	for cursor := (client.Cursor{}); ; {
		page, err := api.ListUsers(ctx, cursor)
		if err != nil {
			return err
		}
		for _, other := range page.Items {
			if other.ID != userID && !other.IsServiceAccount && organizationRoleName(other.Role) == roleOwner && other.Active() {
				return nil
			}
		}
		if page.Next.IsZero() {
			return refusal("%s is the last owner of the organization, not counting service accounts and disabled accounts: make somebody else an owner first", userID)
		}
		cursor = page.Next
	}
}
