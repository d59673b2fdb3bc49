package connector

import (
	"context"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-openai/pkg/client"
)

// member is a row in the list of members of a group or of a project.
type member struct{ id, email string }

func memberIDs(members []member) []string {
	return convert(members, func(m member) string { return m.id })
}

// principals tells of each member, by the id, whether it is a user or a service account: the ids look alike. An id in
// both lists is the user's. An id in neither is left out, and so is an id of a type that is no part of the sync, which may be
// known as the owner of a key: the SDK would drop it.
func (s *syncReader) principals(ctx context.Context, members []member) (map[string]*v2.ResourceId, error) {
	if s.isTargeted() {
		if err := s.findPrincipals(ctx, members); err != nil {
			return nil, err
		}
	}
	ids := memberIDs(members)
	accounts, err := getFacts[string](ctx, s.session, factServiceAccount, ids)
	if err != nil {
		return nil, err
	}
	users, err := getFacts[string](ctx, s.session, factUser, ids)
	if err != nil {
		return nil, err
	}
	principals := make(map[string]*v2.ResourceId, len(ids))
	for _, id := range ids {
		_, isUser := users[id]
		_, isAccount := accounts[id]
		switch {
		case isUser && s.includes(resourceTypeUser):
			principals[id] = resourceID(resourceTypeUser, id)
		case !isUser && isAccount && s.includes(resourceTypeServiceAccount):
			principals[id] = resourceID(resourceTypeServiceAccount, id)
		}
	}
	return principals, nil
}

// listsAllPrincipals tells whether users and service accounts are both part of the sync. If not, an unknown id may
// belong to the type that is left out.
func (s *syncReader) listsAllPrincipals() bool {
	return s.includes(resourceTypeUser) && s.includes(resourceTypeServiceAccount)
}

// findPrincipals asks for what a targeted sync has not listed: whether a member is a user, and for one that is neither a
// user nor a service account met before the service accounts of every project, since the API has no other way to find one. A
// service account may be a user as well.
func (s *syncReader) findPrincipals(ctx context.Context, members []member) error {
	if s.includes(resourceTypeUser) {
		if err := s.findUsers(ctx, members); err != nil {
			return err
		}
	}
	unknown, err := s.withoutFacts(ctx, members, factUser, factServiceAccount)
	if err != nil || len(unknown) == 0 || !s.includes(resourceTypeServiceAccount) {
		return err
	}
	return s.listServiceAccounts(ctx)
}

// findUsers asks which of the members are users, by the addresses of many at once and by the id of one that is not found so.
func (s *syncReader) findUsers(ctx context.Context, members []member) error {
	unknown, err := s.withoutFacts(ctx, members, factUser, factNoUser)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(slices.DeleteFunc(slices.Clone(unknown), func(m member) bool { return m.email == "" }), client.MostEmails) {
		emails := convert(some, func(m member) string { return m.email })
		page, err := s.api.FindUsers(ctx, emails, client.Cursor{})
		if err != nil {
			return err
		}
		if err := keepUsers(ctx, s.session, page); err != nil {
			return err
		}
	}
	if unknown, err = s.withoutFacts(ctx, unknown, factUser); err != nil {
		return err
	}
	for _, m := range unknown {
		user, err := s.api.GetUser(ctx, m.id)
		switch {
		case isGone(err):
			err = s.session.setFact(ctx, factNoUser, m.id, "")
		case err == nil:
			err = keepUsers(ctx, s.session, client.Page[client.User]{Items: []client.User{user}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// withoutFacts leaves out the members for which the session has one of the facts.
func (s *syncReader) withoutFacts(ctx context.Context, members []member, facts ...string) ([]member, error) {
	left := slices.Clone(members)
	for _, fact := range facts {
		known, err := getFacts[string](ctx, s.session, fact, memberIDs(left))
		if err != nil {
			return nil, err
		}
		left = slices.DeleteFunc(left, func(m member) bool {
			_, isKnown := known[m.id]
			return isKnown
		})
	}
	return left, nil
}

func (s *syncReader) listServiceAccounts(ctx context.Context) error {
	projects, err := getRows(ctx, s, projectsList())
	if err != nil {
		return err
	}
	for _, project := range projects {
		if project.Status == client.ProjectArchived {
			continue
		}
		if _, err := getRows(ctx, s, serviceAccountsList(project.ID)); err != nil {
			if archived, err := s.skipArchived(ctx, project.ID, err); !archived {
				return err
			}
		}
	}
	return nil
}
