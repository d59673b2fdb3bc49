package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"google.golang.org/grpc/codes"
)

var _ connectorbuilder.ResourceProvisionerV2Limited = (*organizationBuilder)(nil)

// Grant cannot make anybody a member: people join by invitation.
func (b *organizationBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return b.provisionGrant(ctx, principal, entitlement, func(ctx context.Context, r changeRequest) (outcome, error) {
		if err := r.checkMembership(); err != nil {
			return outcome{}, err
		}
		_, err := b.client.GetUser(ctx, r.principal.GetResource())
		if isGone(err) {
			return outcome{}, newError(codes.FailedPrecondition, "%s is not a member of the organization: create the account instead, which invites the person", r.principal.GetResource())
		}
		return outcome{already: true}, err
	})
}

// Revoke takes the user out of the organization.
func (b *organizationBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return b.provisionRevoke(ctx, grant, func(ctx context.Context, r changeRequest) (outcome, error) {
		if err := r.checkMembership(); err != nil {
			return outcome{}, err
		}
		already, err := b.deleteUser(ctx, r.principal.GetResource())
		if err != nil || already {
			return outcome{already: already}, err
		}
		return outcome{deleted: r.principal}, nil
	})
}

func (r changeRequest) checkMembership() error {
	switch {
	case r.resource.GetResource() != organizationID:
		return newError(codes.InvalidArgument, "the organization of this connector has the id %s, and not %q", organizationID, r.resource.GetResource())
	case r.slug != slugMember:
		return r.unknownSlugError()
	case r.principal.GetResourceType() != resourceTypeUser.GetId():
		return r.wrongPrincipalError()
	default:
		return nil
	}
}
