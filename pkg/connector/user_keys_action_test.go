package connector_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const listProjectKeys = "GET /organization/projects/{project_id}/api_keys"

func keysOf(user string) string {
	return fmt.Sprintf(`{"user":{"resource_type_id":"user","resource_id":%q}}`, user)
}

// ofKeys adds keys of a user, and one of another user, to a project.
func ofKeys(projectID, user string, ids ...string) func(*openaitest.Organization) {
	return func(o *openaitest.Organization) {
		for _, id := range ids {
			project(o, projectID).APIKeys = append(project(o, projectID).APIKeys, openaitest.ProjectAPIKey{
				ID: id, RedactedValue: "sk-proj-***cccc", CreatedAt: 30, OwnerType: "user", OwnerID: user, OwnerProjectAccess: "active",
			})
		}
	}
}

var userKeysActions = map[string]actionCase{
	"one key": {
		name: "delete_user_keys", arguments: keysOf("ann"), effect: withoutKey("key-ann"), sends: []string{deleteProjectKey},
		returns: `{"success":true,"deleted":1,"not_deleted":0}`, logs: []string{"user_id:ann", "deleted:1"},
	},
	"none": {name: "delete_user_keys", arguments: keysOf("ben"), returns: `{"success":true,"deleted":0,"not_deleted":0}`},
	"of somebody who has left": {
		name: "delete_user_keys", arguments: keysOf("ann"), prepare: leave("ann"), effect: withoutKey("key-ann"), sends: []string{deleteProjectKey},
		returns: `{"success":true,"deleted":1,"not_deleted":0}`,
	},
	"of a service account, as of no user": {name: "delete_user_keys", arguments: keysOf("svc-1"), returns: `{"success":true,"deleted":0,"not_deleted":0}`},
}

func TestDeleteUserKeys(t *testing.T) {
	t.Parallel()
	requireInvoked(t, userKeysActions)
	requireInvoked(t, map[string]actionCase{
		"in two projects and of the organization": {
			name: "delete_user_keys", arguments: keysOf("ole"),
			prepare: both(ofKeys("alpha", "ole", "key-1", "key-2"), ofKeys("beta", "ole", "key-3")),
			effect:  both(withoutKey("key-1"), withoutKey("key-2"), withoutKey("key-3"), withoutKey("key-other")),
			sends:   []string{deleteAdminKey, deleteProjectKey, deleteProjectKey, deleteProjectKey}, returns: `{"success":true,"deleted":4,"not_deleted":0}`,
		},
		"of a user who is a service account": {
			name: "delete_user_keys", arguments: keysOf("bot"),
			prepare: func(o *openaitest.Organization) {
				o.AdminKeys = append(o.AdminKeys, openaitest.AdminAPIKey{ID: "key-bot", RedactedValue: "sk-admin-***7777", OwnerType: "service_account", OwnerID: "bot"})
			},
			effect: withoutKey("key-bot"), sends: []string{deleteAdminKey}, returns: `{"success":true,"deleted":1,"not_deleted":0}`,
		},
		"behind a project that was archived meanwhile": {
			name: "delete_user_keys", arguments: `{"user":{"resource_type_id":"user","resource_id":"ole"},"after_project":"alpha"}`,
			prepare: both(archived("alpha"), ofKeys("beta", "ole", "key-2")), effect: withoutKey("key-2"),
			sends: []string{deleteProjectKey}, returns: `{"success":true,"deleted":1,"not_deleted":0}`,
		},
		"behind a project": {
			name: "delete_user_keys", arguments: `{"user":{"resource_type_id":"user","resource_id":"ole"},"after_project":"alpha"}`,
			prepare: both(ofKeys("alpha", "ole", "key-1"), ofKeys("beta", "ole", "key-2")), effect: withoutKey("key-2"),
			sends: []string{deleteProjectKey}, returns: `{"success":true,"deleted":1,"not_deleted":0}`,
		},
	})
}

// A project that does not exist is refused as after_project, since the keys before it would be left out.
func TestDeleteUserKeysAfterAnUnknownProject(t *testing.T) {
	t.Parallel()
	server := newServer(ofKeys("alpha", "ben", "key-1"))
	for given, quoted := range map[string]string{"nowhere": "nowhere", "sk-proj-Secret": "[key]"} {
		returned, err := connect(t, server).invoke(t.Context(), "delete_user_keys", `{"user":{"resource_type_id":"user","resource_id":"ben"},"after_project":"`+given+`"}`)
		require.Equal(t, codes.InvalidArgument, status.Code(err), err)
		require.ErrorContains(t, err, `there is no project "`+quoted+`", after which to go on: leave after_project out`)
		require.NotContains(t, err.Error(), "to go on)")
		require.NotContains(t, returned.GetFields(), "after_project")
		require.NotContains(t, err.Error(), "Secret")
	}
	require.Empty(t, writes(server))
}

// More keys than one page are deleted, although the row before the next page is deleted with its key.
func TestDeleteManyUserKeys(t *testing.T) {
	t.Parallel()
	const many = 103
	ids := make([]string, 0, many)
	for n := range many {
		ids = append(ids, fmt.Sprintf("key-%03d", n))
	}
	server := newServer(ofKeys("alpha", "ben", ids...))
	d := connect(t, server)
	returned, err := d.invoke(t.Context(), "delete_user_keys", keysOf("ben"))
	require.NoError(t, err)
	require.JSONEq(t, `{"success":true,"deleted":103,"not_deleted":0}`, plain(t, returned))
	requireState(t, smallOrganization(), server)
	require.Len(t, writes(server), many)
}

