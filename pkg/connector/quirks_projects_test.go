package connector_test

import (
	"testing"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// A project user has the role in its row, in any spelling, or else the roles in the assignment list, predefined or
// custom.
func TestUnknownProjectUserRole(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		role  string
		json  openaitest.Fields
		held  []string
		means string
		roles []string
	}{
		"null":                     {role: "", json: openaitest.Fields{"role": nil}, held: []string{"member"}, means: "member"},
		"absent":                   {role: "", json: openaitest.Fields{"role": openaitest.Absent{}}, held: []string{"viewer"}, means: "viewer"},
		"unknown":                  {role: "auditor", held: []string{"owner"}, means: "owner"},
		"uppercase":                {role: "MEMBER", means: "member"},
		"uppercase, assigned also": {role: "Viewer", held: []string{"viewer"}, means: "viewer"},
		"name of a custom role":    {role: "Fine-tuner", held: []string{tunerRole, "member"}, means: "member", roles: []string{tunerRole}},
	}
	set := func(o *openaitest.Organization, user func(name string) openaitest.ProjectUser) {
		for name := range tests {
			o.Users = append(o.Users, openaitest.User{ID: "user-" + name, Role: "reader"})
			p := project(o, searchProject)
			p.Users = append(p.Users, user(name))
		}
	}
	prepare := func(o *openaitest.Organization) {
		set(o, func(name string) openaitest.ProjectUser {
			test := tests[name]
			return openaitest.ProjectUser{UserID: "user-" + name, Role: test.role, RoleIDs: test.held, JSON: test.json}
		})
	}
	effect := func(o *openaitest.Organization) {
		set(o, func(name string) openaitest.ProjectUser {
			return openaitest.ProjectUser{UserID: "user-" + name, Role: tests[name].means, RoleIDs: tests[name].roles}
		})
	}
	without := func(o *openaitest.Organization) {
		p := project(o, searchProject)
		p.Roles = nil
		for i := range p.Users {
			if p.Users[i].Role != "Fine-tuner" {
				p.Users[i].RoleIDs = without(p.Users[i].RoleIDs, tunerRole)
			} else {
				p.Users[i].RoleIDs = []string{"member"}
			}
		}
		for i := range p.Groups {
			p.Groups[i].RoleIDs = without(p.Groups[i].RoleIDs, tunerRole)
		}
		for i := range p.ServiceAccounts {
			p.ServiceAccounts[i].RoleIDs = nil
		}
	}
	requireQuirks(t, map[string]quirk{
		"custom roles":    {prepare: func(s *openaitest.Server) { prepare(&s.Organization) }, effect: effect},
		"no custom roles": {prepare: func(s *openaitest.Server) { prepare(&s.Organization); without(&s.Organization) }, effect: func(o *openaitest.Organization) { effect(o); without(o) }},
	})
}

// A project user without any role has no grant on the project.
func TestProjectUserWithoutAnyRole(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"no role": {
		prepare: func(s *openaitest.Server) {
			p := project(&s.Organization, searchProject)
			p.Users = append(p.Users, openaitest.ProjectUser{UserID: diego, Role: "auditor"})
		},
		effect: func(*openaitest.Organization) {},
	}})
}

// A service account has the role in its row, or else the roles in the assignment list. "none" is no role.
func TestServiceAccountRoles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		role  string
		json  openaitest.Fields
		held  []string
		want  string
		also  string
		shown any
	}{
		"none":                {role: "none", want: "none", shown: "none"},
		"none, assigned also": {role: "none", held: []string{"member"}, want: "member", shown: "none"},
		"none, assigned more": {role: "none", held: []string{"member", "viewer"}, want: "member", also: "viewer", shown: "none"},
		"null":                {role: "", json: openaitest.Fields{"role": nil}, held: []string{"member"}, want: "member"},
		"null, nothing held":  {role: "", json: openaitest.Fields{"role": nil}, want: "none"},
		"absent":              {role: "", json: openaitest.Fields{"role": openaitest.Absent{}}, held: []string{"owner"}, want: "owner"},
		"unknown":             {role: "operator", held: []string{"owner"}, want: "owner", shown: "operator"},
		"uppercase":           {role: "OWNER", want: "owner", shown: "OWNER"},
		"viewer":              {role: "viewer", want: "viewer", shown: "viewer"},
	}
	for _, in := range []string{searchProject, "proj_plain"} {
		add := func(o *openaitest.Organization, account func(name string) openaitest.ServiceAccount) {
			o.Projects = append(o.Projects, openaitest.Project{ID: "proj_plain", Name: "No custom roles", Status: "active"})
			p := project(o, in)
			for name := range tests {
				a := account(name)
				a.ID, a.Name = "svc_acct_"+name, name
				p.ServiceAccounts = append(p.ServiceAccounts, a)
			}
		}
		requireQuirks(t, map[string]quirk{in: {
			prepare: func(s *openaitest.Server) {
				add(&s.Organization, func(name string) openaitest.ServiceAccount {
					return openaitest.ServiceAccount{Role: tests[name].role, RoleIDs: tests[name].held, JSON: tests[name].json}
				})
			},
			effect: func(o *openaitest.Organization) {
				add(o, func(name string) openaitest.ServiceAccount {
					wanted := openaitest.ServiceAccount{Role: tests[name].want}
					if also := tests[name].also; also != "" {
						wanted.RoleIDs = []string{also}
					}
					return wanted
				})
			},
			amend: func(f file) file {
				for name, test := range tests {
					f = f.withProfile("service_account:svc_acct_"+name, "role", test.shown)
				}
				return f
			},
		}})
	}
}

