package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The lists of a project's grants after the first one, its service accounts.
const (
	listOfUsers  = "users"
	listOfGroups = "groups"
)

const doingProjectGrants = "listing a project's access"

// Grants gives the project's access: the grant by which owners of the organization own it, its service accounts, its users,
// then its groups, each with the roles that their rows do not tell.
func (b *projectBuilder) Grants(ctx context.Context, project *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	first, err := parsePageToken(opts, listOfUsers, listOfGroups)
	if err != nil {
		return nil, nil, err
	}
	s, err := b.reader.forCall(ctx, opts)
	if err != nil {
		return nil, nil, readError(doingProjectGrants, err)
	}
	p := projectGrants{sync: s, project: project, id: project.GetId().GetResource()}
	return fillResponse(first, func(response *response[*v2.Grant], token pageToken) (*pageToken, error) {
		next, err := p.page(ctx, response, token)
		if err == nil {
			return next, nil
		}
		archived, err := s.skipArchived(ctx, p.id, readError(doingProjectGrants, err))
		if archived {
			response.rows = nil
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
func (p projectGrants) page(ctx context.Context, response *response[*v2.Grant], token pageToken) (*pageToken, error) {
	switch token.List {
	case listOfGroups:
		return p.groups(ctx, response, token)
	case listOfUsers:
		next, err := p.users(ctx, response, token)
		if next == nil && err == nil {
			next = &pageToken{List: listOfGroups}
		}
		return next, err
	default:
		if token == (pageToken{}) && p.sync.includes(resourceTypeOrganizationRole) {
			response.add(ownerThroughOrganization(p.project.GetId()))
		}
		next, err := p.serviceAccounts(ctx, response, token)
		if next == nil && err == nil {
			next = &pageToken{List: listOfUsers}
		}
		return next, err
	}
}

// serviceAccounts gives a page of the project's service accounts by the role that their rows name.
func (p projectGrants) serviceAccounts(ctx context.Context, response *response[*v2.Grant], token pageToken) (*pageToken, error) {
	if !p.sync.includes(resourceTypeServiceAccount) {
		return token.skipped()
	}
	page, err := getPage(ctx, p.sync, serviceAccountsList(p.id), token.Cursor)
	if err != nil {
		return nil, err
	}
	catalog, err := p.sync.projectRoles(ctx, p.id)
	if err != nil {
		return nil, err
	}
	next, _, err := addRows(response, token, page, func(account client.ServiceAccount) ([]*v2.Grant, bool, error) {
		member := projectMember{
			principal: resourceID(resourceTypeServiceAccount, account.ID),
			rowRole:   serviceAccountRole(account.Role), direct: projectRoleName(account.Role),
			read: func(ctx context.Context) error {
				_, err := p.sync.api.GetProjectServiceAccount(ctx, p.id, account.ID)
				return err
			},
		}
		grants, err := p.memberGrants(ctx, catalog, member)
		return grants, false, err
	})
	return next, err
}

// users gives a page of the project's users by the role that their rows name.
func (p projectGrants) users(ctx context.Context, response *response[*v2.Grant], token pageToken) (*pageToken, error) {
	if !p.sync.includes(resourceTypeUser) && !p.sync.includes(resourceTypeServiceAccount) {
		return token.skipped()
	}
	page, err := getPage(ctx, p.sync, projectUsersList(p.id), token.Cursor)
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
	organizationRoles, err := getFacts[string](ctx, p.sync.session, factUser, memberIDs(members))
	if err != nil {
		return nil, err
	}
	next, leftOut, err := addRows(response, token, page, func(user client.ProjectUser) ([]*v2.Grant, bool, error) {
		principal := principals[user.ID]
		if principal == nil {
			return nil, p.sync.listsAllPrincipals(), nil
		}
		member := projectMember{
			principal: principal, rowRole: projectRoleName(user.Role), read: p.readUser(principal),
			ownsAll: organizationRoleName(organizationRoles[user.ID]) == roleOwner,
		}
		// A row that says owner of one who owns all only repeats that; the grant to the owners shows it.
		if !member.ownsAll || member.rowRole != slugOwner {
			member.direct = member.rowRole
		}
		grants, err := p.memberGrants(ctx, catalog, member)
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
func (p projectGrants) groups(ctx context.Context, response *response[*v2.Grant], token pageToken) (*pageToken, error) {
	hasGroups, err := p.sync.hasGroups(ctx)
	switch {
	case err != nil:
		return nil, err
	case !hasGroups:
		return token.skipped()
	}
	page, err := getPage(ctx, p.sync, projectGroupsList(p.id), token.Cursor)
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
	next, leftOut, err := addRows(response, token, page, func(group client.ProjectGroup) ([]*v2.Grant, bool, error) {
		if !known[group.GroupID] {
			return nil, true, nil
		}
		held := assignmentReader{in: p.id, roles: catalog, principal: resourceID(resourceTypeGroup, group.GroupID)}
		grants, err := p.assignedGrants(ctx, held, projectGroupRolesList(p.id, group.GroupID), func(ctx context.Context) error {
			_, err := p.sync.api.GetProjectGroup(ctx, p.id, group.GroupID)
			return err
		})
		return grants, false, err
	})
	p.warnOfLeftOut(ctx, next, leftOut, "groups of this project are left out: the organization's groups do not have them")
	return next, err
}

// warnOfLeftOut speaks once, at the end of a list.
func (p projectGrants) warnOfLeftOut(ctx context.Context, next *pageToken, leftOut int, message string) {
	if next == nil && leftOut > 0 {
		warn(ctx, message, zap.String("project_id", p.id), zap.String("project", p.project.GetDisplayName()), zap.Int("count", leftOut))
	}
}

// assignedGrants gives what the assignment list of a principal says, or nothing if the principal has left the project.
func (p projectGrants) assignedGrants(ctx context.Context, held assignmentReader, l list[client.AssignedRole], read func(context.Context) error) ([]*v2.Grant, error) {
	grants, err := held.allGrants(ctx, p.sync, l)
	if kind := kindOf(err); kind != client.KindGone && kind != client.KindCursorGone {
		return grants, err
	}
	archived, err := p.sync.skipArchived(ctx, p.id, err)
	if archived {
		return nil, nil
	}
	left, err := leftDuringSync(ctx, err, held.principal, p.id, read)
	if left {
		return nil, nil
	}
	return nil, err
}
