package connector_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The changes that the log does not report, in the words of the table in docs/connector.mdx.
const (
	unreportedMembership  = "Somebody joins or leaves a group"
	unreportedProject     = "With an API key, such as by Terraform or by this connector, a user or a service account joins or leaves a project or gets another role there"
	unreportedProjectRole = "With an API key, a custom role of a project is deleted"
	unreportedConsequence = "What follows from another change, such as a new organization owner's own roles in projects, " +
		"the keys of a service account that is deleted with an API key, or what has become of the owner of a key"
)

// organizationChange is a change of the organization.
type organizationChange struct {
	do func(*testing.T, *openaitest.Server)
	// why is one of the constants above; notShown are the rows that are not shown for this reason.
	why      string
	notShown []string
}

func inSession(edit func(*openaitest.Organization)) func(*testing.T, *openaitest.Server) {
	return func(_ *testing.T, server *openaitest.Server) { server.Update(edit) }
}

// withKey makes a change with another admin key.
func withKey(method, path, body string) func(*testing.T, *openaitest.Server) {
	return func(t *testing.T, server *openaitest.Server) {
		t.Helper()
		request := httptest.NewRequestWithContext(t.Context(), method, "/v1"+path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+testKey)
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, request)
		require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	}
}

// everyOrganizationChange has [organizationEdits], changes with a key, and changes that the log does not report.
func everyOrganizationChange() map[string]organizationChange {
	all := map[string]organizationChange{
		"a user joins a group": {
			do:  inSession(func(o *openaitest.Organization) { o.Groups[0].MemberIDs = append(o.Groups[0].MemberIDs, "ann") }),
			why: unreportedMembership, notShown: []string{"+group:team:member user:ann"},
		},
		"a user leaves a group": {
			do:  inSession(func(o *openaitest.Organization) { o.Groups[0].MemberIDs = o.Groups[0].MemberIDs[1:] }),
			why: unreportedMembership, notShown: []string{"-group:team:member user:ben"},
		},
		"an owner of a project becomes one of the organization": {
			do:  inSession(func(o *openaitest.Organization) { o.Users[2].Role = "owner" }),
			why: unreportedConsequence, notShown: []string{"-project:alpha:owner user:ann"},
		},
		"the owner of an admin key leaves": {
			do: inSession(func(o *openaitest.Organization) {
				o.Users = slices.DeleteFunc(o.Users, func(user openaitest.User) bool { return user.ID == "ole" })
			}),
			why: unreportedConsequence, notShown: []string{"+api_key:key-other"},
		},
		"a user joins a project, with a key": {
			do:  withKey(http.MethodPost, "/organization/projects/beta/users", `{"user_id": "eva", "role": "member"}`),
			why: unreportedProject, notShown: []string{"+project:beta:member user:eva"},
		},
		"a user leaves a project, with a key": {
			do:  withKey(http.MethodDelete, "/organization/projects/alpha/users/ben", ""),
			why: unreportedProject, notShown: []string{"-project:alpha:member user:ben", "-project_role:alpha/r-tune:assigned user:ben"},
		},
		"a member's role, with a key": {
			do: withKey(http.MethodPost, "/organization/projects/alpha/users/cem", `{"role": "owner"}`),
		},
		"a service account's role, with a key": {
			do:  withKey(http.MethodPost, "/organization/projects/alpha/service_accounts/svc-1", `{"role": "owner"}`),
			why: unreportedProject, notShown: []string{"+project:alpha:owner service_account:svc-1", "-project:alpha:member service_account:svc-1"},
		},
		"a service account leaves, with a key": {
			do:  withKey(http.MethodDelete, "/organization/projects/alpha/service_accounts/svc-1", ""),
			why: unreportedConsequence, notShown: []string{"-api_key:key-svc"},
		},
		"a group joins a project, with a key": {
			do: withKey(http.MethodPost, "/organization/projects/beta/groups", `{"group_id": "team", "role": "role-api-project-member__api-project__beta"}`),
		},
		"a custom role is given, with a key": {do: withKey(http.MethodPost, "/organization/users/eva/roles", `{"role_id": "r-bill"}`)},
		"a custom role is given in a project, with a key": {
			do: withKey(http.MethodPost, "/projects/alpha/users/cem/roles", `{"role_id": "r-tune"}`),
		},
		"a project role is gone, with a key": {
			do:  withKey(http.MethodDelete, "/projects/alpha/roles/r-review", ""),
			why: unreportedProjectRole, notShown: []string{"-project_role:alpha/r-review"},
		},
		"a project role comes, with a key": {
			do: withKey(http.MethodPost, "/projects/alpha/roles", `{"role_name": "New", "permissions": ["api.usage.read"]}`),
		},
		"a project role is changed, with a key": {do: withKey(http.MethodPost, "/projects/alpha/roles/r-tune", `{"role_name": "Other"}`)},
		"a role comes, with a key":              {do: withKey(http.MethodPost, "/organization/roles", `{"role_name": "New", "permissions": ["api.usage.read"]}`)},
		"a role is changed, with a key":         {do: withKey(http.MethodPost, "/organization/roles/r-bill", `{"permissions": ["api.usage.read"]}`)},
		"a role is gone, with a key":            {do: withKey(http.MethodDelete, "/organization/roles/r-bill", "")},
		"a project is archived, with a key":     {do: withKey(http.MethodPost, "/organization/projects/alpha/archive", "")},
	}
	for name, edit := range organizationEdits {
		all[name] = organizationChange{do: inSession(edit)}
	}
	return all
}

