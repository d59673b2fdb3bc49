package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceDeleterV2Limited = (*apiKeyBuilder)(nil)

// Delete deletes an admin key or a project's key. Without a parent it is looked for, the admin keys first.
func (b *apiKeyBuilder) Delete(ctx context.Context, id, parent *v2.ResourceId) (annotations.Annotations, error) {
	ctx = client.Urgent(ctx)
	if parent.GetResourceType() != resourceTypeProject.GetId() {
		found, err := b.deleteAdminKey(ctx, id)
		if found || err != nil {
			return nil, err
		}
	}
	return nil, b.deleteProjectKey(ctx, id, parent)
}

// deleteAdminKey is false if no admin key has the id. The list of admin keys repeats project keys, and so may this.
func (b *apiKeyBuilder) deleteAdminKey(ctx context.Context, id *v2.ResourceId) (bool, error) {
	key, err := b.client.GetAdminAPIKey(ctx, id.GetResource())
	if isGone(err) || err == nil && key.IsProjectKey() {
		return false, nil
	}
	return true, deletion{
		resourceType: resourceTypeAPIKey,
		check: func(context.Context) error {
			if err == nil && b.client.IsOwnKey(key) {
				return refusal("this is the key that the connector itself uses: give the connector another key first")
			}
			return err
		},
		remove: func(ctx context.Context) error { return b.client.DeleteAdminAPIKey(ctx, id.GetResource()) },
		gone: gone(func(ctx context.Context) (client.AdminAPIKey, error) {
			return b.client.GetAdminAPIKey(ctx, id.GetResource())
		}),
	}.run(ctx, b.patience, id)
}

func (b *apiKeyBuilder) deleteProjectKey(ctx context.Context, id, parent *v2.ResourceId) error {
	var projectID string
	var key client.ProjectAPIKey
	return deletion{
		resourceType: resourceTypeAPIKey,
		check: func(ctx context.Context) error {
			var err error
			projectID, err = findProject(ctx, b.client, parent, func(ctx context.Context, projectID string) error {
				var err error
				key, err = b.client.GetProjectAPIKey(ctx, projectID, id.GetResource())
				return err
			})
			if err == nil && key.Owner.OwnerType() == client.OwnerServiceAccount {
				return refusal("the key belongs to the service account %s and cannot be deleted alone: delete the service account", key.Owner.OwnerID())
			}
			return err
		},
		remove: func(ctx context.Context) error {
			return b.client.DeleteProjectAPIKey(ctx, projectID, id.GetResource())
		},
		gone: gone(func(ctx context.Context) (client.ProjectAPIKey, error) {
			return b.client.GetProjectAPIKey(ctx, projectID, id.GetResource())
		}),
	}.run(ctx, b.patience, id)
}
