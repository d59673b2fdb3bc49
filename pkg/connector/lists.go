package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-openai/pkg/client"
)

// list is one list of the API, such as the users of a project.
type list[T any] struct {
	// kind is the same for all lists that the API serves on one route, and so at one rate.
	kind listKind
	// parents has the ids of what the list belongs to.
	parents []string
	// page reads one page.
	page func(ctx context.Context, api *client.Client, cursor client.Cursor) (client.Page[T], error)
	// keep is called with each page that is read, and stores facts that are looked up by id later. It is nil if there
	// are none.
	keep func(ctx context.Context, session syncSession, page client.Page[T]) error
}

// listKind names the lists of a route. It is part of the keys in the session store.
type listKind string

const (
	kindUsers             listKind = "users"
	kindInvites           listKind = "invites"
	kindOrganizationRoles listKind = "organization_roles"
	kindGroups            listKind = "groups"
	kindProjects          listKind = "projects"
	kindAdminKeys         listKind = "admin_api_keys"
	kindUserRoles         listKind = "user_roles"
	kindGroupUsers        listKind = "group_users"
	kindGroupRoles        listKind = "group_roles"
	kindProjectRoles      listKind = "project_roles"
	kindServiceAccounts   listKind = "project_service_accounts"
	kindProjectKeys       listKind = "project_api_keys"
	kindProjectUsers      listKind = "project_users"
	kindProjectGroups     listKind = "project_groups"
	kindProjectUserRoles  listKind = "project_user_roles"
	kindProjectGroupRoles listKind = "project_group_roles"
)

// typeOfKind has the resource type without which nobody asks for the list. Security insights say of themselves that they do.
var typeOfKind = map[listKind]*v2.ResourceType{
	kindUsers:             resourceTypeUser,
	kindInvites:           resourceTypeInvitation,
	kindOrganizationRoles: resourceTypeOrganizationRole,
	kindGroups:            resourceTypeGroup,
	kindProjects:          resourceTypeProject,
	kindAdminKeys:         resourceTypeAPIKey,
	kindUserRoles:         resourceTypeOrganizationRole,
	kindGroupUsers:        resourceTypeGroup,
	kindGroupRoles:        resourceTypeOrganizationRole,
	kindProjectRoles:      resourceTypeProjectRole,
	kindServiceAccounts:   resourceTypeServiceAccount,
	kindProjectKeys:       resourceTypeAPIKey,
	kindProjectUsers:      resourceTypeUser,
	kindProjectGroups:     resourceTypeGroup,
	kindProjectUserRoles:  resourceTypeProjectRole,
	kindProjectGroupRoles: resourceTypeGroup,
}

func usersList() list[client.User] {
	return list[client.User]{kind: kindUsers, page: organizationPage((*client.Client).ListUsers), keep: keepUsers}
}

func invitesList() list[client.Invite] {
	return list[client.Invite]{kind: kindInvites, page: organizationPage((*client.Client).ListInvites)}
}

func organizationRolesList() list[client.Role] {
	return list[client.Role]{kind: kindOrganizationRoles, page: rolesPage(client.OrganizationScope()), keep: warnOfUnknownRoles(organizationKey)}
}

func groupsList() list[client.Group] {
	return list[client.Group]{kind: kindGroups, page: organizationPage((*client.Client).ListGroups), keep: keepGroups}
}

func projectsList() list[client.Project] {
	return list[client.Project]{kind: kindProjects, page: organizationPage((*client.Client).ListProjects)}
}

func adminKeysList() list[client.AdminAPIKey] {
	return list[client.AdminAPIKey]{kind: kindAdminKeys, page: organizationPage((*client.Client).ListAdminAPIKeys)}
}

func userRolesList(userID string) list[client.AssignedRole] {
	return list[client.AssignedRole]{kind: kindUserRoles, parents: []string{userID}, page: assignmentsPage(client.OrganizationPrincipal(client.PrincipalUser, userID))}
}

