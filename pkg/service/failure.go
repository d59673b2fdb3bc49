package service

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// saveEnv tells the service that its client saves what a sync has when the service says that it has failed.
const saveEnv = "BATON_OPENAI_SAVE_ON_FAILURE"

// longestSave is for how long the service waits for its client to stop a sync that has failed.
const longestSave = 10 * time.Second

// lifelineToClient is the service's end of the lifeline; nil in every other process.
var lifelineToClient io.Writer

// failures are what the service has said, in its client.
var failures = make(chan *failedError, 1)

// failedError is an error that ends a sync.
type failedError struct {
	Code    codes.Code
	Message string
}

func (f *failedError) Error() string { return f.Message }

// GRPCStatus is what the exit status is made of.
func (f *failedError) GRPCStatus() *status.Status { return status.New(f.Code, f.Message) }

// SaveOnFailure has a sync that fails keep what it has, so that the next run with the same file goes on from there. It is
// called before the SDK starts the service. A daemon, whose syncs begin anew each time, is left alone.
func SaveOnFailure(command *cobra.Command) error {
	if isDaemon(command) {
		return nil
	}
	return os.Setenv(saveEnv, "1")
}

// readFailures takes what the service says until it is gone.
func readFailures(lifeline io.Reader) {
	for decoder := json.NewDecoder(lifeline); ; {
		failure := &failedError{}
		if err := decoder.Decode(failure); err != nil {
			// What cannot be read means that the service is gone, or is not to be trusted.
			return
		}
		select {
		case failures <- failure:
		default: // the first one has ended the sync
		}
	}
}

// Reporting gives a server that tells its client of an error that ends a sync, and answers only when the client has
// stopped the sync: the syncer saves nothing once it has heard of such an error.
func Reporting(server types.ConnectorServer) types.ConnectorServer {
	if lifelineToClient == nil || os.Getenv(saveEnv) == "" {
		return server
	}
	return &reportingServer{ConnectorServer: server, client: lifelineToClient}
}

type reportingServer struct {
	types.ConnectorServer

	mu     sync.Mutex
	client io.Writer
}

func (s *reportingServer) ListResourceTypes(
	ctx context.Context, request *v2.ResourceTypesServiceListResourceTypesRequest,
) (*v2.ResourceTypesServiceListResourceTypesResponse, error) {
	answer, err := s.ConnectorServer.ListResourceTypes(ctx, request)
	return answer, s.report(ctx, err)
}

func (s *reportingServer) ListResources(
	ctx context.Context, request *v2.ResourcesServiceListResourcesRequest,
) (*v2.ResourcesServiceListResourcesResponse, error) {
	answer, err := s.ConnectorServer.ListResources(ctx, request)
	return answer, s.report(ctx, err)
}

func (s *reportingServer) ListStaticEntitlements(
	ctx context.Context, request *v2.EntitlementsServiceListStaticEntitlementsRequest,
) (*v2.EntitlementsServiceListStaticEntitlementsResponse, error) {
	answer, err := s.ConnectorServer.ListStaticEntitlements(ctx, request)
	return answer, s.report(ctx, err)
}

func (s *reportingServer) ListEntitlements(
	ctx context.Context, request *v2.EntitlementsServiceListEntitlementsRequest,
) (*v2.EntitlementsServiceListEntitlementsResponse, error) {
	answer, err := s.ConnectorServer.ListEntitlements(ctx, request)
	return answer, s.report(ctx, err)
}

func (s *reportingServer) ListGrants(
	ctx context.Context, request *v2.GrantsServiceListGrantsRequest,
) (*v2.GrantsServiceListGrantsResponse, error) {
	answer, err := s.ConnectorServer.ListGrants(ctx, request)
	return answer, s.report(ctx, err)
}

// report gives the error on when the client knows of it.
func (s *reportingServer) report(ctx context.Context, err error) error {
	if !endsSync(err) {
		return err
	}
	text, encodingErr := json.Marshal(failedError{Code: status.Code(err), Message: err.Error()})
	if encodingErr != nil {
		return err
	}
	s.mu.Lock()
	_, writeErr := s.client.Write(text)
	s.mu.Unlock()
	if writeErr != nil {
		return err
	}
	patience := time.NewTimer(longestSave)
	defer patience.Stop()
	select {
	case <-ctx.Done():
	case <-patience.C:
	}
	return err
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
