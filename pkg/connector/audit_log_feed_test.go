package connector_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// roleAssigned are the details of a role assignment in the organization or a project.
func roleAssigned(role, principal, principalType, resource string) map[string]any {
	resourceType := "api.project"
	if resource == "org-small" {
		resourceType = "api.organization"
	}
	return map[string]any{
		"id": "role_assignment_" + role + "_" + principal, "principal_id": principal, "principal_type": principalType,
		"resource_id": resource, "resource_type": resourceType,
	}
}

// The events of each type of entry, by a person in a session and by a key. The project of an entry by a key is ignored.
func TestEventsOfEntries(t *testing.T) {
	t.Parallel()
	const (
		ownerHere, owners = "role-api-organization-owner__api-organization__org-small", "organization_role:owner:assigned"
		memberOfAlpha     = "role-api-project-member__api-project__alpha"
		inOrganization    = " in organization:organization"
	)
	session, key := openaitest.AuditLogActor{UserID: "ola"}, openaitest.AuditLogActor{UserID: "ola", KeyID: "key-own"}
	unknownActor := openaitest.AuditLogActor{}
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
		{"organization.updated", named("org-small"), session, "", []string{"e changed organization:organization"}},
		{"scim.enabled", nil, unknownActor, "", []string{"e changed organization:organization"}},
		{"scim.disabled", nil, key, "", []string{"e changed organization:organization"}},

		{"user.added", named("ann"), session, "", []string{"e changed user:ann" + inOrganization}},
		{"user.added", named("ann"), session, "alpha", []string{"e changed user:ann" + inOrganization, "e/1 changed project:alpha" + inOrganization}},
		{"user.added", named("ann"), key, "alpha", []string{"e changed user:ann" + inOrganization}},
		{"user.added", named("ann"), unknownActor, "alpha", []string{"e changed user:ann" + inOrganization}},
		{"user.deleted", named("ann"), session, "alpha", []string{"e changed user:ann" + inOrganization, "e/1 changed project:alpha" + inOrganization}},
		{"user.updated", named("alpha"), session, "alpha", []string{"e changed project:alpha" + inOrganization}},
		{"user.updated", named("ann"), session, "alpha", []string{"e changed user:ann" + inOrganization, "e/1 changed project:alpha" + inOrganization}},
		{"user.updated", named("ann"), session, "", []string{"e changed user:ann" + inOrganization}},
		{"user.updated", named("x"), key, "", []string{"e changed user:x" + inOrganization, "e/1 changed project:x" + inOrganization}},
		{"user.updated", named("beta"), key, "", []string{"e changed project:beta" + inOrganization}},

		{"invite.sent", named("i"), key, "", []string{"e changed invitation:i" + inOrganization}},
		{"invite.accepted", named("i"), session, "", []string{"e changed invitation:i" + inOrganization}},
		{"invite.deleted", named("i"), session, "alpha", []string{"e changed invitation:i" + inOrganization}},
		{"group.created", named("g"), key, "", []string{"e changed group:g" + inOrganization}},
		{"group.updated", named("g"), key, "", []string{"e changed group:g" + inOrganization}},
		{"group.deleted", named("g"), key, "", []string{"e changed group:g" + inOrganization}},

		{"role.created", inside("api.organization", "org-small"), key, "", []string{"e changed organization_role:r-1" + inOrganization}},
		{"role.created", inside("api.project", "alpha"), key, "", []string{"e changed project_role:alpha/r-1 in project:alpha"}},
		{"role.updated", map[string]any{"id": "r-1", "changes_requested": inside("api.project", "alpha")}, key, "", []string{"e changed project_role:alpha/r-1 in project:alpha"}},
		{"role.deleted", named("r-1"), key, "", []string{"e changed organization_role:r-1" + inOrganization}},
		{"role.deleted", named("r-1"), session, "alpha", []string{"e changed organization_role:r-1" + inOrganization, "e/1 changed project_role:alpha/r-1 in project:alpha"}},
		{"role.created", inside("api.workspace", "w"), session, "", nil},
		{"role.created", inside("api.project", ""), session, "", nil},

		{
			"role.assignment.created", roleAssigned(ownerHere, "team", "group", "org-small"), key, "",
			[]string{"e/grant granted " + owners + " to group:team", "e changed group:team" + inOrganization},
		},
		{
			"role.assignment.created", roleAssigned(ownerHere, "ann", "user", "org-small"), session, "",
			[]string{"e/grant granted " + owners + " to user:ann", "e changed user:ann" + inOrganization},
		},
		{
			"role.assignment.created", roleAssigned(memberOfAlpha, "team", "group", "alpha"), key, "",
			[]string{"e/grant granted project:alpha:member to group:team", "e changed project:alpha" + inOrganization},
		},
		// The entry does not tell whether a user of a project is a service account.
		{"role.assignment.created", roleAssigned(memberOfAlpha, "svc-1", "user", "alpha"), key, "", []string{"e changed project:alpha" + inOrganization}},
		{"role.assignment.created", roleAssigned(memberOfAlpha, "svc-1", "service_account", "alpha"), key, "", []string{"e changed project:alpha" + inOrganization}},
		{"role.assignment.created", roleAssigned(ownerHere, "bot", "service_account", "org-small"), key, "", []string{"e changed user:bot" + inOrganization}},
		{"role.assignment.created", roleAssigned("r-bill", "team", "group", "org-small"), key, "", []string{"e changed group:team" + inOrganization}},
		{"role.assignment.created", roleAssigned("r-tune", "team", "group", "alpha"), key, "", []string{"e changed project:alpha" + inOrganization}},
		// The role's id has another organization, another project, another kind, an unknown name, another principal, or
		// another form.
		{"role.assignment.created", roleAssigned(strings.Replace(ownerHere, "small", "other", 1), "team", "group", "org-small"), key, "", []string{"e changed group:team" + inOrganization}},
		{"role.assignment.created", roleAssigned(memberOfAlpha, "team", "group", "beta"), key, "", []string{"e changed project:beta" + inOrganization}},
		{"role.assignment.created", roleAssigned(memberOfAlpha, "team", "group", "org-small"), key, "", []string{"e changed group:team" + inOrganization}},
		{"role.assignment.created", roleAssigned("role-api-organization-Owner__api-organization__org-small", "team", "group", "org-small"), key, "", []string{"e changed group:team" + inOrganization}},
		{"role.assignment.created", roleAssigned("role-api-organization-member__api-organization__org-small", "team", "group", "org-small"), key, "", []string{"e changed group:team" + inOrganization}},
		{"role.assignment.created", roleAssigned("role-api-organization-owner", "team", "group", "org-small"), key, "", []string{"e changed group:team" + inOrganization}},
		{
			"role.assignment.created",
			map[string]any{"id": "role_assignment_" + ownerHere + "_ann", "principal_id": "team", "principal_type": "group", "resource_id": "org-small", "resource_type": "api.organization"},
			key, "", []string{"e changed group:team" + inOrganization},
		},
		{"role.assignment.created", roleAssigned(ownerHere, "x", "tenant_user", "org-small"), key, "", nil},
		{
			"role.assignment.created", map[string]any{"id": "x", "principal_id": "team", "principal_type": "group", "resource_id": "w", "resource_type": "api.workspace"},
			key, "", nil,
		},
		// The principal may still have the role from another source, so a deletion is never reported as a revocation.
		{"role.assignment.deleted", roleAssigned(ownerHere, "team", "group", "org-small"), key, "", []string{"e changed group:team" + inOrganization}},
		{"role.assignment.deleted", roleAssigned(ownerHere, "ann", "user", "org-small"), key, "", []string{"e changed user:ann" + inOrganization}},
		{"role.assignment.deleted", roleAssigned(memberOfAlpha, "team", "group", "alpha"), key, "", []string{"e changed project:alpha" + inOrganization}},

		{"project.created", named("p"), key, "", []string{"e changed project:p" + inOrganization}},
		{"project.updated", named("p"), key, "", []string{"e changed project:p" + inOrganization}},
		{"project.archived", named("p"), session, "p", []string{"e changed project:p" + inOrganization}},
		{"project.deleted", named("p"), key, "", []string{"e changed project:p" + inOrganization}},
		{"service_account.created", named("svc"), session, "alpha", []string{"e changed service_account:svc in project:alpha", "e/1 changed project:alpha" + inOrganization}},
		{"service_account.updated", named("svc"), key, "", []string{"e changed service_account:svc"}},
		{"service_account.deleted", named("svc"), key, "", []string{"e changed service_account:svc"}},
		{"api_key.created", named("k"), session, "alpha", []string{"e changed api_key:k in project:alpha"}},
		{"api_key.updated", named("k"), session, "", []string{"e changed api_key:k"}},
		{"api_key.deleted", named("k"), key, "alpha", []string{"e changed api_key:k"}},

		// No resource can have these ids.
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
			server := newServer()
			r := followFeed(t, server, "audit_log")
			server.Record(openaitest.AuditLogEntry{ID: "e", Type: test.eventType, Actor: test.actor, ProjectID: test.project, Details: test.details})
			r.pass(2 * time.Minute)
			got := eventLines(r.all(t))
			require.Equal(t, slices.Clip(test.want), orNone(got))
			require.Equal(t, len(got) == 0, r.logs.FilterMessageSnippet("cannot read").Len() == 1)
		})
	}
	r := followFeed(t, newServer(), "audit_log")
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

