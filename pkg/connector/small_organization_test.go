package connector_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The time of everything that a test creates.
const now = 1_770_000_000

// smallOrganization is an organization in which one principal has each kind of access that can be granted and revoked,
// and another one does not.
func smallOrganization() openaitest.Organization {
	return openaitest.Organization{
		ID: "org-small",
		Users: []openaitest.User{
			{ID: "ola", Email: "ola@example.com", Role: "owner", AddedAt: 1},
			{ID: "ole", Email: "ole@example.com", Role: "owner", AddedAt: 2},
			{ID: "ann", Email: "Ann@Example.com", Role: "reader", AddedAt: 3},
			{ID: "ben", Email: "ben@example.com", Role: "reader", AddedAt: 4},
			{ID: "cem", Email: "cem@example.com", Role: "reader", AddedAt: 5, RoleIDs: []string{"r-bill", "r-audit"}},
			{ID: "dora", Email: "dora@example.com", Role: "reader", AddedAt: 6},
			{ID: "eva", Email: "eva@example.com", Role: "reader", AddedAt: 7},
			{ID: "bot", Role: "reader", AddedAt: 8, IsServiceAccount: true},
		},
		Invites: []openaitest.Invite{
			{ID: "inv-pending", Email: "Pia@Example.com", Role: "reader", Status: "pending", CreatedAt: now - 10, ExpiresAt: now + 100},
			{ID: "inv-expired", Email: "ivo@example.com", Role: "owner", Status: "expired", CreatedAt: 20, ExpiresAt: 30},
			{ID: "inv-accepted", Email: "ann@example.com", Role: "reader", Status: "accepted", CreatedAt: 1, ExpiresAt: 5, AcceptedAt: 3},
		},
		Roles: []openaitest.Role{{ID: "r-audit", Name: "Auditor"}, {ID: "r-bill", Name: "Billing"}},
		Groups: []openaitest.Group{
			{ID: "team", Name: "Team", GroupType: "group", MemberIDs: []string{"ben", "dora", "svc-1"}},
			{ID: "admins", Name: "Admins", GroupType: "group", MemberIDs: []string{"dora"}, RoleIDs: []string{"owner"}},
			{ID: "auditors", Name: "Auditors", GroupType: "group", MemberIDs: []string{"ann", "cem"}, RoleIDs: []string{"r-audit"}},
			{ID: "directory", Name: "Directory", GroupType: "group", MemberIDs: []string{"ben"}, IsSCIMManaged: true},
			{ID: "empty", Name: "Empty", GroupType: "group"},
		},
		Projects: []openaitest.Project{
			{
				ID: "alpha", Name: "Alpha", Status: "active", CreatedAt: 10,
				Roles: []openaitest.Role{{ID: "r-tune", Name: "Tuner"}, {ID: "r-review", Name: "Reviewer"}},
				Users: []openaitest.ProjectUser{
					{UserID: "ann", Role: "owner", AddedAt: 11},
					{UserID: "ben", Role: "member", AddedAt: 12, RoleIDs: []string{"r-tune"}},
					{UserID: "cem", Role: "viewer", AddedAt: 13},
				},
				Groups: []openaitest.ProjectGroup{
					{GroupID: "team", CreatedAt: 14, RoleIDs: []string{"viewer", "r-tune"}},
					{GroupID: "auditors", CreatedAt: 15, RoleIDs: []string{"member"}},
				},
				ServiceAccounts: []openaitest.ServiceAccount{
					{ID: "svc-1", Name: "one", Role: "member", CreatedAt: 16},
					{ID: "svc-2", Name: "two", Role: "none", CreatedAt: 17},
					{ID: "svc-3", Name: "three", Role: "owner", CreatedAt: 18, RoleIDs: []string{"r-tune"}},
				},
				APIKeys: []openaitest.ProjectAPIKey{
					{ID: "key-ann", RedactedValue: "sk-proj-***aaaa", CreatedAt: 19, OwnerType: "user", OwnerID: "ann", OwnerProjectAccess: "active"},
					{ID: "key-svc", RedactedValue: "sk-svcacct-***bbbb", CreatedAt: 20, OwnerType: "service_account", OwnerID: "svc-1", OwnerProjectAccess: "active"},
				},
				Models: openaitest.ModelPermissions{Mode: "allow_list", ModelIDs: []string{"gpt-4.1", "o3"}},
				RateLimits: []openaitest.ModelRateLimit{
					{ID: "rl-ada", Model: "ada", Numbers: map[string]int64{"max_requests_per_1_minute": 60, "max_tokens_per_1_minute": 9_000}},
					{ID: "rl-gpt-4.1", Model: "gpt-4.1", Numbers: map[string]int64{"max_requests_per_1_minute": 500, "max_tokens_per_1_minute": 30_000}},
				},
				SpendLimit:    openaitest.SpendLimit{Cents: 5_000},
				DisabledTools: []string{"mcp", "web_search"},
			},
			{
				ID: "beta", Name: "Default project", Status: "active", CreatedAt: 21,
				Users:           []openaitest.ProjectUser{{UserID: "ben", Role: "viewer", AddedAt: 22}},
				ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc-9", Name: "nine", Role: "member", CreatedAt: 23}},
			},
			{ID: "gone", Name: "Gone", Status: "archived", CreatedAt: 24, ArchivedAt: 25},
		},
		SpendLimit: openaitest.SpendLimit{Cents: 90_000},
		AdminKeys: []openaitest.AdminAPIKey{
			{ID: "key-own", Name: "own", RedactedValue: "sk-admin-***6789", CreatedAt: 26, OwnerType: "user", OwnerID: "ola"},
			{ID: "key-other", Name: "other", RedactedValue: "sk-admin-***9999", CreatedAt: 27, OwnerType: "user", OwnerID: "ole"},
		},
	}
}

