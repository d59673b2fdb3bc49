package connector_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const archivedWarning = "a project was archived while the sync ran"

// archiveBefore archives the project at the moment of the first request to a route of it.
func archiveBefore(server *openaitest.Server, projectID, route string) {
	var once sync.Once
	server.OnRequest = func(request openaitest.Request) {
		if request.Route == route && strings.Contains(request.Path, "/"+projectID+"/") {
			once.Do(func() {
				server.Update(func(o *openaitest.Organization) { project(o, projectID).Status = "archived" })
			})
		}
	}
}

// requireSkipped holds a file to what is expected, but for rows about the project: some may be missing, and a grant may
// have lost some of the ways that it comes through.
func requireSkipped(t *testing.T, want, got file, projectID string) {
	t.Helper()
	bare := func(f file) file {
		f.Grants = mapRows(f.Grants, func(g grantRow) (grantRow, bool) {
			if strings.Contains(g.Entitlement, projectID) {
				g.Direct, g.Via, g.Expands, g.Immutable = false, nil, nil, false
			}
			return g, true
		})
		return f
	}
	want, got = bare(want), bare(got)
	for _, rows := range [][2][]string{{want.Resources, got.Resources}, {want.Entitlements, got.Entitlements}, {want.Grants, got.Grants}} {
		for _, difference := range differences(rows[0], rows[1]) {
			missing := strings.HasPrefix(difference, "-") && strings.Contains(difference, projectID)
			require.Truef(t, missing, "unexpected or missing: %s", difference)
		}
	}
}

// projectRoutes are the routes of a project that a sync lists.
var projectRoutes = []string{
	"GET /projects/{project_id}/roles",
	"GET /organization/projects/{project_id}/service_accounts",
	"GET /organization/projects/{project_id}/api_keys",
	"GET /organization/projects/{project_id}/users",
	"GET /organization/projects/{project_id}/groups",
	projectGroupRolesRoute,
	projectUserRolesRoute,
}

// A project that is archived while the sync runs costs the project's remaining rows and one warning, whenever it happens
// and however the API says it, and nothing else.
func TestProjectArchivedWhileTheSyncRuns(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*openaitest.Server, string){
		"as documented": func(s *openaitest.Server, route string) { archiveBefore(s, assist, route) },
		"in the older wording": func(s *openaitest.Server, route string) {
			s.SetFault(route, openaitest.Fault{
				PathContains: assist, Status: http.StatusBadRequest, Body: `{"code":400,"message":"Project X is archived"}`,
			})
		},
		"as not found": func(s *openaitest.Server, route string) {
			archiveBefore(s, assist, route)
			s.SetFault(route, openaitest.Fault{
				PathContains: assist, Status: http.StatusNotFound, Body: object("project_not_found", "The project was not found"),
			})
		},
		"as a bad request": func(s *openaitest.Server, route string) {
			archiveBefore(s, assist, route)
			s.SetFault(route, openaitest.Fault{PathContains: assist, Status: http.StatusBadRequest, Body: object("", "This cannot be read.")})
		},
	}
	for _, route := range projectRoutes {
		for way, archive := range ways {
			t.Run(route+" "+way, func(t *testing.T) {
				t.Parallel()
				server := &openaitest.Server{Organization: openaitest.Sample()}
				archive(server, route)
				synced := runSync(t, server, syncOptions{})
				require.NoError(t, synced.err)
				got := readFile(t, synced.path)
				want := expected(openaitest.Sample())
				requireSkipped(t, want, got, assist)
				require.Contains(t, strings.Join(got.Resources, "\n"), `"ID":"project:`+assist+`"`)
				requireWarnings(t, synced.logs, []warning{{archivedWarning, map[string]any{"project_id": assist}}})
			})
		}
	}
}

