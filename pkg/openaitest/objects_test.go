package openaitest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestFields(t *testing.T) {
	t.Parallel()
	inner := map[string]any{"kept": true}
	tests := map[string]struct {
		fields openaitest.Fields
		check  func(*testing.T, map[string]any)
	}{
		"null": {openaitest.Fields{"name": nil}, func(t *testing.T, row map[string]any) {
			t.Helper()
			assert.Contains(t, row, "name")
			assert.Nil(t, row["name"])
		}},
		"value": {openaitest.Fields{"role": 7}, func(t *testing.T, row map[string]any) { t.Helper(); assert.InDelta(t, 7, row["role"], 0) }},
		"added": {openaitest.Fields{"disabled": true}, func(t *testing.T, row map[string]any) { t.Helper(); assert.Equal(t, true, row["disabled"]) }},
		"absent": {openaitest.Fields{"email": openaitest.Absent{}}, func(t *testing.T, row map[string]any) {
			t.Helper()
			assert.NotContains(t, row, "email")
		}},
		"path": {openaitest.Fields{"user.banned": true, "user.enabled": openaitest.Absent{}}, func(t *testing.T, row map[string]any) {
			t.Helper()
			user, _ := row["user"].(map[string]any)
			assert.Equal(t, true, user["banned"])
			assert.NotContains(t, user, "enabled")
			assert.Equal(t, "u", user["id"])
		}},
		"path into a new object": {openaitest.Fields{"a.b.c": 1}, func(t *testing.T, row map[string]any) {
			t.Helper()
			assert.Equal(t, map[string]any{"b": map[string]any{"c": 1.0}}, row["a"])
		}},
		"path into a replaced object": {openaitest.Fields{"user": inner, "user.more": 1}, func(t *testing.T, row map[string]any) {
			t.Helper()
			assert.Equal(t, map[string]any{"kept": true, "more": 1.0}, row["user"])
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: openaitest.Organization{Users: []openaitest.User{{ID: "u", Name: "U", JSON: test.fields}}}}
			test.check(t, ok(t, standIn, "/organization/users").row(t, "u"))
			test.check(t, ok(t, standIn, "/organization/users/u").body)
			assert.Equal(t, map[string]any{"kept": true}, inner, "the caller's value stays as it is")
		})
	}
}

// TestFieldsReachEveryKind changes a field of one object of each kind.
func TestFieldsReachEveryKind(t *testing.T) {
	t.Parallel()
	mark := openaitest.Fields{"mark": "x"}
	standIn := &openaitest.Server{Organization: openaitest.Organization{
		Users:     []openaitest.User{{ID: "a", JSON: mark, RoleIDs: []string{"a"}}},
		Invites:   []openaitest.Invite{{ID: "a", JSON: mark}},
		Roles:     []openaitest.Role{{ID: "a", JSON: mark}},
		Groups:    []openaitest.Group{{ID: "a", JSON: mark}},
		AdminKeys: []openaitest.AdminAPIKey{{ID: "a", JSON: mark}},
		Projects: []openaitest.Project{{
			ID: "a", JSON: mark,
			Users:           []openaitest.ProjectUser{{UserID: "a", JSON: mark}},
			Groups:          []openaitest.ProjectGroup{{GroupID: "a", JSON: mark}},
			ServiceAccounts: []openaitest.ServiceAccount{{ID: "a", JSON: mark}},
			APIKeys:         []openaitest.ProjectAPIKey{{ID: "a", JSON: mark}},
			Roles:           []openaitest.Role{{ID: "a", JSON: mark}},
		}},
	}}
	for _, path := range []string{
		"/organization/users/a", "/organization/users/a/roles/a", "/organization/invites/a", "/organization/roles/a", "/organization/groups/a",
		"/organization/admin_api_keys/a", "/organization/projects/a", "/organization/projects/a/users/a", "/organization/projects/a/groups/a",
		"/organization/projects/a/service_accounts/a", "/organization/projects/a/api_keys/a", "/projects/a/roles/a",
	} {
		assert.Equal(t, "x", ok(t, standIn, path).body["mark"], path)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{Users: []openaitest.User{
		{ID: "u1", Name: "Ada", Email: "Ada@Example.com", Role: "owner", AddedAt: 3, IsSCIMManaged: true, APIKeyLastUsedAt: 9},
		{ID: "u2", IsServiceAccount: true},
	}}}
	users := ok(t, standIn, "/organization/users")
	row := users.row(t, "u1")
	assert.Equal(t, "organization.user", row["object"])
	assert.Equal(t, true, row["is_scim_managed"])
	assert.InDelta(t, 9, row["api_key_last_used_at"], 0)
	for _, field := range []string{"name", "email", "role", "api_key_last_used_at"} {
		assert.Contains(t, users.row(t, "u2"), field)
		assert.Nil(t, users.row(t, "u2")[field])
	}
	assert.Equal(t, []string{"u1"}, ok(t, standIn, "/organization/users?emails[]=ada@example.com").ids())
	assert.Empty(t, ok(t, standIn, "/organization/users?emails=nobody@example.com").ids())

	sparse := &openaitest.Server{Organization: standIn.Snapshot(), OmitOptionalUserFields: true}
	assert.Equal(t, map[string]any{
		"object": "organization.user", "id": "u1", "name": "Ada", "email": "Ada@Example.com", "role": "owner", "added_at": 3.0,
	}, ok(t, sparse, "/organization/users").row(t, "u1"))
}