func groupUsersList(groupID string) list[client.GroupUser] {
	return list[client.GroupUser]{
		kind: kindGroupUsers, parents: []string{groupID}, page: pageOf((*client.Client).ListGroupUsers, groupID), keep: keepMembersOffered,
	}
}

func groupRolesList(groupID string) list[client.AssignedRole] {
	return list[client.AssignedRole]{kind: kindGroupRoles, parents: []string{groupID}, page: assignmentsPage(client.OrganizationPrincipal(client.PrincipalGroup, groupID))}
}

func projectRolesList(projectID string) list[client.Role] {
	return list[client.Role]{
		kind: kindProjectRoles, parents: []string{projectID},
		page: rolesPage(client.ProjectScope(projectID)), keep: warnOfUnknownRoles(projectID),
	}
}

func serviceAccountsList(projectID string) list[client.ServiceAccount] {
	return list[client.ServiceAccount]{
		kind: kindServiceAccounts, parents: []string{projectID},
		page: pageOf((*client.Client).ListProjectServiceAccounts, projectID), keep: keepServiceAccounts(projectID),
	}
}

func projectKeysList(projectID string) list[client.ProjectAPIKey] {
	return list[client.ProjectAPIKey]{kind: kindProjectKeys, parents: []string{projectID}, page: pageOf((*client.Client).ListProjectAPIKeys, projectID)}
}

func projectUsersList(projectID string) list[client.ProjectUser] {
	return list[client.ProjectUser]{kind: kindProjectUsers, parents: []string{projectID}, page: pageOf((*client.Client).ListProjectUsers, projectID)}
}

func projectGroupsList(projectID string) list[client.ProjectGroup] {
	return list[client.ProjectGroup]{kind: kindProjectGroups, parents: []string{projectID}, page: pageOf((*client.Client).ListProjectGroups, projectID)}
}

func projectUserRolesList(projectID, userID string) list[client.AssignedRole] {
	return list[client.AssignedRole]{
		kind: kindProjectUserRoles, parents: []string{projectID, userID},
		page: assignmentsPage(client.ProjectPrincipal(projectID, client.PrincipalUser, userID)),
	}
}

func projectGroupRolesList(projectID, groupID string) list[client.AssignedRole] {
	return list[client.AssignedRole]{
		kind: kindProjectGroupRoles, parents: []string{projectID, groupID},
		page: assignmentsPage(client.ProjectPrincipal(projectID, client.PrincipalGroup, groupID)),
	}
}

func assignmentsPage(p client.Principal) func(context.Context, *client.Client, client.Cursor) (client.Page[client.AssignedRole], error) {
	return func(ctx context.Context, api *client.Client, cursor client.Cursor) (client.Page[client.AssignedRole], error) {
		return api.ListAssignedRoles(ctx, p, cursor)
	}
}

func rolesPage(of client.RoleScope) func(context.Context, *client.Client, client.Cursor) (client.Page[client.Role], error) {
	return func(ctx context.Context, api *client.Client, cursor client.Cursor) (client.Page[client.Role], error) {
		return api.ListRoles(ctx, of, cursor)
	}
}

func organizationPage[T any](
	read func(*client.Client, context.Context, client.Cursor) (client.Page[T], error),
) func(context.Context, *client.Client, client.Cursor) (client.Page[T], error) {
	return func(ctx context.Context, api *client.Client, cursor client.Cursor) (client.Page[T], error) {
		return read(api, ctx, cursor)
	}
}

func pageOf[T any](
	read func(*client.Client, context.Context, string, client.Cursor) (client.Page[T], error), id string,
) func(context.Context, *client.Client, client.Cursor) (client.Page[T], error) {
	return func(ctx context.Context, api *client.Client, cursor client.Cursor) (client.Page[T], error) {
		return read(api, ctx, id, cursor)
	}
}
