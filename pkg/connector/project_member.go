package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
)

// projectMember is a user or a service account of a project.
type projectMember struct {
	principal *v2.ResourceId
	// rowRole is the predefined role that the row names, or none, "" if it tells nothing; direct is the one that it gives by
	// itself.
	rowRole, direct string
	// ownsAll says that the member owns the organization, and so every project.
	ownsAll bool
	// read asks for the member itself.
	read func(context.Context) error
}

// memberGrants gives what the member's row gives, and what only its assignment list tells: custom roles, and a role of another
// name.
func (p projectGrants) memberGrants(ctx context.Context, catalog roleCatalog, m projectMember) ([]*v2.Grant, error) {
	var grants []*v2.Grant
	if m.direct != "" {
		grants = append(grants, newGrant(p.project.GetId(), m.direct, m.principal))
	}
	if !needsAssignments(catalog, m.rowRole) {
		return grants, nil
	}
	held := assignmentReader{in: p.id, roles: catalog, principal: m.principal, rowRole: m.rowRole, ownsAll: m.ownsAll}
	more, err := p.assignedGrants(ctx, held, projectUserRolesList(p.id, m.principal.GetResource()), m.read)
	return append(grants, more...), err
}
