package connector_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const archivedWarning = "a project was archived while the sync ran"

// archiveBefore archives each of the projects at the first request to its route.
func archiveBefore(server *openaitest.Server, routes map[string]string) {
	var archiving sync.Mutex
	archived := map[string]bool{}
	server.OnRequest = func(request openaitest.Request) {
		archiving.Lock()
		defer archiving.Unlock()
		for projectID, route := range routes {
			if request.Route == route && strings.Contains(request.Path, "/"+projectID+"/") && !archived[projectID] {
				archived[projectID] = true
				server.Update(func(o *openaitest.Organization) { project(o, projectID).Status = "archived" })
			}
		}
	}
}

// requireSkipped compares a file with the expected one. Rows of the projects may be missing, and a grant may lack some
// of its sources.
func requireSkipped(t *testing.T, want, got file, projectIDs ...string) {
	t.Helper()
	isSkipped := func(row string) bool {
		return slices.ContainsFunc(projectIDs, func(id string) bool { return strings.Contains(row, id) })
	}
	bare := func(f file) file {
		f.Grants = mapRows(f.Grants, func(g grantRow) (grantRow, bool) {
			if isSkipped(g.Entitlement) {
				g.Direct, g.Via, g.Expands, g.Immutable = false, nil, nil, false
			}
			return g, true
		})
		return f
	}
	want, got = bare(want), bare(got)
	for _, rows := range [][2][]string{{want.Resources, got.Resources}, {want.Entitlements, got.Entitlements}, {want.Grants, got.Grants}} {
		for _, difference := range differences(rows[0], rows[1]) {
			missing := strings.HasPrefix(difference, "-") && isSkipped(difference)
			require.Truef(t, missing, "unexpected or missing: %s", difference)
		}
	}
}

// projectRoutes are the lists of a project in a sync.
var projectRoutes = []string{
	"GET /projects/{project_id}/roles",
	"GET /organization/projects/{project_id}/service_accounts",
	"GET /organization/projects/{project_id}/api_keys",
	"GET /organization/projects/{project_id}/users",
	"GET /organization/projects/{project_id}/groups",
	projectGroupRolesRoute,
	projectUserRolesRoute,
}

// If a project is archived during a sync, its remaining rows are missing, with one warning, at any route and in any
// form of the answer. All other rows are there. Seven of eight projects are archived, each at another route.
func TestProjectArchivedWhileTheSyncRuns(t *testing.T) {
	t.Parallel()
	ways := map[string]openaitest.Fault{
		"as documented":        {},
		"in the older wording": {Status: http.StatusBadRequest, Body: `{"code":400,"message":"Project X is archived"}`},
		"as not found":         {Status: http.StatusNotFound, Body: object("project_not_found", "The project was not found")},
		"as a bad request":     {Status: http.StatusBadRequest, Body: object("", "This cannot be read.")},
	}
	organization := openaitest.Organization{ID: "org-1", Users: many(3, userRow), Groups: []openaitest.Group{{ID: "group_0", Name: "Group", GroupType: "group"}}}
	organization.Users[0].Role = "owner"
	routes := map[string]string{}
	for i, route := range append(projectRoutes, "none, since it is not archived") {
		of := func(kind string) string { return fmt.Sprintf("%s_of_proj_%d", kind, i) }
		p := openaitest.Project{
			ID: fmt.Sprintf("proj_%d", i), Name: "Project", Status: "active",
			Roles:           []openaitest.Role{{ID: of("role"), Name: "Custom"}},
			Users:           []openaitest.ProjectUser{{UserID: userRow(1).ID, Role: "member", RoleIDs: []string{of("role")}}},
			Groups:          []openaitest.ProjectGroup{{GroupID: "group_0", RoleIDs: []string{"viewer", of("role")}}},
			ServiceAccounts: []openaitest.ServiceAccount{{ID: of("svc_acct"), Name: "worker", Role: "member"}},
			APIKeys:         []openaitest.ProjectAPIKey{{ID: of("key"), RedactedValue: "sk-proj-***1", OwnerProjectAccess: "active", OwnerType: "user", OwnerID: userRow(1).ID}},
		}
		organization.Projects = append(organization.Projects, p)
		routes[p.ID] = route
	}
	delete(routes, organization.Projects[len(projectRoutes)].ID)
	for way, fault := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: organization}
			want := expected(server.Snapshot())
			archiveBefore(server, routes)
			warnings := make([]warning, 0, len(routes))
			for projectID, route := range routes {
				if fault.Status != 0 {
					fault := fault
					fault.PathContains = projectID
					server.SetFault(route, fault)
				}
				warnings = append(warnings, warning{archivedWarning, map[string]any{"project_id": projectID}})
			}
			synced := runSync(t, server, syncOptions{})
			require.NoError(t, synced.err)
			got := readRows(t, synced.store)
			requireSkipped(t, want, got, slices.Collect(maps.Keys(routes))...)
			for projectID := range routes {
				require.Contains(t, strings.Join(got.Resources, "\n"), `"ID":"project:`+projectID+`"`)
			}
			requireWarnings(t, synced.logs, warnings)
		})
	}
}