// What a project said before it was archived is not asked for again: the sync of the others goes on with four workers too.
func TestProjectArchivedAmongWorkers(t *testing.T) {
	t.Parallel()
	organization := openaitest.Seeded(31, openaitest.Size{Users: 20, Groups: 4, Projects: 4})
	server := &openaitest.Server{Organization: organization}
	want, archived := expected(server.Snapshot()), organization.Projects[0].ID
	archiveBefore(server, archived, "GET /organization/projects/{project_id}/users")
	synced := runSync(t, server, syncOptions{workers: 4})
	require.NoError(t, synced.err)
	requireSkipped(t, want, readFile(t, synced.path), archived)
	require.NotZero(t, synced.logs.FilterMessageSnippet(archivedWarning).Len())
}

// A project that a list still has, but as archived, is no project, and costs no call.
func TestProjectListedAsArchived(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"listed": {
		prepare: func(s *openaitest.Server) {
			s.Organization.Projects = append(s.Organization.Projects, openaitest.Project{
				ID: "proj_listed", Name: "Listed", JSON: openaitest.Fields{"status": "archived"},
				ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc_acct_listed", Role: "owner"}},
			})
		},
		effect: func(*openaitest.Organization) {},
	}})
}

// A refusal by a project that is still active is an error, even one that an archived project might give.
func TestRefusalByAnActiveProjectIsAnError(t *testing.T) {
	t.Parallel()
	bodies := map[string]openaitest.Fault{
		"404":               {Status: http.StatusNotFound, Body: object("project_not_found", "The project was not found")},
		"404 without body":  {Status: http.StatusNotFound, EmptyBody: true},
		"400":               {Status: http.StatusBadRequest, Body: object("invalid_value", "Invalid 'limit'")},
		"400, numeric code": {Status: http.StatusBadRequest, Body: `{"code":400,"message":"Something else"}`},
	}
	for _, route := range projectRoutes {
		for name, fault := range bodies {
			t.Run(route+" "+name, func(t *testing.T) {
				t.Parallel()
				fault.PathContains = assist
				server := &openaitest.Server{Organization: openaitest.Sample(), Faults: map[string]openaitest.Fault{route: fault}}
				_, logs, err := walkServer(t, server, 0)
				require.ErrorContains(t, err, route)
				require.ErrorContains(t, err, fmt.Sprint(fault.Status))
				requireWarnings(t, logs, nil)
			})
		}
	}
}

// Where the question whether a project is archived cannot be answered, the project is not taken for archived.
func TestProjectWhoseStateIsNotToldIsNotSkipped(t *testing.T) {
	t.Parallel()
	const users, one = "GET /organization/projects/{project_id}/users", "GET /organization/projects/{project_id}"
	answers := map[string]openaitest.Fault{
		"500":                  {Status: http.StatusInternalServerError},
		"429":                  {Status: http.StatusTooManyRequests},
		"403":                  {Status: http.StatusForbidden},
		"404":                  {Status: http.StatusNotFound},
		"200 without status":   {Body: `{"id":"` + assist + `"}`},
		"200 of another shape": {Body: `[]`},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample(), Faults: map[string]openaitest.Fault{
				users: {Status: http.StatusNotFound, PathContains: assist}, one: answer,
			}}
			_, logs, err := walkServer(t, server, 0)
			require.Error(t, err)
			requireWarnings(t, logs, nil)
		})
	}
}

