//go:build baton_lambda_support

package main

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorclient"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	sdk "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// hosted is the binary as ConductorOne runs it: several processes of one function, with one stand-in of the Admin API.
type hosted struct {
	t            *testing.T
	api          *openaitest.Server
	conductorOne *conductoronetest.Service
	function     *conductoronetest.Function
	client       types.ConnectorClient
	certificate  string
	address      string
	processes    []*hostedProcess

	// workers is the number of workers of the SDK's syncer; 0 is one request after the other.
	workers int
	// busy counts the processes that handle a request, asking the requests to the API without an answer.
	busy, asking atomic.Int32
	mu           sync.Mutex
	// between, if set, is called between two requests to a process.
	between func()
	// failures counts the requests to a process that failed.
	failures int
	// untimely are requests to the API while no process handles a request, or at the same time as another one although
	// there is one worker.
	untimely []string
}

// hostedProcess is one of the processes.
type hostedProcess struct {
	runtime   *conductoronetest.Runtime
	command   *exec.Cmd
	directory string
	output    bytes.Buffer
	ended     chan struct{}
	// served counts its requests.
	served atomic.Int64
}

// newHosted starts the stand-ins but no process.
func newHosted(t *testing.T) *hosted {
	t.Helper()
	h := &hosted{
		t:            t,
		api:          &openaitest.Server{Organization: openaitest.Sample(), Keys: map[string]openaitest.Key{adminKey: {}}},
		conductorOne: &conductoronetest.Service{},
	}
	require.NoError(t, h.conductorOne.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, h.conductorOne.Close()) })
	listener := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(listener.Close)
	h.address = listener.URL + "/v1"
	h.configure(adminKey)
	var err error
	h.certificate, err = h.conductorOne.CertificateFile(t.TempDir())
	require.NoError(t, err)
	h.function = h.conductorOne.NewFunction()
	h.client = connectorclient.NewConnectorClient(t.Context(), &pausing{h.function.Connection(), h})
	return h
}

// pausing calls between before each request to a process.
type pausing struct {
	grpc.ClientConnInterface

	h *hosted
}

func (p *pausing) Invoke(ctx context.Context, method string, args, reply any, options ...grpc.CallOption) error {
	if p.h.between != nil {
		p.h.between()
	}
	err := p.ClientConnInterface.Invoke(ctx, method, args, reply, options...)
	if err != nil {
		p.h.mu.Lock()
		p.h.failures++
		p.h.mu.Unlock()
	}
	return err
}

// configure sets what a user enters in ConductorOne. The form there has no field for the address.
func (h *hosted) configure(key string) {
	h.conductorOne.Configure(map[string]any{"openai-admin-key": key, "base-url": h.address})
}

// serve answers the processes' requests to the Admin API.
func (h *hosted) serve(w http.ResponseWriter, request *http.Request) {
	if h.asking.Add(1) > 1 && h.workers == 0 || h.busy.Load() == 0 {
		h.mu.Lock()
		h.untimely = append(h.untimely, request.Method+" "+request.URL.String())
		h.mu.Unlock()
	}
	answer := httptest.NewRecorder()
	h.api.ServeHTTP(answer, request)
	h.asking.Add(-1) // before the caller has the whole answer
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = answer.Body.WriteTo(w) // the caller may have gone
}

// start starts a process. A frozen one is stopped between two requests.
func (h *hosted) start(isFrozen bool) *hostedProcess {
	h.t.Helper()
	runtime, err := h.conductorOne.StartRuntime(h.t.Context())
	require.NoError(h.t, err)
	p := &hostedProcess{runtime: runtime, directory: h.t.TempDir(), ended: make(chan struct{})}
	p.command = exec.CommandContext(h.t.Context(), "baton-openai", "lambda")
	p.command.Env = append(runtime.Environment(h.certificate), "TMPDIR="+p.directory, "GORACE="+raceSettings)
	p.command.Dir = p.directory
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	isStarted := make(chan struct{})
	signal := func(signal syscall.Signal) {
		if isFrozen {
			<-isStarted
			_ = p.command.Process.Signal(signal) // it may have ended
		}
	}
	runtime.Freeze = func() {
		if p.served.Load() > 0 {
			h.busy.Add(-1)
		}
		signal(syscall.SIGSTOP)
	}
	runtime.Thaw = func() {
		signal(syscall.SIGCONT)
		p.served.Add(1)
		h.busy.Add(1)
	}
	require.NoError(h.t, p.command.Start())
	close(isStarted)
	go func() {
		defer close(p.ended)
		_ = p.command.Wait()
	}()
	h.processes = append(h.processes, p)
	h.function.Add(runtime)
	h.t.Cleanup(func() {
		h.kill(p)
		if h.t.Failed() {
			h.t.Logf("refused: %q\nthe process's words:\n%s", h.conductorOne.Refused(), &p.output)
		}
	})
	return p
}

