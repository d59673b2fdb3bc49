package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The daemon uploads the rows that a single sync writes.
func TestDaemonSyncs(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.start()
	task := d.do(fullSync())
	assert.Positive(t, task.Heartbeats())
	uploaded := rows(t, d.upload(task))
	assert.Contains(t, uploaded, "resource user "+lena)
	assert.Contains(t, uploaded, "grant project:proj_CatalogueSearch0000001:viewer:user:"+lena)
	d.stop()

	hellos := d.conductorOne.Hellos()
	require.Len(t, hellos, 1)
	assert.Equal(t, "OpenAI", hellos[0].GetConnectorMetadata().GetDisplayName())

	path := filepath.Join(t.TempDir(), "sync.c1z")
	once := exec.CommandContext(t.Context(), "baton-openai", "--log-level", "error", "-f", path)
	once.Env = append(slices.Clone(d.environment), "BATON_CLIENT_ID=", "BATON_CLIENT_SECRET=")
	output, err := once.CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Equal(t, rows(t, path), uploaded)
}

// isViewer tells whether Lena Fischer is a viewer of the assistant's project.
func isViewer(api *openaitest.Server) bool {
	return slices.ContainsFunc(api.Snapshot().Projects[supportAssistant].Users, func(user openaitest.ProjectUser) bool {
		return user.UserID == lena && user.Role == "viewer"
	})
}

// The daemon changes the organization and reports the outcomes to ConductorOne.
func TestDaemonMakesChanges(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	// The daemon renews a token that is about to expire, as all of these are.
	d.conductorOne.TokenLifetime = 9 * time.Second
	d.start("--provisioning")
	viewer := entitlement("project", assistant, "viewer")

	require.False(t, isViewer(d.api))
	task := d.do(grant(lena, viewer))
	assert.True(t, isViewer(d.api))
	var granted v2.GrantManagerServiceGrantResponse
	require.NoError(t, task.Reports()[0].Response.UnmarshalTo(&granted))
	require.Len(t, granted.GetGrants(), 1)
	assert.Equal(t, viewer.GetId()+":user:"+lena, granted.GetGrants()[0].GetId())

	d.do(revoke(lena, viewer))
	assert.False(t, isViewer(d.api))

	task = d.do(createAccount(t, "new.person@example.com"))
	invites := d.api.Snapshot().Invites
	assert.Equal(t, "new.person@example.com", invites[len(invites)-1].Email)
	var created v2.CreateAccountResponse
	require.NoError(t, task.Reports()[0].Response.UnmarshalTo(&created))
	assert.Equal(t, invites[len(invites)-1].ID, created.GetSuccess().GetResource().GetId().GetResource())

	d.do(remove("api_key", notebook))
	for _, key := range d.api.Snapshot().Projects[0].APIKeys {
		assert.NotEqual(t, notebook, key.ID)
	}

	refused := d.outcome(d.conductorOne.Enqueue(revoke(lena, entitlement("organization_role", "reader", "assigned"))))
	assert.Equal(t, codes.FailedPrecondition, refused.Status.Code(), refused.Status)
	assert.Contains(t, refused.Status.Message(), "baton-openai: reader is the least role of the organization and cannot be revoked: delete the account instead")
	assert.False(t, refused.Retryable)

	assert.Greater(t, d.conductorOne.TokensIssued(), 5)
	d.stop()
}

// A daemon without --provisioning changes nothing.
func TestDaemonWithoutProvisioning(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.start()
	refused := d.outcome(d.conductorOne.Enqueue(grant(lena, entitlement("project", assistant, "viewer"))))
	assert.Equal(t, codes.FailedPrecondition, refused.Status.Code(), refused.Status)
	assert.Contains(t, refused.Status.Message(), "provisioning is not enabled")
	assert.False(t, refused.Retryable)
	for _, request := range d.api.Requests() {
		assert.Equal(t, "GET", request.Method)
	}
	d.stop()
}

