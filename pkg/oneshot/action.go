package oneshot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/failure"
)

const (
	// maxActionTime is the SDK's limit of an action.
	maxActionTime = time.Hour
	// actionGrace is the time that a running action has after a signal. Most need less, and "docker stop" kills after ten
	// seconds.
	actionGrace = 9 * time.Second
)

// listActions prints the schemas of the actions, sorted by name. The SDK would log them unsorted.
func (r *Run) listActions(ctx context.Context) error {
	client, err := r.client(ctx, nil)
	if err != nil {
		return err
	}
	answer, err := client.ListActionSchemas(ctx, &v2.ListActionSchemasRequest{})
	if err != nil {
		return runError(ctx, err)
	}
	schemas := answer.GetSchemas()
	slices.SortFunc(schemas, func(a, b *v2.BatonActionSchema) int { return cmp.Compare(a.GetName(), b.GetName()) })
	for _, schema := range schemas {
		if err := printJSON(schema); err != nil {
			return err
		}
	}
	return nil
}

// invokeAction runs an action and prints its result.
func (r *Run) invokeAction(ctx context.Context) error {
	client, err := r.client(ctx, nil)
	if err != nil {
		return err
	}
	arguments := &structpb.Struct{}
	if text := r.Settings.GetString("invoke-action-args"); text != "" {
		if err := protojson.Unmarshal([]byte(text), arguments); err != nil {
			return &failure.Error{Code: codes.InvalidArgument, Message: "baton-openai: --invoke-action-args is not a JSON object"}
		}
	}
	answer, err := await(ctx, client, v2.InvokeActionRequest_builder{
		Name: r.Settings.GetString("invoke-action"), Args: arguments, InlineWait: durationpb.New(maxActionTime),
	}.Build(), actionGrace)
	if err != nil {
		return err
	}
	failed := actionError(answer)
	if failed != nil {
		delete(answer.GetResponse().GetFields(), "error") // it is printed once, as the error
	}
	if err := printJSON(answer.GetResponse()); err != nil && failed == nil {
		return err
	}
	return failed
}

// await waits for the action, and after a signal for the grace. The SDK does not stop an action with its call: without the
// grace the end of this process would cut off a change, and nobody would know.
func await(ctx context.Context, client types.ConnectorClient, request *v2.InvokeActionRequest, grace time.Duration) (*v2.InvokeActionResponse, error) {
	type outcome struct {
		answer *v2.InvokeActionResponse
		err    error
	}
	outcomes := make(chan outcome, 1)
	unstopped := context.WithoutCancel(ctx)
	go func() {
		answer, err := client.InvokeAction(unstopped, request)
		outcomes <- outcome{answer, runError(unstopped, err)}
	}()
	select {
	case o := <-outcomes:
		return o.answer, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-outcomes:
		return o.answer, o.err
	case <-time.After(grace):
		return nil, &failure.Error{Code: codes.Canceled, Message: fmt.Sprintf(
			"baton-openai: stopped by a signal while the action %s was under way: whether it took effect is not known; sync to see what there is before you run it again", request.GetName())}
	}
}

// actionError gives the error of an action, nil if it succeeded. The SDK answers with the error's text only; its code is in an
// annotation.
func actionError(answer *v2.InvokeActionResponse) error {
	if answer.GetStatus() == v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE {
		return nil
	}
	failed := &failure.Error{Code: codes.Internal, Message: answer.GetResponse().GetFields()["error"].GetStringValue()}
	cause := &spb.Status{}
	if annos := annotations.Annotations(answer.GetAnnotations()); annos.Contains(cause) {
		if found, err := annos.Pick(cause); found && err == nil {
			failed.Code = codes.Code(cause.GetCode()) //nolint:gosec // the connector's own code
		}
	}
	return failed
}

// printJSON prints a message on one line, always in the same form: protojson puts in spaces at random.
func printJSON(message proto.Message) error {
	spaced, err := protojson.Marshal(message)
	if err != nil {
		return fmt.Errorf("baton-openai: the answer cannot be printed: %w", err)
	}
	var line bytes.Buffer
	if err := json.Compact(&line, spaced); err != nil {
		return fmt.Errorf("baton-openai: the answer cannot be printed: %w", err)
	}
	line.WriteByte('\n')
	if _, err := os.Stdout.Write(line.Bytes()); err != nil {
		return fmt.Errorf("baton-openai: the answer cannot be printed: %w", err)
	}
	return nil
}
