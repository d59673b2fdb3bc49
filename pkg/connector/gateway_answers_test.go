package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// gateway404 is a 404 of a gateway. TestFaults of pkg/client has other forms of the same kind.
var gateway404 = openaitest.Fault{Gateway: true}

// A 404 of a gateway says nothing about principals, projects or the plan. If both a list and its resource get one, the
// sync fails.
func TestGateway404FailsTheSync(t *testing.T) {
	t.Parallel()
	routes := map[string][]string{
		"a user's roles":       {userRolesRoute, "GET /organization/users/{user_id}"},
		"a group's roles":      {"GET /organization/groups/{group_id}/roles", "GET /organization/groups/{group_id}"},
		"a group's members":    {groupMembersRoute, "GET /organization/groups/{group_id}"},
		"a member's roles":     {projectUserRolesRoute, "GET /organization/projects/{project_id}/users/{user_id}"},
		"a project's group":    {projectGroupRolesRoute, "GET /organization/projects/{project_id}/groups/{group_id}"},
		"a project":            {"GET /organization/projects/{project_id}/users", "GET /organization/projects/{project_id}"},
		"a project's API keys": {"GET /organization/projects/{project_id}/api_keys", "GET /organization/projects/{project_id}"},
	}
	for name, faulty := range routes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample()}
			for _, route := range faulty {
				server.SetFault(route, gateway404)
			}
			synced := runSync(t, server, syncOptions{})
			require.ErrorContains(t, synced.err, faulty[0])
			require.ErrorContains(t, synced.err, adviceForTheWay)
			require.Equal(t, codes.Aborted, status.Code(synced.err))
			requireWarnings(t, synced.logs, nil)
			requireNoFinishedSync(t, synced.store)
		})
	}
}

// A 404 of a gateway is not reported as a revocation or a deletion.
func TestGateway404IsNoDeletion(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		if strings.HasPrefix(name, "grant ") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(c.prepare)
			server.SetFault("*", gateway404)
			before := server.Snapshot()
			err := c.do(t.Context(), connect(t, server))
			require.Equal(t, codes.Unavailable, status.Code(err), err)
			requireMessage(t, err, adviceForTheWay)
			requireState(t, before, server)
		})
	}
}

// A read of a change is repeated after one unusable answer, and the change succeeds.
func TestChangeRepeatsAFailedRead(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, testConnector) error{
		"delete a user": func(ctx context.Context, d testConnector) error { return d.delete(ctx, "user:ann", "") },
		"revoke": func(ctx context.Context, d testConnector) error {
			return d.revokeDirectly(ctx, access{teamMember, "user:ben"})
		},
		"grant": func(ctx context.Context, d testConnector) error {
			return d.grantDirectly(ctx, access{alphaOwner, "user:ben"})
		},
	} {
		for kind, fault := range map[string]openaitest.Fault{"no answer": gateway404, "conflict": {Status: 409}} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				server := newServer()
				fault.Times = 1
				for _, route := range []string{"GET /organization/users/{user_id}", "GET /organization/groups/{group_id}", "GET /organization/projects/{project_id}/users/{user_id}"} {
					server.SetFault(route, fault)
				}
				d := connect(t, server)
				d.connector.SetRetryFor(time.Minute)
				require.NoError(t, do(t.Context(), d))
			})
		}
	}
}

// membersOfGroups is the smallest sync that lists the members of groups.
var membersOfGroups = syncOptions{resourceTypes: []string{"user", "group"}}

// A refusal of group members with a reason is not taken for the plan's.
func TestGroupMembersRefusedForAReason(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault openaitest.Fault
		says  string
	}{
		"address":             {openaitest.Fault{Code: "ip_not_authorized", Status: 403}, "IP allow list"},
		"address, 404":        {openaitest.Fault{Code: "ip_not_authorized", Status: 404}, "IP allow list"},
		"country":             {openaitest.Fault{Code: "unsupported_country_region_territory"}, "country or region"},
		"deactivated":         {openaitest.Fault{Code: "account_deactivated", Status: 403}, "has deactivated"},
		"missing scope":       {openaitest.Fault{Status: 403, Body: object("", missingScopeText)}, "api.groups.read"},
		"permissions":         {openaitest.Fault{Status: 403, Body: object("insufficient_permissions", "No.")}, "insufficient_permissions"},
		"organization":        {openaitest.Fault{Status: 403, Body: object("mismatched_organization", "No.")}, "mismatched_organization"},
		"maintenance":         {openaitest.Fault{Status: 403, Body: object("maintenance", "No.")}, "maintenance"},
		"another code":        {openaitest.Fault{Status: 403, Body: object("something_new", "No.")}, "something_new"},
		"a type alone":        {openaitest.Fault{Status: 403, Body: `{"error":{"message":"No.","type":"mismatched_organization","code":null}}`}, groupMembersRoute},
		"missing scope, bare": {openaitest.Fault{Status: 403, Body: fmt.Sprintf(`{"error":%q}`, missingScopeText)}, "api.groups.read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample(), Faults: map[string]openaitest.Fault{groupMembersRoute: test.fault}}
			synced := runSync(t, server, membersOfGroups)
			require.ErrorContains(t, synced.err, test.says)
			require.Equal(t, codes.PermissionDenied, status.Code(synced.err))
			requireWarnings(t, synced.logs, nil)
			requireNoFinishedSync(t, synced.store)
		})
	}
}

