package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/stretchr/testify/require"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// flagAlone is the expected result of a command with a single flag.
type flagAlone struct {
	value string
	// refused is the error message, without its prefix.
	refused string
	// status is the exit status if the connector or the API refuses the value and not the check of the flags; then the
	// message has other text as well.
	status int
	// idle says that the log reports the flag as one without effect.
	idle bool
	// file is written in place of sync.c1z, or in addition to it.
	file string
	// output is a pattern of the standard error.
	output string
}

func (f flagAlone) check(t *testing.T, err error, output, name, folder string) {
	t.Helper()
	if f.refused != "" {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, output)
		require.NoFileExists(t, filepath.Join(folder, "sync.c1z"))
		if f.status != 0 {
			require.Equal(t, f.status, exit.ExitCode(), output)
			require.Contains(t, output, f.refused)
			return
		}
		require.Equal(t, 3, exit.ExitCode(), output)
		require.Equal(t, "baton-openai: "+f.refused+"\n", output)
		return
	}
	require.NoError(t, err, output)
	switch {
	case f.idle:
		require.Contains(t, output, `"msg":"baton-openai: these have no effect here","flags":["--`+name+`"]`)
		require.FileExists(t, filepath.Join(folder, "sync.c1z"))
	case f.file != "":
		require.FileExists(t, filepath.Join(folder, f.file))
		require.NotContains(t, output, "no effect")
	}
	require.Regexp(t, f.output, output)
}

