package connector_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// roleAssigned are the details of an assignment in the office or in one of its projects.
func roleAssigned(role, principal, principalType, resource string) map[string]any {
	resourceType := "api.project"
	if resource == "org-office" {
		resourceType = "api.organization"
	}
	return map[string]any{
		"id": "role_assignment_" + role + "_" + principal, "principal_id": principal, "principal_type": principalType,
		"resource_id": resource, "resource_type": resourceType,
	}
}

// What each type of entry means, by a person in a session and by a key, whose project is not believed.
func TestWhatEntriesMean(t *testing.T) {
	t.Parallel()
	const (
		ownerHere, owners = "role-api-organization-owner__api-organization__org-office", "organization_role:owner:assigned"
		memberOfAlpha     = "role-api-project-member__api-project__alpha"
		inOffice          = " in organization:organization"
	)
	session, key := openaitest.AuditLogActor{UserID: "ola"}, openaitest.AuditLogActor{UserID: "ola", KeyID: "key-own"}
	nobody := openaitest.AuditLogActor{}
	named := func(id any) map[string]any { return map[string]any{"id": id} }
	inside := func(resourceType, resource string) map[string]any {
		return map[string]any{"id": "r-1", "resource_type": resourceType, "resource_id": resource}
	}
	tests := []struct {
		eventType string
		details   map[string]any
		actor     openaitest.AuditLogActor
		project   string
		want      []string
	}{
		{"organization.updated", named("org-office"), session, "", []string{"e changed organization:organization"}},
		{"scim.enabled", nil, nobody, "", []string{"e changed organization:organization"}},
		{"scim.disabled", nil, key, "", []string{"e changed organization:organization"}},

		{"user.added", named("ann"), session, "", []string{"e changed user:ann" + inOffice}},
		{"user.added", named("ann"), session, "alpha", []string{"e changed user:ann" + inOffice, "e/1 changed project:alpha" + inOffice}},
		{"user.added", named("ann"), key, "alpha", []string{"e changed user:ann" + inOffice}},
		{"user.added", named("ann"), nobody, "alpha", []string{"e changed user:ann" + inOffice}},
		{"user.deleted", named("ann"), session, "alpha", []string{"e changed user:ann" + inOffice, "e/1 changed project:alpha" + inOffice}},
		{"user.updated", named("alpha"), session, "alpha", []string{"e changed project:alpha" + inOffice}},
		{"user.updated", named("ann"), session, "alpha", []string{"e changed user:ann" + inOffice, "e/1 changed project:alpha" + inOffice}},
		{"user.updated", named("ann"), session, "", []string{"e changed user:ann" + inOffice}},
		{"user.updated", named("x"), key, "", []string{"e changed user:x" + inOffice, "e/1 changed project:x" + inOffice}},
		{"user.updated", named("beta"), key, "", []string{"e changed project:beta" + inOffice}},

		{"invite.sent", named("i"), key, "", []string{"e changed invitation:i" + inOffice}},
		{"invite.accepted", named("i"), session, "", []string{"e changed invitation:i" + inOffice}},
		{"invite.deleted", named("i"), session, "alpha", []string{"e changed invitation:i" + inOffice}},
		{"group.created", named("g"), key, "", []string{"e changed group:g" + inOffice}},
		{"group.updated", named("g"), key, "", []string{"e changed group:g" + inOffice}},
		{"group.deleted", named("g"), key, "", []string{"e changed group:g" + inOffice}},

		{"role.created", inside("api.organization", "org-office"), key, "", []string{"e changed organization_role:r-1" + inOffice}},
		{"role.created", inside("api.project", "alpha"), key, "", []string{"e changed project_role:alpha/r-1 in project:alpha"}},
		{"role.updated", map[string]any{"id": "r-1", "changes_requested": inside("api.project", "alpha")}, key, "", []string{"e changed project_role:alpha/r-1 in project:alpha"}},
		{"role.deleted", named("r-1"), key, "", []string{"e changed organization_role:r-1" + inOffice}},
		{"role.deleted", named("r-1"), session, "alpha", []string{"e changed organization_role:r-1" + inOffice, "e/1 changed project_role:alpha/r-1 in project:alpha"}},
		{"role.created", inside("api.workspace", "w"), session, "", nil},
		{"role.created", inside("api.project", ""), session, "", nil},

		{
			"role.assignment.created", roleAssigned(ownerHere, "team", "group", "org-office"), key, "",
			[]string{"e/grant granted " + owners + " to group:team", "e changed group:team" + inOffice},
		},
		{
			"role.assignment.created", roleAssigned(ownerHere, "ann", "user", "org-office"), session, "",
			[]string{"e/grant granted " + owners + " to user:ann", "e changed user:ann" + inOffice},
		},
		{
			"role.assignment.created", roleAssigned(memberOfAlpha, "team", "group", "alpha"), key, "",
			[]string{"e/grant granted project:alpha:member to group:team", "e changed project:alpha" + inOffice},
		},
		// Whether a user of a project is a service account is not said.
		{"role.assignment.created", roleAssigned(memberOfAlpha, "svc-1", "user", "alpha"), key, "", []string{"e changed project:alpha" + inOffice}},
		{"role.assignment.created", roleAssigned(memberOfAlpha, "svc-1", "service_account", "alpha"), key, "", []string{"e changed project:alpha" + inOffice}},
		{"role.assignment.created", roleAssigned(ownerHere, "bot", "service_account", "org-office"), key, "", []string{"e changed user:bot" + inOffice}},
		{"role.assignment.created", roleAssigned("r-bill", "team", "group", "org-office"), key, "", []string{"e changed group:team" + inOffice}},
		{"role.assignment.created", roleAssigned("r-tune", "team", "group", "alpha"), key, "", []string{"e changed project:alpha" + inOffice}},
		// The id is of another organization, another project, another kind, an unknown name, another principal, or of no such form.
		{"role.assignment.created", roleAssigned(strings.Replace(ownerHere, "office", "other", 1), "team", "group", "org-office"), key, "", []string{"e changed group:team" + inOffice}},
		{"role.assignment.created", roleAssigned(memberOfAlpha, "team", "group", "beta"), key, "", []string{"e changed project:beta" + inOffice}},
		{"role.assignment.created", roleAssigned(memberOfAlpha, "team", "group", "org-office"), key, "", []string{"e changed group:team" + inOffice}},
		{"role.assignment.created", roleAssigned("role-api-organization-Owner__api-organization__org-office", "team", "group", "org-office"), key, "", []string{"e changed group:team" + inOffice}},
		{"role.assignment.created", roleAssigned("role-api-organization-member__api-organization__org-office", "team", "group", "org-office"), key, "", []string{"e changed group:team" + inOffice}},
		{"role.assignment.created", roleAssigned("role-api-organization-owner", "team", "group", "org-office"), key, "", []string{"e changed group:team" + inOffice}},
		{
			"role.assignment.created",
			map[string]any{"id": "role_assignment_" + ownerHere + "_ann", "principal_id": "team", "principal_type": "group", "resource_id": "org-office", "resource_type": "api.organization"},
			key, "", []string{"e changed group:team" + inOffice},
		},
		{"role.assignment.created", roleAssigned(ownerHere, "x", "tenant_user", "org-office"), key, "", nil},
		{
			"role.assignment.created", map[string]any{"id": "x", "principal_id": "team", "principal_type": "group", "resource_id": "w", "resource_type": "api.workspace"},
			key, "", nil,
		},
		// Another source of the role may be left, so that a revocation is never told.
		{"role.assignment.deleted", roleAssigned(ownerHere, "team", "group", "org-office"), key, "", []string{"e changed group:team" + inOffice}},
		{"role.assignment.deleted", roleAssigned(ownerHere, "ann", "user", "org-office"), key, "", []string{"e changed user:ann" + inOffice}},
		{"role.assignment.deleted", roleAssigned(memberOfAlpha, "team", "group", "alpha"), key, "", []string{"e changed project:alpha" + inOffice}},

		{"project.created", named("p"), key, "", []string{"e changed project:p" + inOffice}},
		{"project.updated", named("p"), key, "", []string{"e changed project:p" + inOffice}},
		{"project.archived", named("p"), session, "p", []string{"e changed project:p" + inOffice}},
		{"project.deleted", named("p"), key, "", []string{"e changed project:p" + inOffice}},
		{"service_account.created", named("svc"), session, "alpha", []string{"e changed service_account:svc in project:alpha", "e/1 changed project:alpha" + inOffice}},
		{"service_account.updated", named("svc"), key, "", []string{"e changed service_account:svc"}},
		{"service_account.deleted", named("svc"), key, "", []string{"e changed service_account:svc"}},
		{"api_key.created", named("k"), session, "alpha", []string{"e changed api_key:k in project:alpha"}},
		{"api_key.updated", named("k"), session, "", []string{"e changed api_key:k"}},
		{"api_key.deleted", named("k"), key, "alpha", []string{"e changed api_key:k"}},

		// Ids that no resource can have.
		{"user.added", nil, session, "", nil},
		{"user.added", named(7), session, "", nil},
		{"user.added", named("a\nb"), session, "", nil},
		{"user.added", named(strings.Repeat("a", 1_025)), session, "", nil},
	}
	tried := map[string]bool{}
	for i, test := range tests {
		tried[test.eventType] = true
		t.Run(fmt.Sprint(i, " ", test.eventType), func(t *testing.T) {
			t.Parallel()
			server := newOffice()
			r := followFeed(t, server, "audit_log")
			server.Record(openaitest.AuditLogEntry{ID: "e", Type: test.eventType, Actor: test.actor, ProjectID: test.project, Details: test.details})
			r.pass(2 * time.Minute)
			got := toldAll(r.all(t))
			require.Equal(t, slices.Clip(test.want), orNone(got))
			require.Equal(t, len(got) == 0, r.logs.FilterMessageSnippet("cannot read").Len() == 1)
		})
	}
	r := followFeed(t, newOffice(), "audit_log")
	r.pass(time.Hour)
	r.all(t)
	require.ElementsMatch(t, slices.Collect(maps.Keys(tried)), r.server.Requests()[0].Query["event_types[]"], "each type is tried")
}

