package connector_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// pages is the number of pages of a list of n rows: one for an empty list, and none after a full last page.
func pages(n, size int) int {
	return max(1, (n+size-1)/size)
}

// fewestCalls is the number of calls of each route that a sync needs.
func fewestCalls(o openaitest.Organization) map[string]int {
	calls := map[string]int{
		"GET /organization/users":          pages(len(o.Users), 100),
		"GET /organization/invites":        pages(len(o.Invites), 100),
		"GET /organization/roles":          pages(len(o.Roles)+2, 1000),
		"GET /organization/groups":         pages(len(o.Groups), 1000) + 1, // one for the check of the key
		"GET /organization/admin_api_keys": pages(len(o.AdminKeys), 100),
	}
	if len(o.Roles) > 0 {
		calls["GET /organization/users/{user_id}/roles"] = len(o.Users)
	}
	for _, group := range o.Groups {
		calls["GET /organization/groups/{group_id}/users"] += pages(len(group.MemberIDs), 1000)
		calls["GET /organization/groups/{group_id}/roles"]++
	}
	active := 0
	for _, project := range o.Projects {
		if project.Status == "archived" {
			continue
		}
		active++
		calls["GET /organization/projects/{project_id}/users"] += pages(len(project.Users), 100)
		calls["GET /organization/projects/{project_id}/service_accounts"] += pages(len(project.ServiceAccounts), 100)
		calls["GET /organization/projects/{project_id}/api_keys"] += pages(len(project.APIKeys), 100)
		calls["GET /projects/{project_id}/roles"]++
		if len(o.Groups) > 0 {
			calls["GET /organization/projects/{project_id}/groups"] += pages(len(project.Groups), 100)
		}
		if len(project.Groups) > 0 {
			calls["GET /projects/{project_id}/groups/{group_id}/roles"] += len(project.Groups)
		}
		asked := 0
		if len(project.Roles) > 0 {
			asked += len(project.Users)
		}
		for _, account := range project.ServiceAccounts {
			if len(project.Roles) > 0 || account.Role == "none" {
				asked++
			}
		}
		if asked > 0 {
			calls["GET /projects/{project_id}/users/{user_id}/roles"] += asked
		}
	}
	calls["GET /organization/projects"] = pages(active, 100)
	return calls
}

// With any number of workers, a sync makes exactly the necessary calls, and none for each user's roles if there are no
// custom roles.
func TestSyncMakesTheFewestCalls(t *testing.T) {
	t.Parallel()
	organizations := map[string]openaitest.Organization{
		"everything":       openaitest.Seeded(10, openaitest.Size{Users: 110, Groups: 6, Projects: 6}),
		"no custom roles":  openaitest.Seeded(11, openaitest.Size{Users: 110, CustomRoles: -1, ProjectsWithCustomRoles: -1}),
		"no groups":        openaitest.Seeded(12, openaitest.Size{Users: 30, Groups: -1, Projects: 4}),
		"full last pages":  openaitest.Seeded(13, openaitest.Size{Users: 100, UsersPerProject: 100, Projects: 2, Invites: 100, CustomRoles: -1}),
		"nothing but keys": openaitest.Seeded(14, openaitest.Size{Users: 1, Groups: -1, Projects: -1, Invites: -1, AdminKeys: 101}),
	}
	for name, organization := range organizations {
		for _, workers := range []int{0, 4} {
			if workers == 0 && name != "everything" {
				continue // sequential calls are the easier case
			}
			t.Run(fmt.Sprintf("%s, %d workers", name, workers), func(t *testing.T) {
				t.Parallel()
				server := &openaitest.Server{Organization: organization}
				require.NoError(t, runSync(t, server, syncOptions{workers: workers}).err)
				calls := map[string]int{}
				for _, request := range server.Requests() {
					calls[request.Route]++
				}
				require.Equal(t, fewestCalls(organization), calls)
			})
		}
	}
}
