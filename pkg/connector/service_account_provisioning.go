package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceDeleterV2Limited = (*serviceAccountBuilder)(nil)

// Delete deletes a service account and with it its keys.
func (b *serviceAccountBuilder) Delete(ctx context.Context, id, parent *v2.ResourceId) (annotations.Annotations, error) {
	return nil, b.delete(ctx, resourceTypeServiceAccount, id, func(ctx context.Context) (bool, error) {
		projectID, err := b.projectOfServiceAccount(ctx, id, parent)
		if err != nil {
			return isGone(err), ignoreGone(err)
		}
		return false, b.consistency.apply(ctx, deletionOf(
			func(ctx context.Context) error {
				return b.client.DeleteProjectServiceAccount(ctx, projectID, id.GetResource())
			},
			func(ctx context.Context) (client.ServiceAccount, error) {
				return b.client.GetProjectServiceAccount(ctx, projectID, id.GetResource())
			}))
	})
}

func (p provisioning) projectOfServiceAccount(ctx context.Context, id, parent *v2.ResourceId) (string, error) {
	return findProject(ctx, p.client, parent, func(ctx context.Context, projectID string) error {
		_, err := p.client.GetProjectServiceAccount(ctx, projectID, id.GetResource())
		return err
	})
}
