package connector

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// projectServiceAccount is a service account's role in its project.
type projectServiceAccount struct {
	provisioning
	request changeRequest
}

func (s projectServiceAccount) projectID() string { return s.request.resource.GetResource() }
func (s projectServiceAccount) id() string        { return s.request.principal.GetResource() }

func (s projectServiceAccount) account(ctx context.Context) (client.ServiceAccount, error) {
	return s.client.GetProjectServiceAccount(ctx, s.projectID(), s.id())
}

func (s projectServiceAccount) grant(ctx context.Context) (outcome, error) {
	account, err := s.account(ctx)
	if isGone(err) {
		return outcome{}, newError(codes.FailedPrecondition, "the service account %s does not belong to the project %s: a service account has access to its own project only", s.id(), s.projectID())
	}
	if err != nil {
		return outcome{}, err
	}
	role, before := s.request.slug, projectRoleName(account.Role)
	if role == before {
		return outcome{already: true}, nil
	}
	if before == "" || role == slugViewer {
		// What the row does not name may be assigned, and is shown by a sync.
		held, err := s.rolesOf(s.request.inProject(s.projectID())).assignmentOrNone(ctx, roleByName(s.projectID(), role))
		if err != nil || held.direct {
			return outcome{already: err == nil}, err
		}
	}
	if role == slugViewer {
		return outcome{}, newError(codes.FailedPrecondition, "a service account cannot be a viewer: grant member or owner instead")
	}
	err = s.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			answered, err := s.client.ModifyProjectServiceAccount(ctx, s.projectID(), account.ID, role)
			if err != nil {
				return err
			}
			return checkAnsweredRole(projectRoleName(answered.Role), role)
		},
		read: func(ctx context.Context) (string, error) {
			account, err := s.account(ctx)
			return projectRoleName(account.Role), err
		},
		before: before, wanted: role,
	})
	if err != nil || before == "" {
		return outcome{}, err
	}
	replaced := s.request.withSlug(before)
	return outcome{replaced: &replaced}, nil
}

func (s projectServiceAccount) revoke(ctx context.Context) (outcome, error) {
	account, err := s.account(ctx)
	if err != nil && !isGone(err) {
		return outcome{}, err
	}
	held := roleAssignment{direct: projectRoleName(account.Role) == s.request.slug}
	if !held.direct {
		held, err = s.rolesOf(s.request.inProject(s.projectID())).confirmedAssignment(ctx, roleByName(s.projectID(), s.request.slug))
	}
	switch {
	case err != nil:
		return outcome{}, err
	case held.direct:
		return outcome{}, newError(codes.FailedPrecondition, "the API cannot take a role from a service account: delete the service account instead")
	case held.isInherited():
		return s.request.outcomeIfNotDirect(held)
	default:
		return s.revokeNotHeld(ctx, s.request)
	}
}
