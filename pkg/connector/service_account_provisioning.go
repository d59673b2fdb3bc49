package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
)

var _ connectorbuilder.ResourceDeleterV2Limited = (*serviceAccountBuilder)(nil)

// Delete deletes a service account and with it its keys.
func (b *serviceAccountBuilder) Delete(ctx context.Context, id, parent *v2.ResourceId) (annotations.Annotations, error) {
	return nil, b.delete(ctx, resourceTypeServiceAccount, id, func(ctx context.Context) (bool, error) {
		projectID, err := findProject(ctx, b.client, parent, func(ctx context.Context, projectID string) error {
			_, err := b.client.GetProjectServiceAccount(ctx, projectID, id.GetResource())
			return err
		})
		if err != nil {
			return isGone(err), unlessGone(err)
		}
		return false, b.consistency.apply(ctx, deletionOf(
			func(ctx context.Context) error {
				return b.client.DeleteProjectServiceAccount(ctx, projectID, id.GetResource())
			},
			func(ctx context.Context) error {
				_, err := b.client.GetProjectServiceAccount(ctx, projectID, id.GetResource())
				return err
			}))
	})
}

// errNoProjectHasIt is the error for what no project has.
var errNoProjectHasIt = status.Error(codes.NotFound, "no project has it")

// findProject finds the project that holds something: the parent, if it is given, else the first one in which look does
// not say that it is gone. The command line gives no parent.
func findProject(ctx context.Context, api *client.Client, parent *v2.ResourceId, look func(ctx context.Context, projectID string) error) (string, error) {
	if parent.GetResourceType() == resourceTypeProject.GetId() {
		return parent.GetResource(), look(ctx, parent.GetResource())
	}
	ctx = client.Awaited(ctx) // it may be in the last of thousands of projects
	for cursor := (client.Cursor{}); ; {
		page, err := api.ListProjects(ctx, cursor)
		if err != nil {
			return "", err
		}
		for _, project := range page.Items {
			if err := look(ctx, project.ID); !isGone(err) {
				return project.ID, err
			}
		}
		if page.Next.IsZero() {
			return "", errNoProjectHasIt
		}
		cursor = page.Next
	}
}
