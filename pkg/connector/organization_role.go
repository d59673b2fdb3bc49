package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

// organizationRoleExclusion names the group of the predefined roles, of which a user holds one.
const organizationRoleExclusion = "organization-role"

type organizationRoleBuilder struct {
	builder
	noGrants
}

// List gives a page of the organization's roles.
func (b *organizationRoleBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	const doing = "listing the organization's roles"
	roles, results, err := listOrganization(ctx, b.builder, parent, opts, organizationRolesList(), doing, organizationRoleResource)
	if err != nil || results == nil || results.NextPageToken != "" {
		return roles, results, err
	}
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	missing, err := s.unlistedPredefinedRoles(ctx)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	return append(roles, missing...), results, nil
}

// Get gives a role. A predefined one goes by its name here, and is found in the list only.
//
// GET /organization/roles/{role_id}, or GET /organization/roles for owner and reader.
func (b *organizationRoleBuilder) Get(ctx context.Context, id, _ *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		if _, predefined := predefinedOrganizationRoles[id.GetResource()]; predefined {
			return b.getPredefined(ctx, id.GetResource())
		}
		role, err := b.client.GetRole(ctx, client.OrganizationScope(), id.GetResource())
		switch {
		case err != nil:
			return nil, err
		case predefinedIn(organizationKey)(role) != "":
			return nil, errNotThere // it goes by its name
		default:
			return organizationRoleResource(role)
		}
	})
}

func (b *organizationRoleBuilder) getPredefined(ctx context.Context, name string) (*v2.Resource, error) {
	predefined := predefinedIn(organizationKey)
	listed, err := b.findRole(ctx, client.OrganizationScope(), func(role client.Role) bool { return predefined(role) == name })
	if err != nil {
		return nil, err
	}
	return organizationRoleResource(*cmp.Or(listed, unlistedRole(name)))
}

// unlistedPredefinedRoles gives the predefined roles that the API's list left out. The users' rows name them all the same.
func (s *syncReader) unlistedPredefinedRoles(ctx context.Context) ([]*v2.Resource, error) {
	catalog, err := s.roleCatalog(ctx, organizationRolesList(), organizationKey)
	if err != nil {
		return nil, err
	}
	listed := map[string]bool{}
	for _, name := range catalog {
		listed[name] = true
	}
	var roles []*v2.Resource
	for _, name := range []string{roleOwner, roleReader} {
		if listed[name] {
			continue
		}
		role, err := organizationRoleResource(*unlistedRole(name))
		if err != nil {
			return nil, err
		}
		roles = append(roles, role)
	}
	return roles, nil
}

func organizationRoleResource(role client.Role) (*v2.Resource, error) {
	id, err := organizationRoleID(role)
	if err != nil {
		return nil, err
	}
	name, p := role.Name, roleProfile(role)
	if predefined, ok := predefinedOrganizationRoles[id]; ok {
		name = predefined.displayName
	}
	name = p.name(id, name)
	return newResource(resourceTypeOrganizationRole, id, cmp.Or(role.ID, id), name, organizationResourceID(), roleTrait(p), description(role.Description), skipGrants())
}

func roleProfile(role client.Role) profile {
	return profile{"predefined": isPredefined(role)}.
		text("role_id", role.ID).
		list("permissions", role.Permissions).
		text("description", role.Description)
}

// Entitlements gives the assignment of the role. Owner and reader exclude each other for a user, a group may hold
// neither, so none is the default.
func (b *organizationRoleBuilder) Entitlements(_ context.Context, role *v2.Resource, _ rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	options := []ent.EntitlementOption{
		ent.WithDisplayName(entitlementName(role.GetDisplayName(), " role")),
		ent.WithDescription("Holds the role " + role.GetDisplayName() + " in the OpenAI organization"),
		ent.WithGrantableTo(resourceTypeUser, resourceTypeGroup),
	}
	if predefined, ok := predefinedOrganizationRoles[role.GetId().GetResource()]; ok {
		options = append(options, ent.WithExclusionGroupOrder(organizationRoleExclusion, predefined.order))
	}
	return []*v2.Entitlement{ent.NewAssignmentEntitlement(role, slugAssigned, options...)}, nil, nil
}
