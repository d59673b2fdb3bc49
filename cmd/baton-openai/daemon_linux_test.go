package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The daemon's tests are for Linux: elsewhere the certificate of the stand-in cannot be handed to a single process.

// Who and what the tests change, in the sample organization.
const (
	lena      = "user-LenaFischer00000000000004"
	diego     = "user-DiegoMorales0000000000005"
	assistant = "proj_SupportAssistant000002"
	finance   = "group_01FINANCE0000000000"
	notebook  = "key_HanaNotebook"
)

// patience is for what takes a second or two on a machine that has nothing else to do.
const patience = time.Minute

// daemon is the binary between a stand-in of ConductorOne and one of the Admin API.
type daemon struct {
	t            *testing.T
	api          *openaitest.Server
	conductorOne *conductoronetest.Service
	environment  []string
	// temporary is where the binary puts its files.
	temporary string
	// requests are the routes that the API is asked for.
	requests chan string

	command *exec.Cmd
	output  *bytes.Buffer
	ended   chan struct{}
}

// newDaemon starts the stand-ins only, so that a test can still set them up.
func newDaemon(t *testing.T) *daemon {
	t.Helper()
	d := &daemon{
		t:            t,
		api:          &openaitest.Server{Organization: openaitest.Sample(), Keys: map[string]openaitest.Key{adminKey: {}}},
		conductorOne: &conductoronetest.Service{},
		temporary:    t.TempDir(),
		requests:     make(chan string, requestsKept),
	}
	d.api.OnRequest = func(request openaitest.Request) { d.requests <- request.Route }
	listener := httptest.NewServer(d.api)
	t.Cleanup(listener.Close)
	require.NoError(t, d.conductorOne.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, d.conductorOne.Close()) })
	certificate, err := d.conductorOne.CertificateFile(t.TempDir())
	require.NoError(t, err)
	d.environment = append(os.Environ(),
		"BATON_BASE_URL="+listener.URL+"/v1",
		"BATON_OPENAI_ADMIN_KEY="+adminKey,
		"GORACE="+raceSettings,
		"TMPDIR="+d.temporary,
	)
	d.environment = append(d.environment, d.conductorOne.Environment(certificate)...)
	return d
}

// start runs the binary until the test ends, if nothing ends it before.
func (d *daemon) start(args ...string) {
	d.t.Helper()
	d.run("baton-openai", args...)
}

func (d *daemon) run(binary string, args ...string) {
	d.t.Helper()
	d.output, d.ended = &bytes.Buffer{}, make(chan struct{})
	d.command = exec.CommandContext(d.t.Context(), binary, append([]string{"--log-level", "error"}, args...)...)
	d.command.Env, d.command.Dir = d.environment, d.t.TempDir()
	d.command.Stdout, d.command.Stderr = d.output, d.output
	require.NoError(d.t, d.command.Start())
	go func() {
		defer close(d.ended)
		_ = d.command.Wait()
	}()
	d.t.Cleanup(func() {
		_ = d.command.Process.Kill()
		<-d.ended
		if d.t.Failed() {
			d.t.Logf("refused: %q\nthe daemon's words:\n%s", d.conductorOne.Refused(), d.output)
		}
	})
}

// end waits for the daemon's end and returns its status.
func (d *daemon) end() int {
	d.t.Helper()
	select {
	case <-d.ended:
	case <-time.After(patience):
		require.FailNow(d.t, "the daemon goes on")
	}
	return d.command.ProcessState.ExitCode()
}

func (d *daemon) terminate() {
	d.t.Helper()
	require.NoError(d.t, d.command.Process.Signal(syscall.SIGTERM))
}

// outcome waits for the task's end.
func (d *daemon) outcome(task *conductoronetest.Task) conductoronetest.Outcome {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	outcome, err := task.Wait(ctx)
	require.NoError(d.t, err)
	return outcome
}

// do gives the daemon a task and waits for its success.
func (d *daemon) do(message *v1.Task) *conductoronetest.Task {
	d.t.Helper()
	task := d.conductorOne.Enqueue(message)
	outcome := d.outcome(task)
	require.True(d.t, outcome.Succeeded(), outcome.Status)
	return task
}

// hold keeps requests for the route from being answered until they are released.
func (d *daemon) hold(route string) func() {
	d.t.Helper()
	held := make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	d.t.Cleanup(release)
	d.api.OnRequest = func(request openaitest.Request) {
		d.requests <- request.Route
		if request.Route == route {
			<-held
		}
	}
	return release
}

// asks waits until the API is asked for the route.
func (d *daemon) asks(route string) {
	d.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case asked := <-d.requests:
			if asked == route {
				return
			}
		case <-deadline:
			require.FailNow(d.t, "not asked for", route)
		}
	}
}

