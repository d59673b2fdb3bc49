package connector_test

import (
	"slices"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	addProjectUser       = "POST /organization/projects/{project_id}/users"
	modifyProjectUser    = "POST /organization/projects/{project_id}/users/{user_id}"
	removeProjectUser    = "DELETE /organization/projects/{project_id}/users/{user_id}"
	modifyServiceAccount = "POST /organization/projects/{project_id}/service_accounts/{service_account_id}"
	addProjectGroup      = "POST /organization/projects/{project_id}/groups"
	removeProjectGroup   = "DELETE /organization/projects/{project_id}/groups/{group_id}"
	assignInProject      = "POST /projects/{project_id}/groups/{group_id}/roles"
	unassignInProject    = "DELETE /projects/{project_id}/groups/{group_id}/roles/{role_id}"
	alphaOwner           = "project:alpha:owner"
	alphaMember          = "project:alpha:member"
	alphaViewer          = "project:alpha:viewer"
)

func joined(userID, role string, roles ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		p := project(o, "alpha")
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: userID, Role: role, AddedAt: now, RoleIDs: roles})
	}
}

func setProjectRole(userID, role string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { projectUser(o, "alpha", userID).Role = role }
}

// removed leaves the user's keys, without access.
func removed(userID string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		p := project(o, "alpha")
		p.Users = slices.DeleteFunc(p.Users, func(u openaitest.ProjectUser) bool { return u.UserID == userID })
		for i := range p.APIKeys {
			if p.APIKeys[i].OwnerID == userID {
				p.APIKeys[i].OwnerProjectAccess = "inactive"
			}
		}
	}
}

func addedGroup(groupID string, roles ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		p := project(o, "alpha")
		p.Groups = append(p.Groups, openaitest.ProjectGroup{GroupID: groupID, CreatedAt: now, RoleIDs: roles})
	}
}

func removedGroup(groupID string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		p := project(o, "alpha")
		p.Groups = slices.DeleteFunc(p.Groups, func(g openaitest.ProjectGroup) bool { return g.GroupID == groupID })
	}
}

func setProjectGroup(groupID string, roles ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		find(project(o, "alpha").Groups, func(g openaitest.ProjectGroup) string { return g.GroupID }, groupID).RoleIDs = roles
	}
}

func setAccountRole(id, role string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		find(project(o, "alpha").ServiceAccounts, func(a openaitest.ServiceAccount) string { return a.ID }, id).Role = role
	}
}

func setAccountRoles(id string, roles ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		find(project(o, "alpha").ServiceAccounts, func(a openaitest.ServiceAccount) string { return a.ID }, id).RoleIDs = roles
	}
}

