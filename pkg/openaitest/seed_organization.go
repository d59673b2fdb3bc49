package openaitest

import (
	"fmt"
	"slices"
	"strings"
)

func (s *seeder) addRoles() {
	for i := range s.size.CustomRoles {
		role := Role{
			ID:          s.id("role_"),
			Name:        fmt.Sprintf("Custom %d", i+1),
			Permissions: []string{"api.groups.read", "api.organization.read"}[:i%3%2+1],
			CreatedAt:   s.past(),
		}
		if i%2 == 0 {
			role.Description = "Seeded role"
		}
		s.o.Roles = append(s.o.Roles, role)
	}
	if len(s.o.Roles) > 1 {
		// A custom role may have the name of a predefined one.
		s.o.Roles[1].Name, s.o.Roles[1].Permissions = "Owner", nil
	}
}

func (s *seeder) roleIDs(i int) []string { return roleIDs(oneOf(s.o.Roles, i)) }

func roleIDs(roles []Role) []string {
	ids := make([]string, 0, len(roles))
	for _, role := range roles {
		ids = append(ids, role.ID)
	}
	return ids
}

var (
	givenNames = []string{"Ada", "Bela", "Chidi", "Dara", "Eun-ji", "Farid", "Grete", "Hugo", "Inés", "Jun", "Kalinda", "Łukasz", "Mira"}
	surnames   = []string{"Abara", "Brandt", "Castillo", "Demir", "Eriksen", "Fujita", "Grant", "Huang", "Iyer", "Jansen", "Kovač"}
)

func (s *seeder) addUsers() {
	for i := range s.size.Users {
		user := User{
			ID:               s.id("user-"),
			Name:             givenNames[i%len(givenNames)] + " " + surnames[i/len(givenNames)%len(surnames)],
			Email:            fmt.Sprintf("user%d@example.com", i+1),
			Role:             roleReader,
			AddedAt:          s.past(),
			IsSCIMManaged:    i%3 == 1,
			APIKeyLastUsedAt: s.pastOrZero(),
		}
		if i%13 == 0 {
			user.Role = roleOwner
		}
		if i%11 == 3 {
			user.Email = strings.ToUpper(user.Email)
		}
		if i%19 == 7 {
			user.Name = ""
		}
		if i%5 == 2 {
			user.RoleIDs = s.roleIDs(i / 5)
		}
		if i%17 == 5 {
			user.Name, user.Email, user.IsServiceAccount, user.IsSCIMManaged = fmt.Sprintf("service-%d", i+1), "", true, false
			s.accounts = append(s.accounts, user.ID)
		}
		s.o.Users = append(s.o.Users, user)
	}
}

func (s *seeder) addProjects() {
	for i := range s.size.Projects {
		project := Project{
			ID:        s.id("proj_"),
			Name:      fmt.Sprintf("Project %d", i+1),
			Status:    statusActive,
			CreatedAt: s.past(),
		}
		if i%4 == 1 {
			project.Residency, project.ExternalKeyID = "EU_STORAGE_PROCESSING", s.id("ext_")
		}
		if i%8 == 2 {
			project.Status, project.ArchivedAt = statusArchived, s.past()
		}
		if project.Status == statusActive {
			project.ServiceAccounts = s.serviceAccounts(i)
		}
		s.o.Projects = append(s.o.Projects, project)
	}
}

// serviceAccounts makes the service accounts of a project. In some projects the first one is also in the users list.
func (s *seeder) serviceAccounts(project int) []ServiceAccount {
	roles := []string{roleMember, roleOwner, roleNone}
	accounts := make([]ServiceAccount, 0, s.size.ServiceAccountsPerProject)
	for i := range s.size.ServiceAccountsPerProject {
		account := ServiceAccount{
			ID:        s.id("user-"),
			Name:      fmt.Sprintf("worker-%d-%d", project+1, i+1),
			Role:      roles[i%len(roles)],
			CreatedAt: s.past(),
		}
		if n := project / 3; i == 0 && project%3 == 1 && n < len(s.accounts) {
			account.ID = s.accounts[n]
		}
		accounts = append(accounts, account)
	}
	return accounts
}

