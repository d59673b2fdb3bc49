package connector_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/stretchr/testify/require"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// invoke has an action done, with arguments as on the command line, and gives what it returns. Its error is made of what the
// SDK leaves of it.
func (d desk) invoke(ctx context.Context, name, arguments string) (*structpb.Struct, error) {
	given := &structpb.Struct{}
	if err := protojson.Unmarshal([]byte(arguments), given); err != nil {
		return nil, err
	}
	answer, err := d.InvokeAction(ctx, v2.InvokeActionRequest_builder{Name: name, Args: given, InlineWait: durationpb.New(time.Hour)}.Build())
	if err != nil {
		return nil, err
	}
	returned := answer.GetResponse()
	if answer.GetStatus() == v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE {
		return returned, nil
	}
	said := &spb.Status{}
	annos := annotations.Annotations(answer.GetAnnotations())
	if found, err := annos.Pick(said); err != nil || !found {
		return returned, errors.New("the error has no code")
	}
	text := returned.GetFields()["error"].GetStringValue()
	return returned, status.Error(codes.Code(said.GetCode()), text)
}

func invoked(name, arguments string) func(context.Context, desk) error {
	return func(ctx context.Context, d desk) error {
		_, err := d.invoke(ctx, name, arguments)
		return err
	}
}

// actionCase is an action that succeeds.
type actionCase struct {
	name, arguments string
	bend            func(*openaitest.Organization)
	// mean is what it does to the organization, nil if there is nothing to do.
	mean  func(*openaitest.Organization)
	sends []string
	// returns is what it returns, as JSON, but for the annotations of a resource; logs are in its one line of the log.
	returns string
	logs    []string
}

// requireInvoked holds actions to what they do, return and log.
func requireInvoked(t *testing.T, cases map[string]actionCase) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOffice(test.bend)
			d := open(t, server)
			want := server.Snapshot()
			outcome := "nothing to do"
			if test.mean != nil {
				test.mean(&want)
				outcome = "done"
			}
			returned, err := d.invoke(t.Context(), test.name, test.arguments)
			require.NoError(t, err)
			requireState(t, want, server)
			require.Equal(t, test.sends, writes(server))
			require.JSONEq(t, test.returns, plain(t, returned))
			d.requireOneLine(t, append(test.logs, "baton-openai: "+test.name, outcome)...)
			require.Empty(t, server.Unknown())
		})
	}
}

// plain is what an action returned as JSON, but for the annotations of resources.
func plain(t *testing.T, returned *structpb.Struct) string {
	t.Helper()
	fields := returned.AsMap()
	for _, field := range fields {
		if resource, isResource := field.(map[string]any); isResource {
			delete(resource, "annotations")
		}
	}
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(text)
}

// returnedResource is what an action returns that has one resource, under the name of its type. Ids are written as project:p.
func returnedResource(id, parent, name string) string {
	return returnedAs(parseID(id).GetResourceType(), id, parent, name)
}

// returnedAs is the same under another name.
func returnedAs(as, id, parent, name string) string {
	of := func(text string) string {
		return fmt.Sprintf(`{"resourceTypeId":%q,"resourceId":%q}`, parseID(text).GetResourceType(), parseID(text).GetResource())
	}
	return fmt.Sprintf(`{"success":true,%q:{"resourceId":%s,"parentResourceId":%s,"displayName":%q}}`, as, of(id), of(parent), name)
}

// actionCases are those that change something.
func actionCases() map[string]actionCase {
	all := map[string]actionCase{}
	for _, cases := range []map[string]actionCase{projectActions, serviceAccountActions, groupActions, roleActions, userKeysActions} {
		for name, test := range cases {
			if test.mean != nil {
				all[test.name+" "+name] = test
			}
		}
	}
	return all
}