// Changes do not wait for a sync, in any way of asking for tasks.
func TestDaemonWorksOnSeveralTasks(t *testing.T) {
	t.Parallel()
	for name, inBatches := range map[string]string{"one by one": "false", "in batches": "true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaemon(t)
			d.environment = append(d.environment, "BATON_GET_TASKS="+inBatches)
			release := d.hold("GET /organization/users/{user_id}/roles")
			d.start("--provisioning")
			syncing := d.conductorOne.Enqueue(fullSync())
			d.asks("GET /organization/users/{user_id}/roles")
			first := d.conductorOne.Enqueue(grant(lena, entitlement("project", assistant, "viewer")))
			second := d.conductorOne.Enqueue(grant(diego, entitlement("group", finance, "member")))
			assert.True(t, d.outcome(first).Succeeded())
			assert.True(t, d.outcome(second).Succeeded())
			select {
			case <-syncing.Finished():
				require.Fail(t, "the sync did not wait")
			default:
			}
			release()
			require.True(t, d.outcome(syncing).Succeeded())
			assert.Contains(t, rows(t, d.upload(syncing)), "resource user "+lena)
			d.stop()
		})
	}
}

// A daemon reconnects when ConductorOne is reachable again, and also waits for it at its start.
func TestDaemonReconnects(t *testing.T) {
	t.Parallel()
	t.Run("while idle", func(t *testing.T) {
		t.Parallel()
		d := newDaemon(t)
		d.start()
		d.do(fullSync())
		d.conductorOne.SetFaults(conductoronetest.Faults{Unreachable: true})
		wait(t, d.conductorOne.TurnedAway(), "a question for work")
		d.conductorOne.SetFaults(conductoronetest.Faults{})
		d.do(fullSync())
		d.stop()
	})
	t.Run("at its start", func(t *testing.T) {
		t.Parallel()
		d := newDaemon(t)
		d.conductorOne.SetFaults(conductoronetest.Faults{Unreachable: true})
		d.start()
		wait(t, d.conductorOne.TurnedAway(), "a first word")
		d.conductorOne.SetFaults(conductoronetest.Faults{})
		d.do(fullSync())
		d.stop()
	})
	t.Run("in the middle of a sync", func(t *testing.T) {
		t.Parallel()
		d := newDaemon(t)
		uploading := make(chan struct{}, requestsKept)
		d.conductorOne.OnCall = func(method string) {
			if method == "UploadAsset" {
				uploading <- struct{}{}
			}
		}
		release := d.hold("GET /organization/projects/{project_id}/api_keys")
		d.start()
		task := d.conductorOne.Enqueue(fullSync())
		d.asks("GET /organization/projects/{project_id}/api_keys")
		d.conductorOne.SetFaults(conductoronetest.Faults{CallsRefused: true})
		release()
		wait(t, uploading, "an upload")
		d.conductorOne.SetFaults(conductoronetest.Faults{})
		require.True(t, d.outcome(task).Succeeded())
		assert.Contains(t, rows(t, d.upload(task)), "resource user "+lena)
		d.stop()
	})
	t.Run("in the middle of an upload", func(t *testing.T) {
		t.Parallel()
		d := newDaemon(t)
		d.conductorOne.SetFaults(conductoronetest.Faults{BrokenUploads: 2})
		d.start()
		assert.Contains(t, rows(t, d.upload(d.do(fullSync()))), "resource user "+lena)
		d.stop()
	})
}

// A sync that fails is reported as failed, and the daemon continues.
func TestDaemonReportsASyncThatFails(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.api.SetFault("GET /organization/users", openaitest.Fault{Status: 403})
	d.start()
	task := d.conductorOne.Enqueue(fullSync())
	failed := d.outcome(task)
	assert.Equal(t, codes.PermissionDenied, failed.Status.Code(), failed.Status)
	assert.Contains(t, failed.Status.Message(), "baton-openai: ")
	assert.NotContains(t, failed.Status.Message(), adminKey)
	assert.True(t, failed.Retryable)
	assert.Empty(t, task.Uploads())
	d.api.SetFault("GET /organization/users", openaitest.Fault{})
	d.do(fullSync())
	d.stop()
}

// A daemon with --health-check is healthy as long as OpenAI accepts its key.
func TestDaemonReportsItsHealth(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	port := strconv.Itoa(freePort(t))
	d.start("--health-check", "--health-check-port", port)
	require.Eventually(t, func() bool {
		_, healthy := healthCheck(t, "--health-check-port", port)
		return healthy
	}, longestWait, 10*time.Millisecond)
	d.api.Update(func(*openaitest.Organization) { d.api.Keys = map[string]openaitest.Key{} })
	text, healthy := healthCheck(t, "--health-check-port", port)
	assert.False(t, healthy)
	assert.Contains(t, text, "OpenAI does not accept the key")
	d.stop()
}

