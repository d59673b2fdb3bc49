package connector_test

import (
	"context"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	assignProjectUser   = "POST /projects/{project_id}/users/{user_id}/roles"
	unassignProjectUser = "DELETE /projects/{project_id}/users/{user_id}/roles/{role_id}"
	tuneRole            = "project_role:alpha/r-tune:assigned"
	reviewRole          = "project_role:alpha/r-review:assigned"
)

func setProjectRoles(userID string, roles ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { projectUser(o, "alpha", userID).RoleIDs = roles }
}

func tuneSources(principalType, id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { project(o, "alpha").Roles[0].JSON = sourcesOf(principalType, id) }
}

var projectRoleGrants = map[string]grantCase{
	"a user in the project": {access: access{reviewRole, "user:cem"}, effect: setProjectRoles("cem", "r-review"), sends: []string{assignProjectUser}},
	"a second role":         {access: access{reviewRole, "user:ben"}, effect: setProjectRoles("ben", "r-tune", "r-review"), sends: []string{assignProjectUser}},
	"a user who is not in the project, made a member first": {
		access: access{tuneRole, "user:eva"}, effect: joined("eva", "member", "r-tune"), sends: []string{addProjectUser, assignProjectUser},
		first: access{alphaMember, "user:eva"},
	},
	"a user who holds it through a group only, made a member first": {
		access: access{tuneRole, "user:dora"}, effect: joined("dora", "member", "r-tune"), sends: []string{addProjectUser, assignProjectUser},
		first: access{alphaMember, "user:dora"},
	},
	"a group in the project": {access: access{reviewRole, "group:auditors"}, effect: setProjectGroup("auditors", "member", "r-review"), sends: []string{assignInProject}},
	"a group that is not in the project, made a member first": {
		access: access{tuneRole, "group:empty"}, effect: addedGroup("empty", "member", "r-tune"), sends: []string{addProjectGroup, assignInProject},
		first: access{alphaMember, "group:empty"},
	},
	"what a user holds":            {access: access{tuneRole, "user:ben"}},
	"what a group holds":           {access: access{tuneRole, "group:team"}},
	"what a service account holds": {access: access{tuneRole, "service_account:svc-3"}},
	"what a group holds by an assignment that names the group": {
		access: access{tuneRole, "group:empty"}, prepare: both(addedGroup("empty", "r-tune"), tuneSources("group", "empty")),
	},
}

var projectRoleRevocations = map[string]revokeCase{
	"a user, who stays a member": {access: access{tuneRole, "user:ben"}, effect: setProjectRoles("ben"), sends: []string{unassignProjectUser}, keeps: true},
	"a user who has others": {
		access: access{reviewRole, "user:ben"}, prepare: setProjectRoles("ben", "r-tune", "r-review"), effect: setProjectRoles("ben", "r-tune"), sends: []string{unassignProjectUser},
	},
	"one of a group's roles": {access: access{tuneRole, "group:team"}, effect: setProjectGroup("team", "viewer"), sends: []string{unassignInProject}},
	"a group's last role":    {access: access{tuneRole, "group:team"}, prepare: setProjectGroup("team", "r-tune"), effect: removedGroup("team"), sends: []string{unassignInProject}},
	"by an assignment that names the group": {
		access: access{tuneRole, "group:team"}, prepare: tuneSources("group", "team"), effect: setProjectGroup("team", "viewer"), sends: []string{unassignInProject},
	},
	"a role that a user does not hold":          {access: access{reviewRole, "user:ben"}},
	"a role that a group does not hold":         {access: access{reviewRole, "group:team"}},
	"from a user who is not in the project":     {access: access{tuneRole, "user:eva"}},
	"from a group that is not in the project":   {access: access{tuneRole, "group:empty"}},
	"from a service account that holds nothing": {access: access{reviewRole, "service_account:svc-1"}},
}

func TestGrantCustomProjectRoles(t *testing.T) {
	t.Parallel()
	requireGranted(t, projectRoleGrants)
}

func TestRevokeCustomProjectRoles(t *testing.T) {
	t.Parallel()
	requireRevoked(t, projectRoleRevocations)
}

func TestRefusedCustomProjectRoles(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"to a service account":              {do: granted(reviewRole, "service_account:svc-1"), says: []string{"cannot give a custom role to a service account", "grant member or owner of the project"}},
		"from who holds it in a group":      {do: revoked(tuneRole, "user:dora"), says: []string{"through the group team", "take it from the group"}},
		"from a service account in a group": {do: revoked(tuneRole, "service_account:svc-1"), says: []string{"through the group team"}},
		"that is gone, to somebody who is not in the project": {
			do: granted("project_role:alpha/r-gone:assigned", "user:eva"), says: []string{"OpenAI does not list the role", "sync again"},
		},
		"to a user in an archived project":  {do: granted("project_role:gone/r-tune:assigned", "user:ann"), says: []string{"is archived"}},
		"to a group in an archived project": {do: granted("project_role:gone/r-tune:assigned", "group:team"), says: []string{"is archived"}},
		"from a user in an archived project": {
			do: revoked("project_role:gone/r-tune:assigned", "user:ann"), says: []string{"is archived"},
		},
	})
}

