package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// listsProject tells whether a type that belongs to projects is to be listed in a call with this parent, and below
// which project. The API lists such a type project by project, so without projects it cannot be found.
func (s scope) listsProject(ctx context.Context, parent *v2.ResourceId, resourceType *v2.ResourceType) (string, bool) {
	s.warnWithoutProjects(ctx, parent, resourceType)
	if parent.GetResourceType() != resourceTypeProject.GetId() {
		return "", false
	}
	return parent.GetResource(), true
}

func (s scope) warnWithoutProjects(ctx context.Context, parent *v2.ResourceId, resourceType *v2.ResourceType) {
	if parent == nil && !s.includes(resourceTypeProject) {
		warn(ctx, "nothing of this type is listed below projects, because the sync leaves projects out", zap.String("resource_type", resourceType.GetId()))
	}
}

// projectChildren are the types that are listed project by project, each with its route.
var projectChildren = []struct {
	resourceType *v2.ResourceType
	route        client.Route
}{
	{resourceTypeProjectRole, client.RouteProjectRoles},
	{resourceTypeServiceAccount, client.RouteServiceAccounts},
	{resourceTypeAPIKey, client.RouteProjectAPIKeys},
}

// expectedBelow names what is to be listed below a project.
func expectedBelow(opts rs.SyncOpAttrs, projectID string) string {
	return opts.SyncID + "/" + projectID
}

// listProject lists a page of what belongs to a project, or nothing if the project was archived meanwhile.
func listProject(
	ctx context.Context,
	api *client.Client,
	route client.Route,
	projectID string,
	opts rs.SyncOpAttrs,
	doing string,
	list func(ctx context.Context, mem memory, cursor client.Cursor) ([]*v2.Resource, client.Cursor, error),
) ([]*v2.Resource, *rs.SyncOpResults, error) {
	token, err := parseListToken(opts)
	if err != nil {
		return nil, nil, err
	}
	mem := memory{opts.Session}
	resources, next, err := list(ctx, mem, token.Cursor)
	if err == nil {
		if next.IsZero() {
			api.Expect(route, expectedBelow(opts, projectID), 0)
		}
		return resources, token.then(next), nil
	}
	archived, err := mem.skipArchived(ctx, api, projectID, failed(doing, err))
	if archived {
		return nil, nil, nil
	}
	return nil, nil, err
}
