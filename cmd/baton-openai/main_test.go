package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"baton-openai": main, measuredBinary: mainMeasured})
}

// adminKey is the only key that the scripts' stand-in accepts without a restriction.
const adminKey = "sk-admin-scripts-abcdefghijklmnopqrstuvwxyz"

// raceSettings are for a binary with the race detector, which otherwise waits a second at its end.
const raceSettings = "atexit_sleep_ms=0"

// otherKey is another key of the same organization.
const otherKey = "sk-admin-another-abcdefghijklmnopqrstuvwx"

// restrictedKey may not read groups, noAuditLogKey not the audit log; readOnlyKey may read everything and write
// nothing, legacyKey do nothing.
const (
	restrictedKey = "sk-admin-restricted-abcdefghijklmnopqrst"
	readOnlyKey   = "sk-admin-readonly-abcdefghijklmnopqrstuv"
	legacyKey     = "sk-abcdefghijklmnopqrstuvwxyz0123456789"
	noAuditLogKey = "sk-admin-noauditlog-abcdefghijklmnopqrs"
)

// Each script runs the binary against a stand-in of its own with the sample organization. Besides testscript's own commands,
// the scripts have:
//
//	baton ARGS        runs the real baton CLI
//	fault ROUTE CODE [AFTER]  answers the route, such as "GET /organization/groups", with the status, after so many good
//	                  answers; CODE 200 ends it
//	asked ROUTE N     checks the number of requests to the route
//	reached ROUTE N   waits for the Nth request to the route
//	passed ROUTE N M  checks that the route was answered N to M times with status 200
//	terminate         sends SIGTERM to the programs in the background
//	limit N INTERVAL  limits each route to N calls at once, and then one an interval; "limit off" ends it
//	organization ID   sets the organization's id, with the same objects; "organization ID silent" removes it from the
//	                  headers
//	happened AGO      logs a user in and makes changes on OpenAI's pages, so long ago
//	audit_log CODE    answers the audit log with the status, as if it was off
//	repeat N COMMAND  runs the command N times and checks each exit status against $STATUS
func TestScripts(t *testing.T) {
	t.Parallel()
	baton := sync.OnceValues(buildBaton(t))
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Condition:           condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"baton": func(ts *testscript.TestScript, negated bool, args []string) {
				path, err := baton()
				ts.Check(err)
				runBaton(ts, negated, path, args)
			},
			"fault":   fault,
			"asked":   asked,
			"reached": reached,
			"passed":  passed,
			"limit":   limit,

			"organization": organization,
			"repeat":       repeat,

			"terminate": terminate,
			"happened":  happened,
			"audit_log": auditLog,
		},
	})
}

// condition adds a testscript condition: whether a private file system can be mounted.
func condition(name string) (bool, error) {
	if name != "mount" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	trial := exec.CommandContext(context.Background(), "unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt")
	return trial.Run() == nil, nil
}

type (
	serverKey   struct{}
	requestsKey struct{}
)

// requests are a stand-in's requests in a script. A request stays in routes until a waiting command has counted it in
// times.
type requests struct {
	routes chan string
	times  map[string]int
}

// requestsKept is more than a script makes.
const requestsKept = 10_000

func setup(env *testscript.Env) error {
	writes := map[string]string{}
	for _, family := range []string{
		"users", "invites", "groups", "roles", "projects", "project_users", "project_groups", "service_accounts", "project_api_keys", "admin_api_keys",
	} {
		writes[family] = "api." + family + ".write"
	}
	server := &openaitest.Server{
		Organization: openaitest.Sample(),
		Keys: map[string]openaitest.Key{
			adminKey:      {},
			otherKey:      {},
			restrictedKey: {MissingScopes: map[string]string{"groups": "api.groups.read"}},
			readOnlyKey:   {MissingScopes: writes},
			legacyKey:     {Project: true},
			noAuditLogKey: {MissingScopes: map[string]string{"audit_logs": "api.audit_logs.read"}},
		},
	}
	kept := &requests{routes: make(chan string, requestsKept), times: map[string]int{}}
	server.OnRequest = func(request openaitest.Request) { kept.routes <- request.Route }
	listener := httptest.NewServer(server)
	env.Defer(listener.Close)
	env.Values[serverKey{}] = server
	env.Values[requestsKey{}] = kept
	repository, err := filepath.Abs("../..")
	if err != nil {
		return fmt.Errorf("finding the repository: %w", err)
	}
	env.Setenv("REPOSITORY", repository)
	env.Setenv("STAND_IN", listener.URL)
	env.Setenv("BATON_BASE_URL", listener.URL+"/v1")
	env.Setenv("BATON_OPENAI_ADMIN_KEY", adminKey)
	env.Setenv("ADMIN_KEY", adminKey)
	env.Setenv("OTHER_KEY", otherKey)
	env.Setenv("RESTRICTED_KEY", restrictedKey)
	env.Setenv("READ_ONLY_KEY", readOnlyKey)
	env.Setenv("LEGACY_KEY", legacyKey)
	env.Setenv("NO_AUDIT_LOG_KEY", noAuditLogKey)
	env.Setenv("NO_COLOR", "1")
	env.Setenv("GORACE", raceSettings)
	env.Setenv("GOGC", "400") // a program that runs for a second collects little garbage
	return nil
}

