//go:build bench

package connector_test

import (
	"context"
	"slices"
	"strconv"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/conductorone/baton-openai/pkg/connector"
)

// memoryConnector serves the rows of a file from memory.
type memoryConnector struct {
	*connector.Connector

	syncers []connectorbuilder.ResourceSyncerV2
}

func (c memoryConnector) Validate(context.Context) (annotations.Annotations, error) { return nil, nil }

func (c memoryConnector) ResourceSyncers(context.Context) []connectorbuilder.ResourceSyncerV2 {
	return c.syncers
}

// memoryBuilder has the rows of one type, by resource or parent.
type memoryBuilder struct {
	resourceType *v2.ResourceType
	resources    map[string][]*v2.Resource
	entitlements map[string][]*v2.Entitlement
	grants       map[string][]*v2.Grant
}

// memoryPage is the size of the API's largest pages.
const memoryPage = 1000

func page[T any](rows []T, opts rs.SyncOpAttrs) ([]T, *rs.SyncOpResults, error) {
	from, _ := strconv.Atoi(opts.PageToken.Token)
	if from+memoryPage >= len(rows) {
		return rows[from:], nil, nil
	}
	return rows[from : from+memoryPage], &rs.SyncOpResults{NextPageToken: strconv.Itoa(from + memoryPage)}, nil
}

func (b *memoryBuilder) ResourceType(context.Context) *v2.ResourceType { return b.resourceType }

func (b *memoryBuilder) List(_ context.Context, parent *v2.ResourceId, opts rs.SyncOpAttrs) ([]*v2.Resource, *rs.SyncOpResults, error) {
	return page(b.resources[id(parent)], opts)
}

func (b *memoryBuilder) Entitlements(_ context.Context, resource *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Entitlement, *rs.SyncOpResults, error) {
	return page(b.entitlements[id(resource.GetId())], opts)
}

func (b *memoryBuilder) Grants(_ context.Context, resource *v2.Resource, opts rs.SyncOpAttrs) ([]*v2.Grant, *rs.SyncOpResults, error) {
	return page(b.grants[id(resource.GetId())], opts)
}

// newMemoryConnector reads the rows of a file, without the expanded grants.
func newMemoryConnector(t *testing.T, path string) memoryConnector {
	t.Helper()
	c := memoryConnector{Connector: &connector.Connector{}}
	byType := map[string]*memoryBuilder{}
	for _, syncer := range c.Connector.ResourceSyncers(t.Context()) {
		resourceType, ok := proto.Clone(syncer.ResourceType(t.Context())).(*v2.ResourceType)
		require.True(t, ok)
		b := &memoryBuilder{
			resourceType: resourceType,
			resources:    map[string][]*v2.Resource{}, entitlements: map[string][]*v2.Entitlement{}, grants: map[string][]*v2.Grant{},
		}
		byType[resourceType.GetId()] = b
		c.syncers = append(c.syncers, b)
	}

	store := openFile(t, path)
	organization := v2.ResourceId_builder{ResourceType: "organization", Resource: "organization"}.Build()
	for token := ""; ; {
		found, err := store.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{PageToken: token}.Build())
		require.NoError(t, err)
		for _, resource := range found.GetList() {
			// memoryBuilder gives each grant with the resource that it is on, so no type skips grants.
			resource.SetAnnotations(slices.DeleteFunc(resource.GetAnnotations(), func(a *anypb.Any) bool { return a.MessageIs(&v2.SkipGrants{}) }))
			b := byType[resource.GetId().GetResourceType()]
			parent := id(resource.GetParentResourceId())
			if parent == id(organization) {
				parent = "" // the connector lists these without a parent
			}
			b.resources[parent] = append(b.resources[parent], resource)
		}
		if token = found.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		found, err := store.ListEntitlements(t.Context(), v2.EntitlementsServiceListEntitlementsRequest_builder{PageToken: token}.Build())
		require.NoError(t, err)
		for _, entitlement := range found.GetList() {
			on := entitlement.GetResource().GetId()
			b := byType[on.GetResourceType()]
			b.entitlements[id(on)] = append(b.entitlements[id(on)], entitlement)
		}
		if token = found.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		found, err := store.ListGrants(t.Context(), v2.GrantsServiceListGrantsRequest_builder{PageToken: token}.Build())
		require.NoError(t, err)
		for _, grant := range found.GetList() {
			sources := grant.GetSources().GetSources()
			if _, direct := sources[grant.GetEntitlement().GetId()]; len(sources) > 0 && !direct {
				continue
			}
			grant.SetSources(nil)
			on := grant.GetEntitlement().GetResource().GetId()
			b := byType[on.GetResourceType()]
			b.grants[id(on)] = append(b.grants[id(on)], grant)
		}
		if token = found.GetNextPageToken(); token == "" {
			break
		}
	}
	return c
}
