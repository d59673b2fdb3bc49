package connector

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// requestedRole is a role of the organization or of a project that is to be granted or revoked.
type requestedRole struct {
	// id is the API's id; "" for a predefined role, whose id has to be looked up.
	id string
	// shortID is the documented short form of a predefined role's id, which the API takes where something is assigned.
	shortID string
	// name is that of a predefined role.
	name    string
	matches func(client.Role) bool
}

// isHeldBy tells whether an assignment is of the role; predefined is the name of the predefined role that it is of.
func (r requestedRole) isHeldBy(row client.AssignedRole, predefined string) bool {
	if r.name != "" {
		return predefined == r.name
	}
	return r.matches(row.Role)
}

// roleByID is the role that has the id.
func roleByID(id string) requestedRole {
	return requestedRole{id: id, matches: func(role client.Role) bool { return role.ID == id }}
}

// roleByName is a predefined role of the organization, or of a project.
func roleByName(in, name string) requestedRole {
	scope := scopeIn(in)
	return requestedRole{
		shortID: "role-api-" + scope.noun + "-" + name,
		name:    name,
		matches: func(role client.Role) bool { return scope.predefined(role) == name },
	}
}

// assignableID is the id to assign the role by. Of predefined roles the role list has it. There are organizations whose lists
// leave those out: then the short id does, and what it has brought about is read back by name.
func (r principalRoles) assignableID(ctx context.Context, role requestedRole) (string, error) {
	if role.id != "" {
		return role.id, nil
	}
	listed, err := r.findRole(ctx, r.principal.RoleScope, role.matches)
	switch {
	case err != nil:
		return "", err
	case listed != nil:
		return listed.ID, nil
	case role.shortID != "":
		return role.shortID, nil
	default:
		return "", newError(codes.FailedPrecondition, "OpenAI does not list the role: sync again to see the roles that there are")
	}
}

// findRole gives the first role of the list that is meant, nil if there is none.
func (p provisioning) findRole(ctx context.Context, of client.RoleScope, isMeant func(client.Role) bool) (*client.Role, error) {
	roles, err := listAll(ctx, listOf(p.client.ListRoles, of))
	if at := slices.IndexFunc(roles, isMeant); at >= 0 {
		return &roles[at], nil
	}
	return nil, err
}

// checkRoleExists keeps anybody from being made a member for a role that is not there any more.
func (r principalRoles) checkRoleExists(ctx context.Context, role requestedRole) error {
	_, err := r.assignableID(ctx, requestedRole{matches: role.matches})
	return err
}
