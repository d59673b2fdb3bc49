package connector_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// rolesAboveTheLimit are roles of about 6.6 kB that are more together than an answer may have.
const rolesAboveTheLimit = 700

// Pages are cut by size, whatever they hold: the SDK takes no answer above 4 MiB.
func TestSyncOfMuchInOnePlace(t *testing.T) {
	t.Parallel()
	roles := func(n int) []openaitest.Role {
		made := make([]openaitest.Role, 0, n)
		for i := range n {
			permissions := make([]string, 0, 100)
			for j := range 100 {
				permissions = append(permissions, fmt.Sprintf("api.%s.%03d", strings.Repeat("permission", 6), j))
			}
			made = append(made, openaitest.Role{ID: fmt.Sprintf("role_%04d", i), Name: fmt.Sprintf("Custom %d", i), Permissions: permissions})
		}
		return made
	}
	all := func(roles []openaitest.Role) []string {
		ids := make([]string, 0, len(roles))
		for _, role := range roles {
			ids = append(ids, role.ID)
		}
		return ids
	}
	organizationRoles, projectRoles := roles(rolesAboveTheLimit), roles(rolesAboveTheLimit)
	accounts := make([]openaitest.ServiceAccount, 0, accountsOfAProject)
	for i := range cap(accounts) {
		accounts = append(accounts, openaitest.ServiceAccount{ID: fmt.Sprintf("svc_acct_%s_%05d", strings.Repeat("x", 500), i), Name: "worker", Role: "member", CreatedAt: 1})
	}
	organizations := map[string]openaitest.Organization{
		"roles with many permissions": {
			ID:    "org-1",
			Users: []openaitest.User{{ID: "user-1", Role: "owner", AddedAt: 1, RoleIDs: all(organizationRoles)}},
			Roles: organizationRoles,
			Projects: []openaitest.Project{{
				ID: "proj_1", Name: "One", Status: "active", CreatedAt: 1, Roles: projectRoles,
				Users: []openaitest.ProjectUser{{UserID: "user-1", Role: "member", RoleIDs: all(projectRoles)}},
			}},
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
			requireSame(t, expected(server.Snapshot()), readFile(t, synced.path))
		})
	}
}
