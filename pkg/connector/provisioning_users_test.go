package connector_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	modifyUser         = "POST /organization/users/{user_id}"
	deleteUser         = "DELETE /organization/users/{user_id}"
	assignUserRole     = "POST /organization/users/{user_id}/roles"
	unassignUserRole   = "DELETE /organization/users/{user_id}/roles/{role_id}"
	assignGroupRole    = "POST /organization/groups/{group_id}/roles"
	unassignGroupRole  = "DELETE /organization/groups/{group_id}/roles/{role_id}"
	organizationMember = "organization:organization:member"
	ownerRole          = "organization_role:owner:assigned"
	readerRole         = "organization_role:reader:assigned"
	auditRole          = "organization_role:r-audit:assigned"
	billRole           = "organization_role:r-bill:assigned"
)

func setRole(id, role string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { user(o, id).Role = role }
}

func setUserRoles(id string, roles ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { user(o, id).RoleIDs = roles }
}

func setGroupRoles(id string, roles ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { group(o, id).RoleIDs = roles }
}

// leave deletes a user except for the keys, which stay without access.
func leave(id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		o.Users = slices.DeleteFunc(o.Users, func(u openaitest.User) bool { return u.ID == id })
		for i := range o.Groups {
			o.Groups[i].MemberIDs = without(o.Groups[i].MemberIDs, id)
		}
		for i := range o.Projects {
			p := &o.Projects[i]
			p.Users = slices.DeleteFunc(p.Users, func(u openaitest.ProjectUser) bool { return u.UserID == id })
			for k := range p.APIKeys {
				if p.APIKeys[k].OwnerID == id {
					p.APIKeys[k].OwnerProjectAccess = "inactive"
				}
			}
		}
	}
}

// both makes several changes.
func both(changes ...func(*openaitest.Organization)) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		for _, change := range changes {
			change(o)
		}
	}
}

// setAssigned sets a role that only the assignment list has, with any word in the user's row.
func setAssigned(id, word, role string) func(*openaitest.Organization) {
	return both(setRole(id, word), setUserRoles(id, role))
}

// sourcesOf sets the principal in the sources of an assignment, as in a role through groups.
func sourcesOf(principalType, id string) openaitest.Fields {
	return openaitest.Fields{"assignment_sources": []any{source(principalType, id)}}
}

func auditSources(principalType, id string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) { role(o, "r-audit").JSON = sourcesOf(principalType, id) }
}

func oneOwner(o *openaitest.Organization) { user(o, "ole").Role = "reader" }

