package openaitest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// writeTime is the time of every write in the tests.
const writeTime = 1_770_000_000

// writable has the objects for every write and every refusal.
func writable() openaitest.Organization {
	return openaitest.Organization{
		ID: "org-1",
		Users: []openaitest.User{
			{ID: "ada", Name: "Ada", Email: "ada@example.com", Role: "owner", AddedAt: 1},
			{ID: "bob", Name: "Bob", Email: "Bob@Example.com", Role: "owner", AddedAt: 2},
			{ID: "cyd", Name: "Cyd", Email: "cyd@example.com", Role: "reader", AddedAt: 3, RoleIDs: []string{"role_a"}},
			{ID: "dee", Name: "Dee", Email: "dee@example.com", Role: "reader", AddedAt: 4},
			{ID: "bot", Name: "Bot", Role: "owner", AddedAt: 5, IsServiceAccount: true},
		},
		Invites: []openaitest.Invite{
			{ID: "pending", Email: "New@example.com", Role: "reader"},
			{ID: "accepted", Email: "cyd@example.com", Role: "reader", Status: "accepted"},
			{ID: "expired", Email: "late@example.com", Role: "reader", Status: "expired"},
		},
		Roles: []openaitest.Role{{ID: "role_a", Name: "Auditor"}, {ID: "role_b", Name: "Buyer", Description: "Buys", Permissions: []string{"api.usage.read"}}},
		Groups: []openaitest.Group{
			{ID: "g", Name: "G", GroupType: "group", CreatedAt: 6, MemberIDs: []string{"cyd", "sa"}, RoleIDs: []string{"owner", "role_a"}},
			{ID: "h", Name: "H", GroupType: "group", CreatedAt: 7},
			{ID: "scim", Name: "S", GroupType: "group", CreatedAt: 8, IsSCIMManaged: true, MemberIDs: []string{"dee"}},
		},
		Projects: []openaitest.Project{
			{
				ID: "p", Name: "P", Status: "active", CreatedAt: 9,
				Roles: []openaitest.Role{{ID: "role_p", Name: "Tuner"}, {ID: "role_q", Name: "Reviewer"}},
				Users: []openaitest.ProjectUser{
					{UserID: "cyd", Role: "member", AddedAt: 10, RoleIDs: []string{"role_p"}},
					{UserID: "ada", Role: "owner", AddedAt: 11},
				},
				Groups: []openaitest.ProjectGroup{
					{GroupID: "g", CreatedAt: 12, RoleIDs: []string{"viewer", "role_p"}},
					{GroupID: "scim", CreatedAt: 13, RoleIDs: []string{"role_q"}},
				},
				ServiceAccounts: []openaitest.ServiceAccount{{ID: "sa", Name: "ci", Role: "member", CreatedAt: 14, RoleIDs: []string{"role_p"}}},
				APIKeys: []openaitest.ProjectAPIKey{
					{ID: "key_cyd", OwnerID: "cyd"}, {ID: "key_sa", OwnerType: "service_account", OwnerID: "sa"}, {ID: "key_gone", OwnerID: "gone"},
				},
				Models: openaitest.ModelPermissions{Mode: "deny_list", ModelIDs: []string{"o3"}},
				RateLimits: []openaitest.ModelRateLimit{
					{ID: "rl-ada", Model: "ada", Numbers: map[string]int64{"max_requests_per_1_minute": 600, "max_tokens_per_1_minute": 150_000}},
					{ID: "rl-old", Model: "old", Numbers: map[string]int64{"max_requests_per_1_minute": 1, "max_tokens_per_1_minute": 1}, NotOfOrganization: true},
				},
				SpendLimit:    openaitest.SpendLimit{Cents: 5_000},
				DisabledTools: []string{"mcp"},
			},
			{ID: "default", Name: "Default project", Status: "active"},
			{ID: "old", Name: "Old", Status: "archived", ArchivedAt: 15},
		},
		AdminKeys:           []openaitest.AdminAPIKey{{ID: "admin", Name: "Main", OwnerID: "ada"}},
		SpendLimit:          openaitest.SpendLimit{Cents: 100_000},
		ToolsForAllProjects: []string{"web_search"},
	}
}

// newWritable returns a stand-in of the writable organization with a stopped clock.
func newWritable() *openaitest.Server {
	return &openaitest.Server{Organization: writable(), Now: func() time.Time { return time.Unix(writeTime, 0) }}
}

// write is a write with its expected result.
type write struct {
	// route is method and path, such as "POST /organization/groups".
	route, body string
	// answer is the whole answer; nil if the test is only about the effect.
	answer map[string]any
	// effect changes the organization as the write does; nil if nothing changes.
	effect func(*openaitest.Organization)
}

