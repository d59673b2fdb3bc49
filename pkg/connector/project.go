package connector

import (
	"cmp"
	"context"
	"maps"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	gr "github.com/conductorone/baton-sdk/pkg/types/grant"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

type projectBuilder struct {
	client   *client.Client
	crew     *crew
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
	token, err := parseListToken(opts)
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
	if err := b.remember(ctx, opts, token.Page, active); err != nil {
		return nil, nil, failed(doing, err)
	}
	projects, err := resourcesOf(active, projectResource)
	if err != nil {
		return nil, nil, failed(doing, err)
	}
	return projects, token.then(page.Next), nil
}

// remember enrolls the projects, and tells what is to be listed below them.
func (b *projectBuilder) remember(ctx context.Context, opts rs.SyncOpAttrs, page int, projects []client.Project) error {
	rows := make([]namedRow, 0, len(projects))
	for _, project := range projects {
		rows = append(rows, namedRow{ID: project.ID, Name: project.Name})
		for _, child := range projectChildren {
			if b.scope.includes(child.resourceType) {
				b.client.Expect(child.route, expectedBelow(opts, project.ID), 1)
			}
		}
	}
	return enroll(ctx, memory{opts.Session}, resourceTypeProject, page, rows)
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

// Grants gives one project's.
func (b *projectBuilder) Grants(ctx context.Context, project *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return b.lanes(ctx, opts, only(namedRow{ID: project.GetId().GetResource(), Name: project.GetDisplayName()}))
}

// GrantsForResourceType gives every project's.
func (b *projectBuilder) GrantsForResourceType(ctx context.Context, _ string, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return b.lanes(ctx, opts, listed[namedRow](memory{opts.Session}, resourceTypeProject))
}

func (b *projectBuilder) lanes(ctx context.Context, opts rs.SyncOpAttrs, projects roster[namedRow]) ([]*v2.Grant, *rs.SyncOpResults, error) {
	mem := memory{opts.Session}
	l := lanes[namedRow]{client: b.client, crew: b.crew, resourceType: resourceTypeProject, roster: projects, routes: []client.Route{client.RouteProjectUsers}}
	// An organization without groups has none in its projects.
	hasGroups := false
	if b.scope.includes(resourceTypeGroup) {
		var err error
		if hasGroups, err = mem.hasGroups(ctx); err != nil {
			return nil, nil, failed(doingProjectGrants, err)
		}
	}
	if hasGroups {
		l.routes = append(l.routes, client.RouteProjectGroups)
	}
	l.page = func(ctx context.Context, row namedRow, token laneToken) (rowPage, error) {
		p := projectPage{
			client: b.client, scope: b.scope, memory: mem, hasGroups: hasGroups,
			project: resourceID(resourceTypeProject, row.ID), name: row.Name, token: token, syncID: opts.SyncID,
		}
		page, err := p.grants(ctx)
		if err == nil {
			return page, nil
		}
		archived, refused := mem.skipArchived(ctx, b.client, row.ID, failed(doingProjectGrants, err))
		if archived {
			return rowPage{asked: true}, nil
		}
		if token.Step != stepRoles || !isGone(err) {
			return rowPage{}, refused
		}
		return p.withoutHolder(ctx, err)
	}
	return l.grants(ctx, opts)
}

const doingProjectGrants = "listing a project's access"

// projectPage is one page of a project's grants: its users and service accounts, then its groups, and after a page of
// either the roles of those whose row does not tell them.
type projectPage struct {
	client    *client.Client
	scope     scope
	memory    memory
	hasGroups bool
	project   *v2.ResourceId
	name      string
	token     laneToken
	syncID    string
}

func (p projectPage) grants(ctx context.Context) (rowPage, error) {
	switch p.token.Step {
	case stepFirst:
		return p.first(ctx)
	case stepUsers:
		return p.users(ctx, nil, nil)
	case stepGroups:
		return p.groups(ctx)
	case stepRoles:
		return p.roles(ctx)
	default:
		return rowPage{}, errForeignPageToken
	}
}

// first gives the grant by which owners of the organization own the project, directly or through a group, the roles of
// the service accounts, and the first page of users.
func (p projectPage) first(ctx context.Context) (rowPage, error) {
	owners := resourceID(resourceTypeOrganizationRole, roleOwner)
	implicit := newGrant(p.project, slugOwner, owners,
		gr.WithAnnotation(&v2.GrantImmutable{}),
		expandThrough(owners, slugAssigned),
	)
	accounts, holders, err := p.serviceAccounts(ctx)
	if err != nil {
		return rowPage{}, err
	}
	return p.users(ctx, append([]*v2.Grant{implicit}, accounts...), holders)
}

// serviceAccountWithoutRole is the word for an account without access of its own.
const serviceAccountWithoutRole = "none"

// serviceAccounts gives the roles that the rows of the project's service accounts name, and the accounts whose
// assignment list tells more.
func (p projectPage) serviceAccounts(ctx context.Context) ([]*v2.Grant, []holder, error) {
	accounts, _, err := recall[map[string]string](ctx, p.memory, kindProjectAccounts, p.project.GetResource())
	if err != nil {
		return nil, nil, err
	}
	roles, err := p.memory.roleBook(ctx, p.project.GetResource())
	if err != nil {
		return nil, nil, err
	}
	var grants []*v2.Grant
	var holders []holder
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		role := projectRoleName(accounts[id])
		if role != "" {
			grants = append(grants, newGrant(p.project, role, resourceID(resourceTypeServiceAccount, id)))
		}
		if accounts[id] == serviceAccountWithoutRole {
			role = serviceAccountWithoutRole
		}
		if role == "" || roles.hasCustom() {
			holders = append(holders, holder{Type: resourceTypeServiceAccount.GetId(), ID: id, RowRole: role})
		}
	}
	return grants, holders, nil
}

// users adds a page of the project's users by the role that their rows name. The assignment list is asked only for what
// no row tells: custom roles, and a role of another name.
func (p projectPage) users(ctx context.Context, grants []*v2.Grant, holders []holder) (rowPage, error) {
	page, err := p.client.ListProjectUsers(ctx, p.project.GetResource(), p.token.Cursor)
	if err != nil {
		return rowPage{}, err
	}
	roles, err := p.memory.roleBook(ctx, p.project.GetResource())
	if err != nil {
		return rowPage{}, err
	}
	ids := make([]string, 0, len(page.Items))
	for _, user := range page.Items {
		ids = append(ids, user.ID)
	}
	principals, err := p.scope.principals(ctx, p.memory, ids)
	if err != nil {
		return rowPage{}, err
	}
	organizationRoles, err := p.memory.recallMany(ctx, kindUser, ids)
	if err != nil {
		return rowPage{}, err
	}

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
			holders = append(holders, holder{Type: principal.GetResourceType(), ID: user.ID, RowRole: role})
		}
	}
	p.warnOfLeftOut(ctx, page.Next, "users of this project are left out: neither the organization's users nor its service accounts have them")
	var then *place
	switch {
	case !page.Next.IsZero():
		then = &place{Step: stepUsers, Cursor: page.Next, LeftOut: p.token.LeftOut}
	case p.hasGroups:
		then = &place{Step: stepGroups}
	}
	return p.ask(grants, holders, then), nil
}

