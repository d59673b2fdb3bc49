package connector

import (
	"context"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The API has no endpoint for the organization itself: a key belongs to one, and so does a connector.
const (
	organizationID   = "organization"
	organizationName = "OpenAI"
)

func theOrganization() *v2.ResourceId { return resourceID(resourceTypeOrganization, organizationID) }

type organizationBuilder struct {
	provisioning

	reader *reader
}

func (b *organizationBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeOrganization
}

// List gives the one organization. Its own id shows only in the ids of its predefined roles.
func (b *organizationBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	if parent != nil {
		return nil, nil, nil
	}
	const doing = "listing the organization"
	if opts.PageToken.Token != "" {
		return nil, nil, errForeignPageToken
	}
	s, err := b.reader.of(ctx, opts)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	if err := s.begins(ctx, resourceTypeOrganization); err != nil {
		return nil, nil, failed(doing, err)
	}
	page, err := ask(ctx, s, organizationRolesList(), client.Cursor{})
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	organization, err := organizationResource(page.Items)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	return []*v2.Resource{organization}, nil, nil
}

func organizationResource(roles []client.Role) (*v2.Resource, error) {
	id := openAIOrganizationID(roles)
	rawID := id
	if rawID == "" {
		rawID = organizationID
	}
	return newResource(resourceTypeOrganization, organizationID, rawID, organizationName, nil,
		rs.WithResourceProfile(profile{}.text("organization_id", id)),
		grantsElsewhere(),
		rs.WithAnnotation(
			&v2.ChildResourceType{ResourceTypeId: resourceTypeUser.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeInvitation.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeOrganizationRole.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeGroup.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeProject.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeAPIKey.GetId()},
		),
	)
}

// openAIOrganizationID finds the organization's id at the end of a predefined role's, as in
// role-api-organization-owner__api-organization__org-abc123; "" if there is none.
func openAIOrganizationID(roles []client.Role) string {
	for _, role := range roles {
		if !role.PredefinedRole {
			continue
		}
		if _, id, ok := strings.Cut(role.ID, "__api-organization__"); ok {
			return id
		}
	}
	return ""
}

// StaticEntitlements gives the membership of the organization.
func (b *organizationBuilder) StaticEntitlements(context.Context, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return []*v2.Entitlement{
		ent.NewAssignmentEntitlement(nil, slugMember,
			ent.WithDisplayName("Organization member"),
			ent.WithDescription("Belongs to the OpenAI organization"),
			ent.WithGrantableTo(resourceTypeUser),
		),
	}, nil, nil
}

// Entitlements has nothing to add to the static ones.
func (b *organizationBuilder) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// Grants is not called: the users give them, each of whom is a member.
func (b *organizationBuilder) Grants(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return nil, nil, nil
}
