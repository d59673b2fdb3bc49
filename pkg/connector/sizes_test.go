package connector_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// Answers are cut by size, since the SDK takes at most 4 MiB. A few large rows test the same as many small ones.
func TestSyncOfLargeLists(t *testing.T) {
	t.Parallel()
	permissions := many(20, func(i int) string { return fmt.Sprintf("api.%s.%03d", strings.Repeat("permission", 240), i) })
	roles := many(95, func(i int) openaitest.Role {
		return openaitest.Role{ID: fmt.Sprintf("role_%04d", i), Name: fmt.Sprintf("Custom %d", i), Permissions: permissions}
	})
	accounts := many(accountsOfAProject, func(i int) openaitest.ServiceAccount {
		id := fmt.Sprintf("svc_acct_%s_%05d", strings.Repeat("x", 900), i)
		return openaitest.ServiceAccount{ID: id, Name: strings.Repeat("worker ", 8_000), Role: "member", CreatedAt: 1}
	})
	organizations := map[string]openaitest.Organization{
		"roles with long permissions": {
			ID:    "org-1",
			Users: []openaitest.User{{ID: "user-1", Role: "owner", AddedAt: 1, RoleIDs: roleIDs(roles)}},
			Roles: roles,
		},
		"service accounts of one project": {
			ID:       "org-1",
			Users:    []openaitest.User{{ID: "user-1", Role: "owner", AddedAt: 1}},
			Projects: []openaitest.Project{{ID: "proj_1", Name: "One", Status: "active", CreatedAt: 1, ServiceAccounts: accounts}},
		},
	}
	for name, organization := range organizations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &openaitest.Server{Organization: organization}
			synced := runSync(t, server, syncOptions{workers: 4})
			require.NoError(t, synced.err)
			requireSame(t, expected(server.Snapshot()), readRows(t, synced.store))
		})
	}
}