// ask leads to the roles of the holders.
func (p projectPage) ask(grants []*v2.Grant, holders []holder, then *place) rowPage {
	p.expect(holders, len(holders))
	return rowPage{grants: grants, asked: true, next: p.token.ask(holders, then)}
}

// expect tells how many holders are left to be asked for. The last one tells one sequence of them from another.
func (p projectPage) expect(holders []holder, left int) {
	if len(holders) == 0 {
		return
	}
	last := holders[len(holders)-1]
	p.client.Expect(rolesRoute(last), p.syncID+"/"+p.project.GetResource()+"/"+last.ID, left)
}

func rolesRoute(h holder) client.Route {
	if h.Type == resourceTypeGroup.GetId() {
		return client.RouteProjectGroupRoles
	}
	return client.RouteProjectUserRoles
}

// repeatsOwnership tells a row that only says what ownership of the organization implies; the implicit grant shows it.
func repeatsOwnership(projectRole, organizationRole string) bool {
	return projectRole == slugOwner && organizationRoleName(organizationRole) == roleOwner
}

// groups gives a page of the project's groups. Their rows do not name a role, so each group's are asked for.
func (p projectPage) groups(ctx context.Context) (rowPage, error) {
	page, err := p.client.ListProjectGroups(ctx, p.project.GetResource(), p.token.Cursor)
	if err != nil {
		return rowPage{}, err
	}
	ids := make([]string, 0, len(page.Items))
	for _, group := range page.Items {
		ids = append(ids, group.GroupID)
	}
	known, err := p.memory.recallMany(ctx, kindGroup, ids)
	if err != nil {
		return rowPage{}, err
	}
	var holders []holder
	for _, id := range ids {
		if _, ok := known[id]; !ok {
			p.token.LeftOut++
			continue
		}
		holders = append(holders, holder{Type: resourceTypeGroup.GetId(), ID: id})
	}
	p.warnOfLeftOut(ctx, page.Next, "groups of this project are left out: the organization's groups do not have them")
	var then *place
	if !page.Next.IsZero() {
		then = &place{Step: stepGroups, Cursor: page.Next, LeftOut: p.token.LeftOut}
	}
	return p.ask(nil, holders, then), nil
}

