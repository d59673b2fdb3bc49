package main

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// leaky is an organization with a key's value in every field that could hold one, and in some others.
func leaky() openaitest.Organization {
	organization := openaitest.Sample()
	for i := range organization.AdminKeys {
		key := &organization.AdminKeys[i]
		key.Value = secretListed
		key.JSON = openaitest.Fields{"key": secretListed, "owner.value": secretOfNoKind, "secret": map[string]any{"value": secretOfNoKind}}
	}
	organization.AdminKeys[1].RedactedValue = secretListed
	for p := range organization.Projects {
		project := &organization.Projects[p]
		project.JSON = openaitest.Fields{"api_key": map[string]any{"value": secretProjectKey}}
		for i := range project.APIKeys {
			project.APIKeys[i].JSON = openaitest.Fields{
				"value": secretProjectKey, "key": secretProjectKey, "api_key": map[string]any{"value": secretProjectKey}, "owner.value": secretOfNoKind,
			}
		}
		for i := range project.ServiceAccounts {
			project.ServiceAccounts[i].JSON = openaitest.Fields{"value": secretAccountKey, "api_key": map[string]any{"id": "key_x", "value": secretAccountKey}}
		}
	}
	search := &organization.Projects[0]
	search.APIKeys[0].RedactedValue = secretAccountKey
	search.APIKeys[1].RedactedValue = secretProjectKey
	search.APIKeys[2].RedactedValue = secretOfNoKind
	return organization
}

// otherHost is the target of the API's redirects. It records its requests.
type otherHost struct {
	address string
	mu      sync.Mutex
	sent    []http.Header
}

func startOtherHost(t *testing.T) *otherHost {
	t.Helper()
	host := &otherHost{}
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host.mu.Lock()
		defer host.mu.Unlock()
		host.sent = append(host.sent, r.Header)
		_, _ = w.Write([]byte(`{"data":[],"has_more":false}`))
	}))
	t.Cleanup(listener.Close)
	host.address = listener.URL
	return host
}

func (h *otherHost) requireNoRequests(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	require.Empty(t, h.sent, "another host was asked")
}

// trial is a directory in which the binary runs against one API.
type trial struct {
	directory string
	format    string
	api       *openaitest.Server
	address   string
}

func newTrial(t *testing.T, format string, prepare func(*openaitest.Server)) *trial {
	t.Helper()
	api := &openaitest.Server{Organization: leaky(), LeakKeyValues: true, Keys: map[string]openaitest.Key{secretAdminKey: {}}}
	// Every answer quotes the key in headers that are logged, kept or interpreted.
	api.SetFault("*", openaitest.Fault{Header: quoting})
	if prepare != nil {
		prepare(api)
	}
	listener := httptest.NewServer(api)
	t.Cleanup(listener.Close)
	run := &trial{directory: t.TempDir(), format: format, api: api, address: listener.URL}
	require.NoError(t, os.Mkdir(filepath.Join(run.directory, "tmp"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(run.directory, ".cache"), 0o700))
	return run
}

// command is a run of the binary as documented, with the key in the environment.
func (r *trial) command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), "baton-openai", append([]string{"--log-level", "debug", "--log-format", r.format}, arguments...)...)
	command.Dir = r.directory
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + r.directory,
		"TMPDIR=" + filepath.Join(r.directory, "tmp"),
		"BATON_BASE_URL=" + r.address + "/v1",
		"BATON_OPENAI_ADMIN_KEY=" + secretAdminKey,
		"GORACE=" + raceSettings,
		"GOTRACEBACK=all",
	}
	return command
}

// run returns the output and whether the command succeeded. It searches the output and all files for secrets.
func (r *trial) run(t *testing.T, arguments ...string) (string, bool) {
	t.Helper()
	output, err := r.command(t, arguments...).CombinedOutput()
	requireNoSecret(t, "the output", output)
	requireNoSecretBelow(t, r.directory)
	return string(output), err == nil
}

var quoting = http.Header{
	"X-Echo":                         {"Bearer " + secretAdminKey},
	"X-Request-Id":                   {secretAdminKey},
	"Openai-Organization":            {secretAdminKey},
	"Set-Cookie":                     {"key=" + secretAdminKey},
	"Warning":                        {"199 - " + secretAdminKey},
	"X-Ratelimit-Remaining-Requests": {secretAdminKey},
	"Www-Authenticate":               {`Bearer realm="` + secretAdminKey + `"`},
}

const (
	quotingMessage = `{"error":{"message":"Incorrect API key provided: ` + secretAdminKey + `.","type":"` + secretAdminKey + `","code":"` + secretAdminKey + `"}}`
	quotingPage    = "<html>\n<pre>Authorization: Bearer " + secretAdminKey + "\n" + secretProjectKey + "</pre></html>"
	quotingShape   = `{"data":"` + secretAdminKey + `","has_more":"` + secretAdminKey + `"}`
)

