package connector

import (
	"context"
	"strings"

	"go.uber.org/zap"

	"github.com/conductorone/baton-openai/pkg/client"
)

// roleBook is what a role list said of each role, by the API's id. The predefined roles' ids are long and differ from
// organization to organization and project to project, so they are looked up and never built.
type roleBook map[string]bookedRole

// bookedRole tells a role from another.
type bookedRole struct {
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
	organizationRoles = "api.organization"
	projectRoles      = "api.project"
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
		return func(role client.Role) string { return predefinedRole(role, organizationRoles, organizationRoleName) }
	}
	return func(role client.Role) string { return predefinedRole(role, projectRoles, projectRoleName) }
}

// rememberRoles adds a page of a role list to the book of the organization or a project.
func (m memory) rememberRoles(ctx context.Context, id string, roles []client.Role) error {
	book, _, err := recall[roleBook](ctx, m, kindRoles, id)
	if err != nil {
		return err
	}
	if book == nil {
		book = make(roleBook, len(roles))
	}
	predefined := predefinedIn(id)
	for _, role := range roles {
		name := predefined(role)
		book[role.ID] = bookedRole{Name: name, Custom: !role.PredefinedRole}
		if name == "" && role.PredefinedRole {
			warn(ctx, "OpenAI has a predefined role that this version does not know; where somebody holds it beside a role that it knows, it is not shown",
				zap.String("role_id", role.ID), zap.String("role", role.Name), zap.String("in", id))
		}
	}
	return m.set(ctx, kindRoles, id, book)
}

func (m memory) roleBook(ctx context.Context, id string) (roleBook, error) {
	book, _, err := recall[roleBook](ctx, m, kindRoles, id)
	return book, err
}

func (b roleBook) hasCustom() bool {
	for _, role := range b {
		if role.Custom {
			return true
		}
	}
	return false
}

// find gives what is known of an assigned role. The id that an assignment names may be an alias of a predefined role's;
// the row then still says which one it is.
func (b roleBook) find(assigned client.AssignedRole, predefined func(client.Role) string) (bookedRole, bool) {
	if role, ok := b[assigned.ID]; ok {
		return role, true
	}
	if name := predefined(assigned.Role); name != "" {
		return bookedRole{Name: name}, true
	}
	return bookedRole{}, false
}
