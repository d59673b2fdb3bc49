package connector

import (
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
)

// The resource types. Their ids are permanent: ConductorOne takes a renamed one for the deletion of everything below it.
// Grants are given for whole types and not resource by resource, for which lane.go has the reason.
var (
	resourceTypeOrganization = v2.ResourceType_builder{
		Id:          "organization",
		DisplayName: "Organization",
		Annotations: annotations.New(&v2.TypeScopedGrants{}),
	}.Build()

	resourceTypeUser = v2.ResourceType_builder{
		Id:          "user",
		DisplayName: "User",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_USER},
		Annotations: annotations.New(&v2.SkipEntitlements{}, &v2.TypeScopedGrants{}),
	}.Build()

	// An invitation disappears when it is accepted, so a falling number of them is no anomaly.
	resourceTypeInvitation = v2.ResourceType_builder{
		Id:          "invitation",
		DisplayName: "Invitation",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_USER},
		Annotations: annotations.New(&v2.SkipEntitlementsAndGrants{}, &v2.SkipSyncAnomalyDetection{}),
	}.Build()

	resourceTypeOrganizationRole = v2.ResourceType_builder{
		Id:          "organization_role",
		DisplayName: "Organization role",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_ROLE},
		Annotations: annotations.New(&v2.TypeScopedGrants{}),
	}.Build()

	resourceTypeGroup = v2.ResourceType_builder{
		Id:          "group",
		DisplayName: "Group",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_GROUP},
		Annotations: annotations.New(&v2.TypeScopedGrants{}),
	}.Build()

	resourceTypeProject = v2.ResourceType_builder{
		Id:          "project",
		DisplayName: "Project",
		Annotations: annotations.New(&v2.TypeScopedGrants{}),
	}.Build()

	resourceTypeProjectRole = v2.ResourceType_builder{
		Id:          "project_role",
		DisplayName: "Project role",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_ROLE},
		Annotations: annotations.New(&v2.TypeScopedGrants{}),
	}.Build()

	resourceTypeServiceAccount = v2.ResourceType_builder{
		Id:          "service_account",
		DisplayName: "Service account",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_USER},
		Annotations: annotations.New(&v2.SkipEntitlements{}, &v2.TypeScopedGrants{}),
	}.Build()

	resourceTypeAPIKey = v2.ResourceType_builder{
		Id:          "api_key",
		DisplayName: "API key",
		Traits:      []v2.ResourceType_Trait{v2.ResourceType_TRAIT_SECRET},
		Annotations: annotations.New(&v2.SkipEntitlementsAndGrants{}),
	}.Build()
)

// The entitlements' slugs, as permanent as the types' ids.
const (
	slugMember   = "member"
	slugAssigned = "assigned"
	slugOwner    = "owner"
	slugViewer   = "viewer"
)

func resourceID(resourceType *v2.ResourceType, id string) *v2.ResourceId {
	return v2.ResourceId_builder{ResourceType: resourceType.GetId(), Resource: id}.Build()
}

// reference is a resource of which only the identity is known or needed, as in a grant.
func reference(id *v2.ResourceId) *v2.Resource {
	return v2.Resource_builder{Id: id}.Build()
}