// refusals are answers that end a command, each with the key.
func refusals(other string) map[string]openaitest.Fault {
	return map[string]openaitest.Fault{
		"401":          {Status: 401, Body: quotingMessage, Header: quoting},
		"401 masked":   {Status: 401, Body: `{"error":"Incorrect API key provided: ` + secretAdminKey[:16] + `*****` + secretAdminKey[34:] + `."}`, Header: quoting},
		"403":          {Status: 403, Body: `{"error":"` + secretAdminKey + `"}`, Header: quoting},
		"404":          {Status: 404, Body: quotingMessage, Header: quoting},
		"400":          {Status: 400, Body: `{"code":400,"message":"` + secretAdminKey + `"}`, Header: quoting},
		"no quota":     {Status: 429, Body: `{"error":{"message":"` + secretAdminKey + `","code":"insufficient_quota"}}`, Header: quoting},
		"redirect 302": {Redirect: other + "/?key=" + secretAdminKey, Header: quoting},
		"redirect 307": {Status: 307, Redirect: other + "/v1/organization/groups", Body: quotingPage, Header: quoting},
		"another kind": {Body: quotingShape, Header: quoting},
		"a string":     {Body: `"` + secretAdminKey + `"`, Header: quoting},
		"a circle":     {Cursor: openaitest.CursorRepeated, Header: quoting},
	}
}

// A list is refused in the middle of a sync, with the key in the refusal, after much was read and logged.
func TestSecretsDoNotShowWhenASyncFails(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "console"} {
		for name := range refusals("") {
			t.Run(name+" in "+format, func(t *testing.T) {
				t.Parallel()
				other := startOtherHost(t)
				run := newTrial(t, format, nil)
				run.api.SetFault("GET /organization/projects/{project_id}/api_keys", refusals(other.address)[name])
				output, isSuccess := run.run(t)
				require.False(t, isSuccess, output)
				require.Contains(t, output, "/organization/projects/{project_id}/api_keys")
				other.requireNoRequests(t)
			})
		}
	}
}

// Failures that pass, one for each route, each with the key. The sync succeeds and has every row.
func TestSecretsDoNotShowWhenASyncIsDelayed(t *testing.T) {
	t.Parallel()
	delays := map[string]openaitest.Fault{
		"GET /organization/users":                                  {Status: 500, Body: quotingMessage, Header: quoting, Times: 1},
		"GET /organization/invites":                                {Status: 502, Body: quotingPage, ContentType: "text/html", Header: quoting, Times: 1},
		"GET /organization/roles":                                  {Status: 503, EmptyBody: true, Header: quoting, Times: 1},
		"GET /organization/projects":                               {Body: quotingMessage + quotingShape, Truncate: true, Header: quoting, Times: 1},
		"GET /organization/admin_api_keys":                         {Reset: true, Header: quoting, Times: 1},
		"GET /organization/projects/{project_id}/api_keys":         {Truncate: true, Header: quoting, Times: 1},
		"GET /organization/projects/{project_id}/users":            {Status: 408, Body: quotingMessage, Header: quoting, Times: 1},
		"GET /organization/groups/{group_id}/users":                {Status: 429, Body: `{"error":{"message":"` + secretAdminKey + ` try again after 0.1 s"}}`, Header: quoting, Times: 1},
		"GET /organization/projects/{project_id}/groups":           {Status: 429, Body: quotingMessage, Header: http.Header{"Retry-After": {secretAdminKey}}, Times: 1},
		"GET /projects/{project_id}/roles":                         {Body: secretAdminKey, Header: quoting, Times: 1},
		"GET /organization/groups":                                 {Status: 400, Body: quotingPage, ContentType: "text/html", Header: quoting, Times: 1},
		"GET /organization/groups/{group_id}/roles":                {Status: 403, Body: `"` + secretAdminKey + `"`, Header: quoting, Times: 1},
		"GET /projects/{project_id}/groups/{group_id}/roles":       {Status: 409, Body: `{"message":"` + secretAdminKey + `","code":"` + secretAdminKey + `"}`, Header: quoting, Times: 1},
		"GET /organization/projects/{project_id}/service_accounts": {Reset: true, Header: quoting, Times: 1},
	}
	for format, engine := range map[string]string{"json": "pebble", "console": "sqlite"} {
		t.Run(format+" "+engine, func(t *testing.T) {
			t.Parallel()
			run := newTrial(t, format, nil)
			for route, fault := range delays {
				run.api.SetFault(route, fault)
			}
			output, isSuccess := run.run(t, "--storage-engine", engine, "--log-path", "stderr", "--log-path", "run.log")
			require.True(t, isSuccess, output)
			require.Positive(t, strings.Count(output, "OpenAI Admin API"), "the client's own lines are searched")
			require.FileExists(t, filepath.Join(run.directory, "run.log"))

			// The redacted values are there, which shows that the search reads the right content.
			inside := requireNoSecretBelow(t, run.directory)
			for _, known := range []string{"sk-svcacct-***Xe81", "sk-admin-***9fGh", "priya.raman@example.com"} {
				require.True(t, bytes.Contains(inside, []byte(known)), known)
			}
		})
	}
}

