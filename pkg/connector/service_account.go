package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

type serviceAccountBuilder struct {
	client   *client.Client
	scope    scope
	patience patience
}

func (b *serviceAccountBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeServiceAccount
}

// List gives a page of a project's service accounts.
func (b *serviceAccountBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	projectID, ok := b.scope.listsProject(ctx, parent, resourceTypeServiceAccount)
	if !ok {
		return nil, nil, nil
	}
	return listProject(ctx, b.client, client.RouteServiceAccounts, projectID, opts, "listing a project's service accounts",
		func(ctx context.Context, mem memory, cursor client.Cursor) ([]*v2.Resource, client.Cursor, error) {
			page, err := b.client.ListProjectServiceAccounts(ctx, projectID, cursor)
			if err != nil {
				return nil, client.Cursor{}, err
			}
			if err := mem.rememberServiceAccounts(ctx, projectID, page.Items); err != nil {
				return nil, client.Cursor{}, err
			}
			accounts, err := resourcesOf(page.Items, func(row client.ServiceAccount) (*v2.Resource, error) { return serviceAccountResource(parent, row) })
			return accounts, page.Next, err
		})
}

func serviceAccountResource(project *v2.ResourceId, row client.ServiceAccount) (*v2.Resource, error) {
	acc := account{
		status:      v2.UserTrait_Status_STATUS_ENABLED,
		accountType: v2.UserTrait_ACCOUNT_TYPE_SERVICE,
		createdAt:   row.CreatedAt,
		profile:     profile{}.text("project_id", project.GetResource()).text(profileRole, row.Role),
	}
	return newResource(resourceTypeServiceAccount, row.ID, row.ID, cmp.Or(row.Name, row.ID), project, acc.trait())
}

// Entitlements is not called: the type skips them.
func (b *serviceAccountBuilder) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// Grants has nothing to add: the project gives its service accounts their roles.
func (b *serviceAccountBuilder) Grants(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// GrantsForResourceType has nothing to add.
func (b *serviceAccountBuilder) GrantsForResourceType(context.Context, string, rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return nil, nil, nil
}
