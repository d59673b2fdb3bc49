package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

type serviceAccountBuilder struct {
	builder
	noEntitlements
	noGrants
}

// List gives a page of a project's service accounts.
func (b *serviceAccountBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	return listProject(ctx, b.builder, parent, opts, serviceAccountsList, "listing a project's service accounts",
		func(row client.ServiceAccount) (*v2.Resource, error) { return serviceAccountResource(parent, row) })
}

// Get gives a service account of an active project. Where the project is not given, all are looked through.
//
// GET /organization/projects/{project_id}/service_accounts/{service_account_id}.
func (b *serviceAccountBuilder) Get(ctx context.Context, id, parent *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		return getInProject(ctx, b.client, parent, func(ctx context.Context, project *v2.ResourceId) (*v2.Resource, error) {
			row, err := b.client.GetProjectServiceAccount(ctx, project.GetResource(), id.GetResource())
			if err != nil {
				return nil, err
			}
			return serviceAccountResource(project, row)
		})
	})
}

func serviceAccountResource(project *v2.ResourceId, row client.ServiceAccount) (*v2.Resource, error) {
	acc := account{
		status:      v2.UserTrait_Status_STATUS_ENABLED,
		accountType: v2.UserTrait_ACCOUNT_TYPE_SERVICE,
		createdAt:   row.CreatedAt,
		profile:     profile{}.text("project_id", project.GetResource()).text(profileRole, row.Role),
	}
	name := acc.profile.name(row.ID, row.Name)
	return newResource(resourceTypeServiceAccount, row.ID, row.ID, name, project, acc.trait(), nonHuman(), skipGrants())
}

// StaticEntitlements gives none. It is called once everything has been listed.
func (b *serviceAccountBuilder) StaticEntitlements(ctx context.Context, opts rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, b.requireProjects(ctx, opts)
}
