package connector_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The objects of openaitest.Sample in the tests of quirks.
const (
	priya            = "user-PriyaRaman000000000000001" // owner
	tomas            = "user-TomasNovak000000000000002" // reader; owner through the group of platform engineers
	lena             = "user-LenaFischer00000000000004" // reader with a custom role, directly and through the group of finance
	diego            = "user-DiegoMorales0000000000005" // reader without anything else
	legacyUser       = "user-LegacyPipeline00000000009" // no person, and a service account of the assistant's project as well
	indexerAccount   = "svc_acct_CatalogueIndexer00001" // service account of the search project
	idleAccount      = "svc_acct_RetiredCrawler000003"  // service account of the search project, without role
	platformGroup    = "group_01PLATFORMENGINEERING"    // has Tomas, Hana and the indexer
	supportGroup     = "group_01CUSTOMERSUPPORT00"      // SCIM-managed
	financeGroup     = "group_01FINANCE0000000000"      // has Lena and Grace
	billingRole      = "role_01BILLINGVIEWER00000"      // custom role of the organization
	keyAdminRole     = "role_01KEYADMINISTRATOR00"      // custom role of the organization
	tunerRole        = "role_01FINETUNER00000000"       // custom role of the search project
	searchProject    = "proj_CatalogueSearch0000001"    // project with a group, a custom role, two service accounts and three keys
	assistantProject = "proj_SupportAssistant000002"    // project
)

// quirk is a server with a quirk, and the expected file.
type quirk struct {
	// prepare changes the server of the sample.
	prepare func(*openaitest.Server)
	// effect changes the sample into the wanted organization; nil if prepare has done that.
	effect func(*openaitest.Organization)
	// amend changes rows of the expected file that no organization can express.
	amend func(file) file
	// warned are all of the connector's warnings.
	warned []warning
}

// warning is a part of a warning's message, with some of its fields.
type warning struct {
	says   string
	fields map[string]any
}

// requireQuirks syncs from each server and compares the file with the expected one, row by row.
func requireQuirks(t *testing.T, quirks map[string]quirk) {
	t.Helper()
	for name, q := range quirks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample()}
			if q.prepare != nil {
				q.prepare(server)
			}
			wanted := server.Snapshot()
			if q.effect != nil {
				wanted = openaitest.Sample()
				q.effect(&wanted)
			}
			want := expected(wanted)
			if q.amend != nil {
				want = q.amend(want)
			}
			synced := runSync(t, server, syncOptions{})
			require.NoError(t, synced.err)
			require.Empty(t, server.Unknown())
			requireSame(t, want, readRows(t, synced.store))
			requireWarnings(t, synced.logs, q.warned)
		})
	}
}

// requireWarnings checks that the connector logged exactly these warnings, in any order.
func requireWarnings(t *testing.T, logs *observer.ObservedLogs, want []warning) {
	t.Helper()
	left := logs.FilterMessageSnippet("baton-openai:").All()
	for _, w := range want {
		i := slices.IndexFunc(left, w.matches)
		require.GreaterOrEqualf(t, i, 0, "no warning %q %v among %s", w.says, w.fields, texts(left))
		left = slices.Delete(left, i, i+1)
	}
	require.Emptyf(t, left, "warnings too many: %s", texts(left))
}

func (w warning) matches(entry observer.LoggedEntry) bool {
	fields := entry.ContextMap()
	for key, value := range w.fields {
		if fmt.Sprint(fields[key]) != fmt.Sprint(value) {
			return false
		}
	}
	return strings.Contains(entry.Message, w.says)
}

func texts(entries []observer.LoggedEntry) []string {
	lines := make([]string, 0, len(entries))
	for _, entry := range entries {
		lines = append(lines, fmt.Sprint(entry.Message, " ", entry.ContextMap()))
	}
	return lines
}

// find returns the row with this id, so that it can be changed.
func find[T any](rows []T, id func(T) string, wanted string) *T {
	i := slices.IndexFunc(rows, func(row T) bool { return id(row) == wanted })
	if i < 0 {
		panic("nobody is called " + wanted)
	}
	return &rows[i]
}

func user(o *openaitest.Organization, id string) *openaitest.User {
	return find(o.Users, func(u openaitest.User) string { return u.ID }, id)
}

func group(o *openaitest.Organization, id string) *openaitest.Group {
	return find(o.Groups, func(g openaitest.Group) string { return g.ID }, id)
}

func role(o *openaitest.Organization, id string) *openaitest.Role {
	return find(o.Roles, func(r openaitest.Role) string { return r.ID }, id)
}

func project(o *openaitest.Organization, id string) *openaitest.Project {
	return find(o.Projects, func(p openaitest.Project) string { return p.ID }, id)
}

func projectUser(o *openaitest.Organization, projectID, userID string) *openaitest.ProjectUser {
	return find(project(o, projectID).Users, func(u openaitest.ProjectUser) string { return u.UserID }, userID)
}

func account(o *openaitest.Organization, id string) *openaitest.ServiceAccount {
	return find(project(o, searchProject).ServiceAccounts, func(a openaitest.ServiceAccount) string { return a.ID }, id)
}

