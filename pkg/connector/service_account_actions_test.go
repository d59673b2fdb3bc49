package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	createServiceAccount = "POST /organization/projects/{project_id}/service_accounts"

	createInAlpha = `{"project":{"resource_type_id":"project","resource_id":"alpha"},"name":"deploy"}`
)

func madeAccount(name string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		alpha := project(o, "alpha")
		alpha.ServiceAccounts = append(alpha.ServiceAccounts, openaitest.ServiceAccount{ID: "user-Made000000000001", Name: name, Role: "none", CreatedAt: now})
	}
}

var serviceAccountActions = map[string]actionCase{
	"by name": {
		name: "create_service_account", arguments: createInAlpha, effect: madeAccount("deploy"), sends: []string{createServiceAccount},
		returns: returnedResource("service_account:user-Made000000000001", "project:alpha", "deploy"), logs: []string{"project_id:alpha", "service_account_id:user-Made000000000001"},
	},
	"of a name that others have": {
		name: "create_service_account", arguments: `{"project":{"resource_type_id":"project","resource_id":"alpha"},"name":"one"}`,
		effect: madeAccount("one"), sends: []string{createServiceAccount},
		returns: returnedResource("service_account:user-Made000000000001", "project:alpha", "one"),
	},
}

func TestCreateServiceAccount(t *testing.T) {
	t.Parallel()
	requireInvoked(t, serviceAccountActions)
}

func TestCreateServiceAccountRefused(t *testing.T) {
	t.Parallel()
	requireAllRefused(t, map[string]refusedCase{
		"in an archived project": {
			do:   invoked("create_service_account", `{"project":{"resource_type_id":"project","resource_id":"gone"},"name":"deploy"}`),
			says: []string{"creating the service account named deploy in the project gone", "archived"},
		},
		"in no project": {
			do:   invoked("create_service_account", `{"project":{"resource_type_id":"project","resource_id":"nothing"},"name":"deploy"}`),
			code: codes.NotFound, says: []string{"creating the service account named deploy in the project nothing"},
		},
	})
}

// A key that OpenAI creates without a request is reported by its id, and its value is not shown.
func TestServiceAccountThatComesWithAKey(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.ServiceAccountComesWithKey = true
	d := connect(t, server)
	returned, err := d.invoke(t.Context(), "create_service_account", createInAlpha)
	require.Equal(t, codes.FailedPrecondition, status.Code(err), err)
	requireMessage(t, err, "OpenAI made the service account user-Made000000000001 with the key \"key_Made000000000003\", which nobody asked for and nobody has read: delete the service account")
	text := plain(t, returned)
	require.Contains(t, text, "user-Made000000000001")
	require.NotContains(t, text, "StandInOpensNothing")
	for _, entry := range d.logs.All() {
		require.NotContains(t, entry.Message, "StandInOpensNothing")
		for _, field := range entry.Context {
			require.NotContains(t, field.String, "StandInOpensNothing")
		}
	}
}

// Any value in the place of a key counts as one.
func TestServiceAccountThatComesWithAMalformedKey(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.SetFault(createServiceAccount, openaitest.Fault{
		Body: `{"object":"organization.project.service_account","id":"svc-new","name":"deploy","role":"none","api_key":"sk-svcacct-StandInOpensNothing"}`, AfterEffect: true,
	})
	err := invoked("create_service_account", createInAlpha)(t.Context(), connect(t, server))
	requireRefusal(t, err, "OpenAI made the service account svc-new with the key")
	require.NotContains(t, err.Error(), "StandInOpensNothing")
}

// An account that is created with a role has access that was not requested.
func TestServiceAccountThatComesWithARole(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.ServiceAccountComesWithKey = true
	server.SetFault(createServiceAccount, openaitest.Fault{Status: 500, AfterEffect: true})
	err := invoked("create_service_account", createInAlpha)(t.Context(), connect(t, server))
	requireRefusal(t, err)
	require.ErrorContains(t, err, "OpenAI made the service account user-Made000000000001 with the role member, which nobody asked for")
}
