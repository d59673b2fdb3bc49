package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
)

// The syncer lists every type once without a parent, and once below each resource that names the type as its child. What
// belongs to the organization is listed in the call without a parent: this call comes for any types of the sync. The
// organization names no children: a targeted sync of it would list everything.

// listOrganization gives a page of resources of the organization. resource gives nil for a row that is left out.
func listOrganization[T any](
	ctx context.Context, b builder, parent *v2.ResourceId, opts rs.SyncOpAttrs, l list[T], doing string, resource func(T) (*v2.Resource, error),
) ([]*v2.Resource, *rs.SyncOpResults, error) {
	if parent != nil {
		return nil, nil, nil
	}
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	if err := s.beginType(ctx, b.resourceType); err != nil {
		return nil, nil, readError(doing, err)
	}
	return listPage(ctx, s, opts, l, doing, resource)
}

// listProject gives a page of resources of a project, or nothing if the project was archived during the sync.
func listProject[T any](
	ctx context.Context, b builder, parent *v2.ResourceId, opts rs.SyncOpAttrs, listOf func(projectID string) list[T], doing string, resource func(T) (*v2.Resource, error),
) ([]*v2.Resource, *rs.SyncOpResults, error) {
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	if parent == nil {
		if err := s.beginType(ctx, b.resourceType); err != nil {
			return nil, nil, readError(doing, err)
		}
	}
	// Which types the sync has is not known yet: this call may come before the one without a parent.
	if parent.GetResourceType() != resourceTypeProject.GetId() || s.excludes(b.resourceType) {
		return nil, nil, nil
	}
	projectID := parent.GetResource()
	resources, results, err := listPage(ctx, s, opts, listOf(projectID), doing, resource)
	if err == nil {
		return resources, results, nil
	}
	archived, err := s.skipArchived(ctx, projectID, err)
	if archived {
		return nil, nil, nil
	}
	return nil, nil, err
}

func listPage[T any](
	ctx context.Context, s *syncReader, opts rs.SyncOpAttrs, l list[T], doing string, resource func(T) (*v2.Resource, error),
) ([]*v2.Resource, *rs.SyncOpResults, error) {
	token, err := parsePageToken(opts)
	if err != nil {
		return nil, nil, err
	}
	page, err := getPage(ctx, s, l, token.Cursor)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	response := newResponse[*v2.Resource]()
	next, _, err := addRows(response, token, page, func(row T) ([]*v2.Resource, bool, error) {
		made, err := resource(row)
		if made == nil || err != nil {
			return nil, false, err
		}
		return []*v2.Resource{made}, false, nil
	})
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	if next == nil {
		return response.rows, &rs.SyncOpResults{}, nil
	}
	return response.rows, next.results(), nil
}