// flagsAlone has each flag, those that --help hides included. A flag that is neither refused nor idle runs a sync.
var flagsAlone = map[string]flagAlone{
	"auth-method":                             {value: "=key", refused: "--auth-method cannot be used: this connector has one way to authenticate, with the admin key"},
	"base-url":                                {value: "=http://example.com/v1", refused: "base-url must be https (http only to a loopback address): the admin key would travel unprotected"},
	"bulk-create-ticket":                      {refused: "--bulk-create-ticket cannot be used: this connector has no tickets"},
	"bulk-ticket-template-path":               {value: "=a", refused: "--bulk-ticket-template-path cannot be used: this connector has no tickets"},
	"c1z-temp-dir":                            {value: "=missing", refused: "--c1z-temp-dir is not a folder"},
	"client-id":                               {value: "=a", refused: "--client-id needs --client-secret as well"},
	"client-secret":                           {value: "=a", refused: "--client-secret needs --client-id as well"},
	"compact-file-paths":                      {value: "=a", refused: "--compact-file-paths needs --compact-syncs as well"},
	"compact-output-path":                     {value: "=a", refused: "--compact-output-path needs --compact-syncs as well"},
	"compact-sync-ids":                        {value: "=a", refused: "--compact-sync-ids needs --compact-syncs as well"},
	"compact-syncs":                           {refused: "--compact-syncs needs --compact-file-paths and --compact-sync-ids and --compact-output-path as well"},
	"create-account-email":                    {value: "=a@example.com", refused: "--create-account-email alone creates no account: give the address as --create-account-login as well"},
	"create-account-login":                    {value: "=nobody", status: 3, refused: `"nobody" is not an email address`},
	"create-account-profile":                  {value: "=a", refused: `--create-account-profile is not a JSON object such as {"email":"a@example.com"}`},
	"create-account-resource-type":            {value: "=invitation", refused: "--create-account-resource-type needs --create-account-login or --create-account-profile as well"},
	"create-ticket":                           {refused: "--create-ticket cannot be used: this connector has no tickets"},
	"delete-resource":                         {value: "=a", refused: "--delete-resource needs --delete-resource-type as well"},
	"delete-resource-type":                    {value: "=user", refused: "--delete-resource-type needs --delete-resource as well"},
	"event-feed":                              {value: "=true", refused: "--event-feed needs --event-feed-id as well"},
	"event-feed-cursor":                       {value: "=a", refused: "--event-feed-cursor needs --event-feed as well"},
	"event-feed-id":                           {value: "=audit_log", refused: "--event-feed-id needs --event-feed as well"},
	"event-feed-start-at":                     {value: "=2026-01-31T00:00:00Z", refused: "--event-feed-start-at needs --event-feed as well"},
	"external-resource-c1z":                   {value: "=missing", refused: "--external-resource-c1z is not a file"},
	"external-resource-entitlement-id-filter": {value: "=a", refused: "--external-resource-entitlement-id-filter needs --external-resource-c1z as well"},
	"external-resource-traits":                {value: "=user", refused: "--external-resource-traits needs --external-resource-c1z as well"},
	"file":                                    {value: "=other.c1z", file: "other.c1z"},
	"get-ticket":                              {refused: "--get-ticket cannot be used: this connector has no tickets"},
	"grant-entitlement":                       {value: "=a", refused: "--grant-entitlement needs --grant-principal and --grant-principal-type as well"},
	"grant-principal":                         {value: "=a", refused: "--grant-principal needs --grant-entitlement and --grant-principal-type as well"},
	"grant-principal-type":                    {value: "=user", refused: "--grant-principal-type needs --grant-entitlement and --grant-principal as well"},
	"health-check":                            {idle: true},
	"health-check-bind-address":               {value: "=127.0.0.1", refused: "--health-check-bind-address needs --health-check as well"},
	"health-check-port":                       {value: "=8081", refused: "--health-check-port needs --health-check as well"},
	"help":                                    {output: "^$"},
	"http-timeout-seconds":                    {value: "=0", refused: "--http-timeout-seconds has to be from 1 to 1800"},
	"invoke-action":                           {value: "=a", status: 3, refused: "baton-openai: --invoke-action names an action that there is not: the actions are "},
	"invoke-action-args":                      {value: "={}", refused: "--invoke-action-args needs --invoke-action as well"},
	"invoke-action-resource-type":             {value: "=user", refused: "--invoke-action-resource-type cannot be used: no action is of a resource type; --list-action-schemas lists them"},
	"invoke-resource-action":                  {value: "=a", refused: "--invoke-resource-action cannot be used: no action is of a resource type; --list-action-schemas lists them"},
	"invoke-resource-action-args":             {value: "={}", refused: "--invoke-resource-action-args cannot be used: no action is of a resource type; --list-action-schemas lists them"},
	"invoke-resource-action-resource-type":    {value: "=user", refused: "--invoke-resource-action-resource-type cannot be used: no action is of a resource type; --list-action-schemas lists them"},
	"keep-previous-sync-c1z":                  {idle: true},
	"list-action-schemas":                     {output: "http cache config"},
	"list-action-schemas-resource-type":       {value: "=user", refused: "--list-action-schemas-resource-type cannot be used: no action is of a resource type; --list-action-schemas lists them"},
	"list-resource-actions":                   {value: "=user", refused: "--list-resource-actions cannot be used: no action is of a resource type; --list-action-schemas lists them"},
	"list-ticket-schemas":                     {refused: "--list-ticket-schemas cannot be used: this connector has no tickets"},
	"log-format":                              {value: "=console", file: "sync.c1z", output: `(?m)^\S+\tINFO\t`},
	"log-level":                               {value: "=error", file: "sync.c1z", output: "^$"},
	"log-level-debug-expires-at":              {value: "=2030-01-01T00:00:00Z", idle: true},
	"log-path":                                {value: "=log.json", file: "log.json", output: "^$"},
	"openai-admin-key":                        {value: "=sk-proj-a", refused: "the configured key is a project API key, not an admin key: " + cfg.CreateAKey},
	"otel-collector-endpoint":                 {value: "=", refused: "--otel-collector-endpoint is empty: give it a value, or leave it out"},
	"otel-collector-endpoint-tls-cert":        {value: "=a", idle: true},
	"otel-collector-endpoint-tls-cert-path":   {value: "=a", idle: true},
	"otel-collector-endpoint-tls-insecure":    {idle: true},
	"otel-logging-disabled":                   {idle: true},
	"otel-tracing-disabled":                   {idle: true},
	"parallel-sync":                           {file: "sync.c1z"},
	"provisioning":                            {idle: true},
	"revoke-grant":                            {value: "=a", status: 9, refused: "sync.c1z has no sync: sync first, or name the file of a sync with --file"},
	"rotate-credentials":                      {value: "=a", refused: "--rotate-credentials cannot be used: this connector rotates no credentials"},
	"rotate-credentials-type":                 {value: "=user", refused: "--rotate-credentials-type cannot be used: this connector rotates no credentials"},
	"security-insights":                       {file: "sync.c1z", output: `"resources":23,.*"security_insight":1,`},
	"session-store-maximum-size":              {value: "=1000000", idle: true},
	"skip-entitlements-and-grants":            {file: "sync.c1z"},
	"skip-full-sync":                          {idle: true},
	"skip-grants":                             {refused: "--skip-grants needs --sync-resources as well"},
	"storage-engine":                          {value: "=sqlite", file: "sync.c1z"},
	"sync-resource-types":                     {value: "=user", file: "sync.c1z"},
	"sync-resources":                          {value: "=user-1", refused: "--sync-resources takes ids such as bid:r:user/user-1 and bid:r:project/proj_1/service_account/svc_1"},
	"task-concurrency":                        {value: "=5", idle: true},
	"ticket-id":                               {value: "=a", refused: "--ticket-id cannot be used: this connector has no tickets"},
	"ticket-template-path":                    {value: "=a", refused: "--ticket-template-path cannot be used: this connector has no tickets"},
	"ticketing":                               {idle: true},
	"version":                                 {output: "^$"},
	"workers":                                 {value: "=3", file: "sync.c1z"},
}

