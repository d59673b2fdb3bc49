package connector

import (
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
)

// The permissions of an Admin API key as the API's own refusals ("Missing scopes: …") and role objects name them. No public
// source names those of role assignments, nor those of changes outside groups; a key made with "All" has every one.
const (
	permissionManagementRead = "api.management.read"
	permissionGroupsRead     = "api.groups.read"
	permissionGroupsWrite    = "api.groups.write"
	// permissionAuditLogsRead is for the event feeds only.
	permissionAuditLogsRead = "api.audit_logs.read"
)

// The resource types. Their ids are permanent: ConductorOne takes a renamed one for the deletion of everything below it.
var (
	resourceTypeOrganization = v2.ResourceType_builder{
		Id:          "organization",
		DisplayName: "Organization",
		Annotations: annotations.New(permissions(permissionManagementRead, permissionAuditLogsRead)),
	}.Build()

	resourceTypeUser = v2.ResourceType_builder{
		Id:          "user",
		DisplayName: "User",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_USER},
		Annotations: annotations.New(&v2.SkipEntitlements{}, permissions(permissionManagementRead)),
	}.Build()

	// An invitation disappears when it is accepted, so a falling number of them is no anomaly.
	resourceTypeInvitation = v2.ResourceType_builder{
		Id:          "invitation",
		DisplayName: "Invitation",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_USER},
		Annotations: annotations.New(&v2.SkipEntitlementsAndGrants{}, &v2.SkipSyncAnomalyDetection{}, permissions(permissionManagementRead)),
	}.Build()

	resourceTypeOrganizationRole = v2.ResourceType_builder{
		Id:          "organization_role",
		DisplayName: "Organization role",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_ROLE},
		Annotations: annotations.New(permissions(permissionManagementRead, permissionGroupsRead)),
	}.Build()

	resourceTypeGroup = v2.ResourceType_builder{
		Id:          "group",
		DisplayName: "Group",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_GROUP},
		Annotations: annotations.New(permissions(permissionGroupsRead, permissionGroupsWrite)),
	}.Build()

	resourceTypeProject = v2.ResourceType_builder{
		Id:          "project",
		DisplayName: "Project",
		Annotations: annotations.New(permissions(permissionManagementRead)),
	}.Build()

	resourceTypeProjectRole = v2.ResourceType_builder{
		Id:          "project_role",
		DisplayName: "Project role",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_ROLE},
		Annotations: annotations.New(permissions(permissionManagementRead)),
	}.Build()

	resourceTypeServiceAccount = v2.ResourceType_builder{
		Id:          "service_account",
		DisplayName: "Service account",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_USER},
		Annotations: annotations.New(&v2.SkipEntitlements{}, permissions(permissionManagementRead)),
	}.Build()

	resourceTypeAPIKey = v2.ResourceType_builder{
		Id:          "api_key",
		DisplayName: "API key",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_SECRET},
		Annotations: annotations.New(&v2.SkipEntitlementsAndGrants{}, permissions(permissionManagementRead)),
	}.Build()

	// There are none unless they are turned on, and an insight disappears when its cause is removed. So a falling number
	// of them is no anomaly, and means no lost access.
	resourceTypeSecurityInsight = v2.ResourceType_builder{
		Id:          "security_insight",
		DisplayName: "Security insight",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_SECURITY_INSIGHT},
		Annotations: annotations.New(
			&v2.SkipEntitlementsAndGrants{}, &v2.SkipSyncAnomalyDetection{}, &v2.OptInRequired{}, permissions(permissionManagementRead, permissionGroupsRead)),
	}.Build()
)

var allResourceTypes = []*v2.ResourceType{
	resourceTypeOrganization, resourceTypeUser, resourceTypeInvitation, resourceTypeOrganizationRole, resourceTypeGroup,
	resourceTypeProject, resourceTypeProjectRole, resourceTypeServiceAccount, resourceTypeAPIKey,
	resourceTypeSecurityInsight,
}

// The entitlements' slugs, as permanent as the types' ids.
const (
	slugMember   = "member"
	slugAssigned = "assigned"
	slugOwner    = "owner"
	slugViewer   = "viewer"
)

// permissions names what a key needs for the lists that a type is read from, for changing a group, and for the events of the
// organization.
func permissions(names ...string) *v2.CapabilityPermissions {
	needed := convert(names, func(name string) *v2.CapabilityPermission {
		return v2.CapabilityPermission_builder{Permission: name}.Build()
	})
	return v2.CapabilityPermissions_builder{Permissions: needed}.Build()
}

func resourceID(resourceType *v2.ResourceType, id string) *v2.ResourceId {
	return v2.ResourceId_builder{ResourceType: resourceType.GetId(), Resource: id}.Build()
}

// reference is a resource of which only the identity is known or needed, as in a grant.
func reference(id *v2.ResourceId) *v2.Resource {
	return v2.Resource_builder{Id: id}.Build()
}
