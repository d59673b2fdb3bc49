package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
)

const profileSCIMManaged = "is_scim_managed"

type groupBuilder struct {
	client   *client.Client
	scope    scope
	patience patience
}

func (b *groupBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeGroup
}

// List gives a page of the organization's groups.
func (b *groupBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	if !b.scope.listsOrganization(parent) {
		return nil, nil, nil
	}
	const doing = "listing the groups"
	token, err := parsePageToken(opts)
	if err != nil {
		return nil, nil, err
	}
	page, err := b.client.ListGroups(ctx, token.Cursor)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	if err := (memory{opts.Session}).rememberGroups(ctx, page.Items); err != nil {
		return nil, nil, failed(doing, err)
	}
	groups, err := resourcesOf(page.Items, groupResource)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	return groups, token.then(page.Next), nil
}

func groupResource(group client.Group) (*v2.Resource, error) {
	p := profile{}.flag(profileSCIMManaged, group.Managed()).text("group_type", group.GroupType)
	return newResource(resourceTypeGroup, group.ID, group.ID, cmp.Or(group.Name, group.ID), theOrganization(), groupTrait(p), createdAt(group.CreatedAt))
}

// Entitlements gives the membership of the group. A SCIM-managed group's is changed in the identity provider only.
func (b *groupBuilder) Entitlements(_ context.Context, group *v2.Resource, _ rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	options := []ent.EntitlementOption{
		ent.WithDisplayName(group.GetDisplayName() + " member"),
		ent.WithDescription("Belongs to the group " + group.GetDisplayName()),
		ent.WithGrantableTo(resourceTypeUser, resourceTypeServiceAccount),
	}
	if group.GetProfile().GetFields()[profileSCIMManaged].GetBoolValue() {
		options = append(options, ent.WithAnnotation(&v2.EntitlementImmutable{}))
	}
	return []*v2.Entitlement{ent.NewAssignmentEntitlement(group, slugMember, options...)}, nil, nil
}

// Grants gives the group's members, and the organization roles that the group holds.
func (b *groupBuilder) Grants(ctx context.Context, group *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	token, err := parsePageToken(opts, stepGroupMembers, stepGroupRoles)
	if err != nil {
		return nil, nil, err
	}
	switch token.Step {
	case stepFirst:
		// The roles are a page of their own, beside the members.
		var siblings []pageToken
		if b.scope.includes(resourceTypeOrganizationRole) {
			siblings = append(siblings, pageToken{Step: stepGroupRoles})
		}
		return b.members(ctx, group, pageToken{Step: stepGroupMembers}, opts, siblings...)
	case stepGroupMembers:
		return b.members(ctx, group, token, opts)
	case stepGroupRoles:
		return b.roles(ctx, group, token, opts)
	default:
		return nil, nil, token.unknown()
	}
}

// members gives a page of the group's members. Where the plan or the key does not offer the list, the group stays
// without members, and a warning says whose access is not shown: of all refusals only this one may yield less than
// everything.
func (b *groupBuilder) members(
	ctx context.Context, group *v2.Resource, token pageToken, opts rs.SyncOpAttrs, siblings ...pageToken,
) ([]*v2.Grant, *rs.SyncOpResults, error) {
	const doing = "listing a group's members"
	page, err := b.client.ListGroupUsers(ctx, group.GetId().GetResource(), token.Cursor)
	if err != nil && token.Cursor.IsZero() && membersNotOffered(err) {
		warn(ctx, "OpenAI does not list the members of this group to this key on this plan; access through the group is not shown for them",
			zap.String("group_id", group.GetId().GetResource()), zap.String("group", group.GetDisplayName()), zap.Error(err))
		return nil, token.then(client.Cursor{}, siblings...), nil
	}
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	ids := make([]string, 0, len(page.Items))
	for _, member := range page.Items {
		ids = append(ids, member.ID)
	}
	principals, err := b.scope.principals(ctx, memory{opts.Session}, ids)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	grants := make([]*v2.Grant, 0, len(ids))
	for _, id := range ids {
		principal, ok := principals[id]
		if !ok {
			token.LeftOut++
			continue
		}
		grants = append(grants, newGrant(group.GetId(), slugMember, principal))
	}
	if page.Next.IsZero() && token.LeftOut > 0 {
		warn(ctx, "members of this group are left out: neither the users nor the service accounts of an active project have them",
			zap.String("group_id", group.GetId().GetResource()), zap.String("group", group.GetDisplayName()), zap.Int("members", token.LeftOut))
	}
	return grants, token.then(page.Next, siblings...), nil
}

// membersNotOffered tells the refusal of a plan without group members. Its body is not documented, so the status alone
// decides: the group was listed a moment ago.
func membersNotOffered(err error) bool {
	code := status.Code(err)
	return code == codes.PermissionDenied || code == codes.NotFound
}

func (b *groupBuilder) roles(ctx context.Context, group *v2.Resource, token pageToken, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	const doing = "listing a group's organization roles"
	roles, err := memory{opts.Session}.roleBook(ctx, organizationKey)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	page, err := b.client.ListGroupRoles(ctx, group.GetId().GetResource(), token.Cursor)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	held := assignment{in: organizationKey, roles: roles, principal: group.GetId()}
	return held.grants(ctx, page.Items), token.then(page.Next), nil
}
