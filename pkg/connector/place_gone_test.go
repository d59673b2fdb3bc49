package connector_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// If the row before the next page is gone, the list begins again: the file has every row, none twice, and the same
// warnings.
func TestListsWhosePlaceIsGone(t *testing.T) {
	t.Parallel()
	for route, organization := range ofTwoPages() {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			undisturbed := runSync(t, twoPages(organization, nil), syncOptions{})
			require.NoError(t, undisturbed.err)
			gone := openaitest.Fault{Cursor: openaitest.CursorGone, After: 1, Times: 1}
			if route == "GET /organization/groups" {
				gone.After++ // the check of the credentials
			}
			server := twoPages(organization, map[string]openaitest.Fault{route: gone})
			synced := runSync(t, server, syncOptions{workers: 4})
			require.NoError(t, synced.err)
			require.Equal(t, 1, placesRefused(server), "the place was not gone")
			requireSame(t, readRows(t, undisturbed.store), readRows(t, synced.store))
			require.Equal(t, warned(undisturbed), warned(synced))
		})
	}
}

// warned are the connector's warnings, each once.
func warned(synced outcome) map[string]bool {
	warnings := map[string]bool{}
	for _, entry := range synced.logs.FilterMessageSnippet("baton-openai:").All() {
		fields := entry.ContextMap()
		warnings[fmt.Sprint(entry.Message, fields["role_id"], fields["members"], fields["count"])] = true
	}
	return warnings
}

// placesRefused counts the refused requests for a later page.
func placesRefused(server *openaitest.Server) int {
	count := 0
	for _, request := range server.Requests() {
		if request.Status >= 400 && request.Query.Get("after") != "" {
			count++
		}
	}
	return count
}

// A user is deleted during the listing, in the last row of a page. All others are listed.
func TestUserDeletedAtTheEndOfAPage(t *testing.T) {
	t.Parallel()
	organization := openaitest.Organization{ID: "org-1", Users: many(350, userRow)}
	server := &openaitest.Server{Organization: organization}
	var pages int
	var reading sync.Mutex
	server.OnRequest = func(request openaitest.Request) {
		reading.Lock()
		defer reading.Unlock()
		if request.Route != "GET /organization/users" {
			return
		}
		pages++
		if pages != 2 && pages != 5 {
			return
		}
		after := request.Query.Get("after")
		server.Update(func(o *openaitest.Organization) {
			o.Users = slices.DeleteFunc(o.Users, func(u openaitest.User) bool { return u.ID == after })
		})
	}
	synced := runSync(t, server, syncOptions{})
	require.NoError(t, synced.err)
	require.Len(t, server.Snapshot().Users, 348)
	require.Equal(t, 2, placesRefused(server))
	// The deleted users had been listed before.
	requireSame(t, expected(organization), readRows(t, synced.store))
}

// If a list begins again, members that are left out count once.
func TestLeftOutMembersAreCountedOnce(t *testing.T) {
	t.Parallel()
	members := append(many(rowsOfTwoPages-2, func(i int) string { return userRow(i).ID }), "stranger-0", "stranger-1")
	slices.Reverse(members) // the unknown members are on the first page
	for name, after := range map[string]int{"undisturbed": 1_000, "begun again": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			organization := openaitest.Organization{
				ID: "org-1", Users: many(rowsOfTwoPages-2, userRow), Groups: []openaitest.Group{{ID: "group_1", Name: "Group", MemberIDs: members}},
			}
			server := twoPages(organization, map[string]openaitest.Fault{
				groupMembersRoute: {Cursor: openaitest.CursorGone, After: after, Times: 1},
			})
			synced := runSync(t, server, syncOptions{})
			require.NoError(t, synced.err)
			requireWarnings(t, synced.logs, []warning{{"members of this group are left out", map[string]any{"members": 2}}})
		})
	}
}

// A list that has to begin again too often is an error, not a shorter list.
func TestPlacesThatAreAlwaysGone(t *testing.T) {
	t.Parallel()
	for route, organization := range ofTwoPages() {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			server := twoPages(organization, map[string]openaitest.Fault{route: {Cursor: openaitest.CursorGone}})
			synced := runSync(t, server, syncOptions{})
			require.Equal(t, codes.FailedPrecondition, status.Code(synced.err), synced.err)
			require.ErrorContains(t, synced.err, route)
			require.ErrorContains(t, synced.err, "the list changed while it was read; run this again")
			requireNoFinishedSync(t, synced.store)
		})
	}
}

// A change that searches a list finds its row also if the list begins again, and does nothing twice.
func TestChangesWhereAPlaceIsGone(t *testing.T) {
	t.Parallel()
	roles := many(1_001, roleRow)
	last := roles[len(roles)-1].ID
	projects := many(150, func(i int) openaitest.Project {
		return openaitest.Project{ID: fmt.Sprintf("proj_%d", i), Name: "Project", Status: "active"}
	})
	projects[149].ServiceAccounts = []openaitest.ServiceAccount{{ID: "svc_acct_1", Name: "worker", Role: "member"}}
	organization := openaitest.Organization{
		Users: append([]openaitest.User{{ID: "user-owner", Role: "owner"}}, many(2, userRow)...), Roles: roles, Projects: projects,
	}
	organization.Users[1].RoleIDs = roleIDs(roles)
	held := access{"organization_role:" + last + ":assigned", "user:user-0"}
	tests := map[string]struct {
		route  string
		change func(*testing.T, testConnector)
	}{
		"the roles of a user, of which one is taken": {userRolesRoute, func(t *testing.T, d testConnector) {
			t.Helper()
			_, err := d.revoke(t.Context(), shapes["full"], held)
			require.NoError(t, err)
			snapshot := d.server.Snapshot()
			require.NotContains(t, user(&snapshot, "user-0").RoleIDs, last)
		}},
		"the roles of a user, of which one is held already": {userRolesRoute, func(t *testing.T, d testConnector) {
			t.Helper()
			_, err := d.grant(t.Context(), shapes["full"], held)
			require.NoError(t, err)
			require.Empty(t, writes(d.server))
		}},
		"the projects, of which one has the service account": {"GET /organization/projects", func(t *testing.T, d testConnector) {
			t.Helper()
			require.NoError(t, d.delete(t.Context(), "service_account:svc_acct_1", ""))
			require.Empty(t, d.server.Snapshot().Projects[149].ServiceAccounts)
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{
				Organization: organization,
				Faults:       map[string]openaitest.Fault{test.route: {Cursor: openaitest.CursorGone, After: 1, Times: 1}},
			}
			test.change(t, connect(t, server))
			require.Equal(t, 1, placesRefused(server), "the place was not gone")
		})
	}
}
