package connector

import (
	"context"
	"slices"

	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// syncMembers answers from the lists that the sync reads anyway. The sync is looked up late: most keys need no answer.
type syncMembers struct {
	reader *reader
	opts   rs.SyncOpAttrs
}

func (m syncMembers) hasUser(ctx context.Context, id string) (membership, error) {
	s, err := m.reader.forCall(ctx, m.opts)
	if err != nil {
		return membershipUnknown, err
	}
	return s.hasUser(ctx, id)
}

func (m syncMembers) hasServiceAccount(ctx context.Context, projectID, id string) (membership, error) {
	s, err := m.reader.forCall(ctx, m.opts)
	if err != nil {
		return membershipUnknown, err
	}
	return s.hasServiceAccount(ctx, projectID, id)
}

// hasUser tells whether the organization has the user. A targeted sync asks for this user; any other sync reads the list
// of users to its end. The answer is unknown if users are no part of the sync, or if the list is refused: the builder of
// users reports that.
func (s *syncReader) hasUser(ctx context.Context, id string) (membership, error) {
	if !s.needs(resourceTypeUser) {
		return membershipUnknown, nil
	}
	if s.isTargeted() {
		if err := s.findUsers(ctx, []member{{id: id}}); err != nil {
			return membershipUnknown, err
		}
	} else if whole, err := s.readUsers(ctx); err != nil || !whole {
		return membershipUnknown, err
	}
	_, isUser, err := getFact[string](ctx, s.session, factUser, id)
	return membershipIf(isUser), err
}

// readUsers reads the list of users to its end, and is false where it is refused for good.
func (s *syncReader) readUsers(ctx context.Context) (bool, error) {
	return readWhole(ctx, s, usersList(), func(err error) {
		if s.isFirst("users") {
			warn(ctx, "OpenAI refuses the users of the organization; whether the owners of keys have left is therefore not shown", zap.Error(err))
		}
	})
}

// readWhole reads a list to its end, once for all that ask, and is false where it is refused for good.
func readWhole[T any](ctx context.Context, s *syncReader, l list[T], refused func(error)) (bool, error) {
	key := pageKey(l, client.Cursor{})
	if outcome, known, err := getFact[string](ctx, s.session, factRead, key); known || err != nil {
		return outcome == keyWhole, err
	}
	outcome := keyWhole
	for _, err := range getPages(ctx, s, l) {
		switch {
		case isPermanentRefusal(err):
			outcome = keyRefused
			refused(err)
		case err != nil:
			return false, err
		}
	}
	return outcome == keyWhole, s.session.setFact(ctx, factRead, key, outcome)
}

// hasServiceAccount tells whether the project has the service account. The answer is unknown if the list is refused: the
// builder of service accounts reports that.
func (s *syncReader) hasServiceAccount(ctx context.Context, projectID, id string) (membership, error) {
	if !s.needs(resourceTypeServiceAccount) {
		return membershipUnknown, nil
	}
	l := serviceAccountsList(projectID)
	if whole, err := readWhole(ctx, s, l, func(error) {}); err != nil || !whole {
		return membershipUnknown, err
	}
	in, isAccount, err := getFact[string](ctx, s.session, factServiceAccount, id)
	if err != nil || !isAccount || in == projectID {
		return membershipIf(isAccount), err
	}
	// Another project has it, and this one may have it as well.
	accounts, err := getRows(ctx, s, l)
	if err != nil {
		return membershipUnknown, err
	}
	return membershipIf(slices.ContainsFunc(accounts, func(account client.ServiceAccount) bool { return account.ID == id })), nil
}

func membershipIf(there bool) membership {
	if there {
		return isMember
	}
	return noMember
}

// isNotOwner tells a user who is certainly no owner of the organization, by what the user's grants are made of: the row, the
// groups that hold the role, and the user's own roles where the sync asks for them. It asks for them as well where groups do
// not show who is in them.
func (s *syncReader) isNotOwner(ctx context.Context, userID string) (bool, error) {
	word, _, err := getFact[string](ctx, s.session, factUser, userID)
	rowRole := organizationRoleName(word)
	if err != nil || rowRole == roleOwner {
		return false, err
	}
	catalog, err := s.roleCatalog(ctx, organizationRolesList(), organizationKey)
	if err != nil {
		return false, err
	}
	if !needsAssignments(catalog, rowRole) {
		switch is, err := s.ownsThroughGroup(ctx, userID); {
		case err != nil, is == isMember:
			return false, err
		case is == noMember:
			return true, nil
		}
	}
	roles, err := getRows(ctx, s, userRolesList(userID))
	if err != nil {
		return false, ignorePermanentRefusal(err)
	}
	for _, role := range roles {
		if name, err := s.predefinedName(ctx, role, organizationKey); err != nil || name == roleOwner {
			return false, err
		}
	}
	return true, nil
}

// ownsThroughGroup tells whether the user is a member of a group that is an owner of the organization.
func (s *syncReader) ownsThroughGroup(ctx context.Context, userID string) (membership, error) {
	if _, err := getRows(ctx, s, groupsList()); err != nil {
		return membershipUnknown, ignorePermanentRefusal(err)
	}
	owners, err := s.groupsWithRole(ctx, roleOwner, organizationKey)
	if err != nil {
		return membershipUnknown, err
	}
	is := noMember
	if !owners.whole {
		is = membershipUnknown
	}
	for _, groupID := range owners.ids {
		members, err := s.groupMembers(ctx, groupID)
		switch {
		case err != nil, members[userID]:
			return membershipIf(err == nil), err
		case len(members) == 0:
			is = membershipUnknown
		}
	}
	return is, nil
}

// hasNoRole tells a service account that certainly holds no role in its project, not even through a group.
func (s *syncReader) hasNoRole(ctx context.Context, projectID, accountID string) (bool, error) {
	roles, err := getRows(ctx, s, projectUserRolesList(projectID, accountID))
	if err != nil {
		return false, ignorePermanentRefusal(err)
	}
	return len(roles) == 0, nil
}
