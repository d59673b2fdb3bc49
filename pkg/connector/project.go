package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	gr "github.com/conductorone/baton-sdk/pkg/types/grant"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

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
	return newResource(resourceTypeProject, project.ID, project.ID, name, theOrganization(),
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

// The lists of a project's grants after the first one, its service accounts.
const (
	listOfUsers  = "users"
	listOfGroups = "groups"
)

const doingProjectGrants = "listing a project's access"

// Grants gives the project's access: the grant by which owners of the organization own it, its service accounts, its users,
// then its groups, each with the roles that their rows do not tell.
func (b *projectBuilder) Grants(ctx context.Context, project *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	first, err := parsePlace(opts, listOfUsers, listOfGroups)
	if err != nil {
		return nil, nil, err
	}
	s, err := b.reader.of(ctx, opts)
	if err != nil {
		return nil, nil, readError(doingProjectGrants, err)
	}
	p := projectGrants{sync: s, project: project, id: project.GetId().GetResource()}
	return answerRows(first, func(found *answer[*v2.Grant], at place) (*place, error) {
		next, err := p.page(ctx, found, at)
		if err == nil {
			return next, nil
		}
		archived, err := s.skipArchived(ctx, p.id, readError(doingProjectGrants, err))
		if archived {
			found.rows = nil
			return nil, nil
		}
		return nil, err
	})
}

// projectGrants gives one project's grants.
type projectGrants struct {
	sync    *syncReader
	project *v2.Resource
	id      string
}

// page gives a page of one of the lists. Each leads to the next one.
func (p projectGrants) page(ctx context.Context, found *answer[*v2.Grant], at place) (*place, error) {
	switch at.List {
	case listOfGroups:
		return p.groups(ctx, found, at)
	case listOfUsers:
		next, err := p.users(ctx, found, at)
		if next == nil && err == nil {
			next = &place{List: listOfGroups}
		}
		return next, err
	default:
		if at == (place{}) {
			owners := resourceID(resourceTypeOrganizationRole, roleOwner)
			found.add(newGrant(p.project.GetId(), slugOwner, owners, gr.WithAnnotation(&v2.GrantImmutable{}), expandThrough(owners, slugAssigned)))
		}
		next, err := p.serviceAccounts(ctx, found, at)
		if next == nil && err == nil {
			next = &place{List: listOfUsers}
		}
		return next, err
	}
}

// serviceAccounts gives a page of the project's service accounts by the role that their rows name.
func (p projectGrants) serviceAccounts(ctx context.Context, found *answer[*v2.Grant], at place) (*place, error) {
	if !p.sync.includes(resourceTypeServiceAccount) {
		return at.skipped()
	}
	page, err := ask(ctx, p.sync, serviceAccountsList(p.id), at.Cursor)
	if err != nil {
		return nil, err
	}
	catalog, err := p.sync.projectRoles(ctx, p.id)
	if err != nil {
		return nil, err
	}
	next, _, err := gather(found, at, page, func(account client.ServiceAccount) ([]*v2.Grant, bool, error) {
		member := memberOfProject{
			principal: resourceID(resourceTypeServiceAccount, account.ID),
			rowRole:   serviceAccountRole(account.Role), direct: projectRoleName(account.Role),
			read: func(ctx context.Context) error {
				_, err := p.sync.api.GetProjectServiceAccount(ctx, p.id, account.ID)
				return err
			},
		}
		grants, err := p.member(ctx, catalog, member)
		return grants, false, err
	})
	return next, err
}

// users gives a page of the project's users by the role that their rows name.
func (p projectGrants) users(ctx context.Context, found *answer[*v2.Grant], at place) (*place, error) {
	if !p.sync.includes(resourceTypeUser) && !p.sync.includes(resourceTypeServiceAccount) {
		return at.skipped()
	}
	page, err := ask(ctx, p.sync, projectUsersList(p.id), at.Cursor)
	if err != nil {
		return nil, err
	}
	catalog, err := p.sync.projectRoles(ctx, p.id)
	if err != nil {
		return nil, err
	}
	members := convert(page.Items, func(user client.ProjectUser) member { return member{user.ID, user.Email} })
	principals, err := p.sync.principals(ctx, members)
	if err != nil {
		return nil, err
	}
	organizationRoles, err := recallMany[string](ctx, p.sync.session, factUser, idsOf(members))
	if err != nil {
		return nil, err
	}
	next, leftOut, err := gather(found, at, page, func(user client.ProjectUser) ([]*v2.Grant, bool, error) {
		principal := principals[user.ID]
		if principal == nil {
			return nil, p.sync.missesPrincipals(), nil
		}
		member := memberOfProject{
			principal: principal, rowRole: projectRoleName(user.Role), read: p.readUser(principal),
			ownsAll: organizationRoleName(organizationRoles[user.ID]) == roleOwner,
		}
		// A row that says owner of one who owns all only repeats that; the grant to the owners shows it.
		if !member.ownsAll || member.rowRole != slugOwner {
			member.direct = member.rowRole
		}
		grants, err := p.member(ctx, catalog, member)
		return grants, false, err
	})
	p.warnOfLeftOut(ctx, next, leftOut, "users of this project are left out: neither the organization's users nor its service accounts have them")
	return next, err
}

func (p projectGrants) readUser(principal *v2.ResourceId) func(context.Context) error {
	return func(ctx context.Context) error {
		var err error
		if principal.GetResourceType() == resourceTypeUser.GetId() {
			_, err = p.sync.api.GetProjectUser(ctx, p.id, principal.GetResource())
		} else {
			_, err = p.sync.api.GetProjectServiceAccount(ctx, p.id, principal.GetResource())
		}
		return err
	}
}

// groups gives a page of the project's groups. Their rows do not name a role, so each group's are asked for.
func (p projectGrants) groups(ctx context.Context, found *answer[*v2.Grant], at place) (*place, error) {
	hasGroups, err := p.sync.hasGroups(ctx)
	switch {
	case err != nil:
		return nil, err
	case !hasGroups:
		return at.skipped()
	}
	page, err := ask(ctx, p.sync, projectGroupsList(p.id), at.Cursor)
	if err != nil {
		return nil, err
	}
	catalog, err := p.sync.projectRoles(ctx, p.id)
	if err != nil {
		return nil, err
	}
	known, err := p.sync.knownGroups(ctx, convert(page.Items, func(group client.ProjectGroup) string { return group.GroupID }))
	if err != nil {
		return nil, err
	}
	next, leftOut, err := gather(found, at, page, func(group client.ProjectGroup) ([]*v2.Grant, bool, error) {
		if !known[group.GroupID] {
			return nil, true, nil
		}
		held := assignment{in: p.id, roles: catalog, principal: resourceID(resourceTypeGroup, group.GroupID)}
		grants, err := p.assigned(ctx, held, projectGroupRolesList(p.id, group.GroupID), func(ctx context.Context) error {
			_, err := p.sync.api.GetProjectGroup(ctx, p.id, group.GroupID)
			return err
		})
		return grants, false, err
	})
	p.warnOfLeftOut(ctx, next, leftOut, "groups of this project are left out: the organization's groups do not have them")
	return next, err
}

// warnOfLeftOut speaks once, at the end of a list.
func (p projectGrants) warnOfLeftOut(ctx context.Context, next *place, leftOut int, message string) {
	if next == nil && leftOut > 0 {
		warn(ctx, message, zap.String("project_id", p.id), zap.String("project", p.project.GetDisplayName()), zap.Int("count", leftOut))
	}
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