func (w write) send(t *testing.T, s *openaitest.Server) reply {
	t.Helper()
	method, path, _ := strings.Cut(w.route, " ")
	if method == http.MethodDelete {
		return remove(t, s, path)
	}
	return post(t, s, path, w.body)
}

// requireWrites checks the answer and the effect of each write, on a prepared organization of its own.
func requireWrites(t *testing.T, writes map[string]write, preparations ...func(*openaitest.Server)) {
	t.Helper()
	for name, w := range writes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := newWritable()
			for _, prepare := range preparations {
				prepare(standIn)
			}
			want := standIn.Snapshot()
			r := w.send(t, standIn)
			assert.Equal(t, http.StatusOK, r.status, r.text)
			if w.answer != nil {
				assert.Equal(t, w.answer, r.body)
			}
			got := standIn.Snapshot()
			if w.effect != nil {
				w.effect(&want)
			}
			emptyToNil(&want)
			emptyToNil(&got)
			assert.Equal(t, want, got)
			assert.Empty(t, standIn.Unknown())
		})
	}
}

// refusal is a write that is refused.
type refusal struct {
	route, body string
	// prepare changes the server before the write.
	prepare func(*openaitest.Server)
	status  int
	code    string
	message string
}

// requireRefusals checks the answer to each refused write, and that it changes nothing.
func requireRefusals(t *testing.T, refusals map[string]refusal) {
	t.Helper()
	for name, f := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := newWritable()
			if f.prepare != nil {
				f.prepare(standIn)
			}
			before := standIn.Snapshot()
			r := write{route: f.route, body: f.body}.send(t, standIn)
			assert.Equal(t, f.status, r.status, r.text)
			assert.Equal(t, f.code, r.code(), r.text)
			assert.Contains(t, r.message(), f.message)
			assert.Equal(t, "invalid_request_error", r.field("type"))
			assert.Equal(t, before, standIn.Snapshot())
			assert.Empty(t, standIn.Unknown(), "a refusal is an answer that the API gives")
		})
	}
}

// edited changes the organization of a server before its first request.
func edited(change func(*openaitest.Organization)) func(*openaitest.Server) {
	return func(s *openaitest.Server) { s.Update(change) }
}

// thinUser is a user as an assignment shows it.
func thinUser(id, name, email, role string, addedAt float64) map[string]any {
	return map[string]any{"object": "organization.user", "id": id, "name": name, "email": email, "role": role, "added_at": addedAt}
}

// shownRole is a custom role as an assignment shows it.
func shownRole(id, name, resourceType string) map[string]any {
	return map[string]any{
		"object": "role", "id": id, "name": name, "description": nil, "permissions": []any{}, "resource_type": resourceType, "predefined_role": false,
	}
}

// emptyToNil makes two organizations equal that differ in an empty and a missing list.
func emptyToNil(o *openaitest.Organization) {
	o.Users, o.Invites, o.Roles, o.Groups = orNil(o.Users), orNil(o.Invites), orNil(o.Roles), orNil(o.Groups)
	o.Projects, o.AdminKeys = orNil(o.Projects), orNil(o.AdminKeys)
	for i := range o.Users {
		o.Users[i].RoleIDs = orNil(o.Users[i].RoleIDs)
	}
	for i := range o.Invites {
		o.Invites[i].Projects = orNil(o.Invites[i].Projects)
	}
	for i := range o.Roles {
		o.Roles[i].Permissions = orNil(o.Roles[i].Permissions)
	}
	for i := range o.Groups {
		o.Groups[i].MemberIDs, o.Groups[i].RoleIDs = orNil(o.Groups[i].MemberIDs), orNil(o.Groups[i].RoleIDs)
	}
	for i := range o.Projects {
		p := &o.Projects[i]
		p.RateLimits, p.DisabledTools, p.Models.ModelIDs = orNil(p.RateLimits), orNil(p.DisabledTools), orNil(p.Models.ModelIDs)
		p.Users, p.Groups, p.ServiceAccounts, p.APIKeys, p.Roles = orNil(p.Users), orNil(p.Groups), orNil(p.ServiceAccounts), orNil(p.APIKeys), orNil(p.Roles)
		for k := range p.Users {
			p.Users[k].RoleIDs = orNil(p.Users[k].RoleIDs)
		}
		for k := range p.Groups {
			p.Groups[k].RoleIDs = orNil(p.Groups[k].RoleIDs)
		}
		for k := range p.ServiceAccounts {
			p.ServiceAccounts[k].RoleIDs = orNil(p.ServiceAccounts[k].RoleIDs)
		}
		for k := range p.Roles {
			p.Roles[k].Permissions = orNil(p.Roles[k].Permissions)
		}
	}
}

func orNil[T any](items []T) []T {
	if len(items) == 0 {
		return nil
	}
	return items
}
