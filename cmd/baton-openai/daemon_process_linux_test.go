package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// The daemon's tests are for Linux. On other systems, a single process cannot be given the certificate of the stand-in.

// The objects of the sample organization that the tests change.
const (
	lena      = "user-LenaFischer00000000000004"
	diego     = "user-DiegoMorales0000000000005"
	assistant = "proj_SupportAssistant000002"
	finance   = "group_01FINANCE0000000000"
	notebook  = "key_HanaNotebook"
)

// longestWait bounds events that take a second or two on an idle machine.
const longestWait = time.Minute

// daemon is the binary between a stand-in of ConductorOne and one of the Admin API.
type daemon struct {
	t            *testing.T
	api          *openaitest.Server
	conductorOne *conductoronetest.Service
	environment  []string
	// temporary is the directory for the binary's temporary files.
	temporary string
	// requests are the routes of the requests to the API.
	requests chan string
	// hangsUp says that it is stopped by the end of its terminal, of which the shell tells it as well as the system.
	hangsUp bool

	command *exec.Cmd
	output  *bytes.Buffer
	ended   chan struct{}
}

// newDaemon starts only the stand-ins, so that a test can still configure them.
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

// start runs the binary until it ends, at the latest until the test ends.
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
	case <-time.After(longestWait):
		require.FailNow(d.t, "the daemon goes on")
	}
	return d.command.ProcessState.ExitCode()
}

func (d *daemon) terminate() {
	d.t.Helper()
	signals := []syscall.Signal{syscall.SIGTERM}
	if d.hangsUp {
		signals = []syscall.Signal{syscall.SIGHUP, syscall.SIGHUP}
	}
	for _, signal := range signals {
		require.NoError(d.t, d.command.Process.Signal(signal))
	}
}

// outcome waits for the task's end.
func (d *daemon) outcome(task *conductoronetest.Task) conductoronetest.Outcome {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), longestWait)
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

// hold blocks the answers of the route until the returned function is called.
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

// asks waits for a request to the route.
func (d *daemon) asks(route string) {
	d.t.Helper()
	deadline := time.After(longestWait)
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

// stop ends the daemon and checks that neither side reports an error.
func (d *daemon) stop() {
	d.t.Helper()
	d.terminate()
	assert.Equal(d.t, 0, d.end())
	assert.NotContains(d.t, d.output.String(), "DATA RACE")
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
	case <-time.After(longestWait):
		require.FailNow(t, "waited in vain", what)
	}
}

func fullSync() *v1.Task {
	return v1.Task_builder{SyncFull: &v1.Task_SyncFullTask{}}.Build()
}

func resourceID(resourceType, id string) *v2.ResourceId {
	return v2.ResourceId_builder{ResourceType: resourceType, Resource: id}.Build()
}

// entitlement is one as ConductorOne knows it from the last upload.
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

// upload writes the file that the task has uploaded and returns its path.
func (d *daemon) upload(task *conductoronetest.Task) string {
	d.t.Helper()
	uploads := task.Uploads()
	require.Len(d.t, uploads, 1)
	path := filepath.Join(d.t.TempDir(), "uploaded.c1z")
	require.NoError(d.t, os.WriteFile(path, uploads[0], 0o600))
	return path
}

// rows returns the ids of everything in a file.
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
