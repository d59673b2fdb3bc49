package openaitest

import (
	"math/rand/v2"
)

// Size has the numbers of objects that [Seeded] makes. A zero field means the default, a negative one means none.
type Size struct {
	// Users defaults to 50. There is always a first one, an owner.
	Users int
	// Invites, Groups and Projects default to a tenth of Users.
	Invites, Groups, Projects int
	// MembersPerGroup and UsersPerProject default to 10; neither exceeds Users.
	MembersPerGroup, UsersPerProject int
	// ServiceAccountsPerProject defaults to 3, KeysPerProject to 6, GroupsPerProject to 2 and at most Groups.
	ServiceAccountsPerProject, KeysPerProject, GroupsPerProject int
	// AdminKeys defaults to 4.
	AdminKeys int
	// CustomRoles is the number of custom roles of the organization. It defaults to 3.
	CustomRoles int
	// ProjectsWithCustomRoles is the number of projects, from the first on, that have custom roles. It defaults to a third of
	// Projects.
	ProjectsWithCustomRoles int
}

func (s Size) withDefaults() Size {
	s.Users = max(1, orDefault(s.Users, 50))
	tenth := (s.Users + 9) / 10
	s.Invites = orDefault(s.Invites, tenth)
	s.Groups = orDefault(s.Groups, tenth)
	s.Projects = orDefault(s.Projects, tenth)
	s.MembersPerGroup = min(s.Users, orDefault(s.MembersPerGroup, 10))
	s.UsersPerProject = min(s.Users, orDefault(s.UsersPerProject, 10))
	s.ServiceAccountsPerProject = orDefault(s.ServiceAccountsPerProject, 3)
	s.KeysPerProject = orDefault(s.KeysPerProject, 6)
	s.GroupsPerProject = min(s.Groups, orDefault(s.GroupsPerProject, 2))
	s.AdminKeys = orDefault(s.AdminKeys, 4)
	s.CustomRoles = orDefault(s.CustomRoles, 3)
	s.ProjectsWithCustomRoles = orDefault(s.ProjectsWithCustomRoles, (s.Projects+2)/3)
	return s
}

func orDefault(n, defaultValue int) int {
	if n == 0 {
		return defaultValue
	}
	return max(0, n)
}

// Seeded makes an organization of any size. It is a function of the seed and the size. It has what real organizations have:
// owners and readers, an owner through a group, custom roles held directly, through a group and both ways, SCIM-managed users
// and groups, service accounts among the users and the group members, an unlisted tenant user in a group, an empty group,
// archived projects, keys of deleted owners, service accounts without role, expired and accepted invites, null names and email
// addresses in capitals. Small sizes lack some of these.
func Seeded(seed uint64, size Size) Organization {
	s := &seeder{rng: rand.New(rand.NewPCG(seed, 0)), size: size.withDefaults()} //nolint:gosec // repeatable, not secret
	s.o.ID = s.id("org-")
	s.addRoles()
	s.addUsers()
	s.addProjects()
	s.addGroups()
	for i := range s.o.Projects {
		if s.o.Projects[i].Status == statusActive {
			s.fillProject(i)
		}
	}
	s.addInvites()
	s.addAdminKeys()
	return s.o
}

type seeder struct {
	rng  *rand.Rand
	size Size
	o    Organization
	// accounts are the ids of the service accounts among the users.
	accounts []string
}

// The seeded times are in the two years before seedEnd, 2025-10-09.
const (
	seedEnd  = 1_760_000_000
	seedSpan = 2 * 365 * 24 * 3600
)

const idAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func (s *seeder) id(prefix string) string {
	b := []byte(prefix)
	for range 24 {
		b = append(b, idAlphabet[s.rng.IntN(len(idAlphabet))])
	}
	return string(b)
}

func (s *seeder) past() int64 { return seedEnd - s.rng.Int64N(seedSpan) }

// pastOrZero is a time in the past for half of the calls, else 0.
func (s *seeder) pastOrZero() int64 {
	if s.rng.IntN(2) == 0 {
		return 0
	}
	return s.past()
}

// pick returns up to k different numbers less than n.
func (s *seeder) pick(n, k int) []int {
	if k > n/3 {
		return s.rng.Perm(n)[:min(k, n)]
	}
	picked := make(map[int]bool, k)
	numbers := make([]int, 0, k)
	for len(numbers) < k {
		if i := s.rng.IntN(n); !picked[i] {
			picked[i] = true
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// oneOf gives one of the items, and none if there are none.
func oneOf[T any](items []T, i int) []T {
	if len(items) == 0 {
		return nil
	}
	return []T{items[i%len(items)]}
}
