package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"google.golang.org/grpc/codes"
)

var _ connectorbuilder.ResourceProvisionerV2Limited = (*projectBuilder)(nil)

// Grant gives a predefined role of the project. A user and a service account hold one of them, which one call switches;
// a group may hold several.
func (b *projectBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return b.provisionGrant(ctx, principal, entitlement, func(ctx context.Context, r changeRequest) (outcome, error) {
		if projectRoleName(r.slug) != r.slug {
			return outcome{}, r.unknownSlugError()
		}
		switch r.principal.GetResourceType() {
		case resourceTypeUser.GetId():
			return b.projectUser(r).grant(ctx)
		case resourceTypeServiceAccount.GetId():
			return projectServiceAccount{b.provisioning, r}.grant(ctx)
		case resourceTypeGroup.GetId():
			return b.projectGroup(r.inProject(r.resource.GetResource())).grant(ctx, roleByName(r.resource.GetResource(), r.slug))
		default:
			return outcome{}, r.wrongPrincipalError()
		}
	})
}

// Revoke takes a predefined role of the project, and with it the membership.
func (b *projectBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return b.provisionRevoke(ctx, grant, func(ctx context.Context, r changeRequest) (outcome, error) {
		if projectRoleName(r.slug) != r.slug {
			return outcome{}, r.unknownSlugError()
		}
		switch r.principal.GetResourceType() {
		case resourceTypeUser.GetId():
			return b.projectUser(r).revoke(ctx)
		case resourceTypeServiceAccount.GetId():
			return projectServiceAccount{b.provisioning, r}.revoke(ctx)
		case resourceTypeGroup.GetId():
			done, err := b.projectGroup(r.inProject(r.resource.GetResource())).revoke(ctx, roleByName(r.resource.GetResource(), r.slug))
			if err != nil || !done.already {
				return done, err
			}
			return b.revokeNotHeld(ctx, r)
		case resourceTypeOrganizationRole.GetId():
			return outcome{}, newError(codes.FailedPrecondition, "organization owners own every project: take the organization role %s from the person instead", roleOwner)
		default:
			return outcome{}, r.wrongPrincipalError()
		}
	})
}

// joinResult is how a principal comes to be in a project.
type joinResult struct {
	// isRecent says that the API may not know of it everywhere yet.
	isRecent bool
	// granted is the membership that was granted, nil if none was.
	granted *changeRequest
}
