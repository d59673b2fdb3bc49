package openaitest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// listRoute is a list endpoint with its page sizes.
type listRoute struct {
	path                      string
	cursor                    string
	lowest, highest, standard int
	descending                bool
}

var listRoutes = []listRoute{
	{path: "/organization/users", cursor: "last_id", lowest: 1, highest: 100, standard: 20},
	{path: "/organization/invites", cursor: "last_id", lowest: 1, highest: 100, standard: 20},
	{path: "/organization/projects", cursor: "last_id", lowest: 1, highest: 100, standard: 20},
	{path: "/organization/projects/p0/users", cursor: "last_id", lowest: 1, highest: 100, standard: 20},
	{path: "/organization/projects/p0/service_accounts", cursor: "last_id", lowest: 1, highest: 100, standard: 20},
	{path: "/organization/projects/p0/api_keys", cursor: "last_id", lowest: 1, highest: 100, standard: 20},
	{path: "/organization/admin_api_keys", cursor: "last_id", lowest: 1, highest: 100, standard: 20},
	{path: "/organization/groups", cursor: "next", highest: 1000, standard: 100},
	{path: "/organization/groups/g0/users", cursor: "next", highest: 1000, standard: 100, descending: true},
	{path: "/organization/roles", cursor: "next", highest: 1000, standard: 1000},
	{path: "/projects/p0/roles", cursor: "next", highest: 1000, standard: 1000},
	{path: "/organization/users/u0/roles", cursor: "next", highest: 1000, standard: 1000},
	{path: "/organization/groups/g0/roles", cursor: "next", highest: 1000, standard: 1000},
	{path: "/projects/p0/users/u0/roles", cursor: "next", highest: 1000, standard: 1000},
	{path: "/projects/p0/groups/g0/roles", cursor: "next", highest: 1000, standard: 1000},
	{path: "/organization/projects/p0/groups", cursor: "next", highest: 100, standard: 20},
}

// fullLists has at least so many rows in every list.
func fullLists(rows int) openaitest.Organization {
	var o openaitest.Organization
	p := openaitest.Project{ID: "p0"}
	userIDs, roleIDs := make([]string, 0, rows), make([]string, 0, rows)
	for i := range rows {
		id := func(kind string) string { return fmt.Sprintf("%s%d", kind, i) }
		userIDs, roleIDs = append(userIDs, id("u")), append(roleIDs, id("r"))
		o.Users = append(o.Users, openaitest.User{ID: id("u"), Role: "reader"})
		o.Invites = append(o.Invites, openaitest.Invite{ID: id("i")})
		o.AdminKeys = append(o.AdminKeys, openaitest.AdminAPIKey{ID: id("k")})
		o.Groups = append(o.Groups, openaitest.Group{ID: id("g")})
		o.Roles = append(o.Roles, openaitest.Role{ID: id("r")})
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: id("u"), Role: "member"})
		p.ServiceAccounts = append(p.ServiceAccounts, openaitest.ServiceAccount{ID: id("s")})
		p.APIKeys = append(p.APIKeys, openaitest.ProjectAPIKey{ID: id("k")})
		p.Roles = append(p.Roles, openaitest.Role{ID: id("r")})
		p.Groups = append(p.Groups, openaitest.ProjectGroup{GroupID: id("g")})
		if i > 0 {
			o.Projects = append(o.Projects, openaitest.Project{ID: id("p")})
		}
	}
	o.Users[0].RoleIDs, p.Users[0].RoleIDs, p.Groups[0].RoleIDs = roleIDs, roleIDs, roleIDs
	o.Groups[0].MemberIDs, o.Groups[0].RoleIDs = userIDs, roleIDs
	o.Projects = slices.Insert(o.Projects, 0, p)
	return o
}

// A server with small pages has the same rows, in the same order.
func TestLargestPage(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: fullLists(5), LargestPage: 3}
	first := ok(t, standIn, "/organization/users?limit=100")
	require.Equal(t, []string{"u0", "u1", "u2"}, first.ids())
	require.Equal(t, []string{"u3", "u4"}, ok(t, standIn, "/organization/users?limit=100&after=u2").ids())
	require.Len(t, ok(t, standIn, "/organization/users?limit=2").ids(), 2, "a request for fewer")
	require.Len(t, ok(t, standIn, "/organization/groups").ids(), 3, "a list with an opaque cursor")
}

func TestPageSizes(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: fullLists(1100)}
	for _, list := range listRoutes {
		t.Run(strings.ReplaceAll(list.path, "/", " "), func(t *testing.T) {
			t.Parallel()
			page := func(limit int) reply { return get(t, standIn, fmt.Sprintf("%s?limit=%d", list.path, limit)) }
			assert.Len(t, ok(t, standIn, list.path).ids(), list.standard, "without a limit")
			assert.Len(t, page(list.highest).ids(), list.highest)
			assert.Len(t, page(list.lowest).ids(), list.lowest)

			below, above := page(list.lowest-1), page(list.highest+1)
			assert.Equal(t, http.StatusBadRequest, below.status)
			assert.Equal(t, "integer_below_min_value", below.code())
			assert.Equal(t, http.StatusBadRequest, above.status)
			assert.Equal(t, "integer_above_max_value", above.code())
			assert.Equal(t, "invalid_request_error", above.field("type"))
			assert.Equal(t, "limit", above.field("param"))
			assert.Equal(t, "invalid_type", get(t, standIn, list.path+"?limit=many").code())
		})
	}
}