// changes are the commands that change something, by the route of their write.
var changes = map[string][]string{
	"POST /organization/groups/{group_id}/users": {
		"--grant-entitlement", "group:group_01FINANCE0000000000:member", "--grant-principal", "user-HanaSato00000000000000006", "--grant-principal-type", "user",
	},
	"DELETE /organization/groups/{group_id}/users/{user_id}": {
		"--revoke-grant", "group:group_01FINANCE0000000000:member:user:user-LenaFischer00000000000004",
	},
	"POST /organization/invites": {
		"--create-account-login", "new.person@example.com", "--create-account-profile", `{"email":"new.person@example.com"}`,
	},
	"POST /organization/projects/{project_id}/service_accounts": {
		"--invoke-action", "create_service_account",
		"--invoke-action-args", `{"project":{"resource_type_id":"project","resource_id":"proj_SupportAssistant000002"},"name":"deploy"}`,
	},
	"DELETE /organization/projects/{project_id}/api_keys/{api_key_id}": {"--delete-resource", "key_HanaNotebook", "--delete-resource-type", "api_key"},
	"DELETE /organization/admin_api_keys/{key_id}":                     {"--delete-resource", "key_AdminGovernance", "--delete-resource-type", "api_key"},
	"DELETE /organization/projects/{project_id}/service_accounts/{service_account_id}": {
		"--delete-resource", "svc_acct_RetiredCrawler000003", "--delete-resource-type", "service_account",
	},
}

// Changes that succeed, and changes that are refused in every way, with the key in each answer.
func TestSecretsDoNotShowInChanges(t *testing.T) {
	t.Parallel()
	for i, route := range slices.Sorted(maps.Keys(changes)) {
		arguments, format := changes[route], []string{"json", "console"}[i%2] // both forms have the same text
		t.Run(route+" in "+format, func(t *testing.T) {
			t.Parallel()
			other := startOtherHost(t)
			run := newTrial(t, format, nil)
			output, isSuccess := run.run(t)
			require.True(t, isSuccess, output)
			all := refusals(other.address)
			refused := []string{"401", "400"}
			if route == "POST /organization/invites" {
				refused = append(refused, "redirect 307") // a redirect leaves the outcome open, which takes some seconds
			}
			for _, name := range refused {
				run.api.SetFault(route, all[name])
				before := len(run.api.Requests())
				output, isSuccess = run.run(t, arguments...)
				require.False(t, isSuccess, output)
				require.True(t, slices.ContainsFunc(run.api.Requests()[before:], func(r openaitest.Request) bool { return r.Route == route }), output)
			}
			run.api.SetFault(route, openaitest.Fault{Header: quoting})
			output, isSuccess = run.run(t, arguments...)
			require.True(t, isSuccess, output)
			other.requireNoRequests(t)
		})
	}
}

// The key is sent over TLS 1.2 or newer, and only to a server with a certificate that the host trusts.
func TestSyncOverTLS(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := httptest.NewUnstartedServer(&openaitest.Server{Organization: leaky(), Keys: map[string]openaitest.Key{secretAdminKey: {}}})
			api.TLS = &tls.Config{MinVersion: version, MaxVersion: version}
			api.StartTLS()
			t.Cleanup(api.Close)
			run := &trial{directory: t.TempDir(), format: "json", address: api.URL}
			require.NoError(t, os.Mkdir(filepath.Join(run.directory, "tmp"), 0o700))
			authority := filepath.Join(run.directory, "authority.pem")
			require.NoError(t, os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw}), 0o600))
			command := run.command(t)
			command.Env = append(command.Env, "SSL_CERT_FILE="+authority)
			output, err := command.CombinedOutput()
			require.NoError(t, err, string(output))
			requireNoSecret(t, "the output", output)
			requireNoSecretBelow(t, run.directory)
		})
	}
}

// The SDK's debugging options, which keep or print whole answers, do not show secrets.
func TestSecretsDoNotShowWithDebuggingOptions(t *testing.T) {
	t.Parallel()
	for _, aid := range []string{"BATON_DEBUG_PRINT_RESPONSE_BODY=1", "BATON_HTTP_CACHE_BACKEND=db", "BATON_DISABLE_HTTP_CACHE=false"} {
		t.Run(aid, func(t *testing.T) {
			t.Parallel()
			run := newTrial(t, "json", nil)
			command := run.command(t)
			command.Env = append(command.Env, aid)
			output, err := command.CombinedOutput()
			require.NoError(t, err, string(output))
			requireNoSecret(t, "the output", output)
			requireNoSecretBelow(t, run.directory)
		})
	}
}
