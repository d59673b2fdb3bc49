package openaitest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const auditLogs = "/organization/audit_logs"

// auditEntries are the entries of a list, each with its type, its id and its project.
func auditEntries(t *testing.T, s *openaitest.Server, query string) []string {
	t.Helper()
	data, _ := ok(t, s, auditLogs+query).body["data"].([]any)
	found := make([]string, 0, len(data))
	for _, row := range data {
		entry, _ := row.(map[string]any)
		eventType, _ := entry["type"].(string)
		details, _ := entry[eventType].(map[string]any)
		line := fmt.Sprint(eventType, " ", details["id"])
		if project, named := entry["project"].(map[string]any); named {
			line += fmt.Sprint(" in ", project["id"])
		}
		found = append(found, line)
	}
	return found
}

// Each write adds its entries, the newest first.
func TestWritesAreRecorded(t *testing.T) {
	t.Parallel()
	const assigned = "role.assignment.created role_assignment_"
	tests := map[string]struct {
		write write
		want  []string
	}{
		"invite":             {write{route: "POST /organization/invites", body: `{"email":"eve@example.com","role":"reader"}`}, []string{"invite.sent invite-Made000000000001"}},
		"invite taken back":  {write{route: "DELETE /organization/invites/pending"}, []string{"invite.deleted pending"}},
		"role of a user":     {write{route: "POST /organization/users/dee", body: `{"role":"owner"}`}, []string{"user.updated dee"}},
		"user deleted":       {write{route: "DELETE /organization/users/cyd"}, []string{"user.deleted cyd"}},
		"group":              {write{route: "POST /organization/groups", body: `{"name":"N"}`}, []string{"group.created group_Made000000000001"}},
		"group renamed":      {write{route: "POST /organization/groups/g", body: `{"name":"N"}`}, []string{"group.updated g"}},
		"group deleted":      {write{route: "DELETE /organization/groups/g"}, []string{"group.deleted g"}},
		"member of a group":  {write{route: "POST /organization/groups/h/users", body: `{"user_id":"dee"}`}, nil},
		"custom role":        {write{route: "POST /organization/users/dee/roles", body: `{"role_id":"role_a"}`}, []string{assigned + "role_a_dee"}},
		"custom role again":  {write{route: "POST /organization/users/cyd/roles", body: `{"role_id":"role_a"}`}, nil},
		"custom role taken":  {write{route: "DELETE /organization/users/cyd/roles/role_a"}, []string{"role.assignment.deleted role_assignment_role_a_cyd"}},
		"refused":            {write{route: "DELETE /organization/users/nobody"}, nil},
		"role made":          {write{route: "POST /organization/roles", body: `{"role_name":"N","permissions":[]}`}, []string{"role.created role_Made000000000001"}},
		"role deleted":       {write{route: "DELETE /organization/roles/role_a"}, []string{"role.deleted role_a"}},
		"project":            {write{route: "POST /organization/projects", body: `{"name":"N"}`}, []string{"project.created proj_Made000000000001"}},
		"project renamed":    {write{route: "POST /organization/projects/p", body: `{"name":"N"}`}, []string{"project.updated p"}},
		"project archived":   {write{route: "POST /organization/projects/p/archive"}, []string{"project.archived p"}},
		"user of a project":  {write{route: "POST /organization/projects/p/users", body: `{"user_id":"dee","role":"member"}`}, []string{"user.added dee"}},
		"role in a project":  {write{route: "POST /organization/projects/p/users/cyd", body: `{"role":"viewer"}`}, []string{"user.updated p"}},
		"user leaves":        {write{route: "DELETE /organization/projects/p/users/cyd"}, []string{"user.deleted cyd"}},
		"group of a project": {write{route: "POST /organization/projects/p/groups", body: `{"group_id":"h","role":"role_p"}`}, []string{assigned + "role_p_h"}},
		"service account": {write{route: "POST /organization/projects/p/service_accounts", body: `{"name":"N"}`}, []string{
			"api_key.created key_Made000000000003", "service_account.created user-Made000000000001",
		}},
		"account deleted":     {write{route: "DELETE /organization/projects/p/service_accounts/sa"}, []string{"service_account.deleted sa"}},
		"key deleted":         {write{route: "DELETE /organization/projects/p/api_keys/key_cyd"}, []string{"api_key.deleted key_cyd"}},
		"second key":          {write{route: "POST /organization/projects/p/service_accounts/sa/api_keys", body: `{"name":"N"}`}, []string{"api_key.created key_Made000000000002"}},
		"admin key":           {write{route: "POST /organization/admin_api_keys", body: `{"name":"N"}`}, []string{"api_key.created key_Made000000000002"}},
		"role of the project": {write{route: "DELETE /projects/p/roles/role_p"}, []string{"role.deleted role_p"}},
		"predefined role of a group": {
			write{route: "POST /organization/groups/h/roles", body: `{"role_id":"role-api-organization-owner"}`},
			[]string{assigned + "role-api-organization-owner__api-organization__org-1_h"},
		},
		"predefined role by assignment": {
			write{route: "POST /organization/users/dee/roles", body: `{"role_id":"role-api-organization-owner"}`},
			[]string{
				assigned + "role-api-organization-owner__api-organization__org-1_dee",
				"role.assignment.deleted role_assignment_role-api-organization-reader__api-organization__org-1_dee",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The entries of a write with a key have the default project.
			quirk := make([]string, 0, len(test.want))
			for _, line := range test.want {
				quirk = append(quirk, line+" in default")
			}
			standIn := newWritable()
			test.write.send(t, standIn)
			assert.Equal(t, quirk, auditEntries(t, standIn, ""))
			assert.Len(t, standIn.Recorded(), len(quirk))
		})
	}
}

