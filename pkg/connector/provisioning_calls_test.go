package connector_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// organizationOf has the given numbers of users, invitations and projects. The objects of the changes are the last ones
// of their lists.
func organizationOf(users, invites, projects int) openaitest.Organization {
	o := smallOrganization()
	for i := range users {
		o.Users = append(o.Users, openaitest.User{ID: fmt.Sprintf("user-%d", i), Email: fmt.Sprintf("user-%d@example.com", i), Role: "reader", AddedAt: 1})
	}
	o.Users[1].Role = "reader"
	o.Users = append(o.Users, openaitest.User{ID: "zoe", Email: "zoe@example.com", Role: "owner", AddedAt: 1})
	for i := range invites {
		o.Invites = append(o.Invites, openaitest.Invite{ID: fmt.Sprintf("invite-%d", i), Email: fmt.Sprintf("new-%d@example.com", i), Role: "reader"})
	}
	o.Invites = append(o.Invites, openaitest.Invite{ID: "invite-zac", Email: "zac@example.com", Role: "reader", ExpiresAt: now})
	for i := range projects {
		o.Projects = append(o.Projects, openaitest.Project{ID: fmt.Sprintf("project-%d", i), Name: "More"})
	}
	o.Projects = append(o.Projects, openaitest.Project{
		ID: "last", Name: "Last", ServiceAccounts: []openaitest.ServiceAccount{{ID: "svc-last", Role: "member"}},
		APIKeys: []openaitest.ProjectAPIKey{{ID: "key-last", RedactedValue: "sk-proj-***zzzz", OwnerID: "ann"}},
	})
	return o
}

// countedChange is a kind of change, with the list that it walks through, if any.
type countedChange struct {
	name    string
	do      func(context.Context, testConnector) error
	walks   string
	prepare func(*openaitest.Server)
}

func countedChanges(t *testing.T) []countedChange {
	t.Helper()
	const (
		users    = "the users, until there is another owner"
		invites  = "the invitations"
		projects = "the projects, until one has it"
	)
	account := func(email string, more ...string) func(context.Context, testConnector) error {
		profile := map[string]any{"email": email}
		for _, role := range more {
			profile["role"] = role
		}
		return func(ctx context.Context, d testConnector) error { return d.inviteDirectly(ctx, profile) }
	}
	return []countedChange{
		{name: "grant a role of the organization: owner", do: granted(ownerRole, "user:ann")},
		{name: "revoke it", do: revoked(ownerRole, "user:ola"), walks: users},
		{name: "grant a custom role of the organization to a user", do: granted(auditRole, "user:eva")},
		{name: "revoke it", do: revoked(billRole, "user:cem")},
		{name: "grant a role of the organization to a group", do: granted(auditRole, "group:team")},
		{name: "revoke it", do: revoked(auditRole, "group:auditors")},
		{name: "put somebody into a group", do: granted(teamMember, "user:ann")},
		{name: "take somebody out of it", do: revoked(teamMember, "user:ben")},
		{name: "put a user into a project", do: granted(alphaViewer, "user:eva")},
		{name: "change the user's role there", do: granted(alphaOwner, "user:ben")},
		{name: "take the user out of it", do: revoked(alphaMember, "user:ben")},
		{name: "change a service account's role", do: granted(alphaOwner, "service_account:svc-1")},
		{name: "put a group into a project", do: granted(alphaViewer, "group:empty")},
		{name: "take the group out of it", do: revoked(alphaMember, "group:auditors")},
		{name: "grant a custom role of a project to a user in it", do: granted(reviewRole, "user:cem")},
		{name: "grant it to a user who is not in it", do: granted(tuneRole, "user:eva")},
		{name: "revoke it", do: revoked(tuneRole, "user:ben")},
		{name: "invite somebody", do: account("new@example.com"), walks: invites},
		{name: "invite a member", do: account("ann@example.com")},
		{name: "invite somebody who is invited already", do: account("zac@example.com"), walks: invites},
		{name: "invite somebody who is invited with another role", do: account("zac@example.com", "owner"), walks: invites},
		{
			name: "invite somebody where OpenAI refuses, for want of a payment method", do: account("new@example.com"), walks: invites,
			prepare: func(s *openaitest.Server) { s.PaymentMethodMissing = true },
		},
		{name: "take an invitation back", do: deleted("invitation:invite-zac", "")},
		{name: "delete a user", do: deleted("user:ann", "")},
		{name: "delete an owner", do: deleted("user:ola", ""), walks: users},
		{name: "create a group", do: func(ctx context.Context, d testConnector) error {
			_, err := newGroup("Night shift")(ctx, d)
			return err
		}},
		{name: "delete a group", do: deleted("group:team", "")},
		{name: "delete a service account of a project that is named", do: deleted("service_account:svc-last", "project:last")},
		{name: "delete a service account by its id alone", do: deleted("service_account:svc-last", ""), walks: projects},
		{name: "give a service account an API key", do: issued("svc-last", nil), walks: projects},
		{name: "delete an API key of a project that is named", do: deleted("api_key:key-last", "project:last")},
		{name: "delete an API key by its id alone", do: deleted("api_key:key-last", ""), walks: projects},
		{name: "delete an admin key", do: deleted("api_key:key-other", "")},
		{name: "delete an admin key once more, with its parent", do: deleted("api_key:nothing", "organization:organization")},
	}
}

const (
	changesBegin = "<!-- calls of changes -->"
	changesEnd   = "<!-- end of the calls of changes -->"
)

// A change takes less than 20 calls in an organization of any size, unless the API finds something by no id and no
// filter. docs/benchmarks.md has the numbers.
func TestCallsOfChanges(t *testing.T) {
	t.Parallel()
	count := func(c countedChange, o openaitest.Organization) int {
		server := &openaitest.Server{Organization: o}
		if c.prepare != nil {
			c.prepare(server)
		}
		d := connect(t, server)
		// A refused change is counted like the others.
		if err := c.do(t.Context(), d); c.prepare == nil {
			require.NoError(t, err, c.name)
		}
		return len(server.Requests())
	}
	// A change without a walk takes no more calls if every list has several pages.
	small, several, large := organizationOf(0, 0, 0), organizationOf(250, 250, 250), organizationOf(4_000, 1_000, 400)
	changes := countedChanges(t)
	table := make([]string, 0, len(changes)+2)
	table = append(table, "| change | calls | at 4,000 users, 1,000 invitations, 400 projects | what is walked |", "|---|---|---|---|")
	for _, c := range changes {
		fewest := count(c, small)
		require.Less(t, fewest, 20, c.name)
		most := fewest
		if c.walks == "" {
			require.Equal(t, fewest, count(c, several), c.name)
		} else {
			most = count(c, large)
		}
		table = append(table, fmt.Sprintf("| %s | %d | %d | %s |", c.name, fewest, most, c.walks))
	}
	page, err := os.ReadFile("../../docs/benchmarks.md")
	require.NoError(t, err)
	_, part, found := strings.Cut(string(page), changesBegin)
	part, _, closed := strings.Cut(part, changesEnd)
	require.True(t, found && closed)
	require.Contains(t, part, "\n"+strings.Join(table, "\n")+"\n")
}
