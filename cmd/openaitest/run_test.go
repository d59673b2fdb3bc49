package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// childWord, with a path after it, makes this test binary act as the command next to the stand-in.
const childWord = "child"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == childWord {
		os.Exit(child(os.Args[2]))
	}
	os.Exit(m.Run())
}

// child reads its standard input, requests the path from the stand-in, prints both, and exits with status 7.
func child(path string) int {
	input, _ := io.ReadAll(os.Stdin)
	status, body := ask(context.Background(), os.Getenv("BATON_BASE_URL")+path, os.Getenv("BATON_OPENAI_ADMIN_KEY"))
	_, _ = os.Stdout.WriteString(string(input) + "\n" + status + "\n" + body)
	_, _ = os.Stderr.WriteString("child's own words\n")
	return 7
}

func ask(ctx context.Context, url, key string) (string, string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err.Error(), ""
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := new(http.Client).Do(request)
	if err != nil {
		return err.Error(), ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.Status, string(body)
}

func TestCommand(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	var stdout, stderr bytes.Buffer
	args := []string{"--organization", "seeded", "--users", "20", "--groups", "13", "--", self, childWord, "/organization/groups?limit=1000"}
	status := run(t.Context(), args, strings.NewReader("input"), &stdout, &stderr)
	assert.Equal(t, 7, status, stderr.String())
	assert.True(t, strings.HasPrefix(stdout.String(), "input\n200 OK\n"), stdout.String())
	assert.Equal(t, 13, strings.Count(stdout.String(), "is_scim_managed"))
	assert.Equal(t, "child's own words\n", stderr.String())
}

func TestCommandWithUnknownRoute(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), []string{"--", self, childWord, "/organization/weather"}, strings.NewReader(""), &stdout, &stderr)
	assert.Equal(t, 7, status)
	assert.Contains(t, stderr.String(), "asked for, but not known: GET /v1/organization/weather")
}

// firstLines sends the first write.
type firstLines chan string

func (f firstLines) Write(p []byte) (int, error) {
	f <- string(p)
	return len(p), nil
}

func TestServe(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, done := make(firstLines, 1), make(chan int, 1)
	var stderr bytes.Buffer
	go func() { done <- run(ctx, []string{"--rate-limit", "2"}, strings.NewReader(""), stdout, &stderr) }()

	lines := strings.Split(strings.TrimSpace(<-stdout), "\n")
	require.Len(t, lines, 2)
	base, isBase := strings.CutPrefix(lines[0], "BATON_BASE_URL=")
	key, isKey := strings.CutPrefix(lines[1], "BATON_OPENAI_ADMIN_KEY=")
	require.True(t, isBase && isKey, lines)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+/v1$`, base)
	assert.True(t, strings.HasPrefix(key, "sk-admin-standin"))
	for _, want := range []string{"200 OK", "200 OK", "429 Too Many Requests"} {
		status, body := ask(ctx, base+"/organization/users", key)
		assert.Equal(t, want, status, body)
	}

	cancel()
	assert.Equal(t, 0, <-done)
	assert.Empty(t, stderr.String())
}

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"help":                        {[]string{"-h"}, 0, "BATON_BASE_URL and BATON_OPENAI_ADMIN_KEY"},
		"unknown flag":                {[]string{"--port", "1"}, 2, "flag provided but not defined"},
		"every interface":             {[]string{"--listen", "0.0.0.0:0"}, 2, `"0.0.0.0" is not a loopback address`},
		"no host":                     {[]string{"--listen", ":0"}, 2, `"" is not a loopback address`},
		"a name":                      {[]string{"--listen", "example.com:0"}, 2, `"example.com" is not a loopback address`},
		"no port":                     {[]string{"--listen", "127.0.0.1"}, 2, "missing port"},
		"unknown organization":        {[]string{"--organization", "acme"}, 2, `sample or seeded, not "acme"`},
		"size without seed":           {[]string{"--users", "3"}, 2, "need --organization seeded"},
		"negative rate limit":         {[]string{"--rate-limit", "-1"}, 2, "cannot be negative"},
		"negative latency":            {[]string{"--latency", "-1s"}, 2, "cannot be negative"},
		"command that is not there":   {[]string{"--", "./no-such-command"}, 1, "no-such-command"},
		"port of somebody else":       {[]string{"--listen", "127.0.0.1:-1"}, 1, "invalid port"},
		"loopback of version 6 is ok": {[]string{"--listen", "[::1]:-1"}, 1, "invalid port"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			assert.Equal(t, test.status, run(t.Context(), test.args, strings.NewReader(""), &stdout, &stderr))
			assert.Contains(t, stderr.String(), test.stderr)
			assert.Empty(t, stdout.String())
		})
	}
}
