package connector

import (
	"context"
	"fmt"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	gr "github.com/conductorone/baton-sdk/pkg/types/grant"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// provisioning changes the organization. All builders and actions use it.
type provisioning struct {
	client      *client.Client
	consistency consistency
	locks       *changeLocks
}

// outcome is the result of a change that did not fail.
type outcome struct {
	// already says that nothing had to be done.
	already bool
	// replaced is the grant that this one took the place of.
	replaced *changeRequest
	// also is a grant that was needed first.
	also *changeRequest
	// deleted is a resource that ceased to exist.
	deleted *v2.ResourceId
}

// provisionGrant is the frame of every grant: it takes the request apart, waits for what excludes it, logs it once, and puts
// the outcome into the SDK's terms.
func (p provisioning) provisionGrant(
	ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement, grant func(context.Context, changeRequest) (outcome, error),
) ([]*v2.Grant, annotations.Annotations, error) {
	r, err := newChangeRequest(principal, entitlement)
	if err != nil {
		return nil, nil, err
	}
	done, err := p.runChange(ctx, "grant", r, grant)
	if err != nil {
		return nil, nil, changeError(fmt.Sprintf("granting %s to the %s %s", r.entitlementID(), r.principal.GetResourceType(), r.principal.GetResource()), err)
	}
	var annos annotations.Annotations
	grants := []*v2.Grant{newGrant(r.resource, r.slug, r.principal)}
	if done.also != nil {
		grants = append([]*v2.Grant{newGrant(done.also.resource, done.also.slug, done.also.principal)}, grants...)
	}
	if done.replaced != nil {
		annos = gr.AppendGrantReplaced(annos, done.replaced.grantID())
	}
	if done.already {
		annos.Append(&v2.GrantAlreadyExists{})
	}
	return grants, annos, nil
}

// provisionRevoke is the frame of every revocation.
func (p provisioning) provisionRevoke(
	ctx context.Context, grant *v2.Grant, revoke func(context.Context, changeRequest) (outcome, error),
) (annotations.Annotations, error) {
	r, err := newRevocation(grant)
	if err != nil {
		return nil, err
	}
	done, err := p.runChange(ctx, "revoke", r, revoke)
	if err != nil {
		return nil, changeError(fmt.Sprintf("revoking %s from the %s %s", r.entitlementID(), r.principal.GetResourceType(), r.principal.GetResource()), err)
	}
	var annos annotations.Annotations
	if done.already {
		annos.Append(&v2.GrantAlreadyRevoked{})
	}
	if done.deleted != nil {
		annos = rs.AppendResourceDeleted(annos, done.deleted)
	}
	return annos, nil
}

func (p provisioning) runChange(
	ctx context.Context, name string, r changeRequest, change func(context.Context, changeRequest) (outcome, error),
) (outcome, error) {
	done, err := exclusively(ctx, p, r.subject(), func(ctx context.Context) (outcome, error) { return change(ctx, r) })
	logChange(ctx, name, done.already, err,
		zap.String("entitlement_id", r.entitlementID()),
		zap.String("principal_type", r.principal.GetResourceType()), zap.String("principal_id", r.principal.GetResource()))
	return done, err
}

// exclusively makes a change when no other change of the subject runs. Its calls go before those of a sync: a person
// waits for a change.
func exclusively[T any](ctx context.Context, p provisioning, subject string, change func(context.Context) (T, error)) (T, error) {
	release, err := p.locks.acquire(ctx, subject)
	if err != nil {
		var none T
		return none, err
	}
	defer release()
	return change(client.Urgent(ctx))
}