// The connector's own key is not deleted, which is an error. All others are deleted.
func TestDeleteUserKeysKeepsTheConnectorsOwn(t *testing.T) {
	t.Parallel()
	server := newServer(ofKeys("alpha", "ola", "key-1"))
	d := connect(t, server)
	returned, err := d.invoke(t.Context(), "delete_user_keys", keysOf("ola"))
	requireRefusal(t, err)
	requireMessage(t, err, "deleting the keys of the user ola: 1 deleted, 1 could not be deleted, the first of them key-own: the connector itself uses it, and needs another key first")
	require.Equal(t, 1, int(returned.GetFields()["not_deleted"].GetNumberValue()))
	require.NotContains(t, returned.GetFields(), "after_project")
	requireState(t, smallOrganization(), server)
	d.requireOneLine(t, "failed: FailedPrecondition")
}

// One key that cannot be deleted does not stop the deletion of others.
func TestDeleteUserKeysContinuesAfterAFailure(t *testing.T) {
	t.Parallel()
	server := newServer(ofKeys("alpha", "ann", "key-1", "key-2"), ofKeys("beta", "ann", "key-3"))
	server.SetFault(deleteProjectKey, openaitest.Fault{Status: http.StatusBadRequest, Body: object("", "Not this one."), PathContains: "/key-1"})
	d := connect(t, server)
	returned, err := d.invoke(t.Context(), "delete_user_keys", keysOf("ann"))
	require.Equal(t, codes.FailedPrecondition, status.Code(err), err)
	requireMessage(t, err, "deleting the keys of the user ann: 3 deleted, 1 could not be deleted, the first of them key-1: ", "Not this one.")
	require.Equal(t, 3, int(returned.GetFields()["deleted"].GetNumberValue()))

	// The next run deletes the remaining keys.
	server.SetFault(deleteProjectKey, openaitest.Fault{})
	returned, err = d.invoke(t.Context(), "delete_user_keys", keysOf("ann"))
	require.NoError(t, err)
	require.JSONEq(t, `{"success":true,"deleted":1,"not_deleted":0}`, plain(t, returned))
}

// A key without an owner stays, and the log names it.
func TestDeleteUserKeysWithoutAnOwner(t *testing.T) {
	t.Parallel()
	server := newServer(ofKeys("alpha", "ben", "key-1"), func(o *openaitest.Organization) {
		o.AdminKeys[1].JSON = openaitest.Fields{"owner": nil}
		project(o, "alpha").APIKeys[0].JSON = openaitest.Fields{"owner": nil}
	})
	d := connect(t, server)
	returned, err := d.invoke(t.Context(), "delete_user_keys", keysOf("ben"))
	require.NoError(t, err)
	require.JSONEq(t, `{"success":true,"deleted":1,"not_deleted":0}`, plain(t, returned))
	warnings := d.logs.FilterMessageSnippet("does not say whose these API keys are").All()
	require.Len(t, warnings, 1)
	require.Equal(t, []any{"key-other", "key-ann"}, warnings[0].ContextMap()["api_key_ids"])
}

// If the keys of a project cannot be listed, the error has the progress, and the next run continues there.
func TestDeleteUserKeysInSeveralRuns(t *testing.T) {
	t.Parallel()
	server := newServer(ofKeys("beta", "ann", "key-1"))
	server.SetFault(listProjectKeys, openaitest.Fault{Status: http.StatusForbidden, PathContains: "/beta/"})
	d := connect(t, server)
	returned, err := d.invoke(t.Context(), "delete_user_keys", keysOf("ann"))
	requireMessage(t, err, "deleting the keys of the user ann", "1 deleted, 0 could not be deleted, then it stopped (run it again with after_project alpha to go on)")
	require.Equal(t, "alpha", returned.GetFields()["after_project"].GetStringValue())

	server.SetFault(listProjectKeys, openaitest.Fault{})
	returned, err = d.invoke(t.Context(), "delete_user_keys", `{"user":{"resource_type_id":"user","resource_id":"ann"},"after_project":"alpha"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"success":true,"deleted":1,"not_deleted":0}`, plain(t, returned))
}

// The keys of a project that is archived meanwhile have no access.
func TestDeleteUserKeysOfAProjectArchivedMeanwhile(t *testing.T) {
	t.Parallel()
	server := newServer(ofKeys("beta", "ann", "key-1"))
	server.OnRequest = func(request openaitest.Request) {
		if request.Route == listProjectKeys {
			server.Update(func(o *openaitest.Organization) { project(o, "alpha").Status = "archived" })
		}
	}
	returned, err := connect(t, server).invoke(t.Context(), "delete_user_keys", keysOf("ann"))
	require.NoError(t, err)
	require.JSONEq(t, `{"success":true,"deleted":1,"not_deleted":0}`, plain(t, returned))
}

// An action ends at its time limit and reports its progress.
func TestActionsEndInTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ name, arguments, stalls, says string }{
		"within a list of keys": {
			"delete_user_keys", keysOf("ole"), listProjectKeys,
			"deleting the keys of the user ole takes more time than there is (1 deleted, 0 could not be deleted): run it again",
		},
		"within a write": {"archive_project", archiveAlpha, archiveProject, "archiving the project alpha took longer than 2s: what it has done stays; sync to see what there is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer()
			server.SetFault(test.stalls, openaitest.Fault{Stall: true})
			d := connect(t, server)
			d.connector.SetActionLimit(2 * time.Second) // the calls before the stall take milliseconds, or longer under load
			err := invoked(test.name, test.arguments)(t.Context(), d)
			require.Equal(t, codes.DeadlineExceeded, status.Code(err), err)
			requireMessage(t, err, test.says)
			d.requireOneLine(t, "failed: DeadlineExceeded")
		})
	}
}