var projectGrants = map[string]grantCase{
	"owner to a user":  {access: access{alphaOwner, "user:eva"}, effect: joined("eva", "owner"), sends: []string{addProjectUser}},
	"member to a user": {access: access{alphaMember, "user:eva"}, effect: joined("eva", "member"), sends: []string{addProjectUser}},
	"viewer to a user": {access: access{alphaViewer, "user:eva"}, effect: joined("eva", "viewer"), sends: []string{addProjectUser}},
	"viewer to somebody who is in the project through a group only": {
		access: access{alphaViewer, "user:dora"}, effect: joined("dora", "viewer"), sends: []string{addProjectUser},
	},
	"owner to a member, who keeps the custom role": {
		access: access{alphaOwner, "user:ben"}, effect: setProjectRole("ben", "owner"), sends: []string{modifyProjectUser}, replaces: access{alphaMember, "user:ben"},
	},
	"viewer to an owner": {
		access: access{alphaViewer, "user:ann"}, effect: setProjectRole("ann", "viewer"), sends: []string{modifyProjectUser}, replaces: access{alphaOwner, "user:ann"},
	},
	"member to somebody whose role has another name": {
		access: access{alphaMember, "user:ann"}, prepare: setProjectRole("ann", "editor"), effect: setProjectRole("ann", "member"), sends: []string{modifyProjectUser},
	},
	"member to a member by the assignment list alone": {access: access{alphaMember, "user:eva"}, prepare: joined("eva", "", "owner", "member")},
	"member to an owner by the assignment list alone": {
		access: access{alphaMember, "user:eva"}, prepare: joined("eva", "editor", "owner"), effect: both(setProjectRole("eva", "member"), setProjectRoles("eva")),
		sends: []string{modifyProjectUser, unassignProjectUser}, replaces: access{alphaOwner, "user:eva"},
	},
	"viewer to an owner by an assignment as well": {
		access: access{alphaViewer, "user:ann"}, prepare: setProjectRoles("ann", "owner"), effect: both(setProjectRole("ann", "viewer"), setProjectRoles("ann")),
		sends: []string{modifyProjectUser, unassignProjectUser}, replaces: access{alphaOwner, "user:ann"},
	},
	"viewer to a viewer who is an owner by an assignment": {
		access: access{alphaViewer, "user:cem"}, prepare: setProjectRoles("cem", "owner"), effect: setProjectRoles("cem"),
		sends: []string{unassignProjectUser}, replaces: access{alphaOwner, "user:cem"},
	},
	"owner to who owns everything by the assignment list alone": {access: access{alphaOwner, "user:ola"}, prepare: setAssigned("ola", "", "owner")},
	"what is held":                    {access: access{alphaMember, "user:ben"}},
	"owner to an owner of everything": {access: access{alphaOwner, "user:ola"}},
	"what a service account holds":    {access: access{alphaMember, "service_account:svc-1"}},
	"owner to a service account": {
		access: access{alphaOwner, "service_account:svc-1"}, effect: setAccountRole("svc-1", "owner"), sends: []string{modifyServiceAccount},
		replaces: access{alphaMember, "service_account:svc-1"},
	},
	"member to a service account": {
		access: access{alphaMember, "service_account:svc-3"}, effect: setAccountRole("svc-3", "member"), sends: []string{modifyServiceAccount},
		replaces: access{alphaOwner, "service_account:svc-3"},
	},
	"member to a service account without role": {
		access: access{alphaMember, "service_account:svc-2"}, effect: setAccountRole("svc-2", "member"), sends: []string{modifyServiceAccount},
	},
	"viewer that a service account has by an assignment": {access: access{alphaViewer, "service_account:svc-2"}, prepare: setAccountRoles("svc-2", "viewer")},
	"viewer that a service account has by an assignment next to member": {
		access: access{alphaViewer, "service_account:svc-1"}, prepare: setAccountRoles("svc-1", "viewer"),
	},
	"owner that a service account has by an assignment": {access: access{alphaOwner, "service_account:svc-2"}, prepare: setAccountRoles("svc-2", "owner")},
	"viewer to a group":           {access: access{alphaViewer, "group:empty"}, effect: addedGroup("empty", "viewer"), sends: []string{addProjectGroup}},
	"owner to a group":            {access: access{alphaOwner, "group:empty"}, effect: addedGroup("empty", "owner"), sends: []string{addProjectGroup}},
	"member to a group of SCIM's": {access: access{alphaMember, "group:directory"}, effect: addedGroup("directory", "member"), sends: []string{addProjectGroup}},
	"a second role to a group": {
		access: access{alphaOwner, "group:auditors"}, effect: setProjectGroup("auditors", "member", "owner"), sends: []string{assignInProject},
	},
	"what a group holds": {access: access{alphaViewer, "group:team"}},
}

var projectRevocations = map[string]revokeCase{
	"owner from a user":                                {access: access{alphaOwner, "user:ann"}, effect: removed("ann"), sends: []string{removeProjectUser}},
	"member from a user, custom role included":         {access: access{alphaMember, "user:ben"}, effect: removed("ben"), sends: []string{removeProjectUser}},
	"viewer from a user":                               {access: access{alphaViewer, "user:cem"}, effect: removed("cem"), sends: []string{removeProjectUser}},
	"member from somebody who became owner meanwhile":  {access: access{alphaMember, "user:ben"}, prepare: setProjectRole("ben", "owner")},
	"member from somebody who became viewer meanwhile": {access: access{alphaMember, "user:ben"}, prepare: setProjectRole("ben", "viewer")},
	"member from somebody whose role has another name": {access: access{alphaMember, "user:ben"}, prepare: setProjectRole("ben", "editor")},
	"from somebody who is not in the project":          {access: access{alphaMember, "user:eva"}},
	"from somebody who is gone":                        {access: access{alphaMember, "user:nobody"}},
	"from a group that is not in the project":          {access: access{alphaMember, "group:empty"}},
	"a role that the group does not hold":              {access: access{alphaOwner, "group:team"}},
	"one of a group's roles":                           {access: access{alphaViewer, "group:team"}, effect: setProjectGroup("team", "r-tune"), sends: []string{unassignInProject}},
	"a group's last role":                              {access: access{alphaMember, "group:auditors"}, effect: removedGroup("auditors"), sends: []string{unassignInProject}},
	"owner by the assignment list, without a word in the row": {
		access: access{alphaOwner, "user:eva"}, prepare: joined("eva", "", "owner"), effect: removed("eva"), sends: []string{removeProjectUser},
	},
	"owner by the assignment list, with another word in the row": {
		access: access{alphaOwner, "user:eva"}, prepare: joined("eva", "editor", "owner"), effect: removed("eva"), sends: []string{removeProjectUser},
	},
	"owner by the assignment list, next to viewer in the row": {
		access: access{alphaOwner, "user:cem"}, prepare: setProjectRoles("cem", "owner"), effect: setProjectRoles("cem"), sends: []string{unassignProjectUser},
	},
	"viewer that is held directly and through a group": {
		access: access{alphaViewer, "user:dora"}, prepare: joined("dora", "viewer"), effect: removed("dora"), sends: []string{removeProjectUser}, keeps: true,
	},
	"owner from somebody who owns everything through a group as well": {
		access: access{alphaOwner, "user:dora"}, prepare: joined("dora", "owner"), effect: removed("dora"), sends: []string{removeProjectUser}, keeps: true,
	},
	"owner from a group that owns everything as well": {
		access: access{alphaOwner, "group:admins"}, prepare: addedGroup("admins", "owner"), effect: removedGroup("admins"), sends: []string{unassignInProject}, keeps: true,
	},
	"member from an owner of everything, who is not in it": {
		access: access{alphaMember, "user:ola"},
	},
	"from a service account that is gone":              {access: access{alphaMember, "service_account:nobody"}},
	"from a service account that holds something else": {access: access{alphaOwner, "service_account:svc-1"}},
	"from a service account without role":              {access: access{alphaMember, "service_account:svc-2"}},
}

