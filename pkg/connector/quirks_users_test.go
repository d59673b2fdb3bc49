package connector_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// oddUser is a user as the API serves it, the wanted user, and the difference between their rows.
type oddUser struct {
	served openaitest.User
	want   *openaitest.User
	amend  func(*resourceRow)
}

// oddUsers adds the users to the sample, each named after its case. Without a role, a user is a reader.
func oddUsers(cases map[string]oddUser) quirk {
	add := func(o *openaitest.Organization, pick func(oddUser) openaitest.User) {
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			u := pick(cases[name])
			u.ID = "user-" + name
			o.Users = append(o.Users, u)
		}
	}
	return quirk{
		prepare: func(s *openaitest.Server) {
			add(&s.Organization, func(c oddUser) openaitest.User { return c.served })
		},
		effect: func(o *openaitest.Organization) {
			add(o, func(c oddUser) openaitest.User {
				if c.want != nil {
					return *c.want
				}
				return c.served
			})
		},
		amend: func(f file) file {
			for name, c := range cases {
				if c.amend != nil {
					f = f.withResource("user:user-"+name, c.amend)
				}
			}
			return f
		},
	}
}

// shown sets the API's own word for the role in the profile; nil is none.
func shown(word any) func(*resourceRow) {
	return func(row *resourceRow) {
		delete(row.Profile, "organization_role")
		if word != nil {
			row.Profile["organization_role"] = word
		}
	}
}

// A user has the organization role in its row, in any spelling, or else the roles in the assignment list.
func TestUnknownUserRole(t *testing.T) {
	t.Parallel()
	reader, owner := &openaitest.User{Role: "reader"}, &openaitest.User{Role: "owner"}
	cases := map[string]oddUser{
		"null":                     {openaitest.User{RoleIDs: []string{"reader"}}, reader, shown(nil)},
		"null, owner":              {openaitest.User{RoleIDs: []string{"owner"}}, owner, shown(nil)},
		"absent":                   {openaitest.User{Role: "reader", JSON: openaitest.Fields{"role": openaitest.Absent{}}}, reader, shown(nil)},
		"unknown":                  {openaitest.User{Role: "billing", RoleIDs: []string{"owner"}}, owner, shown("billing")},
		"member":                   {openaitest.User{Role: "member"}, reader, shown("member")},
		"member, assigned as well": {openaitest.User{Role: "member", RoleIDs: []string{"reader"}}, reader, shown("member")},
		"uppercase":                {openaitest.User{Role: "OWNER"}, owner, shown("OWNER")},
		"uppercase, assigned also": {openaitest.User{Role: "OWNER", RoleIDs: []string{"owner"}}, owner, shown("OWNER")},
		"capitalised":              {openaitest.User{Role: "Reader"}, reader, shown("Reader")},
		"display name":             {openaitest.User{Role: "Organization owner"}, owner, shown("Organization owner")},
		"service account, uppercase": {
			openaitest.User{Role: "OWNER", IsServiceAccount: true}, &openaitest.User{Role: "owner", IsServiceAccount: true}, shown("OWNER"),
		},
	}
	custom := oddUsers(cases)
	without := func(o *openaitest.Organization) {
		o.Roles, group(o, financeGroup).RoleIDs = nil, nil
		for i := range o.Users {
			o.Users[i].RoleIDs = slices.DeleteFunc(o.Users[i].RoleIDs, func(id string) bool { return id == billingRole || id == keyAdminRole })
		}
	}
	requireQuirks(t, map[string]quirk{
		"custom roles": custom,
		"no custom roles": {
			prepare: func(s *openaitest.Server) { custom.prepare(s); without(&s.Organization) },
			effect:  func(o *openaitest.Organization) { custom.effect(o); without(o) },
			amend:   custom.amend,
		},
	})
}

// A user without any role is a member of the organization, and has only the roles of its groups.
func TestUserWithoutAnyRole(t *testing.T) {
	t.Parallel()
	const reader = "organization_role:reader:assigned"
	requireQuirks(t, map[string]quirk{"no role": {
		prepare: func(s *openaitest.Server) {
			user(&s.Organization, diego).Role = "" // the user stays in a group that holds reader
			s.Organization.Users = append(s.Organization.Users, openaitest.User{ID: "user-1"}, openaitest.User{ID: "user-2", Role: "billing"})
		},
		effect: func(o *openaitest.Organization) {
			o.Users = append(o.Users, openaitest.User{ID: "user-1", Role: "reader"}, openaitest.User{ID: "user-2", Role: "reader"})
		},
		amend: func(f file) file {
			f = f.withResource("user:"+diego, shown(nil)).withResource("user:user-1", shown(nil)).withResource("user:user-2", shown("billing"))
			f.Grants = mapRows(f.Grants, func(g grantRow) (grantRow, bool) {
				if g.Entitlement != reader {
					return g, true
				}
				if g.Principal == "user:"+diego {
					g.Direct, g.Immutable = false, true
				}
				return g, g.Principal != "user:user-1" && g.Principal != "user:user-2"
			})
			return f
		},
	}})
}