var organizationGrants = map[string]grantCase{
	"membership of a member": {access: access{organizationMember, "user:ann"}},
	"owner to a reader": {
		access: access{ownerRole, "user:ann"}, effect: setRole("ann", "owner"), sends: []string{modifyUser}, replaces: access{readerRole, "user:ann"},
	},
	"reader to one of two owners": {
		access: access{readerRole, "user:ola"}, effect: setRole("ola", "reader"), sends: []string{modifyUser}, replaces: access{ownerRole, "user:ola"},
	},
	"owner to somebody whose role has another name": {
		access: access{ownerRole, "user:ann"}, prepare: setRole("ann", "billing"), effect: setRole("ann", "owner"), sends: []string{modifyUser},
	},
	"owner to an owner by the assignment list alone":  {access: access{ownerRole, "user:ann"}, prepare: setAssigned("ann", "", "owner")},
	"reader to a reader by the assignment list alone": {access: access{readerRole, "user:ann"}, prepare: setAssigned("ann", "billing", "reader")},
	"reader to an owner by the assignment list alone": {
		access: access{readerRole, "user:ann"}, prepare: setAssigned("ann", "", "owner"), effect: both(setRole("ann", "reader"), setUserRoles("ann")),
		sends: []string{modifyUser, unassignUserRole}, replaces: access{ownerRole, "user:ann"},
	},
	"reader to an owner by an assignment as well": {
		access: access{readerRole, "user:ola"}, prepare: setUserRoles("ola", "owner"), effect: both(setRole("ola", "reader"), setUserRoles("ola")),
		sends: []string{modifyUser, unassignUserRole}, replaces: access{ownerRole, "user:ola"},
	},
	"reader to an owner by an assignment next to reader": {
		access: access{readerRole, "user:ann"}, prepare: setAssigned("ann", "reader", "owner"), effect: setUserRoles("ann"),
		sends: []string{unassignUserRole}, replaces: access{ownerRole, "user:ann"},
	},
	"a custom role to a group whose assignment names the group": {access: access{auditRole, "group:auditors"}, prepare: auditSources("group", "auditors")},
	"a custom role to a user whose assignment names the user":   {access: access{auditRole, "user:cem"}, prepare: auditSources("user", "cem")},
	"reader to somebody whose role has its old name":            {access: access{readerRole, "user:ann"}, prepare: setRole("ann", "member")},
	"owner to an owner":                            {access: access{ownerRole, "user:ola"}},
	"reader to a service account that is a reader": {access: access{readerRole, "user:bot"}},
	"owner to somebody who owns through a group": {
		access: access{ownerRole, "user:dora"}, effect: setRole("dora", "owner"), sends: []string{modifyUser}, replaces: access{readerRole, "user:dora"},
	},
	"a custom role to a user": {
		access: access{auditRole, "user:eva"}, effect: setUserRoles("eva", "r-audit"), sends: []string{assignUserRole},
	},
	"a second custom role to a user": {
		access: access{auditRole, "user:cem"}, prepare: setUserRoles("cem", "r-bill"), effect: setUserRoles("cem", "r-bill", "r-audit"), sends: []string{assignUserRole},
	},
	"a custom role to somebody who holds it through a group": {
		access: access{auditRole, "user:ann"}, effect: setUserRoles("ann", "r-audit"), sends: []string{assignUserRole},
	},
	"a custom role to a group": {
		access: access{auditRole, "group:team"}, effect: setGroupRoles("team", "r-audit"), sends: []string{assignGroupRole},
	},
	"owner to a group": {
		access: access{ownerRole, "group:team"}, effect: setGroupRoles("team", "owner"), sends: []string{assignGroupRole},
	},
	"reader to a group that is an owner": {
		access: access{readerRole, "group:admins"}, effect: setGroupRoles("admins", "owner", "reader"), sends: []string{assignGroupRole},
	},
	"a role to a group that SCIM manages": {
		access: access{auditRole, "group:directory"}, effect: setGroupRoles("directory", "r-audit"), sends: []string{assignGroupRole},
	},
}

