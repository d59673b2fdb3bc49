package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-openai/pkg/client"
)

// principals tells for each id, as the API gives it for the members of groups and projects, whether it is a user or a
// service account: the ids look alike. One that both lists hold is the user. One that neither holds is missing, and so is
// one of a type that is no part of the sync, which the SDK would drop.
func (s *syncReader) principals(ctx context.Context, ids []string) (map[string]*v2.ResourceId, error) {
	if s.isTargeted() {
		if err := s.findPrincipals(ctx, ids); err != nil {
			return nil, err
		}
	}
	accounts, err := recallMany[string](ctx, s.session, factServiceAccount, ids)
	if err != nil {
		return nil, err
	}
	users, err := recallMany[string](ctx, s.session, factUser, ids)
	if err != nil {
		return nil, err
	}
	principals := make(map[string]*v2.ResourceId, len(ids))
	for _, id := range ids {
		_, isUser := users[id]
		_, isAccount := accounts[id]
		switch {
		case isUser:
			principals[id] = resourceID(resourceTypeUser, id)
		case isAccount:
			principals[id] = resourceID(resourceTypeServiceAccount, id)
		}
	}
	return principals, nil
}

// missesPrincipals tells whether an id that is missing is nobody's: where users or service accounts are no part of the sync,
// it may be one of theirs.
func (s *syncReader) missesPrincipals() bool {
	return s.includes(resourceTypeUser) && s.includes(resourceTypeServiceAccount)
}

// findPrincipals asks for what a targeted sync has not listed: whether an id is a user's, and where it is not, for the
// service accounts of every project, since the API has no other way to find one.
func (s *syncReader) findPrincipals(ctx context.Context, ids []string) error {
	accounts, err := recallMany[string](ctx, s.session, factServiceAccount, ids)
	if err != nil {
		return err
	}
	users, err := recallMany[string](ctx, s.session, factUser, ids)
	if err != nil {
		return err
	}
	unknown := 0
	for _, id := range ids {
		_, isUser := users[id]
		_, isAccount := accounts[id]
		if isUser || isAccount {
			continue
		}
		user, err := s.api.GetUser(ctx, id)
		switch {
		case isGone(err):
			unknown++
		case err != nil:
			return err
		default:
			if err := keepUsers(ctx, s.session, client.Page[client.User]{Items: []client.User{user}}); err != nil {
				return err
			}
		}
	}
	if unknown == 0 {
		return nil
	}
	return s.listServiceAccounts(ctx)
}

func (s *syncReader) listServiceAccounts(ctx context.Context) error {
	projects, err := askAll(ctx, s, projectsList())
	if err != nil {
		return err
	}
	for _, project := range projects {
		if project.Status == client.ProjectArchived {
			continue
		}
		if _, err := askAll(ctx, s, serviceAccountsList(project.ID)); err != nil {
			return err
		}
	}
	return nil
}

// hasGroups tells whether the organization has a group, and groups are part of the sync: if not, no project has one
// either.
func (s *syncReader) hasGroups(ctx context.Context) (bool, error) {
	if !s.includes(resourceTypeGroup) {
		return false, nil
	}
	s.mu.Lock()
	some := s.someGroups
	s.mu.Unlock()
	if some != nil {
		return *some, nil
	}
	page, err := ask(ctx, s, groupsList(), client.Cursor{})
	if err != nil {
		return false, err
	}
	found := len(page.Items) > 0 || !page.Next.IsZero()
	s.mu.Lock()
	s.someGroups = &found
	s.mu.Unlock()
	return found, nil
}

// knownGroups tells of each id whether the organization's groups have it.
func (s *syncReader) knownGroups(ctx context.Context, ids []string) (map[string]bool, error) {
	if s.isTargeted() {
		if _, err := askAll(ctx, s, groupsList()); err != nil {
			return nil, err
		}
	}
	found, err := recallMany[string](ctx, s.session, factGroup, ids)
	known := make(map[string]bool, len(found))
	for id := range found {
		known[id] = true
	}
	return known, err
}
