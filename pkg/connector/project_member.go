package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-openai/pkg/client"
)

// memberOfProject is a user or a service account of a project.
type memberOfProject struct {
	principal *v2.ResourceId
	// rowRole is the predefined role that the row names, or none, "" if it tells nothing; direct is the one that it gives by
	// itself.
	rowRole, direct string
	// ownsAll says that the member owns the organization, and so every project.
	ownsAll bool
	// read asks for the member itself.
	read func(context.Context) error
}

// member gives what the member's row gives, and what only its assignment list tells: custom roles, and a role of another
// name.
func (p projectGrants) member(ctx context.Context, catalog roleCatalog, m memberOfProject) ([]*v2.Grant, error) {
	var grants []*v2.Grant
	if m.direct != "" {
		grants = append(grants, newGrant(p.project.GetId(), m.direct, m.principal))
	}
	if !asksForRoles(catalog, m.rowRole) {
		return grants, nil
	}
	held := assignment{in: p.id, roles: catalog, principal: m.principal, rowRole: m.rowRole, ownsAll: m.ownsAll}
	more, err := p.assigned(ctx, held, projectUserRolesList(p.id, m.principal.GetResource()), m.read)
	return append(grants, more...), err
}

// assigned gives what the assignment list of a principal says, or nothing if the principal has left the project.
func (p projectGrants) assigned(ctx context.Context, held assignment, l list[client.AssignedRole], read func(context.Context) error) ([]*v2.Grant, error) {
	grants, err := held.all(ctx, p.sync, l)
	if kind := kindOf(err); kind != client.KindGone && kind != client.KindCursorGone {
		return grants, err
	}
	archived, err := p.sync.skipArchived(ctx, p.id, err)
	if archived {
		return nil, nil
	}
	left, err := leftMeanwhile(ctx, err, held.principal, p.id, read)
	if left {
		return nil, nil
	}
	return nil, err
}
