package connector

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// projectUser is a user's predefined role in a project.
type projectUser struct {
	provisioning
	request   changeRequest
	projectID string
	userID    string
}

func (p provisioning) projectUser(r changeRequest) projectUser {
	return projectUser{p, r, r.resource.GetResource(), r.principal.GetResource()}
}

// projectMembership is a user's place in a project.
type projectMembership struct {
	// present says that the user is in the project, role what the predefined role is called; "" for another word.
	present bool
	role    string
	// assigned says that only the assignment list names the role.
	assigned bool
}

// membership asks the assignment list for a role that the user's row does not name, as a sync does.
func (u projectUser) membership(ctx context.Context) (projectMembership, error) {
	user, err := u.client.GetProjectUser(ctx, u.projectID, u.userID)
	if err != nil {
		return projectMembership{}, ignoreGone(err)
	}
	if role := projectRoleName(user.Role); role != "" {
		return projectMembership{present: true, role: role}, nil
	}
	role, err := u.roles().predefined(ctx, u.request.slug, slugOwner, slugMember, slugViewer)
	return projectMembership{present: true, role: role, assigned: role != ""}, err
}

func (u projectUser) roles() principalRoles { return u.rolesOf(u.request.inProject(u.projectID)) }

// readRole reads the predefined role, "" for none.
func (u projectUser) readRole(ctx context.Context) (string, error) {
	held, err := u.membership(ctx)
	return held.role, err
}

func (u projectUser) isPresent(ctx context.Context) (bool, error) {
	_, err := u.client.GetProjectUser(ctx, u.projectID, u.userID)
	return err == nil, ignoreGone(err)
}

func (u projectUser) grant(ctx context.Context) (outcome, error) {
	owner, err := u.ownsOrganization(ctx, u.userID)
	switch {
	case err != nil:
		return outcome{}, err
	case owner && u.request.slug == slugOwner:
		return outcome{already: true}, nil
	case owner:
		return outcome{}, newError(codes.FailedPrecondition, "%s owns the organization and so every project, and cannot have less in one: make the person a reader of the organization first", u.userID)
	}
	held, err := u.membership(ctx)
	switch {
	case err != nil:
		return outcome{}, err
	case held.present && held.role == u.request.slug && !held.assigned:
		return u.keepRole(ctx)
	case held.present && held.role == u.request.slug:
		return outcome{already: true}, nil
	case held.present:
		return u.changeRole(ctx, held)
	}
	err = u.add(ctx, u.request.slug)
	switch {
	case err == nil:
		return outcome{}, nil
	case isConnectorError(err):
		return outcome{}, err
	}
	// Somebody may have been faster with another role, which adding does not change.
	if held, readErr := u.membership(ctx); readErr == nil && (held.present || saysAlreadyInProject(err)) {
		return u.changeRole(ctx, held)
	}
	if u.mayRefuseViewer(err) {
		return outcome{}, u.addAsViewer(ctx, err)
	}
	return outcome{}, err
}

// add adds the user to the project with a role.
func (u projectUser) add(ctx context.Context, role string) error {
	return u.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			answered, err := u.client.AddProjectUser(ctx, u.projectID, u.userID, role)
			if err != nil {
				return err
			}
			return checkAnsweredRole(projectRoleName(answered.Role), role)
		},
		read: u.readRole, wanted: role,
	})
}

// keepRole takes another predefined role from the user, whose row names the one that is asked for: an earlier change that did
// not come to the end may have left it.
func (u projectUser) keepRole(ctx context.Context) (outcome, error) {
	others := slices.DeleteFunc([]string{slugOwner, slugMember, slugViewer}, func(slug string) bool { return slug == u.request.slug })
	other, err := u.roles().predefinedBeside(ctx, others...)
	if err != nil || other == "" {
		return outcome{already: err == nil}, err
	}
	held, err := u.roles().confirmedAssignment(ctx, roleByName(u.projectID, other))
	if err != nil || !held.direct {
		return outcome{already: err == nil}, err
	}
	if taken, err := u.roles().unassignOwn(ctx, held, other); err != nil || !taken {
		return outcome{already: err == nil}, err
	}
	before := u.request.withSlug(other)
	return outcome{replaced: &before}, nil
}

// changeRole gives the user the role in place of the one that is held. An assignment of the user's own may outlast the change of
// the row.
func (u projectUser) changeRole(ctx context.Context, held projectMembership) (outcome, error) {
	change := func(ctx context.Context) (bool, error) { return u.modify(ctx, held) }
	if held.role == "" {
		_, err := change(ctx)
		return outcome{}, err
	}
	before := u.request.withSlug(held.role)
	err := u.roles().changeAndUnassign(ctx, held.role, change)
	if err != nil {
		return outcome{}, err
	}
	return outcome{replaced: &before}, nil
}

