package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// assignmentReader reads one principal's role assignments into grants. It is the one place for the rules that the
// organization's and the projects' assignment lists share:
//
//   - a role that is held only through others gives no grant; the expansion of the groups' grants does;
//   - a predefined role that the principal's own row named has been granted from there;
//   - a role that the role list does not hold gives no grant and a warning.
type assignmentReader struct {
	// in is organizationKey or a project's id.
	in string
	// roles is the catalog of the organization or the project, nil if its roles are no part of the sync.
	roles roleCatalog
	// principal is who holds the roles.
	principal *v2.ResourceId
	// rowRole is the predefined role that the principal's own row named, or none; "" if the row told nothing.
	rowRole string
	// ownsAll says that the principal's own row in the organization makes it an owner of every project.
	ownsAll bool
}

// needsAssignments tells whether the assignments of a user or a service account, in the organization or in a project, have to be
// asked for. The principal's row names its predefined role; what custom roles it has, and which role where the row names none,
// only its assignment list tells.
func needsAssignments(catalog roleCatalog, rowRole string) bool {
	return rowRole == "" || rowRole == serviceAccountWithoutRole || catalog.hasCustom()
}

// addPage adds the grants of a page of the principal's assignments to the answer, and gives the place after it.
func (a assignmentReader) addPage(ctx context.Context, s *syncReader, response *response[*v2.Grant], token pageToken, l list[client.AssignedRole]) (*pageToken, error) {
	page, err := getPage(ctx, s, l, token.Cursor)
	if err != nil {
		return nil, err
	}
	next, _, err := addRows(response, token, page, func(role client.AssignedRole) ([]*v2.Grant, bool, error) {
		grants, err := a.grantsOf(ctx, s, []client.AssignedRole{role})
		return grants, false, err
	})
	return next, err
}

// allGrants gives the grants of all of the principal's assignments.
func (a assignmentReader) allGrants(ctx context.Context, s *syncReader, l list[client.AssignedRole]) ([]*v2.Grant, error) {
	roles, err := getRows(ctx, s, l)
	if err != nil {
		return nil, err
	}
	return a.grantsOf(ctx, s, roles)
}

func (a assignmentReader) grantsOf(ctx context.Context, s *syncReader, assigned []client.AssignedRole) ([]*v2.Grant, error) {
	predefined := predefinedIn(a.in)
	grants := make([]*v2.Grant, 0, len(assigned))
	for _, held := range assigned {
		name, known := a.roles.lookup(held, predefined)
		if !known && a.roles == nil && a.in != organizationKey {
			// The predefined roles are the project's, and part of the sync without its roles.
			var err error
			if name, err = s.predefinedName(ctx, held, a.in); err != nil {
				return nil, err
			}
			known = name != ""
		}
		direct, err := a.isDirect(ctx, s, name, held)
		switch {
		case err != nil:
			return nil, err
		case !direct:
			continue
		case !known && a.roles == nil:
			// The SDK would drop the grant.
			continue
		case !known:
			warn(ctx, "a role is assigned that the role list does not hold; it gives no grant",
				zap.String("role_id", held.ID), zap.String("in", a.in),
				zap.String("principal_type", a.principal.GetResourceType()), zap.String("principal_id", a.principal.GetResource()))
			continue
		}
		grants = append(grants, a.grant(name, held.ID))
	}
	return grants, nil
}

// isDirect tells whether the assignment gives a grant. One that a group gives does not: the SDK's expansion shows it. A
// predefined role without sources, which the principal's row does not name, is direct unless a group has it.
func (a assignmentReader) isDirect(ctx context.Context, s *syncReader, name string, held client.AssignedRole) (bool, error) {
	switch {
	case !heldDirectly(held, a.principal.GetResource(), a.principal.GetResourceType() == resourceTypeGroup.GetId()):
		return false, s.warnOfUnknownSources(ctx, held, a.in)
	case name == "" || a.rowRole == "":
		return true, nil
	case name == a.rowRole:
		return false, nil // the row has given it
	case len(held.AssignmentSources) > 0:
		return true, nil
	case a.ownsAll && name == slugOwner:
		return false, nil
	}
	given, err := s.groupGivesRole(ctx, a.principal.GetResource(), name, a.in)
	return !given, err
}

// heldDirectly tells whether the assignment is the principal's own. A group's always is: groups are in no groups.
func heldDirectly(row client.AssignedRole, principalID string, isGroup bool) bool {
	return isGroup || row.HeldDirectlyBy(principalID)
}

// grant is that of the predefined role of the name, or, without one, of the role of the id.
func (a assignmentReader) grant(name, roleID string) *v2.Grant {
	switch {
	case a.in == organizationKey && name != "":
		return newGrant(resourceID(resourceTypeOrganizationRole, name), slugAssigned, a.principal)
	case a.in == organizationKey:
		return newGrant(resourceID(resourceTypeOrganizationRole, roleID), slugAssigned, a.principal)
	case name != "":
		return newGrant(resourceID(resourceTypeProject, a.in), name, a.principal)
	default:
		return newGrant(resourceID(resourceTypeProjectRole, projectRoleID(a.in, roleID)), slugAssigned, a.principal)
	}
}
