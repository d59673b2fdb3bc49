package connector_test

import (
	"context"
	"slices"
	"testing"

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

// removed leaves the keys of the user, without access.
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

var projectGrants = map[string]grantCase{
	"owner to a user":  {access: access{alphaOwner, "user:eva"}, mean: joined("eva", "owner"), sends: []string{addProjectUser}},
	"member to a user": {access: access{alphaMember, "user:eva"}, mean: joined("eva", "member"), sends: []string{addProjectUser}},
	"viewer to a user": {access: access{alphaViewer, "user:eva"}, mean: joined("eva", "viewer"), sends: []string{addProjectUser}},
	"viewer to somebody who is in the project through a group only": {
		access: access{alphaViewer, "user:dora"}, mean: joined("dora", "viewer"), sends: []string{addProjectUser},
	},
	"owner to a member, who keeps the custom role": {
		access: access{alphaOwner, "user:ben"}, mean: setProjectRole("ben", "owner"), sends: []string{modifyProjectUser}, replaces: access{alphaMember, "user:ben"},
	},
	"viewer to an owner": {
		access: access{alphaViewer, "user:ann"}, mean: setProjectRole("ann", "viewer"), sends: []string{modifyProjectUser}, replaces: access{alphaOwner, "user:ann"},
	},
	"member to somebody whose role has another name": {
		access: access{alphaMember, "user:ann"}, bend: setProjectRole("ann", "editor"), mean: setProjectRole("ann", "member"), sends: []string{modifyProjectUser},
	},
	"what is held":                    {access: access{alphaMember, "user:ben"}},
	"owner to an owner of everything": {access: access{alphaOwner, "user:ola"}},
	"what a service account holds":    {access: access{alphaMember, "service_account:svc-1"}},
	"owner to a service account": {
		access: access{alphaOwner, "service_account:svc-1"}, mean: setAccountRole("svc-1", "owner"), sends: []string{modifyServiceAccount},
		replaces: access{alphaMember, "service_account:svc-1"},
	},
	"member to a service account": {
		access: access{alphaMember, "service_account:svc-3"}, mean: setAccountRole("svc-3", "member"), sends: []string{modifyServiceAccount},
		replaces: access{alphaOwner, "service_account:svc-3"},
	},
	"member to a service account without role": {
		access: access{alphaMember, "service_account:svc-2"}, mean: setAccountRole("svc-2", "member"), sends: []string{modifyServiceAccount},
	},
	"viewer to a group":           {access: access{alphaViewer, "group:empty"}, mean: addedGroup("empty", "viewer"), sends: []string{addProjectGroup}},
	"owner to a group":            {access: access{alphaOwner, "group:empty"}, mean: addedGroup("empty", "owner"), sends: []string{addProjectGroup}},
	"member to a group of SCIM's": {access: access{alphaMember, "group:directory"}, mean: addedGroup("directory", "member"), sends: []string{addProjectGroup}},
	"a second role to a group": {
		access: access{alphaOwner, "group:auditors"}, mean: setProjectGroup("auditors", "member", "owner"), sends: []string{assignInProject},
	},
	"what a group holds": {access: access{alphaViewer, "group:team"}},
}

var projectRevocations = map[string]revokeCase{
	"owner from a user":                                {access: access{alphaOwner, "user:ann"}, mean: removed("ann"), sends: []string{removeProjectUser}},
	"member from a user, custom role included":         {access: access{alphaMember, "user:ben"}, mean: removed("ben"), sends: []string{removeProjectUser}},
	"viewer from a user":                               {access: access{alphaViewer, "user:cem"}, mean: removed("cem"), sends: []string{removeProjectUser}},
	"member from somebody who became owner meanwhile":  {access: access{alphaMember, "user:ben"}, bend: setProjectRole("ben", "owner")},
	"member from somebody who became viewer meanwhile": {access: access{alphaMember, "user:ben"}, bend: setProjectRole("ben", "viewer")},
	"member from somebody whose role has another name": {access: access{alphaMember, "user:ben"}, bend: setProjectRole("ben", "editor")},
	"from somebody who is not in the project":          {access: access{alphaMember, "user:eva"}},
	"from somebody who is gone":                        {access: access{alphaMember, "user:nobody"}},
	"from a group that is not in the project":          {access: access{alphaMember, "group:empty"}},
	"a role that the group does not hold":              {access: access{alphaOwner, "group:team"}},
	"one of a group's roles":                           {access: access{alphaViewer, "group:team"}, mean: setProjectGroup("team", "r-tune"), sends: []string{unassignInProject}},
	"a group's last role":                              {access: access{alphaMember, "group:auditors"}, mean: removedGroup("auditors"), sends: []string{removeProjectGroup}},
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
		"what an owner of everything holds beside": {
			do: revoked(alphaMember, "user:ola"), bend: joined("ola", "member"), says: []string{"ola owns the organization"},
		},
		"owner from those who own everything": {
			do: revoked(alphaOwner, "organization_role:owner"), says: []string{"organization owners own every project", "take the organization role owner"},
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

// meanwhile changes the organization before the first request to a route is answered, as somebody else would.
func meanwhile(server *openaitest.Server, route string, change func(*openaitest.Organization)) {
	changed := false
	server.OnRequest = func(request openaitest.Request) {
		if request.Route == route && !changed {
			changed = true
			server.Update(change)
		}
	}
}

// Somebody may add the same user or group a moment before, with another role: what was asked for is still the outcome.
func TestGrantWhileSomebodyElseGrants(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		access access
		route  string
		change func(*openaitest.Organization)
		want   func(*openaitest.Organization)
	}{
		"the same role": {access{alphaMember, "user:eva"}, addProjectUser, joined("eva", "member"), joined("eva", "member")},
		"another role":  {access{alphaMember, "user:eva"}, addProjectUser, joined("eva", "viewer"), joined("eva", "member")},
		"the same role to a group": {
			access{alphaMember, "group:empty"}, addProjectGroup, addedGroup("empty", "member"), addedGroup("empty", "member"),
		},
		"another role to a group": {
			access{alphaMember, "group:empty"}, addProjectGroup, addedGroup("empty", "viewer"), addedGroup("empty", "viewer", "member"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOffice()
			meanwhile(server, test.route, test.change)
			d := open(t, server)
			want := server.Snapshot()
			test.want(&want)
			_, err := d.grant(t.Context(), shapes["full"], test.access)
			require.NoError(t, err)
			requireState(t, want, server)
		})
	}
}

// Nobody is removed who became something else between the question and the removal of the grant that was asked for: the
// question is asked each time.
func TestRevokeAsksEachTime(t *testing.T) {
	t.Parallel()
	server := newOffice()
	d := open(t, server)
	ben := access{alphaMember, "user:ben"}
	_, err := d.grant(t.Context(), shapes["full"], access{alphaOwner, "user:ben"})
	require.NoError(t, err)
	before := server.Snapshot()
	_, err = d.revoke(context.WithoutCancel(t.Context()), shapes["full"], ben)
	require.NoError(t, err)
	requireState(t, before, server)
}
