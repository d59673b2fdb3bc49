package connector

import (
	"cmp"
	"context"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

var (
	_ connectorbuilder.ResourceProvisionerV2Limited = (*groupBuilder)(nil)
	_ connectorbuilder.ResourceManagerV2Limited     = (*groupBuilder)(nil)
)

// Grant adds a user or service account to the group.
func (b *groupBuilder) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	return provisionGrant(ctx, principal, entitlement, func(ctx context.Context, w wish) (granted, error) {
		if err := w.isGroupMembership(); err != nil {
			return granted{}, err
		}
		isMember := b.isMember(w)
		if member, err := isMember(ctx); err == nil && member {
			return granted{already: true}, nil
		}
		if err := b.refuseManaged(ctx, w.what.GetResource()); err != nil {
			return granted{}, err
		}
		err := b.client.AddGroupUser(ctx, w.what.GetResource(), w.who.GetResource())
		err = b.patience.settle(ctx, err, isMember)
		return granted{}, cmp.Or(b.refuseUnoffered(ctx, w.what.GetResource(), err), err)
	})
}

// Revoke takes a user or service account out of the group.
func (b *groupBuilder) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	return provisionRevoke(ctx, grant, func(ctx context.Context, w wish) (revoked, error) {
		if err := w.isGroupMembership(); err != nil {
			return revoked{}, err
		}
		return b.revokeMembership(ctx, w)
	})
}

func (b *groupBuilder) revokeMembership(ctx context.Context, w wish) (revoked, error) {
	groupID := w.what.GetResource()
	err := b.refuseManaged(ctx, groupID)
	switch {
	case isGone(err), err != nil && b.isNoMember(ctx, w):
		return revoked{already: true}, nil
	case err != nil:
		return revoked{}, err
	}
	// Whether somebody is a member is not asked first: on a plan without member lists the API denies it of everybody.
	answer := b.client.RemoveGroupUser(ctx, groupID, w.who.GetResource())
	err = b.patience.settle(ctx, answer, func(ctx context.Context) (bool, error) {
		member, err := b.isMember(w)(ctx)
		return !member, err
	})
	if unoffered := b.refuseUnoffered(ctx, groupID, answer); unoffered != nil {
		return revoked{}, unoffered
	}
	return revoked{already: err == nil && isGone(answer)}, err
}

func (w wish) isGroupMembership() error {
	if w.slug != slugMember {
		return w.unknown()
	}
	switch w.who.GetResourceType() {
	case resourceTypeUser.GetId(), resourceTypeServiceAccount.GetId():
		return nil
	default:
		return w.wrongPrincipal()
	}
}

func (b *groupBuilder) isMember(w wish) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		_, err := b.client.GetGroupUser(ctx, w.what.GetResource(), w.who.GetResource())
		if isGone(err) {
			return false, nil
		}
		return err == nil, err
	}
}

// isNoMember is true only if the API can be believed that somebody is no member.
func (b *groupBuilder) isNoMember(ctx context.Context, w wish) bool {
	member, err := b.isMember(w)(ctx)
	if err != nil || member {
		return false
	}
	_, err = b.client.ListGroupUsers(ctx, w.what.GetResource(), client.Cursor{})
	return err == nil
}

// refuseUnoffered looks into an answer that may mean that the plan or the key does not offer group members at all: then a
// 404 says nothing of anybody, and another key would not help. The lists of members show it.
func (b *groupBuilder) refuseUnoffered(ctx context.Context, groupID string, answer error) error {
	if !mayMeanNoMembersOffered(answer) {
		return nil
	}
	if _, err := b.client.ListGroupUsers(ctx, groupID, client.Cursor{}); !mayMeanNoMembersOffered(err) {
		return nil
	}
	return refusal("OpenAI does not offer the members of groups to this key on this plan: change who is in the group %s in OpenAI's own pages", groupID)
}

// refuseManaged refuses a group that belongs to the identity provider: what is changed here would come back, or be
// reported as a mistake there.
func (b *groupBuilder) refuseManaged(ctx context.Context, groupID string) error {
	group, err := b.client.GetGroup(ctx, groupID)
	if err != nil {
		return err
	}
	if managed := group.Managed(); managed != nil && *managed {
		return refusal("the group %s is managed by SCIM: change it in the identity provider", groupID)
	}
	return nil
}

// Create makes a group of the resource's display name.
func (b *groupBuilder) Create(ctx context.Context, resource *v2.Resource) (*v2.Resource, annotations.Annotations, error) {
	name := strings.TrimSpace(resource.GetDisplayName())
	if name == "" {
		return nil, nil, malformed("a group needs a display name")
	}
	group, err := b.client.CreateGroup(client.Urgent(ctx), name)
	logChange(ctx, "create group", false, err, zap.String("group_id", group.ID))
	if err != nil {
		return nil, nil, refused("creating a group", err)
	}
	created, err := groupResource(group)
	return created, nil, err
}

// Delete deletes a group.
func (b *groupBuilder) Delete(ctx context.Context, id, _ *v2.ResourceId) (annotations.Annotations, error) {
	return nil, deletion{
		resourceType: resourceTypeGroup,
		check:        func(ctx context.Context) error { return b.refuseManaged(ctx, id.GetResource()) },
		remove:       func(ctx context.Context) error { return b.client.DeleteGroup(ctx, id.GetResource()) },
		gone: gone(func(ctx context.Context) (client.Group, error) {
			return b.client.GetGroup(ctx, id.GetResource())
		}),
	}.run(ctx, b.patience, id)
}
