package conductoronetest_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

// Only the owner of the client secret gets a token.
func TestTokens(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{})
	_, stranger, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	with := func(field, value string) url.Values {
		form := p.form()
		form.Set(field, value)
		return form
	}
	claiming := func(change func(*jwt.Claims)) url.Values {
		claims := p.claims()
		change(&claims)
		return with("client_assertion", p.assertion(p.key(), claims))
	}
	past := jwt.NewNumericDate(time.Now().Add(-time.Minute))
	future := jwt.NewNumericDate(time.Now().Add(time.Minute))
	refused := map[string]url.Values{
		"another key":        with("client_assertion", p.assertion(stranger, p.claims())),
		"no assertion":       with("client_assertion", ""),
		"another client":     with("client_id", "somebody@127.0.0.1/spc"),
		"another grant":      with("grant_type", "password"),
		"another proof":      with("client_assertion_type", "secret"),
		"an expired one":     claiming(func(c *jwt.Claims) { c.Expiry = past }),
		"one without an end": claiming(func(c *jwt.Claims) { c.Expiry = nil }),
		"one for later":      claiming(func(c *jwt.Claims) { c.NotBefore = future }),
		"another audience":   claiming(func(c *jwt.Claims) { c.Audience = jwt.Audience{"example.com"} }),
		"another issuer":     claiming(func(c *jwt.Claims) { c.Issuer = "somebody" }),
		"another subject":    claiming(func(c *jwt.Claims) { c.Subject = "somebody" }),
	}
	for name, form := range refused {
		code, _ := p.askToken(form)
		assert.Equal(t, http.StatusUnauthorized, code, name)
	}
	assert.Len(t, p.service.Refused(), len(refused))
	assert.Zero(t, p.service.TokensIssued())
	p.authorized()
	assert.Equal(t, 1, p.service.TokensIssued())
}

