package connector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	createRole        = "POST /organization/roles"
	createProjectRole = "POST /projects/{project_id}/roles"
	modifyRole        = "POST /organization/roles/{role_id}"
	modifyProjectRole = "POST /projects/{project_id}/roles/{role_id}"
	deleteRole        = "DELETE /organization/roles/{role_id}"
	deleteProjectRole = "DELETE /projects/{project_id}/roles/{role_id}"

	madeRole = "role_Made000000000001"
)

// aboutRole are the arguments of an action on a role, and others.
func aboutRole(resourceType, id, more string) string {
	return fmt.Sprintf(`{"role":{"resource_type_id":%q,"resource_id":%q}%s}`, resourceType, id, more)
}

func returnedRole(id, name string) string {
	return returnedAs("role", "organization_role:"+id, "organization:organization", name)
}

func returnedProjectRole(id, name string) string {
	return returnedAs("role", "project_role:alpha/"+id, "project:alpha", name)
}

// described adds a description to the resource of a result.
func described(returned, description string) string {
	return strings.Replace(returned, `"displayName":`, fmt.Sprintf(`"description":%q,"displayName":`, description), 1)
}

func returnedCount(n int) string {
	return fmt.Sprintf(`{"success":true,"holders":%d,"all_counted":true}`, n)
}

var buyer = openaitest.Role{ID: madeRole, Name: "Buyer", Description: "Buys", Permissions: []string{"api.usage.read", "api.groups.read"}, CreatedAt: now}

var returnedBuyer = described(returnedRole(madeRole, "Buyer"), "Buys")

// hasBuyer adds the role that the test creates.
func hasBuyer(o *openaitest.Organization) { o.Roles = append(o.Roles, buyer) }

// withoutRole removes the role from all principals of the organization.
func withoutRole(id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		o.Roles = slices.DeleteFunc(o.Roles, func(r openaitest.Role) bool { return r.ID == id })
		for i := range o.Users {
			o.Users[i].RoleIDs = without(o.Users[i].RoleIDs, id)
		}
		for i := range o.Groups {
			o.Groups[i].RoleIDs = without(o.Groups[i].RoleIDs, id)
		}
	}
}

// withoutProjectRole removes the role from all principals in alpha. Each group there has another role.
func withoutProjectRole(id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		p := &o.Projects[0]
		p.Roles = slices.DeleteFunc(p.Roles, func(r openaitest.Role) bool { return r.ID == id })
		for i := range p.Users {
			p.Users[i].RoleIDs = without(p.Users[i].RoleIDs, id)
		}
		for i := range p.Groups {
			p.Groups[i].RoleIDs = without(p.Groups[i].RoleIDs, id)
		}
		for i := range p.ServiceAccounts {
			p.ServiceAccounts[i].RoleIDs = without(p.ServiceAccounts[i].RoleIDs, id)
		}
	}
}

