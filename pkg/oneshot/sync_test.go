package oneshot_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/session"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/oneshot"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const notContinued = "baton-openai: the unfinished sync in this file is not continued, and a new one begins"

// syncInto syncs the organization into the file and returns the log lines with the message.
func syncInto(t *testing.T, server *openaitest.Server, path, message string) []observer.LoggedEntry {
	t.Helper()
	listener := httptest.NewServer(server)
	defer listener.Close()
	core, log := observer.New(zap.InfoLevel)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))
	built, err := connector.Build(ctx, &cfg.Openai{OpenaiAdminKey: "sk-admin-once-abcdefghijklmnopqrstuvwxyz", BaseUrl: listener.URL + "/v1"}, nil)
	require.NoError(t, err)
	settings := viper.New()
	settings.Set("file", path)
	run := oneshot.Run{Settings: settings, Connector: built}
	require.NoError(t, run.Do(ctx))
	return log.FilterMessage(message).All()
}

// grants returns the ids of the file's grants.
func grants(t *testing.T, path string) []string {
	t.Helper()
	file, err := dotc1z.NewStore(t.Context(), path, dotc1z.WithReadOnly(true))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close(context.WithoutCancel(t.Context()))) }()
	page, err := file.ListGrants(t.Context(), &v2.GrantsServiceListGrantsRequest{})
	require.NoError(t, err)
	ids := make([]string, 0, len(page.GetList()))
	for _, grant := range page.GetList() {
		ids = append(ids, grant.GetId())
	}
	return ids
}

// unfinished writes a file with a sync that has reached a step, in the SDK's form, with the record of the connector
// that wrote it, or without one.
func unfinished(t *testing.T, step string, record any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sync.c1z")
	store, err := dotc1z.NewStore(t.Context(), path, dotc1z.WithTmpDir(t.TempDir()))
	require.NoError(t, err)
	id, err := store.StartNewSync(t.Context(), connectorstore.SyncTypeFull, "")
	require.NoError(t, err)
	for _, syncer := range (&connector.Connector{}).ResourceSyncers(t.Context()) {
		require.NoError(t, store.PutResourceTypes(t.Context(), syncer.ResourceType(t.Context())))
	}
	require.NoError(t, store.CheckpointSync(t.Context(), step))
	if record != nil {
		require.NoError(t, session.SetJSON(t.Context(), connectorbuilder.WithSyncId(store.SessionStore(), id), "identity", record))
	}
	require.NoError(t, store.Close(t.Context()))
	return path
}

// An unfinished sync of another version is not continued: this version does not know its places in lists.
func TestUnfinishedSyncOfAnotherVersion(t *testing.T) {
	t.Parallel()
	undisturbed := filepath.Join(t.TempDir(), "sync.c1z")
	require.Empty(t, syncInto(t, &openaitest.Server{Organization: openaitest.Sample()}, undisturbed, notContinued))
	want := grants(t, undisturbed)
	require.NotEmpty(t, want)
	tests := map[string]struct {
		step   string
		record any
	}{
		"grants of a type, in parts": {step: `{"actions_map":{"0000000001":{"id":"0000000001","operation":"grant-expansion"},` +
			`"0000000073":{"id":"0000000073","operation":"list-grants","page_token":"{\"row\":6,\"end\":8}","resource_type_id":"user","type_scoped":true},` +
			`"0000000077":{"id":"0000000077","operation":"list-grants","page_token":"{\"row\":21,\"end\":25}","resource_type_id":"user","spawned":true,"type_scoped":true}},` +
			`"action_order":["0000000001","0000000073","0000000077"],"version":2}`},
		"grants of a resource": {step: `{"actions_map":{"0000000001":{"id":"0000000001","operation":"grant-expansion"},` +
			`"0000000002":{"id":"0000000002","operation":"list-grants","page_token":"users/after=user-1","resource_type_id":"project","resource_id":"proj_CatalogueSearch0000001"}},` +
			`"action_order":["0000000001","0000000002"],"version":1}`},
		"nothing but the expansion": {step: `{"actions_map":{"0000000001":{"id":"0000000001","operation":"grant-expansion"}},"action_order":["0000000001"],"version":1}`},
		"another format": {
			step:   `{"actions_map":{"0000000001":{"id":"0000000001","operation":"grant-expansion"}},"action_order":["0000000001"],"version":1}`,
			record: map[string]any{"format": connector.SyncFormat + 1, "organization": "org-TidewaterBooks"},
		},
		"another form": {
			step:   `{"actions_map":{"0000000001":{"id":"0000000001","operation":"grant-expansion"}},"action_order":["0000000001"],"version":1}`,
			record: "a text",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := unfinished(t, test.step, test.record)
			lines := syncInto(t, &openaitest.Server{Organization: openaitest.Sample()}, path, notContinued)
			require.Len(t, lines, 1)
			assert.Equal(t, map[string]any{"reason": "it is of another version of the connector"}, lines[0].ContextMap())
			assert.ElementsMatch(t, want, grants(t, path))
		})
	}
}

// The warnings of a sync are counted in its last line.
func TestSummaryCountsWarnings(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample(), GroupMembersUnavailable: 403}
	lines := syncInto(t, server, filepath.Join(t.TempDir(), "sync.c1z"), "baton-openai: the sync is complete")
	require.Len(t, lines, 1)
	summary := lines[0].ContextMap()
	assert.Equal(t, map[string]int{
		"OpenAI does not list the members of this group to this key on this plan; access through the group is not shown for them": len(server.Organization.Groups),
	}, summary["warnings"])
	assert.EqualValues(t, len(server.Requests()), summary["calls"])
	assert.Positive(t, summary["duration"])
}
