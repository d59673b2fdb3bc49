package oneshot

import (
	"context"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// actor is a connector with one action.
type actor struct {
	types.ConnectorServer

	act func(context.Context) (*v2.InvokeActionResponse, error)
}

func (a actor) InvokeAction(ctx context.Context, _ *v2.InvokeActionRequest) (*v2.InvokeActionResponse, error) {
	return a.act(ctx)
}

// failing is the answer of a failed action. The SDK keeps only the text of its error.
func failing(text string, annos annotations.Annotations) *v2.InvokeActionResponse {
	return v2.InvokeActionResponse_builder{
		Id: "a", Status: v2.BatonActionStatus_BATON_ACTION_STATUS_FAILED, Annotations: annos,
		Response: &structpb.Struct{Fields: map[string]*structpb.Value{"error": structpb.NewStringValue(text)}},
	}.Build()
}

// A failed action has the code of its error.
func TestActionError(t *testing.T) {
	t.Parallel()
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		answer := failing("baton-openai: no", annotations.New(status.New(code, "baton-openai: no").Proto()))
		err := actionError(answer)
		require.Equal(t, code, status.Code(err))
		require.EqualError(t, err, "baton-openai: no")
	}
	// A panic has no code.
	require.Equal(t, codes.Internal, status.Code(actionError(failing("panic in action handler: a mistake", nil))))
	require.NoError(t, actionError(v2.InvokeActionResponse_builder{Status: v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE}.Build()))
}

// If an action ends shortly after a signal, its result is reported. If it does not, the error says that its effect is
// unknown.
func TestActionAtASignal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		grace time.Duration
		// ends says that the action ends after the signal.
		ends bool
		err  string
	}{
		"it ends":         {grace: time.Minute, ends: true},
		"it does not end": {err: "baton-openai: stopped by a signal while the action try was under way: whether it took effect is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, signal := context.WithCancel(t.Context())
			begun, goOn := make(chan struct{}), make(chan struct{})
			defer close(goOn)
			client := connect(t.Context(), actor{act: func(context.Context) (*v2.InvokeActionResponse, error) {
				close(begun)
				<-ctx.Done()
				if !test.ends {
					<-goOn
				}
				return v2.InvokeActionResponse_builder{Id: "a", Status: v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE}.Build(), nil
			}})
			go func() {
				<-begun
				signal()
			}()
			answer, err := await(ctx, client, v2.InvokeActionRequest_builder{Name: "try"}.Build(), test.grace)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				require.Equal(t, codes.Canceled, status.Code(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, "a", answer.GetId())
		})
	}
}