func TestGrantInProjects(t *testing.T) {
	t.Parallel()
	requireGranted(t, projectGrants)
}

func TestRevokeInProjects(t *testing.T) {
	t.Parallel()
	requireRevoked(t, projectRevocations)
}

func TestRefusedInProjects(t *testing.T) {
	t.Parallel()
	const archived = "project:gone:member"
	requireAllRefused(t, map[string]refusedCase{
		"less than owner to an owner of everything": {do: granted(alphaMember, "user:ola"), says: []string{"ola owns the organization", "make the person a reader of the organization first"}},
		"owner from an owner of everything":         {do: revoked(alphaOwner, "user:ola"), says: []string{"ola owns the organization", "take the organization role owner"}},
		"what an owner of everything holds next to": {
			do: revoked(alphaMember, "user:ola"), prepare: joined("ola", "member"), says: []string{"ola owns the organization"},
		},
		"owner from those who own everything": {
			do: revoked(alphaOwner, "organization_role:owner"), says: []string{"organization owners own every project", "take the organization role owner"},
		},
		"owner from who owns everything by the assignment list alone": {
			do: revoked(alphaOwner, "user:ola"), prepare: setAssigned("ola", "", "owner"), says: []string{"ola owns the organization"},
		},
		"owner from who owns everything by an assignment next to reader": {
			do: revoked(alphaOwner, "user:ann"), prepare: both(removed("ann"), setAssigned("ann", "reader", "owner")), says: []string{"ann owns the organization"},
		},
		"less to who owns everything by the assignment list alone": {
			do: granted(alphaMember, "user:ola"), prepare: setAssigned("ola", "", "owner"), says: []string{"ola owns the organization"},
		},
		"owner from who owns everything through a group": {
			do: revoked(alphaOwner, "user:dora"), says: []string{"dora owns the organization", "through the group admins", "take the organization role owner from the group"},
		},
		"owner from a group that owns everything": {
			do: revoked(alphaOwner, "group:admins"), says: []string{"admins owns the organization", "take the organization role owner from the group"},
		},
		"what is held through a group":                {do: revoked(alphaViewer, "user:dora"), says: []string{"through the group team", "take it from the group"}},
		"what is held through a group, next to a row": {do: revoked(alphaMember, "user:cem"), says: []string{"through the group auditors", "the member out of the group"}},
		"what a service account holds through a group": {
			do: revoked(alphaViewer, "service_account:svc-1"), says: []string{"through the group team", "take it from the group"},
		},
		"what a service account of another project holds through a group": {
			do: revoked(alphaViewer, "service_account:svc-9"), prepare: setMembers("team", "svc-9"), says: []string{"through the group team"},
		},
		"owner by the assignment list from a service account": {
			do: revoked(alphaOwner, "service_account:svc-2"), prepare: both(setAccountRole("svc-2", "editor"), setAccountRoles("svc-2", "owner")),
			says: []string{"delete the service account instead"},
		},
		"viewer to a service account":                 {do: granted(alphaViewer, "service_account:svc-1"), says: []string{"cannot be a viewer", "grant member or owner instead"}},
		"a role to a service account from elsewhere":  {do: granted(alphaMember, "service_account:svc-9"), says: []string{"svc-9 does not belong to the project alpha"}},
		"member from a service account":               {do: revoked(alphaMember, "service_account:svc-1"), says: []string{"delete the service account instead"}},
		"a role to a user in an archived project":     {do: granted(archived, "user:ann"), says: []string{"is archived"}},
		"a role to a group in an archived project":    {do: granted(archived, "group:team"), says: []string{"is archived"}},
		"a role to an account in an archived project": {do: granted(archived, "service_account:svc-1"), says: []string{"is archived"}},
		"a role from a user in an archived project":   {do: revoked(archived, "user:ann"), says: []string{"is archived"}},
		"a role from a group in an archived project":  {do: revoked(archived, "group:team"), says: []string{"is archived"}},
	})
}

