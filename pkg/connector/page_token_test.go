package connector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// paged is a call that takes a page token; it gives the number of rows.
type paged struct {
	name string
	// begins says that the first page only leads to the others.
	begins bool
	call   func(ctx context.Context, server types.ConnectorServer, token string) (int, error)
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

// grantingType asks for the grants of all resources of a type, as the syncer does.
func grantingType(resourceType string) paged {
	return paged{name: "grants of every " + resourceType, begins: true, call: func(ctx context.Context, server types.ConnectorServer, token string) (int, error) {
		page, err := server.ListGrants(ctx, v2.GrantsServiceListGrantsRequest_builder{
			Resource: resource(resourceType, resourceType, nil), PageToken: token, ActiveSyncId: walkSyncID,
			Annotations: annotations.New(&v2.TypeScopedGrants{}),
		}.Build())
		return len(page.GetList()), err
	}}
}

func resource(resourceType, id string, parent *v2.ResourceId) *v2.Resource {
	return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: resourceType, Resource: id}.Build(), ParentResourceId: parent}.Build()
}

// pagedCalls are all lists and grants of pinned that come in pages.
func pagedCalls() []paged {
	organization := resource("organization", "organization", nil).GetId()
	inProject := resource("project", "proj_1", nil).GetId()
	return []paged{
		listing("organization", nil),
		listing("user", organization),
		listing("invitation", organization),
		listing("organization_role", organization),
		listing("group", organization),
		listing("project", organization),
		listing("api_key", organization),
		listing("project_role", inProject),
		listing("service_account", inProject),
		listing("api_key", inProject),
		granting(resource("user", "user-1", organization)),
		granting(resource("group", "group_1", organization)),
		granting(resource("project", "proj_1", organization)),
		grantingType("user"),
		grantingType("group"),
		grantingType("project"),
	}
}

// unpagedCalls are the grants that other resources give.
func unpagedCalls() []paged {
	organization := resource("organization", "organization", nil).GetId()
	inProject := resource("project", "proj_1", nil).GetId()
	return []paged{
		granting(resource("organization", "organization", nil)),
		granting(resource("organization_role", "owner", organization)),
		granting(resource("project_role", "proj_1/role_2", inProject)),
		granting(resource("service_account", "svc_acct_1", inProject)),
		grantingType("organization"),
		grantingType("organization_role"),
		grantingType("project_role"),
		grantingType("service_account"),
		granting(resource("invitation", "invite-1", organization)),
		granting(resource("api_key", "key_1", inProject)),
	}
}

// listed is a connector in the middle of a sync: its resources have been listed, so that it has everything to give grants.
func listed(tb testing.TB) types.ConnectorServer {
	tb.Helper()
	listener := httptest.NewServer(&openaitest.Server{Organization: pinned()})
	tb.Cleanup(listener.Close)
	server := serverOf(tb, listener.URL, newMapSessionStore())
	for _, call := range pagedCalls() {
		rows, err := call.call(tb.Context(), server, "")
		require.NoError(tb, err, call.name)
		if !call.begins {
			require.NotZero(tb, rows, call.name)
		}
	}
	return server
}

// serverOf is a connector that remembers what is in the store.
func serverOf(tb testing.TB, url string, store sessions.SessionStore) types.ConnectorServer {
	tb.Helper()
	builder, options, err := connector.New(tb.Context(), &cfg.Openai{OpenaiAdminKey: testKey, BaseUrl: url + "/v1"}, &cli.ConnectorOpts{})
	require.NoError(tb, err)
	setPatience(tb, builder, 0, 0)
	server, err := connectorbuilder.NewConnector(tb.Context(), builder, append(options, connectorbuilder.WithSessionStore(store))...)
	require.NoError(tb, err)
	return server
}