// roles gives a page of the first holder's role assignments in the project.
func (p projectPage) roles(ctx context.Context) (rowPage, error) {
	book, err := p.memory.roleBook(ctx, p.project.GetResource())
	if err != nil {
		return rowPage{}, err
	}
	held := p.token.Holders[0]
	var list func(ctx context.Context, projectID, principalID string, cursor client.Cursor) (client.Page[client.AssignedRole], error)
	switch held.Type {
	case resourceTypeUser.GetId(), resourceTypeServiceAccount.GetId():
		list = p.client.ListProjectUserRoles
	case resourceTypeGroup.GetId():
		list = p.client.ListProjectGroupRoles
	default:
		return rowPage{}, errForeignPageToken
	}
	page, err := list(ctx, p.project.GetResource(), held.ID, p.token.Cursor)
	if err != nil {
		return rowPage{}, err
	}
	if page.Next.IsZero() {
		p.expect(p.token.Holders, len(p.token.Holders)-1)
	}
	roles := assignment{in: p.project.GetResource(), roles: book, principal: held.id(), rowRole: held.RowRole}
	return rowPage{grants: roles.grants(ctx, page.Items), asked: true, next: p.token.roles(page.Next)}, nil
}

// withoutHolder goes on after a holder whose role list failed, if it has left the project meanwhile.
func (p projectPage) withoutHolder(ctx context.Context, err error) (rowPage, error) {
	held, project := p.token.Holders[0], p.project.GetResource()
	left, err := leftMeanwhile(ctx, err, held.id(), project, func(ctx context.Context) error {
		var err error
		switch held.Type {
		case resourceTypeUser.GetId():
			_, err = p.client.GetProjectUser(ctx, project, held.ID)
		case resourceTypeServiceAccount.GetId():
			_, err = p.client.GetProjectServiceAccount(ctx, project, held.ID)
		case resourceTypeGroup.GetId():
			_, err = p.client.GetProjectGroup(ctx, project, held.ID)
		default:
			return errForeignPageToken
		}
		return err
	})
	if !left {
		return rowPage{}, failed(doingProjectGrants, err)
	}
	p.expect(p.token.Holders, len(p.token.Holders)-1)
	return rowPage{asked: true, next: p.token.roles(client.Cursor{})}, nil
}

// warnOfLeftOut speaks once, at the end of a list.
func (p projectPage) warnOfLeftOut(ctx context.Context, next client.Cursor, message string) {
	if next.IsZero() && p.token.LeftOut > 0 {
		warn(ctx, message, zap.String("project_id", p.project.GetResource()), zap.String("project", p.name), zap.Int("count", p.token.LeftOut))
	}
}
