package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
)

// builder is what the builders of all resource types share.
type builder struct {
	provisioning

	reader       *reader
	resourceType *v2.ResourceType
}

// ResourceType gives the resource type that the builder builds.
func (b builder) ResourceType(context.Context) *v2.ResourceType { return b.resourceType }

// noEntitlements is for a resource type that skips entitlements.
type noEntitlements struct{}

// Entitlements is never called: the type skips them.
func (noEntitlements) Entitlements(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return nil, nil, nil
}

// noGrants is for a resource type that skips grants, or whose grants other resource types give.
type noGrants struct{}

// Grants is never called: the type or each of its resources skips them.
func (noGrants) Grants(context.Context, *v2.Resource, rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return nil, nil, nil
}