// A 404 of a group's members that names what is missing says nothing of the plan either.
func TestGroupMembersNotFoundForAReason(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"group_not_found", "organization_not_found", "maintenance", "something_new"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: openaitest.Sample()}
			server.SetFault(groupMembersRoute, openaitest.Fault{Status: http.StatusNotFound, Body: object(code, "No.")})
			synced := runSync(t, server, membersOfGroups)
			require.Equal(t, codes.FailedPrecondition, status.Code(synced.err), synced.err)
			require.ErrorContains(t, synced.err, code)
			requireWarnings(t, synced.logs, nil)
			requireNoFinishedSync(t, synced.store)
		})
	}
}

// A refusal of the members that names no reason may be the plan's, whatever generic code it has.
func TestPlanRefusesWithAGenericCode(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "not_found", "resource_not_found", "forbidden", "Forbidden"} {
		for _, refused := range []int{http.StatusForbidden, http.StatusNotFound} {
			t.Run(fmt.Sprintf("%d %s", refused, code), func(t *testing.T) {
				t.Parallel()
				server := &openaitest.Server{Organization: openaitest.Sample()}
				server.SetFault(groupMembersRoute, openaitest.Fault{Status: refused, Body: object(code, "No.")})
				synced := runSync(t, server, membersOfGroups)
				require.NoError(t, synced.err)
				require.Equal(t, len(server.Snapshot().Groups), synced.logs.FilterMessageSnippet("does not list the members").Len())
			})
		}
	}
}

// Where the members cannot be listed for a reason of its own, a 404 for one of them does not mean that it was taken.
func TestRevokeWhereTheMembersAreRefusedForAReason(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.GroupMembersUnavailable = http.StatusNotFound
	server.SetFault(groupMembersRoute, openaitest.Fault{Status: 403, Body: object("insufficient_permissions", "No.")})
	before := server.Snapshot()
	err := connect(t, server).revokeDirectly(t.Context(), access{teamMember, "user:ben"})
	require.Equal(t, codes.PermissionDenied, status.Code(err), err)
	requireState(t, before, server)
}

// A group that was deleted after it was listed has left; its 404 is not taken for the plan's.
func TestGroupIsDeletedBeforeItsMembersAreListed(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	server.SetFault(groupMembersRoute, openaitest.Fault{Status: http.StatusNotFound, PathContains: "/" + financeGroup + "/"})
	server.SetFault("GET /organization/groups/{group_id}", openaitest.Fault{Status: http.StatusNotFound, PathContains: financeGroup})
	synced := runSync(t, server, syncOptions{})
	require.NoError(t, synced.err)
	requireWarnings(t, synced.logs, []warning{{"left while the sync ran", map[string]any{"principal_type": "group", "principal_id": financeGroup, "in": "organization"}}})
	membership := fmt.Sprintf(`{"Entitlement":%q`, "group:"+financeGroup+":member")
	require.Contains(t, strings.Join(expected(openaitest.Sample()).Grants, "\n"), membership)
	require.NotContains(t, strings.Join(readRows(t, synced.store).Grants, "\n"), membership)
}

