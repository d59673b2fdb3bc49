package connector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	groupMembersRoute = "GET /organization/groups/{group_id}/users"
	missingScopeText  = "You have insufficient permissions for this operation. Missing scopes: api.groups.read. Check that you have the correct role."
	waitInWords       = "6.937 seconds"
	adviceForKeys     = "create an Admin API key"
	adviceForTheWay   = "something on the way to OpenAI answered"
)

// refusal is an answer other than a success, with the expected code and parts of the message.
type refusal struct {
	name   string
	status int
	body   string
	code   codes.Code
	says   []string
}

// object is the API's envelope of an error.
func object(code, message string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"type":"invalid_request_error","param":null,"code":%q}}`, message, code)
}

var refusals = []refusal{
	{"401", 401, object("invalid_api_key", "Incorrect API key provided: "+testKey+"."), codes.Unauthenticated, []string{adviceForKeys}},
	{"401 for a missing scope", 401, object("", missingScopeText), codes.Unauthenticated, []string{adviceForKeys, "api.groups.read"}},
	{"403", 403, object("", "You may not."), codes.PermissionDenied, []string{adviceForKeys}},
	{"403 for a missing scope", 403, object("", missingScopeText), codes.PermissionDenied, []string{adviceForKeys, "api.groups.read"}},
	{"403 for a missing scope, bare", 403, fmt.Sprintf(`{"error":%q}`, missingScopeText), codes.PermissionDenied, []string{adviceForKeys, "api.groups.read"}},
	{"404", 404, object("project_not_found", "The project proj_1 was not found"), codes.FailedPrecondition, []string{"404"}},
	{"404 without body", 404, "", codes.Aborted, []string{"404", adviceForTheWay}},
	{"429", 429, object("rate_limit_exceeded", "You've exceeded the rate limit, please slow down and try again after "+waitInWords+"."), codes.ResourceExhausted, []string{"429", waitInWords}},
	{"500", 500, object("server_error", "The server had an error."), codes.Aborted, []string{"500"}},
	{"503 of a proxy", 503, "<html><body>no healthy upstream</body></html>", codes.Aborted, []string{"503"}},
}

// requireRefused checks the parts that every error of a sync has.
func requireRefused(t *testing.T, err error, route string, refused refusal) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, refused.code, status.Code(err), err)
	text := err.Error()
	require.Contains(t, text, route)
	require.Equal(t, 1, strings.Count(text, "baton-openai:"), text)
	require.NotContains(t, text, testKey)
	for _, word := range refused.says {
		require.Contains(t, text, word)
	}
	if slices.Contains(refused.says, waitInWords) {
		requireWait(t, err, 6937*time.Millisecond)
	}
}

// requireWait checks that the error tells the SDK how long to wait.
func requireWait(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	for _, detail := range status.Convert(err).Details() {
		if limit, ok := detail.(*v2.RateLimitDescription); ok {
			require.WithinDuration(t, time.Now().Add(wait), limit.GetResetAt().AsTime(), wait)
			return
		}
	}
	require.Fail(t, "the error does not say how long to wait")
}

// routesOfASync are the routes of a sync, with the number of calls of each.
func routesOfASync(t *testing.T, organization openaitest.Organization) map[string]int {
	t.Helper()
	server := &openaitest.Server{Organization: organization}
	_, _, err := walkServer(t, server, zap.WarnLevel)
	require.NoError(t, err)
	calls := map[string]int{}
	for _, request := range server.Requests() {
		calls[request.Route]++
	}
	return calls
}

// many returns n rows.
func many[T any](n int, row func(i int) T) []T {
	rows := make([]T, 0, n)
	for i := range n {
		rows = append(rows, row(i))
	}
	return rows
}

func roleRow(i int) openaitest.Role {
	return openaitest.Role{ID: fmt.Sprintf("role_%d", i), Name: fmt.Sprintf("Role %d", i)}
}

func roleIDs(roles []openaitest.Role) []string {
	ids := make([]string, 0, len(roles))
	for _, role := range roles {
		ids = append(ids, role.ID)
	}
	return ids
}

func userRow(i int) openaitest.User {
	return openaitest.User{ID: fmt.Sprintf("user-%d", i), Email: fmt.Sprintf("user%d@example.com", i), Role: "reader"}
}

func groupRow(i int) openaitest.Group {
	return openaitest.Group{ID: fmt.Sprintf("group_%d", i), Name: fmt.Sprintf("Group %d", i)}
}

func inProject(project openaitest.Project) openaitest.Organization {
	project.ID, project.Name = "proj_1", "Project"
	return openaitest.Organization{
		Users:    many(max(1, len(project.Users)), userRow),
		Groups:   many(len(project.Groups), groupRow),
		Projects: []openaitest.Project{project},
	}
}

// rowsOfTwoPages is one more than a page of twoPages has.
const rowsOfTwoPages = 4

// ofTwoPages are the lists of a sync by route, each with an organization in which it has two pages. The server's pages
// are small here; TestListsOfTwoPages has pages of OpenAI's size.
func ofTwoPages() map[string]openaitest.Organization {
	const n = rowsOfTwoPages
	roles := many(n, roleRow)
	// Assignments of unknown roles fill an assignment list too.
	one, assigned := roles[:1], roleIDs(roles)
	return map[string]openaitest.Organization{
		"GET /organization/users":   {Users: many(n, userRow)},
		"GET /organization/invites": {Invites: many(n, func(i int) openaitest.Invite { return openaitest.Invite{ID: fmt.Sprintf("invite-%d", i)} })},
		"GET /organization/roles":   {Roles: roles},
		"GET /organization/groups":  {Groups: many(n, groupRow)},
		"GET /organization/projects": {Projects: many(n, func(i int) openaitest.Project {
			return openaitest.Project{ID: fmt.Sprintf("proj_%d", i), Name: "Project"}
		})},
		"GET /organization/admin_api_keys": {AdminKeys: many(n, func(i int) openaitest.AdminAPIKey {
			return openaitest.AdminAPIKey{ID: fmt.Sprintf("key_%d", i)}
		})},
		"GET /organization/users/{user_id}/roles":   {Roles: one, Users: []openaitest.User{{ID: "user-1", Role: "reader", RoleIDs: assigned}}},
		"GET /organization/groups/{group_id}/roles": {Groups: []openaitest.Group{{ID: "group_1", RoleIDs: assigned}}},
		groupMembersRoute:                           {Groups: []openaitest.Group{{ID: "group_1", MemberIDs: many(n, func(i int) string { return userRow(i).ID })}}},
		"GET /organization/projects/{project_id}/users": inProject(openaitest.Project{Users: many(n, func(i int) openaitest.ProjectUser {
			return openaitest.ProjectUser{UserID: userRow(i).ID, Role: "member"}
		})}),
		"GET /organization/projects/{project_id}/service_accounts": inProject(openaitest.Project{ServiceAccounts: many(n, func(i int) openaitest.ServiceAccount {
			return openaitest.ServiceAccount{ID: fmt.Sprintf("svc_acct_%d", i), Role: "none"}
		})}),
		"GET /organization/projects/{project_id}/api_keys": inProject(openaitest.Project{APIKeys: many(n, func(i int) openaitest.ProjectAPIKey {
			return openaitest.ProjectAPIKey{ID: fmt.Sprintf("key_%d", i)}
		})}),
		"GET /organization/projects/{project_id}/groups": inProject(openaitest.Project{Groups: many(n, func(i int) openaitest.ProjectGroup {
			return openaitest.ProjectGroup{GroupID: groupRow(i).ID}
		})}),
		"GET /projects/{project_id}/roles": inProject(openaitest.Project{Roles: roles}),
		"GET /projects/{project_id}/users/{user_id}/roles": inProject(openaitest.Project{
			Roles: one, Users: []openaitest.ProjectUser{{UserID: "user-0", Role: "member", RoleIDs: assigned}},
		}),
		"GET /projects/{project_id}/groups/{group_id}/roles": inProject(openaitest.Project{
			Groups: []openaitest.ProjectGroup{{GroupID: "group_0", RoleIDs: assigned}},
		}),
	}
}

// twoPages is a server whose pages have one row less than rowsOfTwoPages.
func twoPages(organization openaitest.Organization, faults map[string]openaitest.Fault) *openaitest.Server {
	return &openaitest.Server{Organization: organization, Faults: faults, LargestPage: rowsOfTwoPages - 1}
}

// A refusal of the second page is an error like a refusal of the first, also for group members.
func TestErrorOnALaterPageNeverCutsAListShort(t *testing.T) {
	t.Parallel()
	organizations := ofTwoPages()
	for route := range routesOfASync(t, openaitest.Seeded(21, openaitest.Size{Users: 12, Groups: 3, Projects: 3})) {
		require.Contains(t, organizations, route, "a list without an organization of two pages")
	}
	for route, organization := range organizations {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			for _, refused := range refusals {
				if !slices.Contains([]string{"403", "404", "500"}, refused.name) {
					continue // the first pages have shown the rest
				}
				server := twoPages(organization, map[string]openaitest.Fault{
					route: {Status: refused.status, Body: refused.body, EmptyBody: refused.body == "", After: 1},
				})
				_, _, err := walkServer(t, server, zap.WarnLevel)
				requireRefused(t, err, route, refused)
				requests := server.Requests()
				first := slices.IndexFunc(requests, func(r openaitest.Request) bool { return r.Route == route && r.Status == refused.status })
				require.NotEmpty(t, requests[first].Query.Get("after"), "the refused request did not ask for a second page")
			}
		})
	}
}

// validate checks the credentials against the server, without the SDK's retries.
func validate(t *testing.T, server *openaitest.Server) error {
	t.Helper()
	builder, _, err := connector.New(t.Context(), &cfg.Openai{OpenaiAdminKey: testKey, BaseUrl: listen(t, server) + "/v1"}, &cli.ConnectorOpts{})
	require.NoError(t, err)
	setRetryFor(t, builder, 0)
	_, err = builder.Validate(t.Context())
	return err
}

// The check of the credentials reports every refusal with advice.
func TestValidateReportsARefusal(t *testing.T) {
	t.Parallel()
	const route = "GET /organization/groups"
	require.NoError(t, validate(t, &openaitest.Server{}))
	for _, refused := range refusals {
		if refused.code == codes.Aborted {
			refused.code = codes.Unavailable // the SDK repeats this code a few times
		}
		t.Run(refused.name, func(t *testing.T) {
			t.Parallel()
			requireRefused(t, validate(t, &openaitest.Server{Faults: map[string]openaitest.Fault{
				route: {Status: refused.status, Body: refused.body, EmptyBody: refused.body == ""},
			}}), route, refused)
		})
	}
}

// The check of the credentials tells a revoked key, a project key and a key without the scope of groups from a valid
// one.
func TestValidateKnowsKeysThatAreNotEnough(t *testing.T) {
	t.Parallel()
	project := openaitest.Key{Project: true}
	projectAsObject := openaitest.Key{Project: true, AsObject: true}
	groups := openaitest.Key{MissingScopes: map[string]string{"groups": "api.groups.read"}}
	groupsAsObject := openaitest.Key{MissingScopes: groups.MissingScopes, AsObject: true}
	users := openaitest.Key{MissingScopes: map[string]string{"users": "api.management.read"}}
	tests := map[string]struct {
		keys map[string]openaitest.Key
		code codes.Code
		says []string
	}{
		"revoked":                  {map[string]openaitest.Key{}, codes.Unauthenticated, []string{"OpenAI does not accept the key", adviceForKeys}},
		"a project's":              {map[string]openaitest.Key{testKey: project}, codes.PermissionDenied, []string{"api.management.read", "project key", adviceForKeys}},
		"a project's, as object":   {map[string]openaitest.Key{testKey: projectAsObject}, codes.Unauthenticated, []string{"api.management.read", adviceForKeys}},
		"restricted":               {map[string]openaitest.Key{testKey: groups}, codes.PermissionDenied, []string{"api.groups.read", adviceForKeys}},
		"restricted, as object":    {map[string]openaitest.Key{testKey: groupsAsObject}, codes.Unauthenticated, []string{"api.groups.read", adviceForKeys}},
		"restricted, elsewhere":    {map[string]openaitest.Key{testKey: users}, codes.OK, nil},
		"with everything it needs": {map[string]openaitest.Key{testKey: {}}, codes.OK, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := validate(t, &openaitest.Server{Keys: test.keys})
			require.Equal(t, test.code, status.Code(err), err)
			if err == nil {
				return
			}
			for _, word := range test.says {
				require.Contains(t, err.Error(), word)
			}
			require.Equal(t, 1, strings.Count(err.Error(), "baton-openai:"))
			require.NotContains(t, err.Error(), testKey)
		})
	}
}

// A sync with a key that lacks one list's scope fails with the scope's name, in both forms of the refusal.
func TestSyncNamesTheMissingScope(t *testing.T) {
	t.Parallel()
	for _, family := range []string{"users", "invites", "roles", "projects", "project_users", "project_groups", "service_accounts", "project_api_keys", "admin_api_keys"} {
		for _, asObject := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, as object %t", family, asObject), func(t *testing.T) {
				t.Parallel()
				scope := "api." + strings.ReplaceAll(family, "_", ".") + ".read"
				server := &openaitest.Server{
					Organization: openaitest.Sample(),
					Keys:         map[string]openaitest.Key{testKey: {MissingScopes: map[string]string{family: scope}, AsObject: asObject}},
				}
				_, _, err := walkServer(t, server, zap.WarnLevel)
				require.ErrorContains(t, err, "the key lacks the permission "+scope)
				require.ErrorContains(t, err, adviceForKeys)
			})
		}
	}
}