var roleActions = map[string]actionCase{
	"of the organization": {
		name: "create_role", arguments: `{"name":" Buyer ","permissions":["api.usage.read"," api.groups.read "],"description":"Buys"}`,
		effect: hasBuyer, sends: []string{createRole}, returns: returnedBuyer, logs: []string{"role_id:" + madeRole},
	},
	"of a project": {
		name: "create_role", arguments: `{"name":"Auditor","permissions":["api.usage.read"],"project":{"resource_type_id":"project","resource_id":"alpha"}}`,
		effect: func(o *openaitest.Organization) {
			made := openaitest.Role{ID: madeRole, Name: "Auditor", Permissions: []string{"api.usage.read"}, CreatedAt: now}
			o.Projects[0].Roles = append(o.Projects[0].Roles, made)
		},
		sends: []string{createProjectRole}, returns: returnedProjectRole(madeRole, "Auditor"), logs: []string{"project_id:alpha", "role_id:" + madeRole},
	},
	"called as one of OpenAI's": {
		name: "create_role", arguments: `{"name":"owner","permissions":["api.usage.read"],"description":""}`,
		effect: func(o *openaitest.Organization) {
			o.Roles = append(o.Roles, openaitest.Role{ID: madeRole, Name: "owner", Permissions: []string{"api.usage.read"}, CreatedAt: now})
		},
		sends: []string{createRole}, returns: returnedRole(madeRole, "owner"),
	},
	"there already, in another order": {
		name: "create_role", arguments: `{"name":"Buyer","permissions":["api.groups.read","api.usage.read","api.groups.read"],"description":"Buys"}`,
		prepare: hasBuyer, returns: returnedBuyer,
	},
	"there already, whatever its description": {
		name: "create_role", arguments: `{"name":"Buyer","permissions":["api.groups.read","api.usage.read"]}`,
		prepare: hasBuyer, returns: returnedBuyer,
	},

	"another name": {
		name: "update_role", arguments: aboutRole("organization_role", "r-audit", `,"name":"Checker"`),
		effect: func(o *openaitest.Organization) { o.Roles[0].Name = "Checker" },
		sends:  []string{modifyRole}, returns: returnedRole("r-audit", "Checker"), logs: []string{"role_id:r-audit"},
	},
	"all of it, in a project": {
		name: "update_role", arguments: aboutRole("project_role", "alpha/r-tune", `,"name":"Trainer","description":"Trains","permissions":["api.usage.read"]`),
		effect: func(o *openaitest.Organization) {
			r := &o.Projects[0].Roles[0]
			r.Name, r.Description, r.Permissions = "Trainer", "Trains", []string{"api.usage.read"}
		},
		sends: []string{modifyProjectRole}, returns: described(returnedProjectRole("r-tune", "Trainer"), "Trains"), logs: []string{"role_id:alpha/r-tune"},
	},
	"other permissions in place of all": {
		name: "update_role", arguments: aboutRole("organization_role", madeRole, `,"permissions":["api.groups.write"],"name":""`),
		prepare: hasBuyer, effect: func(o *openaitest.Organization) { o.Roles[2].Permissions = []string{"api.groups.write"} },
		sends: []string{modifyRole}, returns: returnedBuyer,
	},
	"as it is": {
		name: "update_role", arguments: aboutRole("organization_role", madeRole, `,"name":"Buyer","permissions":["api.groups.read","api.usage.read"]`),
		prepare: hasBuyer, returns: returnedBuyer,
	},

	"held by a user and a group": {
		name: "delete_role", arguments: aboutRole("organization_role", "r-audit", ""),
		effect: withoutRole("r-audit"), sends: []string{deleteRole}, returns: returnedCount(2), logs: []string{"role_id:r-audit", "holders:2"},
	},
	"held by a user, a group and a service account of a project": {
		name: "delete_role", arguments: aboutRole("project_role", "alpha/r-tune", ""),
		effect: withoutProjectRole("r-tune"), sends: []string{deleteProjectRole}, returns: returnedCount(3),
	},
	"held by nobody": {
		name: "delete_role", arguments: aboutRole("project_role", "alpha/r-review", ""),
		effect: withoutProjectRole("r-review"), sends: []string{deleteProjectRole}, returns: returnedCount(0),
	},
	"gone":                {name: "delete_role", arguments: aboutRole("organization_role", "r-nothing", ""), returns: returnedCount(0)},
	"gone from a project": {name: "delete_role", arguments: aboutRole("project_role", "alpha/r-audit", ""), returns: returnedCount(0)},
}

func TestRoleActions(t *testing.T) {
	t.Parallel()
	requireInvoked(t, roleActions)
}