// A project user's role is the one that the row names in any spelling, else what the assignment list names, predefined
// or custom.
func TestProjectUserRoleOfAnotherName(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		role  string
		json  openaitest.Fields
		held  []string
		means string
		roles []string
	}{
		"null":                     {role: "", json: openaitest.Fields{"role": nil}, held: []string{"member"}, means: "member"},
		"absent":                   {role: "", json: openaitest.Fields{"role": openaitest.Absent{}}, held: []string{"viewer"}, means: "viewer"},
		"unknown":                  {role: "auditor", held: []string{"owner"}, means: "owner"},
		"uppercase":                {role: "MEMBER", means: "member"},
		"uppercase, assigned also": {role: "Viewer", held: []string{"viewer"}, means: "viewer"},
		"name of a custom role":    {role: "Fine-tuner", held: []string{tuner, "member"}, means: "member", roles: []string{tuner}},
	}
	set := func(o *openaitest.Organization, user func(name string) openaitest.ProjectUser) {
		for name := range tests {
			o.Users = append(o.Users, openaitest.User{ID: "user-" + name, Role: "reader"})
			p := project(o, search)
			p.Users = append(p.Users, user(name))
		}
	}
	prepare := func(o *openaitest.Organization) {
		set(o, func(name string) openaitest.ProjectUser {
			test := tests[name]
			return openaitest.ProjectUser{UserID: "user-" + name, Role: test.role, RoleIDs: test.held, JSON: test.json}
		})
	}
	effect := func(o *openaitest.Organization) {
		set(o, func(name string) openaitest.ProjectUser {
			return openaitest.ProjectUser{UserID: "user-" + name, Role: tests[name].means, RoleIDs: tests[name].roles}
		})
	}
	without := func(o *openaitest.Organization) {
		p := project(o, search)
		p.Roles = nil
		for i := range p.Users {
			if p.Users[i].Role != "Fine-tuner" {
				p.Users[i].RoleIDs = without(p.Users[i].RoleIDs, tuner)
			} else {
				p.Users[i].RoleIDs = []string{"member"}
			}
		}
		for i := range p.Groups {
			p.Groups[i].RoleIDs = without(p.Groups[i].RoleIDs, tuner)
		}
		for i := range p.ServiceAccounts {
			p.ServiceAccounts[i].RoleIDs = nil
		}
	}
	requireQuirks(t, map[string]quirk{
		"custom roles":    {prepare: func(s *openaitest.Server) { prepare(&s.Organization) }, effect: effect},
		"no custom roles": {prepare: func(s *openaitest.Server) { prepare(&s.Organization); without(&s.Organization) }, effect: func(o *openaitest.Organization) { effect(o); without(o) }},
	})
}

// A user of a project who holds no role that anybody names has no grant on it.
func TestProjectUserWithoutAnyRole(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"no role": {
		prepare: func(s *openaitest.Server) {
			p := project(&s.Organization, search)
			p.Users = append(p.Users, openaitest.ProjectUser{UserID: diego, Role: "auditor"})
		},
		effect: func(*openaitest.Organization) {},
	}})
}

// A service account's role is the one that the row names, else what the assignment list names; none is no role.
func TestServiceAccountRoles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		role  string
		json  openaitest.Fields
		held  []string
		means string
		also  string
		shown any
	}{
		"none":                {role: "none", means: "none", shown: "none"},
		"none, assigned also": {role: "none", held: []string{"member"}, means: "member", shown: "none"},
		"none, assigned more": {role: "none", held: []string{"member", "viewer"}, means: "member", also: "viewer", shown: "none"},
		"null":                {role: "", json: openaitest.Fields{"role": nil}, held: []string{"member"}, means: "member"},
		"null, nothing held":  {role: "", json: openaitest.Fields{"role": nil}, means: "none"},
		"absent":              {role: "", json: openaitest.Fields{"role": openaitest.Absent{}}, held: []string{"owner"}, means: "owner"},
		"unknown":             {role: "operator", held: []string{"owner"}, means: "owner", shown: "operator"},
		"uppercase":           {role: "OWNER", means: "owner", shown: "OWNER"},
		"viewer":              {role: "viewer", means: "viewer", shown: "viewer"},
	}
	for _, in := range []string{search, "proj_plain"} {
		add := func(o *openaitest.Organization, account func(name string) openaitest.ServiceAccount) {
			o.Projects = append(o.Projects, openaitest.Project{ID: "proj_plain", Name: "No custom roles", Status: "active"})
			p := project(o, in)
			for name := range tests {
				a := account(name)
				a.ID, a.Name = "svc_acct_"+name, name
				p.ServiceAccounts = append(p.ServiceAccounts, a)
			}
		}
		requireQuirks(t, map[string]quirk{in: {
			prepare: func(s *openaitest.Server) {
				add(&s.Organization, func(name string) openaitest.ServiceAccount {
					return openaitest.ServiceAccount{Role: tests[name].role, RoleIDs: tests[name].held, JSON: tests[name].json}
				})
			},
			effect: func(o *openaitest.Organization) {
				add(o, func(name string) openaitest.ServiceAccount {
					meant := openaitest.ServiceAccount{Role: tests[name].means}
					if also := tests[name].also; also != "" {
						meant.RoleIDs = []string{also}
					}
					return meant
				})
			},
			amend: func(f file) file {
				for name, test := range tests {
					f = f.withProfile("service_account:svc_acct_"+name, "role", test.shown)
				}
				return f
			},
		}})
	}
}

