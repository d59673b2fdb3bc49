package connector

import (
	"cmp"
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	gr "github.com/conductorone/baton-sdk/pkg/types/grant"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

type projectBuilder struct {
	client   *client.Client
	scope    scope
	patience patience
}

func (b *projectBuilder) ResourceType(context.Context) *v2.ResourceType {
	return resourceTypeProject
}

// List gives a page of the organization's active projects.
func (b *projectBuilder) List(ctx context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	if !b.scope.listsOrganization(parent) {
		return nil, nil, nil
	}
	const doing = "listing the projects"
	token, err := parsePageToken(opts)
	if err != nil {
		return nil, nil, err
	}
	page, err := b.client.ListProjects(ctx, token.Cursor)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	active := make([]client.Project, 0, len(page.Items))
	for _, project := range page.Items {
		if project.Status != client.ProjectArchived {
			active = append(active, project)
		}
	}
	projects, err := resourcesOf(active, projectResource)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	return projects, token.then(page.Next), nil
}

func projectResource(project client.Project) (*v2.Resource, error) {
	p := profile{}.
		text("status", project.Status).
		time("created_at", project.CreatedAt).
		text("external_key_id", project.ExternalKeyID).
		text("residency", project.Residency)
	return newResource(resourceTypeProject, project.ID, project.ID, cmp.Or(project.Name, project.ID), theOrganization(),
		rs.WithResourceProfile(p),
		createdAt(project.CreatedAt),
		rs.WithAnnotation(
			&v2.ChildResourceType{ResourceTypeId: resourceTypeProjectRole.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeServiceAccount.GetId()},
			&v2.ChildResourceType{ResourceTypeId: resourceTypeAPIKey.GetId()},
		),
	)
}

// projectRoleExclusion names the group of a project's predefined roles; the SDK adds the project's id, because a group
// that all projects shared would be over its size limit at the seventeenth.
const projectRoleExclusion = "project-role"

// StaticEntitlements gives the predefined roles, which are the same in every project. They exclude each other; none is
// the default, since a principal may hold none of them.
func (b *projectBuilder) StaticEntitlements(context.Context, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	roles := []struct{ slug, displayName, description string }{
		{slugViewer, "Project viewer", "Sees the project without using the API in it"},
		{slugMember, "Project member", "Uses the API in the project"},
		{slugOwner, "Project owner", "Manages the project: its members, keys and settings"},
	}
	entitlements := make([]*v2.Entitlement, 0, len(roles))
	for i, role := range roles {
		entitlements = append(entitlements, ent.NewPermissionEntitlement(nil, role.slug,
			ent.WithDisplayName(role.displayName),
			ent.WithDescription(role.description),
			ent.WithGrantableTo(resourceTypeUser, resourceTypeGroup, resourceTypeServiceAccount),
			ent.WithAnnotation(&v2.EntitlementExclusionGroup{
				ExclusionGroupId: projectRoleExclusion,
				Order:            uint32(i + 1),
				ScopeToResource:  true,
			}),
		))
	}
	return entitlements, nil, nil
}

// Entitlements has nothing to add to the static ones.
func (b *projectBuilder) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// Grants gives the project's owners by the organization, its users and its groups; the service accounts give theirs
// themselves. Each list is a chain of pages of its own, and so is each principal whose roles have to be asked for.
func (b *projectBuilder) Grants(ctx context.Context, project *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	token, err := parsePageToken(opts, stepUsers, stepUserRoles, stepGroups, stepGroupRoles)
	if err != nil {
		return nil, nil, err
	}
	p := projectPage{client: b.client, scope: b.scope, memory: memory{opts.Session}, project: project.GetId(), name: project.GetDisplayName(), token: token}
	grants, results, err := p.grants(ctx)
	if err == nil {
		return grants, results, nil
	}
	archived, err := p.memory.skipArchived(ctx, b.client, project.GetId().GetResource(), failed("listing a project's access", err))
	if archived {
		return nil, nil, nil
	}
	return nil, nil, err
}

// projectPage is one page of a project's grants.
type projectPage struct {
	client  *client.Client
	scope   scope
	memory  memory
	project *v2.ResourceId
	name    string
	token   pageToken
}

func (p projectPage) grants(ctx context.Context) ([]*v2.Grant, *rs.SyncOpResults, error) {
	switch p.token.Step {
	case stepFirst:
		return p.first(ctx)
	case stepUsers:
		return p.users(ctx)
	case stepUserRoles:
		return p.userRoles(ctx)
	case stepGroups:
		return p.groups(ctx)
	case stepGroupRoles:
		return p.groupRoles(ctx)
	default:
		return nil, nil, p.token.unknown()
	}
}

// first gives the grant by which owners of the organization own the project, directly or through a group, and the first
// page of users; the groups follow beside them. An organization without groups has none in its projects.
func (p projectPage) first(ctx context.Context) ([]*v2.Grant, *rs.SyncOpResults, error) {
	var siblings []pageToken
	if p.scope.includes(resourceTypeGroup) {
		hasGroups, err := p.memory.hasGroups(ctx)
		if err != nil {
			return nil, nil, err
		}
		if hasGroups {
			siblings = append(siblings, pageToken{Step: stepGroups})
		}
	}
	p.token.Step = stepUsers
	grants, results, err := p.users(ctx, siblings...)
	if err != nil {
		return nil, nil, err
	}
	owners := resourceID(resourceTypeOrganizationRole, roleOwner)
	implicit := newGrant(p.project, slugOwner, owners,
		gr.WithAnnotation(&v2.GrantImmutable{}),
		expandThrough(owners, slugAssigned),
	)
	return append([]*v2.Grant{implicit}, grants...), results, nil
}

// users gives a page of the project's users by the role that their rows name. The assignment list is asked only for
// what no row tells: custom roles, and a role of another name.
func (p projectPage) users(ctx context.Context, siblings ...pageToken) ([]*v2.Grant, *rs.SyncOpResults, error) {
	page, err := p.client.ListProjectUsers(ctx, p.project.GetResource(), p.token.Cursor)
	if err != nil {
		return nil, nil, err
	}
	roles, err := p.memory.roleBook(ctx, p.project.GetResource())
	if err != nil {
		return nil, nil, err
	}
	ids := make([]string, 0, len(page.Items))
	for _, user := range page.Items {
		ids = append(ids, user.ID)
	}
	principals, err := p.scope.principals(ctx, p.memory, ids)
	if err != nil {
		return nil, nil, err
	}
	organizationRoles, err := p.memory.recallMany(ctx, kindUser, ids)
	if err != nil {
		return nil, nil, err
	}

	var grants []*v2.Grant
	for _, user := range page.Items {
		principal, ok := principals[user.ID]
		if !ok {
			p.token.LeftOut++
			continue
		}
		role := projectRoleName(user.Role)
		if role != "" && !repeatsOwnership(role, organizationRoles[user.ID]) {
			grants = append(grants, newGrant(p.project, role, principal))
		}
		if role == "" || roles.hasCustom() {
			isServiceAccount := principal.GetResourceType() == resourceTypeServiceAccount.GetId()
			siblings = append(siblings, pageToken{Step: stepUserRoles, Principal: user.ID, IsServiceAccount: isServiceAccount, RoleKnown: role != ""})
		}
	}
	p.warnOfLeftOut(ctx, page.Next, "users of this project are left out: neither the organization's users nor its service accounts have them")
	return grants, p.token.then(page.Next, siblings...), nil
}

// repeatsOwnership tells a row that only says what ownership of the organization implies; the implicit grant shows it.
func repeatsOwnership(projectRole, organizationRole string) bool {
	return projectRole == slugOwner && organizationRoleName(organizationRole) == roleOwner
}

func (p projectPage) userRoles(ctx context.Context) ([]*v2.Grant, *rs.SyncOpResults, error) {
	principal := resourceID(resourceTypeUser, p.token.Principal)
	if p.token.IsServiceAccount {
		principal = resourceID(resourceTypeServiceAccount, p.token.Principal)
	}
	return p.roles(ctx, principal, p.client.ListProjectUserRoles)
}

// groups gives a page of the project's groups. Their rows do not name a role, so each group's are asked for.
func (p projectPage) groups(ctx context.Context) ([]*v2.Grant, *rs.SyncOpResults, error) {
	page, err := p.client.ListProjectGroups(ctx, p.project.GetResource(), p.token.Cursor)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]string, 0, len(page.Items))
	for _, group := range page.Items {
		ids = append(ids, group.GroupID)
	}
	known, err := p.memory.recallMany(ctx, kindGroup, ids)
	if err != nil {
		return nil, nil, err
	}
	var siblings []pageToken
	for _, id := range ids {
		if _, ok := known[id]; !ok {
			p.token.LeftOut++
			continue
		}
		siblings = append(siblings, pageToken{Step: stepGroupRoles, Principal: id})
	}
	p.warnOfLeftOut(ctx, page.Next, "groups of this project are left out: the organization's groups do not have them")
	return nil, p.token.then(page.Next, siblings...), nil
}

