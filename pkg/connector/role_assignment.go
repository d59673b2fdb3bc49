package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	gr "github.com/conductorone/baton-sdk/pkg/types/grant"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// assignment reads one principal's role assignments into grants. It is the one place for the rules that the
// organization's and the projects' assignment lists share:
//
//   - a role that is held only through groups gives no grant; the expansion of the groups' grants does;
//   - a predefined role that the principal's own row named has been granted from there;
//   - a role that the role list does not hold gives no grant and a warning.
type assignment struct {
	// in is organizationKey or a project's id.
	in string
	// roles is the catalog of the organization or the project, nil if its roles are no part of the sync.
	roles roleCatalog
	// principal is who holds the roles.
	principal *v2.ResourceId
	// rowRole is the predefined role that the principal's own row named, or none; "" if the row told nothing.
	rowRole string
}

// give adds the grants of a page of the principal's assignments to the answer, and gives the place after it.
func (a assignment) give(ctx context.Context, s *syncReader, found *answer[*v2.Grant], at place, l list[client.AssignedRole]) (*place, error) {
	page, err := ask(ctx, s, l, at.Cursor)
	if err != nil {
		return nil, err
	}
	next, _, err := gather(found, at, page.Items, func(role client.AssignedRole) ([]*v2.Grant, bool, error) {
		return a.grants(ctx, []client.AssignedRole{role}), false, nil
	})
	if next == nil {
		next = at.nextPage(page.Next)
	}
	return next, err
}

// all gives the grants of all of the principal's assignments.
func (a assignment) all(ctx context.Context, s *syncReader, l list[client.AssignedRole]) ([]*v2.Grant, error) {
	roles, err := askAll(ctx, s, l)
	return a.grants(ctx, roles), err
}

func (a assignment) grants(ctx context.Context, assigned []client.AssignedRole) []*v2.Grant {
	predefined := predefinedIn(a.in)
	grants := make([]*v2.Grant, 0, len(assigned))
	for _, held := range assigned {
		role, known := a.roles.find(held, predefined)
		switch {
		case held.Inherited() && a.principal.GetResourceType() != resourceTypeGroup.GetId():
			continue
		case role.Name != "" && a.rowTellsOf(role.Name, held):
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
		grants = append(grants, a.grant(role, held.ID))
	}
	return grants
}

// rowTellsOf tells whether the principal's own row has said what there is to say of a predefined role. It names one; the
// API lets somebody hold another one beside it, which counts where its sources name the principal. Without sources it is
// more likely one of a group, which expansion shows.
func (a assignment) rowTellsOf(name string, held client.AssignedRole) bool {
	if a.rowRole == "" {
		return false
	}
	return name == a.rowRole || len(held.AssignmentSources) == 0
}

func (a assignment) grant(role catalogRole, roleID string) *v2.Grant {
	switch {
	case a.in == organizationKey && role.Name != "":
		return newGrant(resourceID(resourceTypeOrganizationRole, role.Name), slugAssigned, a.principal)
	case a.in == organizationKey:
		return newGrant(resourceID(resourceTypeOrganizationRole, roleID), slugAssigned, a.principal)
	case role.Name != "":
		return newGrant(resourceID(resourceTypeProject, a.in), role.Name, a.principal)
	default:
		return newGrant(resourceID(resourceTypeProjectRole, projectRoleID(a.in, roleID)), slugAssigned, a.principal)
	}
}

// newGrant makes a grant; one to a group reaches the group's members through expansion.
func newGrant(on *v2.ResourceId, slug string, principal *v2.ResourceId, options ...gr.GrantOption) *v2.Grant {
	if principal.GetResourceType() == resourceTypeGroup.GetId() {
		options = append(options, expandThrough(principal, slugMember))
	}
	return gr.NewGrant(reference(on), slug, principal, options...)
}

// expandThrough lets everybody who holds the entitlement of the resource hold the grant as well.
func expandThrough(resource *v2.ResourceId, slug string) gr.GrantOption {
	return gr.WithAnnotation(v2.GrantExpandable_builder{
		EntitlementIds: []string{ent.NewEntitlementID(reference(resource), slug)},
	}.Build())
}