// namedBy are the resources that the events name, each once.
func namedBy(events []*v2.Event) []*v2.Resource {
	seen := map[string]bool{}
	var found []*v2.Resource
	for _, event := range events {
		changed := event.GetResourceChangeEvent()
		name := id(changed.GetResourceId()) + " below " + id(changed.GetParentResourceId())
		if changed != nil && !seen[name] {
			seen[name] = true
			found = append(found, v2.Resource_builder{Id: changed.GetResourceId(), ParentResourceId: changed.GetParentResourceId()}.Build())
		}
	}
	return found
}

// syncNamed is the file of a targeted sync of the resources. Without resources it is empty, since such a sync would be
// a full one.
func syncNamed(t *testing.T, server *openaitest.Server, named []*v2.Resource) file {
	t.Helper()
	if len(named) == 0 {
		return file{}
	}
	part := runSync(t, server, syncOptions{targets: named})
	require.NoError(t, part.err)
	return readRows(t, part.store)
}

// requireShown compares a targeted sync with a full sync of the same organization.
func requireShown(t *testing.T, whole, part file, named []*v2.Resource) {
	t.Helper()
	requireSubset(t, whole.Resources, part.Resources)
	requireSubset(t, whole.Entitlements, part.Entitlements)
	requireSubset(t, whole.Grants, part.Grants)
	for _, resource := range named {
		own := whole.rowsOfTarget(id(resource.GetId()))
		requireSubset(t, part.Resources, own.Resources)
		requireSubset(t, part.Entitlements, own.Entitlements)
		requireSubset(t, part.Grants, own.Grants)
	}
}

// rowName is the identity of a row.
func rowName(line string) string {
	var row struct{ ID, Entitlement, Principal string }
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		panic(err)
	}
	return strings.TrimSpace(row.ID + row.Entitlement + " " + row.Principal)
}

// notShown are the rows that differ between two full syncs and that the targeted sync between them does not show: new or
// changed rows, and removed rows that belong to no named resource. Rows that go with a removed resource do not count.
func notShown(t *testing.T, before, after, part file, named []*v2.Resource) []string {
	t.Helper()
	var found []string
	there := map[string]bool{}
	for _, row := range decode[resourceRow](t, after.Resources) {
		there[row.ID] = true
	}
	var given file
	for _, resource := range named {
		own := before.rowsOfTarget(id(resource.GetId()))
		given.Resources = append(given.Resources, own.Resources...)
		given.Entitlements = append(given.Entitlements, own.Entitlements...)
		given.Grants = append(given.Grants, own.Grants...)
	}
	compare := func(before, after, part, given []string, stays func(name string) bool) {
		is := map[string]bool{}
		for _, line := range after {
			is[rowName(line)] = true
			if !slices.Contains(before, line) && !slices.Contains(part, line) {
				found = append(found, "+"+rowName(line))
			}
		}
		for _, line := range before {
			if name := rowName(line); !is[name] && stays(name) && !slices.Contains(given, line) {
				found = append(found, "-"+name)
			}
		}
	}
	compare(before.Resources, after.Resources, part.Resources, given.Resources, func(string) bool { return true })
	on := func(entitlement string) bool { return there[entitlement[:strings.LastIndex(entitlement, ":")]] }
	compare(before.Entitlements, after.Entitlements, part.Entitlements, given.Entitlements, on)
	compare(before.Grants, after.Grants, part.Grants, given.Grants, func(name string) bool {
		entitlement, principal, _ := strings.Cut(name, " ")
		return on(entitlement) && there[principal]
	})
	slices.Sort(found)
	return found
}

