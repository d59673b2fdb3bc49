package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

type projectRoleBuilder struct {
	builder
	noGrants
}

// List gives a page of a project's roles. The predefined ones are entitlements of the project, and no resources.
func (b *projectRoleBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	predefined := predefinedIn(parent.GetResource())
	return listProject(ctx, b.builder, parent, opts, projectRolesList, "listing a project's roles",
		func(role client.Role) (*v2.Resource, error) {
			if predefined(role) != "" {
				return nil, nil //nolint:nilnil // it is left out
			}
			return projectRoleResource(parent, role)
		})
}

// Get gives a custom role of an active project.
//
// GET /organization/projects/{project_id}, GET /projects/{project_id}/roles/{role_id}.
func (b *projectRoleBuilder) Get(ctx context.Context, id, parent *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		projectID, roleID, err := splitProjectRoleID(ctx, b.client, id.GetResource(), parent)
		switch {
		case isConnectorError(err):
			return nil, errNotThere // it is no such id
		case err != nil:
			return nil, err
		}
		if _, err := getActiveProject(ctx, b.client, projectID); err != nil {
			return nil, err
		}
		role, err := b.client.GetRole(ctx, client.ProjectScope(projectID), roleID)
		switch {
		case err != nil:
			return nil, err
		case predefinedIn(projectID)(role) != "":
			return nil, errNotThere
		default:
			return projectRoleResource(resourceID(resourceTypeProject, projectID), role)
		}
	})
}

func projectRoleResource(project *v2.ResourceId, role client.Role) (*v2.Resource, error) {
	id, p := projectRoleID(project.GetResource(), role.ID), roleProfile(role)
	name := p.name(role.ID, role.Name)
	return newResource(resourceTypeProjectRole, id, role.ID, name, project, roleTrait(p), description(role.Description), skipGrants())
}

// StaticEntitlements gives none. It is called once everything has been listed.
func (b *projectRoleBuilder) StaticEntitlements(ctx context.Context, opts rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, b.requireProjects(ctx, opts)
}

// Entitlements gives the assignment of the role.
func (b *projectRoleBuilder) Entitlements(_ context.Context, role *v2.Resource, _ rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return []*v2.Entitlement{
		ent.NewAssignmentEntitlement(role, slugAssigned,
			ent.WithDisplayName(role.GetDisplayName()),
			ent.WithDescription("Holds this custom role in the project"),
			ent.WithGrantableTo(resourceTypeUser, resourceTypeGroup),
		),
	}, nil, nil
}
