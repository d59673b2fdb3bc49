package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

const profileSCIMManaged = "is_scim_managed"

type groupBuilder struct {
	builder
}

// List gives a page of the organization's groups.
func (b *groupBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	return listOrganization(ctx, b.builder, parent, opts, groupsList(), "listing the groups", groupResource)
}

// Get gives a group.
//
// GET /organization/groups/{group_id}.
func (b *groupBuilder) Get(ctx context.Context, id, _ *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		group, err := b.client.GetGroup(ctx, id.GetResource())
		if err != nil {
			return nil, err
		}
		return groupResource(group)
	})
}

func groupResource(group client.Group) (*v2.Resource, error) {
	p := profile{}.flag(profileSCIMManaged, group.Managed()).text("group_type", group.GroupType)
	name := p.name(group.ID, group.Name)
	return newResource(resourceTypeGroup, group.ID, group.ID, name, organizationResourceID(), groupTrait(p), createdAt(group.CreatedAt))
}

// Entitlements gives the membership of the group. A SCIM-managed group's is changed in the identity provider only.
func (b *groupBuilder) Entitlements(_ context.Context, group *v2.Resource, _ rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	options := []ent.EntitlementOption{
		ent.WithDisplayName(entitlementName(group.GetDisplayName(), " member")),
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
	first, err := parsePageToken(opts, listOfRoles)
	if err != nil {
		return nil, nil, err
	}
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return nil, nil, readError("listing a group's access", err)
	}
	g := groupGrants{sync: s, group: group}
	return fillResponse(first, func(response *response[*v2.Grant], token pageToken) (*pageToken, error) {
		if token.List == listOfRoles {
			return g.roles(ctx, response, token)
		}
		next, left, err := g.members(ctx, response, token)
		if next == nil && err == nil && !left && s.includes(resourceTypeOrganizationRole) {
			next = &pageToken{List: listOfRoles}
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
// everything. True means that the group has left meanwhile.
func (g groupGrants) members(ctx context.Context, response *response[*v2.Grant], token pageToken) (*pageToken, bool, error) {
	const doing = "listing a group's members"
	if !g.sync.includes(resourceTypeUser) && !g.sync.includes(resourceTypeServiceAccount) {
		next, err := token.skipped()
		return next, false, err
	}
	page, refused := getPage(ctx, g.sync, groupUsersList(g.id()), token.Cursor)
	if refused != nil {
		left, err := g.membersRefused(ctx, token, refused)
		if err != nil {
			err = readError(doing, err)
		}
		return nil, left, err
	}
	if err := g.membersOffered(ctx); err != nil {
		return nil, false, err
	}
	members := convert(page.Items, func(user client.GroupUser) member { return member{user.ID, user.Email} })
	principals, err := g.sync.principals(ctx, members)
	if err != nil {
		return nil, false, readError(doing, err)
	}
	next, leftOut, err := addRows(response, token, page, func(member client.GroupUser) ([]*v2.Grant, bool, error) {
		principal := principals[member.ID]
		if principal == nil {
			return nil, g.sync.listsAllPrincipals(), nil
		}
		return []*v2.Grant{newGrant(g.group.GetId(), slugMember, principal)}, false, nil
	})
	if next == nil && leftOut > 0 {
		warn(ctx, "members of this group are left out: neither the users nor the service accounts of an active project have them",
			g.fields(zap.Int("members", leftOut))...)
	}
	return next, false, err
}

func (g groupGrants) fields(more ...zap.Field) []zap.Field {
	return append([]zap.Field{zap.String("group_id", g.id()), zap.String("group", g.group.GetDisplayName())}, more...)
}

func (g groupGrants) roles(ctx context.Context, response *response[*v2.Grant], token pageToken) (*pageToken, error) {
	const doing = "listing a group's organization roles"
	catalog, err := g.sync.organizationRoles(ctx)
	if err != nil {
		return nil, readError(doing, err)
	}
	held := assignmentReader{in: organizationKey, roles: catalog, principal: g.group.GetId()}
	next, err := held.addPage(ctx, g.sync, response, token, groupRolesList(g.id()))
	if err == nil {
		return next, nil
	}
	left, err := leftDuringSync(ctx, err, g.group.GetId(), organizationKey, func(ctx context.Context) error {
		_, err := g.sync.api.GetGroup(ctx, g.id())
		return err
	})
	if left {
		return nil, nil
	}
	return nil, readError(doing, err)
}
