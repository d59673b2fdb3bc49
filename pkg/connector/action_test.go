package connector_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	config "github.com/conductorone/baton-sdk/pb/c1/config/v1"
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/stretchr/testify/require"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// invoke invokes an action with arguments as on the command line, and returns its result. An error is rebuilt from the
// parts that the SDK keeps.
func (d testConnector) invoke(ctx context.Context, name, arguments string) (*structpb.Struct, error) {
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
	failure := &spb.Status{}
	annos := annotations.Annotations(answer.GetAnnotations())
	if found, err := annos.Pick(failure); err != nil || !found {
		return returned, errors.New("the error has no code")
	}
	text := returned.GetFields()["error"].GetStringValue()
	return returned, status.Error(codes.Code(failure.GetCode()), text)
}

func invoked(name, arguments string) func(context.Context, testConnector) error {
	return func(ctx context.Context, d testConnector) error {
		_, err := d.invoke(ctx, name, arguments)
		return err
	}
}

// actionCase is an action that succeeds.
type actionCase struct {
	name, arguments string
	prepare         func(*openaitest.Organization)
	// effect changes the organization as the action does; nil if nothing changes.
	effect func(*openaitest.Organization)
	sends  []string
	// returns is the result as JSON, without the annotations of resources; logs are parts of the action's only line in
	// the log.
	returns string
	logs    []string
}

// requireInvoked checks the effect, the result and the log of each action.
func requireInvoked(t *testing.T, cases map[string]actionCase) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(test.prepare)
			d := connect(t, server)
			want := server.Snapshot()
			outcome := "nothing to do"
			if test.effect != nil {
				test.effect(&want)
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

// plain is the result of an action as JSON, without the annotations of resources.
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

// returnedResource is the result of an action that returns one resource, in the field of its type. Ids are written as
// project:p.
func returnedResource(id, parent, name string) string {
	return returnedAs(parseID(id).GetResourceType(), id, parent, name)
}

// returnedAs is the same with another field.
func returnedAs(as, id, parent, name string) string {
	of := func(text string) string {
		return fmt.Sprintf(`{"resourceTypeId":%q,"resourceId":%q}`, parseID(text).GetResourceType(), parseID(text).GetResource())
	}
	return fmt.Sprintf(`{"success":true,%q:{"resourceId":%s,"parentResourceId":%s,"displayName":%q}}`, as, of(id), of(parent), name)
}

// actionCases are the actions that change something.
func actionCases() map[string]actionCase {
	all := map[string]actionCase{}
	for _, cases := range []map[string]actionCase{
		projectActions, serviceAccountActions, groupActions, roleActions, userKeysActions, modelActions, toolActions, rateLimitActions, spendLimitActions,
	} {
		for name, test := range cases {
			if test.effect != nil {
				all[test.name+", "+name] = test
			}
		}
	}
	return all
}

// The names of actions, arguments and results are pinned, since workflows in ConductorOne store them.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	listed, err := connect(t, newServer()).ListActionSchemas(t.Context(), &v2.ListActionSchemasRequest{})
	require.NoError(t, err)
	names := func(fields []*config.Field) []string {
		found := make([]string, 0, len(fields))
		for _, field := range fields {
			found = append(found, field.GetName())
		}
		return found
	}
	got := map[string][2][]string{}
	for _, schema := range listed.GetSchemas() {
		got[schema.GetName()] = [2][]string{names(schema.GetArguments()), names(schema.GetReturnTypes())}
		require.Equal(t, []v2.ActionType{v2.ActionType_ACTION_TYPE_DYNAMIC}, schema.GetActionType())
		require.Empty(t, schema.GetResourceTypeId())
		require.NotEmpty(t, schema.GetDisplayName())
	}
	require.Equal(t, map[string][2][]string{
		"create_project":         {{"name", "residency", "external_key_id"}, {"success", "project"}},
		"archive_project":        {{"project", "confirm_name"}, {"success", "project"}},
		"update_project":         {{"project", "name", "external_key_id"}, {"success", "project"}},
		"create_service_account": {{"project", "name"}, {"success", "service_account"}},
		"update_group":           {{"group", "name"}, {"success", "group"}},
		"create_role":            {{"name", "permissions", "description", "project"}, {"success", "role"}},
		"update_role":            {{"role", "name", "permissions", "description"}, {"success", "role"}},
		"delete_role":            {{"role"}, {"success", "holders", "all_counted"}},
		"delete_user_keys":       {{"user", "after_project"}, {"success", "deleted", "not_deleted", "after_project"}},
		"set_project_models":     {{"project", "mode", "model_ids"}, {"success", "project"}},
		"set_project_tools": {
			{"project", "file_search", "web_search", "image_generation", "mcp", "code_interpreter"}, {"success", "project"},
		},
		"set_project_rate_limit": {{
			"project", "model", "max_requests_per_1_minute", "max_tokens_per_1_minute", "max_images_per_1_minute",
			"max_audio_megabytes_per_1_minute", "max_requests_per_1_day", "batch_1_day_max_input_tokens",
		}, {"success", "project"}},
		"set_spend_limit": {{"project", "whole_organization", "amount_cents", "remove"}, {"success", "project"}},
	}, got)
}

