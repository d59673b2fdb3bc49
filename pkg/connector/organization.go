package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The API has no endpoint for the organization itself: a key belongs to one, and so does a connector.
const (
	organizationID   = "organization"
	organizationName = "OpenAI"
)

func organizationResourceID() *v2.ResourceId {
	return resourceID(resourceTypeOrganization, organizationID)
}

type organizationBuilder struct {
	builder
	noGrants
}

// List gives the one organization. Its own id shows only in the ids of its predefined roles, so that it is not known where
// these are no part of the sync.
func (b *organizationBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	if parent != nil {
		return nil, nil, nil
	}
	const doing = "listing the organization"
	if opts.PageToken.Token != "" {
		return nil, nil, errForeignPageToken
	}
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	if err := s.beginType(ctx, resourceTypeOrganization); err != nil {
		return nil, nil, readError(doing, err)
	}
	roles, err := s.rolesWithOrganizationID(ctx, func(ctx context.Context) (client.Page[client.Role], error) {
		return getPage(ctx, s, organizationRolesList(), client.Cursor{})
	})
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	organization, err := organizationResource(roles)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	return []*v2.Resource{organization}, nil, nil
}

// Get gives the organization.
//
// GET /organization/roles, where the organization's own id shows.
func (b *organizationBuilder) Get(ctx context.Context, id, _ *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		if id.GetResource() != organizationID {
			return nil, errNotThere
		}
		roles, err := b.reader.rolesWithOrganizationID(ctx, func(ctx context.Context) (client.Page[client.Role], error) {
			return b.client.ListRoles(ctx, client.OrganizationScope(), client.Cursor{})
		})
		if err != nil {
			return nil, err
		}
		return organizationResource(roles)
	})
}

func organizationResource(roles []client.Role) (*v2.Resource, error) {
	id := openAIOrganizationID(roles)
	rawID := id
	if rawID == "" {
		rawID = organizationID
	}
	return newResource(resourceTypeOrganization, organizationID, rawID, organizationName, nil,
		rs.WithResourceProfile(profile{}.text("organization_id", id)),
		skipGrants(),
	)
}

// Entitlements gives the membership of the organization.
func (b *organizationBuilder) Entitlements(_ context.Context, organization *v2.Resource, _ rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return []*v2.Entitlement{
		ent.NewAssignmentEntitlement(organization, slugMember,
			ent.WithDisplayName("Organization member"),
			ent.WithDescription("Belongs to the OpenAI organization"),
			ent.WithGrantableTo(resourceTypeUser),
		),
	}, nil, nil
}