func orNone(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	return lines
}

// Only where one page holds everything it is known what came after a grant, so that only there it is told as one.
func TestGrantsAreNotToldOutOfOrder(t *testing.T) {
	t.Parallel()
	const owner = "role-api-organization-owner__api-organization__org-office"
	for name, size := range map[string]int{"one page": 100, "several pages": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOffice()
			r := followFeed(t, server, "audit_log")
			r.size = size
			for n := range 3 {
				group := fmt.Sprint("g", n)
				server.Record(
					openaitest.AuditLogEntry{ID: "z" + group, Type: "role.assignment.created", Details: roleAssigned(owner, group, "group", "org-office")},
					openaitest.AuditLogEntry{ID: "a" + group, Type: "role.assignment.deleted", Details: roleAssigned(owner, group, "group", "org-office")},
				)
			}
			r.pass(time.Hour)
			var grants, changes int
			for _, event := range r.all(t) {
				if event.HasCreateGrantEvent() {
					grants++
					require.Zero(t, changes, "what is read anew has the last word")
				} else {
					changes++
				}
			}
			require.Equal(t, 6, changes)
			require.Equal(t, map[string]int{"one page": 3, "several pages": 0}[name], grants)
		})
	}
}

// What cannot be read is left out with one line for each page, and holds nothing else up.
func TestEntriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	server := newOffice()
	r := followFeed(t, server, "audit_log")
	for n := range 5 {
		server.Record(
			openaitest.AuditLogEntry{Type: "group.created", Details: map[string]any{"id": n}},
			openaitest.AuditLogEntry{Type: "user.added", JSON: openaitest.Fields{"user.added": "ann"}},
			openaitest.AuditLogEntry{Type: "project.created", Details: map[string]any{"id": "p"}, JSON: openaitest.Fields{"effective_at": nil}},
			openaitest.AuditLogEntry{Type: "project.deleted", Details: map[string]any{"id": fmt.Sprint("p", n)}},
		)
	}
	r.pass(time.Hour)
	require.Len(t, r.all(t), 5)
	warnings := r.logs.FilterMessageSnippet("baton-openai:").TakeAll()
	require.Len(t, warnings, 1)
	require.Equal(t, map[string]any{
		"feed": "audit_log", "entries": int64(15), "types": []any{"group.created", "project.created", "user.added"},
	}, warnings[0].ContextMap())
}

