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