// If the API keeps a group without roles in the project, or refuses to remove the last role, the connector removes the
// group, unless it was granted another role.
func TestGroupThatTheAPILeavesInTheProject(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(*openaitest.Server)
		want    func(*openaitest.Organization)
		sends   []string
	}{
		"empty":     {func(*openaitest.Server) {}, removedGroup("auditors"), []string{unassignInProject, removeProjectGroup}},
		"read late": {func(s *openaitest.Server) { s.WriteLag = 2 }, removedGroup("auditors"), []string{unassignInProject, removeProjectGroup}},
		"given another role": {
			func(s *openaitest.Server) {
				changeBefore(s, unassignInProject, setProjectGroup("auditors", "member", "r-tune"))
			},
			setProjectGroup("auditors", "r-tune"), []string{unassignInProject},
		},
		"whose roles cannot be read": {
			func(s *openaitest.Server) {
				s.SetFault(projectGroupRolesRoute, openaitest.Fault{Status: 500, After: 2})
			},
			setProjectGroup("auditors"), []string{unassignInProject},
		},
		"with the last role": {refusesLastRole, removedGroup("auditors"), []string{unassignInProject, removeProjectGroup}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.EmptyProjectGroupsStay = true
			want := server.Snapshot()
			test.want(&want)
			test.prepare(server)
			require.NoError(t, revoked(alphaMember, "group:auditors")(t.Context(), connect(t, server)))
			requireState(t, want, server)
			require.Equal(t, test.sends, writes(server))
		})
	}
}

func refusesLastRole(s *openaitest.Server) {
	s.SetFault(unassignInProject, openaitest.Fault{Status: 400, Body: object("", "A group needs a role.")})
}

// A refusal to remove a role that is not the last one stays a refusal.
func TestGroupRoleThatTheAPIKeeps(t *testing.T) {
	t.Parallel()
	server := newServer()
	refusesLastRole(server)
	before := server.Snapshot()
	err := revoked(alphaViewer, "group:team")(t.Context(), connect(t, server))
	requireRefusal(t, err, "A group needs a role.")
	requireState(t, before, server)
	require.Equal(t, []string{unassignInProject}, writes(server))
}

// A service account that is an owner by an assignment is a member only when that is taken, which OpenAI may refuse.
func TestMemberForAServiceAccountThatIsAnOwnerByAnAssignment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		account, role string
		sends         []string
	}{
		"without a role in its row": {"svc-2", "none", []string{modifyServiceAccount, unassignProjectUser}},
		"a member in its row":       {"svc-1", "member", []string{unassignProjectUser}},
		"an owner in its row":       {"svc-3", "owner", []string{modifyServiceAccount, unassignProjectUser}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(setAccountRoles(test.account, "owner"))
			server.ServiceAccountRolesMayGo = true
			want := server.Snapshot()
			both(setAccountRole(test.account, "member"), setAccountRoles(test.account))(&want)
			asked := access{alphaMember, "service_account:" + test.account}
			answer, err := connect(t, server).grant(t.Context(), shapes["full"], asked)
			require.NoError(t, err)
			require.Equal(t, test.sends, writes(server))
			after := server.Snapshot()
			require.Equal(t, state(want), state(after))
			replaced := &v2.GrantReplaced{}
			pick(t, answer.GetAnnotations(), replaced)
			require.Equal(t, alphaOwner+":service_account:"+test.account, replaced.GetReplacedGrantId())

			server = newServer(setAccountRoles(test.account, "owner"))
			d := connect(t, server)
			for range 2 {
				_, err = d.grant(t.Context(), shapes["full"], asked)
				requireRefusal(t, err, test.account+" is now a member of the project alpha and still its owner", "not supported here")
			}
		})
	}
}

// What a group gives stays, also where OpenAI names no sources.
func TestMemberForAServiceAccountThatAGroupMakesAnOwner(t *testing.T) {
	t.Parallel()
	for _, omitted := range []bool{false, true} {
		server := newServer(setProjectGroup("team", "owner"))
		server.OmitAssignmentSources = omitted
		before := server.Snapshot()
		answer, err := connect(t, server).grant(t.Context(), shapes["full"], access{alphaMember, "service_account:svc-1"})
		require.NoError(t, err)
		require.True(t, pick(t, answer.GetAnnotations(), &v2.GrantAlreadyExists{}))
		requireState(t, before, server)
	}
}
