package connector

import (
	"context"
	"slices"

	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// membersOfSync tells what the sync reads anyway. The sync is looked for when somebody is asked for: most keys need nobody.
type membersOfSync struct {
	reader *reader
	opts   rs.SyncOpAttrs
}

func (m membersOfSync) hasUser(ctx context.Context, id string) (membership, error) {
	s, err := m.reader.of(ctx, m.opts)
	if err != nil {
		return membershipUnknown, err
	}
	return s.hasUser(ctx, id)
}

func (m membersOfSync) hasServiceAccount(ctx context.Context, projectID, id string) (membership, error) {
	s, err := m.reader.of(ctx, m.opts)
	if err != nil {
		return membershipUnknown, err
	}
	return s.hasServiceAccount(ctx, projectID, id)
}

// hasUser tells whether the organization has the user. A targeted sync asks for this one; any other reads the list of users
// to its end, and knows nothing where users are no part of it, or where the list is refused: whoever lists users says so.
func (s *syncReader) hasUser(ctx context.Context, id string) (membership, error) {
	if !s.reads(resourceTypeUser) {
		return membershipUnknown, nil
	}
	if s.isTargeted() {
		if err := s.findUsers(ctx, []member{{id: id}}); err != nil {
			return membershipUnknown, err
		}
	} else if whole, err := s.readUsers(ctx); err != nil || !whole {
		return membershipUnknown, err
	}
	_, isUser, err := recall[string](ctx, s.session, factUser, id)
	return memberIf(isUser), err
}

// readUsers reads the list of users to its end, and is false where it is refused for good.
func (s *syncReader) readUsers(ctx context.Context) (bool, error) {
	if outcome, known, err := recall[string](ctx, s.session, factRead, string(kindUsers)); known || err != nil {
		return outcome == keyWhole, err
	}
	outcome := keyWhole
	for _, err := range askPages(ctx, s, usersList()) {
		switch {
		case isRefusedForGood(err):
			outcome = keyRefused
			warn(ctx, "OpenAI refuses the users of the organization; whether the owners of keys have left is therefore not shown", zap.Error(err))
		case err != nil:
			return false, err
		}
	}
	return outcome == keyWhole, s.session.set(ctx, factRead, string(kindUsers), outcome)
}

// hasServiceAccount tells whether the project has the service account, and knows nothing where the list is refused: whoever
// lists service accounts says so.
func (s *syncReader) hasServiceAccount(ctx context.Context, projectID, id string) (membership, error) {
	if !s.reads(resourceTypeServiceAccount) {
		return membershipUnknown, nil
	}
	accounts, err := askAll(ctx, s, serviceAccountsList(projectID))
	if err != nil {
		return membershipUnknown, unlessRefusedForGood(err)
	}
	return memberIf(slices.ContainsFunc(accounts, func(account client.ServiceAccount) bool { return account.ID == id })), nil
}

func memberIf(there bool) membership {
	if there {
		return isMember
	}
	return noMember
}

// isNoOwner tells a user who is certainly no owner of the organization, by what the user's grants are made of: the row, the
// groups that hold the role, and the user's own roles where the sync asks for them. It asks for them as well where groups do
// not show who is in them.
func (s *syncReader) isNoOwner(ctx context.Context, userID string) (bool, error) {
	word, _, err := recall[string](ctx, s.session, factUser, userID)
	rowRole := organizationRoleName(word)
	if err != nil || rowRole == roleOwner {
		return false, err
	}
	catalog, err := s.roleCatalog(ctx, organizationRolesList(), organizationKey)
	if err != nil {
		return false, err
	}
	if !asksForRoles(catalog, rowRole) {
		switch is, err := s.ownsThroughGroup(ctx, userID); {
		case err != nil, is == isMember:
			return false, err
		case is == noMember:
			return true, nil
		}
	}
	roles, err := askAll(ctx, s, userRolesList(userID))
	if err != nil {
		return false, unlessRefusedForGood(err)
	}
	return !slices.ContainsFunc(roles, isOwnerRole), nil
}

// ownsThroughGroup tells whether the user is a member of a group that is an owner of the organization.
func (s *syncReader) ownsThroughGroup(ctx context.Context, userID string) (membership, error) {
	if _, err := askAll(ctx, s, groupsList()); err != nil {
		return membershipUnknown, unlessRefusedForGood(err)
	}
	owners, err := s.groupsThatHold(ctx, roleOwner, organizationKey)
	if err != nil {
		return membershipUnknown, err
	}
	is := noMember
	for _, groupID := range owners {
		members, err := s.membersOf(ctx, groupID)
		switch {
		case err != nil, members[userID]:
			return memberIf(err == nil), err
		case len(members) == 0:
			is = membershipUnknown
		}
	}
	return is, nil
}

func isOwnerRole(held client.AssignedRole) bool {
	return predefinedIn(organizationKey)(held.Role) == roleOwner
}

// holdsNoRole tells a service account that certainly holds no role in its project, not even through a group.
func (s *syncReader) holdsNoRole(ctx context.Context, projectID, accountID string) (bool, error) {
	roles, err := askAll(ctx, s, projectUserRolesList(projectID, accountID))
	if err != nil {
		return false, unlessRefusedForGood(err)
	}
	return len(roles) == 0, nil
}
