package oneshot

import (
	"context"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// lister answers one call.
type lister struct {
	types.ConnectorServer

	answer func() (*v2.ResourcesServiceListResourcesResponse, error)
}

func (l lister) ListResources(context.Context, *v2.ResourcesServiceListResourcesRequest) (*v2.ResourcesServiceListResourcesResponse, error) {
	return l.answer()
}

func row(name string) *v2.ResourcesServiceListResourcesResponse {
	return v2.ResourcesServiceListResourcesResponse_builder{List: []*v2.Resource{v2.Resource_builder{
		Id: v2.ResourceId_builder{ResourceType: "user", Resource: "user-1"}.Build(), DisplayName: name,
	}.Build()}}.Build()
}

// A call within this process is checked like one to another process.
func TestConnection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		resourceType string
		answer       func() (*v2.ResourcesServiceListResourcesResponse, error)
		code         codes.Code
		message      string
	}{
		"an answer": {answer: func() (*v2.ResourcesServiceListResourcesResponse, error) { return row("Ada"), nil }},
		"an error with a code": {
			answer: func() (*v2.ResourcesServiceListResourcesResponse, error) {
				return nil, status.Error(codes.PermissionDenied, "baton-openai: no")
			}, code: codes.PermissionDenied, message: "baton-openai: no",
		},
		"a request that is too long": {
			resourceType: strings.Repeat("x", 2000),
			answer:       func() (*v2.ResourcesServiceListResourcesResponse, error) { return row("Ada"), nil },
			code:         codes.InvalidArgument, message: "ResourceTypeId",
		},
		"a name that is no text": {
			answer: func() (*v2.ResourcesServiceListResourcesResponse, error) { return row("\xff"), nil },
			code:   codes.Internal, message: "UTF-8",
		},
		"a panic": {
			answer: func() (*v2.ResourcesServiceListResourcesResponse, error) { panic("a mistake") },
			code:   codes.Internal, message: "Internal Server Error",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := connect(t.Context(), lister{answer: test.answer})
			resourceType := test.resourceType
			if resourceType == "" {
				resourceType = "user"
			}
			answer, err := client.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: resourceType}.Build())
			require.Equal(t, test.code, status.Code(err), "%v", err)
			if err != nil {
				require.ErrorContains(t, err, test.message)
				return
			}
			require.Len(t, answer.GetList(), 1)
			assert.Equal(t, "Ada", answer.GetList()[0].GetDisplayName())
		})
	}
}

// An error stops a sync if the syncer would otherwise end without saving anything. The first error is reported.
func TestStopAtFailure(t *testing.T) {
	t.Parallel()
	for code, isEnd := range map[codes.Code]bool{
		codes.OK: false, codes.NotFound: false, codes.Unavailable: false, codes.DeadlineExceeded: false, codes.Canceled: false,
		codes.Unknown: true, codes.InvalidArgument: true, codes.PermissionDenied: true, codes.FailedPrecondition: true, codes.Aborted: true,
		codes.Internal: true, codes.Unauthenticated: true, codes.ResourceExhausted: true, codes.AlreadyExists: true,
	} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			intercept := stopAtFailure(stop)
			for _, message := range []string{"the first", "the second"} {
				_, err := intercept(ctx, nil, nil, func(context.Context, any) (any, error) { return nil, status.Error(code, message) })
				require.Equal(t, code, status.Code(err))
			}
			if !isEnd {
				require.NoError(t, ctx.Err())
				return
			}
			require.Error(t, ctx.Err())
			require.ErrorContains(t, context.Cause(ctx), "the first")
			require.Equal(t, code, status.Code(context.Cause(ctx)))
		})
	}
}