// Owners of the organization whom a project lists, as some organizations do, change nothing in the file.
func TestImplicitOwnersListedInProjects(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"listed": {prepare: func(s *openaitest.Server) { s.ListImplicitOwners = true }}})
}

// An owner of the organization with another project role than owner holds that role beside the implicit one.
func TestOrganizationOwnerWithAnotherProjectRole(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"viewer": {prepare: func(s *openaitest.Server) {
		p := project(&s.Organization, search)
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: priya, Role: "viewer", RoleIDs: []string{tuner}})
	}}})
}

// Users and groups of a project that the organization does not list are left out, with one warning each that counts them.
func TestProjectMembersWhomTheOrganizationDoesNotList(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"unlisted": {
		prepare: func(s *openaitest.Server) {
			p, q := project(&s.Organization, search), project(&s.Organization, assist)
			p.Users = append(p.Users,
				openaitest.ProjectUser{UserID: "user-stranger1", Role: "owner"},
				openaitest.ProjectUser{UserID: "user-stranger2", Role: "auditor", RoleIDs: []string{tuner}})
			q.Groups = append(q.Groups, openaitest.ProjectGroup{GroupID: "group_stranger", RoleIDs: []string{"owner"}})
		},
		warned: []warning{
			{"users of this project are left out", map[string]any{"project_id": search, "project": "Catalogue search", "count": 2}},
			{"groups of this project are left out", map[string]any{"project_id": assist, "project": "Support assistant", "count": 1}},
		},
	}})
}

// A service account that a project lists among its users is the service account, unless it is a user as well. The API has
// one list of assignments for both, which names the user's role beside the account's.
func TestServiceAccountAmongProjectUsers(t *testing.T) {
	t.Parallel()
	list := func(o *openaitest.Organization) {
		p := project(o, assist)
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: indexr, Role: "viewer"}, openaitest.ProjectUser{UserID: legacy, Role: "viewer"})
	}
	requireQuirks(t, map[string]quirk{"listed": {
		prepare: func(s *openaitest.Server) { list(&s.Organization) },
		effect: func(o *openaitest.Organization) {
			list(o)
			accounts := project(o, assist).ServiceAccounts
			find(accounts, func(a openaitest.ServiceAccount) string { return a.ID }, legacy).RoleIDs = []string{"viewer"}
		},
	}})
}

// Names that the API does not give are the ids.
func TestProjectsAndServiceAccountsWithoutNames(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"names": {
		prepare: func(s *openaitest.Server) {
			project(&s.Organization, assist).JSON = openaitest.Fields{"name": nil, "status": openaitest.Absent{}}
			account(&s.Organization, idle).JSON = openaitest.Fields{"name": openaitest.Absent{}, "object": "object: organization.project.service_account"}
			account(&s.Organization, indexr).JSON = openaitest.Fields{"name": nil}
		},
		effect: func(o *openaitest.Organization) {
			project(o, assist).Name = assist
			account(o, idle).Name, account(o, indexr).Name = idle, indexr
		},
		amend: func(f file) file { return f.withProfile("project:"+assist, "status", nil) },
	}})
}

// without is the list without the item.
func without(list []string, item string) []string {
	var kept []string
	for _, other := range list {
		if other != item {
			kept = append(kept, other)
		}
	}
	return kept
}

// While it cannot be found out whether a project is archived, nothing is concluded.
func TestArchivedProjectThatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	server.SetFault("GET /organization/projects/{project_id}/users", openaitest.Fault{Status: http.StatusNotFound})
	server.SetFault("GET /organization/projects/{project_id}", openaitest.Fault{Status: http.StatusServiceUnavailable})
	_, _, err := walkServer(t, server, zap.WarnLevel)
	require.Equal(t, codes.Aborted, status.Code(err))
	require.ErrorContains(t, err, "asking whether a project is archived")
}
