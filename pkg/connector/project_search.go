package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
)

// errInNoProject is the error for something that no project has.
var errInNoProject = status.Error(codes.NotFound, "no project has it")

// findProject finds the project that a change needs: the parent, if it is given, else the first project in which look finds
// something. The command line gives no parent.
func findProject(ctx context.Context, api *client.Client, parent *v2.ResourceId, look func(ctx context.Context, projectID string) error) (string, error) {
	if parent.GetResourceType() == resourceTypeProject.GetId() {
		return parent.GetResource(), look(ctx, parent.GetResource())
	}
	ctx = client.Awaited(ctx) // it may be in the last of thousands of projects
	for project, err := range eachRow(pages(ctx, api.ListProjects)) {
		if err != nil {
			return "", err
		}
		err := look(ctx, project.ID)
		if elsewhere, askErr := mayBeElsewhere(ctx, api, project.ID, err); askErr != nil || !elsewhere {
			return project.ID, cmp.Or(askErr, err)
		}
	}
	return "", errInNoProject
}

// getInProject gets a resource of an active project: of the parent, if it is given, else of the first project that has it.
func getInProject(
	ctx context.Context, api *client.Client, parent *v2.ResourceId, get func(ctx context.Context, project *v2.ResourceId) (*v2.Resource, error),
) (*v2.Resource, error) {
	if parent.GetResourceType() == resourceTypeProject.GetId() {
		if _, err := getActiveProject(ctx, api, parent.GetResource()); err != nil {
			return nil, err
		}
		return get(ctx, parent)
	}
	for project, err := range eachRow(pages(ctx, api.ListProjects)) {
		if err != nil {
			return nil, err
		}
		if project.Status == client.ProjectArchived {
			continue
		}
		resource, err := get(ctx, resourceID(resourceTypeProject, project.ID))
		if elsewhere, askErr := mayBeElsewhere(ctx, api, project.ID, err); askErr != nil || !elsewhere {
			return resource, cmp.Or(askErr, err)
		}
	}
	return nil, errNotThere
}

// mayBeElsewhere tells whether a project does not have what is looked for: it is not there, or the project was archived
// meanwhile.
func mayBeElsewhere(ctx context.Context, api *client.Client, projectID string, err error) (bool, error) {
	if kindOf(err) == client.KindProjectArchived {
		return projectIsArchived(ctx, api, projectID, err)
	}
	return isGone(err), nil
}
