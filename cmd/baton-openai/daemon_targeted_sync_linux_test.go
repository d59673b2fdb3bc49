package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// syncTargets syncs only the resources and returns the rows of the upload.
func (d *daemon) syncTargets(ids ...*v2.ResourceId) []string {
	d.t.Helper()
	targets := make([]*v2.Resource, 0, len(ids))
	for _, id := range ids {
		targets = append(targets, v2.Resource_builder{Id: id}.Build())
	}
	task := d.do(v1.Task_builder{SyncFull: v1.Task_SyncFullTask_builder{TargetedSyncResources: targets}.Build()}.Build())
	return rows(d.t, d.upload(task))
}

// A change on OpenAI's pages reaches ConductorOne by the feed and a targeted sync of the resources that its events
// name. That sync lists neither all users nor all projects. The next full sync has the same rows.
func TestDaemonSyncsChangedResources(t *testing.T) {
	t.Parallel()
	const (
		ownerRole   = "grant organization_role:owner:assigned:group:" + finance
		inProject   = "grant project:" + assistant + ":viewer:user:" + lena
		allProjects = "GET /organization/projects"
	)
	d := newDaemon(t)
	d.start()
	before := rows(t, d.upload(d.do(fullSync())))
	feed := d.conductorOne.Follow("audit_log", time.Now().Add(-time.Hour))
	changeInOpenAI(d.api, time.Now().Add(-3*time.Minute))
	events, err := feed.Events(t.Context())
	require.NoError(t, err)
	d.api.ResetRequests()
	task := conductoronetest.TargetedSync(events)
	require.Len(t, task.GetSyncFull().GetTargetedSyncResources(), 3)
	part := rows(t, d.upload(d.do(task)))
	for _, request := range d.api.Requests() {
		assert.NotEqual(t, allProjects, request.Route)
	}
	after := rows(t, d.upload(d.do(fullSync())))
	for _, row := range []string{ownerRole, inProject} {
		assert.NotContains(t, before, row)
		assert.Contains(t, part, row)
	}
	for _, row := range part {
		assert.Contains(t, after, row)
	}
	d.stop()
}

// A targeted sync of resources of which some do not exist has the rows of the others. It succeeds also if none exists,
// and does not become a full sync.
func TestDaemonSyncsMissingResources(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.start()
	gone, there := resourceID("user", "user-Gone"), resourceID("user", lena)
	assert.Empty(t, d.syncTargets(gone))
	part := d.syncTargets(gone, there)
	assert.Contains(t, part, "resource user "+lena)
	assert.False(t, slices.ContainsFunc(part, func(row string) bool {
		return strings.HasPrefix(row, "resource user ") && !strings.HasSuffix(row, lena)
	}))
	d.stop()
}

// The SDK has only one session store, that of the sync that began last. A full sync during which another one begins
// continues with the pages that it has kept: no row is missing, and no request is repeated.
func TestDaemonSyncsTargetsDuringAFullSync(t *testing.T) {
	t.Parallel()
	const roles, group = "GET /organization/users/{user_id}/roles", "GET /organization/groups/{group_id}"
	for name, isDone := range map[string]bool{"the other one is done": true, "the other one goes on": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaemon(t)
			release, releaseTarget := d.hold(roles), func() {}
			if !isDone {
				holdRoles := d.api.OnRequest
				releaseTarget = d.hold(group)
				holdGroup := d.api.OnRequest
				d.api.OnRequest = func(request openaitest.Request) {
					if request.Route == roles {
						holdRoles(request)
					} else {
						holdGroup(request)
					}
				}
			}
			d.start()
			whole := d.conductorOne.Enqueue(fullSync())
			d.asks(roles)
			part := d.conductorOne.Enqueue(v1.Task_builder{SyncFull: v1.Task_SyncFullTask_builder{
				TargetedSyncResources: []*v2.Resource{v2.Resource_builder{Id: resourceID("group", finance)}.Build()},
			}.Build()}.Build())
			d.asks(group)
			if isDone {
				require.True(t, d.outcome(part).Succeeded())
			}
			release()
			require.True(t, d.outcome(whole).Succeeded())
			releaseTarget()
			require.True(t, d.outcome(part).Succeeded())

			assert.Len(t, whole.Reports(), 1)
			both := len(d.api.Requests())
			d.api.ResetRequests()
			assert.Equal(t, rows(t, d.upload(d.do(fullSync()))), rows(t, d.upload(whole)))
			alone := len(d.api.Requests())
			d.api.ResetRequests()
			d.syncTargets(resourceID("group", finance))
			assert.Equal(t, alone+len(d.api.Requests()), both)
			d.stop()
		})
	}
}
