package connector_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// paged is a call with a page token; it returns the number of rows.
type paged struct {
	name string
	call func(ctx context.Context, server types.ConnectorServer, token string) (int, error)
}

func listing(resourceType string, parent *v2.ResourceId) paged {
	return paged{name: "list " + resourceType + " below " + id(parent), call: func(ctx context.Context, server types.ConnectorServer, token string) (int, error) {
		page, err := server.ListResources(ctx, v2.ResourcesServiceListResourcesRequest_builder{
			ResourceTypeId: resourceType, ParentResourceId: parent, PageToken: token, ActiveSyncId: walkSyncID,
		}.Build())
		return len(page.GetList()), err
	}}
}

func granting(resource *v2.Resource) paged {
	return paged{name: "grants of " + id(resource.GetId()), call: func(ctx context.Context, server types.ConnectorServer, token string) (int, error) {
		page, err := server.ListGrants(ctx, v2.GrantsServiceListGrantsRequest_builder{Resource: resource, PageToken: token, ActiveSyncId: walkSyncID}.Build())
		return len(page.GetList()), err
	}}
}

func resource(resourceType, id string, parent *v2.ResourceId) *v2.Resource {
	return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: resourceType, Resource: id}.Build(), ParentResourceId: parent}.Build()
}

// pagedCalls are all lists and grants of pinned that have pages.
func pagedCalls() []paged {
	organization := resource("organization", "organization", nil).GetId()
	inProject := resource("project", "proj_1", nil).GetId()
	return []paged{
		listing("organization", nil),
		listing("user", nil),
		listing("invitation", nil),
		listing("organization_role", nil),
		listing("group", nil),
		listing("project", nil),
		listing("api_key", nil),
		listing("project_role", inProject),
		listing("service_account", inProject),
		listing("api_key", inProject),
		granting(resource("user", "user-1", organization)),
		granting(resource("group", "group_1", organization)),
		granting(resource("project", "proj_1", organization)),
	}
}

// unpagedCalls are grants calls of resources whose grants other resources give.
func unpagedCalls() []paged {
	organization := resource("organization", "organization", nil).GetId()
	inProject := resource("project", "proj_1", nil).GetId()
	return []paged{
		granting(resource("organization", "organization", nil)),
		granting(resource("organization_role", "owner", organization)),
		granting(resource("project_role", "proj_1/role_2", inProject)),
		granting(resource("service_account", "svc_acct_1", inProject)),
		granting(resource("invitation", "invite-1", organization)),
		granting(resource("api_key", "key_1", inProject)),
	}
}

// listed is a connector in the middle of a sync: its resources are listed, and it can give grants.
func listed(tb testing.TB) types.ConnectorServer {
	tb.Helper()
	server := serverOf(tb, listen(tb, &openaitest.Server{Organization: pinned()}), newMapSessionStore())
	for _, begun := range []paged{listing("project_role", nil), listing("service_account", nil)} {
		_, err := begun.call(tb.Context(), server, "")
		require.NoError(tb, err, begun.name)
	}
	for _, call := range pagedCalls() {
		rows, err := call.call(tb.Context(), server, "")
		require.NoError(tb, err, call.name)
		require.NotZero(tb, rows, call.name)
	}
	return server
}

// serverOf is a connector with the store's session.
func serverOf(tb testing.TB, url string, store sessions.SessionStore) types.ConnectorServer {
	tb.Helper()
	builder, options, err := connector.New(tb.Context(), &cfg.Openai{OpenaiAdminKey: testKey, BaseUrl: url + "/v1"}, &cli.ConnectorOpts{})
	require.NoError(tb, err)
	setRetryFor(tb, builder, 0)
	server, err := connectorbuilder.NewConnector(tb.Context(), builder, append(options, connectorbuilder.WithSessionStore(store))...)
	require.NoError(tb, err)
	return server
}

