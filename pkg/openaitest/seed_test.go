package openaitest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestSeededIsDeterministic(t *testing.T) {
	t.Parallel()
	size := openaitest.Size{Users: 70, Projects: 9}
	first, again := openaitest.Seeded(1, size), openaitest.Seeded(1, size)
	assert.Equal(t, first, again)
	assert.NotEqual(t, first, openaitest.Seeded(2, size))
	// The first value pins the generator, since other tests may depend on the seeded organizations.
	assert.Equal(t, "org-b5i1hYoaI8U4y9sFnTq7xXBA", first.ID)
}

func TestSeededSizes(t *testing.T) {
	t.Parallel()
	size := openaitest.Size{
		Users: 40, Invites: 5, Groups: 6, Projects: 7, MembersPerGroup: 8, UsersPerProject: 9, ServiceAccountsPerProject: 2, KeysPerProject: 3,
		GroupsPerProject: 4, AdminKeys: 2, CustomRoles: 1, ProjectsWithCustomRoles: 2,
	}
	o := openaitest.Seeded(5, size)
	assert.Len(t, o.Users, size.Users)
	assert.Len(t, o.Invites, size.Invites)
	assert.Len(t, o.Groups, size.Groups)
	assert.Len(t, o.Projects, size.Projects)
	assert.Len(t, o.AdminKeys, size.AdminKeys)
	assert.Len(t, o.Roles, size.CustomRoles)
	assert.GreaterOrEqual(t, len(o.Groups[0].MemberIDs), size.MembersPerGroup)
	assert.Len(t, o.Projects[0].ServiceAccounts, size.ServiceAccountsPerProject)
	assert.Len(t, o.Projects[0].APIKeys, size.KeysPerProject)
	assert.Len(t, o.Projects[0].Groups, size.GroupsPerProject)
	for i, p := range o.Projects {
		assert.Equal(t, i < size.ProjectsWithCustomRoles, len(p.Roles) > 0)
	}

	standard := openaitest.Seeded(5, openaitest.Size{})
	assert.Len(t, standard.Users, 50)
	assert.Len(t, standard.Groups, 5)
	assert.Len(t, standard.Projects, 5)

	none := openaitest.Seeded(5, openaitest.Size{
		Users: 1, Invites: -1, Groups: -1, Projects: -1, MembersPerGroup: -1, UsersPerProject: -1, ServiceAccountsPerProject: -1, KeysPerProject: -1,
		GroupsPerProject: -1, AdminKeys: -1, CustomRoles: -1, ProjectsWithCustomRoles: -1,
	})
	assert.Len(t, none.Users, 1)
	assert.Equal(t, "owner", none.Users[0].Role)
	assert.Empty(t, slices.Concat(none.Groups), none.Projects)
	assert.Empty(t, none.Invites)
	assert.Empty(t, none.AdminKeys)
	assert.Empty(t, none.Roles)
}

func TestSeededIsConsistent(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			o := openaitest.Seeded(seed, openaitest.Size{Users: int(seed)*7 + 1, Projects: int(seed), Groups: int(seed)})
			unique(t, o.Users, func(u openaitest.User) string { return u.ID })
			unique(t, o.Roles, func(r openaitest.Role) string { return r.ID })
			groups := unique(t, o.Groups, func(g openaitest.Group) string { return g.ID })
			unique(t, o.Projects, func(p openaitest.Project) string { return p.ID })
			users := unique(t, o.Users, func(u openaitest.User) string { return u.ID })
			assert.True(t, slices.ContainsFunc(o.Users, func(u openaitest.User) bool { return u.Role == "owner" }))
			for _, g := range o.Groups {
				unique(t, g.MemberIDs, func(id string) string { return id })
			}
			var keys []openaitest.ProjectAPIKey
			var accounts []openaitest.ServiceAccount
			for _, p := range o.Projects {
				assert.Subset(t, users, unique(t, p.Users, func(u openaitest.ProjectUser) string { return u.UserID }))
				assert.Subset(t, groups, unique(t, p.Groups, func(g openaitest.ProjectGroup) string { return g.GroupID }))
				unique(t, p.Roles, func(r openaitest.Role) string { return r.ID })
				keys, accounts = append(keys, p.APIKeys...), append(accounts, p.ServiceAccounts...)
				if p.Status == "archived" {
					assert.Empty(t, p.Users)
				}
				for _, u := range p.Users {
					assert.False(t, slices.ContainsFunc(p.ServiceAccounts, func(a openaitest.ServiceAccount) bool { return a.ID == u.UserID }))
				}
			}
			unique(t, keys, func(k openaitest.ProjectAPIKey) string { return k.ID })
			unique(t, accounts, func(a openaitest.ServiceAccount) string { return a.ID })
		})
	}
}

