package connector

import (
	"context"
	"slices"

	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// peopleOfSync tells what the sync reads anyway. The sync is looked for when somebody is asked for: most keys need nobody.
type peopleOfSync struct {
	reader *reader
	opts   rs.SyncOpAttrs
}

func (p peopleOfSync) hasUser(ctx context.Context, id string) (membership, error) {
	s, err := p.reader.of(ctx, p.opts)
	if err != nil {
		return membershipUnknown, err
	}
	return s.hasUser(ctx, id)
}

func (p peopleOfSync) hasServiceAccount(ctx context.Context, projectID, id string) (membership, error) {
	s, err := p.reader.of(ctx, p.opts)
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
	for cursor := (client.Cursor{}); ; {
		page, err := ask(ctx, s, usersList(), cursor)
		if isRefusedForGood(err) {
			outcome = keyRefused
			warn(ctx, "OpenAI refuses the users of the organization; whether the owners of keys have left is therefore not shown", zap.Error(err))
			break
		}
		if err != nil {
			return false, err
		}
		if cursor = page.Next; cursor.IsZero() {
			break
		}
	}
	return outcome == keyWhole, s.session.set(ctx, factRead, string(kindUsers), outcome)
}

func (s *syncReader) hasServiceAccount(ctx context.Context, projectID, id string) (membership, error) {
	if !s.reads(resourceTypeServiceAccount) {
		return membershipUnknown, nil
	}
	accounts, err := askAll(ctx, s, serviceAccountsList(projectID))
	if err != nil {
		return membershipUnknown, err
	}
	return memberIf(slices.ContainsFunc(accounts, func(account client.ServiceAccount) bool { return account.ID == id })), nil
}

// peopleByID asks the API for each.
type peopleByID struct {
	reader *reader
	api    *client.Client
}

// hasUser asks for the user.
//
// GET /organization/users/{user_id}.
func (p peopleByID) hasUser(ctx context.Context, id string) (membership, error) {
	if !p.reader.reads(resourceTypeUser) {
		return membershipUnknown, nil
	}
	_, err := p.api.GetUser(ctx, id)
	return memberUnlessGone(err)
}

// hasServiceAccount asks for the service account.
//
// GET /organization/projects/{project_id}/service_accounts/{service_account_id}.
func (p peopleByID) hasServiceAccount(ctx context.Context, projectID, id string) (membership, error) {
	if !p.reader.reads(resourceTypeServiceAccount) {
		return membershipUnknown, nil
	}
	_, err := p.api.GetProjectServiceAccount(ctx, projectID, id)
	return memberUnlessGone(err)
}

func memberIf(there bool) membership {
	if there {
		return isMember
	}
	return noMember
}

func memberUnlessGone(err error) (membership, error) {
	switch {
	case err == nil:
		return isMember, nil
	case isGone(err):
		return noMember, nil
	default:
		return membershipUnknown, err
	}
}
