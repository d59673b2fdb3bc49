package connector_test

import (
	"context"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// revokeSeen revokes a grant as a sync has it: direct, and with the sources.
func revokeSeen(ctx context.Context, d testConnector, a access, sources ...string) (*v2.GrantManagerServiceRevokeResponse, error) {
	principal, entitlement := shapes["full"](a)
	grant := v2.Grant_builder{Id: a.grantID(), Principal: principal, Entitlement: entitlement}.Build()
	if len(sources) > 0 {
		from := map[string]*v2.GrantSources_GrantSource{}
		for _, source := range sources {
			from[source] = &v2.GrantSources_GrantSource{IsDirect: source == a.entitlement}
		}
		grant.SetSources(v2.GrantSources_builder{Sources: from}.Build())
	}
	return d.Revoke(ctx, v2.GrantManagerServiceRevokeRequest_builder{Grant: grant}.Build())
}

// A grant that a sync has as direct and through a group is already revoked if only the group's access is left. A grant
// through a group alone is refused.
func TestRevokeTwiceARoleAlsoHeldThroughAGroup(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access
		prepare func(*openaitest.Organization)
		group   string
		sends   string
	}{
		"a custom role":     {access{auditRole, "user:cem"}, nil, "group:auditors:member", unassignUserRole},
		"owner":             {access{ownerRole, "user:dora"}, setRole("dora", "owner"), "group:admins:member", modifyUser},
		"a project's role":  {access{alphaViewer, "user:dora"}, joined("dora", "viewer"), teamMember, removeProjectUser},
		"a project's owner": {access{alphaOwner, "user:dora"}, joined("dora", "owner"), ownerRole, removeProjectUser},
		"a project's custom role": {
			access{tuneRole, "user:dora"}, joined("dora", "member", "r-tune"), teamMember, unassignProjectUser,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(test.prepare)
			d := connect(t, server)
			for attempt := range 2 {
				answer, err := revokeSeen(t.Context(), d, test.access, test.entitlement, test.group)
				require.NoError(t, err)
				require.Equal(t, attempt == 1, pick(t, answer.GetAnnotations(), &v2.GrantAlreadyRevoked{}))
				require.Equal(t, []string{test.sends}, writes(server))
			}
			_, err := revokeSeen(t.Context(), d, test.access, test.group)
			requireRefusal(t, err, "through the group")
		})
	}
}

// An assignment that stays, whatever OpenAI is told, keeps the change from being a success; when it is repeated as well.
func TestDemoteWhereTheAssignmentStays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do      func(context.Context, testConnector) error
		prepare func(*openaitest.Organization)
		keeps   string
	}{
		"owner":             {revoked(ownerRole, "user:ola"), setUserRoles("ola", "owner"), unassignUserRole},
		"reader":            {granted(readerRole, "user:ola"), setUserRoles("ola", "owner"), unassignUserRole},
		"a project's owner": {granted(alphaViewer, "user:ann"), setProjectRoles("ann", "owner"), unassignProjectUser},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(test.prepare)
			server.SetFault(test.keeps, openaitest.Fault{Status: 400, Body: object("", "This role stays.")})
			d := connect(t, server)
			for range 2 {
				requireRefusal(t, test.do(t.Context(), d), "This role stays.")
			}
			server.SetFault(test.keeps, openaitest.Fault{})
			require.NoError(t, test.do(t.Context(), d))
			after := server.Snapshot()
			require.Empty(t, user(&after, "ola").RoleIDs)
			require.Equal(t, test.keeps == unassignUserRole, len(projectUser(&after, "alpha", "ann").RoleIDs) == 0 && user(&after, "ola").Role == "reader")
		})
	}
}

// The list of assignments may show for longer than the row what went with it.
func TestDemoteWhereTheListShowsItLate(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]openaitest.Fault{"404": {Status: 404}, "400": {Status: 400, Body: object("", "The role is not assigned.")}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			late := rows(assignedRole("role_owner", map[string]any{"name": "owner", "predefined_role": true}))
			server.SetFault(userRolesRoute, openaitest.Fault{Body: late, Times: 4})
			server.SetFault(unassignUserRole, fault)
			require.NoError(t, revoked(ownerRole, "user:ola")(t.Context(), connect(t, server)))
			require.Equal(t, []string{modifyUser, unassignUserRole}, writes(server))
		})
	}
}

// A role that the row names is held, also while the list of assignments does not know the principal yet.
func TestGrantAgainWhereTheListKnowsThePrincipalLate(t *testing.T) {
	t.Parallel()
	for route, a := range map[string]access{projectUserRolesRoute: {alphaMember, "user:ben"}, userRolesRoute: {readerRole, "user:ann"}} {
		server := newServer()
		server.SetFault(route, openaitest.Fault{Code: "user_not_found", Status: 404, Times: 2})
		answer, err := connect(t, server).grant(t.Context(), shapes["full"], a)
		require.NoError(t, err)
		require.True(t, pick(t, answer.GetAnnotations(), &v2.GrantAlreadyExists{}))
		require.Empty(t, writes(server))
	}
}