// It is not known whether the API unassigns a role of a service account. A refusal is reported in its own words.
func TestRevokeCustomProjectRoleFromAServiceAccount(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"held directly": {do: revoked(tuneRole, "service_account:svc-3"), sends: []string{unassignProjectUser}},
	})
}

// An organization owner is in every project, and is not added as a member.
func TestCustomProjectRoleToAnOrganizationOwner(t *testing.T) {
	t.Parallel()
	server := newServer()
	d := connect(t, server)
	_, _ = d.grant(t.Context(), shapes["full"], access{tuneRole, "user:ola"})
	require.Equal(t, []string{assignProjectUser}, writes(server))
}

// Between the two calls, the API may not know the new member yet, or may fail for a moment.
func TestAssignAfterAMemberWasMade(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access access
		route  string
		want   func(*openaitest.Organization)
		fault  openaitest.Fault
	}{
		"user":                {access{tuneRole, "user:eva"}, assignProjectUser, joined("eva", "member", "r-tune"), openaitest.Fault{Status: 404, Times: 3}},
		"group":               {access{tuneRole, "group:empty"}, assignInProject, addedGroup("empty", "member", "r-tune"), openaitest.Fault{Status: 404, Times: 3}},
		"user, out of order":  {access{tuneRole, "user:eva"}, assignProjectUser, joined("eva", "member", "r-tune"), openaitest.Fault{Status: 500, Times: 1}},
		"group, out of order": {access{tuneRole, "group:empty"}, assignInProject, addedGroup("empty", "member", "r-tune"), openaitest.Fault{Status: 503, Times: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.SetFault(test.route, test.fault)
			d := connect(t, server)
			want := server.Snapshot()
			test.want(&want)
			principal, entitlement := shapes["full"](test.access)
			// Directly, since the SDK would wait before a retry.
			grants, _, err := d.provisioner(t.Context(), "project_role").Grant(t.Context(), principal, entitlement)
			require.NoError(t, err)
			require.Len(t, grants, 2)
			requireState(t, want, server)
		})
	}
}

// If only the first call of a grant succeeds, the error says both, and the membership stays.
func TestCustomProjectRoleThatFailsHalfway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access access
		route  string
		want   func(*openaitest.Organization)
	}{
		"user":  {access{tuneRole, "user:eva"}, assignProjectUser, joined("eva", "member")},
		"group": {access{tuneRole, "group:empty"}, assignInProject, addedGroup("empty", "member")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.SetFault(test.route, openaitest.Fault{Status: 400, Body: object("role_limit", "There are too many roles.")})
			d := connect(t, server)
			want := server.Snapshot()
			test.want(&want)
			_, err := d.grant(t.Context(), shapes["full"], test.access)
			requireRefusal(t, err, "is now a member of the project alpha, but does not have the custom role", "There are too many roles.")
			requireState(t, want, server)
			d.requireOneLine(t)
		})
	}
}