// kill ends a process without a warning, as AWS does, while it has no request.
func (h *hosted) kill(p *hostedProcess) {
	h.t.Helper()
	select {
	case <-p.ended:
		return
	default:
	}
	err := p.runtime.Close()
	_ = p.command.Process.Kill()
	<-p.ended
	require.NoError(h.t, err)
}

// end ends the processes. It checks that no side reports an error and that each process has served requests.
func (h *hosted) end() {
	h.t.Helper()
	for _, p := range h.processes {
		h.kill(p)
		assert.Positive(h.t, p.served.Load())
		assert.NotContains(h.t, p.output.String(), "DATA RACE")
		assert.NotContains(h.t, p.output.String(), adminKey)
		left, err := os.ReadDir(p.directory)
		require.NoError(h.t, err)
		assert.Empty(h.t, left, "files that were left behind")
	}
	assert.Empty(h.t, h.untimely, "asked for between two requests")
	assert.Empty(h.t, h.conductorOne.Refused())
	assert.Empty(h.t, h.conductorOne.Sessions(), "sessions that were left behind")
	assert.Empty(h.t, h.api.Unknown())
}

func (h *hosted) context() context.Context {
	h.t.Helper()
	// The SDK passes the remaining time on to the process, which allows less than a minute for a check of its health.
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*longestWait)
	h.t.Cleanup(cancel)
	return ctx
}

// sync syncs into a new file with the SDK's syncer: everything, or only the targets.
func (h *hosted) sync(targets ...*v2.Resource) string {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "hosted.c1z")
	syncer, err := sdk.NewSyncer(h.context(), h.client,
		sdk.WithC1ZPath(path), sdk.WithTmpDir(h.t.TempDir()), sdk.WithTargetedSyncResources(targets),
		sdk.WithWorkerCount(h.workers), sdk.WithFailFastInvariants())
	require.NoError(h.t, err)
	require.NoError(h.t, syncer.Sync(h.context()))
	require.NoError(h.t, syncer.Close(h.context()))
	return path
}

// once syncs the same into a new file with the command.
func (h *hosted) once(arguments ...string) string {
	h.t.Helper()
	listener := httptest.NewServer(h.api)
	defer listener.Close()
	path := filepath.Join(h.t.TempDir(), "once.c1z")
	command := exec.CommandContext(h.t.Context(), "baton-openai", append([]string{"--log-level", "error", "-f", path}, arguments...)...)
	command.Env = append(os.Environ(), "BATON_BASE_URL="+listener.URL+"/v1", "BATON_OPENAI_ADMIN_KEY="+adminKey, "GORACE="+raceSettings)
	output, err := command.CombinedOutput()
	require.NoError(h.t, err, string(output))
	return path
}

// asked returns the requests to the API since its last call.
func (h *hosted) asked() []string {
	requests := h.api.Requests()
	asked := make([]string, 0, len(requests))
	for _, request := range requests {
		asked = append(asked, request.Method+" "+request.Path+"?"+request.Query.Encode())
	}
	h.api.ResetRequests()
	slices.Sort(asked)
	return asked
}

// contents returns all rows of a file in full.
func contents(t *testing.T, path string) []string {
	t.Helper()
	ctx := t.Context()
	file, err := dotc1z.NewStore(ctx, path, dotc1z.WithReadOnly(true))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close(ctx)) }()
	kinds, err := file.ListResourceTypes(ctx, &v2.ResourceTypesServiceListResourceTypesRequest{})
	require.NoError(t, err)
	resources, err := file.ListResources(ctx, &v2.ResourcesServiceListResourcesRequest{})
	require.NoError(t, err)
	entitlements, err := file.ListEntitlements(ctx, &v2.EntitlementsServiceListEntitlementsRequest{})
	require.NoError(t, err)
	grants, err := file.ListGrants(ctx, &v2.GrantsServiceListGrantsRequest{})
	require.NoError(t, err)
	require.Empty(t, kinds.GetNextPageToken()+resources.GetNextPageToken()+entitlements.GetNextPageToken()+grants.GetNextPageToken())
	found := texts(kinds.GetList())
	found = append(found, texts(resources.GetList())...)
	found = append(found, texts(entitlements.GetList())...)
	found = append(found, texts(grants.GetList())...)
	slices.Sort(found)
	return found
}

func texts[M proto.Message](rows []M) []string {
	found := make([]string, 0, len(rows))
	for _, row := range rows {
		found = append(found, string(row.ProtoReflect().Descriptor().Name())+" "+strings.TrimSpace(prototext.Format(row)))
	}
	return found
}