// The sources of an expanded grant have the same result.
func TestRevokeTwiceAnExpandedGrant(t *testing.T) {
	t.Parallel()
	server := newServer()
	synced := runSync(t, server, syncOptions{})
	require.NoError(t, synced.err)
	grants := map[string]*v2.Grant{}
	page, err := synced.store.ListGrants(t.Context(), v2.GrantsServiceListGrantsRequest_builder{}.Build())
	require.NoError(t, err)
	require.Empty(t, page.GetNextPageToken())
	for _, grant := range page.GetList() {
		grants[grant.GetId()] = grant
	}
	server.ResetRequests()
	d := connect(t, server)
	revoke := func(id string) (*v2.GrantManagerServiceRevokeResponse, error) {
		require.Contains(t, grants, id)
		return d.Revoke(t.Context(), v2.GrantManagerServiceRevokeRequest_builder{Grant: grants[id]}.Build())
	}
	for attempt := range 2 {
		answer, err := revoke(auditRole + ":user:cem")
		require.NoError(t, err)
		require.Equal(t, attempt == 1, pick(t, answer.GetAnnotations(), &v2.GrantAlreadyRevoked{}))
	}
	require.Equal(t, []string{unassignUserRole}, writes(server))
	_, err = revoke(auditRole + ":user:ann")
	requireRefusal(t, err, "through the group auditors")
}

// If the member routes refuse the role viewer, it is assigned by its id, and the other role is unassigned.
func TestViewerWhereTheWordIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access
		effect   func(*openaitest.Organization)
		replaces string
	}{
		"somebody new":                       {access{alphaViewer, "user:eva"}, joined("eva", "viewer"), ""},
		"a member, who keeps a custom role":  {access{alphaViewer, "user:ben"}, setProjectRole("ben", "viewer"), alphaMember + ":user:ben"},
		"an owner":                           {access{alphaViewer, "user:ann"}, setProjectRole("ann", "viewer"), alphaOwner + ":user:ann"},
		"somebody in it through a group too": {access{alphaViewer, "user:dora"}, joined("dora", "viewer"), ""},
	} {
		for _, addsUp := range []bool{false, true} {
			for _, omitted := range []bool{false, true} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					server := newServer()
					server.MembersRefuseViewer, server.AssignedRolesAddUp, server.OmitPredefinedRoles = true, addsUp, omitted
					d := connect(t, server)
					want := server.Snapshot()
					test.effect(&want)
					answer, err := d.grant(t.Context(), shapes["full"], test.access)
					require.NoError(t, err)
					// The stand-in keeps an empty list after a role is removed.
					after := server.Snapshot()
					for i := range after.Projects[0].Users {
						if u := &after.Projects[0].Users[i]; len(u.RoleIDs) == 0 {
							u.RoleIDs = nil
						}
					}
					require.Empty(t, differences(state(want), state(after)))
					replaced := &v2.GrantReplaced{}
					pick(t, answer.GetAnnotations(), replaced)
					require.Equal(t, test.replaces, replaced.GetReplacedGrantId())
				})
			}
		}
	}
}

// An owner by the row and by an assignment is a viewer afterwards, and nothing else.
func TestViewerWhereTheWordIsRefusedToAnOwnerByAnAssignment(t *testing.T) {
	t.Parallel()
	for _, addsUp := range []bool{false, true} {
		server := newServer(setProjectRoles("ann", "owner"))
		server.MembersRefuseViewer, server.AssignedRolesAddUp = true, addsUp
		require.NoError(t, granted(alphaViewer, "user:ann")(t.Context(), connect(t, server)))
		after := server.Snapshot()
		require.Equal(t, "viewer", projectUser(&after, "alpha", "ann").Role)
		require.Empty(t, projectUser(&after, "alpha", "ann").RoleIDs)
	}
}

// A user who could not be made a viewer does not stay a member.
func TestViewerWhoCannotBeMadeOne(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]openaitest.Fault{
		"refused": {Status: 400, Body: object("role_limit", "There are too many roles.")}, "out of order": {Status: 500},
		"denied": {Status: 403, Body: object("", missingScopeText)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.MembersRefuseViewer = true
			server.SetFault(assignProjectUser, fault)
			require.Error(t, connect(t, server).grantDirectly(t.Context(), access{alphaViewer, "user:eva"}))
			requireState(t, smallOrganization(), server)
		})
	}
}