// rowsOf are the rows of a file by the resource that has to be read anew for them to be right: the resource itself and, of
// a grant, who or what tells of it. Grants go with a principal that is not among the others any more.
func rowsOf(t *testing.T, f, other file) map[string][]string {
	t.Helper()
	found, isThere := map[string][]string{}, map[string]bool{}
	for i, row := range decode[resourceRow](t, f.Resources) {
		found[row.ID] = append(found[row.ID], f.Resources[i])
	}
	for _, row := range decode[resourceRow](t, other.Resources) {
		isThere[row.ID] = true
	}
	for i, row := range decode[grantRow](t, f.Grants) {
		if row.Direct && isThere[row.Principal] {
			teller := tellerOf(row)
			identity, _, _ := strings.Cut(f.Grants[i], `,"Direct"`)
			found[teller] = append(found[teller], identity)
		}
	}
	for _, rows := range found {
		slices.Sort(rows)
	}
	return found
}

func tellerOf(row grantRow) string {
	kind, rest, _ := strings.Cut(row.Entitlement, ":")
	on, _, _ := strings.Cut(rest, ":")
	switch kind {
	case "organization", "organization_role":
		return row.Principal
	case "project_role":
		project, _, _ := strings.Cut(on, "/")
		return "project:" + project
	default:
		return kind + ":" + on
	}
}