// unique returns the ids and fails if one occurs twice.
func unique[T any](t *testing.T, items []T, id func(T) string) []string {
	t.Helper()
	ids := make([]string, 0, len(items))
	for _, item := range items {
		assert.NotContains(t, ids, id(item))
		ids = append(ids, id(item))
	}
	return ids
}

// TestVariety checks that the sample and the seeded organizations have every trait, so that tests with them meet it.
func TestVariety(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		o := openaitest.Seeded(seed, openaitest.Size{})
		assert.Empty(t, missing(&o, seededTraits), "seed %d", seed)
	}
	sample := openaitest.Sample()
	assert.Empty(t, missing(&sample, sampleTraits))
}

type trait struct {
	name string
	has  func(*openaitest.Organization) bool
}

func missing(o *openaitest.Organization, traits []trait) []string {
	var names []string
	for _, wanted := range traits {
		if !wanted.has(o) {
			names = append(names, wanted.name)
		}
	}
	return names
}

func anyUser(is func(openaitest.User) bool) func(*openaitest.Organization) bool {
	return func(o *openaitest.Organization) bool { return slices.ContainsFunc(o.Users, is) }
}

func anyGroup(is func(openaitest.Group) bool) func(*openaitest.Organization) bool {
	return func(o *openaitest.Organization) bool { return slices.ContainsFunc(o.Groups, is) }
}

func anyInvite(status string) func(*openaitest.Organization) bool {
	return func(o *openaitest.Organization) bool {
		return slices.ContainsFunc(o.Invites, func(i openaitest.Invite) bool { return i.Status == status })
	}
}

func anyProject(is func(openaitest.Project) bool) func(*openaitest.Organization) bool {
	return func(o *openaitest.Organization) bool { return slices.ContainsFunc(o.Projects, is) }
}

func anyProjectUser(is func(openaitest.ProjectUser) bool) func(*openaitest.Organization) bool {
	return anyProject(func(p openaitest.Project) bool { return slices.ContainsFunc(p.Users, is) })
}

func anyAccount(is func(openaitest.ServiceAccount) bool) func(*openaitest.Organization) bool {
	return anyProject(func(p openaitest.Project) bool { return slices.ContainsFunc(p.ServiceAccounts, is) })
}

func anyProjectGroup(is func(openaitest.ProjectGroup) bool) func(*openaitest.Organization) bool {
	return anyProject(func(p openaitest.Project) bool { return slices.ContainsFunc(p.Groups, is) })
}

func anyKey(is func(openaitest.ProjectAPIKey) bool) func(*openaitest.Organization) bool {
	return anyProject(func(p openaitest.Project) bool { return slices.ContainsFunc(p.APIKeys, is) })
}

func isUser(o *openaitest.Organization, id string) bool {
	return anyUser(func(u openaitest.User) bool { return u.ID == id })(o)
}

func isAccount(o *openaitest.Organization, id string) bool {
	return anyAccount(func(a openaitest.ServiceAccount) bool { return a.ID == id })(o)
}

