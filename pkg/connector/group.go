package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

const profileSCIMManaged = "is_scim_managed"

type groupBuilder struct {
	client   *client.Client
	crew     *crew
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
	token, err := parseListToken(opts)
	if err != nil {
		return nil, nil, err
	}
	page, err := b.client.ListGroups(ctx, token.Cursor)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	if err := (memory{opts.Session}).rememberGroups(ctx, token.Page, page.Items); err != nil {
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

// Grants gives one group's.
func (b *groupBuilder) Grants(ctx context.Context, group *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return b.lanes(ctx, opts, only(namedRow{ID: group.GetId().GetResource(), Name: group.GetDisplayName()}))
}

// GrantsForResourceType gives every group's.
func (b *groupBuilder) GrantsForResourceType(ctx context.Context, _ string, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return b.lanes(ctx, opts, listed[namedRow](memory{opts.Session}, resourceTypeGroup))
}

func (b *groupBuilder) lanes(ctx context.Context, opts rs.SyncOpAttrs, groups roster[namedRow]) ([]*v2.Grant, *rs.SyncOpResults, error) {
	l := lanes[namedRow]{
		client: b.client, crew: b.crew, resourceType: resourceTypeGroup, roster: groups, routes: []client.Route{client.RouteGroupUsers},
		page: func(ctx context.Context, row namedRow, token laneToken) (rowPage, error) {
			p := groupPage{client: b.client, scope: b.scope, memory: memory{opts.Session}, group: resourceID(resourceTypeGroup, row.ID), name: row.Name, token: token}
			return p.grants(ctx)
		},
	}
	if b.scope.includes(resourceTypeOrganizationRole) {
		l.routes = append(l.routes, client.RouteGroupRoles)
	}
	return l.grants(ctx, opts)
}

// groupPage is one page of a group's grants: its members, then the organization roles that it holds.
type groupPage struct {
	client *client.Client
	scope  scope
	memory memory
	group  *v2.ResourceId
	name   string
	token  laneToken
}

func (p groupPage) grants(ctx context.Context) (rowPage, error) {
	switch p.token.Step {
	case stepFirst, stepGroupMembers:
		return p.members(ctx)
	case stepGroupRoles:
		return p.roles(ctx)
	default:
		return rowPage{}, errForeignPageToken
	}
}

// members gives a page of the group's members. Where the plan or the key does not offer the list, the group stays
// without members, and a warning says whose access is not shown: of all refusals only this one may yield less than
// everything.
func (p groupPage) members(ctx context.Context) (rowPage, error) {
	const doing = "listing a group's members"
	page, refused := p.client.ListGroupUsers(ctx, p.group.GetResource(), p.token.Cursor)
	if refused != nil {
		notOffered, err := p.membersNotOffered(ctx, refused)
		switch {
		case err != nil:
			return rowPage{}, failed(doing, err)
		case notOffered:
			warn(ctx, "OpenAI does not list the members of this group to this key on this plan; access through the group is not shown for them",
				p.fields(zap.Error(refused))...)
			return p.then(nil, client.Cursor{}), nil
		default:
			return rowPage{asked: true}, nil
		}
	}
	ids := make([]string, 0, len(page.Items))
	for _, member := range page.Items {
		ids = append(ids, member.ID)
	}
	principals, err := p.scope.principals(ctx, p.memory, ids)
	if err != nil {
		return rowPage{}, failed(doing, err)
	}
	grants := make([]*v2.Grant, 0, len(ids))
	for _, id := range ids {
		principal, ok := principals[id]
		if !ok {
			p.token.LeftOut++
			continue
		}
		grants = append(grants, newGrant(p.group, slugMember, principal))
	}
	if page.Next.IsZero() && p.token.LeftOut > 0 {
		warn(ctx, "members of this group are left out: neither the users nor the service accounts of an active project have them",
			p.fields(zap.Int("members", p.token.LeftOut))...)
	}
	return p.then(grants, page.Next), nil
}

func (p groupPage) fields(more ...zap.Field) []zap.Field {
	return append([]zap.Field{zap.String("group_id", p.group.GetResource()), zap.String("group", p.name)}, more...)
}

// then leads from a page of members to the next one, and from the last one to the group's roles.
func (p groupPage) then(grants []*v2.Grant, next client.Cursor) rowPage {
	page := rowPage{grants: grants, asked: true}
	switch {
	case !next.IsZero():
		page.next = p.token.at(place{Step: stepGroupMembers, Cursor: next, LeftOut: p.token.LeftOut})
	case p.scope.includes(resourceTypeOrganizationRole):
		page.next = p.token.at(place{Step: stepGroupRoles})
	}
	return page
}

// membersNotOffered decides about a list of members that was refused: true means that the plan does not offer it, false that
// the group has left meanwhile. Otherwise it gives the error back.
func (p groupPage) membersNotOffered(ctx context.Context, refused error) (bool, error) {
	left, err := leftMeanwhile(ctx, refused, p.group, organizationKey, func(ctx context.Context) error {
		_, err := p.client.GetGroup(ctx, p.group.GetResource())
		return err
	})
	if left {
		return false, nil
	}
	if p.token.Cursor.IsZero() && mayMeanNoMembersOffered(err) {
		return true, nil
	}
	return false, err
}

// mayMeanNoMembersOffered tells an answer that a plan without group members may give, whose body is not documented: a
// refusal of the API for which it names no reason.
func mayMeanNoMembersOffered(err error) bool {
	kind := kindOf(err)
	return kind == client.KindDeniedWithoutReason || kind == client.KindGone
}

func (p groupPage) roles(ctx context.Context) (rowPage, error) {
	const doing = "listing a group's organization roles"
	roles, err := p.memory.roleBook(ctx, organizationKey)
	if err != nil {
		return rowPage{}, failed(doing, err)
	}
	page, err := p.client.ListGroupRoles(ctx, p.group.GetResource(), p.token.Cursor)
	if err != nil {
		left, err := leftMeanwhile(ctx, err, p.group, organizationKey, func(ctx context.Context) error {
			_, err := p.client.GetGroup(ctx, p.group.GetResource())
			return err
		})
		if left {
			return rowPage{asked: true}, nil
		}
		return rowPage{}, failed(doing, err)
	}
	held := assignment{in: organizationKey, roles: roles, principal: p.group}
	found := rowPage{grants: held.grants(ctx, page.Items), asked: true}
	if !page.Next.IsZero() {
		found.next = p.token.at(place{Step: stepGroupRoles, Cursor: page.Next})
	}
	return found, nil
}