// buildFlags are those of these tests, so that the build of the baton CLI reuses their packages.
func buildFlags() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var flags []string
	for _, setting := range info.Settings {
		switch setting.Key {
		case "-race", "-tags":
			flags = append(flags, setting.Key+"="+setting.Value)
		}
	}
	return flags
}

// buildBaton builds the CLI of the SDK version in go.mod, when a script first needs it.
func buildBaton(t *testing.T) func() (string, error) {
	t.Helper()
	directory := t.TempDir()
	return func() (string, error) {
		path := filepath.Join(directory, "baton")
		args := append([]string{"build", "-ldflags", "-s -w", "-o", path}, buildFlags()...)
		command := exec.CommandContext(t.Context(), "go", append(args, "github.com/conductorone/baton-sdk/cmd/baton")...)
		if output, err := command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building baton: %w: %s", err, output)
		}
		return path, nil
	}
}

func runBaton(ts *testscript.TestScript, negated bool, path string, args []string) {
	err := ts.Exec(path, args...)
	if negated == (err == nil) {
		ts.Fatalf("%s %s: %v", filepath.Base(path), strings.Join(args, " "), err)
	}
}

func standIn(ts *testscript.TestScript) *openaitest.Server {
	server, ok := ts.Value(serverKey{}).(*openaitest.Server)
	if !ok {
		ts.Fatalf("the script has no stand-in")
	}
	return server
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func fault(ts *testscript.TestScript, _ bool, args []string) {
	fault := openaitest.Fault{Status: number(ts, args[1])}
	if len(args) > 2 {
		fault.After = number(ts, args[2])
	}
	if fault.Status == http.StatusOK {
		fault = openaitest.Fault{}
	}
	standIn(ts).SetFault(args[0], fault)
}

func asked(ts *testscript.TestScript, _ bool, args []string) {
	times := 0
	for _, request := range standIn(ts).Requests() {
		if request.Route == args[0] {
			times++
		}
	}
	if times != number(ts, args[1]) {
		ts.Fatalf("%s was asked %d times", args[0], times)
	}
}

func reached(ts *testscript.TestScript, _ bool, args []string) {
	requests := asking(ts)
	for requests.times[args[0]] < number(ts, args[1]) {
		select {
		case route := <-requests.routes:
			requests.times[route]++
		case <-time.After(time.Minute):
			ts.Fatalf("%s is asked %d times only", args[0], requests.times[args[0]])
		}
	}
}

func asking(ts *testscript.TestScript) *requests {
	kept, ok := ts.Value(requestsKey{}).(*requests)
	if !ok {
		ts.Fatalf("the script has no stand-in")
	}
	return kept
}

func passed(ts *testscript.TestScript, _ bool, args []string) {
	times := 0
	for _, request := range standIn(ts).Requests() {
		if request.Route == args[0] && request.Status == http.StatusOK {
			times++
		}
	}
	if times < number(ts, args[1]) || times > number(ts, args[2]) {
		ts.Fatalf("%s passed %d times", args[0], times)
	}
}

func limit(ts *testscript.TestScript, _ bool, args []string) {
	var limited *openaitest.RateLimit
	if args[0] != "off" {
		interval, err := time.ParseDuration(args[1])
		ts.Check(err)
		limited = &openaitest.RateLimit{Burst: number(ts, args[0]), Interval: interval}
	}
	server := standIn(ts)
	server.Update(func(*openaitest.Organization) { server.RateLimit = limited })
}

func organization(ts *testscript.TestScript, _ bool, args []string) {
	server := standIn(ts)
	server.Update(func(o *openaitest.Organization) {
		o.ID = args[0]
		server.OmitOrganizationHeader = len(args) > 1
	})
}

func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, command := range ts.BackgroundCmds() {
		ts.Check(command.Process.Signal(syscall.SIGTERM))
	}
}

func repeat(ts *testscript.TestScript, _ bool, args []string) {
	want := ts.Getenv("STATUS")
	for range number(ts, args[0]) {
		got := "0"
		if err := ts.Exec(args[1], args[2:]...); err != nil {
			got = strings.TrimPrefix(err.Error(), "exit status ")
		}
		if got != want {
			ts.Fatalf("status %s, want %s", got, want)
		}
	}
}