// A page token of another origin is refused, without rows.
func TestPageTokensFromOutside(t *testing.T) {
	t.Parallel()
	tokens := map[string]string{
		"garbage":                  "next page, please",
		"a number":                 "2",
		"a string":                 `"users"`,
		"a list":                   `[]`,
		"null":                     `null`,
		"nothing":                  `{}`,
		"an object of another":     `{"page":2}`,
		"an older version's":       `{"row":3,"end":7,"step":"users","cursor":{"after":"user-1","mark":"user-1","power":1}}`,
		"the SDK's bag":            `{"states":null,"current_state":{"token":"x","resource_type_id":"user"}}`,
		"cut off":                  `{"list":"users","cursor":{"aft`,
		"followed by more":         `{"list":"users"} {"list":"users"}`,
		"unknown list":             `{"list":"owners"}`,
		"list of another type":     `{"list":7}`,
		"cursor of another type":   `{"cursor":"user-1"}`,
		"cursor of another shape":  `{"cursor":{"offset":100}}`,
		"cursor of nobody":         `{"cursor":{"after":"nobody"}}`,
		"cursor without place":     `{"cursor":{"power":1}}`,
		"cursor of less than none": `{"cursor":{"after":"user-1","mark":"user-1","power":1,"again":-9}}`,
		"row before the first":     `{"row":-1}`,
		"row beyond the page":      `{"row":1000}`,
		"less than none given":     `{"row":1,"given":-1}`,
		"less than none left out":  `{"row":1,"left_out":-1}`,
		"no UTF-8":                 "\xff\xfe",
		"huge":                     strings.Repeat("x", 900_000),
		"deep":                     strings.Repeat(`{"cursor":`, 20_000),
	}
	server := listed(t)
	for _, call := range pagedCalls() {
		for name, token := range tokens {
			t.Run(call.name+", "+name, func(t *testing.T) {
				t.Parallel()
				rows, err := call.call(t.Context(), server, token)
				require.Zero(t, rows)
				require.Error(t, err)
				require.Equal(t, codes.InvalidArgument, status.Code(err), err)
				require.Less(t, len(err.Error()), 2_000, "the error quotes the token")
			})
		}
	}
	for _, call := range unpagedCalls() {
		for name, token := range tokens {
			t.Run(call.name+", "+name, func(t *testing.T) {
				t.Parallel()
				rows, _ := call.call(t.Context(), server, token)
				require.Zero(t, rows)
			})
		}
	}
}

// If the sync has listed nothing, as a targeted sync has not, the grants of a resource read the lists that they need.
// They are the same.
func TestGrantsWithoutAListing(t *testing.T) {
	t.Parallel()
	organization := openaitest.Sample()
	w, _, err := walkServer(t, &openaitest.Server{Organization: organization}, zap.WarnLevel)
	require.NoError(t, err)
	for _, resource := range w.resources {
		if resource.GetId().GetResourceType() == "invitation" || resource.GetId().GetResourceType() == "api_key" {
			continue
		}
		t.Run(id(resource.GetId()), func(t *testing.T) {
			t.Parallel()
			whole := &walk{client: w.client}
			require.NoError(t, whole.listGrants(t.Context(), resource))
			api := listen(t, &openaitest.Server{Organization: organization})
			alone := &walk{client: serve(t.Context(), t, serverOf(t, api, newMapSessionStore()))}
			require.NoError(t, alone.listGrants(t.Context(), resource))
			require.ElementsMatch(t, whole.rows, alone.rows)
		})
	}
}

// The lists below a project are whole also where they come before the lists of their types.
func TestListsBelowAProjectComeFirst(t *testing.T) {
	t.Parallel()
	whole, _, err := walkServer(t, &openaitest.Server{Organization: openaitest.Sample()}, zap.WarnLevel)
	require.NoError(t, err)
	api := listen(t, &openaitest.Server{Organization: openaitest.Sample()})
	first := &walk{client: serve(t.Context(), t, serverOf(t, api, newMapSessionStore()))}
	require.NoError(t, first.list(t.Context(), "project", nil))
	for _, next := range first.toList {
		require.NoError(t, first.list(t.Context(), next.resourceType, next.parent))
	}
	for _, resource := range whole.resources {
		if resource.GetParentResourceId().GetResourceType() == "project" {
			require.Contains(t, idsOf(first.resources), id(resource.GetId()))
		}
	}
}

func idsOf(resources []*v2.Resource) []string {
	ids := make([]string, 0, len(resources))
	for _, resource := range resources {
		ids = append(ids, id(resource.GetId()))
	}
	return ids
}

// No page token leads to a panic, and a token that is not a JSON object is refused.
func FuzzPageToken(f *testing.F) {
	for _, seed := range []string{
		"", "x", "{}", "[]", "null", `{"list":"users"}`, `{"list":"groups","left_out":-1}`, `{"row":9223372036854775807}`, `{"list":"groups","row":1,"given":1000}`,
		`{"list":"roles","cursor":{"after":"user-1","power":-1}}`, `{"cursor":{"after":"\u0000","mark":"x","steps":9223372036854775807}}`,
	} {
		f.Add(seed)
	}
	server := listed(f)
	f.Fuzz(func(t *testing.T, token string) {
		var object map[string]json.RawMessage
		isObject := json.Unmarshal([]byte(token), &object) == nil && object != nil
		for _, call := range pagedCalls() {
			rows, err := call.call(t.Context(), server, token)
			if token != "" && !isObject && (err == nil || rows > 0) {
				t.Fatalf("%s: %d rows for the token %q", call.name, rows, token)
			}
		}
	})
}