// mapRows changes rows: change returns the new row, and false to remove it.
func mapRows[T any](rows []string, change func(T) (T, bool)) []string {
	kept := make([]T, 0, len(rows))
	for _, line := range rows {
		var row T
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			panic(err)
		}
		if row, ok := change(row); ok {
			kept = append(kept, row)
		}
	}
	return lines(kept)
}

// withResource changes one resource of the file.
func (f file) withResource(id string, change func(*resourceRow)) file {
	found := false
	f.Resources = mapRows(f.Resources, func(row resourceRow) (resourceRow, bool) {
		if row.ID == id {
			found = true
			change(&row)
		}
		return row, true
	})
	if !found {
		panic("no resource is called " + id)
	}
	return f
}

// withProfile sets one value of a resource's profile, or removes it if value is nil.
func (f file) withProfile(id, key string, value any) file {
	return f.withResource(id, func(row *resourceRow) {
		delete(row.Profile, key)
		if value != nil {
			row.Profile[key] = value
		}
	})
}

// rows is the body of a list without a next page.
func rows(items ...map[string]any) string {
	data := append([]map[string]any{}, items...) // never null
	body, err := json.Marshal(map[string]any{"object": "list", "data": data, "has_more": false, "next": nil})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// answer answers the route with the body, if the path has the part.
func answer(server *openaitest.Server, route, part, body string) {
	server.SetFault(route, openaitest.Fault{Body: body, PathContains: part})
}

const (
	userRolesRoute         = "GET /organization/users/{user_id}/roles"
	groupRolesRoute        = "GET /organization/groups/{group_id}/roles"
	projectUserRolesRoute  = "GET /projects/{project_id}/users/{user_id}/roles"
	projectGroupRolesRoute = "GET /projects/{project_id}/groups/{group_id}/roles"
)

// A time that the API omits, or sends as null or 0, is unknown, and is neither on the resource nor in its profile.
func TestUnknownTimesAreLeftOut(t *testing.T) {
	t.Parallel()
	timeless := func(o *openaitest.Organization) {
		u, i, g, p := user(o, diego), &o.Invites[0], group(o, supportGroup), project(o, searchProject)
		u.AddedAt, u.APIKeyLastUsedAt = 0, 0
		i.CreatedAt, i.ExpiresAt = 0, 0
		g.CreatedAt, p.CreatedAt = 0, 0
		p.ServiceAccounts[0].CreatedAt = 0
		p.APIKeys[0].CreatedAt, p.APIKeys[0].LastUsedAt, p.APIKeys[0].ExpiresAt = 0, 0, 0
		o.AdminKeys[0].CreatedAt, o.AdminKeys[0].LastUsedAt, o.AdminKeys[0].ExpiresAt = 0, 0, 0
	}
	withTimes := func(value any) func(*openaitest.Server) {
		fields := func(names ...string) openaitest.Fields {
			f := openaitest.Fields{}
			for _, name := range names {
				f[name] = value
			}
			return f
		}
		return func(s *openaitest.Server) {
			o := &s.Organization
			p := project(o, searchProject)
			user(o, diego).JSON = fields("added_at", "api_key_last_used_at")
			o.Invites[0].JSON = fields("created_at", "expires_at")
			group(o, supportGroup).JSON, p.JSON, p.ServiceAccounts[0].JSON = fields("created_at"), fields("created_at"), fields("created_at")
			p.APIKeys[0].JSON = fields("created_at", "last_used_at", "expires_at")
			o.AdminKeys[0].JSON = fields("created_at", "last_used_at", "expires_at")
		}
	}
	quirks := map[string]quirk{}
	for name, value := range map[string]any{"0": 0, "null": nil, "absent": openaitest.Absent{}} {
		quirks[name] = quirk{prepare: withTimes(value), effect: timeless}
	}
	requireQuirks(t, quirks)
}

// withRepeatedRow returns the rows of two pages of which the second one repeats the first row, as after a change of the list, and
// the rows without the repetition.
func withRepeatedRow[T any](row func(i int) T) ([]T, []T) {
	unique := many(101, row)
	return slices.Insert(slices.Clone(unique), 100, unique[0]), unique
}

// A row that the API serves on two pages, because the list has changed, is in the file once.
func TestRowsServedTwice(t *testing.T) {
	t.Parallel()
	users, uniqueUsers := withRepeatedRow(userRow)
	invites, uniqueInvites := withRepeatedRow(func(i int) openaitest.Invite {
		return openaitest.Invite{ID: fmt.Sprintf("invite-%d", i), Email: fmt.Sprintf("invited%d@example.com", i), Status: "pending"}
	})
	adminKeys, uniqueAdminKeys := withRepeatedRow(func(i int) openaitest.AdminAPIKey {
		return openaitest.AdminAPIKey{ID: fmt.Sprintf("key_admin%d", i), RedactedValue: "sk-admin-***1", OwnerType: "user", OwnerID: "user-1"}
	})
	keys, uniqueKeys := withRepeatedRow(func(i int) openaitest.ProjectAPIKey {
		return openaitest.ProjectAPIKey{
			ID: fmt.Sprintf("key_%d", i), RedactedValue: "sk-proj-***1", OwnerProjectAccess: "active", OwnerType: "user", OwnerID: "user-1",
		}
	})
	accounts, uniqueAccounts := withRepeatedRow(func(i int) openaitest.ServiceAccount {
		return openaitest.ServiceAccount{ID: fmt.Sprintf("svc_acct_%d", i), Role: "member", Name: "worker"}
	})
	members, uniqueMembers := withRepeatedRow(func(i int) openaitest.ProjectUser {
		return openaitest.ProjectUser{UserID: userRow(i).ID, Role: "member"}
	})
	projects, uniqueProjects := withRepeatedRow(func(i int) openaitest.Project {
		return openaitest.Project{ID: fmt.Sprintf("proj_%d", i), Name: "Project", Status: "active"}
	})
	projects[1].Users, projects[1].APIKeys, projects[1].ServiceAccounts = members, keys, accounts
	uniqueProjects[1].Users, uniqueProjects[1].APIKeys, uniqueProjects[1].ServiceAccounts = uniqueMembers, uniqueKeys, uniqueAccounts
	of := func(ids []openaitest.User) []string {
		list := make([]string, 0, len(ids))
		for _, u := range ids {
			list = append(list, u.ID)
		}
		return list
	}
	requireQuirks(t, map[string]quirk{"twice": {
		prepare: func(s *openaitest.Server) {
			s.Organization = openaitest.Organization{
				ID: "org-1", Users: users, Invites: invites, AdminKeys: adminKeys, Projects: projects,
				Groups: []openaitest.Group{{ID: "group_1", GroupType: "group", Name: "Group", MemberIDs: slices.Concat(of(users), of(users))}},
			}
		},
		effect: func(o *openaitest.Organization) {
			*o = openaitest.Organization{
				ID: "org-1", Users: uniqueUsers, Invites: uniqueInvites, AdminKeys: uniqueAdminKeys, Projects: uniqueProjects,
				Groups: []openaitest.Group{{ID: "group_1", GroupType: "group", Name: "Group", MemberIDs: of(uniqueUsers)}},
			}
		},
	}})
}

// Lists of more than one page are read to the end, also the assignment list of a single principal.
func TestListsOfTwoPages(t *testing.T) {
	t.Parallel()
	roles, projectRoles := many(rowsOfTwoPages, roleRow), many(rowsOfTwoPages, func(i int) openaitest.Role {
		return openaitest.Role{ID: fmt.Sprintf("role_project%d", i), Name: fmt.Sprintf("Project role %d", i)}
	})
	requireQuirks(t, map[string]quirk{"two pages": {prepare: func(s *openaitest.Server) {
		s.LargestPage = rowsOfTwoPages - 1
		o := openaitest.Organization{ID: "org-1", Users: many(rowsOfTwoPages, userRow), Groups: many(rowsOfTwoPages, groupRow), Roles: roles}
		o.Users[1].RoleIDs, o.Groups[1].RoleIDs = roleIDs(roles), roleIDs(roles)
		p := openaitest.Project{ID: "proj_1", Name: "Project", Status: "active"}
		for i := range rowsOfTwoPages {
			o.Groups[i].GroupType = "group"
			o.Invites = append(o.Invites, openaitest.Invite{ID: fmt.Sprintf("invite-%d", i), Email: "new@example.com", Status: "pending"})
			o.AdminKeys = append(o.AdminKeys, openaitest.AdminAPIKey{ID: fmt.Sprintf("key_admin%d", i), RedactedValue: "sk-admin-***1", OwnerType: "user", OwnerID: "user-1"})
			p.Users = append(p.Users, openaitest.ProjectUser{UserID: userRow(i).ID, Role: "member"})
			p.Groups = append(p.Groups, openaitest.ProjectGroup{GroupID: groupRow(i).ID, RoleIDs: []string{"viewer"}})
			p.ServiceAccounts = append(p.ServiceAccounts, openaitest.ServiceAccount{ID: fmt.Sprintf("svc_acct_%d", i), Name: "worker", Role: "member"})
			p.APIKeys = append(p.APIKeys, openaitest.ProjectAPIKey{ID: fmt.Sprintf("key_%d", i), OwnerProjectAccess: "active", OwnerType: "user", OwnerID: "user-1"})
		}
		q := openaitest.Project{
			ID: "proj_2", Name: "Roles", Status: "active", Roles: projectRoles,
			Users:           []openaitest.ProjectUser{{UserID: "user-1", Role: "member", RoleIDs: roleIDs(projectRoles)}},
			Groups:          []openaitest.ProjectGroup{{GroupID: "group_1", RoleIDs: roleIDs(projectRoles)}},
			ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc_acct_q", Name: "worker", Role: "member", RoleIDs: roleIDs(projectRoles)}},
		}
		o.Projects = []openaitest.Project{p, q}
		s.Organization = o
	}}})
}
