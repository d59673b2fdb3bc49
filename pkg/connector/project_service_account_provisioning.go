package connector

import (
	"context"
	"fmt"

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
	roles := s.rolesOf(s.request.inProject(s.projectID()))
	if before != role && (before == "" || role == slugViewer) {
		// What the row does not name may be assigned, and is shown by a sync.
		held, err := roles.assignmentOrNone(ctx, roleByName(s.projectID(), role))
		if err != nil {
			return outcome{}, err
		}
		if held.direct {
			before = role
		}
	}
	if role == slugViewer && before != role {
		return outcome{}, newError(codes.FailedPrecondition, "a service account cannot be a viewer: grant member or owner instead")
	}
	// An assignment makes a member an owner all the same. It may outlast the change of the row, and no sync may show it.
	var owner roleAssignment
	if role == slugMember {
		if owner, err = roles.assignmentOrNone(ctx, roleByName(s.projectID(), slugOwner)); err != nil {
			return outcome{}, err
		}
	}
	done := outcome{already: before == role}
	if !done.already {
		shown, err := s.modify(ctx, before)
		if err != nil {
			return outcome{}, err
		}
		if done = s.replacing(before); !shown {
			return done, nil // nor would the assignments
		}
	}
	if !owner.direct {
		return done, nil
	}
	if owner, err = roles.assignmentOrNone(ctx, roleByName(s.projectID(), slugOwner)); err != nil || !owner.direct {
		return done, err
	}
	taken, err := roles.unassignOwn(ctx, owner, slugOwner)
	switch {
	case err != nil:
		return outcome{}, fmt.Errorf("the service account %s is now a member of the project %s and still its owner: %w", s.id(), s.projectID(), err)
	case taken:
		return s.replacing(slugOwner), nil
	default:
		return done, nil
	}
}

// replacing is the outcome of a grant in place of the role, if there is one.
func (s projectServiceAccount) replacing(role string) outcome {
	if role == "" {
		return outcome{}
	}
	replaced := s.request.withSlug(role)
	return outcome{replaced: &replaced}
}

// modify changes the role that the account's row names, and tells whether that shows.
func (s projectServiceAccount) modify(ctx context.Context, before string) (bool, error) {
	role, shown := s.request.slug, ""
	err := s.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			answered, err := s.client.ModifyProjectServiceAccount(ctx, s.projectID(), s.id(), role)
			if err != nil {
				return err
			}
			return checkAnsweredRole(projectRoleName(answered.Role), role)
		},
		read: func(ctx context.Context) (string, error) {
			account, err := s.account(ctx)
			shown = projectRoleName(account.Role)
			return shown, err
		},
		before: before, wanted: role,
	})
	return shown == role, err
}

func (s projectServiceAccount) revoke(ctx context.Context) (outcome, error) {
	account, err := s.account(ctx)
	if err != nil && !isGone(err) {
		return outcome{}, err
	}
	held := roleAssignment{direct: projectRoleName(account.Role) == s.request.slug}
	if !held.direct {
		held, err = s.rolesOf(s.request.inProject(s.projectID())).assignmentToRevoke(ctx, s.request, roleByName(s.projectID(), s.request.slug))
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
