package main

import (
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func action(t *testing.T, name, arguments string) *v1.Task {
	t.Helper()
	given := &structpb.Struct{}
	require.NoError(t, protojson.Unmarshal([]byte(arguments), given))
	return conductoronetest.InvokeAction(name, given)
}

// archiving is the task to archive the assistant's project.
func archiving(t *testing.T, name string) *v1.Task {
	t.Helper()
	return action(t, "archive_project", `{"project":{"resource_type_id":"project","resource_id":"`+assistant+`"},"confirm_name":"`+name+`"}`)
}

// ConductorOne lists the actions, invokes them, and asks for the status of one that takes longer.
func TestDaemonServesActions(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	release := d.hold("POST /organization/projects/{project_id}/archive")
	d.start("--provisioning")
	project := func() openaitest.Project { return d.api.Snapshot().Projects[1] }

	var listed v2.ListActionSchemasResponse
	require.NoError(t, d.do(conductoronetest.ListActionSchemas()).Outcome().Response.UnmarshalTo(&listed))
	assert.NotEmpty(t, listed.GetSchemas())

	refused := d.outcome(d.conductorOne.Enqueue(archiving(t, "another name")))
	assert.False(t, refused.Succeeded())
	assert.Contains(t, refused.Status.Message(), "baton-openai: the project "+assistant+" has another name than confirm_name says")
	assert.True(t, refused.Retryable, "the SDK says so of every action that fails")
	assert.Equal(t, "active", project().Status)

	var invoked v2.InvokeActionResponse
	require.NoError(t, d.do(archiving(t, project().Name)).Outcome().Response.UnmarshalTo(&invoked))
	assert.Equal(t, v2.BatonActionStatus_BATON_ACTION_STATUS_RUNNING, invoked.GetStatus())
	d.asks("POST /organization/projects/{project_id}/archive")
	release()
	var status v2.GetActionStatusResponse
	require.Eventually(t, func() bool {
		outcome := d.outcome(d.conductorOne.Enqueue(conductoronetest.ActionStatus(&invoked)))
		return outcome.Succeeded() && outcome.Response.UnmarshalTo(&status) == nil && status.GetStatus() == v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE
	}, longestWait, 10*time.Millisecond)
	assert.True(t, status.GetResponse().GetFields()["success"].GetBoolValue())
	assert.Equal(t, "archived", project().Status)
	d.stop()
}

// Without --provisioning, a daemon invokes no action, although the SDK would.
func TestDaemonWithoutProvisioningInvokesNoActions(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.start()
	for _, task := range []*v1.Task{archiving(t, d.api.Snapshot().Projects[1].Name), action(t, "create_project", `{"name":"Another"}`)} {
		refused := d.outcome(d.conductorOne.Enqueue(task))
		assert.False(t, refused.Succeeded())
		assert.Contains(t, refused.Status.Message(), "baton-openai: the service changes nothing: start it with --provisioning")
	}
	assert.Empty(t, d.api.Requests())
	d.stop()
}