func (s *seeder) addGroups() {
	for i := range s.size.Groups {
		group := Group{
			ID:            s.id("group_"),
			Name:          fmt.Sprintf("Group %d", i+1),
			GroupType:     typeGroup,
			CreatedAt:     s.past(),
			IsSCIMManaged: i%3 == 1,
			RoleIDs:       s.groupRoles(i),
		}
		if i%9 == 4 {
			group.GroupType = "tenant_group"
		}
		if i%6 != 2 {
			group.MemberIDs = s.groupMembers(i)
		}
		s.o.Groups = append(s.o.Groups, group)
	}
}

// groupRoles gives the first group the role owner, and the second group a role that its first member also holds directly.
func (s *seeder) groupRoles(group int) []string {
	switch group % 6 {
	case 0:
		return []string{roleOwner}
	case 1:
		return s.roleIDs(group / 6)
	case 3:
		return append(s.roleIDs(group), roleReader)
	default:
		return nil
	}
}

func (s *seeder) groupMembers(group int) []string {
	var members []string
	for _, i := range s.pick(len(s.o.Users), s.size.MembersPerGroup) {
		members = append(members, s.o.Users[i].ID)
	}
	if role := s.groupRoles(group); group%6 == 1 && len(role) > 0 && len(members) > 0 {
		holder := slices.IndexFunc(s.o.Users, func(u User) bool { return slices.Contains(u.RoleIDs, role[0]) })
		if holder >= 0 && !slices.Contains(members, s.o.Users[holder].ID) {
			members[0] = s.o.Users[holder].ID
		}
	}
	if group%10 == 1 {
		members = append(members, s.id("user-"))
	}
	if n := len(s.o.Projects); group%4 == 0 && n > 0 {
		for _, account := range oneOf(s.o.Projects[s.rng.IntN(n)].ServiceAccounts, group) {
			if !slices.Contains(members, account.ID) {
				members = append(members, account.ID)
			}
		}
	}
	return members
}

func (s *seeder) addInvites() {
	for i := range s.size.Invites {
		invite := Invite{
			ID:        s.id("invite-"),
			Email:     fmt.Sprintf("invited%d@example.com", i+1),
			Role:      roleReader,
			CreatedAt: s.past(),
		}
		invite.ExpiresAt = invite.CreatedAt + 7*24*3600
		if i%5 == 1 {
			invite.Role = roleOwner
		}
		switch i % 3 {
		case 0:
			invite.Status = statusPending
		case 1:
			invite.Status = statusExpired
		default:
			invite.Status = statusAccepted
			invite.AcceptedAt = invite.CreatedAt + 3600
			invite.Email = fmt.Sprintf("user%d@example.com", i%s.size.Users+1)
		}
		if n := len(s.o.Projects); i%2 == 0 && n > 0 {
			invite.Projects = []InviteProject{{ID: s.o.Projects[s.rng.IntN(n)].ID, Role: roleMember}}
		}
		s.o.Invites = append(s.o.Invites, invite)
	}
}

func (s *seeder) addAdminKeys() {
	for i := range s.size.AdminKeys {
		key := AdminAPIKey{
			ID:            s.id("key_"),
			Name:          fmt.Sprintf("Admin key %d", i+1),
			RedactedValue: s.redacted(adminKeyPrefix),
			CreatedAt:     s.past(),
			LastUsedAt:    s.pastOrZero(),
			OwnerType:     typeUser,
			OwnerID:       s.o.Users[0].ID,
		}
		switch i % 4 {
		case 1:
			key.ExpiresAt = key.CreatedAt + 90*24*3600
		case 2:
			key.OwnerID, key.Name = s.id("user-"), ""
		case 3:
			key.OwnerType, key.OwnerID = typeServiceAccount, s.id("user-")
		}
		s.o.AdminKeys = append(s.o.AdminKeys, key)
	}
}

func (s *seeder) redacted(prefix string) string {
	id := s.id("")
	return prefix + "***" + id[len(id)-4:]
}
