package connector

import (
	"context"
	"errors"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

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
	return newResource(resourceTypeGroup, group.ID, group.ID, name, theOrganization(), groupTrait(p), createdAt(group.CreatedAt))
}

// Entitlements gives the membership of the group. A SCIM-managed group's is changed in the identity provider only.
func (b *groupBuilder) Entitlements(_ context.Context, group *v2.Resource, _ rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	options := []ent.EntitlementOption{
		ent.WithDisplayName(nameOf(group.GetDisplayName(), " member")),
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
		return nil, nil, readError("listing a group's access", err)
	}
	g := groupGrants{sync: s, group: group}
	return answerRows(first, func(found *answer[*v2.Grant], at place) (*place, error) {
		if at.List == listOfRoles {
			return g.roles(ctx, found, at)
		}
		next, left, err := g.members(ctx, found, at)
		if next == nil && err == nil && !left && s.includes(resourceTypeOrganizationRole) {
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
// everything. True means that the group has left meanwhile.
func (g groupGrants) members(ctx context.Context, found *answer[*v2.Grant], at place) (*place, bool, error) {
	const doing = "listing a group's members"
	if !g.sync.includes(resourceTypeUser) && !g.sync.includes(resourceTypeServiceAccount) {
		next, err := at.skipped()
		return next, false, err
	}
	page, refused := ask(ctx, g.sync, groupUsersList(g.id()), at.Cursor)
	if refused != nil {
		left, err := g.membersRefused(ctx, at, refused)
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
	next, leftOut, err := gather(found, at, page, func(member client.GroupUser) ([]*v2.Grant, bool, error) {
		principal := principals[member.ID]
		if principal == nil {
			return nil, g.sync.missesPrincipals(), nil
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

// membersRefused decides about a list of members that was refused. true means that the group has left
// meanwhile, false without an error that the plan does not offer the list, of which it warns.
func (g groupGrants) membersRefused(ctx context.Context, at place, refused error) (bool, error) {
	left, err := leftMeanwhile(ctx, refused, g.group.GetId(), organizationKey, func(ctx context.Context) error {
		_, err := g.sync.api.GetGroup(ctx, g.id())
		return err
	})
	if left {
		return true, nil
	}
	if !at.Cursor.IsZero() || !mayMeanNoMembersOffered(err) {
		return false, err
	}
	// Each side says what it met before it looks at the other's, so that one of two at the same time sees the other.
	if err := g.sync.session.set(ctx, factMembers, keyRefused, g.id()); err != nil {
		return false, err
	}
	offered, _, recallErr := recall[bool](ctx, g.sync.session, factMembers, keyOffered)
	if offered || recallErr != nil {
		return false, errors.Join(err, recallErr)
	}
	warn(ctx, "OpenAI does not list the members of this group to this key on this plan; access through the group is not shown for them",
		g.fields(zap.Error(refused))...)
	return false, nil
}

// keepMembersOffered notes that a group has listed its members, as soon as it has: another page of them may be refused.
func keepMembersOffered(ctx context.Context, s syncSession, _ client.Page[client.GroupUser]) error {
	return s.set(ctx, factMembers, keyOffered, true)
}

// membersOffered is for a group that has listed its members. A plan offers that for all groups or for none, so another one
// that was refused before it was refused for a reason of its own.
func (g groupGrants) membersOffered(ctx context.Context) error {
	const doing = "listing a group's members"
	refused, ok, err := recall[string](ctx, g.sync.session, factMembers, keyRefused)
	if err != nil {
		return readError(doing, err)
	}
	if ok {
		return newError(codes.FailedPrecondition,
			"OpenAI lists the members of the group %q and has refused those of the group %q: run this again, and if it stays, ask OpenAI why", g.id(), refused)
	}
	return nil
}

// mayMeanNoMembersOffered tells an answer that a plan without group members may give, whose body is not documented: a
// refusal of the API for which it names no reason.
func mayMeanNoMembersOffered(err error) bool {
	kind := kindOf(err)
	return kind == client.KindDeniedWithoutReason || kind == client.KindGone
}

func (g groupGrants) roles(ctx context.Context, found *answer[*v2.Grant], at place) (*place, error) {
	const doing = "listing a group's organization roles"
	catalog, err := g.sync.organizationRoles(ctx)
	if err != nil {
		return nil, readError(doing, err)
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
	return nil, readError(doing, err)
}