func TestRoleActionsRefused(t *testing.T) {
	t.Parallel()
	const openAIs = "is a role of OpenAI's own, which can be neither changed nor deleted: create a custom role instead"
	cases := map[string]refusedCase{
		// Projects cannot be deleted, so that an unknown one says nothing about its roles.
		"delete in a project that is unknown": {
			do:   invoked("delete_role", aboutRole("project_role", "nothing/r-tune", "")),
			says: []string{"deleting the project_role nothing/r-tune: OpenAI does not know it, or not any more", "project_not_found"},
		},
		"create another one of the name": {
			do: invoked("create_role", `{"name":"Buyer","permissions":["api.usage.read"]}`), prepare: hasBuyer,
			says: []string{"there is a role with this name already, which is not the same: change it with update_role, or choose another name"},
		},
		"create one with another description": {
			do: invoked("create_role", `{"name":"Buyer","permissions":["api.usage.read","api.groups.read"],"description":"Sells"}`), prepare: hasBuyer,
			says: []string{"there is a role with this name already"},
		},
		"create in an archived project": {
			do:   invoked("create_role", `{"name":"Buyer","permissions":["api.usage.read"],"project":{"resource_type_id":"project","resource_id":"gone"}}`),
			says: []string{"creating the role named Buyer in the project gone", "is archived"},
		},
		"create in a project that is not there": {
			do:   invoked("create_role", `{"name":"Buyer","permissions":["api.usage.read"],"project":{"resource_type_id":"project","resource_id":"nothing"}}`),
			code: codes.NotFound, says: []string{"creating the role named Buyer in the project nothing: OpenAI does not know it, or not any more"},
		},
		"change what is not there": {
			do:   invoked("update_role", aboutRole("organization_role", "r-nothing", `,"name":"X"`)),
			code: codes.NotFound, says: []string{"changing the organization_role r-nothing: OpenAI does not know it, or not any more"},
		},
		"change nothing": {
			do:   invoked("update_role", aboutRole("organization_role", "r-audit", `,"name":" ","permissions":[]`)),
			code: codes.InvalidArgument, says: []string{"the action update_role needs the argument name, permissions or description"},
		},
		"a name that another one has": {
			do:   invoked("update_role", aboutRole("organization_role", "r-audit", `,"name":"Billing"`)),
			says: []string{"changing the organization_role r-audit", "A role with the name 'Billing' already exists."}, sends: []string{modifyRole},
		},
		"change in an archived project": {
			do:   invoked("update_role", aboutRole("project_role", "gone/r-tune", `,"name":"X"`)),
			says: []string{"changing the project_role gone/r-tune", "is archived"},
		},
		"delete in an archived project": {
			do: invoked("delete_role", aboutRole("project_role", "gone/r-tune", "")), says: []string{"deleting the project_role gone/r-tune", "is archived"},
		},
		"an id without a project": {
			do:   invoked("delete_role", aboutRole("project_role", "r-tune", "")),
			code: codes.InvalidArgument, says: []string{`"r-tune" is not the id of a project role, which is <project id>/<role id>`},
		},
	}
	for _, action := range []string{"update_role", "delete_role"} {
		more := ""
		if action == "update_role" {
			more = `,"name":"X"`
		}
		organization := smallOrganization()
		for name, arguments := range map[string]string{
			"owner":                aboutRole("organization_role", "owner", more),
			"owner by OpenAI's id": aboutRole("organization_role", organization.RoleID("owner"), more),
			"member of a project":  aboutRole("project_role", "alpha/"+organization.Projects[0].RoleID("member"), more),
		} {
			cases[action+", "+name] = refusedCase{do: invoked(action, arguments), says: []string{openAIs}}
		}
	}
	requireAllRefused(t, cases)
}