// helpFlag matches a flag's name in the output of --help.
var helpFlag = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z0-9-]+)`)

// Every flag in the README is in --help.
func TestHelpHasTheFlagsOfTheREADME(t *testing.T) {
	t.Parallel()
	help, err := exec.CommandContext(t.Context(), "baton-openai", "--help").Output()
	require.NoError(t, err)
	for _, page := range []string{"../../README.md", "../../docs/actions.md", "../../docs/targeted-sync.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		found := regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(string(text), -1)
		require.NotEmpty(t, found, page)
		for _, flag := range found {
			if flag != "--target" { // --target is a flag of docker build
				require.Contains(t, string(help), flag+" ", page)
			}
		}
	}
}

// Each flag alone takes effect, is refused with one sentence, or is reported as one without effect.
func TestEachFlagAlone(t *testing.T) {
	t.Parallel()
	help, err := exec.CommandContext(t.Context(), "baton-openai", "--help").Output()
	require.NoError(t, err)
	names := map[string]bool{}
	for _, match := range helpFlag.FindAllStringSubmatch(string(help), -1) {
		names[match[1]] = true
	}
	require.Greater(t, len(names), 25, "the help is read in the wrong way")
	for _, f := range append(cfg.Config.Fields, field.DefaultFields...) {
		names[f.FieldName] = true
	}
	organization := openaitest.Sample()
	organization.Groups, organization.Roles, organization.Projects = nil, nil, organization.Projects[:1]
	organization.Projects[0].Groups, organization.Projects[0].Roles = nil, nil
	listener := httptest.NewServer(&openaitest.Server{Organization: organization, Keys: map[string]openaitest.Key{adminKey: {}}})
	t.Cleanup(listener.Close)
	for name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test, isKnown := flagsAlone[name]
			require.True(t, isKnown, "the flag has no row")
			folder := t.TempDir()
			command := exec.CommandContext(t.Context(), "baton-openai", "--"+name+test.value)
			command.Dir = folder
			command.Env = append(os.Environ(), "TMPDIR="+folder, "BATON_BASE_URL="+listener.URL+"/v1", "BATON_OPENAI_ADMIN_KEY="+adminKey, "GORACE="+raceSettings)
			var stderr bytes.Buffer
			command.Stderr = &stderr
			test.check(t, command.Run(), stderr.String(), name, folder)
		})
	}
	for name := range flagsAlone {
		require.True(t, names[name], "there is no flag %s", name)
	}
}