// For every change of the organization, targeted syncs of the resources in the events show each row that differs
// between two full syncs, except for the changes in the table of docs/connector.mdx. The full syncs are computed;
// TestFullSyncEqualsTheOrganization shows that they are right.
func TestFeedAndTargetedSyncShowEveryChange(t *testing.T) {
	t.Parallel()
	changes := everyOrganizationChange()
	reasons := map[string]bool{}
	for name, change := range changes {
		require.Equal(t, change.why == "", len(change.notShown) == 0, name)
		if change.why != "" {
			reasons[change.why] = true
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			feed := followFeed(t, server, "audit_log")
			before := expected(server.Snapshot()).unexpanded()
			change.do(t, server)
			feed.pass(time.Hour)
			named := namedBy(feed.all(t))
			part := syncNamed(t, server, named)
			after := expected(server.Snapshot()).unexpanded()
			requireShown(t, after, part, named)
			require.Equal(t, change.notShown, notShown(t, before, after, part, named))
			require.Empty(t, server.Unknown())
		})
	}
	require.ElementsMatch(t, unreportedInTheDocs(t), slices.Collect(maps.Keys(reasons)))
}

// unreportedInTheDocs is the first column of the table in docs/connector.mdx.
func unreportedInTheDocs(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/connector.mdx")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "| What is done in OpenAI | Why C1 does not hear of it |\n| :--- | :--- |\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	var cells []string
	for line := range strings.Lines(table) {
		cells = append(cells, strings.TrimSpace(strings.Split(line, "|")[1]))
	}
	return cells
}

// The same for the connector's own changes, which it makes with a key. For those, the log reports neither members of
// groups, nor users and service accounts of projects, nor the project roles that a new owner loses.
func TestFeedAndTargetedSyncShowOwnChanges(t *testing.T) {
	t.Parallel()
	// The types of the rows that a grant or a revocation may change without an event.
	unseen := map[string][]string{"group": {"group"}, "project": {"project", "project_role"}, "organization_role": {"project"}}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 4))
			server := newServer()
			feed := followFeed(t, server, "audit_log")
			d := connect(t, server)
			all := everyAccess(smallOrganization())
			shown := 0
			for range 40 {
				a := all[rng.IntN(len(all))]
				before := expected(server.Snapshot()).unexpanded()
				if rng.IntN(2) == 0 {
					_, _ = d.grant(t.Context(), shapes["full"], a)
				} else {
					_, _ = d.revoke(t.Context(), shapes["full"], a)
				}
				after := expected(server.Snapshot()).unexpanded()
				if slices.Equal(before.Grants, after.Grants) {
					continue
				}
				feed.pass(10 * time.Minute)
				named := namedBy(feed.all(t))
				part := syncNamed(t, server, named)
				requireShown(t, after, part, named)
				left := notShown(t, before, after, part, named)
				if len(left) == 0 {
					shown++
				}
				kind, _, _ := strings.Cut(a.entitlement, ":")
				for _, row := range left {
					of, _, _ := strings.Cut(row[1:], ":")
					require.Truef(t, slices.Contains(unseen[kind], of) && !strings.Contains(row, " group:"), "%s: nothing shows %s", a.grantID(), row)
				}
			}
			require.Greater(t, shown, 3)
		})
	}
}
