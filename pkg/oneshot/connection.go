package oneshot

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorclient"
	transport "github.com/conductorone/baton-sdk/pkg/lambda/grpc"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/ugrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type interceptor = grpc.UnaryServerInterceptor

// connect gives a client whose calls go through what they go through in a process of their own: each message becomes
// bytes, and the SDK's interceptors check it, log the call and catch a panic.
func connect(ctx context.Context, server types.ConnectorServer, interceptors ...interceptor) types.ConnectorClient {
	service := transport.NewServer(ugrpc.ChainUnaryInterceptors(ugrpc.UnaryServerInterceptor(ctx, interceptors...)...))
	v2.RegisterConnectorServiceServer(service, server)
	v2.RegisterResourceTypesServiceServer(service, server)
	v2.RegisterResourcesServiceServer(service, server)
	v2.RegisterResourceGetterServiceServer(service, server)
	v2.RegisterEntitlementsServiceServer(service, server)
	v2.RegisterGrantsServiceServer(service, server)
	v2.RegisterGrantManagerServiceServer(service, server)
	v2.RegisterResourceManagerServiceServer(service, server)
	v2.RegisterResourceDeleterServiceServer(service, server)
	v2.RegisterAccountManagerServiceServer(service, server)
	v2.RegisterEventServiceServer(service, server)
	v2.RegisterActionServiceServer(service, server)
	return connectorclient.NewConnectorClient(ctx, transport.NewClientConn(inProcess{service}))
}

// inProcess is a transport of the SDK's without a network.
type inProcess struct{ service *transport.Server }

func (p inProcess) RoundTrip(ctx context.Context, request *transport.Request) (*transport.Response, error) {
	return p.service.Handler(ctx, request)
}

// stopAtFailure stops the sync at the first error that ends it: the syncer saves what it has when it is stopped, but not
// when it fails.
func stopAtFailure(stop context.CancelCauseFunc) interceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		answer, err := handle(ctx, request)
		if endsSync(err) && ctx.Err() == nil {
			stop(&failedError{Code: status.Code(err), Message: err.Error()})
		}
		return answer, err
	}
}

// endsSync tells whether the syncer gives up because of the error. It repeats what may pass, and takes NotFound for a
// warning; what was cancelled is stopped already.
func endsSync(err error) bool {
	switch status.Code(err) {
	case codes.OK, codes.NotFound, codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return false
	default:
		return true
	}
}
