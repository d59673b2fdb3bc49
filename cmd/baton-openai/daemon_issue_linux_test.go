package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

const (
	crawler   = "svc_acct_RetiredCrawler000003"
	createKey = "POST /organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys"
	listKeys  = "GET /organization/projects/{project_id}/api_keys"

	// issuedKey and issuedValue belong to the first key that the stand-in of the API creates.
	issuedKey   = "key_Made000000000002"
	issuedValue = "sk-svcacct-StandInOpensNothing000000000001"
	issuedPart  = "OpensNothing"
)

// requireNoIssuedValue checks that the content does not have the value of the key.
func requireNoIssuedValue(t *testing.T, name string, content []byte) {
	t.Helper()
	if at := bytes.Index(content, []byte(issuedPart)); at >= 0 {
		require.Failf(t, "the value of the key shows", "in %s: … %q …", name, content[max(0, at-300):min(len(content), at+100)])
	}
}

// Only the requester gets the key of a service account. It is not in the daemon's log at any level, in its files, in
// its other reports to ConductorOne, or in the memory of the process that talks to ConductorOne.
func TestDaemonIssuesAKey(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.start("--provisioning", "--log-level", "debug")
	config, key, err := (&jwk.JWKEncryptionProvider{}).GenerateKey(t.Context())
	require.NoError(t, err)
	task := d.do(conductoronetest.IssueAPIKey(resourceID("service_account", crawler), "api_key", config))
	credential, err := task.Credential()
	require.NoError(t, err)
	requireNoIssuedValue(t, "the report", task.Outcome().Response.GetValue())
	require.Len(t, credential.GetEncryptedData(), 1)
	plain, err := (&jwk.JWKEncryptionProvider{}).Decrypt(t.Context(), credential.GetEncryptedData()[0], key)
	require.NoError(t, err)
	assert.Equal(t, issuedValue, string(plain.GetBytes()))
	assert.Equal(t, issuedKey, credential.GetSecret().GetId().GetResource())
	for _, directory := range []string{d.temporary, d.command.Dir} {
		for _, path := range filesBelow(t, directory) {
			content, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				continue // the daemon removes some files meanwhile
			}
			require.NoError(t, err)
			requireNoIssuedValue(t, path, content)
		}
	}
	requireNoIssuedValue(t, "the memory of the daemon", memoryOf(t, d.command.Process.Pid, task.ID))

	// The next sync shows the key.
	path := d.upload(d.do(fullSync()))
	assert.Contains(t, rows(t, path), "resource api_key "+issuedKey)
	requireNoIssuedValue(t, "the upload", unpack(t, path))
	d.stop()
	requireNoIssuedValue(t, "the output", d.output.Bytes())
	assert.Contains(t, d.output.String(), "baton-openai: issue API key")
}

// memoryOf returns the writable memory of a process. It has to contain the known text, which shows that the right
// memory was read.
func memoryOf(t *testing.T, pid int, known string) []byte {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	require.NoError(t, err)
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	require.NoError(t, err)
	defer func() { require.NoError(t, memory.Close()) }()
	var all []byte
	for line := range strings.Lines(string(maps)) {
		bounds, _, _ := strings.Cut(line, " ")
		from, to, _ := strings.Cut(bounds, "-")
		begin, beginErr := strconv.ParseInt(from, 16, 64)
		end, endErr := strconv.ParseInt(to, 16, 64)
		if beginErr != nil || endErr != nil || end-begin > 64<<20 || !strings.Contains(line, " rw") {
			continue // larger regions are those of the race detector
		}
		part := make([]byte, end-begin)
		read, _ := memory.ReadAt(part, begin)
		all = append(all, part[:read]...)
	}
	require.True(t, bytes.Contains(all, []byte(known)), "the memory is searched in the wrong way")
	return all
}

// A goroutine dump of both processes while the key is created does not contain it.
func TestDumpWhileAKeyIsIssued(t *testing.T) {
	t.Parallel()
	d := newDaemon(t)
	d.environment = append(d.environment, "GOTRACEBACK=all")
	made, held := make(chan struct{}), make(chan struct{})
	t.Cleanup(sync.OnceFunc(func() { close(held) }))
	var isMade atomic.Bool
	tell := sync.OnceFunc(func() { close(made) })
	d.api.OnRequest = func(request openaitest.Request) {
		switch {
		case request.Route == createKey:
			isMade.Store(true)
		case request.Route == listKeys && isMade.Load():
			tell()
			<-held
		}
	}
	d.start("--provisioning", "--log-level", "debug")
	config, _, err := (&jwk.JWKEncryptionProvider{}).GenerateKey(t.Context())
	require.NoError(t, err)
	d.conductorOne.Enqueue(conductoronetest.IssueAPIKey(resourceID("service_account", crawler), "api_key", config))
	wait(t, made, "a look at the key")

	child := childOf(t, d.command.Process.Pid)
	askForDump(t, child)
	require.Eventually(t, func() bool { return syscall.Kill(child, 0) != nil || isZombie(child) }, longestWait, 10*time.Millisecond)
	// The daemon ends together with its connector and may have ended already.
	_ = d.command.Process.Signal(syscall.SIGQUIT)
	d.end()
	requireNoIssuedValue(t, "the dump", d.output.Bytes())
	require.GreaterOrEqual(t, bytes.Count(d.output.Bytes(), []byte("SIGQUIT: quit")), 1)
	require.Positive(t, bytes.Count(d.output.Bytes(), []byte("serviceAccountBuilder).Issue(")), "the dump is of the call that has the key")
}

// childOf returns the only child process of a process.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	require.NoError(t, err)
	children := make([]string, 0, len(threads))
	for _, path := range threads {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		children = append(children, strings.Fields(string(text))...)
	}
	require.Len(t, children, 1)
	child, err := strconv.Atoi(children[0])
	require.NoError(t, err)
	return child
}

func isZombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(text), ") Z ")
}

// A daemon without --provisioning issues no key, and neither does one that prints answers.
func TestDaemonThatMayNotIssueKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments []string
		variable  string
		says      string
	}{
		"without provisioning": {nil, "", "provisioning is not enabled"},
		"that prints answers":  {[]string{"--provisioning"}, "BATON_DEBUG_PRINT_RESPONSE_BODY=1", "BATON_DEBUG_PRINT_RESPONSE_BODY is set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaemon(t)
			if test.variable != "" {
				d.environment = append(d.environment, test.variable)
			}
			d.start(test.arguments...)
			config, _, err := (&jwk.JWKEncryptionProvider{}).GenerateKey(t.Context())
			require.NoError(t, err)
			refused := d.outcome(d.conductorOne.Enqueue(conductoronetest.IssueAPIKey(resourceID("service_account", crawler), "api_key", config)))
			assert.Equal(t, codes.FailedPrecondition, refused.Status.Code(), refused.Status)
			assert.Contains(t, refused.Status.Message(), test.says)
			assert.False(t, refused.Retryable)
			for _, request := range d.api.Requests() {
				assert.Equal(t, "GET", request.Method)
			}
			d.stop()
		})
	}
}