func TestGroupMembers(t *testing.T) {
	t.Parallel()
	organization := openaitest.Organization{
		Users:    []openaitest.User{{ID: "u", Name: "Ada", Email: "ada@example.com"}},
		Groups:   []openaitest.Group{{ID: "g", MemberIDs: []string{"u", "s", "stranger"}}},
		Projects: []openaitest.Project{{ID: "p", ServiceAccounts: []openaitest.ServiceAccount{{ID: "s", Name: "ci"}}}},
	}
	standIn := &openaitest.Server{Organization: organization}
	assert.Equal(t, []string{"stranger", "s", "u"}, ok(t, standIn, "/organization/groups/g/users").ids(), "the newest first")
	assert.Equal(t, map[string]any{"id": "u", "name": "Ada", "email": "ada@example.com"}, ok(t, standIn, "/organization/groups/g/users").row(t, "u"))
	member := func(id string) map[string]any { return ok(t, standIn, "/organization/groups/g/users/"+id).body }
	assert.Equal(t, "user", member("u")["user_type"])
	assert.Equal(t, true, member("s")["is_service_account"])
	assert.Equal(t, "ci", member("s")["name"])
	assert.Equal(t, "tenant_user", member("stranger")["user_type"])

	for _, status := range []int{http.StatusForbidden, http.StatusNotFound} {
		gated := &openaitest.Server{Organization: organization, GroupMembersUnavailable: status}
		assert.Equal(t, status, get(t, gated, "/organization/groups/g/users").status)
		assert.Equal(t, http.StatusOK, get(t, gated, "/organization/groups/g").status)
		assert.Equal(t, http.StatusOK, get(t, gated, "/organization/groups/g/roles").status)
	}
	assert.Panics(t, func() { get(t, &openaitest.Server{GroupMembersUnavailable: 500}, "/organization/groups") })
}

func TestImplicitOwners(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{
		Users:    []openaitest.User{{ID: "o1", Role: "owner"}, {ID: "o2", Role: "owner"}, {ID: "r", Role: "reader"}},
		Projects: []openaitest.Project{{ID: "p", Users: []openaitest.ProjectUser{{UserID: "o1", Role: "member"}, {UserID: "gone", Role: "viewer"}}}},
	}}
	users := ok(t, standIn, "/organization/projects/p/users")
	assert.Equal(t, []string{"o1", "gone"}, users.ids())
	assert.Nil(t, users.row(t, "gone")["name"])
	assert.Equal(t, http.StatusNotFound, get(t, standIn, "/projects/p/users/o2/roles").status)

	standIn.ListImplicitOwners = true
	users = ok(t, standIn, "/organization/projects/p/users")
	assert.Equal(t, []string{"o1", "gone", "o2"}, users.ids())
	assert.Equal(t, "member", users.row(t, "o1")["role"])
	assert.Equal(t, "owner", users.row(t, "o2")["role"])
	assert.Equal(t, []string{"role-api-project-owner__api-project__p"}, ok(t, standIn, "/projects/p/users/o2/roles").ids())
}

func TestProjectAPIKeys(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{
		Users: []openaitest.User{{ID: "u", Name: "Ada", Email: "ada@example.com", Role: "reader", AddedAt: 4}, {ID: "left", Role: "owner"}},
		Projects: []openaitest.Project{{
			ID:              "p",
			Users:           []openaitest.ProjectUser{{UserID: "u", Role: "viewer"}},
			ServiceAccounts: []openaitest.ServiceAccount{{ID: "s", Name: "ci", Role: "member", CreatedAt: 6}},
			APIKeys: []openaitest.ProjectAPIKey{
				{ID: "k1", RedactedValue: "sk-proj-***a", OwnerID: "u", LastUsedAt: 8},
				{ID: "k2", OwnerType: "service_account", OwnerID: "s", ExpiresAt: 7},
				{ID: "k3", OwnerID: "left", OwnerProjectAccess: "inactive"},
				{ID: "k4", OwnerID: "gone", OwnerProjectAccess: "inactive"},
			},
		}},
	}}
	const path = "/organization/projects/p/api_keys"
	assert.Equal(t, []string{"k1", "k2"}, ok(t, standIn, path).ids(), "without the parameter some keys are hidden")
	assert.Equal(t, []string{"k1", "k2"}, ok(t, standIn, path+"?owner_project_access=active").ids())
	assert.Equal(t, []string{"k3", "k4"}, ok(t, standIn, path+"?owner_project_access=inactive").ids())
	keys := ok(t, standIn, path+"?owner_project_access=any")
	assert.Equal(t, []string{"k1", "k2", "k3", "k4"}, keys.ids())
	assert.Equal(t, map[string]any{
		"object": "organization.project.api_key", "id": "k1", "name": "", "redacted_value": "sk-proj-***a", "created_at": 0.0, "last_used_at": 8.0,
		"owner_project_access": "active",
		"owner": map[string]any{"type": "user", "user": map[string]any{
			"id": "u", "name": "Ada", "email": "ada@example.com", "created_at": 4.0, "role": "viewer",
		}},
	}, keys.row(t, "k1"))
	assert.InDelta(t, 7, keys.row(t, "k2")["expires_at"], 0)
	owner := func(id string) any { return keys.row(t, id)["owner"] }
	assert.Equal(t, map[string]any{"type": "service_account", "service_account": map[string]any{
		"id": "s", "name": "ci", "created_at": 6.0, "role": "member",
	}}, owner("k2"))
	assert.Equal(t, map[string]any{"type": "user", "user": map[string]any{"id": "left", "name": "", "email": "", "created_at": 0.0, "role": "owner"}}, owner("k3"))
	assert.Equal(t, map[string]any{"type": "user", "user": map[string]any{"id": "gone"}}, owner("k4"))
}

