package connector

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// principalRoles are the roles of one principal in the organization or in a project, and the way to change them.
type principalRoles struct {
	provisioning
	principal client.Principal
}

func (p provisioning) rolesOf(principal client.Principal) principalRoles {
	return principalRoles{p, principal}
}

// roleAssignment is how a principal has a role assigned.
type roleAssignment struct {
	// row is the API's row, nil if the role is not assigned at all.
	row *client.AssignedRole
	// direct says that the principal holds the role itself, and not only through groups.
	direct bool
	// otherRoles counts the other roles that are assigned.
	otherRoles int
}

func (a roleAssignment) isInherited() bool { return a.row != nil && !a.direct }

// sourceIDs names the groups through which alone the role is held.
func (a roleAssignment) sourceIDs() string {
	if a.row == nil {
		return ""
	}
	var groups []string
	for _, source := range a.row.AssignmentSources {
		groups = append(groups, source.PrincipalID)
	}
	return strings.Join(groups, ", ")
}

// assignment reads all of the principal's roles and finds the one that is meant. Of two rows the direct one counts.
func (r principalRoles) assignment(ctx context.Context, role requestedRole) (roleAssignment, error) {
	var found roleAssignment
	err := r.forEach(ctx, role.name != "", func(row client.AssignedRole, predefined string) {
		direct := heldDirectly(row, r.principal.ID, r.principal.Type == client.PrincipalGroup)
		switch {
		case !role.isHeldBy(row, predefined):
			found.otherRoles++
		case found.row == nil || direct:
			found.row, found.direct = &row, direct
		}
	})
	return found, err
}

// forEach looks at each row, and at the name of the predefined role that it is of. Where it is asked for predefined ones, the
// role list is read for rows that leave a doubt.
func (r principalRoles) forEach(ctx context.Context, predefined bool, look func(client.AssignedRole, string)) error {
	rows, err := listAll(ctx, listOf(r.client.ListAssignedRoles, r.principal))
	if err != nil {
		return err
	}
	scope, listed := scopeIn(r.in()), roleCatalog{}
	if predefined && slices.ContainsFunc(rows, func(row client.AssignedRole) bool { return scope.isInDoubt(row.Role) }) {
		roles, err := listAll(ctx, listOf(r.client.ListRoles, r.principal.RoleScope))
		if isGone(err) {
			// That says nothing about the principal.
			err = readError("listing the roles of "+r.in(), err)
		}
		if err != nil {
			return err
		}
		listed = newCatalog(slices.Values(roles), r.in())
	}
	for _, row := range rows {
		name := scope.predefined(row.Role)
		if name == "" {
			name = listed[row.ID]
		}
		look(row, name)
	}
	return nil
}

// assignmentOrNone is [principalRoles.assignment] for a grant: a principal that is not there yet has nothing assigned.
func (r principalRoles) assignmentOrNone(ctx context.Context, role requestedRole) (roleAssignment, error) {
	found, err := r.assignment(ctx, role)
	if isGone(err) {
		return roleAssignment{}, nil
	}
	return found, err
}

// confirmedAssignment is [principalRoles.assignment] for a revocation. As in a sync, a 404 of the list alone is not
// enough to report an access as revoked: the principal itself must be gone as well. A new principal may be known in one
// place and not yet in the other.
func (r principalRoles) confirmedAssignment(ctx context.Context, role requestedRole) (roleAssignment, error) {
	var found roleAssignment
	err := r.consistency.retryUntilKnown(ctx, func(ctx context.Context) error {
		var err error
		if found, err = r.assignment(ctx, role); !isGone(err) {
			return err
		}
		found = roleAssignment{}
		switch findErr := r.client.FindPrincipal(ctx, r.principal); {
		case findErr == nil:
			return err
		case isGone(findErr):
			return nil
		default:
			return findErr
		}
	})
	if isGone(err) {
		err = readError("listing the roles of "+r.principal.ID, err)
	}
	return found, err
}

// assignmentToRevoke is [principalRoles.confirmedAssignment] of what the request names. OpenAI may not know the list of somebody who is in
// a project through a group only; then the group is looked for that a sync has seen it come from.
func (r principalRoles) assignmentToRevoke(ctx context.Context, request changeRequest, role requestedRole) (roleAssignment, error) {
	held, err := r.confirmedAssignment(ctx, role)
	if err != nil || held.row != nil || !request.seenInherited {
		return held, err
	}
	group, err := r.groupGiving(ctx, r.principal.ID, role, r.in())
	if group != "" {
		held.row = &client.AssignedRole{AssignmentSources: client.AssignmentSources{{PrincipalID: group}}}
	}
	return held, err
}

// predefined gives the name of the predefined role that the principal holds directly, "" for none; of several, the first
// of the names.
func (r principalRoles) predefined(ctx context.Context, names ...string) (string, error) {
	direct := map[string]bool{}
	err := r.forEach(ctx, true, func(row client.AssignedRole, name string) {
		if heldDirectly(row, r.principal.ID, r.principal.Type == client.PrincipalGroup) {
			direct[name] = true
		}
	})
	for _, name := range names {
		if direct[name] {
			return name, err
		}
	}
	return "", err
}

// predefinedBeside is [principalRoles.predefined] beside a role that the principal's row names. The list may not know a new principal yet.
func (r principalRoles) predefinedBeside(ctx context.Context, names ...string) (string, error) {
	var name string
	err := r.consistency.retryUntilKnown(ctx, func(ctx context.Context) error {
		var err error
		name, err = r.predefined(ctx, names...)
		return err
	})
	return name, err
}