// newServer serves the small organization after the changes.
func newServer(changes ...func(*openaitest.Organization)) *openaitest.Server {
	server := &openaitest.Server{Organization: smallOrganization(), Now: func() time.Time { return time.Unix(now, 0) }}
	for _, change := range changes {
		if change != nil {
			change(&server.Organization)
		}
	}
	return server
}

// state is everything in an organization, one line for each object.
func state(o openaitest.Organization) []string {
	var found []string
	add := func(kind string, thing any) { found = append(found, fmt.Sprintf("%s %+v", kind, thing)) }
	for _, user := range o.Users {
		add("user", user)
	}
	for _, invite := range o.Invites {
		add("invite", invite)
	}
	for _, role := range o.Roles {
		add("role", role)
	}
	for _, group := range o.Groups {
		add("group", group)
	}
	for _, project := range o.Projects {
		for _, user := range project.Users {
			add(project.ID+" user", user)
		}
		for _, group := range project.Groups {
			add(project.ID+" group", group)
		}
		for _, account := range project.ServiceAccounts {
			add(project.ID+" service account", account)
		}
		for _, key := range project.APIKeys {
			add(project.ID+" key", key)
		}
		for _, role := range project.Roles {
			add(project.ID+" role", role)
		}
		project.Users, project.Groups, project.ServiceAccounts, project.APIKeys, project.Roles = nil, nil, nil, nil, nil
		add("project", project)
	}
	for _, key := range o.AdminKeys {
		add("admin key", key)
	}
	add("spend limit", o.SpendLimit)
	return found
}

// requireState compares the server's organization with the wanted one, field by field.
func requireState(t *testing.T, want openaitest.Organization, server *openaitest.Server) {
	t.Helper()
	if got := server.Snapshot(); !reflect.DeepEqual(want, got) { // state is slow and only for the message
		require.Empty(t, differences(state(want), state(got)), "- missing, + unexpected")
	}
}