// stop ends the daemon and holds that nothing went wrong on either side. When a sync fails, or is stopped, the SDK closes
// the file while the connector may still write into the session store: what the race detector says of that is not ours.
func (d *daemon) stop() {
	d.t.Helper()
	d.terminate()
	assert.Equal(d.t, 0, d.end())
	if output := d.output.String(); strings.Contains(output, "DATA RACE") {
		assert.NotContains(d.t, output, "baton-openai/pkg/")
	}
	assert.Empty(d.t, d.conductorOne.Refused())
	assert.Empty(d.t, d.api.Unknown())
	left, err := os.ReadDir(d.temporary)
	require.NoError(d.t, err)
	assert.Empty(d.t, left, "files that were left behind")
}

func wait(t *testing.T, event <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(patience):
		require.FailNow(t, "waited in vain", what)
	}
}

func fullSync() *v1.Task {
	return v1.Task_builder{SyncFull: &v1.Task_SyncFullTask{}}.Build()
}

func resourceID(resourceType, id string) *v2.ResourceId {
	return v2.ResourceId_builder{ResourceType: resourceType, Resource: id}.Build()
}

// entitlement has what ConductorOne knows of one from the last upload.
func entitlement(resourceType, id, slug string) *v2.Entitlement {
	return v2.Entitlement_builder{
		Id:       resourceType + ":" + id + ":" + slug,
		Resource: v2.Resource_builder{Id: resourceID(resourceType, id)}.Build(),
		Slug:     slug,
	}.Build()
}

func grant(to string, what *v2.Entitlement) *v1.Task {
	return v1.Task_builder{Grant: v1.Task_GrantTask_builder{
		Entitlement: what,
		Principal:   v2.Resource_builder{Id: resourceID("user", to)}.Build(),
	}.Build()}.Build()
}

func revoke(from string, what *v2.Entitlement) *v1.Task {
	return v1.Task_builder{Revoke: v1.Task_RevokeTask_builder{Grant: v2.Grant_builder{
		Id:          what.GetId() + ":user:" + from,
		Entitlement: what,
		Principal:   v2.Resource_builder{Id: resourceID("user", from)}.Build(),
	}.Build()}.Build()}.Build()
}

func createAccount(t *testing.T, email string) *v1.Task {
	t.Helper()
	profile, err := structpb.NewStruct(map[string]any{"email": email, "role": "reader"})
	require.NoError(t, err)
	return v1.Task_builder{CreateAccount: v1.Task_CreateAccountTask_builder{
		AccountInfo: v2.AccountInfo_builder{
			Login:   email,
			Emails:  []*v2.AccountInfo_Email{v2.AccountInfo_Email_builder{Address: email, IsPrimary: true}.Build()},
			Profile: profile,
		}.Build(),
		CredentialOptions: v2.CredentialOptions_builder{NoPassword: &v2.CredentialOptions_NoPassword{}}.Build(),
	}.Build()}.Build()
}

func remove(resourceType, id string) *v1.Task {
	return v1.Task_builder{DeleteResource: v1.Task_DeleteResourceTask_builder{ResourceId: resourceID(resourceType, id)}.Build()}.Build()
}

// upload is the file that the task has uploaded.
func (d *daemon) upload(task *conductoronetest.Task) string {
	d.t.Helper()
	uploads := task.Uploads()
	require.Len(d.t, uploads, 1)
	path := filepath.Join(d.t.TempDir(), "uploaded.c1z")
	require.NoError(d.t, os.WriteFile(path, uploads[0], 0o600))
	return path
}

// rows reads the names of all that is in a file.
func rows(t *testing.T, path string) []string {
	t.Helper()
	ctx := t.Context()
	file, err := dotc1z.NewStore(ctx, path, dotc1z.WithReadOnly(true))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close(ctx)) }()
	resources, err := file.ListResources(ctx, &v2.ResourcesServiceListResourcesRequest{})
	require.NoError(t, err)
	entitlements, err := file.ListEntitlements(ctx, &v2.EntitlementsServiceListEntitlementsRequest{})
	require.NoError(t, err)
	grants, err := file.ListGrants(ctx, &v2.GrantsServiceListGrantsRequest{})
	require.NoError(t, err)
	names := make([]string, 0, len(resources.GetList())+len(entitlements.GetList())+len(grants.GetList()))
	for _, resource := range resources.GetList() {
		names = append(names, "resource "+resource.GetId().GetResourceType()+" "+resource.GetId().GetResource())
	}
	for _, found := range entitlements.GetList() {
		names = append(names, "entitlement "+found.GetId())
	}
	for _, found := range grants.GetList() {
		names = append(names, "grant "+found.GetId())
	}
	require.Empty(t, resources.GetNextPageToken()+entitlements.GetNextPageToken()+grants.GetNextPageToken())
	slices.Sort(names)
	return names
}

