package connector

import (
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	ent "github.com/conductorone/baton-sdk/pkg/types/entitlement"
	gr "github.com/conductorone/baton-sdk/pkg/types/grant"
)

// newGrant makes a grant; one to a group reaches the group's members through expansion.
func newGrant(on *v2.ResourceId, slug string, principal *v2.ResourceId, options ...gr.GrantOption) *v2.Grant {
	if principal.GetResourceType() == resourceTypeGroup.GetId() {
		options = append(options, expandThrough(principal, slugMember))
	}
	return gr.NewGrant(reference(on), slug, principal, options...)
}

// expandThrough lets everybody who holds the entitlement of the resource hold the grant as well.
func expandThrough(resource *v2.ResourceId, slug string) gr.GrantOption {
	return gr.WithAnnotation(v2.GrantExpandable_builder{
		EntitlementIds: []string{ent.NewEntitlementID(reference(resource), slug)},
	}.Build())
}
