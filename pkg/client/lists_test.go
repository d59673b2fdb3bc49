package client_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// pager calls a list method for one page and returns the ids of its rows.
type pager func(context.Context, *client.Client, client.Cursor) ([]string, client.Cursor, error)

// listing is a list method with fixed ids.
type listing struct {
	name  string
	limit int
	query url.Values
	page  pager
	// needsID says whether the route has ids; withIDs is the same method for other ids.
	needsID bool
	withIDs func(projectID, groupID, userID string) listing
	// want are the ids of the whole list.
	want func(*openaitest.Organization) []string
}

func rows[T any](list func(*client.Client, context.Context, client.Cursor) (client.Page[T], error), id func(T) string) pager {
	return func(ctx context.Context, c *client.Client, cursor client.Cursor) ([]string, client.Cursor, error) {
		page, err := list(c, ctx, cursor)
		return each(page.Items, id), page.Next, err
	}
}

func rowsOf[T any](owner string, list func(*client.Client, context.Context, string, client.Cursor) (client.Page[T], error), id func(T) string) pager {
	return rows(func(c *client.Client, ctx context.Context, cursor client.Cursor) (client.Page[T], error) {
		return list(c, ctx, owner, cursor)
	}, id)
}

func each[T any](items []T, id func(T) string) []string {
	ids := make([]string, 0, len(items))
	for _, item := range items {
		ids = append(ids, id(item))
	}
	return ids
}

func assigned(p client.Principal) pager {
	return rows(func(c *client.Client, ctx context.Context, cursor client.Cursor) (client.Page[client.AssignedRole], error) {
		return c.ListAssignedRoles(ctx, p, cursor)
	}, func(r client.AssignedRole) string { return r.ID })
}

func roles(of client.RoleScope) pager {
	return rows(func(c *client.Client, ctx context.Context, cursor client.Cursor) (client.Page[client.Role], error) {
		return c.ListRoles(ctx, of, cursor)
	}, func(r client.Role) string { return r.ID })
}

// listings are all list methods of the client.
func listings(projectID, groupID, userID string) []listing {
	all := slices.Concat(organizationListings(), projectListings(projectID), roleListings(projectID, groupID, userID))
	for i := range all {
		all[i].withIDs = func(projectID, groupID, userID string) listing { return listings(projectID, groupID, userID)[i] }
	}
	return all
}

func organizationListings() []listing {
	return []listing{
		{
			name: "users", limit: 100,
			page: rows((*client.Client).ListUsers, func(u client.User) string { return u.ID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.Users, func(u openaitest.User) string { return u.ID })
			},
		},
		{
			name: "invites", limit: 100,
			page: rows((*client.Client).ListInvites, func(i client.Invite) string { return i.ID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.Invites, func(i openaitest.Invite) string { return i.ID })
			},
		},
		{
			name: "groups", limit: 1000,
			page: rows((*client.Client).ListGroups, func(g client.Group) string { return g.ID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.Groups, func(g openaitest.Group) string { return g.ID })
			},
		},
		{
			name: "roles", limit: 1000,
			page: roles(client.OrganizationScope()),
			want: func(o *openaitest.Organization) []string {
				return append(each(o.Roles, standInRoleID), o.RoleID("owner"), o.RoleID("reader"))
			},
		},
		{
			name: "projects", limit: 100,
			page: rows((*client.Client).ListProjects, func(p client.Project) string { return p.ID }),
			want: func(o *openaitest.Organization) []string {
				active := slices.DeleteFunc(slices.Clone(o.Projects), func(p openaitest.Project) bool { return p.Status == "archived" })
				return each(active, func(p openaitest.Project) string { return p.ID })
			},
		},
		{
			name: "admin keys", limit: 100,
			page: rows((*client.Client).ListAdminAPIKeys, func(k client.AdminAPIKey) string { return k.ID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.AdminKeys, func(k openaitest.AdminAPIKey) string { return k.ID })
			},
		},
	}
}