// A change on OpenAI's pages has the project in which it was made.
func TestUpdatesAreRecorded(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	standIn.Update(func(o *openaitest.Organization) {
		o.Invites[0].Status = "accepted"
		o.Users = append(o.Users, openaitest.User{ID: "eve", Role: "reader"})
		o.Projects[0].Users = append(o.Projects[0].Users, openaitest.ProjectUser{UserID: "eve", Role: "member", RoleIDs: []string{"role_p"}})
		o.Groups[1].MemberIDs = []string{"eve"}
	})
	assert.Equal(t, []string{
		"role.assignment.created role_assignment_role_p_eve in p", "user.added eve in p", "invite.accepted pending", "user.added eve",
	}, auditEntries(t, standIn, ""))
	actor, _ := ok(t, standIn, auditLogs).row(t, standIn.Recorded()[0].ID)["actor"].(map[string]any)
	assert.Equal(t, "session", actor["type"])

	named := newWritable()
	named.AuditLog.NamesProjects = true
	post(t, named, "/organization/projects/p/users", `{"user_id":"dee","role":"member"}`)
	assert.Equal(t, []string{"user.added dee in p"}, auditEntries(t, named, ""))
}

func TestAuditLogFilters(t *testing.T) {
	t.Parallel()
	standIn := newWritable()
	for i := range int64(4) {
		standIn.Record(
			openaitest.AuditLogEntry{Type: "login.succeeded", EffectiveAt: 100 + i, Actor: openaitest.AuditLogActor{UserID: "dee"}},
			openaitest.AuditLogEntry{Type: "group.created", EffectiveAt: 100 + i, Details: map[string]any{"id": fmt.Sprint("g", i)}},
		)
	}
	types := "&" + url.Values{"event_types[]": {"group.created", "group.deleted"}}.Encode()
	for query, want := range map[string][]string{
		"?effective_at[gte]=102" + types:                       {"group.created g3", "group.created g2"},
		"?effective_at[gt]=102" + types:                        {"group.created g3"},
		"?effective_at[lt]=101" + types:                        {"group.created g0"},
		"?effective_at[lte]=101&effective_at[gte]=101" + types: {"group.created g1"},
		"?resource_ids[]=g2":                                   {"group.created g2"},
		"?actor_ids[]=dee&limit=1":                             {"login.succeeded <nil>"},
		"?tenant_only=true":                                    {},
	} {
		assert.Equal(t, want, auditEntries(t, standIn, query), query)
	}
	for _, query := range []string{"?event_types[]=user.created", "?effective_at[gt]=soon", "?tenant_only=yes"} {
		assert.Equal(t, http.StatusBadRequest, get(t, standIn, auditLogs+query).status, query)
	}
	assert.Empty(t, standIn.Unknown())
	assert.Equal(t, http.StatusBadRequest, get(t, standIn, auditLogs+"?event_types=user.added").status)
	assert.NotEmpty(t, standIn.Unknown(), "types without brackets are a mistake of the client")
}

func TestAuditLogComesLate(t *testing.T) {
	t.Parallel()
	at := time.Unix(writeTime, 0)
	standIn := newWritable()
	standIn.Now = func() time.Time { return at }
	standIn.AuditLog.Lag, standIn.AuditLog.LateEvery, standIn.AuditLog.LateBy = 10*time.Second, 3, time.Minute
	for i := range 4 {
		post(t, standIn, "/organization/groups", fmt.Sprintf(`{"name":"N%d"}`, i))
	}
	assert.Empty(t, auditEntries(t, standIn, ""))
	at = at.Add(10 * time.Second)
	assert.Len(t, auditEntries(t, standIn, ""), 3)
	at = at.Add(time.Minute)
	newestFirst := auditEntries(t, standIn, "")
	assert.Equal(t, "group.created group_Made000000000004 in default", newestFirst[0])
	assert.Len(t, newestFirst, 4)
	standIn.Update(func(*openaitest.Organization) { standIn.AuditLog.OldestFirst = true })
	assert.Equal(t, "group.created group_Made000000000001 in default", auditEntries(t, standIn, "")[0])
}

func TestAuditLogIsOff(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound} {
		standIn := newWritable()
		standIn.AuditLog.Off = status
		post(t, standIn, "/organization/groups", `{"name":"N"}`)
		assert.Equal(t, status, get(t, standIn, auditLogs).status)
		assert.Empty(t, standIn.Recorded())
	}
	assert.Panics(t, func() { get(t, &openaitest.Server{AuditLog: openaitest.AuditLog{Off: 500}}, auditLogs) })
	restrictedKey := newWritable()
	restrictedKey.Keys = restricted("audit_logs", "api.audit_logs.read")
	assert.Equal(t, http.StatusForbidden, get(t, restrictedKey, auditLogs).status)
}

// recordAll changes something of every kind, on OpenAI's pages and with a key.
func recordAll(t *testing.T, standIn *openaitest.Server) {
	t.Helper()
	standIn.Update(func(o *openaitest.Organization) {
		o.Invites[0].Status = "accepted"
		o.Projects = o.Projects[:2]
		o.Roles[0].Name = "Other"
	})
	for _, w := range slices.Concat(creations, changes) {
		w.send(t, standIn)
	}
	standIn.Record(
		openaitest.AuditLogEntry{Type: "login.succeeded", Actor: openaitest.AuditLogActor{UserID: "dee"}},
		openaitest.AuditLogEntry{Type: "scim.enabled", Details: map[string]any{"id": "org-1"}},
	)
}
