package connector

import (
	"cmp"
	"context"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

var (
	_ connectorbuilder.ResourceProvisionerV2Limited = (*groupBuilder)(nil)
	_ connectorbuilder.ResourceManagerV2Limited     = (*groupBuilder)(nil)
)

// Grant adds a user or service account to the group.
func (b *groupBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return b.provisionGrant(ctx, principal, entitlement, func(ctx context.Context, r changeRequest) (outcome, error) {
		if err := r.checkGroupMembership(); err != nil {
			return outcome{}, err
		}
		if state, err := b.readMembership(r)(ctx); err == nil && state == stateThere {
			return outcome{already: true}, nil
		}
		if err := b.refuseManagedGroup(ctx, r.resource.GetResource()); err != nil {
			return outcome{}, err
		}
		err := b.consistency.apply(ctx, change{
			write: func(ctx context.Context) error {
				return b.client.AddGroupUser(ctx, r.resource.GetResource(), r.principal.GetResource())
			},
			read: b.readMembership(r), before: stateNotThere, wanted: stateThere,
		})
		return outcome{}, cmp.Or(b.refuseUnoffered(ctx, r.resource.GetResource(), err), err)
	})
}

// Revoke takes a user or service account out of the group.
func (b *groupBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return b.provisionRevoke(ctx, grant, func(ctx context.Context, r changeRequest) (outcome, error) {
		if err := r.checkGroupMembership(); err != nil {
			return outcome{}, err
		}
		return b.revokeMembership(ctx, r)
	})
}

func (b *groupBuilder) revokeMembership(ctx context.Context, r changeRequest) (outcome, error) {
	groupID := r.resource.GetResource()
	err := b.refuseManagedGroup(ctx, groupID)
	switch {
	case isGone(err), err != nil && b.isNoMember(ctx, r):
		return outcome{already: true}, nil
	case err != nil:
		return outcome{}, err
	}
	// The membership is not read first: on a plan without member lists, the API answers 404 for every member.
	var answer error
	err = b.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			answer = b.client.RemoveGroupUser(ctx, groupID, r.principal.GetResource())
			return answer
		},
		read: b.readMembership(r), before: stateThere, wanted: stateNotThere,
	})
	if unoffered := b.refuseUnoffered(ctx, groupID, answer); unoffered != nil {
		return outcome{}, unoffered
	}
	return outcome{already: err == nil && isGone(answer)}, err
}

func (r changeRequest) checkGroupMembership() error {
	if r.slug != slugMember {
		return r.unknownSlugError()
	}
	switch r.principal.GetResourceType() {
	case resourceTypeUser.GetId(), resourceTypeServiceAccount.GetId():
		return nil
	default:
		return r.wrongPrincipalError()
	}
}

func (b *groupBuilder) readMembership(r changeRequest) func(context.Context) (string, error) {
	return presenceOf(func(ctx context.Context) (client.GroupUser, error) {
		return b.client.GetGroupUser(ctx, r.resource.GetResource(), r.principal.GetResource())
	})
}

// refuseManagedGroup refuses a group that belongs to the identity provider: what is changed here would come back, or be
// reported as a mistake there.
func (p provisioning) refuseManagedGroup(ctx context.Context, groupID string) error {
	group, err := p.client.GetGroup(ctx, groupID)
	if err != nil {
		return err
	}
	if managed := group.Managed(); managed != nil && *managed {
		return newError(codes.FailedPrecondition, "the group %s is managed by SCIM: change it in the identity provider", groupID)
	}
	return nil
}

// Create makes a group of the resource's display name. Names need not be unique, and the SDK does not repeat a creation: so
// a group of the name that is there already is another one.
func (b *groupBuilder) Create(ctx context.Context, resource *v2.Resource) (*v2.Resource, annotations.Annotations, error) {
	name := strings.TrimSpace(resource.GetDisplayName())
	if name == "" {
		return nil, nil, newError(codes.InvalidArgument, "a group needs a display name")
	}
	group, err := exclusively(ctx, b.provisioning, "group named "+name, func(ctx context.Context) (client.Group, error) { return b.create(ctx, name) })
	logChange(ctx, "create group", false, err, zap.String("group_id", group.ID))
	if err != nil {
		return nil, nil, changeError("creating a group", err)
	}
	created, err := groupResource(group)
	return created, nil, err
}

func (b *groupBuilder) create(ctx context.Context, name string) (client.Group, error) {
	return createNamed(ctx, b.consistency, creation[client.Group]{
		name: name,
		list: func(ctx context.Context) ([]client.Group, error) {
			page, err := b.client.ListNewestGroups(ctx)
			return page.Items, err
		},
		newestFirst: true,
		create:      func(ctx context.Context) (client.Group, error) { return b.client.CreateGroup(ctx, name) },
		get:         b.client.GetGroup,
		identify:    func(group client.Group) (string, string) { return group.ID, group.Name },
	})
}

// Delete deletes a group.
func (b *groupBuilder) Delete(ctx context.Context, id, _ *v2.ResourceId) (annotations.Annotations, error) {
	return nil, b.delete(ctx, resourceTypeGroup, id, func(ctx context.Context) (bool, error) {
		return b.deleteChecked(ctx,
			func(ctx context.Context) error { return b.refuseManagedGroup(ctx, id.GetResource()) },
			deletionByID(id.GetResource(), b.client.DeleteGroup, b.client.GetGroup))
	})
}