// A request that is invalid for any organization is an invalid argument, without a call.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	entitlement := func(id, slug, resource string) *v2.Entitlement {
		return v2.Entitlement_builder{Id: id, Slug: slug, Resource: v2.Resource_builder{Id: parseID(resource)}.Build()}.Build()
	}
	const ownerID = "role-api-organization-owner__api-organization__org-small"
	tests := map[string]struct {
		entitlement *v2.Entitlement
		principal   string
	}{
		"unknown slug of the organization":           {entitlement("organization:organization:owner", "", "organization:organization"), "user:ann"},
		"unknown slug of a role":                     {entitlement("organization_role:owner:member", "", "organization_role:owner"), "user:ann"},
		"unknown slug of a custom role":              {entitlement("organization_role:r-audit:member", "member", "organization_role:r-audit"), "user:ann"},
		"unknown slug of a group":                    {entitlement("group:team:owner", "owner", "group:team"), "user:ann"},
		"unknown slug of a project":                  {entitlement("project:alpha:editor", "editor", "project:alpha"), "user:ann"},
		"slug of a project in capitals":              {entitlement("project:alpha:Owner", "Owner", "project:alpha"), "user:ann"},
		"unknown slug of a project role":             {entitlement("project_role:alpha/r-tune:member", "", "project_role:alpha/r-tune"), "user:ann"},
		"membership of the organization to a group":  {entitlement(organizationMember, "member", "organization:organization"), "group:team"},
		"organization role to a service account":     {entitlement(ownerRole, "assigned", "organization_role:owner"), "service_account:svc-1"},
		"custom role to a service account":           {entitlement(auditRole, "assigned", "organization_role:r-audit"), "service_account:svc-1"},
		"group in a group":                           {entitlement(teamMember, "member", "group:team"), "group:empty"},
		"invitation in a group":                      {entitlement(teamMember, "member", "group:team"), "invitation:inv-pending"},
		"project to an invitation":                   {entitlement(alphaOwner, "owner", "project:alpha"), "invitation:inv-pending"},
		"project role to an invitation":              {entitlement(tuneRole, "assigned", "project_role:alpha/r-tune"), "invitation:inv-pending"},
		"principal without id":                       {entitlement(alphaOwner, "owner", "project:alpha"), "user:"},
		"principal without type":                     {entitlement(alphaOwner, "owner", "project:alpha"), ":ann"},
		"entitlement of nothing":                     {entitlement("project::owner", "owner", "project:"), "user:ann"},
		"entitlement without slug":                   {entitlement("project:alpha:", "", "project:alpha"), "user:ann"},
		"entitlement without id":                     {entitlement("", "", "project:alpha"), "user:ann"},
		"entitlement of another resource":            {entitlement("project:beta:owner", "", "project:alpha"), "user:ann"},
		"entitlement of another resource, with slug": {entitlement("project:beta:owner", "owner", "project:alpha"), "user:ann"},
		"slug of another entitlement":                {entitlement(alphaMember, "owner", "project:alpha"), "user:ann"},
		"project role without project":               {entitlement("project_role:r-tune:assigned", "", "project_role:r-tune"), "user:ann"},
		"principal with a space behind it":           {entitlement(alphaMember, "member", "project:alpha"), "user:ben "},
		"principal with a space before it":           {entitlement(organizationMember, "member", "organization:organization"), "user: ben"},
		"group with a space behind it":               {entitlement("group:team :member", "member", "group:team "), "user:ben"},
		"project role with a space behind it":        {entitlement("project_role:alpha/r-tune :assigned", "", "project_role:alpha/r-tune "), "user:ben"},
		"address of a user":                          {entitlement(alphaMember, "member", "project:alpha"), "user:ben@example.com"},
		"another organization":                       {entitlement("organization:org-other:member", "member", "organization:org-other"), "user:ben"},
		"owner by OpenAI's id":                       {entitlement("organization_role:"+ownerID+":assigned", "assigned", "organization_role:"+ownerID), "user:ola"},
		"owner by OpenAI's short id":                 {entitlement("organization_role:role-api-organization-owner:assigned", "", "organization_role:role-api-organization-owner"), "group:team"},
		"member of a project by OpenAI's id":         {entitlement("project_role:alpha/role-api-project-member:assigned", "", "project_role:alpha/role-api-project-member"), "user:ben"},
		"project role without role":                  {entitlement("project_role:alpha/:assigned", "", "project_role:alpha/"), "user:ann"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			d := connect(t, server)
			principal := v2.Resource_builder{Id: parseID(test.principal)}.Build()
			provisioner := d.provisioner(t.Context(), test.entitlement.GetResource().GetId().GetResourceType())
			_, _, err := provisioner.Grant(t.Context(), principal, test.entitlement)
			require.Equal(t, codes.InvalidArgument, status.Code(err), err)
			requireMessage(t, err)
			_, err = provisioner.Revoke(t.Context(), v2.Grant_builder{Principal: principal, Entitlement: test.entitlement}.Build())
			require.Equal(t, codes.InvalidArgument, status.Code(err), err)
			requireMessage(t, err)
			require.Empty(t, server.Requests())
		})
	}
}

// The role owner is the principal of implicit grants on projects, which can be neither granted nor revoked.
func TestOrganizationRoleIsNoPrincipalOfAGrant(t *testing.T) {
	t.Parallel()
	server := newServer()
	d := connect(t, server)
	err := granted(alphaOwner, "organization_role:owner")(context.WithoutCancel(t.Context()), d)
	require.Equal(t, codes.InvalidArgument, status.Code(err), err)
	require.Empty(t, server.Requests())
}

// A role whose sources name nobody is held directly, and is taken.
func TestRevokeOfARoleWhoseSourcesNameNobody(t *testing.T) {
	t.Parallel()
	for name, sources := range map[string][]any{"null": {nil}, "nothing": {map[string]any{}}, "a type": {map[string]any{"principal_type": "user"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			row := map[string]any{"id": "r-audit", "name": "Auditor", "predefined_role": false, "assignment_sources": sources}
			server.SetFault(userRolesRoute, openaitest.Fault{Body: rows(row), Times: 1})
			want := server.Snapshot()
			user(&want, "cem").RoleIDs = []string{"r-bill"}
			require.NoError(t, connect(t, server).revokeDirectly(t.Context(), access{auditRole, "user:cem"}))
			requireState(t, want, server)
		})
	}
}