// modify changes the role that the user's row names, and tells whether that shows.
func (u projectUser) modify(ctx context.Context, held projectMembership) (bool, error) {
	var shown string
	err := u.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			answered, err := u.client.ModifyProjectUser(ctx, u.projectID, u.userID, u.request.slug)
			if err != nil {
				return err
			}
			return checkAnsweredRole(projectRoleName(answered.Role), u.request.slug)
		},
		read: func(ctx context.Context) (string, error) {
			var err error
			shown, err = u.readRole(ctx)
			return shown, err
		},
		before: held.role, wanted: u.request.slug,
	})
	if err != nil && u.mayRefuseViewer(err) {
		return true, u.assignViewer(ctx, held.role, err)
	}
	return shown == u.request.slug, err
}

// mayRefuseViewer tells whether the routes of a project's members may have refused the role's name. Two public clients of the
// API know owner and member there, and no viewer; the role itself can be assigned by its id.
func (u projectUser) mayRefuseViewer(err error) bool {
	return u.request.slug == slugViewer && kindOf(err) == client.KindRefused
}

// addAsViewer makes the user a member first, since only members can be assigned a role, and then a viewer. If that
// fails, the user is removed again.
func (u projectUser) addAsViewer(ctx context.Context, refusal error) error {
	if err := u.add(ctx, slugMember); err != nil {
		return refusal
	}
	err := u.assignViewer(ctx, slugMember, refusal)
	if err == nil {
		return nil
	}
	if undoErr := u.remove(ctx, slugMember); undoErr != nil {
		return fmt.Errorf("%s is now a member of the project %s, and not a viewer: %w", u.userID, u.projectID, err)
	}
	return err
}

// assignViewer assigns the role of a viewer by its id and takes the other one. What the API does with the other one by
// itself is not documented. refusal is how the shorter way was refused.
func (u projectUser) assignViewer(ctx context.Context, before string, refusal error) error {
	viewer := roleByName(u.projectID, slugViewer)
	id, err := u.roles().assignableID(ctx, viewer)
	if err != nil {
		return err
	}
	err = u.consistency.retryUntilKnown(ctx, func(ctx context.Context) error { return u.roles().assign(ctx, viewer, id) })
	if isPlainRefusal(err) {
		return refusal
	}
	if err != nil {
		return err
	}
	if before != "" {
		if err := u.roles().unassignDirect(ctx, roleByName(u.projectID, before)); err != nil {
			return fmt.Errorf("%s is now a viewer of the project %s and still its %s: %w", u.userID, u.projectID, before, err)
		}
	}
	return u.consistency.confirm(ctx, nil, change{read: u.readRole, before: before, wanted: slugViewer})
}

// join adds the user to the project with the role, if check allows it. A user who is in it already keeps the role that
// is held there: the membership is not what was asked for.
func (u projectUser) join(ctx context.Context, check func(context.Context) error) (joinResult, error) {
	present, err := u.isPresent(ctx)
	if err != nil || present {
		return joinResult{}, err
	}
	if err := check(ctx); err != nil {
		return joinResult{}, err
	}
	err = u.add(ctx, u.request.slug)
	if err == nil {
		return joinResult{isRecent: true, granted: &u.request}, nil
	}
	if present, readErr := u.isPresent(ctx); readErr == nil && present || saysAlreadyInProject(err) {
		return joinResult{isRecent: true}, nil
	}
	return joinResult{}, err
}

// revoke removes the user from the project, but only if the role held is the one that is named: it may have become
// another one since.
func (u projectUser) revoke(ctx context.Context) (outcome, error) {
	owner, err := u.ownsOrganization(ctx, u.userID)
	if err != nil {
		return outcome{}, err
	}
	held, err := u.membership(ctx)
	switch {
	case err != nil:
		return outcome{}, err
	case owner && (u.request.slug == slugOwner || held.role == u.request.slug):
		return outcome{}, u.request.ownsEveryProject()
	case held.role != u.request.slug:
		// Not by the person's own row; by the assignment list it may be held all the same.
		done, err := u.roles().revoke(ctx, u.request, roleByName(u.projectID, u.request.slug))
		if err != nil || !done.already {
			return done, err
		}
		return u.revokeNotHeld(ctx, u.request)
	}
	return outcome{}, u.remove(ctx, u.request.slug)
}

// remove removes the user, who holds the role, from the project.
func (u projectUser) remove(ctx context.Context, role string) error {
	return u.consistency.apply(ctx, change{
		write: func(ctx context.Context) error { return u.client.RemoveProjectUser(ctx, u.projectID, u.userID) },
		read:  u.readRole, before: role, isRemoval: true,
	})
}