// Each reason of a refusal has its own advice. Only some advise to use another key.
func TestAdviceOnReasons(t *testing.T) {
	t.Parallel()
	const unknown = "OpenAI's own words say why; another key may not help"
	tests := map[string]struct {
		fault openaitest.Fault
		code  codes.Code
		says  string
		key   bool
	}{
		"address":     {openaitest.Fault{Code: "ip_not_authorized"}, codes.Unauthenticated, "IP allow list", false},
		"country":     {openaitest.Fault{Code: "unsupported_country_region_territory"}, codes.PermissionDenied, "does not serve the country or region", false},
		"deactivated": {openaitest.Fault{Code: "account_deactivated"}, codes.Unauthenticated, "has deactivated the account", false},
		"certificate": {openaitest.Fault{Code: "mtls_certificate_required"}, codes.Unauthenticated, "demands a client certificate", false},
		"proxy":       {openaitest.Fault{Status: 407, Page: true}, codes.Unavailable, "a proxy on the way to OpenAI demands a login", false},
		"gateway":     {openaitest.Fault{Status: 403, Gateway: true}, codes.Unavailable, adviceForTheWay, false},
		"billing":     {openaitest.Fault{Code: "billing_not_active"}, codes.ResourceExhausted, "billing is not active", false},
		"terminated":  {openaitest.Fault{Code: "access_terminated"}, codes.ResourceExhausted, "has ended the organization's access", false},
		"quota":       {openaitest.Fault{Code: "insufficient_quota"}, codes.ResourceExhausted, "is used up, and waiting does not help", false},
		"spent":       {openaitest.Fault{Code: "project_spend_limit_exceeded"}, codes.ResourceExhausted, "is used up, and waiting does not help", false},
		"key":         {openaitest.Fault{Status: 401, Body: object("invalid_api_key", "Incorrect API key provided.")}, codes.Unauthenticated, "does not accept the key", true},
		"scope":       {openaitest.Fault{Status: 403, Body: object("", missingScopeText)}, codes.PermissionDenied, "the key lacks the permission api.groups.read", true},
		"suspended":   {openaitest.Fault{Status: 403, Body: object("organization_suspended", "The organization is suspended.")}, codes.PermissionDenied, unknown, false},
		"header":      {openaitest.Fault{Status: 401, Body: object("mismatched_organization", "OpenAI-Organization header should match.")}, codes.Unauthenticated, unknown, false},
		"permissions": {openaitest.Fault{Status: 403, Body: object("insufficient_permissions", "You may not.")}, codes.PermissionDenied, "the key may not do this", true},
		"no reason":   {openaitest.Fault{Status: 403, Body: object("", "No.")}, codes.PermissionDenied, "the key may not do this", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := validate(t, &openaitest.Server{Faults: map[string]openaitest.Fault{"GET /organization/groups": test.fault}})
			require.Equal(t, test.code, status.Code(err), err)
			require.ErrorContains(t, err, test.says)
			require.Equal(t, test.key, strings.Contains(err.Error(), adviceForKeys), err)
			require.Equal(t, 1, strings.Count(err.Error(), "baton-openai:"))
		})
	}
}

// The error of a list has the ids of its resource.
func TestErrorOfAListNamesTheIDs(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.SetFault(projectGroupRolesRoute, openaitest.Fault{Status: 400, PathContains: "/auditors/"})
	synced := runSync(t, server, syncOptions{})
	require.ErrorContains(t, synced.err, projectGroupRolesRoute+": 400")
	require.ErrorContains(t, synced.err, `project_id "alpha", group_id "auditors"`)
}

// What the API says about another object than the one that was asked for decides nothing.
func TestAnswerAboutAnotherObject(t *testing.T) {
	t.Parallel()
	const mistaken = "the answer is not what was asked for: it is about another object"
	for name, test := range map[string]struct {
		route, body string
		do          func(context.Context, testConnector) error
	}{
		"another project is archived": {
			"GET /organization/projects/{project_id}", `{"id":"other","object":"organization.project","name":"Other","status":"active"}`,
			invoked("archive_project", `{"project":{"resource_type_id":"project","resource_id":"alpha"},"confirm_name":"Other"}`),
		},
		"another user is no owner": {
			"GET /organization/users/{user_id}", `{"id":"ann","object":"organization.user","role":"reader","added_at":3}`, deleted("user:ola", ""),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.SetFault(test.route, openaitest.Fault{Body: test.body})
			before := server.Snapshot()
			err := test.do(t.Context(), connect(t, server))
			require.Equal(t, codes.Internal, status.Code(err), err)
			requireMessage(t, err, mistaken)
			requireState(t, before, server)
		})
	}
}

// A member that the API shows in another one's place is not taken for this one: the change is made.
func TestAnswerAboutAnotherMember(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.SetFault("GET /organization/groups/{group_id}/users/{user_id}", openaitest.Fault{Body: `{"id":"ben","name":"Ben","user_type":"user"}`})
	want := server.Snapshot()
	group(&want, "team").MemberIDs = append(group(&want, "team").MemberIDs, "ann")
	require.NoError(t, connect(t, server).grantDirectly(t.Context(), access{teamMember, "user:ann"}))
	requireState(t, want, server)
}
