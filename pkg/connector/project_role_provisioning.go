package connector

import (
	"context"
	"fmt"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceProvisionerV2Limited = (*projectRoleBuilder)(nil)

// Grant gives a custom role of a project. It needs the membership of the project. So a principal that is not in the
// project becomes a member first.
func (b *projectRoleBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return b.provisionGrant(ctx, principal, entitlement, func(ctx context.Context, r changeRequest) (outcome, error) {
		c, err := b.customRole(ctx, r)
		if err != nil {
			return outcome{}, err
		}
		switch r.principal.GetResourceType() {
		case resourceTypeUser.GetId(), resourceTypeGroup.GetId():
			return c.grant(ctx)
		case resourceTypeServiceAccount.GetId():
			if held, err := c.roles().assignmentOrNone(ctx, c.role); err != nil || held.direct {
				return outcome{already: err == nil}, err
			}
			return outcome{}, newError(codes.FailedPrecondition, "the API cannot give a custom role to a service account: grant member or owner of the project, or give the role in OpenAI's own pages")
		default:
			return outcome{}, r.wrongPrincipalError()
		}
	})
}

// Revoke takes a custom role of a project. The membership stays.
func (b *projectRoleBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return b.provisionRevoke(ctx, grant, func(ctx context.Context, r changeRequest) (outcome, error) {
		c, err := b.customRole(ctx, r)
		if err != nil {
			return outcome{}, err
		}
		switch r.principal.GetResourceType() {
		case resourceTypeUser.GetId(), resourceTypeServiceAccount.GetId():
			return c.roles().revoke(ctx, r, c.role)
		case resourceTypeGroup.GetId():
			return c.group().revoke(ctx, c.role)
		default:
			return outcome{}, r.wrongPrincipalError()
		}
	})
}

// customRole is a custom role of a project and who is to hold it.
type customRole struct {
	provisioning
	request   changeRequest
	projectID string
	role      requestedRole
}

func (p provisioning) customRole(ctx context.Context, r changeRequest) (customRole, error) {
	if r.slug != slugAssigned {
		return customRole{}, r.unknownSlugError()
	}
	projectID, roleID, err := splitProjectRoleID(ctx, p.client, r.resource.GetResource(), r.parent)
	if err == nil {
		err = r.refusePredefinedID(projectID, roleID)
	}
	return customRole{provisioning: p, request: r, projectID: projectID, role: roleByID(roleID)}, err
}

func (c customRole) roles() principalRoles { return c.rolesOf(c.request.inProject(c.projectID)) }

func (c customRole) group() projectGroup { return c.projectGroup(c.request.inProject(c.projectID)) }

func (c customRole) grant(ctx context.Context) (outcome, error) {
	held, err := c.roles().assignmentOrNone(ctx, c.role)
	if err != nil || held.direct {
		return outcome{already: err == nil}, err
	}
	joined, err := c.join(ctx)
	if err != nil {
		return outcome{}, err
	}
	err = c.assign(ctx, joined)
	if joined.granted != nil && kindOf(err) == client.KindNoAnswer {
		// The SDK repeats the whole grant, which then cannot tell any more that the membership is of its making.
		err = c.assign(ctx, joined)
	}
	if err != nil && joined.granted != nil {
		return outcome{}, fmt.Errorf("%s is now a member of the project %s, but does not have the custom role: %w", c.request.principal.GetResource(), c.projectID, err)
	}
	return outcome{also: joined.granted}, err
}

func (c customRole) assign(ctx context.Context, joined joinResult) error {
	assignment := c.roles().assignChange(c.role, c.role.id)
	if joined.isRecent {
		assign := assignment.write
		assignment.write = func(ctx context.Context) error { return c.consistency.retryUntilKnown(ctx, assign) }
	}
	return c.consistency.apply(ctx, assignment)
}

// join makes the principal a member of the project unless it is in it already. An owner of the organization always is.
func (c customRole) join(ctx context.Context) (joinResult, error) {
	membership := changeRequest{resource: resourceID(resourceTypeProject, c.projectID), slug: slugMember, principal: c.request.principal}
	check := func(ctx context.Context) error { return c.roles().checkRoleExists(ctx, c.role) }
	if c.request.principal.GetResourceType() == resourceTypeGroup.GetId() {
		return c.group().join(ctx, membership, check)
	}
	user := c.projectUser(membership)
	owner, err := user.ownsOrganization(ctx, user.userID)
	if err != nil || owner {
		return joinResult{}, err
	}
	return user.join(ctx, check)
}