func (p projectPage) groupRoles(ctx context.Context) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return p.roles(ctx, resourceID(resourceTypeGroup, p.token.Principal), p.client.ListProjectGroupRoles)
}

// roles gives a page of one principal's role assignments in the project.
func (p projectPage) roles(
	ctx context.Context,
	principal *v2.ResourceId,
	list func(ctx context.Context, projectID, principalID string, cursor client.Cursor) (client.Page[client.AssignedRole], error),
) ([]*v2.Grant, *rs.SyncOpResults, error) {
	book, err := p.memory.roleBook(ctx, p.project.GetResource())
	if err != nil {
		return nil, nil, err
	}
	page, err := list(ctx, p.project.GetResource(), principal.GetResource(), p.token.Cursor)
	if err != nil {
		return nil, nil, err
	}
	held := assignment{in: p.project.GetResource(), roles: book, principal: principal, roleKnown: p.token.RoleKnown}
	return held.grants(ctx, page.Items), p.token.then(page.Next), nil
}

// warnOfLeftOut speaks once, at the end of a list.
func (p projectPage) warnOfLeftOut(ctx context.Context, next client.Cursor, message string) {
	if next.IsZero() && p.token.LeftOut > 0 {
		warn(ctx, message, zap.String("project_id", p.project.GetResource()), zap.String("project", p.name), zap.Int("count", p.token.LeftOut))
	}
}