var organizationRevocations = map[string]revokeCase{
	"membership": {access: access{organizationMember, "user:ben"}, effect: leave("ben"), sends: []string{deleteUser}, deletes: "user:ben"},
	"membership of an owner who is not the last": {
		access: access{organizationMember, "user:ola"}, effect: leave("ola"), sends: []string{deleteUser}, deletes: "user:ola",
	},
	"membership of a service account":    {access: access{organizationMember, "user:bot"}, effect: leave("bot"), sends: []string{deleteUser}, deletes: "user:bot"},
	"membership of somebody who is gone": {access: access{organizationMember, "user:nobody"}},
	"owner from one of two owners":       {access: access{ownerRole, "user:ola"}, effect: setRole("ola", "reader"), sends: []string{modifyUser}},
	"owner from a reader":                {access: access{ownerRole, "user:ann"}},
	"owner from a service account":       {access: access{ownerRole, "user:bot"}},
	"reader from an owner":               {access: access{readerRole, "user:ola"}},
	"owner from somebody who is gone":    {access: access{ownerRole, "user:nobody"}},
	"a custom role from somebody gone":   {access: access{auditRole, "user:nobody"}},
	"a custom role from a group gone":    {access: access{auditRole, "group:nobody"}},
	"a custom role that nobody gave":     {access: access{auditRole, "user:eva"}},
	"a custom role that no group has":    {access: access{auditRole, "group:team"}},
	"a custom role from a user":          {access: access{billRole, "user:cem"}, effect: setUserRoles("cem", "r-audit"), sends: []string{unassignUserRole}},
	"a custom role from a group":         {access: access{auditRole, "group:auditors"}, effect: setGroupRoles("auditors"), sends: []string{unassignGroupRole}},
	"owner from a group":                 {access: access{ownerRole, "group:admins"}, effect: setGroupRoles("admins"), sends: []string{unassignGroupRole}},
	"reader from a group that has another": {
		access: access{readerRole, "group:admins"}, prepare: setGroupRoles("admins", "owner", "r-bill", "reader"),
		effect: setGroupRoles("admins", "owner", "r-bill"), sends: []string{unassignGroupRole},
	},
	"owner by the assignment list, without a word in the row": {
		access: access{ownerRole, "user:ann"}, prepare: setAssigned("ann", "", "owner"), effect: both(setRole("ann", "reader"), setUserRoles("ann")),
		sends: []string{modifyUser, unassignUserRole},
	},
	"owner by the assignment list, with another word in the row": {
		access: access{ownerRole, "user:ann"}, prepare: setAssigned("ann", "billing", "owner"), effect: both(setRole("ann", "reader"), setUserRoles("ann")),
		sends: []string{modifyUser, unassignUserRole},
	},
	"owner by the assignment list, next to reader in the row": {
		access: access{ownerRole, "user:ann"}, prepare: setAssigned("ann", "reader", "owner"), effect: setUserRoles("ann"), sends: []string{unassignUserRole},
	},
	"owner by the row and by an assignment": {
		access: access{ownerRole, "user:ola"}, prepare: setUserRoles("ola", "owner"), effect: both(setRole("ola", "reader"), setUserRoles("ola")),
		sends: []string{modifyUser, unassignUserRole},
	},
	"owner by the row, by an assignment and through a group": {
		access: access{ownerRole, "user:dora"}, prepare: setAssigned("dora", "owner", "owner"), effect: both(setRole("dora", "reader"), setUserRoles("dora")),
		sends: []string{modifyUser, unassignUserRole}, keeps: true,
	},
	"a custom role from a group whose assignment names the group": {
		access: access{auditRole, "group:auditors"}, prepare: auditSources("group", "auditors"), effect: setGroupRoles("auditors"), sends: []string{unassignGroupRole},
	},
	"a custom role from a group whose assignment names another group": {
		access: access{auditRole, "group:auditors"}, prepare: auditSources("group", "team"), effect: setGroupRoles("auditors"), sends: []string{unassignGroupRole},
	},
	// The direct role is removed; the group's role stays, and revoking it is refused.
	"owner that is held directly and through a group": {
		access: access{ownerRole, "user:dora"}, prepare: setRole("dora", "owner"), effect: setRole("dora", "reader"), sends: []string{modifyUser}, keeps: true,
	},
	"a custom role that is held directly and through a group": {
		access: access{auditRole, "user:cem"}, effect: setUserRoles("cem", "r-bill"), sends: []string{unassignUserRole}, keeps: true,
	},
}

func TestGrantInTheOrganization(t *testing.T) {
	t.Parallel()
	requireGranted(t, organizationGrants)
}

func TestRevokeInTheOrganization(t *testing.T) {
	t.Parallel()
	requireRevoked(t, organizationRevocations)
}