// A role is created once, with any answer, and a role that another client has created is not taken for it.
func TestRoleIsMadeOnce(t *testing.T) {
	t.Parallel()
	const asked = `{"name":"Buyer","permissions":["api.groups.read","api.usage.read"],"description":"Buys"}`
	lost := openaitest.Fault{Status: 500}
	t.Run("sent twice", func(t *testing.T) {
		t.Parallel()
		for _, answered := range []openaitest.Fault{{Twice: true}, {Twice: true, AfterEffect: true, Status: 500}} {
			server := newServer()
			server.SetFault(createRole, answered)
			d := connect(t, server)
			for range 2 {
				returned, err := d.invoke(t.Context(), "create_role", asked)
				require.NoError(t, err)
				require.JSONEq(t, returnedBuyer, plain(t, returned))
			}
			require.Len(t, server.Snapshot().Roles, len(smallOrganization().Roles)+1)
		}
	})
	t.Run("not made", func(t *testing.T) {
		t.Parallel()
		server := newServer()
		server.SetFault(createRole, lost)
		_, err := connect(t, server).invoke(t.Context(), "create_role", asked)
		require.Equal(t, codes.Unavailable, status.Code(err), err)
		require.Equal(t, []string{createRole}, writes(server))
	})
	t.Run("another one is made meanwhile", func(t *testing.T) {
		t.Parallel()
		server := newServer()
		server.SetFault(createRole, lost)
		server.OnRequest = func(r openaitest.Request) {
			if r.Route == createRole {
				server.Update(func(o *openaitest.Organization) {
					o.Roles = append(o.Roles, openaitest.Role{ID: "r-other", Name: "Buyer"})
				})
			}
		}
		_, err := connect(t, server).invoke(t.Context(), "create_role", asked)
		require.Equal(t, codes.Unavailable, status.Code(err), err)
	})
}

// A created role is returned as a sync shows it.
func TestCreatedRoleIsAsInASync(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]string{
		"of the organization": `{"name":"Buyer\u0007","permissions":["api.usage.read"],"description":"Buys"}`,
		"of a project":        `{"name":"Buyer","permissions":["api.usage.read"],"project":{"resource_type_id":"project","resource_id":"alpha"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			returned, err := connect(t, server).invoke(t.Context(), "create_role", arguments)
			require.NoError(t, err)
			role, ok := returned.AsMap()["role"].(map[string]any)
			require.True(t, ok)
			text := func(of, field string) string {
				named, _ := role[of].(map[string]any)
				return fmt.Sprint(named[field])
			}
			rows := decode[resourceRow](t, expected(server.Snapshot()).Resources)
			at := slices.IndexFunc(rows, func(r resourceRow) bool {
				return r.ID == text("resourceId", "resourceTypeId")+":"+text("resourceId", "resourceId")
			})
			require.GreaterOrEqual(t, at, 0, role)
			require.Equal(t, rows[at].Parent, text("parentResourceId", "resourceTypeId")+":"+text("parentResourceId", "resourceId"))
			require.Equal(t, rows[at].Name, role["displayName"])
		})
	}
}

// If there is no time to list the roles of all principals, the role is deleted all the same, and the result says that
// not all were counted.
func TestPrincipalsThatCannotAllBeCounted(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.RateLimit = &openaitest.RateLimit{Burst: 3, Interval: 30 * time.Second}
	d := connect(t, server)
	d.connector.SetRetryFor(time.Hour)
	d.connector.SetActionLimit(4 * time.Second)
	returned, err := d.invoke(t.Context(), "delete_role", aboutRole("organization_role", "r-audit", ""))
	require.NoError(t, err)
	// The third group holds the role, and the fourth is not read any more.
	require.JSONEq(t, `{"success":true,"holders":1,"all_counted":false}`, plain(t, returned))
	require.Equal(t, []string{deleteRole}, writes(server))
	require.Equal(t, 1, d.logs.FilterMessageSnippet("there was no time to ask everybody who may hold the role").Len())
}

// A principal is counted once, and not at all if it leaves meanwhile.
func TestPrincipalsAreCountedOnce(t *testing.T) {
	t.Parallel()
	server := newServer(func(o *openaitest.Organization) {
		p := &o.Projects[0]
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: "svc-3", Role: "member", RoleIDs: []string{"r-tune"}})
	})
	for _, gone := range []string{"GET /projects/{project_id}/users/{user_id}/roles", "GET /organization/projects/{project_id}/users/{user_id}"} {
		server.SetFault(gone, openaitest.Fault{Status: 404, PathContains: "/ben"})
	}
	returned, err := connect(t, server).invoke(t.Context(), "delete_role", aboutRole("project_role", "alpha/r-tune", ""))
	require.NoError(t, err)
	require.JSONEq(t, returnedCount(2), plain(t, returned))
}
