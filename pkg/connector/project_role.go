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
	client   *client.Client
	scope    scope
	patience patience
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
	projectID, ok := b.scope.listsProject(ctx, parent, resourceTypeProjectRole)
	if !ok {
		return nil, nil, nil
	}
	return listProject(ctx, b.client, client.RouteProjectRoles, projectID, opts, "listing a project's roles",
		func(ctx context.Context, mem memory, cursor client.Cursor) ([]*v2.Resource, client.Cursor, error) {
			page, err := b.client.ListProjectRoles(ctx, projectID, cursor)
			if err != nil {
				return nil, client.Cursor{}, err
			}
			if err := mem.rememberRoles(ctx, projectID, page.Items); err != nil {
				return nil, client.Cursor{}, err
			}
			predefined := predefinedIn(projectID)
			var others []client.Role
			for _, role := range page.Items {
				if predefined(role) == "" {
					others = append(others, role)
				}
			}
			roles, err := resourcesOf(others, func(role client.Role) (*v2.Resource, error) { return projectRoleResource(parent, role) })
			return roles, page.Next, err
		})
}

func projectRoleResource(project *v2.ResourceId, role client.Role) (*v2.Resource, error) {
	id := projectRoleID(project.GetResource(), role.ID)
	return newResource(resourceTypeProjectRole, id, role.ID, cmp.Or(role.Name, role.ID), project, roleTrait(roleProfile(role)), rs.WithDescription(role.Description))
}

// StaticEntitlements gives the assignment of the role.
func (b *projectRoleBuilder) StaticEntitlements(context.Context, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
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

// Grants are given by the project and its service accounts: the API lists the roles of a principal, not the principals
// of a role.
func (b *projectRoleBuilder) Grants(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// GrantsForResourceType has nothing to add.
func (b *projectRoleBuilder) GrantsForResourceType(context.Context, string, rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return nil, nil, nil
}