func TestRefusedInTheOrganization(t *testing.T) {
	t.Parallel()
	ownerBot := setRole("bot", "owner")
	requireAllRefused(t, map[string]refusedCase{
		"membership to somebody who is no member": {do: granted(organizationMember, "user:nobody"), says: []string{"nobody", "create the account instead"}},
		"membership from the last owner": {
			do: revoked(organizationMember, "user:ola"), prepare: oneOwner, says: []string{"ola is the last owner", "make somebody else an owner first"},
		},
		"reader to the last owner": {do: granted(readerRole, "user:ola"), prepare: oneOwner, says: []string{"last owner"}},
		// An owner through a group does not count, since the group may change elsewhere.
		"owner from the last owner": {do: revoked(ownerRole, "user:ola"), prepare: oneOwner, says: []string{"last owner"}},
		"owner by the assignment list from the last owner": {
			do: revoked(ownerRole, "user:ola"), prepare: both(oneOwner, setAssigned("ola", "", "owner")), says: []string{"ola is the last owner"},
		},
		"reader to the last owner by the assignment list": {
			do: granted(readerRole, "user:ola"), prepare: both(oneOwner, setAssigned("ola", "", "owner")), says: []string{"ola is the last owner"},
		},
		"membership from the last owner by the assignment list": {
			do: revoked(organizationMember, "user:ola"), prepare: both(oneOwner, setAssigned("ola", "", "owner")), says: []string{"ola is the last owner"},
		},
		"membership from the last owner, who is one by an assignment next to reader": {
			do: revoked(organizationMember, "user:ola"), prepare: both(oneOwner, setAssigned("ola", "reader", "owner")), says: []string{"ola is the last owner"},
		},
		"the account of the last owner, who is one by an assignment next to reader": {
			do: deleted("user:ola", ""), prepare: both(oneOwner, setAssigned("ola", "reader", "owner")), says: []string{"ola is the last owner"},
		},
		"reader by the assignment list": {do: revoked(readerRole, "user:ann"), prepare: setAssigned("ann", "", "reader"), says: []string{"delete the account instead"}},
		"owner by the assignment list from a service account": {
			do: revoked(ownerRole, "user:bot"), prepare: setAssigned("bot", "", "owner"), says: []string{"bot is a service account"},
		},
		"reader":                             {do: revoked(readerRole, "user:ann"), says: []string{"reader is the least role", "delete the account instead"}},
		"reader under its old name":          {do: revoked(readerRole, "user:ann"), prepare: setRole("ann", "member"), says: []string{"delete the account instead"}},
		"owner to a service account":         {do: granted(ownerRole, "user:bot"), says: []string{"bot is a service account"}},
		"reader to a service account":        {do: granted(readerRole, "user:bot"), prepare: ownerBot, says: []string{"bot is a service account"}},
		"owner from a service account":       {do: revoked(ownerRole, "user:bot"), prepare: ownerBot, says: []string{"bot is a service account"}},
		"owner held through a group":         {do: revoked(ownerRole, "user:dora"), says: []string{"through the group admins", "take it from the group"}},
		"a custom role held through a group": {do: revoked(auditRole, "user:ann"), says: []string{"through the group auditors", "take it from the group"}},
		"a custom role held through two groups": {
			do: revoked(auditRole, "user:ann"), says: []string{"team, auditors"},
			prepare: func(o *openaitest.Organization) {
				group(o, "team").RoleIDs, group(o, "team").MemberIDs = []string{"r-audit"}, []string{"ann"}
			},
		},
	})
}

// Disabled users, service accounts and owners through a group do not count as other owners.
func TestOwnersWhoDoNotCount(t *testing.T) {
	t.Parallel()
	fields := func(fields openaitest.Fields) func(*openaitest.Organization) {
		return func(o *openaitest.Organization) { user(o, "ole").JSON = fields }
	}
	for name, prepare := range map[string]func(*openaitest.Organization){
		"banned":                fields(openaitest.Fields{"user.banned": true}),
		"disabled":              fields(openaitest.Fields{"user.enabled": false}),
		"disabled, old field":   fields(openaitest.Fields{"disabled": true}),
		"service account":       func(o *openaitest.Organization) { user(o, "ole").IsServiceAccount = true },
		"owner through a group": both(oneOwner, func(o *openaitest.Organization) { group(o, "admins").MemberIDs = []string{"ole"} }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says := []string{"ola is the last owner", "make somebody else an owner first"}
			requireAllRefused(t, map[string]refusedCase{
				"owner":      {do: revoked(ownerRole, "user:ola"), prepare: prepare, says: says},
				"reader":     {do: granted(readerRole, "user:ola"), prepare: prepare, says: says},
				"membership": {do: revoked(organizationMember, "user:ola"), prepare: prepare, says: says},
				"account":    {do: deleted("user:ola", ""), prepare: prepare, says: says},
			})
		})
	}
}

// A disabled owner can be removed as long as there is an enabled one.
func TestRevokeOwnerFromADisabledUser(t *testing.T) {
	t.Parallel()
	server := newServer(func(o *openaitest.Organization) { user(o, "ole").JSON = openaitest.Fields{"user.banned": true} })
	d := connect(t, server)
	want := server.Snapshot()
	setRole("ole", "reader")(&want)
	require.NoError(t, revoked(ownerRole, "user:ole")(t.Context(), d))
	requireState(t, want, server)
}