func projectListings(id string) []listing {
	return []listing{
		{
			name: "project users", limit: 100, needsID: true,
			page: rowsOf(id, (*client.Client).ListProjectUsers, func(u client.ProjectUser) string { return u.ID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.Projects[0].Users, func(u openaitest.ProjectUser) string { return u.UserID })
			},
		},
		{
			name: "project groups", limit: 100, needsID: true,
			page: rowsOf(id, (*client.Client).ListProjectGroups, func(g client.ProjectGroup) string { return g.GroupID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.Projects[0].Groups, func(g openaitest.ProjectGroup) string { return g.GroupID })
			},
		},
		{
			name: "service accounts", limit: 100, needsID: true,
			page: rowsOf(id, (*client.Client).ListProjectServiceAccounts, func(a client.ServiceAccount) string { return a.ID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.Projects[0].ServiceAccounts, func(a openaitest.ServiceAccount) string { return a.ID })
			},
		},
		{
			name: "project keys", limit: 100, needsID: true, query: url.Values{"owner_project_access": {"any"}},
			page: rowsOf(id, (*client.Client).ListProjectAPIKeys, func(k client.ProjectAPIKey) string { return k.ID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.Projects[0].APIKeys, func(k openaitest.ProjectAPIKey) string { return k.ID })
			},
		},
		{
			name: "rate limits", limit: 100, needsID: true,
			page: rowsOf(id, (*client.Client).ListProjectRateLimits, func(l client.RateLimit) string { return l.ID }),
			want: func(o *openaitest.Organization) []string {
				return each(o.Projects[0].RateLimits, func(l openaitest.ModelRateLimit) string { return l.ID })
			},
		},
		{
			name: "project roles", limit: 1000, needsID: true,
			page: roles(client.ProjectScope(id)),
			want: func(o *openaitest.Organization) []string { return allRoles(&o.Projects[0]) },
		},
	}
}

func roleListings(projectID, groupID, userID string) []listing {
	return []listing{
		{
			name: "group members", limit: 1000, needsID: true,
			page: rowsOf(groupID, (*client.Client).ListGroupUsers, func(u client.GroupUser) string { return u.ID }),
			want: func(o *openaitest.Organization) []string { return o.Groups[0].MemberIDs },
		},
		{
			name: "roles of a user", limit: 1000, needsID: true,
			page: assigned(client.OrganizationPrincipal(client.PrincipalUser, userID)),
			want: func(o *openaitest.Organization) []string { return rolesOf(o, &o.Users[0]) },
		},
		{
			name: "roles of a group", limit: 1000, needsID: true,
			page: assigned(client.OrganizationPrincipal(client.PrincipalGroup, groupID)),
			want: func(o *openaitest.Organization) []string {
				return append(each(o.Roles, standInRoleID), o.RoleID("owner"))
			},
		},
		{
			name: "project roles of a user", limit: 1000, needsID: true,
			page: assigned(client.ProjectPrincipal(projectID, client.PrincipalUser, userID)),
			want: func(o *openaitest.Organization) []string { return allRoles(&o.Projects[0]) },
		},
		{
			name: "project roles of a group", limit: 1000, needsID: true,
			page: assigned(client.ProjectPrincipal(projectID, client.PrincipalGroup, groupID)),
			want: func(o *openaitest.Organization) []string { return allRoles(&o.Projects[0]) },
		},
	}
}

func standInRoleID(r openaitest.Role) string { return r.ID }

