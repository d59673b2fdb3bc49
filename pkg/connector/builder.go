package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
)

// builder has the fields that the builders of all resource types share.
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

// skipGrants marks a resource on which access is granted only by what other resources tell: the API lists the roles of
// a principal, not the principals of a role. The syncer does not ask for its grants, nor take them for none.
func skipGrants() rs.ResourceOption {
	return func(resource *v2.Resource) error {
		annos := annotations.Annotations(resource.GetAnnotations())
		annos.Append(&v2.SkipGrants{})
		resource.SetAnnotations(annos)
		return nil
	}
}
