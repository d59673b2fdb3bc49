package connector

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// roleCatalog is what a role list said of each role, by the API's id. The predefined roles' ids are long and differ from
// organization to organization and project to project, so they are looked up and never built.
type roleCatalog map[string]catalogRole

// catalogRole tells a role from another.
type catalogRole struct {
	// Name is the predefined role's (owner, reader, member, viewer), "" for every other role.
	Name string `json:"name,omitempty"`
	// Custom roles are the ones that no row of a user names: they have to be asked for principal by principal.
	Custom bool `json:"custom,omitempty"`
}

// predefinedRole gives the name that a role of the given resource type goes by, or "" if it is not one of the
// predefined roles that this connector knows. The name alone says nothing: a custom role may be called Owner as well.
func predefinedRole(role client.Role, resourceType string, name func(string) string) string {
	if !role.PredefinedRole || role.ResourceType != "" && role.ResourceType != resourceType {
		return ""
	}
	return name(role.Name)
}

// The values of a role's resource_type.
const (
	rolesOfOrganization = "api.organization"
	rolesOfProject      = "api.project"
)

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
		return func(role client.Role) string { return predefinedRole(role, rolesOfOrganization, organizationRoleName) }
	}
	return func(role client.Role) string { return predefinedRole(role, rolesOfProject, projectRoleName) }
}

// newCatalog is the catalog of the organization's roles, or of a project's by its id.
func newCatalog(roles iter.Seq[client.Role], in string) roleCatalog {
	catalog, predefined := roleCatalog{}, predefinedIn(in)
	for role := range roles {
		catalog[role.ID] = catalogRole{Name: predefined(role), Custom: !role.PredefinedRole}
	}
	return catalog
}

// keptCatalog is a catalog as it is kept: Complete when the whole list has been read.
type keptCatalog struct {
	Roles    roleCatalog `json:"roles"`
	Complete bool        `json:"complete,omitempty"`
}

// keepRoles adds a page of a role list to its catalog.
func keepRoles(in string) func(context.Context, syncSession, client.Page[client.Role]) error {
	return func(ctx context.Context, s syncSession, page client.Page[client.Role]) error {
		kept, _, err := recall[keptCatalog](ctx, s, factCatalog, in)
		if err != nil {
			return err
		}
		found := newCatalog(slices.Values(page.Items), in)
		for _, role := range page.Items {
			if role.PredefinedRole && found[role.ID].Name == "" {
				warn(ctx, "OpenAI has a predefined role that this version does not know; where somebody holds it beside a role that it knows, it is not shown",
					zap.String("role_id", role.ID), zap.String("role", role.Name), zap.String("in", in))
			}
		}
		maps.Copy(found, kept.Roles)
		return s.set(ctx, factCatalog, in, keptCatalog{Roles: found, Complete: page.Next.IsZero()})
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

func (s *syncReader) roleCatalog(ctx context.Context, l list[client.Role], in string) (roleCatalog, error) {
	kept, _, err := recall[keptCatalog](ctx, s.session, factCatalog, in)
	if err != nil || kept.Complete {
		return kept.Roles, err
	}
	if _, err := askAll(ctx, s, l); err != nil {
		return nil, err
	}
	kept, _, err = recall[keptCatalog](ctx, s.session, factCatalog, in)
	return kept.Roles, err
}

func (c roleCatalog) hasCustom() bool {
	for _, role := range c {
		if role.Custom {
			return true
		}
	}
	return false
}

// find gives what is known of an assigned role. The id that an assignment names may be an alias of a predefined role's;
// the row then still says which one it is.
func (c roleCatalog) find(assigned client.AssignedRole, predefined func(client.Role) string) (catalogRole, bool) {
	if role, ok := c[assigned.ID]; ok {
		return role, true
	}
	if name := predefined(assigned.Role); name != "" {
		return catalogRole{Name: name}, true
	}
	return catalogRole{}, false
}