// changedResources are the resources whose rows differ.
func changedResources(t *testing.T, before, after openaitest.Organization) []string {
	t.Helper()
	earlier, later := expected(before), expected(after)
	was, is := rowsOf(t, earlier, later), rowsOf(t, later, later)
	var found []string
	for resource := range was {
		if !slices.Equal(was[resource], is[resource]) {
			found = append(found, resource)
		}
	}
	for resource := range is {
		if _, known := was[resource]; !known {
			found = append(found, resource)
		}
	}
	slices.Sort(found)
	return found
}

// names tells whether the events have a resource read anew: by its own name, or by its parent's, which is read with what is
// below it.
func names(o openaitest.Organization, events []*v2.Event, resource string) bool {
	wanted := []string{resource}
	for _, project := range o.Projects {
		parent := "project:" + project.ID
		for _, account := range project.ServiceAccounts {
			if resource == "service_account:"+account.ID {
				wanted = append(wanted, parent)
			}
		}
		for _, key := range project.APIKeys {
			if resource == "api_key:"+key.ID {
				wanted = append(wanted, parent, orElse(key.OwnerType, "user")+":"+key.OwnerID)
			}
		}
		for _, role := range project.Roles {
			if resource == "project_role:"+project.ID+"/"+role.ID {
				wanted = append(wanted, parent)
			}
		}
	}
	return slices.ContainsFunc(events, func(event *v2.Event) bool {
		return slices.Contains(wanted, id(event.GetResourceChangeEvent().GetResourceId()))
	})
}