// One user with an unknown role takes one call, if the organization has no custom roles.
func TestUnknownUserRoleTakesOneCall(t *testing.T) {
	t.Parallel()
	organization := openaitest.Organization{Users: many(5, userRow)}
	organization.Users[3].Role = "billing"
	server := &openaitest.Server{Organization: organization}
	require.NoError(t, runSync(t, server, syncOptions{}).err)
	var asked []string
	for _, request := range server.Requests() {
		if request.Route == userRolesRoute {
			asked = append(asked, request.Path)
		}
	}
	require.Equal(t, []string{"/v1/organization/users/user-3/roles"}, asked)
}

// A user is disabled in each of the API's three forms, and otherwise enabled.
func TestUserStatus(t *testing.T) {
	t.Parallel()
	cases := map[string]oddUser{}
	for name, test := range map[string]struct {
		json   openaitest.Fields
		status string
	}{
		"disabled":            {openaitest.Fields{"disabled": true}, "RESOURCE_STATUS_DISABLED/disabled"},
		"not enabled":         {openaitest.Fields{"user.enabled": false}, "RESOURCE_STATUS_DISABLED/disabled"},
		"banned":              {openaitest.Fields{"user.banned": true}, "RESOURCE_STATUS_DISABLED/banned"},
		"banned and disabled": {openaitest.Fields{"user.banned": true, "user.enabled": false, "disabled": true}, "RESOURCE_STATUS_DISABLED/banned"},
		"disabled: false":     {openaitest.Fields{"disabled": false}, "RESOURCE_STATUS_ENABLED/"},
		"disabled: null":      {openaitest.Fields{"disabled": nil}, "RESOURCE_STATUS_ENABLED/"},
		"enabled: null":       {openaitest.Fields{"user.enabled": nil, "user.banned": nil}, "RESOURCE_STATUS_ENABLED/"},
		"user: null":          {openaitest.Fields{"user": nil}, "RESOURCE_STATUS_ENABLED/"},
		"user absent":         {openaitest.Fields{"user": openaitest.Absent{}}, "RESOURCE_STATUS_ENABLED/"},
	} {
		cases[name] = oddUser{
			served: openaitest.User{Role: "reader", JSON: test.json},
			amend:  func(row *resourceRow) { row.Status = test.status },
		}
	}
	requireQuirks(t, map[string]quirk{"status": oddUsers(cases)})
}

// The display name of a user is the name, else the e-mail address, else the id; the first two from the row or from the
// account in it.
func TestUserNames(t *testing.T) {
	t.Parallel()
	ada := openaitest.User{Name: "Ada", Email: "ada@example.com", Role: "reader"}
	with := func(change func(*openaitest.User)) openaitest.User {
		u := ada
		change(&u)
		return u
	}
	nameless := with(func(u *openaitest.User) { u.Name, u.Email = "", "" })
	absent := openaitest.Fields{"name": openaitest.Absent{}, "email": openaitest.Absent{}, "user": openaitest.Absent{}}
	requireQuirks(t, map[string]quirk{"names": oddUsers(map[string]oddUser{
		"name null":                  {served: with(func(u *openaitest.User) { u.Name = "" })},
		"e-mail null":                {served: with(func(u *openaitest.User) { u.Email = "" })},
		"both null":                  {served: nameless},
		"both absent":                {served: with(func(u *openaitest.User) { u.JSON = absent }), want: &nameless},
		"only in the account":        {served: with(func(u *openaitest.User) { u.JSON = openaitest.Fields{"name": nil, "email": nil} }), want: &ada},
		"e-mail in capitals":         {served: with(func(u *openaitest.User) { u.Email = "ADA@EXAMPLE.COM" })},
		"e-mail of somebody invited": {served: with(func(u *openaitest.User) { u.Email = "noah.whitfield@example.com" })},
		"e-mail of somebody else":    {served: with(func(u *openaitest.User) { u.Email = "priya.raman@example.com" })},
		"name of somebody else":      {served: with(func(u *openaitest.User) { u.Name = "Priya Raman" })},
		"service account":            {served: with(func(u *openaitest.User) { u.IsServiceAccount, u.Email = true, "" })},
		"time with a fraction": {
			served: with(func(u *openaitest.User) { u.JSON = openaitest.Fields{"added_at": 1_750_000_000.75} }),
			want:   &openaitest.User{Name: "Ada", Email: "ada@example.com", Role: "reader", AddedAt: 1_750_000_000},
		},
	})})
}

// Some lists of users were seen with six fields only. The values of the other fields are then unknown.
func TestUsersWithoutOptionalFields(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"six fields": {
		prepare: func(s *openaitest.Server) { s.OmitOptionalUserFields = true },
		effect: func(o *openaitest.Organization) {
			for i := range o.Users {
				o.Users[i].IsServiceAccount, o.Users[i].APIKeyLastUsedAt = false, 0
			}
		},
		amend: func(f file) file {
			f.Resources = mapRows(f.Resources, func(row resourceRow) (resourceRow, bool) {
				if row.Account != nil {
					delete(row.Profile, "is_scim_managed")
				}
				return row, true
			})
			return f
		},
	}})
}
