package conductoronetest

import (
	"context"
	"path"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// batonService answers the calls of a daemon.
type batonService struct {
	v1.UnimplementedBatonServiceServer

	service *Service
}

// checkCall checks all calls but the upload.
func (s *Service) checkCall(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if err := s.begin(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	response, err := any(nil), checkMessage(request)
	if err == nil {
		response, err = handle(ctx, request)
	}
	return response, s.remember(info.FullMethod, err)
}

func (s *Service) checkStream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if err := s.begin(stream.Context(), info.FullMethod); err != nil {
		return err
	}
	return handle(service, stream)
}

// begin checks a call before its message.
func (s *Service) begin(ctx context.Context, method string) error {
	if s.OnCall != nil {
		s.OnCall(path.Base(method))
	}
	if s.currentFaults().CallsRefused {
		return errFault
	}
	return s.remember(method, s.authorize(ctx, method))
}

// errFault is the answer to a call during a fault of the service.
var errFault = status.Error(codes.Unavailable, "the service is out of order")

// remember records the refusal, if any, and returns it.
func (s *Service) remember(method string, err error) error {
	if err != nil {
		s.notef("%s: %v", path.Base(method), err)
	}
	return err
}

// checkMessage checks the constraints of the protocol.
func checkMessage(message any) error {
	checked, ok := message.(interface{ ValidateAll() error })
	if !ok {
		return nil
	}
	if err := checked.ValidateAll(); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	return nil
}

func (b *batonService) Hello(_ context.Context, request *v1.BatonServiceHelloRequest) (*v1.BatonServiceHelloResponse, error) {
	b.service.mu.Lock()
	defer b.service.mu.Unlock()
	if id := request.GetTaskId(); id != "" {
		task, err := b.service.activeTaskLocked(id)
		if err != nil {
			return nil, err
		}
		task.reportLocked(Outcome{Status: status.New(codes.OK, "")})
	}
	b.service.hellos = append(b.service.hellos, request)
	return &v1.BatonServiceHelloResponse{}, nil
}

func (b *batonService) GetTask(ctx context.Context, _ *v1.BatonServiceGetTaskRequest) (*v1.BatonServiceGetTaskResponse, error) {
	response := v1.BatonServiceGetTaskResponse_builder{NextPoll: b.poll(), NextHeartbeat: durationpb.New(b.service.Heartbeat)}.Build()
	for _, task := range b.take(ctx, 1) {
		response.SetTask(task)
	}
	return response, nil
}

func (b *batonService) GetTasks(ctx context.Context, request *v1.BatonServiceGetTasksRequest) (*v1.BatonServiceGetTasksResponse, error) {
	return v1.BatonServiceGetTasksResponse_builder{
		Tasks:         b.take(ctx, int(request.GetPageSize())),
		NextPoll:      b.poll(),
		NextHeartbeat: durationpb.New(b.service.Heartbeat),
	}.Build(), nil
}

// take gives no task to a caller that is gone.
func (b *batonService) take(ctx context.Context, limit int) []*v1.Task {
	b.service.mu.Lock()
	defer b.service.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	return b.service.takeLocked(limit)
}

func (b *batonService) poll() *durationpb.Duration {
	if b.service.Poll == 0 {
		return durationpb.New(defaultPoll)
	}
	return durationpb.New(b.service.Poll)
}

func (b *batonService) Heartbeat(_ context.Context, request *v1.BatonServiceHeartbeatRequest) (*v1.BatonServiceHeartbeatResponse, error) {
	b.service.mu.Lock()
	defer b.service.mu.Unlock()
	response := v1.BatonServiceHeartbeatResponse_builder{NextHeartbeat: durationpb.New(b.service.Heartbeat)}.Build()
	for _, id := range append(request.GetTaskIds(), request.GetTaskId()) {
		task, err := b.service.activeTaskLocked(id)
		if err != nil {
			return nil, err
		}
		task.heartbeats++
		if task.isCancelled {
			response.SetCancelled(true)
			response.SetCancelledTaskIds(append(response.GetCancelledTaskIds(), id))
		}
	}
	return response, nil
}

func (b *batonService) FinishTask(_ context.Context, request *v1.BatonServiceFinishTaskRequest) (*v1.BatonServiceFinishTaskResponse, error) {
	outcome := Outcome{Status: status.New(codes.OK, ""), Response: request.GetSuccess().GetResponse()}
	if request.HasError() {
		outcome = Outcome{
			Status:    status.FromProto(request.GetStatus()),
			Retryable: !request.GetError().GetNonRetryable(),
			Response:  request.GetError().GetResponse(),
		}
		if outcome.Succeeded() {
			return nil, status.Error(codes.InvalidArgument, "an error without a status that says so")
		}
	}
	b.service.mu.Lock()
	defer b.service.mu.Unlock()
	task, err := b.service.activeTaskLocked(request.GetTaskId())
	if err != nil {
		return nil, err
	}
	task.reportLocked(outcome)
	return &v1.BatonServiceFinishTaskResponse{}, nil
}
