package connector

import (
	"context"

	"github.com/conductorone/baton-openai/pkg/client"
)

// hasGroups tells whether the organization has a group, and groups are part of the sync: if not, no project has one
// either.
func (s *syncReader) hasGroups(ctx context.Context) (bool, error) {
	if !s.includes(resourceTypeGroup) {
		return false, nil
	}
	s.mu.Lock()
	some := s.hasAnyGroup
	s.mu.Unlock()
	if some != nil {
		return *some, nil
	}
	page, err := getPage(ctx, s, groupsList(), client.Cursor{})
	if err != nil {
		return false, err
	}
	found := len(page.Items) > 0 || !page.Next.IsZero()
	s.mu.Lock()
	s.hasAnyGroup = &found
	s.mu.Unlock()
	return found, nil
}

// knownGroups tells of each id whether the organization's groups have it.
func (s *syncReader) knownGroups(ctx context.Context, ids []string) (map[string]bool, error) {
	if s.isTargeted() {
		if _, err := getRows(ctx, s, groupsList()); err != nil {
			return nil, err
		}
	}
	found, err := getFacts[string](ctx, s.session, factGroup, ids)
	known := make(map[string]bool, len(found))
	for id := range found {
		known[id] = true
	}
	return known, err
}