// What the daemon uploads is what a sync by hand writes.
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

// Changes reach the organization, and ConductorOne is told what became of them.
func TestDaemonMakesChanges(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	// The daemon gets a new token when one is about to expire, which all of these are.
	d.conductorOne.TokenLifetime = 9 * time.Second
	d.start("--provisioning")
	project := func() openaitest.Project { return d.api.Snapshot().Projects[1] }
	isInProject := func() bool {
		return slices.ContainsFunc(project().Users, func(user openaitest.ProjectUser) bool { return user.UserID == lena && user.Role == "viewer" })
	}
	viewer := entitlement("project", assistant, "viewer")

	require.False(t, isInProject())
	task := d.do(grant(lena, viewer))
	assert.True(t, isInProject())
	var granted v2.GrantManagerServiceGrantResponse
	require.NoError(t, task.Reports()[0].Response.UnmarshalTo(&granted))
	require.Len(t, granted.GetGrants(), 1)
	assert.Equal(t, viewer.GetId()+":user:"+lena, granted.GetGrants()[0].GetId())

	d.do(revoke(lena, viewer))
	assert.False(t, isInProject())

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

// A daemon that was not told that it may change anything changes nothing.
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

// Changes do not wait for a sync, however the daemon asks for its tasks.
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

// A daemon goes on when ConductorOne is there again, and begins when it is there at last.
func TestDaemonOutlivesAnOutage(t *testing.T) {
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

// A sync that fails is reported as such, and the daemon goes on.
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

// A daemon that runs with --health-check is healthy as long as OpenAI accepts its key.
func TestDaemonTellsItsHealth(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	port := strconv.Itoa(freePort(t))
	d.start("--health-check", "--health-check-port", port)
	require.Eventually(t, func() bool {
		_, healthy := healthCheck(t, "--health-check-port", port)
		return healthy
	}, patience, 10*time.Millisecond)
	d.api.Update(func(*openaitest.Organization) { d.api.Keys = map[string]openaitest.Key{} })
	text, healthy := healthCheck(t, "--health-check-port", port)
	assert.False(t, healthy)
	assert.Contains(t, text, "OpenAI does not accept the key")
	d.stop()
}

// Credentials that ConductorOne does not accept end the daemon.
func TestDaemonThatIsNotLetIn(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.conductorOne.SetFaults(conductoronetest.Faults{TokensRefused: true})
	d.start()
	assert.Equal(t, int(codes.Unauthenticated), d.end())
	assert.Contains(t, d.output.String(), "failed to get token: 401 Unauthorized")
	assert.Empty(t, d.conductorOne.Hellos())
}

// A daemon that is stopped tells ConductorOne, before it ends, how its tasks ended: a sync has to be done again. A change
// counts as failed for good, as the SDK reports every change that fails.
func TestDaemonIsStopped(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		// hinder has the task wait at the route, until what is returned is called.
		hinder func(*daemon) func()
		task   *v1.Task
		route  string

		retryable bool
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
		"sync that waits for an answer": {
			hinder:    func(d *daemon) func() { return d.hold("GET /organization/projects") },
			task:      fullSync(),
			route:     "GET /organization/projects",
			retryable: true,
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
			letGo := test.hinder(d)
			d.start("--provisioning")
			task := d.conductorOne.Enqueue(test.task)
			d.asks(test.route)
			began := time.Now()
			d.stop()
			assert.Less(t, time.Since(began), 9*time.Second)
			reports := task.Reports()
			require.Len(t, reports, 1)
			// What is cancelled first, the call or what it asks the first process for, decides the code.
			assert.Contains(t, []codes.Code{codes.Canceled, codes.Unknown}, reports[0].Status.Code(), reports[0].Status)
			assert.Contains(t, reports[0].Status.Message(), "context canceled")
			assert.Equal(t, test.retryable, reports[0].Retryable)
			if !test.retryable {
				return
			}
			// The next daemon does what this one could not.
			letGo()
			d.start()
			assert.True(t, d.outcome(task).Succeeded())
			assert.Contains(t, rows(t, d.upload(task)), "resource user "+lena)
			d.stop()
		})
	}
}

// A daemon that has nobody to report to ends all the same.
func TestDaemonIsStoppedInAnOutage(t *testing.T) {
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

// A task that ConductorOne takes back ends at the next heartbeat.
func TestDaemonIsToldToGiveUpATask(t *testing.T) {
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