// A page token that the connector has not made is refused, and gives no rows.
func TestPageTokensFromOutside(t *testing.T) {
	t.Parallel()
	tokens := map[string]string{
		"garbage":                 "next page, please",
		"a number":                "2",
		"a string":                `"users"`,
		"a list":                  `[]`,
		"null":                    `null`,
		"an object of another":    `{"page":2}`,
		"the SDK's bag":           `{"states":null,"current_state":{"token":"x","resource_type_id":"user"}}`,
		"cut off":                 `{"step":"users","cursor":{"aft`,
		"followed by more":        `{"step":"users"} {"step":"users"}`,
		"unknown step":            `{"step":"owners"}`,
		"step of another type":    `{"step":7}`,
		"cursor of another type":  `{"cursor":"user-1"}`,
		"cursor of another shape": `{"cursor":{"offset":100}}`,
		"cursor of nobody":        `{"page":1,"cursor":{"after":"nobody"}}`,
		"cursor without page":     `{"cursor":{"after":"user-1"}}`,
		"page without cursor":     `{"page":1}`,
		"page before the first":   `{"page":-1,"cursor":{"after":"user-1"}}`,
		"divided a number":        `{"end":1,"divided":-1}`,
		"part of no holders":      `{"end":1,"part":true}`,
		"part that goes on":       `{"end":1,"part":true,"step":"roles","holders":[{"type":"user","id":"user-1"}],"then":{"step":"groups"}}`,
		"row beyond the end":      `{"row":1,"end":1}`,
		"row before the first":    `{"row":-1,"end":1}`,
		"end beyond the roster":   `{"end":2}`,
		"no end":                  `{"step":"users","cursor":{"after":"user-1"}}`,
		"less than none left out": `{"end":1,"left_out":-1}`,
		"nobody's roles":          `{"end":1,"step":"roles"}`,
		"roles of no principal":   `{"end":1,"step":"roles","holders":[{"type":"api_key","id":"key_1"}]}`,
		"holders before roles":    `{"end":1,"holders":[{"type":"user","id":"user-1"}]}`,
		"then without holders":    `{"end":1,"then":{"step":"groups"}}`,
		"no UTF-8":                "\xff\xfe",
		"huge":                    strings.Repeat("x", 900_000),
		"deep":                    strings.Repeat(`{"cursor":`, 20_000),
	}
	server := listed(t)
	for _, call := range pagedCalls() {
		for name, token := range tokens {
			t.Run(call.name+", "+name, func(t *testing.T) {
				t.Parallel()
				rows, err := call.call(t.Context(), server, token)
				require.Zero(t, rows)
				require.Error(t, err)
				want := []codes.Code{codes.InvalidArgument}
				if strings.Contains(token, "nobody\"}") {
					want = append(want, codes.FailedPrecondition) // the API's word: the row may have been deleted
				}
				require.Contains(t, want, status.Code(err), err)
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

// A step that needs a principal is refused without one: an empty id would name another route.
func TestPageTokensWithoutPrincipal(t *testing.T) {
	t.Parallel()
	server := listed(t)
	for _, resourceType := range []string{"user", "service_account", "group"} {
		for _, principal := range []string{"", ".", ".."} {
			t.Run(resourceType+" "+principal, func(t *testing.T) {
				t.Parallel()
				token := fmt.Sprintf(`{"end":1,"step":"roles","holders":[{"type":%q,"id":%q}]}`, resourceType, principal)
				for _, call := range []paged{granting(resource("project", "proj_1", nil)), grantingType("project")} {
					rows, err := call.call(t.Context(), server, token)
					require.Zero(t, rows)
					require.Equal(t, codes.InvalidArgument, status.Code(err), err)
				}
			})
		}
	}
}

// A memory that was lost, or that another sync has, does not read as a type without grants.
func TestGrantsWithoutAMemory(t *testing.T) {
	t.Parallel()
	listener := httptest.NewServer(&openaitest.Server{Organization: pinned()})
	t.Cleanup(listener.Close)
	server := serverOf(t, listener.URL, newMapSessionStore())
	for _, resourceType := range []string{"user", "group", "project"} {
		rows, err := grantingType(resourceType).call(t.Context(), server, "")
		require.Zero(t, rows)
		require.ErrorContains(t, err, "baton-openai:")
		require.ErrorContains(t, err, "does not remember what it has listed")
	}
}

// No page token makes the connector panic, and none that is not a JSON object gives rows.
func FuzzPageToken(f *testing.F) {
	for _, seed := range []string{
		"", "x", "{}", "[]", "null", `{"end":1,"step":"users"}`, `{"end":1,"step":"groups","left_out":-1}`, `{"end":1,"divided":true}`, `{"row":9223372036854775807,"end":1}`,
		`{"end":1,"step":"group_members","cursor":{"after":"user-1","power":-1}}`, `{"end":1,"step":"roles","holders":[{"type":"user","id":"user-1","row_role":"member"}]}`,
		`{"end":1,"step":"roles","holders":[{"type":"group","id":"group_1"}],"then":{"step":"groups"}}`, `{"end":1,"step":"roles","holders":[{"type":"user","id":"../.."}]}`,
		`{"page":1,"cursor":{"after":"\u0000","mark":"x","steps":9223372036854775807}}`,
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