func anyMember(is func(o *openaitest.Organization, g openaitest.Group, id string) bool) func(*openaitest.Organization) bool {
	return func(o *openaitest.Organization) bool {
		return slices.ContainsFunc(o.Groups, func(g openaitest.Group) bool {
			return slices.ContainsFunc(g.MemberIDs, func(id string) bool { return is(o, g, id) })
		})
	}
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(id string) bool { return slices.Contains(b, id) })
}

func user(o *openaitest.Organization, id string) openaitest.User {
	if i := slices.IndexFunc(o.Users, func(u openaitest.User) bool { return u.ID == id }); i >= 0 {
		return o.Users[i]
	}
	return openaitest.User{}
}

// holdsBothWays tells whether a project user holds a custom role of the project both directly and through a group.
func holdsBothWays(o *openaitest.Organization) bool {
	return anyMember(func(o *openaitest.Organization, g openaitest.Group, id string) bool {
		return anyProject(func(p openaitest.Project) bool {
			return slices.ContainsFunc(p.Groups, func(added openaitest.ProjectGroup) bool {
				return added.GroupID == g.ID && slices.ContainsFunc(p.Users, func(u openaitest.ProjectUser) bool {
					return u.UserID == id && overlap(u.RoleIDs, added.RoleIDs)
				})
			})
		})(o)
	})(o)
}

// sampleTraits are every kind of object and every kind of access.
var sampleTraits = []trait{
	{"owner", anyUser(func(u openaitest.User) bool { return u.Role == "owner" })},
	{"reader", anyUser(func(u openaitest.User) bool { return u.Role == "reader" })},
	{"service account among the users", anyUser(func(u openaitest.User) bool { return u.IsServiceAccount })},
	{"SCIM-managed user", anyUser(func(u openaitest.User) bool { return u.IsSCIMManaged })},
	{"custom organization role held directly", anyUser(func(u openaitest.User) bool { return len(u.RoleIDs) > 0 })},
	{"e-mail address with capitals", anyUser(func(u openaitest.User) bool { return u.Email != strings.ToLower(u.Email) })},
	{"SCIM-managed group", anyGroup(func(g openaitest.Group) bool { return g.IsSCIMManaged })},
	{"owner through a group", anyMember(func(o *openaitest.Organization, g openaitest.Group, id string) bool {
		return slices.Contains(g.RoleIDs, "owner") && user(o, id).Role == "reader"
	})},
	{"custom organization role inherited", anyMember(func(o *openaitest.Organization, g openaitest.Group, id string) bool {
		return isUser(o, id) && len(g.RoleIDs) > 0 && strings.HasPrefix(g.RoleIDs[0], "role_") && !overlap(g.RoleIDs, user(o, id).RoleIDs)
	})},
	{"custom organization role both ways", anyMember(func(o *openaitest.Organization, g openaitest.Group, id string) bool {
		return overlap(g.RoleIDs, user(o, id).RoleIDs)
	})},
	{"service account as group member", anyMember(func(o *openaitest.Organization, _ openaitest.Group, id string) bool { return isAccount(o, id) })},
	{"group with the role reader", anyGroup(func(g openaitest.Group) bool { return slices.Contains(g.RoleIDs, "reader") })},
	{"pending invite", anyInvite("pending")},
	{"accepted invite", anyInvite("accepted")},
	{"expired invite", anyInvite("expired")},
	{"archived project", anyProject(func(p openaitest.Project) bool { return p.Status == "archived" })},
	{"project owner", anyProjectUser(func(u openaitest.ProjectUser) bool { return u.Role == "owner" })},
	{"project member", anyProjectUser(func(u openaitest.ProjectUser) bool { return u.Role == "member" })},
	{"project viewer", anyProjectUser(func(u openaitest.ProjectUser) bool { return u.Role == "viewer" })},
	{"custom project role held directly", anyProjectUser(func(u openaitest.ProjectUser) bool { return len(u.RoleIDs) > 0 })},
	{"custom project role both ways", holdsBothWays},
	{"custom project role of a service account", anyAccount(func(a openaitest.ServiceAccount) bool { return len(a.RoleIDs) > 0 })},
	{"service account that owns", anyAccount(func(a openaitest.ServiceAccount) bool { return a.Role == "owner" })},
	{"service account that is a member", anyAccount(func(a openaitest.ServiceAccount) bool { return a.Role == "member" })},
	{"service account without role", anyAccount(func(a openaitest.ServiceAccount) bool { return a.Role == "none" })},
	{"service account in both lists", func(o *openaitest.Organization) bool {
		return anyAccount(func(a openaitest.ServiceAccount) bool { return isUser(o, a.ID) })(o)
	}},
	{"group that owns a project", anyProjectGroup(func(g openaitest.ProjectGroup) bool { return slices.Contains(g.RoleIDs, "owner") })},
	{"group that is a project's member", anyProjectGroup(func(g openaitest.ProjectGroup) bool { return slices.Contains(g.RoleIDs, "member") })},
	{"group that views a project", anyProjectGroup(func(g openaitest.ProjectGroup) bool { return slices.Contains(g.RoleIDs, "viewer") })},
	{"group with a custom project role", anyProjectGroup(func(g openaitest.ProjectGroup) bool {
		return slices.ContainsFunc(g.RoleIDs, func(id string) bool { return strings.HasPrefix(id, "role_") })
	})},
	{"key of a user", anyKey(func(k openaitest.ProjectAPIKey) bool {
		return k.OwnerType == "user" && k.OwnerProjectAccess == "active"
	})},
	{"key of a service account", anyKey(func(k openaitest.ProjectAPIKey) bool { return k.OwnerType == "service_account" })},
	{"key whose owner is gone", func(o *openaitest.Organization) bool {
		return anyKey(func(k openaitest.ProjectAPIKey) bool {
			return k.OwnerType == "user" && k.OwnerProjectAccess == "inactive" && !isUser(o, k.OwnerID)
		})(o)
	}},
	{"key that expires", anyKey(func(k openaitest.ProjectAPIKey) bool { return k.ExpiresAt > 0 })},
	{"key never used", anyKey(func(k openaitest.ProjectAPIKey) bool { return k.LastUsedAt == 0 })},
	{"admin key", func(o *openaitest.Organization) bool { return len(o.AdminKeys) > 0 }},
}

