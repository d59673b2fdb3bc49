package connector

import (
	"cmp"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// The predefined organization roles, by which their resources go as well: the API's ids of them are too unstable.
const (
	roleOwner  = "owner"
	roleReader = "reader"
)

// predefinedOrganizationRoles has the display name of each, and its place in the exclusion group: higher is more.
var predefinedOrganizationRoles = map[string]struct {
	displayName string
	order       uint32
}{
	roleReader: {"Reader", 1},
	roleOwner:  {"Owner", 2},
}

// roleScope is the place that roles belong to: the organization or a project.
type roleScope struct {
	// noun stands in display names and ids, resourceType in a role's resource_type. A role with the resource_type of the other
	// scope is none of this one; any other word there says nothing.
	noun, resourceType, otherResourceType string
	// name is the predefined role that a word of the API means, "" if it is none.
	name func(word string) string
}

var (
	scopeOrganization = roleScope{"organization", "api.organization", "api.project", organizationRoleName}
	scopeProject      = roleScope{"project", "api.project", "api.organization", projectRoleName}
)

// predefinedRoleID matches the documented forms of a predefined role's id: role-api-project-member, which the API takes
// and may answer, and role-api-project-member__api-project__proj_abc, which it lists.
var predefinedRoleID = regexp.MustCompile(`^role-api-([a-z]+)-([a-z]+)(?:__.*)?$`)

// parsePredefinedRoleID gives the noun that such an id says the role is of, and the word that says which role it is; "" for any
// other id.
func parsePredefinedRoleID(id string) (string, string) {
	if found := predefinedRoleID.FindStringSubmatch(id); len(found) == 3 {
		return found[1], found[2]
	}
	return "", ""
}

// isPredefined tells a predefined role by the API's flag, since a custom role may be called Owner as well. Where there is no flag,
// the documented form of the id says the same.
func isPredefined(role client.Role) bool {
	if role.PredefinedRole != nil {
		return *role.PredefinedRole
	}
	noun, _ := parsePredefinedRoleID(role.ID)
	return noun != ""
}

// predefined gives the name that a role of the scope goes by, or "" if it is not one of the predefined roles that this
// connector knows. One of three tells which it is: its name, the display name that some answers have in its place
// ("Project Owner"), or its id.
func (s roleScope) predefined(role client.Role) string {
	if !isPredefined(role) || role.ResourceType == s.otherResourceType {
		return ""
	}
	noun, word := parsePredefinedRoleID(role.ID)
	if noun != "" && noun != s.noun {
		return ""
	}
	return cmp.Or(s.name(role.Name), s.name(word))
}

// unlistedRole is a predefined role of the organization that its list leaves out.
func unlistedRole(name string) *client.Role {
	isPredefined := true
	return &client.Role{Name: name, PredefinedRole: &isPredefined}
}

// withoutNoun gives the one word of a role's name or display name ("Project owner"), in lower case; "" for other names.
func withoutNoun(name, noun string) string {
	words := strings.Fields(strings.ToLower(name))
	if len(words) == 2 && words[0] == noun {
		words = words[1:]
	}
	if len(words) != 1 {
		return ""
	}
	return words[0]
}

// isInDoubt tells the row of an assignment that may be of a predefined role and does not say of which: without a name, with the
// flag alone, or with the name or the id of one and without the flag. The role list decides then, as it does in a sync.
func (s roleScope) isInDoubt(role client.Role) bool {
	if s.predefined(role) != "" {
		return false
	}
	noun, _ := parsePredefinedRoleID(role.ID)
	return isPredefined(role) || noun == s.noun || s.name(role.Name) != "" || strings.TrimSpace(role.Name) == ""
}

// organizationRoleID gives the id by which a role of the organization goes: its name if it is predefined, else the API's id. A
// custom role whose id is such a name would be shown as that role.
func organizationRoleID(role client.Role) (string, error) {
	if name := scopeOrganization.predefined(role); name != "" {
		return name, nil
	}
	if _, taken := predefinedOrganizationRoles[role.ID]; taken {
		return "", newError(codes.FailedPrecondition,
			"OpenAI has a role with the id %q that is not its predefined role, and would be shown as that one: create the role anew at OpenAI, which gives it another id, and delete this one", role.ID)
	}
	return role.ID, nil
}

// organizationRoleName is the predefined organization role that a word of the API means, "" if it is none. In old
// payloads the least role was called member.
func organizationRoleName(word string) string {
	switch word := withoutNoun(word, "organization"); word {
	case roleOwner, roleReader:
		return word
	case "member":
		return roleReader
	default:
		return ""
	}
}

// projectRoleName is the predefined project role that a word of the API means, "" if it is none.
func projectRoleName(word string) string {
	switch word := withoutNoun(word, "project"); word {
	case slugOwner, slugMember, slugViewer:
		return word
	default:
		return ""
	}
}

// predefinedIn gives the rule by which the predefined roles of the organization, or of any project, are told.
func predefinedIn(id string) func(client.Role) string { return scopeIn(id).predefined }

// scopeIn gives the scope of the organization, or of any project.
func scopeIn(id string) roleScope {
	if id == organizationKey {
		return scopeOrganization
	}
	return scopeProject
}

// serviceAccountRole is the predefined project role that a service account's row names, or none; "" for another word.
func serviceAccountRole(word string) string {
	if word == serviceAccountWithoutRole {
		return word
	}
	return projectRoleName(word)
}

// serviceAccountWithoutRole is the word for an account whose access, if it has any, was given by assignment.
const serviceAccountWithoutRole = "none"