// grant assigns the role unless it is held directly.
func (r principalRoles) grant(ctx context.Context, role requestedRole) (outcome, error) {
	held, err := r.assignment(ctx, role)
	if err != nil {
		return outcome{}, err
	}
	if held.direct {
		return outcome{already: true}, nil
	}
	id, err := r.assignableID(ctx, role)
	if err != nil {
		return outcome{}, err
	}
	return outcome{}, r.assign(ctx, role, id)
}

// assign assigns a role that is not held directly.
func (r principalRoles) assign(ctx context.Context, role requestedRole, id string) error {
	return r.consistency.apply(ctx, r.assignChange(role, id))
}

func (r principalRoles) assignChange(role requestedRole, id string) change {
	return change{
		write: func(ctx context.Context) error { return r.client.AssignRole(ctx, r.principal, id) },
		read: func(ctx context.Context) (string, error) {
			held, err := r.assignment(ctx, role)
			return possession(held.direct), err
		},
		before: stateNotHeld, wanted: stateHeld,
	}
}

// revoke takes the role if it is held directly. What only groups give cannot be taken from one of their members.
func (r principalRoles) revoke(ctx context.Context, request changeRequest, role requestedRole) (outcome, error) {
	held, err := r.assignmentToRevoke(ctx, request, role)
	switch {
	case err != nil:
		return outcome{}, err
	case !held.direct:
		return request.outcomeIfNotDirect(held)
	}
	err = r.unassign(ctx, held, role)
	if (isGone(err) || kindOf(err) == client.KindNoSuchList) && r.isGroups(ctx, held, role) {
		return request.outcomeIfNotDirect(held)
	}
	return outcome{}, err
}

// isGroups tells whether a role that OpenAI does not take from the principal, and that has no sources, is a group's. Then the group is
// its source.
func (r principalRoles) isGroups(ctx context.Context, held roleAssignment, role requestedRole) bool {
	if len(held.row.AssignmentSources) > 0 || r.principal.Type == client.PrincipalGroup {
		return false
	}
	group, err := r.groupGiving(ctx, r.principal.ID, role, r.in())
	if err != nil || group == "" {
		return false
	}
	held.row.AssignmentSources = client.AssignmentSources{{PrincipalID: group}}
	return true
}

// unassignDirect takes the role from the principal if it is held directly, and leaves what groups give.
func (r principalRoles) unassignDirect(ctx context.Context, role requestedRole) error {
	held, err := r.confirmedAssignment(ctx, role)
	if err != nil || !held.direct {
		return err
	}
	return r.unassign(ctx, held, role)
}

// changeAndUnassign changes the predefined role that the principal's row names, and unassigns the earlier one where a direct
// assignment keeps it. change tells whether the new role shows. The assignments are read first: if they cannot be, nothing is
// changed.
func (r principalRoles) changeAndUnassign(ctx context.Context, name string, change func(context.Context) (bool, error)) error {
	role := roleByName(r.in(), name)
	if held, err := r.confirmedAssignment(ctx, role); err != nil || !held.direct {
		if err == nil {
			_, err = change(ctx)
		}
		return err
	}
	if shown, err := change(ctx); err != nil || !shown {
		return err
	}
	held, err := r.confirmedAssignment(ctx, role)
	if err != nil || !held.direct {
		return err
	}
	_, err = r.unassignOwn(ctx, held, name)
	return err
}

// unassignOwn takes the assignment of a predefined role that the principal's row does not name; false means that it is a group's, as may
// be where it has no sources.
func (r principalRoles) unassignOwn(ctx context.Context, held roleAssignment, name string) (bool, error) {
	role := roleByName(r.in(), name)
	taking := r.unassignChange(held, role)
	// The list may still show what went with the change of the row, and nothing else tells that from what stays.
	taking.meansDone = isPlainRefusal
	err := r.consistency.apply(ctx, taking)
	if (isGone(err) || isPlainRefusal(err)) && r.isGroups(ctx, held, role) {
		return false, nil
	}
	return err == nil, err
}

// in is the place of the roles: organizationKey, or a project's id.
func (r principalRoles) in() string { return cmp.Or(r.principal.ProjectID, organizationKey) }

// unassign takes a role that is held directly.
func (r principalRoles) unassign(ctx context.Context, held roleAssignment, role requestedRole) error {
	return r.consistency.apply(ctx, r.unassignChange(held, role))
}

func (r principalRoles) unassignChange(held roleAssignment, role requestedRole) change {
	return change{
		write: func(ctx context.Context) error { return r.client.UnassignRole(ctx, r.principal, held.row.ID) },
		read: func(ctx context.Context) (string, error) {
			held, err := r.confirmedAssignment(ctx, role)
			return possession(held.direct), err
		},
		before: stateHeld, wanted: stateNotHeld,
	}
}

// outcomeIfNotDirect is the outcome of a revocation if the principal does not hold the role directly. A role that only groups give is
// refused, unless a sync has seen it held directly as well: then that was taken already.
func (r changeRequest) outcomeIfNotDirect(held roleAssignment) (outcome, error) {
	if held.row == nil || r.seenDirect {
		return outcome{already: true}, nil
	}
	return outcome{}, newError(codes.FailedPrecondition, "the role is held only through the group %s: take it from the group, or the member out of the group", held.sourceIDs())
}