// A call without a valid token is refused.
func TestCallsNeedAToken(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{TokenLifetime: time.Nanosecond})
	tests := map[string]context.Context{
		"none":     t.Context(),
		"unknown":  metadata.AppendToOutgoingContext(t.Context(), "authorization", "bearer x"),
		"no token": metadata.AppendToOutgoingContext(t.Context(), "authorization", "basic x"),
	}
	for name, ctx := range tests {
		_, err := p.GetTask(ctx, v1.BatonServiceGetTaskRequest_builder{HostId: "host"}.Build())
		assert.Equal(t, codes.Unauthenticated, status.Code(err), name)
		stream, err := p.UploadAsset(ctx)
		require.NoError(t, err)
		_, err = stream.CloseAndRecv()
		assert.Equal(t, codes.Unauthenticated, status.Code(err), name)
	}
	assert.Len(t, p.service.Refused(), 2*len(tests))

	code, body := p.askToken(p.form())
	require.Equal(t, http.StatusOK, code)
	_, token, _ := strings.Cut(body, `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "bearer "+token)
	_, err := p.GetTask(ctx, v1.BatonServiceGetTaskRequest_builder{HostId: "host"}.Build())
	assert.ErrorContains(t, err, "expired")
}

func TestTasksAreGivenOutInOrder(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{})
	ctx := p.authorized()
	assert.Nil(t, p.getTask(ctx))
	first, second, third := p.service.Enqueue(fullSync()), p.service.Enqueue(fullSync()), p.service.Enqueue(fullSync())
	assert.Equal(t, first.ID, p.getTask(ctx).GetId())
	<-first.Begun()
	rest, err := p.GetTasks(ctx, v1.BatonServiceGetTasksRequest_builder{HostId: "host", PageSize: 5}.Build())
	require.NoError(t, err)
	require.Len(t, rest.GetTasks(), 2)
	assert.Equal(t, second.ID, rest.GetTasks()[0].GetId())
	assert.Equal(t, third.ID, rest.GetTasks()[1].GetId())

	_, err = p.Heartbeat(ctx, v1.BatonServiceHeartbeatRequest_builder{HostId: "host", TaskId: first.ID}.Build())
	require.NoError(t, err)
	assert.Equal(t, 1, first.Heartbeats())
	first.Cancel()
	answer, err := p.Heartbeat(ctx, v1.BatonServiceHeartbeatRequest_builder{HostId: "host", TaskId: first.ID}.Build())
	require.NoError(t, err)
	assert.True(t, answer.GetCancelled())

	response, err := anypb.New(&v2.GrantManagerServiceGrantResponse{})
	require.NoError(t, err)
	report := success(first.ID)
	report.GetSuccess().SetResponse(response)
	_, err = p.FinishTask(ctx, report)
	require.NoError(t, err)
	outcome, err := first.Wait(ctx)
	require.NoError(t, err)
	assert.True(t, outcome.Succeeded())
	assert.NotNil(t, outcome.Response)
	assert.Empty(t, p.service.Refused())
}

// A failed task is handed out again as often as the service is configured to, unless the failure is final.
func TestTasksAreGivenOutAgain(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{Retries: 1})
	ctx := p.authorized()
	task := p.service.Enqueue(fullSync())
	for range 2 {
		require.Equal(t, task.ID, p.getTask(ctx).GetId())
		_, err := p.FinishTask(ctx, failure(task.ID, false))
		require.NoError(t, err)
	}
	<-task.Finished()
	require.Len(t, task.Reports(), 2)
	assert.Equal(t, codes.Canceled, task.Outcome().Status.Code())
	assert.True(t, task.Outcome().Retryable)

	final := p.service.Enqueue(fullSync())
	require.Equal(t, final.ID, p.getTask(ctx).GetId())
	_, err := p.FinishTask(ctx, failure(final.ID, true))
	require.NoError(t, err)
	<-final.Finished()
	assert.False(t, final.Outcome().Retryable)
	assert.Nil(t, p.getTask(ctx))
}

// Calls that do not fit are refused and recorded.
func TestInvalidReports(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{})
	ctx := p.authorized()
	waiting, done := p.service.Enqueue(fullSync()), strings.Repeat("x", 27)
	tests := map[string]struct {
		call func() error
		want codes.Code
	}{
		"unknown task": {func() error { _, err := p.FinishTask(ctx, success(done)); return err }, codes.NotFound},
		"no task":      {func() error { _, err := p.FinishTask(ctx, success("1")); return err }, codes.InvalidArgument},
		"not given out": {
			func() error { _, err := p.FinishTask(ctx, success(waiting.ID)); return err }, codes.FailedPrecondition,
		},
		"no outcome": {
			func() error {
				_, err := p.FinishTask(ctx, v1.BatonServiceFinishTaskRequest_builder{HostId: "host", TaskId: waiting.ID}.Build())
				return err
			}, codes.InvalidArgument,
		},
		"error without a status": {
			func() error {
				report := failure(waiting.ID, true)
				report.ClearStatus()
				_, err := p.FinishTask(ctx, report)
				return err
			}, codes.InvalidArgument,
		},
		"heartbeat of an unknown task": {
			func() error {
				_, err := p.Heartbeat(ctx, v1.BatonServiceHeartbeatRequest_builder{HostId: "host", TaskId: done}.Build())
				return err
			}, codes.NotFound,
		},
		"no host": {func() error { _, err := p.GetTask(ctx, &v1.BatonServiceGetTaskRequest{}); return err }, codes.InvalidArgument},
		"help page of another host": {
			func() error {
				_, err := p.Hello(ctx, v1.BatonServiceHelloRequest_builder{
					HostId: "host", ConnectorMetadata: v2.ConnectorMetadata_builder{DisplayName: "x", HelpUrl: "/docs/x"}.Build(),
				}.Build())
				return err
			}, codes.InvalidArgument,
		},
	}
	for name, test := range tests {
		assert.Equal(t, test.want, status.Code(test.call()), name)
	}
	assert.Len(t, p.service.Refused(), len(tests))

	require.Equal(t, waiting.ID, p.getTask(ctx).GetId())
	_, err := p.FinishTask(ctx, success(waiting.ID))
	require.NoError(t, err)
	_, err = p.FinishTask(ctx, success(waiting.ID))
	assert.Equal(t, codes.FailedPrecondition, status.Code(err))
	assert.Len(t, waiting.Reports(), 1)
}

// upload sends the messages and returns the status with which the service ends the stream.
func (p *peer) upload(ctx context.Context, messages ...*v1.BatonServiceUploadAssetRequest) error {
	p.t.Helper()
	stream, err := p.UploadAsset(ctx)
	require.NoError(p.t, err)
	for _, message := range messages {
		if stream.Send(message) != nil {
			break // the service has ended the stream; CloseAndRecv returns the reason
		}
	}
	_, err = stream.CloseAndRecv()
	return err
}

func begins(taskID string) *v1.BatonServiceUploadAssetRequest {
	return v1.BatonServiceUploadAssetRequest_builder{
		Metadata: v1.BatonServiceUploadAssetRequest_UploadMetadata_builder{HostId: "host", TaskId: taskID}.Build(),
	}.Build()
}

func piece(data string) *v1.BatonServiceUploadAssetRequest {
	return v1.BatonServiceUploadAssetRequest_builder{
		Data: v1.BatonServiceUploadAssetRequest_UploadData_builder{Data: []byte(data)}.Build(),
	}.Build()
}

func checksum(data string) *v1.BatonServiceUploadAssetRequest {
	sum := sha256.Sum256([]byte(data))
	return v1.BatonServiceUploadAssetRequest_builder{
		Eof: v1.BatonServiceUploadAssetRequest_UploadEOF_builder{Sha256Checksum: sum[:]}.Build(),
	}.Build()
}

func TestUploads(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{})
	ctx := p.authorized()
	task := p.service.Enqueue(fullSync())
	require.Equal(t, task.ID, p.getTask(ctx).GetId())
	tests := map[string]struct {
		messages []*v1.BatonServiceUploadAssetRequest
		want     codes.Code
	}{
		"another checksum":    {[]*v1.BatonServiceUploadAssetRequest{begins(task.ID), piece("a"), checksum("b")}, codes.DataLoss},
		"a piece is missing":  {[]*v1.BatonServiceUploadAssetRequest{begins(task.ID), piece("a"), checksum("ab")}, codes.DataLoss},
		"no checksum":         {[]*v1.BatonServiceUploadAssetRequest{begins(task.ID), piece("a")}, codes.InvalidArgument},
		"no beginning":        {[]*v1.BatonServiceUploadAssetRequest{piece("a"), checksum("a")}, codes.InvalidArgument},
		"two beginnings":      {[]*v1.BatonServiceUploadAssetRequest{begins(task.ID), begins(task.ID)}, codes.InvalidArgument},
		"more after the end":  {[]*v1.BatonServiceUploadAssetRequest{begins(task.ID), piece("a"), checksum("a"), piece("b")}, codes.InvalidArgument},
		"an empty piece":      {[]*v1.BatonServiceUploadAssetRequest{begins(task.ID), piece("")}, codes.InvalidArgument},
		"for an unknown task": {[]*v1.BatonServiceUploadAssetRequest{begins(strings.Repeat("x", 27)), piece("a"), checksum("a")}, codes.NotFound},
	}
	for name, test := range tests {
		assert.Equal(t, test.want, status.Code(p.upload(ctx, test.messages...)), name)
	}
	assert.Empty(t, task.Uploads())
	assert.Len(t, p.service.Refused(), len(tests))

	require.NoError(t, p.upload(ctx, begins(task.ID), piece("one "), piece("two"), checksum("one two")))
	assert.Equal(t, [][]byte{[]byte("one two")}, task.Uploads())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	p := newPeer(t, &conductoronetest.Service{})
	ctx := p.authorized()
	task := p.service.Enqueue(fullSync())
	require.Equal(t, task.ID, p.getTask(ctx).GetId())

	p.service.SetFaults(conductoronetest.Faults{TokensRefused: true})
	code, _ := p.askToken(p.form())
	assert.Equal(t, http.StatusUnauthorized, code)

	p.service.SetFaults(conductoronetest.Faults{CallsRefused: true})
	_, err := p.GetTask(ctx, v1.BatonServiceGetTaskRequest_builder{HostId: "host"}.Build())
	assert.Equal(t, codes.Unavailable, status.Code(err))

	p.service.SetFaults(conductoronetest.Faults{BrokenUploads: 1})
	assert.Equal(t, codes.Unavailable, status.Code(p.upload(ctx, begins(task.ID), piece("a"), checksum("a"))))
	require.NoError(t, p.upload(ctx, begins(task.ID), piece("a"), checksum("a")))

	p.service.SetFaults(conductoronetest.Faults{Unreachable: true})
	_, err = p.GetTask(ctx, v1.BatonServiceGetTaskRequest_builder{HostId: "host"}.Build())
	assert.Equal(t, codes.Unavailable, status.Code(err))
	_, err = (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS13}}).DialContext(ctx, "tcp", p.host())
	require.ErrorIs(t, err, syscall.ECONNRESET)
	<-p.service.TurnedAway()
	p.service.SetFaults(conductoronetest.Faults{})
	_, err = p.GetTask(ctx, v1.BatonServiceGetTaskRequest_builder{HostId: "host"}.Build(), grpc.WaitForReady(true))
	require.NoError(t, err)

	assert.Empty(t, p.service.Refused(), "faults are not the daemon's")
}

// A Hello introduces the daemon and finishes a task that asks for it.
func TestHello(t *testing.T) {
	t.Parallel()
	var calls []string
	p := newPeer(t, &conductoronetest.Service{OnCall: func(method string) { calls = append(calls, method) }})
	ctx := p.authorized()
	hello := v1.BatonServiceHelloRequest_builder{
		HostId: "host", ConnectorMetadata: v2.ConnectorMetadata_builder{DisplayName: "OpenAI"}.Build(),
	}.Build()
	_, err := p.Hello(ctx, hello)
	require.NoError(t, err)
	task := p.service.Enqueue(v1.Task_builder{Hello: &v1.Task_HelloTask{}}.Build())
	require.Equal(t, task.ID, p.getTask(ctx).GetId())
	hello.SetTaskId(task.ID)
	_, err = p.Hello(ctx, hello)
	require.NoError(t, err)
	<-task.Finished()
	assert.True(t, task.Outcome().Succeeded())
	require.Len(t, p.service.Hellos(), 2)
	assert.Equal(t, "OpenAI", p.service.Hellos()[0].GetConnectorMetadata().GetDisplayName())
	assert.Equal(t, []string{"Hello", "GetTask", "Hello"}, calls)
}