func TestAdminAPIKeys(t *testing.T) {
	t.Parallel()
	organization := openaitest.Organization{
		Users:     []openaitest.User{{ID: "u", Name: "Ada", Role: "owner", AddedAt: 4}},
		AdminKeys: []openaitest.AdminAPIKey{{ID: "a", OwnerID: "u", Value: "sk-admin-secret"}, {ID: "b", OwnerType: "service_account", OwnerID: "gone"}},
		Projects:  []openaitest.Project{{ID: "p", APIKeys: []openaitest.ProjectAPIKey{{ID: "k", Name: "K", RedactedValue: "sk-proj-***a", OwnerID: "u"}}}},
	}
	plain := &openaitest.Server{Organization: organization}
	keys := ok(t, plain, "/organization/admin_api_keys")
	assert.Equal(t, []string{"a", "b"}, keys.ids())
	assert.Equal(t, map[string]any{
		"object": "organization.admin_api_key", "id": "a", "name": nil, "redacted_value": "", "created_at": 0.0, "expires_at": nil, "last_used_at": nil,
		"owner": map[string]any{"type": "user", "object": "organization.user", "id": "u", "name": "Ada", "created_at": 4.0, "role": "owner"},
	}, keys.row(t, "a"))
	assert.Equal(t, map[string]any{"type": "service_account", "object": "organization.project.service_account", "id": "gone"}, keys.row(t, "b")["owner"])

	odd := &openaitest.Server{Organization: organization, LeakKeyValues: true, AdminListRepeatsProjectKeys: true}
	keys = ok(t, odd, "/organization/admin_api_keys")
	assert.Equal(t, []string{"a", "b", "k"}, keys.ids())
	assert.Equal(t, "sk-admin-secret", keys.row(t, "a")["value"])
	assert.Equal(t, "sk-admin-b", keys.row(t, "b")["value"])
	assert.Equal(t, "organization.admin_api_key", keys.row(t, "k")["object"])
	assert.Equal(t, "sk-proj-***a", keys.row(t, "k")["redacted_value"])
	assert.NotContains(t, ok(t, odd, "/organization/admin_api_keys/a").body, "value", "only the list leaks")
}

func TestInvitesAndProjects(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Organization: openaitest.Organization{
		Invites:  []openaitest.Invite{{ID: "i", Email: "a@example.com", Role: "reader", CreatedAt: 1, Projects: []openaitest.InviteProject{{ID: "p", Role: "owner"}}}, {ID: "j"}},
		Projects: []openaitest.Project{{ID: "p", Name: "P"}, {ID: "q", Status: "archived", ArchivedAt: 5}},
	}}
	invites := ok(t, standIn, "/organization/invites")
	assert.Equal(t, map[string]any{
		"object": "organization.invite", "id": "i", "email": "a@example.com", "role": "reader", "status": "pending", "created_at": 1.0,
		"expires_at": nil, "accepted_at": nil, "projects": []any{map[string]any{"id": "p", "role": "owner"}},
	}, invites.row(t, "i"))
	assert.Equal(t, []any{}, invites.row(t, "j")["projects"])

	assert.Equal(t, []string{"p"}, ok(t, standIn, "/organization/projects?include_archived=false").ids())
	projects := ok(t, standIn, "/organization/projects?include_archived=true")
	assert.Equal(t, []string{"p", "q"}, projects.ids())
	assert.Equal(t, map[string]any{
		"object": "organization.project", "id": "p", "name": "P", "created_at": 0.0, "archived_at": nil, "status": "active",
		"external_key_id": nil, "residency": nil,
	}, projects.row(t, "p"))
	assert.Equal(t, "archived", projects.row(t, "q")["status"])
}