// For every change of the organization the feed names what has to be read anew, but for what the log does not tell: the
// members of groups and, of what a key has changed, the project.
func TestEveryChangeIsTold(t *testing.T) {
	t.Parallel()
	edits := map[string]func(*openaitest.Organization){
		"a user comes": func(o *openaitest.Organization) {
			o.Users = append(o.Users, openaitest.User{ID: "new", Role: "reader"})
		},
		"a user is renamed":           func(o *openaitest.Organization) { o.Users[2].Name = "Other" },
		"a user becomes an owner":     func(o *openaitest.Organization) { o.Users[3].Role = "owner" },
		"an owner becomes a reader":   func(o *openaitest.Organization) { o.Users[1].Role = "reader" },
		"a custom role is given":      func(o *openaitest.Organization) { o.Users[2].RoleIDs = []string{"r-bill"} },
		"a custom role is taken":      func(o *openaitest.Organization) { o.Users[4].RoleIDs = []string{"r-bill"} },
		"an invitation is accepted":   func(o *openaitest.Organization) { o.Invites[0].Status = "accepted" },
		"an invitation is taken back": func(o *openaitest.Organization) { o.Invites = o.Invites[1:] },
		"a group comes": func(o *openaitest.Organization) {
			o.Groups = append(o.Groups, openaitest.Group{ID: "new", Name: "New"})
		},
		"a group is renamed":      func(o *openaitest.Organization) { o.Groups[0].Name = "Other" },
		"a group's role is given": func(o *openaitest.Organization) { o.Groups[0].RoleIDs = []string{"owner"} },
		"a group's role is taken": func(o *openaitest.Organization) { o.Groups[1].RoleIDs = nil },
		"a role comes":            func(o *openaitest.Organization) { o.Roles = append(o.Roles, openaitest.Role{ID: "r-new", Name: "New"}) },
		"a role is renamed":       func(o *openaitest.Organization) { o.Roles[0].Name = "Other" },
		"a project comes": func(o *openaitest.Organization) {
			o.Projects = append(o.Projects, openaitest.Project{ID: "new", Name: "New", Users: []openaitest.ProjectUser{{UserID: "ann", Role: "member"}}})
		},
		"a project is renamed":  func(o *openaitest.Organization) { o.Projects[0].Name = "Other" },
		"a project is archived": func(o *openaitest.Organization) { o.Projects[0].Status = "archived" },
		"a project is gone":     func(o *openaitest.Organization) { o.Projects = o.Projects[1:] },
		"a member comes": func(o *openaitest.Organization) {
			o.Projects[1].Users = append(o.Projects[1].Users, openaitest.ProjectUser{UserID: "eva", Role: "viewer"})
		},
		"a member leaves":         func(o *openaitest.Organization) { o.Projects[0].Users = o.Projects[0].Users[1:] },
		"a member's role changes": func(o *openaitest.Organization) { o.Projects[0].Users[0].Role = "viewer" },
		"a member's custom role":  func(o *openaitest.Organization) { o.Projects[0].Users[0].RoleIDs = []string{"r-tune"} },
		"a group joins": func(o *openaitest.Organization) {
			o.Projects[1].Groups = []openaitest.ProjectGroup{{GroupID: "team", RoleIDs: []string{"member"}}}
		},
		"a group leaves": func(o *openaitest.Organization) { o.Projects[0].Groups = o.Projects[0].Groups[1:] },
		"a service account comes": func(o *openaitest.Organization) {
			o.Projects[1].ServiceAccounts = append(o.Projects[1].ServiceAccounts, openaitest.ServiceAccount{ID: "svc-new", Role: "member"})
		},
		"a service account leaves": func(o *openaitest.Organization) { o.Projects[0].ServiceAccounts = o.Projects[0].ServiceAccounts[1:] },
		"a service account's role": func(o *openaitest.Organization) { o.Projects[0].ServiceAccounts[0].Role = "owner" },
		"a key is deleted":         func(o *openaitest.Organization) { o.Projects[0].APIKeys = o.Projects[0].APIKeys[1:] },
		"an admin key comes": func(o *openaitest.Organization) {
			o.AdminKeys = append(o.AdminKeys, openaitest.AdminAPIKey{ID: "key-new", RedactedValue: "sk-admin-***0000"})
		},
		"a project role comes": func(o *openaitest.Organization) {
			o.Projects[0].Roles = append(o.Projects[0].Roles, openaitest.Role{ID: "r-new", Name: "New"})
		},
		"a project role is gone": func(o *openaitest.Organization) {
			o.Projects[1].Roles = nil
			o.Projects[0].Roles = o.Projects[0].Roles[1:]
		},
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOffice()
			r := followFeed(t, server, "audit_log")
			before := server.Snapshot()
			server.Update(edit)
			after := server.Snapshot()
			r.pass(time.Hour)
			events := r.all(t)
			changed := changedResources(t, before, after)
			if name != "a project role is gone" {
				require.NotEmpty(t, changed)
			}
			for _, resource := range changed {
				require.Truef(t, names(before, events, resource), "nothing tells of %s: %v", resource, toldAll(events))
			}
		})
	}
}

// The same for the changes that the connector makes itself, which it makes with a key.
func TestOwnChangesAreTold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 3))
			server := newOffice()
			server.AuditLog.NamesProjects = true
			r := followFeed(t, server, "audit_log", func(*connector.Connector) {})
			d := open(t, server)
			all := everyAccess(office())
			told := 0
			for range 60 {
				a := all[rng.IntN(len(all))]
				before := server.Snapshot()
				if rng.IntN(2) == 0 {
					_, _ = d.grant(t.Context(), shapes["full"], a)
				} else {
					_, _ = d.revoke(t.Context(), shapes["full"], a)
				}
				after := server.Snapshot()
				r.pass(10 * time.Minute)
				events := r.all(t)
				for _, resource := range changedResources(t, before, after) {
					kind, _, _ := strings.Cut(resource, ":")
					if strings.HasPrefix(a.entitlement, "group:") && kind == "group" || kind == "project" && !strings.HasPrefix(a.principal, "group:") {
						continue // the log tells nothing of the members of groups, nor where a key has changed something
					}
					told++
					require.Truef(t, names(before, events, resource), "%s: nothing tells of %s: %v", a.grantID(), resource, toldAll(events))
				}
			}
			require.Greater(t, told, 5)
		})
	}
}
