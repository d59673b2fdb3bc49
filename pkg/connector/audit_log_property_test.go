package connector_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// rowsOf are the rows of a file by the resource whose targeted sync shows them: resources by themselves, and grants by
// the resource that gives them. Grants to a principal that is missing in the other file are left out.
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
			giving := givingResource(row)
			identity, _, _ := strings.Cut(f.Grants[i], `,"Direct"`)
			found[giving] = append(found[giving], identity)
		}
	}
	for _, rows := range found {
		slices.Sort(rows)
	}
	return found
}

func givingResource(row grantRow) string {
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

// changedResources are the resources with different rows.
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

// names reports whether the events name the resource, or a parent whose targeted sync includes it.
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

// organizationEdits are changes on OpenAI's pages that the audit log reports.
var organizationEdits = map[string]func(*openaitest.Organization){
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
		o.Groups = append(o.Groups, openaitest.Group{ID: "new", Name: "New", GroupType: "group"})
	},
	"a group is renamed":      func(o *openaitest.Organization) { o.Groups[0].Name = "Other" },
	"a group's role is given": func(o *openaitest.Organization) { o.Groups[0].RoleIDs = []string{"owner"} },
	"a group's role is taken": func(o *openaitest.Organization) { o.Groups[1].RoleIDs = nil },
	"a role comes":            func(o *openaitest.Organization) { o.Roles = append(o.Roles, openaitest.Role{ID: "r-new", Name: "New"}) },
	"a role is renamed":       func(o *openaitest.Organization) { o.Roles[0].Name = "Other" },
	"a project comes": func(o *openaitest.Organization) {
		o.Projects = append(o.Projects, openaitest.Project{ID: "new", Name: "New", Status: "active", Users: []openaitest.ProjectUser{{UserID: "ann", Role: "member"}}})
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
		o.AdminKeys = append(o.AdminKeys, openaitest.AdminAPIKey{ID: "key-new", OwnerType: "user", RedactedValue: "sk-admin-***0000"})
	},
	"a project role comes": func(o *openaitest.Organization) {
		o.Projects[0].Roles = append(o.Projects[0].Roles, openaitest.Role{ID: "r-new", Name: "New"})
	},
	"a project role is gone": func(o *openaitest.Organization) {
		o.Projects[0].Roles = o.Projects[0].Roles[:1]
	},
}

// For every change of the organization, the feed names the resources to sync, except for changes that the log does not
// report: members of groups, and the project of a change with a key.
func TestFeedNamesEveryChange(t *testing.T) {
	t.Parallel()
	for name, edit := range organizationEdits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
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
				require.Truef(t, names(before, events, resource), "nothing tells of %s: %v", resource, eventLines(events))
			}
		})
	}
}

// The same for the connector's own changes, which it makes with a key.
func TestFeedNamesOwnChanges(t *testing.T) {
	t.Parallel()
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 3))
			server := newServer()
			server.AuditLog.NamesProjects = true
			r := followFeed(t, server, "audit_log")
			d := connect(t, server)
			all := everyAccess(smallOrganization())
			named := 0
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
						continue // the log does not report members of groups, or the project of a change with a key
					}
					named++
					require.Truef(t, names(before, events, resource), "%s: nothing tells of %s: %v", a.grantID(), resource, eventLines(events))
				}
			}
			require.Greater(t, named, 5)
		})
	}
}
