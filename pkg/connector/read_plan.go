package connector

import (
	"context"
	"iter"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The order of a sync's reading: the lists of each kind are read in the order of the plan, as soon as what they are of is
// known, each kind at the rate of its route and independent of the others. The builders ask for the same lists by the
// same rule (needsAssignments); what the plan leaves out, also because something could not be read, is read when it is
// asked for.

// plannedLists are the lists of one kind.
type plannedLists struct {
	kind listKind
	// types are the resource types that a sync must have to need the lists.
	types []*v2.ResourceType
	// insights says that security insights are made of them as well.
	insights bool
	// grants says that they are asked for when grants are, and not when resources are listed.
	grants bool
	// lists gives them in their order.
	lists func(context.Context, *syncReader) iter.Seq[anyList]
}

var plan = []plannedLists{
	{kindUsers, types(resourceTypeUser), true, false, single(usersList)},
	{kindInvites, types(resourceTypeInvitation), false, false, single(invitesList)},
	{kindOrganizationRoles, types(resourceTypeOrganizationRole), false, false, single(organizationRolesList)},
	{kindGroups, types(resourceTypeGroup), false, false, single(groupsList)},
	{kindProjects, types(resourceTypeProject), true, false, single(projectsList)},
	{kindAdminKeys, types(resourceTypeAPIKey), true, false, single(adminKeysList)},
	{kindUserRoles, types(resourceTypeUser, resourceTypeOrganizationRole), false, true, plannedUserRoles},
	{kindGroupUsers, types(resourceTypeGroup, resourceTypeUser), false, true, eachGroup(groupUsersList)},
	{kindGroupRoles, types(resourceTypeGroup, resourceTypeOrganizationRole), false, true, eachGroup(groupRolesList)},
	{kindProjectRoles, types(resourceTypeProject, resourceTypeProjectRole), false, false, eachProject(projectRolesList)},
	{kindServiceAccounts, types(resourceTypeProject, resourceTypeServiceAccount), true, false, eachProject(serviceAccountsList)},
	{kindProjectKeys, types(resourceTypeProject, resourceTypeAPIKey), true, false, eachProject(projectKeysList)},
	{kindProjectUsers, types(resourceTypeProject, resourceTypeUser), false, true, eachProject(projectUsersList)},
	{kindProjectGroups, types(resourceTypeProject, resourceTypeGroup), false, true, plannedProjectGroups},
	{kindProjectUserRoles, types(resourceTypeProject, resourceTypeUser), false, true, plannedProjectUserRoles},
	{kindProjectGroupRoles, types(resourceTypeProject, resourceTypeGroup), false, true, plannedProjectGroupRoles},
}

func types(t ...*v2.ResourceType) []*v2.ResourceType { return t }

func single[T any](l func() list[T]) func(context.Context, *syncReader) iter.Seq[anyList] {
	return func(context.Context, *syncReader) iter.Seq[anyList] {
		return func(yield func(anyList) bool) { yield(l()) }
	}
}

func eachGroup[T any](l func(groupID string) list[T]) func(context.Context, *syncReader) iter.Seq[anyList] {
	return func(ctx context.Context, s *syncReader) iter.Seq[anyList] {
		return eachList(loadRows(ctx, s, groupsList()), func(g client.Group) (anyList, bool) { return l(g.ID), true })
	}
}

func eachProject[T any](l func(projectID string) list[T]) func(context.Context, *syncReader) iter.Seq[anyList] {
	return func(ctx context.Context, s *syncReader) iter.Seq[anyList] {
		return eachList(activeProjects(ctx, s), func(projectID string) (anyList, bool) { return l(projectID), true })
	}
}

func plannedUserRoles(ctx context.Context, s *syncReader) iter.Seq[anyList] {
	catalog := newCatalog(loadRows(ctx, s, organizationRolesList()), organizationKey)
	return eachList(loadRows(ctx, s, usersList()), func(user client.User) (anyList, bool) {
		return userRolesList(user.ID), needsAssignments(catalog, organizationRoleName(user.Role))
	})
}

// plannedProjectGroups are none where the organization has no groups.
func plannedProjectGroups(ctx context.Context, s *syncReader) iter.Seq[anyList] {
	for range loadRows(ctx, s, groupsList()) {
		return eachProject(projectGroupsList)(ctx, s)
	}
	return func(func(anyList) bool) {}
}

// plannedProjectUserRoles leave out members who are not users of the organization. Such a member may be a service
// account of another project, which is known only when all projects have been read.
func plannedProjectUserRoles(ctx context.Context, s *syncReader) iter.Seq[anyList] {
	countRows(loadRows(ctx, s, usersList()))
	return eachProjectList(activeProjects(ctx, s), func(projectID string) iter.Seq[anyList] {
		catalog := roleCatalog{}
		if s.includes(resourceTypeProjectRole) {
			catalog = newCatalog(loadRows(ctx, s, projectRolesList(projectID)), projectID)
		}
		accounts := func(func(client.ServiceAccount) bool) {}
		if s.includes(resourceTypeServiceAccount) {
			accounts = loadRows(ctx, s, serviceAccountsList(projectID))
		}
		return func(yield func(anyList) bool) {
			for account := range accounts {
				if needsAssignments(catalog, serviceAccountRole(account.Role)) && !yield(projectUserRolesList(projectID, account.ID)) {
					return
				}
			}
			for user := range loadRows(ctx, s, projectUsersList(projectID)) {
				if needsAssignments(catalog, projectRoleName(user.Role)) && s.hasFact(ctx, factUser, user.ID) &&
					!yield(projectUserRolesList(projectID, user.ID)) {
					return
				}
			}
		}
	})
}

// plannedProjectGroupRoles are of each group in each project, since no row names a group's role.
func plannedProjectGroupRoles(ctx context.Context, s *syncReader) iter.Seq[anyList] {
	if countRows(loadRows(ctx, s, groupsList())) == 0 {
		return func(func(anyList) bool) {}
	}
	return eachProjectList(activeProjects(ctx, s), func(projectID string) iter.Seq[anyList] {
		return eachList(loadRows(ctx, s, projectGroupsList(projectID)), func(group client.ProjectGroup) (anyList, bool) {
			return projectGroupRolesList(projectID, group.GroupID), s.hasFact(ctx, factGroup, group.GroupID)
		})
	})
}

func activeProjects(ctx context.Context, s *syncReader) iter.Seq[string] {
	return func(yield func(string) bool) {
		for project := range loadRows(ctx, s, projectsList()) {
			if project.Status != client.ProjectArchived && !yield(project.ID) {
				return
			}
		}
	}
}

// eachList gives a list for each row of which there is to be one.
func eachList[T any](rows iter.Seq[T], listOf func(T) (anyList, bool)) iter.Seq[anyList] {
	return func(yield func(anyList) bool) {
		for row := range rows {
			if l, ok := listOf(row); ok && !yield(l) {
				return
			}
		}
	}
}

func eachProjectList(projectIDs iter.Seq[string], listsOf func(projectID string) iter.Seq[anyList]) iter.Seq[anyList] {
	return func(yield func(anyList) bool) {
		for projectID := range projectIDs {
			for l := range listsOf(projectID) {
				if !yield(l) {
					return
				}
			}
		}
	}
}

// countRows reads a list to its end and counts its rows.
func countRows[T any](rows iter.Seq[T]) int {
	n := 0
	for range rows {
		n++
	}
	return n
}