var seededTraits = append(slices.Clone(sampleTraits),
	trait{"name null", anyUser(func(u openaitest.User) bool { return u.Name == "" && !u.IsServiceAccount })},
	trait{"tenant group", anyGroup(func(g openaitest.Group) bool { return g.GroupType == "tenant_group" })},
	trait{"empty group", anyGroup(func(g openaitest.Group) bool { return len(g.MemberIDs) == 0 })},
	trait{"member whom nobody lists", anyMember(func(o *openaitest.Organization, _ openaitest.Group, id string) bool {
		return !isUser(o, id) && !isAccount(o, id)
	})},
	trait{"custom role named like a predefined one", func(o *openaitest.Organization) bool {
		return slices.ContainsFunc(o.Roles, func(r openaitest.Role) bool { return r.Name == "Owner" })
	}},
	trait{"key whose owner has left the project", func(o *openaitest.Organization) bool {
		return anyKey(func(k openaitest.ProjectAPIKey) bool {
			return k.OwnerProjectAccess == "inactive" && isUser(o, k.OwnerID)
		})(o)
	}},
	trait{"key without name", anyKey(func(k openaitest.ProjectAPIKey) bool { return k.Name == "" })},
	trait{"admin key of a service account", func(o *openaitest.Organization) bool {
		return slices.ContainsFunc(o.AdminKeys, func(k openaitest.AdminAPIKey) bool { return k.OwnerType == "service_account" })
	}},
	trait{"admin key that expires", func(o *openaitest.Organization) bool {
		return slices.ContainsFunc(o.AdminKeys, func(k openaitest.AdminAPIKey) bool { return k.ExpiresAt > 0 })
	}},
)
