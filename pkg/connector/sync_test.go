package connector_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorclient"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/engine/pebble"
	"github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/conductorone/baton-sdk/pkg/ugrpc"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const testKey = "sk-admin-test-0123456789"

// syncOptions are those of a test's sync; the zero value reads one page after another.
type syncOptions struct {
	workers       int
	resourceTypes []string
	// byTask says that ConductorOne's task has the types, and the connector's flags do not.
	byTask bool
	// targets are the resources of a targeted sync.
	targets []*v2.Resource
	// onDemand reads nothing ahead, as in a Lambda.
	onDemand bool
	// retryFor is how long a call without a usable answer is repeated.
	retryFor time.Duration
	engine   c1zstore.Engine
	// insights is the flag for security insights.
	insights bool
}

func (o syncOptions) startedWith() []string {
	if o.byTask {
		return nil
	}
	return o.resourceTypes
}

// outcome is the result of a sync.
type outcome struct {
	err error
	// store has the rows, and is open until the end of the test.
	store c1zstore.Store
	// path is where save writes the file.
	path string
	logs *observer.ObservedLogs
}

// save writes the file and gives its path. The store is closed then.
func (o outcome) save(t *testing.T) string {
	t.Helper()
	require.NoError(t, o.store.Close(t.Context()))
	return o.path
}

// runSync syncs the server's organization with the SDK's own syncer. Writing the file and reading it again costs as much as the
// sync, and is the SDK's work: only the tests that need the file do it.
func runSync(t *testing.T, api *openaitest.Server, options syncOptions) outcome {
	t.Helper()
	core, logs := observer.New(zap.WarnLevel)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))

	store := &lateSessionStore{}
	built, server := retryingConnector(ctx, t, api, store, options)
	client := serve(ctx, t, server)
	path := filepath.Join(t.TempDir(), "sync.c1z")
	// The digests of grants compare two files, which no test does.
	file, err := dotc1z.NewStore(ctx, path, dotc1z.WithTmpDir(t.TempDir()), dotc1z.WithEngine(options.engine), dotc1z.WithGrantDigestIndex(false))
	require.NoError(t, err)
	atEnd(t, func() {
		if engine, ok := pebble.AsEngine(file); ok {
			require.NoError(t, engine.Close()) // writes no file
			return
		}
		require.NoError(t, file.Close(context.WithoutCancel(t.Context())))
	})
	store.SetSessionStore(ctx, file.SessionStore())
	syncer, err := sync.NewSyncer(ctx, client,
		sync.WithConnectorStore(file),
		sync.WithSessionStore(store),
		sync.WithWorkerCount(options.workers),
		sync.WithSyncResourceTypes(options.resourceTypes),
		sync.WithTargetedSyncResources(options.targets),
		sync.WithFailFastInvariants(),
	)
	require.NoError(t, err)
	err = syncer.Sync(ctx)
	built.StopReading() // it keeps pages in the file
	return outcome{err: err, store: file, path: path, logs: logs}
}

// newConnector returns a connector that does not repeat calls.
func newConnector(ctx context.Context, t *testing.T, server *openaitest.Server, store sessions.SessionStore) types.ConnectorServer {
	t.Helper()
	_, built := retryingConnector(ctx, t, server, store, syncOptions{})
	return built
}

func retryingConnector(
	ctx context.Context, t *testing.T, server *openaitest.Server, store sessions.SessionStore, options syncOptions,
) (*connector.Connector, types.ConnectorServer) {
	t.Helper()
	builder, err := connector.Build(ctx, &cfg.Openai{OpenaiAdminKey: testKey, BaseUrl: listen(t, server) + "/v1", SecurityInsights: options.insights}, options.startedWith())
	require.NoError(t, err)
	builder.SetRetryFor(options.retryFor)
	if !options.onDemand {
		builder.ReadAhead()
	}
	built, err := connectorbuilder.NewConnector(ctx, builder, connectorbuilder.WithSessionStore(store))
	require.NoError(t, err)
	return builder, built
}

func setRetryFor(tb testing.TB, builder connectorbuilder.ConnectorBuilderV2, retryFor time.Duration) {
	tb.Helper()
	built, ok := builder.(*connector.Connector)
	require.True(tb, ok)
	built.SetRetryFor(retryFor)
}

// lateSessionStore is the session store of the sync that began last, as in the connector's own process.
type lateSessionStore struct{ sessions.SessionStore }

func (s *lateSessionStore) SetSessionStore(_ context.Context, store sessions.SessionStore) {
	s.SessionStore = store
}

// listen serves the handler until the end of the test, and returns its address.
func listen(tb testing.TB, handler http.Handler) string {
	tb.Helper()
	listener := httptest.NewServer(handler)
	atEnd(tb, listener.Close)
	return listener.URL
}

// atEnd calls end at the end of the test. The testing package keeps each function of Cleanup, with all that it holds, until
// the tests of all tables have ended: a stand-in and a connector for each of thousands.
func atEnd(tb testing.TB, end func()) {
	tb.Helper()
	tb.Cleanup(func() {
		end()
		end = nil
	})
}

// serve connects a client to the connector through gRPC in memory, as the syncer does.
func serve(ctx context.Context, t *testing.T, server types.ConnectorServer) types.ConnectorClient {
	t.Helper()
	listener := bufconn.Listen(64 << 10)
	// The interceptors add the context's logger for the handlers, as in the connector's own process.
	service := grpc.NewServer(grpc.ChainUnaryInterceptor(ugrpc.UnaryServerInterceptor(ctx)...))
	v2.RegisterConnectorServiceServer(service, server)
	v2.RegisterResourceTypesServiceServer(service, server)
	v2.RegisterResourcesServiceServer(service, server)
	v2.RegisterResourceGetterServiceServer(service, server)
	v2.RegisterEntitlementsServiceServer(service, server)
	v2.RegisterGrantsServiceServer(service, server)
	v2.RegisterAssetServiceServer(service, server)
	v2.RegisterGrantManagerServiceServer(service, server)
	v2.RegisterAccountManagerServiceServer(service, server)
	v2.RegisterResourceManagerServiceServer(service, server)
	v2.RegisterResourceDeleterServiceServer(service, server)
	v2.RegisterActionServiceServer(service, server)
	v2.RegisterCredentialManagerServiceServer(service, server)
	served := make(chan error, 1)
	go func() { served <- service.Serve(listener) }()
	atEnd(t, func() {
		service.Stop()
		// a test without a call may end before the server begins
		if err := <-served; err != nil {
			require.ErrorIs(t, err, grpc.ErrServerStopped)
		}
	})
	connection, err := grpc.NewClient("passthrough:///connector",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	atEnd(t, func() { require.NoError(t, connection.Close()) })
	return connectorclient.NewConnectorClient(ctx, connection)
}

func openFile(t *testing.T, path string) c1zstore.Store {
	t.Helper()
	file, err := dotc1z.NewStore(t.Context(), path, dotc1z.WithReadOnly(true))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close(context.WithoutCancel(t.Context()))) })
	return file
}
