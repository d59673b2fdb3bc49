package connector

import (
	"context"

	"github.com/conductorone/baton-openai/pkg/client"
)

// projectGroup is a group's access to a project.
type projectGroup struct {
	principalRoles
}

func (p provisioning) projectGroup(group client.Principal) projectGroup {
	return projectGroup{p.rolesOf(group)}
}

func (g projectGroup) grant(ctx context.Context, role requestedRole) (outcome, error) {
	held, err := g.assignmentOrNone(ctx, role)
	if err != nil {
		return outcome{}, err
	}
	if held.row != nil {
		return outcome{already: true}, nil
	}
	id, err := g.assignableID(ctx, role)
	if err != nil {
		return outcome{}, err
	}
	if held.otherRoles == 0 {
		present, err := g.addWithRole(ctx, role, id)
		if err != nil || !present {
			return outcome{}, err
		}
	}
	c := g.assignChange(role, id)
	c.read = g.readRole(role)
	return outcome{}, g.consistency.apply(ctx, c)
}

// addWithRole adds the group to the project with the role. True means that another change has added the group with other
// roles; then the role can be assigned as well.
func (g projectGroup) addWithRole(ctx context.Context, role requestedRole, roleID string) (bool, error) {
	err := g.consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			return g.client.AddProjectGroup(ctx, g.principal.ProjectID, g.principal.ID, roleID)
		},
		read: g.readRole(role), before: stateNotHeld, wanted: stateHeld,
	})
	if err == nil {
		return false, nil
	}
	if held, readErr := g.assignmentOrNone(ctx, role); readErr == nil && held.otherRoles > 0 || saysAlreadyInProject(err) {
		return true, nil
	}
	return false, err
}

// readRole reads whether the group holds the role; one that is not in the project holds none.
func (g projectGroup) readRole(role requestedRole) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		held, err := g.assignmentOrNone(ctx, role)
		return possession(held.row != nil), err
	}
}

// join is [projectUser.join] for a group.
func (g projectGroup) join(ctx context.Context, membership changeRequest, check func(context.Context) error) (joinResult, error) {
	role := roleByName(g.principal.ProjectID, membership.slug)
	held, err := g.assignmentOrNone(ctx, role)
	if err != nil || held.row != nil || held.otherRoles > 0 {
		return joinResult{}, err
	}
	if err := check(ctx); err != nil {
		return joinResult{}, err
	}
	id, err := g.assignableID(ctx, role)
	if err != nil {
		return joinResult{}, err
	}
	present, err := g.addWithRole(ctx, role, id)
	switch {
	case err != nil:
		return joinResult{}, err
	case present:
		return joinResult{isRecent: true}, nil
	default:
		return joinResult{isRecent: true, granted: &membership}, nil
	}
}

// revoke keeps the group's other roles, also one that is given to it at the same time: no more is taken than the role.
// With the last one the group leaves the project, by what the API does or by what it is told.
func (g projectGroup) revoke(ctx context.Context, role requestedRole) (outcome, error) {
	held, err := g.confirmedAssignment(ctx, role)
	if err != nil || held.row == nil {
		return outcome{already: err == nil}, err
	}
	err = g.unassign(ctx, held, role)
	switch {
	case err != nil && maySayLastRole(err):
		// Whether the API lets go of a last role is not documented.
		if left, leaveErr := g.leave(ctx, role); left {
			err = leaveErr
		}
	case err == nil && held.otherRoles == 0:
		_, err = g.leave(ctx, requestedRole{matches: func(client.Role) bool { return false }})
	}
	return outcome{}, err
}

// maySayLastRole tells a refusal of the role from one of everything in the project.
func maySayLastRole(err error) bool { return kindOf(err) == client.KindRefused }

// leave takes the group out of the project if it holds nothing there but the role, and tells whether it did. Another role
// that was given to it a moment ago would be lost with it, and has the time to show.
func (g projectGroup) leave(ctx context.Context, role requestedRole) (bool, error) {
	for attempt := 0; ; attempt++ {
		held, err := g.assignment(ctx, role)
		isAlone := err == nil && held.otherRoles == 0
		switch {
		case err == nil && !isAlone, isGone(err), isFinal(err):
			return false, nil
		case attempt < len(g.consistency) && sleep(ctx, g.consistency[attempt]):
			continue
		case !isAlone:
			return false, nil // it could not be read
		}
		return true, g.consistency.apply(ctx, deletionOf(
			func(ctx context.Context) error {
				return g.client.RemoveProjectGroup(ctx, g.principal.ProjectID, g.principal.ID)
			},
			func(ctx context.Context) (roleAssignment, error) { return g.assignment(ctx, role) }))
	}
}
