package connector_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// holds reports whether the principal has the access directly, or as an organization owner.
func holds(o *openaitest.Organization, a access) bool {
	who, what, slug := parseID(a.principal), a.resource(), a.slug()
	switch what.GetResourceType() {
	case "organization_role":
		if who.GetResourceType() == "group" {
			return slices.Contains(group(o, who.GetResource()).RoleIDs, what.GetResource())
		}
		u := user(o, who.GetResource())
		return u.Role == what.GetResource() || slices.Contains(u.RoleIDs, what.GetResource())
	case "group":
		return slices.Contains(group(o, what.GetResource()).MemberIDs, who.GetResource())
	case "project":
		owner := who.GetResourceType() == "user" && slug == "owner" && user(o, who.GetResource()).Role == "owner"
		return owner || slices.Contains(rolesIn(project(o, what.GetResource()), a.principal), slug)
	default:
		projectID, roleID, _ := strings.Cut(what.GetResource(), "/")
		return slices.Contains(rolesIn(project(o, projectID), a.principal), roleID)
	}
}

func rolesIn(p *openaitest.Project, principal string) []string {
	for _, user := range p.Users {
		if "user:"+user.UserID == principal {
			return append([]string{user.Role}, user.RoleIDs...)
		}
	}
	for _, group := range p.Groups {
		if "group:"+group.GroupID == principal {
			return group.RoleIDs
		}
	}
	for _, account := range p.ServiceAccounts {
		if "service_account:"+account.ID == principal {
			return append([]string{account.Role}, account.RoleIDs...)
		}
	}
	return nil
}

// everyAccess is all access that can be granted in an organization.
func everyAccess(o openaitest.Organization) []access {
	users := many(len(o.Users), func(i int) string { return "user:" + o.Users[i].ID })
	groups := many(len(o.Groups), func(i int) string { return "group:" + o.Groups[i].ID })
	var accounts []string
	for _, project := range o.Projects {
		for _, account := range project.ServiceAccounts {
			accounts = append(accounts, "service_account:"+account.ID)
		}
	}
	var all []access
	add := func(entitlement string, principals ...[]string) {
		for _, principal := range slices.Concat(principals...) {
			all = append(all, access{entitlement, principal})
		}
	}
	for _, role := range []string{"owner", "reader", "r-audit", "r-bill"} {
		add("organization_role:"+role+":assigned", users, groups)
	}
	for _, group := range groups {
		add(group+":member", users, accounts)
	}
	for _, project := range o.Projects {
		for _, slug := range []string{"owner", "member", "viewer"} {
			add("project:"+project.ID+":"+slug, users, groups, accounts)
		}
		for _, role := range project.Roles {
			add("project_role:"+project.ID+"/"+role.ID+":assigned", users, groups, accounts)
		}
	}
	return all
}

// Random grants and revocations in any order: a success is in the organization, a failure was refused and changed
// nothing, and a sync has exactly the rows of the resulting organization.
func TestRandomGrantsAndRevocations(t *testing.T) {
	t.Parallel()
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			server := newServer()
			server.ListImplicitOwners = seed%2 == 1
			d := connect(t, server)
			all := everyAccess(smallOrganization())
			inShapes := []shape{shapes["full"], shapes["identity only"]}
			var recent []access
			succeeded := 0
			for range 60 {
				a := all[rng.IntN(len(all))]
				if len(recent) > 0 && rng.IntN(3) == 0 {
					a = recent[rng.IntN(len(recent))] // access that was changed recently is changed again
				}
				recent = append(recent, a)
				before := server.Snapshot()
				in := inShapes[rng.IntN(len(inShapes))]
				grants := rng.IntN(2) == 0
				var err error
				if grants {
					_, err = d.grant(t.Context(), in, a)
				} else {
					_, err = d.revoke(t.Context(), in, a)
				}
				after := server.Snapshot()
				if err != nil {
					require.Equalf(t, codes.FailedPrecondition, status.Code(err), "%s: %v", a.grantID(), err)
					requireState(t, before, server)
					continue
				}
				succeeded++
				require.Equalf(t, grants, holds(&after, a), "granted %v: %s", grants, a.grantID())
			}
			require.Greater(t, succeeded, 20)
			require.Empty(t, server.Unknown())

			synced := runSync(t, server, syncOptions{})
			require.NoError(t, synced.err)
			requireSame(t, expected(server.Snapshot()), readRows(t, synced.store))
		})
	}
}

// A sync has the grant that the answer to a grant request names. One of each kind is tested.
func TestGrantOfAnAnswerIsInTheSync(t *testing.T) {
	t.Parallel()
	type kind struct{ entitlement, principal string }
	seen := map[kind]bool{}
	for _, cases := range []map[string]grantCase{organizationGrants, groupGrants, projectGrants, projectRoleGrants} {
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			test := cases[name]
			entitlement, _, _ := strings.Cut(test.entitlement, ":")
			principal, _, _ := strings.Cut(test.principal, ":")
			if seen[kind{entitlement, principal}] {
				continue
			}
			seen[kind{entitlement, principal}] = true
			t.Run(test.grantID()+", "+name, func(t *testing.T) {
				t.Parallel()
				server := newServer(test.prepare)
				d := connect(t, server)
				answer, err := d.grant(t.Context(), shapes["full"], test.access)
				require.NoError(t, err)
				synced := runSync(t, server, syncOptions{})
				require.NoError(t, synced.err)
				found := map[string]bool{}
				for _, row := range decode[grantRow](t, readRows(t, synced.store).Grants) {
					found[row.Entitlement+":"+row.Principal] = true
				}
				for _, grant := range answer.GetGrants() {
					require.Contains(t, found, grant.GetId())
				}
			})
		}
	}
}
