package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-openai/pkg/client"
)

type projectBuilder struct {
	builder
}

// List gives a page of the organization's active projects.
func (b *projectBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	return listOrganization(ctx, b.builder, parent, opts, projectsList(), "listing the projects",
		func(project client.Project) (*v2.Resource, error) {
			if project.Status == client.ProjectArchived {
				return nil, nil //nolint:nilnil // it is left out
			}
			return projectResource(project)
		})
}

// Get gives an active project.
//
// GET /organization/projects/{project_id}.
func (b *projectBuilder) Get(ctx context.Context, id, _ *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	return getResource(id, func() (*v2.Resource, error) {
		project, err := getActiveProject(ctx, b.client, id.GetResource())
		if err != nil {
			return nil, err
		}
		return projectResource(project)
	})
}

func getActiveProject(ctx context.Context, api *client.Client, id string) (client.Project, error) {
	project, err := api.GetProject(ctx, id)
	if err == nil && project.Status == client.ProjectArchived {
		err = errNotThere
	}
	return project, err
}

func projectResource(project client.Project) (*v2.Resource, error) {
	p := profile{}.
		text("status", project.Status).
		time("created_at", project.CreatedAt).
		text("external_key_id", project.ExternalKeyID).
		text("residency", project.Residency)
	name := p.name(project.ID, project.Name)
	return newResource(resourceTypeProject, project.ID, project.ID, name, organizationResourceID(),
		rs.WithResourceProfile(p),
		createdAt(project.CreatedAt),
		rs.WithAnnotation(
			&v2.ChildResourceType{ResourceTypeId: resourceTypeProjectRole.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeServiceAccount.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeAPIKey.GetId()},
		),
	)
}

// projectRoleExclusion names the group of a project's predefined roles, with the project's id behind it: a group that all
// projects shared would be over the SDK's size limit at the seventeenth.
const projectRoleExclusion = "project-role"

// Entitlements gives the predefined roles, which are the same in every project. They exclude each other; none is the
// default, since a principal may hold none of them.
func (b *projectBuilder) Entitlements(_ context.Context, project *v2.Resource, _ rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	roles := []struct{ slug, displayName, description string }{
		{slugViewer, "Project viewer", "Sees the project without using the API in it"},
		{slugMember, "Project member", "Uses the API in the project"},
		{slugOwner, "Project owner", "Manages the project: its members, keys and settings"},
	}
	entitlements := make([]*v2.Entitlement, 0, len(roles))
	for i, role := range roles {
		entitlements = append(entitlements, ent.NewPermissionEntitlement(project, role.slug,
			ent.WithDisplayName(role.displayName),
			ent.WithDescription(role.description),
			ent.WithGrantableTo(resourceTypeUser, resourceTypeGroup, resourceTypeServiceAccount),
			ent.WithAnnotation(&v2.EntitlementExclusionGroup{
				ExclusionGroupId: projectRoleExclusion + "-" + project.GetId().GetResource(),
				Order:            uint32(i + 1),
				ScopeToResource:  true,
			}),
		))
	}
	return entitlements, nil, nil
}
