package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// writes are the routes of all requests since the last reset that are not GET.
func writes(server *openaitest.Server) []string {
	var sent []string
	for _, request := range server.Requests() {
		if request.Method != http.MethodGet {
			sent = append(sent, request.Route)
		}
	}
	return sent
}

// calls counts the requests since the last reset by route.
func calls(server *openaitest.Server) map[string]int {
	count := map[string]int{}
	for _, request := range server.Requests() {
		count[request.Route]++
	}
	return count
}

// access can be granted and revoked, in the notation of ids: entitlement "project:p:viewer", principal "user:u".
type access struct{ entitlement, principal string }

func (a access) grantID() string { return a.entitlement + ":" + a.principal }

func (a access) slug() string { return a.entitlement[strings.LastIndex(a.entitlement, ":")+1:] }

func (a access) resource() *v2.ResourceId {
	return parseID(strings.TrimSuffix(a.entitlement, ":"+a.slug()))
}

func parseID(text string) *v2.ResourceId {
	resourceType, id, _ := strings.Cut(text, ":")
	return v2.ResourceId_builder{ResourceType: resourceType, Resource: id}.Build()
}

// shape is the form in which a request describes the access.
type shape func(access) (*v2.Resource, *v2.Entitlement)

// shapes are the forms in use: the command line sends the parts of ids, ConductorOne the rows of a sync.
var shapes = map[string]shape{
	"identity only": func(a access) (*v2.Resource, *v2.Entitlement) {
		return v2.Resource_builder{Id: parseID(a.principal)}.Build(),
			v2.Entitlement_builder{Id: a.entitlement, Resource: v2.Resource_builder{Id: a.resource()}.Build()}.Build()
	},
	"full": func(a access) (*v2.Resource, *v2.Entitlement) {
		parent := parseID("organization:organization")
		return v2.Resource_builder{Id: parseID(a.principal), ParentResourceId: parent, DisplayName: "Somebody"}.Build(),
			v2.Entitlement_builder{
				Id: a.entitlement, Slug: a.slug(), DisplayName: "Something",
				Resource: v2.Resource_builder{Id: a.resource(), ParentResourceId: parent, DisplayName: "Something"}.Build(),
			}.Build()
	},
}

// testConnector is a connector with a server, as ConductorOne uses it for changes.
type testConnector struct {
	types.ConnectorClient
	server    *openaitest.Server
	connector *connector.Connector
	logs      *observer.ObservedLogs
}

// connect returns a connector without waits. It reads as often as the real one, without the time between.
func connect(t *testing.T, server *openaitest.Server) testConnector {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))
	builder, _, err := connector.New(ctx, &cfg.Openai{OpenaiAdminKey: testKey, BaseUrl: listen(t, server) + "/v1"}, nil)
	require.NoError(t, err)
	built, ok := builder.(*connector.Connector)
	require.True(t, ok)
	built.SetConsistency(1, 1, 1, 1)
	built.SetRetryFor(0)
	provisioner, err := connectorbuilder.NewConnector(ctx, built)
	require.NoError(t, err)
	return testConnector{ConnectorClient: serve(ctx, t, provisioner), server: server, connector: built, logs: logs}
}

func (d testConnector) grant(ctx context.Context, in shape, a access) (*v2.GrantManagerServiceGrantResponse, error) {
	principal, entitlement := in(a)
	return d.Grant(ctx, v2.GrantManagerServiceGrantRequest_builder{Principal: principal, Entitlement: entitlement}.Build())
}

func (d testConnector) revoke(ctx context.Context, in shape, a access) (*v2.GrantManagerServiceRevokeResponse, error) {
	principal, entitlement := in(a)
	return d.Revoke(ctx, v2.GrantManagerServiceRevokeRequest_builder{
		Grant: v2.Grant_builder{Id: a.grantID(), Principal: principal, Entitlement: entitlement}.Build(),
	}.Build())
}

func (d testConnector) delete(ctx context.Context, id, parent string) error {
	request := v2.DeleteResourceV2Request_builder{ResourceId: parseID(id)}.Build()
	if parent != "" {
		request.SetParentResourceId(parseID(parent))
	}
	_, err := d.DeleteResourceV2(ctx, request)
	return err
}

// grantDirectly and revokeDirectly work without the SDK, which waits a quarter of a minute before a retry.
func (d testConnector) grantDirectly(ctx context.Context, a access) error {
	principal, entitlement := shapes["full"](a)
	_, _, err := d.provisioner(ctx, a.resource().GetResourceType()).Grant(ctx, principal, entitlement)
	return err
}

func (d testConnector) revokeDirectly(ctx context.Context, a access) error {
	principal, entitlement := shapes["full"](a)
	_, err := d.provisioner(ctx, a.resource().GetResourceType()).Revoke(ctx, v2.Grant_builder{Principal: principal, Entitlement: entitlement}.Build())
	return err
}

func (d testConnector) provisioner(ctx context.Context, resourceType string) connectorbuilder.ResourceProvisionerV2Limited {
	return builderOf[connectorbuilder.ResourceProvisionerV2Limited](ctx, d, resourceType)
}

// builderOf returns the builder of a type, as the interface T.
func builderOf[T any](ctx context.Context, d testConnector, resourceType string) T {
	for _, syncer := range d.connector.ResourceSyncers(ctx) {
		if builder, ok := syncer.(T); ok && syncer.ResourceType(ctx).GetId() == resourceType {
			return builder
		}
	}
	panic("nothing can do that to a " + resourceType)
}

// keysStay is the log message about each deleted user.
const keysStay = "baton-openai: the API keys of a user who is deleted stay"

// requireOneLine checks that the call left one line in the operator's log, with the ids of the change.
func (d testConnector) requireOneLine(t *testing.T, ids ...string) {
	t.Helper()
	var outcomes []string
	for _, entry := range d.logs.TakeAll() {
		text := fmt.Sprintf("%s %v", entry.Message, entry.ContextMap())
		require.NotContains(t, text, testKey)
		if strings.HasPrefix(entry.Message, keysStay) {
			continue
		}
		if strings.HasPrefix(entry.Message, "baton-openai:") && entry.Level >= zapcore.InfoLevel {
			require.Equal(t, zapcore.InfoLevel, entry.Level)
			outcomes = append(outcomes, text)
		}
	}
	require.Len(t, outcomes, 1)
	for _, id := range ids {
		require.Contains(t, outcomes[0], id)
	}
}

// requireGrants compares grants in an answer with those of a sync.
func requireGrants(t *testing.T, want []access, got []*v2.Grant) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, a := range want {
		require.Equal(t, a.grantID(), got[i].GetId())
		require.Equal(t, a.entitlement, got[i].GetEntitlement().GetId())
		require.Equal(t, id(a.resource()), id(got[i].GetEntitlement().GetResource().GetId()))
		require.Equal(t, a.principal, id(got[i].GetPrincipal().GetId()))
		expandable := &v2.GrantExpandable{}
		isGroup := strings.HasPrefix(a.principal, "group:")
		require.Equal(t, isGroup, pick(t, got[i].GetAnnotations(), expandable))
		if isGroup {
			require.Equal(t, []string{a.principal + ":member"}, expandable.GetEntitlementIds())
		}
	}
}