// Pages that were read before the archiving are not read again, also with four workers.
func TestProjectArchivedAmongWorkers(t *testing.T) {
	t.Parallel()
	organization := openaitest.Seeded(31, openaitest.Size{Users: 20, Groups: 4, Projects: 4})
	server := &openaitest.Server{Organization: organization}
	want, archived := expected(server.Snapshot()), organization.Projects[0].ID
	archiveBefore(server, map[string]string{archived: "GET /organization/projects/{project_id}/users"})
	synced := runSync(t, server, syncOptions{workers: 4})
	require.NoError(t, synced.err)
	requireSkipped(t, want, readRows(t, synced.store), archived)
	require.Equal(t, 1, synced.logs.FilterMessageSnippet(archivedWarning).Len())
}

// A project that is listed as archived is left out, without a call.
func TestProjectListedAsArchived(t *testing.T) {
	t.Parallel()
	quirks := map[string]quirk{}
	for name, fields := range map[string]openaitest.Fields{
		"by its status": {"status": "archived"},
		// The API's document requires neither field.
		"by its time alone": {"status": nil, "archived_at": 1_711_471_533},
	} {
		quirks[name] = quirk{
			prepare: func(s *openaitest.Server) {
				s.Organization.Projects = append(s.Organization.Projects, openaitest.Project{
					ID: "proj_listed", Name: "Listed", JSON: fields,
					ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc_acct_listed", Role: "owner"}},
				})
			},
			effect: func(*openaitest.Organization) {},
		}
	}
	requireQuirks(t, quirks)
}

// A refusal by an active project is an error, even in the form of an archived project's refusal.
func TestRefusalByAnActiveProjectIsAnError(t *testing.T) {
	t.Parallel()
	bodies := map[string]openaitest.Fault{
		"404":               {Status: http.StatusNotFound, Body: object("project_not_found", "The project was not found")},
		"404 without body":  {Status: http.StatusNotFound, EmptyBody: true},
		"words of another":  {Status: http.StatusBadRequest, Body: object("", "The directory of the group auditors is archived.")},
		"archived":          {Code: "project_archived"},
		"400":               {Status: http.StatusBadRequest, Body: object("invalid_value", "Invalid 'limit'")},
		"400, numeric code": {Status: http.StatusBadRequest, Body: `{"code":400,"message":"Something else"}`},
	}
	names := slices.Sorted(maps.Keys(bodies))
	for i, route := range projectRoutes {
		for k, name := range names {
			if !everyFault && (i+k)%faultsInTurn > 0 {
				continue
			}
			fault := bodies[name]
			t.Run(route+" "+name, func(t *testing.T) {
				t.Parallel()
				fault.PathContains = assistantProject
				server := &openaitest.Server{Organization: openaitest.Sample(), Faults: map[string]openaitest.Fault{route: fault}}
				_, logs, err := walkServer(t, server, 0)
				require.ErrorContains(t, err, route)
				require.ErrorContains(t, err, fmt.Sprint(cmp.Or(fault.Status, http.StatusBadRequest)))
				requireWarnings(t, logs, nil)
			})
		}
	}
}

// If the read of the project fails, the project is not taken for archived.
func TestProjectOfUnknownStateIsNotSkipped(t *testing.T) {
	t.Parallel()
	const users, one = "GET /organization/projects/{project_id}/users", "GET /organization/projects/{project_id}"
	answers := map[string]openaitest.Fault{
		"500":                  {Status: http.StatusInternalServerError},
		"429":                  {Status: http.StatusTooManyRequests},
		"403":                  {Status: http.StatusForbidden},
		"404":                  {Status: http.StatusNotFound},
		"200 without status":   {Body: `{"id":"` + assistantProject + `"}`},
		"200 of another shape": {Body: `[]`},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample(), Faults: map[string]openaitest.Fault{
				users: {Status: http.StatusNotFound, PathContains: assistantProject}, one: answer,
			}}
			_, logs, err := walkServer(t, server, 0)
			require.Error(t, err)
			requireWarnings(t, logs, nil)
		})
	}
}

// Without a usable answer about the project, the sync fails.
func TestProjectThatCannotBeRead(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	server.SetFault("GET /organization/projects/{project_id}/users", openaitest.Fault{Status: http.StatusNotFound})
	server.SetFault("GET /organization/projects/{project_id}", openaitest.Fault{Status: http.StatusServiceUnavailable})
	_, _, err := walkServer(t, server, zap.WarnLevel)
	require.Equal(t, codes.Aborted, status.Code(err))
	require.ErrorContains(t, err, "asking whether a project is archived")
}

// A targeted sync looks for a service account in every project, and goes on where one of them is archived meanwhile.
func TestProjectArchivedDuringATargetedSync(t *testing.T) {
	t.Parallel()
	organization := smallOrganization()
	server := &openaitest.Server{Organization: organization}
	archiveBefore(server, map[string]string{"beta": "GET /organization/projects/{project_id}/service_accounts"})
	organization.Groups[0].MemberIDs = append(organization.Groups[0].MemberIDs, "stranger")
	part := runSync(t, server, syncOptions{targets: []*v2.Resource{target("group:team", "")}})
	require.NoError(t, part.err)
	requireSame(t, expected(organization).unexpanded().rowsOfTarget("group:team"), readRows(t, part.store))
	requireWarnings(t, part.logs, []warning{
		{archivedWarning, map[string]any{"project_id": "beta"}},
		{"members of this group are left out", map[string]any{"members": int64(1)}},
	})
}