// A predefined role that the role list omits is assigned by its short id.
func TestPredefinedRolesThatTheListLeavesOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		access
		effect func(*openaitest.Organization)
	}{
		"of the organization, to a group": {access{ownerRole, "group:team"}, setGroupRoles("team", "owner")},
		"of a project, to a new group":    {access{alphaViewer, "group:empty"}, addedGroup("empty", "viewer")},
		"of a project, to a group in it":  {access{alphaOwner, "group:auditors"}, setProjectGroup("auditors", "member", "owner")},
		"of a project, for a custom one":  {access{tuneRole, "group:empty"}, addedGroup("empty", "member", "r-tune")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.OmitPredefinedRoles = true
			d := connect(t, server)
			want := server.Snapshot()
			test.effect(&want)
			_, err := d.grant(t.Context(), shapes["full"], test.access)
			require.NoError(t, err)
			requireState(t, want, server)
			_, err = d.revoke(t.Context(), shapes["full"], test.access)
			require.NoError(t, err)
			after := server.Snapshot()
			require.False(t, holds(&after, test.access))
		})
	}
}

// The ids of projects and roles may have slashes.
func TestProjectRoleIDsWithSlashes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ projectID, roleID string }{
		{"alpha", "team/tune"}, {"alpha", "a/b/c"}, {"eu/alpha", "r-tune"}, {"eu/alpha", "team/tune"}, {"eu/north/alpha", "a/b"},
	} {
		for _, parent := range []string{"", "project:" + test.projectID} {
			t.Run(test.projectID+" "+test.roleID+" "+parent, func(t *testing.T) {
				t.Parallel()
				server := newServer(func(o *openaitest.Organization) {
					o.Projects[0].ID, o.Projects[0].Roles[0].ID = test.projectID, test.roleID
				})
				d := connect(t, server)
				a := access{"project_role:" + test.projectID + "/" + test.roleID + ":assigned", "user:cem"}
				in := func(a access) (*v2.Resource, *v2.Entitlement) {
					principal, entitlement := shapes["identity only"](a)
					if parent != "" {
						entitlement.GetResource().SetParentResourceId(parseID(parent))
					}
					return principal, entitlement
				}
				for range 2 {
					_, err := d.grant(t.Context(), in, a)
					require.NoError(t, err)
					require.Equal(t, []string{test.roleID}, server.Snapshot().Projects[0].Users[2].RoleIDs)
				}
				for range 2 {
					_, err := d.revoke(t.Context(), in, a)
					require.NoError(t, err)
					require.Empty(t, server.Snapshot().Projects[0].Users[2].RoleIDs)
				}
				require.Equal(t, []string{assignProjectUser, unassignProjectUser}, writes(server))
				if parent != "" {
					require.Zero(t, calls(server)["GET /organization/projects/{project_id}"])
				}
			})
		}
	}
}

// A SCIM-managed user is deleted, and the log says to delete it in the identity provider too.
func TestDeleteAUserThatSCIMManages(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, testConnector) error{
		"account": deleted("user:ben", ""), "membership": revoked(organizationMember, "user:ben"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(func(o *openaitest.Organization) { user(o, "ben").IsSCIMManaged = true })
			d := connect(t, server)
			want := server.Snapshot()
			leave("ben")(&want)
			require.NoError(t, do(t.Context(), d))
			requireState(t, want, server)
			warnings := d.logs.FilterLevelExact(zap.WarnLevel).FilterMessageSnippet("remove the person in the identity provider too").All()
			require.Len(t, warnings, 1)
			require.Equal(t, "ben", warnings[0].ContextMap()["user_id"])
		})
	}
}

// A deleted admin key is not searched for elsewhere.
func TestDeleteAnAdminKeyThatIsGone(t *testing.T) {
	t.Parallel()
	server := newServer()
	require.NoError(t, deleted("api_key:nothing", "organization:organization")(t.Context(), connect(t, server)))
	require.Equal(t, map[string]int{"GET /organization/admin_api_keys/{key_id}": 1}, calls(server))
}

// A deleted user leaves keys behind. The log says so once, with the last use of a key, but not for a user who was not
// there any more. It takes no further call.
func TestDeleteAUserWithKeys(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, testConnector) error{
		"account": deleted("user:ben", ""), "membership": revoked(organizationMember, "user:ben"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(func(o *openaitest.Organization) { user(o, "ben").APIKeyLastUsedAt = 50 })
			d := connect(t, server)
			require.NoError(t, do(t.Context(), d))
			warnings := d.logs.FilterLevelExact(zap.WarnLevel).FilterMessageSnippet(keysStay).All()
			require.Len(t, warnings, 1)
			require.Equal(t, "ben", warnings[0].ContextMap()["user_id"])
			require.Equal(t, time.Unix(50, 0).UTC(), warnings[0].ContextMap()["api_key_last_used_at"])
			for _, request := range server.Requests() {
				require.NotContains(t, request.Route, "api_keys")
			}
			require.NoError(t, do(t.Context(), d))
			require.Equal(t, 1, d.logs.FilterMessageSnippet(keysStay).Len())
		})
	}
}
