package openaitest

import (
	"fmt"
	"slices"
)

// fillProject adds the roles, users, groups and keys. The groups of the organization must exist.
func (s *seeder) fillProject(i int) {
	p := &s.o.Projects[i]
	if i < s.size.ProjectsWithCustomRoles {
		s.addProjectRoles(p)
	}
	s.addProjectUsers(p)
	s.addProjectGroups(p, i)
	for k := range p.ServiceAccounts {
		if k%3 == 0 {
			p.ServiceAccounts[k].RoleIDs = roleIDs(oneOf(p.Roles, k))
		}
	}
	s.addProjectKeys(p)
}

func (s *seeder) addProjectRoles(p *Project) {
	for i := range 2 {
		p.Roles = append(p.Roles, Role{
			ID:          s.id("role_"),
			Name:        fmt.Sprintf("%s custom %d", p.Name, i+1),
			Permissions: []string{"api.model.request"},
			CreatedAt:   s.past(),
		})
	}
}

func (s *seeder) addProjectUsers(p *Project) {
	roles := []string{roleMember, roleViewer, roleOwner}
	for k, i := range s.pick(len(s.o.Users), s.size.UsersPerProject) {
		user := ProjectUser{UserID: s.o.Users[i].ID, Role: roles[k%len(roles)], AddedAt: s.past()}
		if p.serviceAccount(user.UserID) != nil {
			continue
		}
		if k%4 == 1 {
			user.RoleIDs = roleIDs(oneOf(p.Roles, k))
		}
		p.Users = append(p.Users, user)
	}
}

// addProjectGroups gives the groups different roles. A member of each group with a custom role also holds it directly.
func (s *seeder) addProjectGroups(p *Project, project int) {
	for k, i := range s.pick(len(s.o.Groups), s.size.GroupsPerProject) {
		group := ProjectGroup{GroupID: s.o.Groups[i].ID, CreatedAt: s.past()}
		switch custom := roleIDs(oneOf(p.Roles, k)); (project + k) % 3 {
		case 0:
			s.holdBothWays(p, s.o.Groups[i].MemberIDs, custom)
			group.RoleIDs = custom
			if len(custom) == 0 {
				group.RoleIDs = []string{roleMember}
			}
		case 1:
			s.holdBothWays(p, s.o.Groups[i].MemberIDs, custom)
			group.RoleIDs = slices.Concat(custom, []string{roleViewer})
		default:
			group.RoleIDs = []string{roleOwner}
		}
		p.Groups = append(p.Groups, group)
	}
}

func (s *seeder) holdBothWays(p *Project, members, custom []string) {
	isUser := func(id string) bool { return s.o.user(id) != nil && p.serviceAccount(id) == nil }
	holder := slices.IndexFunc(members, isUser)
	if len(custom) == 0 || holder < 0 || s.size.UsersPerProject == 0 {
		return
	}
	id := members[holder]
	if user := p.user(id); user != nil {
		user.RoleIDs = slices.Clone(custom)
		return
	}
	p.Users = append(p.Users, ProjectUser{UserID: id, Role: roleMember, AddedAt: s.past(), RoleIDs: slices.Clone(custom)})
}

// addProjectKeys gives the keys different kinds of owners.
func (s *seeder) addProjectKeys(p *Project) {
	for i := range s.size.KeysPerProject {
		key := ProjectAPIKey{
			ID:                 s.id("key_"),
			Name:               fmt.Sprintf("Key %d", i+1),
			RedactedValue:      s.redacted("sk-proj-"),
			CreatedAt:          s.past(),
			LastUsedAt:         s.pastOrZero(),
			OwnerProjectAccess: statusActive,
			OwnerType:          typeUser,
		}
		s.setKeyOwner(p, &key, i)
		if i%5 == 4 {
			key.ExpiresAt = key.CreatedAt + 30*24*3600
		}
		if i%6 == 5 {
			key.Name = ""
		}
		p.APIKeys = append(p.APIKeys, key)
	}
}

func (s *seeder) setKeyOwner(p *Project, key *ProjectAPIKey, i int) {
	account := oneOf(p.ServiceAccounts, i)
	user := oneOf(p.Users, i)
	switch {
	case i%4 == 1 && len(account) > 0:
		key.OwnerType, key.OwnerID = typeServiceAccount, account[0].ID
		key.RedactedValue = s.redacted("sk-svcacct-")
	case i%4 != 2 && i%4 != 3 && len(user) > 0:
		key.OwnerID = user[0].UserID
	case i%4 == 3 && p.user(s.o.Users[i%len(s.o.Users)].ID) == nil:
		// In the organization, no longer in the project.
		key.OwnerID, key.OwnerProjectAccess = s.o.Users[i%len(s.o.Users)].ID, statusInactive
	default:
		// Gone from the organization.
		key.OwnerID, key.OwnerProjectAccess = s.id("user-"), statusInactive
	}
}
