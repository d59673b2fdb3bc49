package connector

import (
	"context"

	"github.com/conductorone/baton-openai/pkg/client"
)

// apiMembers answers by a call of the API for each.
type apiMembers struct {
	reader *reader
	api    *client.Client
}

// hasUser asks for the user.
//
// GET /organization/users/{user_id}.
func (m apiMembers) hasUser(ctx context.Context, id string) (membership, error) {
	if !m.reader.needs(resourceTypeUser) {
		return membershipUnknown, nil
	}
	_, err := m.api.GetUser(ctx, id)
	return membershipUnlessGone(err)
}

// hasServiceAccount asks for the service account.
//
// GET /organization/projects/{project_id}/service_accounts/{service_account_id}.
func (m apiMembers) hasServiceAccount(ctx context.Context, projectID, id string) (membership, error) {
	if !m.reader.needs(resourceTypeServiceAccount) {
		return membershipUnknown, nil
	}
	_, err := m.api.GetProjectServiceAccount(ctx, projectID, id)
	return membershipUnlessGone(err)
}

// isNotOwner tells a user who is no owner of the organization, not even through a group.
//
// GET /organization/users/{user_id}, GET /organization/users/{user_id}/roles.
func (m apiMembers) isNotOwner(ctx context.Context, userID string) (bool, error) {
	user, err := m.api.GetUser(ctx, userID)
	if err != nil || organizationRoleName(user.Role) == roleOwner {
		return false, ignoreGone(err)
	}
	return m.hasNone(ctx, client.OrganizationPrincipal(client.PrincipalUser, userID), true, func(name string) bool { return name == roleOwner })
}

// hasNoRole tells a service account that holds no role in its project.
//
// GET /projects/{project_id}/users/{user_id}/roles.
func (m apiMembers) hasNoRole(ctx context.Context, projectID, accountID string) (bool, error) {
	return m.hasNone(ctx, client.ProjectPrincipal(projectID, client.PrincipalUser, accountID), false, func(string) bool { return true })
}

func (m apiMembers) hasNone(ctx context.Context, principal client.Principal, predefined bool, isMeant func(name string) bool) (bool, error) {
	none := true
	err := provisioning{client: m.api}.rolesOf(principal).forEach(ctx, predefined, func(_ client.AssignedRole, name string) { none = none && !isMeant(name) })
	if err != nil {
		return false, ignorePermanentRefusal(err)
	}
	return none, nil
}

func membershipUnlessGone(err error) (membership, error) {
	switch {
	case err == nil:
		return isMember, nil
	case isGone(err):
		return noMember, nil
	default:
		return membershipUnknown, err
	}
}
