package connector

import (
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-openai/pkg/client"
)

// changedResource is a resource that an entry of the audit log tells a change of, and its parent if it is known.
type changedResource struct{ id, parent *v2.ResourceId }

const roleAssignmentCreated = "role.assignment.created"

// auditLogChanges are the types of entries that are asked for, each with the resources that have to be read anew. The API
// has no type for the members of groups, and none of its other types changes what a sync reads.
// https://platform.openai.com/docs/api-reference/audit-logs/object.
var auditLogChanges = map[string]func(client.AuditLog) []changedResource{
	"organization.updated": organizationChanged,
	"scim.enabled":         organizationChanged,
	"scim.disabled":        organizationChanged,

	"user.added":   userChanged,
	"user.updated": userUpdated,
	"user.deleted": userChanged,

	"invite.sent":     resourceChanged(resourceTypeInvitation),
	"invite.accepted": resourceChanged(resourceTypeInvitation),
	"invite.deleted":  resourceChanged(resourceTypeInvitation),

	"group.created": resourceChanged(resourceTypeGroup),
	"group.updated": resourceChanged(resourceTypeGroup),
	"group.deleted": resourceChanged(resourceTypeGroup),

	"role.created": roleChanged,
	"role.updated": roleChanged,
	"role.deleted": roleDeleted,

	roleAssignmentCreated:     roleHolderChanged,
	"role.assignment.deleted": roleHolderChanged,

	"project.created":  resourceChanged(resourceTypeProject),
	"project.updated":  resourceChanged(resourceTypeProject),
	"project.archived": resourceChanged(resourceTypeProject),
	"project.deleted":  resourceChanged(resourceTypeProject),

	"service_account.created": serviceAccountChanged,
	"service_account.updated": serviceAccountChanged,
	"service_account.deleted": serviceAccountChanged,

	"api_key.created": keyChanged,
	"api_key.updated": keyChanged,
	"api_key.deleted": keyChanged,
}

// resourceChanged is for what belongs to the organization and is named by its id.
func resourceChanged(resourceType *v2.ResourceType) func(client.AuditLog) []changedResource {
	return func(entry client.AuditLog) []changedResource {
		return []changedResource{inOrganization(resourceType, entry.Details.ID)}
	}
}

func inOrganization(resourceType *v2.ResourceType, id string) changedResource {
	return changedResource{id: resourceID(resourceType, id), parent: organizationResourceID()}
}

func organizationChanged(client.AuditLog) []changedResource {
	return []changedResource{{id: organizationResourceID()}}
}

// sessionProject is the project of a change in OpenAI's own pages. For a change by a key, the log always names the
// default project.
func sessionProject(entry client.AuditLog) string {
	if entry.Actor.Type != client.ActorSession {
		return ""
	}
	return entry.ProjectID
}

// withProject adds the project, whose grants tell of who is in it.
func withProject(entry client.AuditLog, resources ...changedResource) []changedResource {
	if project := sessionProject(entry); project != "" {
		resources = append(resources, inOrganization(resourceTypeProject, project))
	}
	return resources
}

// userChanged is for the members of the organization and those of projects, which the log does not tell apart.
func userChanged(entry client.AuditLog) []changedResource {
	return withProject(entry, inOrganization(resourceTypeUser, entry.Details.ID))
}

// userUpdated is for a change whose id is documented as that of the project in which a user has another role, and is the
// user's where the role is one of the organization. Which it is can be told only where the project is known; else it is
// taken for both: a resource that does not exist costs one call.
func userUpdated(entry client.AuditLog) []changedResource {
	id, project := entry.Details.ID, sessionProject(entry)
	user := inOrganization(resourceTypeUser, id)
	switch {
	case id == entry.ProjectID:
		return []changedResource{inOrganization(resourceTypeProject, id)}
	case project != "":
		return withProject(entry, user)
	case entry.Actor.Type == client.ActorSession:
		return []changedResource{user}
	default:
		return []changedResource{user, inOrganization(resourceTypeProject, id)}
	}
}

func roleChanged(entry client.AuditLog) []changedResource {
	details := entry.Details
	switch {
	case details.ID == "":
		return nil
	case details.ResourceType == scopeOrganization.resourceType:
		return []changedResource{inOrganization(resourceTypeOrganizationRole, details.ID)}
	case details.ResourceType == scopeProject.resourceType && details.ResourceID != "":
		return []changedResource{inProject(resourceTypeProjectRole, projectRoleID(details.ResourceID, details.ID), details.ResourceID)}
	default:
		return nil
	}
}

// roleDeleted does not say where the role was.
func roleDeleted(entry client.AuditLog) []changedResource {
	id, project := entry.Details.ID, sessionProject(entry)
	if id == "" {
		return nil
	}
	resources := []changedResource{inOrganization(resourceTypeOrganizationRole, id)}
	if project != "" {
		resources = append(resources, inProject(resourceTypeProjectRole, projectRoleID(project, id), project))
	}
	return resources
}

// inProject is for what belongs to a project, "" where that is not known.
func inProject(resourceType *v2.ResourceType, id, project string) changedResource {
	resource := changedResource{id: resourceID(resourceType, id)}
	if project != "" {
		resource.parent = resourceID(resourceTypeProject, project)
	}
	return resource
}

func serviceAccountChanged(entry client.AuditLog) []changedResource {
	return withProject(entry, inProject(resourceTypeServiceAccount, entry.Details.ID, sessionProject(entry)))
}

// keyChanged does not say of an admin key that it is one: such a key has no parent here.
func keyChanged(entry client.AuditLog) []changedResource {
	return []changedResource{inProject(resourceTypeAPIKey, entry.Details.ID, sessionProject(entry))}
}

// The types of the principal of a role assignment.
const (
	principalUser           = "user"
	principalGroup          = "group"
	principalServiceAccount = "service_account"
)

// roleHolderChanged names the resource whose grants tell of the role: the holder of one of the organization, or the
// project. A role that was taken may still be held in another way, so that it is not told as a revocation.
func roleHolderChanged(entry client.AuditLog) []changedResource {
	details := entry.Details
	switch {
	case details.ResourceType == scopeProject.resourceType:
		return []changedResource{inOrganization(resourceTypeProject, details.ResourceID)}
	case details.ResourceType != scopeOrganization.resourceType:
		return nil
	}
	switch details.PrincipalType {
	case principalUser, principalServiceAccount:
		// A person or service account with a role of the organization is one of its users.
		return []changedResource{inOrganization(resourceTypeUser, details.PrincipalID)}
	case principalGroup:
		return []changedResource{inOrganization(resourceTypeGroup, details.PrincipalID)}
	default:
		return nil
	}
}

// assignedRoleName is the predefined role of an assignment whose id has the form
// role_assignment_<id of the role>_<id of the principal>, with the documented form of the id of a predefined role in the
// very resource; "" for everything else.
func assignedRoleName(details client.AuditLogDetails) string {
	role, hasRole := strings.CutPrefix(details.ID, "role_assignment_role-")
	role, hasPrincipal := strings.CutSuffix(role, "_"+details.PrincipalID)
	if !hasRole || !hasPrincipal {
		return ""
	}
	scope := scopeOrganization
	if details.ResourceType == scopeProject.resourceType {
		scope = scopeProject
	}
	form := "api-" + scope.noun
	name, isPredefined := strings.CutPrefix(role, form+"-")
	name, isHere := strings.CutSuffix(name, "__"+form+"__"+details.ResourceID)
	if !isPredefined || !isHere || details.ResourceID == "" || scope.name(name) != name {
		return ""
	}
	return name
}
