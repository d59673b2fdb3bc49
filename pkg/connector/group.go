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
	reader   *reader
	patience patience
}

func (b *groupBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeGroup
}

// List gives a page of the organization's groups.
func (b *groupBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	return listOrganization(ctx, b.reader, resourceTypeGroup, parent, opts, groupsList(), "listing the groups", groupResource)
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

// listOfRoles is the second list of a group's grants.
const listOfRoles = "roles"

// Grants gives the group's members, then the organization roles that it holds.
func (b *groupBuilder) Grants(ctx context.Context, group *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	first, err := parsePlace(opts, listOfRoles)
	if err != nil {
		return nil, nil, err
	}
	s, err := b.reader.of(ctx, opts)
	if err != nil {
		return nil, nil, failed("listing a group's access", err)
	}
	g := groupGrants{sync: s, group: group}
	return answerGrants(first, func(found *answer[*v2.Grant], at place) (*place, error) {
		if at.List == listOfRoles {
			return g.roles(ctx, found, at)
		}
		next, err := g.members(ctx, found, at)
		if next == nil && err == nil && s.includes(resourceTypeOrganizationRole) {
			next = &place{List: listOfRoles}
		}
		return next, err
	})
}

// groupGrants gives one group's grants.
type groupGrants struct {
	sync  *syncReader
	group *v2.Resource
}

func (g groupGrants) id() string { return g.group.GetId().GetResource() }

// members gives a page of the group's members. Where the plan or the key does not offer the list, the group stays
// without members, and a warning says whose access is not shown: of all refusals only this one may yield less than
// everything.
func (g groupGrants) members(ctx context.Context, found *answer[*v2.Grant], at place) (*place, error) {
	const doing = "listing a group's members"
	if !g.sync.includes(resourceTypeUser) && !g.sync.includes(resourceTypeServiceAccount) {
		return at.skipped()
	}
	page, err := ask(ctx, g.sync, groupUsersList(g.id()), at.Cursor)
	if err != nil && at.Cursor.IsZero() && membersNotOffered(err) {
		warn(ctx, "OpenAI does not list the members of this group to this key on this plan; access through the group is not shown for them",
			g.fields(zap.Error(err))...)
		return nil, nil
	}
	if err != nil {
		return nil, failed(doing, err)
	}
	ids := make([]string, 0, len(page.Items))
	for _, member := range page.Items {
		ids = append(ids, member.ID)
	}
	principals, err := g.sync.principals(ctx, ids)
	if err != nil {
		return nil, failed(doing, err)
	}
	next, leftOut, err := gather(found, at, page.Items, func(member client.GroupUser) ([]*v2.Grant, bool, error) {
		principal := principals[member.ID]
		if principal == nil {
			return nil, g.sync.missesPrincipals(), nil
		}
		return []*v2.Grant{newGrant(g.group.GetId(), slugMember, principal)}, false, nil
	})
	if next != nil || err != nil {
		return next, err
	}
	if at.LeftOut = leftOut; leftOut > 0 && page.Next.IsZero() {
		warn(ctx, "members of this group are left out: neither the users nor the service accounts of an active project have them",
			g.fields(zap.Int("members", leftOut))...)
	}
	return at.nextPage(page.Next), nil
}

func (g groupGrants) fields(more ...zap.Field) []zap.Field {
	return append([]zap.Field{zap.String("group_id", g.id()), zap.String("group", g.group.GetDisplayName())}, more...)
}

// membersNotOffered tells the refusal of a plan without group members. Its body is not documented, so the status alone
// decides: the group was listed a moment ago.
func membersNotOffered(err error) bool {
	code := status.Code(err)
	return code == codes.PermissionDenied || code == codes.NotFound
}

func (g groupGrants) roles(ctx context.Context, found *answer[*v2.Grant], at place) (*place, error) {
	const doing = "listing a group's organization roles"
	catalog, err := g.sync.organizationRoles(ctx)
	if err != nil {
		return nil, failed(doing, err)
	}
	held := assignment{in: organizationKey, roles: catalog, principal: g.group.GetId()}
	next, err := held.give(ctx, g.sync, found, at, groupRolesList(g.id()))
	if err == nil {
		return next, nil
	}
	left, err := leftMeanwhile(ctx, err, g.group.GetId(), organizationKey, func(ctx context.Context) error {
		_, err := g.sync.api.GetGroup(ctx, g.id())
		return err
	})
	if left {
		return nil, nil
	}
	return nil, failed(doing, err)
}
