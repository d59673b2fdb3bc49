package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
)

// The syncer lists every type once without a parent, and once below each resource that names the type as its child. What
// belongs to the organization is listed in the call without a parent, since that one comes whatever the types of the
// sync. The organization names no children: a targeted sync of it would list everything.

// listOrganization gives a page of what belongs to the organization. resource gives nil for what is left out.
func listOrganization[T any](
	ctx context.Context, b builder, parent *v2.ResourceId, opts rs.SyncOpAttrs, l list[T], doing string, resource func(T) (*v2.Resource, error),
) ([]*v2.Resource, *rs.SyncOpResults, error) {
	if parent != nil {
		return nil, nil, nil
	}
	s, err := b.reader.of(ctx, opts)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	if err := s.begins(ctx, b.resourceType); err != nil {
		return nil, nil, readError(doing, err)
	}
	return listPage(ctx, s, opts, l, doing, resource)
}

// listProject gives a page of what belongs to a project, or nothing if the project was archived meanwhile.
func listProject[T any](
	ctx context.Context, b builder, parent *v2.ResourceId, opts rs.SyncOpAttrs, listOf func(projectID string) list[T], doing string, resource func(T) (*v2.Resource, error),
) ([]*v2.Resource, *rs.SyncOpResults, error) {
	s, err := b.reader.of(ctx, opts)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	if parent == nil {
		if err := s.begins(ctx, b.resourceType); err != nil {
			return nil, nil, readError(doing, err)
		}
	}
	if parent.GetResourceType() != resourceTypeProject.GetId() {
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
	at, err := parsePlace(opts)
	if err != nil {
		return nil, nil, err
	}
	page, err := ask(ctx, s, l, at.Cursor)
	if err != nil {
		return nil, nil, readError(doing, err)
	}
	found := newAnswer[*v2.Resource]()
	next, _, err := gather(found, at, page, func(row T) ([]*v2.Resource, bool, error) {
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
		return found.rows, &rs.SyncOpResults{}, nil
	}
	return found.rows, next.results(), nil
}

// requireProjects fails a sync of a type that the API lists project by project, where projects are no part of the sync: it
// would look as if there were none.
func (b builder) requireProjects(ctx context.Context, opts rs.SyncOpAttrs) error {
	missing, err := b.missesProjects(ctx, opts)
	if err == nil && missing {
		err = newError(codes.InvalidArgument, "%w", withoutProjectsError(b.resourceType.GetId()))
	}
	return err
}

// warnWithoutProjects is for a type of which the organization has some as well.
func (b builder) warnWithoutProjects(ctx context.Context, opts rs.SyncOpAttrs) error {
	missing, err := b.missesProjects(ctx, opts)
	if missing {
		warn(ctx, "nothing of this type is listed below projects, because the sync leaves projects out", zap.String("resource_type", b.resourceType.GetId()))
	}
	return err
}

// missesProjects tells whether the sync has listed the type but no projects. It is asked once everything has been listed.
func (b builder) missesProjects(ctx context.Context, opts rs.SyncOpAttrs) (bool, error) {
	if b.reader == nil {
		return false, nil // of a connector that has no key and lists nothing
	}
	s, err := b.reader.of(ctx, opts)
	if err != nil {
		return false, readError("looking at what was listed", err)
	}
	return s.hasBegun(b.resourceType) && !s.hasBegun(resourceTypeProject), nil
}

type withoutProjectsError string

func (e withoutProjectsError) Error() string {
	return "OpenAI lists the type " + string(e) + " project by project: add project to the types of the sync"
}

// grantsElsewhere marks a resource on which access is granted only by what other resources tell: the API lists the roles of
// a principal, not the principals of a role. The syncer does not ask for its grants, nor take them for none.
func grantsElsewhere() rs.ResourceOption {
	return func(resource *v2.Resource) error {
		annos := annotations.Annotations(resource.GetAnnotations())
		annos.Append(&v2.SkipGrants{})
		resource.SetAnnotations(annos)
		return nil
	}
}