// Organization owners who are listed in a project, as in some organizations, do not change the file.
func TestImplicitOwnersListedInProjects(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"listed": {prepare: func(s *openaitest.Server) { s.ListImplicitOwners = true }}})
}

// An organization owner with another project role than owner has that role too.
func TestOrganizationOwnerWithAnotherProjectRole(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"viewer": {prepare: func(s *openaitest.Server) {
		p := project(&s.Organization, searchProject)
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: priya, Role: "viewer", RoleIDs: []string{tunerRole}})
	}}})
}

// Users and groups of a project that the organization does not list are left out, with one warning each that counts
// them.
func TestProjectMembersUnknownToTheOrganization(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"unlisted": {
		prepare: func(s *openaitest.Server) {
			p, q := project(&s.Organization, searchProject), project(&s.Organization, assistantProject)
			p.Users = append(p.Users,
				openaitest.ProjectUser{UserID: "user-stranger1", Role: "owner"},
				openaitest.ProjectUser{UserID: "user-stranger2", Role: "auditor", RoleIDs: []string{tunerRole}})
			q.Groups = append(q.Groups, openaitest.ProjectGroup{GroupID: "group_stranger", RoleIDs: []string{"owner"}})
		},
		warned: []warning{
			{"users of this project are left out", map[string]any{"project_id": searchProject, "project": "Catalogue search", "count": 2}},
			{"groups of this project are left out", map[string]any{"project_id": assistantProject, "project": "Support assistant", "count": 1}},
		},
	}})
}

// A service account among the users of a project is the service account, unless it is a user as well. The API has one
// assignment list for both, with the roles of both.
func TestServiceAccountAmongProjectUsers(t *testing.T) {
	t.Parallel()
	list := func(o *openaitest.Organization) {
		p := project(o, assistantProject)
		p.Users = append(p.Users, openaitest.ProjectUser{UserID: indexerAccount, Role: "viewer"}, openaitest.ProjectUser{UserID: legacyUser, Role: "viewer"})
	}
	requireQuirks(t, map[string]quirk{"listed": {
		prepare: func(s *openaitest.Server) { list(&s.Organization) },
		effect: func(o *openaitest.Organization) {
			list(o)
			accounts := project(o, assistantProject).ServiceAccounts
			find(accounts, func(a openaitest.ServiceAccount) string { return a.ID }, legacyUser).RoleIDs = []string{"viewer"}
		},
	}})
}

// Without a name, the id is the display name.
func TestProjectsAndServiceAccountsWithoutNames(t *testing.T) {
	t.Parallel()
	requireQuirks(t, map[string]quirk{"names": {
		prepare: func(s *openaitest.Server) {
			project(&s.Organization, assistantProject).JSON = openaitest.Fields{"name": nil, "status": openaitest.Absent{}}
			account(&s.Organization, idleAccount).JSON = openaitest.Fields{"name": openaitest.Absent{}, "object": "object: organization.project.service_account"}
			account(&s.Organization, indexerAccount).JSON = openaitest.Fields{"name": nil}
		},
		effect: func(o *openaitest.Organization) {
			project(o, assistantProject).Name = assistantProject
			account(o, idleAccount).Name, account(o, indexerAccount).Name = idleAccount, indexerAccount
		},
		amend: func(f file) file { return f.withProfile("project:"+assistantProject, "status", nil) },
	}})
}

// without is the list without the item.
func without(list []string, item string) []string {
	var kept []string
	for _, other := range list {
		if other != item {
			kept = append(kept, other)
		}
	}
	return kept
}