func TestWalks(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: fullLists(130)}
	for _, list := range listRoutes {
		t.Run(strings.ReplaceAll(list.path, "/", " "), func(t *testing.T) {
			t.Parallel()
			whole := walk(t, standIn, list.path, list.cursor, url.Values{"limit": {fmt.Sprint(list.highest)}})
			assert.GreaterOrEqual(t, len(whole), 130)
			assert.Len(t, slices.Compact(slices.Sorted(slices.Values(whole))), len(whole), "each row once")
			for _, limit := range []int{7, 64} {
				assert.Equal(t, whole, walk(t, standIn, list.path, list.cursor, url.Values{"limit": {fmt.Sprint(limit)}}), "limit %d", limit)
			}

			if list.cursor == "last_id" {
				return
			}
			upwards := walk(t, standIn, list.path, list.cursor, url.Values{"limit": {"40"}, "order": {"asc"}})
			downwards := walk(t, standIn, list.path, list.cursor, url.Values{"limit": {"40"}, "order": {"desc"}})
			standard := upwards
			if list.descending {
				standard = downwards
			}
			assert.Equal(t, standard, whole)
			slices.Reverse(downwards)
			assert.Equal(t, upwards, downwards)
		})
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: fullLists(30)}
	t.Run("last_id is an id", func(t *testing.T) {
		t.Parallel()
		page := ok(t, standIn, "/organization/users?limit=2")
		assert.Equal(t, "u0", page.body["first_id"])
		assert.Equal(t, "u1", page.body["last_id"])
		assert.Equal(t, true, page.body["has_more"])
		assert.NotContains(t, page.body, "next")
	})
	t.Run("next is opaque and needs escaping", func(t *testing.T) {
		t.Parallel()
		page := ok(t, standIn, "/organization/groups?limit=2")
		next, _ := page.body["next"].(string)
		for _, special := range []string{"+", "/", "="} {
			assert.Contains(t, next, special)
		}
		assert.NotContains(t, page.ids(), next)
		assert.NotContains(t, page.body, "last_id")
		assert.Equal(t, http.StatusBadRequest, get(t, standIn, "/organization/groups?after="+next).status, "sent without escaping")
		assert.Equal(t, []string{"g2"}, ok(t, standIn, "/organization/groups?limit=1&after="+url.QueryEscape(next)).ids())
		assert.Equal(t, http.StatusBadRequest, get(t, standIn, "/organization/roles?after="+url.QueryEscape(next)).status, "sent to another list")
	})
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/organization/users", "/organization/groups"} {
			refused := get(t, standIn, path+"?after=nowhere")
			assert.Equal(t, http.StatusBadRequest, refused.status)
			assert.Equal(t, "after", refused.field("param"))
		}
	})
	t.Run("limit 0 goes nowhere", func(t *testing.T) {
		t.Parallel()
		page := ok(t, standIn, "/organization/groups?limit=0")
		assert.Equal(t, true, page.body["has_more"])
		next, _ := page.body["next"].(string)
		assert.Equal(t, []string{"g0"}, ok(t, standIn, "/organization/groups?limit=1&after="+url.QueryEscape(next)).ids())
	})
	t.Run("order", func(t *testing.T) {
		t.Parallel()
		assert.Equal(t, http.StatusBadRequest, get(t, standIn, "/organization/groups?order=up").status)
		assert.Equal(t, http.StatusBadRequest, get(t, standIn, "/organization/users?order=asc").status, "unknown there")
		assert.Equal(t, "k29", ok(t, standIn, "/organization/admin_api_keys?order=desc").ids()[0])
	})
}

func TestPageAfterARowThatIsHidden(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Projects: []openaitest.Project{{ID: "a"}, {ID: "b"}, {ID: "c"}}}}
	require.Equal(t, "a", ok(t, standIn, "/organization/projects?limit=1").body["last_id"])
	standIn.Update(func(o *openaitest.Organization) { o.Projects[0].Status = "archived" })
	assert.Equal(t, []string{"b", "c"}, ok(t, standIn, "/organization/projects?after=a").ids())
}

func TestEmptyLists(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{}
	users := ok(t, standIn, "/organization/users").body
	assert.Equal(t, map[string]any{"object": "list", "data": []any{}, "first_id": nil, "last_id": nil, "has_more": false}, users)
	groups := ok(t, standIn, "/organization/groups").body
	assert.Equal(t, map[string]any{"object": "list", "data": []any{}, "next": nil, "has_more": false}, groups)
}