// A daemon ends if ConductorOne rejects its credentials.
func TestDaemonWithRejectedCredentials(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.conductorOne.SetFaults(conductoronetest.Faults{TokensRefused: true})
	d.start()
	assert.Equal(t, int(codes.Unauthenticated), d.end())
	assert.Contains(t, d.output.String(), "failed to get token: 401 Unauthorized")
	assert.Empty(t, d.conductorOne.Hellos())
}

// A daemon that is stopped reports its tasks to ConductorOne before it ends. A sync is to be repeated. A change has
// failed for good, as the SDK reports every failed change.
func TestDaemonIsStopped(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		// hinder blocks the task at the route until the function that it returns is called.
		hinder func(*daemon) func()
		task   *v1.Task
		route  string

		retryable bool
		hangsUp   bool
	}{
		"sync that waits for its turn": {
			hinder: func(d *daemon) func() {
				limit := func(limit *openaitest.RateLimit) {
					d.api.Update(func(*openaitest.Organization) { d.api.RateLimit = limit })
				}
				limit(&openaitest.RateLimit{Burst: 4, Interval: 5 * time.Minute})
				return func() { limit(nil) }
			},
			task:      fullSync(),
			route:     "GET /organization/projects/{project_id}/users",
			retryable: true,
		},
		"sync that waits for an answer at the end of a terminal": {
			hinder:    func(d *daemon) func() { return d.hold("GET /organization/projects") },
			task:      fullSync(),
			route:     "GET /organization/projects",
			retryable: true,
			hangsUp:   true,
		},
		"sync that waits for the end of an answer": {
			hinder: func(d *daemon) func() {
				d.api.SetFault("GET /organization/users", openaitest.Fault{Stall: true})
				return func() { d.api.SetFault("GET /organization/users", openaitest.Fault{}) }
			},
			task:      fullSync(),
			route:     "GET /organization/users",
			retryable: true,
		},
		"change that waits for an answer": {
			hinder: func(d *daemon) func() { return d.hold("POST /organization/projects/{project_id}/users") },
			task:   grant(lena, entitlement("project", assistant, "viewer")),
			route:  "POST /organization/projects/{project_id}/users",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaemon(t)
			d.conductorOne.Retries = 1
			d.hangsUp = test.hangsUp
			release := test.hinder(d)
			d.start("--provisioning")
			task := d.conductorOne.Enqueue(test.task)
			d.asks(test.route)
			began := time.Now()
			d.stop()
			assert.Less(t, time.Since(began), 9*time.Second)
			reports := task.Reports()
			require.Len(t, reports, 1)
			// The code depends on which is cancelled first: the call, or its request to the other process.
			assert.Contains(t, []codes.Code{codes.Canceled, codes.Unknown}, reports[0].Status.Code(), reports[0].Status)
			assert.Regexp(t, "context cancel(ed|led by process shutdown)", reports[0].Status.Message())
			assert.Equal(t, test.retryable, reports[0].Retryable)
			if !test.retryable {
				return
			}
			// The next daemon completes the task.
			release()
			d.start()
			assert.True(t, d.outcome(task).Succeeded())
			assert.Contains(t, rows(t, d.upload(task)), "resource user "+lena)
			d.stop()
		})
	}
}

// A daemon that cannot reach ConductorOne ends all the same.
func TestDaemonIsStoppedWithoutConductorOne(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.api.RateLimit = &openaitest.RateLimit{Burst: 4, Interval: 5 * time.Minute}
	d.start()
	task := d.conductorOne.Enqueue(fullSync())
	d.asks("GET /organization/projects/{project_id}/users")
	d.conductorOne.SetFaults(conductoronetest.Faults{Unreachable: true})
	began := time.Now()
	d.stop()
	assert.Less(t, time.Since(began), 20*time.Second)
	assert.Empty(t, task.Reports())
}

// A task that ConductorOne cancels ends at the next heartbeat.
func TestDaemonTaskIsCancelled(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.conductorOne.Heartbeat = time.Second
	d.api.RateLimit = &openaitest.RateLimit{Burst: 4, Interval: 5 * time.Minute}
	d.start()
	task := d.conductorOne.Enqueue(fullSync())
	d.asks("GET /organization/projects/{project_id}/users")
	task.Cancel()
	assert.Equal(t, codes.Canceled, d.outcome(task).Status.Code())
	assert.GreaterOrEqual(t, task.Heartbeats(), 2)
	d.stop()
}
