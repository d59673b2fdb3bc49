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
	user, err := api.GetUser(ctx, userID)
	if isGone(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if err := refuseLastOwner(ctx, api, user); err != nil {
		return false, err
	}
	return false, p.settle(ctx, api.DeleteUser(ctx, userID), gone(func(ctx context.Context) (client.User, error) {
		return api.GetUser(ctx, userID)
	}))
}

// refuseLastOwner guards the organization's last owner. What the API would do is not documented, and nobody could undo
// it.
func refuseLastOwner(ctx context.Context, api *client.Client, user client.User) error {
	if organizationRoleName(user.Role) != roleOwner {
		return nil
	}
	for cursor := (client.Cursor{}); ; {
		page, err := api.ListUsers(ctx, cursor)
		if err != nil {
			return err
		}
		for _, other := range page.Items {
			if other.ID != user.ID && organizationRoleName(other.Role) == roleOwner {
				return nil
			}
		}
		if page.Next.IsZero() {
			return refusal("%s is the last owner of the organization: make somebody else an owner first", user.ID)
		}
		cursor = page.Next
	}
}
