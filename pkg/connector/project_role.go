package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

type projectRoleBuilder struct {
	provisioning

	reader *reader
}

func (b *projectRoleBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeProjectRole
}

// projectRoleID makes the id of a project role's resource: the same role id may come back in another project.
func projectRoleID(projectID, roleID string) string {
	return projectID + "/" + roleID
}

// List gives a page of a project's roles. The predefined ones are entitlements of the project, and no resources.
func (b *projectRoleBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	predefined := predefinedIn(parent.GetResource())
	return listProject(ctx, b.reader, resourceTypeProjectRole, parent, opts, projectRolesList, "listing a project's roles",
		func(role client.Role) (*v2.Resource, error) {
			if predefined(role) != "" {
				return nil, nil //nolint:nilnil // it is left out
			}
			return projectRoleResource(parent, role)
		})
}

func projectRoleResource(project *v2.ResourceId, role client.Role) (*v2.Resource, error) {
	id := projectRoleID(project.GetResource(), role.ID)
	return newResource(resourceTypeProjectRole, id, role.ID, cmp.Or(role.Name, role.ID), project, roleTrait(roleProfile(role)), rs.WithDescription(role.Description), grantsElsewhere())
}

// StaticEntitlements gives the assignment of the role.
func (b *projectRoleBuilder) StaticEntitlements(ctx context.Context, opts rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	if err := requireProjects(ctx, b.reader, resourceTypeProjectRole, opts); err != nil {
		return nil, nil, err
	}
	return []*v2.Entitlement{
		ent.NewAssignmentEntitlement(nil, slugAssigned,
			// Without a name of its own the entitlement gets the role's.
			ent.WithDisplayName(""),
			ent.WithDescription("Holds this custom role in the project"),
			ent.WithGrantableTo(resourceTypeUser, resourceTypeGroup),
		),
	}, nil, nil
}

// Entitlements has nothing to add to the static one.
func (b *projectRoleBuilder) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// Grants is not called: the project gives them.
func (b *projectRoleBuilder) Grants(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return nil, nil, nil
}
