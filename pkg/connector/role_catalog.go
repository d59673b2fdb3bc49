package connector

import (
	"context"
	"iter"
	"maps"
	"slices"

	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// roleCatalog has the roles of a role list by the API's id, each with the name that it goes by if it is predefined, and ""
// if it is a role like a custom one. The predefined roles' ids are long and differ from organization to organization and
// project to project, so they are looked up and never built.
type roleCatalog map[string]string

// newCatalog is the catalog of the organization's roles, or of a project's by its id.
func newCatalog(roles iter.Seq[client.Role], in string) roleCatalog {
	catalog, predefined := roleCatalog{}, predefinedIn(in)
	for role := range roles {
		catalog[role.ID] = predefined(role)
	}
	return catalog
}

// warnOfUnknownRoles warns of the predefined roles of a page that this version does not know, once for each page.
func warnOfUnknownRoles(in string) func(context.Context, syncSession, client.Page[client.Role]) error {
	return func(ctx context.Context, _ syncSession, page client.Page[client.Role]) error {
		predefined := predefinedIn(in)
		for _, role := range page.Items {
			if isPredefined(role) && predefined(role) == "" {
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
	catalog := s.organizationCatalog
	s.mu.Unlock()
	if catalog != nil {
		return catalog, nil
	}
	catalog, err := s.roleCatalog(ctx, organizationRolesList(), organizationKey)
	if err == nil {
		s.mu.Lock()
		s.organizationCatalog = catalog
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
	for page, err := range getPages(ctx, s, l) {
		if err != nil {
			return nil, err
		}
		if err := checkRoleIDs(page.Items, in); err != nil {
			return nil, err
		}
		maps.Copy(catalog, newCatalog(slices.Values(page.Items), in))
	}
	return catalog, nil
}

// checkRoleIDs refuses roles of the organization that could not be told from its predefined ones.
func checkRoleIDs(roles []client.Role, in string) error {
	if in != organizationKey {
		return nil
	}
	for _, role := range roles {
		if _, err := organizationRoleID(role); err != nil {
			return err
		}
	}
	return nil
}

// hasCustom tells whether there are roles that no row of a user names. Such roles have to be read principal by
// principal.
func (c roleCatalog) hasCustom() bool {
	for _, name := range c {
		if name == "" {
			return true
		}
	}
	return false
}

// lookup gives the name of an assigned role, and false if the role is not known. The id that an assignment names may be an
// alias of a predefined role's; the row then still says which one it is.
func (c roleCatalog) lookup(assigned client.AssignedRole, predefined func(client.Role) string) (string, bool) {
	if name, ok := c[assigned.ID]; ok {
		return name, true
	}
	name := predefined(assigned.Role)
	return name, name != ""
}

// predefinedName gives the name of an assigned predefined role, "" for another role. The role list is read where the row leaves a
// doubt; where it is refused for good, the row is all that there is.
func (s *syncReader) predefinedName(ctx context.Context, held client.AssignedRole, in string) (string, error) {
	scope := scopeIn(in)
	if !scope.isInDoubt(held.Role) {
		return scope.predefined(held.Role), nil
	}
	l := organizationRolesList()
	if in != organizationKey {
		l = projectRolesList(in)
	}
	catalog, err := s.roleCatalog(ctx, l, in)
	return catalog[held.ID], ignorePermanentRefusal(err)
}
