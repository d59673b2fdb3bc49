package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceDeleterV2Limited = (*apiKeyBuilder)(nil)

// Delete deletes an admin key or a project's key. The parent tells which one it is. Without a parent it is looked for, the
// admin keys first.
func (b *apiKeyBuilder) Delete(ctx context.Context, id, parent *v2.ResourceId) (annotations.Annotations, error) {
	return nil, b.delete(ctx, resourceTypeAPIKey, id, func(ctx context.Context) (bool, error) {
		if parent.GetResourceType() == resourceTypeProject.GetId() {
			return b.deleteProjectKey(ctx, id.GetResource(), parent)
		}
		key, err := b.client.GetAdminAPIKey(ctx, id.GetResource())
		switch {
		case isGone(err) && parent.GetResourceType() == resourceTypeOrganization.GetId():
			return true, nil
		case isGone(err), err == nil && key.IsProjectKey():
			// The list of admin keys repeats project keys, and so may this.
			return b.deleteProjectKey(ctx, id.GetResource(), parent)
		case err != nil:
			return false, err
		default:
			return b.deleteAdminKey(ctx, key)
		}
	})
}

func (b *apiKeyBuilder) deleteAdminKey(ctx context.Context, key client.AdminAPIKey) (bool, error) {
	if b.client.IsOwnKey(key) {
		return false, newError(codes.FailedPrecondition, "this is the key that the connector itself uses: give the connector another key first")
	}
	return false, b.deleteKeyOfOrganization(ctx, key.ID)
}

func (p provisioning) deleteKeyOfOrganization(ctx context.Context, id string) error {
	return p.consistency.apply(ctx, deletionByID(id, p.client.DeleteAdminAPIKey, p.client.GetAdminAPIKey))
}

func (b *apiKeyBuilder) deleteProjectKey(ctx context.Context, id string, parent *v2.ResourceId) (bool, error) {
	var key client.ProjectAPIKey
	projectID, err := findProject(ctx, b.client, parent, func(ctx context.Context, projectID string) error {
		var err error
		key, err = b.client.GetProjectAPIKey(ctx, projectID, id)
		return err
	})
	switch {
	case isGone(err):
		return true, nil
	case err != nil:
		return false, err
	}
	err = b.deleteKeyOfProject(ctx, projectID, id)
	if key.Owner.OwnerType() == client.OwnerServiceAccount && kindOf(err) == client.KindRefused {
		return false, newError(codes.FailedPrecondition, "OpenAI does not delete a key of the service account %s alone: delete the service account to end its keys: %w",
			key.Owner.OwnerID(), err)
	}
	return false, err
}

// deleteKeyOfProject deletes a key, whosever it is. OpenAI documents that it refuses to delete one of a service account, in
// words that are older than the way to give an account several: so it is asked.
func (p provisioning) deleteKeyOfProject(ctx context.Context, projectID, id string) error {
	return p.consistency.apply(ctx, deletionOf(
		func(ctx context.Context) error { return p.client.DeleteProjectAPIKey(ctx, projectID, id) },
		func(ctx context.Context) (client.ProjectAPIKey, error) {
			return p.client.GetProjectAPIKey(ctx, projectID, id)
		}))
}
