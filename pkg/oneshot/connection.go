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

	"github.com/conductorone/baton-openai/pkg/failure"
)

type interceptor = grpc.UnaryServerInterceptor

// connect gives a client of a server in this process. As between two processes, each message is encoded, and the SDK's
// interceptors check it, log the call and catch a panic.
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

// inProcess implements the SDK's transport without a network.
type inProcess struct{ service *transport.Server }

func (p inProcess) RoundTrip(ctx context.Context, request *transport.Request) (*transport.Response, error) {
	return p.service.Handler(ctx, request)
}

// stopAtFailure stops the sync at the first error that would end it: the syncer saves its work when it is stopped, but not
// when it fails.
func stopAtFailure(stop context.CancelCauseFunc) interceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		answer, err := handle(ctx, request)
		if endsSync(err) && ctx.Err() == nil {
			stop(&failure.Error{Code: status.Code(err), Message: err.Error()})
		}
		return answer, err
	}
}

// endsSync tells whether the error ends the sync. The syncer retries Unavailable and DeadlineExceeded, warns of NotFound, and
// is already stopped by Canceled.
func endsSync(err error) bool {
	switch status.Code(err) {
	case codes.OK, codes.NotFound, codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return false
	default:
		return true
	}
}
