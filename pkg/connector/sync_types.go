package connector

import (
	"context"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
)

// beginType notes that the syncer lists a type, and begins to read the lists that the type needs.
func (s *syncReader) beginType(ctx context.Context, resourceType *v2.ResourceType) error {
	if err := s.session.setFact(ctx, factType, resourceType.GetId(), true); err != nil {
		return err
	}
	s.mu.Lock()
	s.types[resourceType.GetId()] = true
	s.mu.Unlock()
	s.beginReading() //nolint:contextcheck // it goes on after the call
	return nil
}

func (s *syncReader) loadTypes(ctx context.Context) error {
	begun, err := s.session.types(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range begun {
		s.types[id] = true
	}
	return nil
}

// hasBegunType tells whether the syncer lists the type as a whole.
func (s *syncReader) hasBegunType(resourceType *v2.ResourceType) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.types[resourceType.GetId()]
}

// includes tells whether the type is part of the sync, which is known once all types have been listed. A targeted sync
// lists no type as a whole, and leaves out those that no sync of this process has.
func (s *syncReader) includes(resourceType *v2.ResourceType) bool {
	if s.isTargeted() {
		return !s.excludes(resourceType)
	}
	return s.hasBegunType(resourceType)
}

// excludes tells whether no sync of this process has the type.
func (r *reader) excludes(resourceType *v2.ResourceType) bool {
	return len(r.chosen) > 0 && !slices.Contains(r.chosen, resourceType.GetId())
}

// needs tells whether a sync of this process may read the lists of the type: it has the type, or insights are made of them.
func (r *reader) needs(resourceType *v2.ResourceType) bool {
	return !r.excludes(resourceType) || r.insights && !r.excludes(resourceTypeSecurityInsight)
}

// isTargeted tells whether the sync is one of single resources: nothing is known of the others then.
func (s *syncReader) isTargeted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.types) == 0
}

// TypesBelowProjects are the types that the API lists project by project and nowhere else.
func TypesBelowProjects() []string {
	return []string{resourceTypeProjectRole.GetId(), resourceTypeServiceAccount.GetId()}
}

// requireProjects fails a sync of such a type where projects are no part of the sync: it would look as if there were none.
// A command line is refused before (pkg/config/check_values.go); ConductorOne names types to a running connector.
func (b builder) requireProjects(ctx context.Context, opts rs.SyncOpAttrs) error {
	missing, err := b.lacksProjects(ctx, opts)
	if err == nil && missing {
		err = newError(codes.InvalidArgument, "OpenAI lists the type %s project by project: add project to the types of the sync", b.resourceType.GetId())
	}
	return err
}

// warnWithoutProjects is for a type of which the organization has some as well.
func (b builder) warnWithoutProjects(ctx context.Context, opts rs.SyncOpAttrs) error {
	missing, err := b.lacksProjects(ctx, opts)
	if missing {
		warn(ctx, "nothing of this type is listed below projects, because the sync leaves projects out", zap.String("resource_type", b.resourceType.GetId()))
	}
	return err
}

// lacksProjects tells whether the sync has listed the type but no projects. It is asked once everything has been listed.
func (b builder) lacksProjects(ctx context.Context, opts rs.SyncOpAttrs) (bool, error) {
	if b.reader == nil {
		return false, nil // of a connector that has no key and lists nothing
	}
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return false, readError("looking at what was listed", err)
	}
	return s.hasBegunType(b.resourceType) && !s.hasBegunType(resourceTypeProject), nil
}