// rolesOf are the roles that a user holds directly or through groups, each once.
func rolesOf(o *openaitest.Organization, u *openaitest.User) []string {
	held := append([]string{u.Role}, u.RoleIDs...)
	for _, group := range o.Groups {
		if slices.Contains(group.MemberIDs, u.ID) {
			held = append(held, group.RoleIDs...)
		}
	}
	ids := each(held, o.RoleID)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func allRoles(p *openaitest.Project) []string {
	return append(each(p.Roles, standInRoleID), p.RoleID("owner"), p.RoleID("member"), p.RoleID("viewer"))
}

// manyPages is an organization in which every list of the first project, group and user has more than one page.
func manyPages() openaitest.Organization {
	o := openaitest.Seeded(11, openaitest.Size{
		Users: 1_004, Invites: 201, Groups: 1_003, Projects: 130, MembersPerGroup: 3, UsersPerProject: 4, AdminKeys: 200, CustomRoles: 1_000,
	})
	roleIDs := each(o.Roles, standInRoleID)
	o.Users[0].RoleIDs = roleIDs
	o.Groups[0].RoleIDs = append([]string{"owner"}, roleIDs...)
	o.Groups[0].MemberIDs = each(o.Users, func(u openaitest.User) string { return u.ID })

	p := &o.Projects[0]
	p.Users, p.Groups, p.Roles = nil, nil, nil
	for i := range 1_001 {
		p.Roles = append(p.Roles, openaitest.Role{ID: fmt.Sprintf("role_of_project_%d", i), Name: "Custom"})
	}
	for i := range 250 {
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: o.Users[i].ID, Role: "member"})
		p.RateLimits = append(p.RateLimits, openaitest.ModelRateLimit{ID: fmt.Sprintf("rl-%d", i), Model: "model"})
		p.Groups = append(p.Groups, openaitest.ProjectGroup{GroupID: o.Groups[i].ID, RoleIDs: []string{"viewer"}})
		p.ServiceAccounts = append(p.ServiceAccounts, openaitest.ServiceAccount{ID: fmt.Sprintf("user-account-%d", i), Role: "none"})
		p.APIKeys = append(p.APIKeys, openaitest.ProjectAPIKey{ID: fmt.Sprintf("key_more_%d", i), OwnerProjectAccess: []string{"active", "inactive"}[i%2]})
	}
	p.Users[0].RoleIDs = append([]string{"owner", "viewer"}, each(p.Roles, standInRoleID)...)
	p.Groups[0].RoleIDs = append([]string{"owner", "member", "viewer"}, each(p.Roles, standInRoleID)...)
	return o
}

// assertSameIDs ignores the order. It reports only differences, since there are thousands of ids.
func assertSameIDs(t *testing.T, want, got []string) {
	t.Helper()
	assert.Len(t, got, len(want))
	missing, unexpected := map[string]bool{}, map[string]bool{}
	for _, id := range want {
		missing[id] = true
	}
	for _, id := range got {
		if !missing[id] {
			unexpected[id] = true
		}
		delete(missing, id)
	}
	assert.Empty(t, missing, "ids that were not found")
	assert.Empty(t, unexpected, "ids that were found twice or do not exist")
}

func TestEveryListIsWalkedToItsEnd(t *testing.T) {
	t.Parallel()
	organization := manyPages()
	for _, l := range listings(organization.Projects[0].ID, organization.Groups[0].ID, organization.Users[0].ID) {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: organization, Keys: map[string]openaitest.Key{adminKey: {}}}
			seen := &recorder{Handler: standIn}
			c := newClient(t, start(t, seen))

			var ids []string
			var asked []client.Cursor
			for cursor := (client.Cursor{}); len(asked) == 0 || !cursor.IsZero(); {
				asked = append(asked, cursor)
				found, next, err := l.page(t.Context(), c, cursor)
				require.NoError(t, err)
				ids = append(ids, found...)
				cursor = next
			}
			// The first page is read once more. That request has to reach the server.
			asked = append(asked, client.Cursor{})
			again, _, err := l.page(t.Context(), c, client.Cursor{})
			require.NoError(t, err)
			assert.Equal(t, ids[:len(again)], again)

			snapshot := standIn.Snapshot()
			want := l.want(&snapshot)
			require.Greater(t, len(want), l.limit, "the list takes more than one page")
			assertSameIDs(t, want, ids)
			assert.Len(t, asked, (len(want)+l.limit-1)/l.limit+1)

			require.Len(t, seen.requests(), len(asked), "one request for each page")
			for i, request := range seen.requests() {
				query := url.Values{"limit": {strconv.Itoa(l.limit)}}
				maps.Copy(query, l.query)
				if !asked[i].IsZero() {
					query.Set("after", asked[i].After)
				}
				assert.Equal(t, query, request.URL.Query())
				assert.Equal(t, "no-cache", request.Header.Get("Cache-Control"))
			}
			assert.Empty(t, standIn.Unknown())
		})
	}
}

func TestEveryListPassesARefusalOn(t *testing.T) {
	t.Parallel()
	for _, l := range listings("proj_1", "group_1", "user-1") {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, start(t, answer(http.StatusForbidden, `{"error":{"message":"No.","code":"nope"}}`)))
			ids, next, err := l.page(t.Context(), c, client.Cursor{})
			assert.Equal(t, http.StatusForbidden, failureOf(t, err).StatusCode)
			assert.Empty(t, ids)
			assert.True(t, next.IsZero())
		})
	}
}