// The result of an action is as its schema says.
func TestActionsReturnTheirSchema(t *testing.T) {
	t.Parallel()
	for name, test := range actionCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := connect(t, newServer(test.prepare))
			schema, err := d.GetActionSchema(t.Context(), v2.GetActionSchemaRequest_builder{Name: test.name}.Build())
			require.NoError(t, err)
			returned, err := d.invoke(t.Context(), test.name, test.arguments)
			require.NoError(t, err)
			for field := range returned.GetFields() {
				require.True(t, slices.ContainsFunc(schema.GetSchema().GetReturnTypes(), func(of *config.Field) bool { return of.GetName() == field }), field)
			}
		})
	}
}

// Every action is refused without a client, as when only the capabilities are listed, and in a service without
// --provisioning.
func TestActionsThatAreNotServed(t *testing.T) {
	t.Parallel()
	reading := newServer()
	d := connect(t, reading)
	d.connector.RefuseActions()
	empty, err := connectorbuilder.NewConnector(t.Context(), &connector.Connector{})
	require.NoError(t, err)
	keyless := testConnector{ConnectorClient: serve(t.Context(), t, empty)}
	for _, name := range connector.ActionNames() {
		for _, arguments := range []string{`{}`, `{"name":"x"}`, archiveAlpha} {
			requireRefusal(t, invoked(name, arguments)(t.Context(), d), "the service changes nothing: start it with --provisioning")
			err := invoked(name, arguments)(t.Context(), keyless)
			require.Equal(t, codes.InvalidArgument, status.Code(err))
			require.ErrorContains(t, err, "no OpenAI admin key is configured")
		}
	}
	require.Empty(t, reading.Requests())
}

// Of two actions on the same object, the second one reads the state after the first one is done.
func TestSameActionsAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(context.Context, testConnector) error{
		"archive": invoked("archive_project", archiveAlpha), "rename": invoked("update_project", renameAlpha), "delete keys": invoked("delete_user_keys", keysOf("ann")),
		"make a role": invoked("create_role", `{"name":"Buyer","permissions":["api.usage.read"]}`), "delete a role": invoked("delete_role", aboutRole("organization_role", "r-audit", "")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			d := connect(t, server)
			d.holdWrites(t)
			twice := []func(context.Context, testConnector) error{test, test}
			for _, err := range atOnce(t.Context(), d, twice...) {
				require.NoError(t, err)
			}
			require.Len(t, writes(server), 1)
			require.Zero(t, d.connector.ExcludingChanges())
		})
	}
}
