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
)

const (
	// longestAction is for how long the SDK lets an action go on.
	longestAction = time.Hour
	// actionGrace is for how long an action that is under way is waited for after a signal: most end in less, and "docker stop"
	// kills after ten seconds.
	actionGrace = 9 * time.Second
)

// listActions prints the schemas of the actions by name. The SDK would log them, in no order.
func (r *Run) listActions(ctx context.Context) error {
	client, err := r.client(ctx, nil)
	if err != nil {
		return err
	}
	answer, err := client.ListActionSchemas(ctx, &v2.ListActionSchemasRequest{})
	if err != nil {
		return ended(ctx, err)
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

// invokeAction has an action done, and prints what it returns.
func (r *Run) invokeAction(ctx context.Context) error {
	client, err := r.client(ctx, nil)
	if err != nil {
		return err
	}
	arguments := &structpb.Struct{}
	if text := r.Settings.GetString("invoke-action-args"); text != "" {
		if err := protojson.Unmarshal([]byte(text), arguments); err != nil {
			return &failedError{Code: codes.InvalidArgument, Message: "baton-openai: --invoke-action-args is not a JSON object"}
		}
	}
	answer, err := await(ctx, client, v2.InvokeActionRequest_builder{
		Name: r.Settings.GetString("invoke-action"), Args: arguments, InlineWait: durationpb.New(longestAction),
	}.Build(), actionGrace)
	if err != nil {
		return err
	}
	failure := actionFailure(answer)
	if failure != nil {
		delete(answer.GetResponse().GetFields(), "error") // it is told once
	}
	if err := printJSON(answer.GetResponse()); err != nil && failure == nil {
		return err
	}
	return failure
}

// await waits for the action, and after a signal for a while: the SDK lets it go on whatever becomes of the call, so that what
// ends this process would cut a change off of which nobody was told.
func await(ctx context.Context, client types.ConnectorClient, request *v2.InvokeActionRequest, grace time.Duration) (*v2.InvokeActionResponse, error) {
	type outcome struct {
		answer *v2.InvokeActionResponse
		err    error
	}
	outcomes := make(chan outcome, 1)
	going := context.WithoutCancel(ctx)
	go func() {
		answer, err := client.InvokeAction(going, request)
		outcomes <- outcome{answer, ended(going, err)}
	}()
	select {
	case done := <-outcomes:
		return done.answer, done.err
	case <-ctx.Done():
	}
	select {
	case done := <-outcomes:
		return done.answer, done.err
	case <-time.After(grace):
		return nil, &failedError{Code: codes.Canceled, Message: fmt.Sprintf(
			"baton-openai: stopped by a signal while the action %s was under way: whether it took effect is not known; sync to see what there is before you run it again", request.GetName())}
	}
}

// actionFailure is the error of an action that failed, nil if it did not. Its code is among the annotations: the SDK makes a
// text of the error.
func actionFailure(answer *v2.InvokeActionResponse) error {
	if answer.GetStatus() == v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE {
		return nil
	}
	failure := &failedError{Code: codes.Internal, Message: answer.GetResponse().GetFields()["error"].GetStringValue()}
	said := &spb.Status{}
	if annos := annotations.Annotations(answer.GetAnnotations()); annos.Contains(said) {
		if isThere, err := annos.Pick(said); isThere && err == nil {
			failure.Code = codes.Code(said.GetCode()) //nolint:gosec // the connector's own code
		}
	}
	return failure
}

// printJSON prints a message on a line, the same each time: the library that makes JSON of it puts spaces in now and then.
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
