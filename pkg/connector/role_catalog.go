package connector

import (
	"context"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// roleCatalog has the roles of a role list by the API's id, each with the name that it goes by if it is predefined, and ""
// if it is a role like a custom one. The predefined roles' ids are long and differ from organization to organization and
// project to project, so they are looked up and never built.
type roleCatalog map[string]string

// roleScope is what roles are of: the organization or a project.
type roleScope struct {
	// noun stands in display names and ids, resourceType in a role's resource_type.
	noun, resourceType string
	// name is the predefined role that a word of the API means, "" if it is none.
	name func(word string) string
}

var (
	scopeOrganization = roleScope{"organization", "api.organization", organizationRoleName}
	scopeProject      = roleScope{"project", "api.project", projectRoleName}
)

// predefinedRoleID matches the documented forms of a predefined role's id: role-api-project-member, which the API takes
// and may answer, and role-api-project-member__api-project__proj_abc, which it lists.
var predefinedRoleID = regexp.MustCompile(`^role-api-([a-z]+)-([a-z]+)(?:__.*)?$`)

// wordsOfRoleID gives the noun that such an id says the role is of, and the word that says which role it is; "" for any
// other id.
func wordsOfRoleID(id string) (string, string) {
	if found := predefinedRoleID.FindStringSubmatch(id); len(found) == 3 {
		return found[1], found[2]
	}
	return "", ""
}

// predefined gives the name that a role of the scope goes by, or "" if it is not one of the predefined roles that this
// connector knows. The API's flag comes first, for a custom role may be called Owner as well. Then one of three tells
// which it is: its name, the display name that some answers have in its place ("Project Owner"), or its id.
func (s roleScope) predefined(role client.Role) string {
	if !role.PredefinedRole || role.ResourceType != "" && role.ResourceType != s.resourceType {
		return ""
	}
	noun, word := wordsOfRoleID(role.ID)
	if noun != "" && noun != s.noun {
		return ""
	}
	words := strings.Fields(role.Name)
	if len(words) == 2 && strings.EqualFold(words[0], s.noun) {
		words = words[1:]
	}
	if len(words) == 1 {
		if name := s.name(words[0]); name != "" {
			return name
		}
	}
	return s.name(word)
}

// organizationRoleName is the predefined organization role that a word of the API means, "" if it is none. In old
// payloads the least role was called member.
func organizationRoleName(word string) string {
	switch word := strings.ToLower(word); word {
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
	switch word := strings.ToLower(word); word {
	case slugOwner, slugMember, slugViewer:
		return word
	default:
		return ""
	}
}

// predefinedIn gives the rule by which the predefined roles of the organization, or of any project, are told.
func predefinedIn(id string) func(client.Role) string {
	if id == organizationKey {
		return scopeOrganization.predefined
	}
	return scopeProject.predefined
}

// newCatalog is the catalog of the organization's roles, or of a project's by its id.
func newCatalog(roles iter.Seq[client.Role], in string) roleCatalog {
	catalog, predefined := roleCatalog{}, predefinedIn(in)
	for role := range roles {
		catalog[role.ID] = predefined(role)
	}
	return catalog
}

// tellUnknownRoles warns of the predefined roles of a page that this version does not know, once for each page.
func tellUnknownRoles(in string) func(context.Context, syncSession, client.Page[client.Role]) error {
	return func(ctx context.Context, _ syncSession, page client.Page[client.Role]) error {
		predefined := predefinedIn(in)
		for _, role := range page.Items {
			if role.PredefinedRole && predefined(role) == "" {
				warn(ctx, "OpenAI has a predefined role that this version does not know; it is shown under its id, like a custom role",
					zap.String("role_id", role.ID), zap.String("role", role.Name), zap.String("in", in))
			}
		}
		return nil
	}
}

// organizationRoles gives the catalog of the organization, nil where its roles are no part of the sync. There is one for
// all users, so it is kept in memory.
func (s *syncReader) organizationRoles(ctx context.Context) (roleCatalog, error) {
	if !s.includes(resourceTypeOrganizationRole) {
		return nil, nil
	}
	s.mu.Lock()
	catalog := s.catalog
	s.mu.Unlock()
	if catalog != nil {
		return catalog, nil
	}
	catalog, err := s.roleCatalog(ctx, organizationRolesList(), organizationKey)
	if err == nil {
		s.mu.Lock()
		s.catalog = catalog
		s.mu.Unlock()
	}
	return catalog, err
}

// projectRoles gives the catalog of a project, nil where project roles are no part of the sync.
func (s *syncReader) projectRoles(ctx context.Context, projectID string) (roleCatalog, error) {
	if !s.includes(resourceTypeProjectRole) {
		return nil, nil
	}
	return s.roleCatalog(ctx, projectRolesList(projectID), projectID)
}

// roleCatalog reads the catalog from the pages of the list, those before it began again included, whose roles are shown as
// well. It is kept nowhere else: one that grows from page to page would lack those that other processes have added.
func (s *syncReader) roleCatalog(ctx context.Context, l list[client.Role], in string) (roleCatalog, error) {
	catalog := roleCatalog{}
	for page, err := range askPages(ctx, s, l) {
		if err != nil {
			return nil, err
		}
		maps.Copy(catalog, newCatalog(slices.Values(page.Items), in))
	}
	return catalog, nil
}

// hasCustom tells whether there are roles that no row of a user names, so that they have to be asked for principal by
// principal.
func (c roleCatalog) hasCustom() bool {
	for _, name := range c {
		if name == "" {
			return true
		}
	}
	return false
}

// find gives the name of an assigned role, and false if the role is not known. The id that an assignment names may be an
// alias of a predefined role's; the row then still says which one it is.
func (c roleCatalog) find(assigned client.AssignedRole, predefined func(client.Role) string) (string, bool) {
	if name, ok := c[assigned.ID]; ok {
		return name, true
	}
	name := predefined(assigned.Role)
	return name, name != ""
}