// An assignment is reported as a grant only if one page has the whole window, since only then it is known what came
// after.
func TestGrantsAreNotReportedOutOfOrder(t *testing.T) {
	t.Parallel()
	const owner = "role-api-organization-owner__api-organization__org-small"
	for name, size := range map[string]int{"one page": 100, "several pages": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			r := followFeed(t, server, "audit_log")
			r.size = size
			for n := range 3 {
				group := fmt.Sprint("g", n)
				server.Record(
					openaitest.AuditLogEntry{ID: "z" + group, Type: "role.assignment.created", Details: roleAssigned(owner, group, "group", "org-small")},
					openaitest.AuditLogEntry{ID: "a" + group, Type: "role.assignment.deleted", Details: roleAssigned(owner, group, "group", "org-small")},
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

// Entries that cannot be read are left out, with one log line for each page. The others are reported.
func TestEntriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	server := newServer()
	r := followFeed(t, server, "audit_log")
	for n := range 5 {
		server.Record(
			openaitest.AuditLogEntry{Type: "group.created", Details: map[string]any{"id": n}},
			openaitest.AuditLogEntry{Type: "user.added", JSON: openaitest.Fields{"user.added": "ann"}},
			openaitest.AuditLogEntry{Type: "project.created", Details: map[string]any{"id": "p"}, JSON: openaitest.Fields{"effective_at": nil}},
			openaitest.AuditLogEntry{Type: "group.deleted", Details: map[string]any{"id": "g"}, JSON: openaitest.Fields{"effective_at": "yesterday"}},
			openaitest.AuditLogEntry{Type: "project.deleted", Details: map[string]any{"id": fmt.Sprint("p", n)}, JSON: openaitest.Fields{"actor": "somebody"}},
		)
	}
	r.pass(time.Hour)
	require.Len(t, r.all(t), 5)
	warnings := r.logs.FilterMessageSnippet("baton-openai:").TakeAll()
	require.Len(t, warnings, 1)
	require.Equal(t, map[string]any{
		"feed": "audit_log", "entries": int64(20), "types": []any{"group.created", "group.deleted", "project.created", "user.added"},
	}, warnings[0].ContextMap())
}
