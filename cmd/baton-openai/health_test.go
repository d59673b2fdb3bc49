package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorclient"
	"github.com/conductorone/baton-sdk/pkg/healthcheck"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	cfg "github.com/conductorone/baton-openai/pkg/config"
	"github.com/conductorone/baton-openai/pkg/connector"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// connectorClient returns a client of a connector for the API at the address, with gRPC between them, as in a service.
func connectorClient(t *testing.T, address string) types.ConnectorClient {
	t.Helper()
	ctx := t.Context()
	builder, options, err := connector.New(ctx, &cfg.Openai{OpenaiAdminKey: adminKey, BaseUrl: address}, &cli.ConnectorOpts{})
	require.NoError(t, err)
	built, err := connectorbuilder.NewConnector(ctx, builder, options...)
	require.NoError(t, err)
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	v2.RegisterConnectorServiceServer(server, built)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	connection, err := grpc.NewClient("passthrough:///connector",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	return connectorclient.NewConnectorClient(ctx, connection)
}

// healthServer serves the SDK's health endpoint for the connector and returns its port.
func healthServer(t *testing.T, connectorAPI types.ConnectorClient) string {
	t.Helper()
	for range 10 {
		port := freePort(t)
		server := healthcheck.NewServer(healthcheck.Config{Enabled: true, Port: port, BindAddress: "127.0.0.1"},
			func(context.Context) (types.ConnectorClient, error) { return connectorAPI, nil })
		if server.Start(t.Context()) != nil {
			continue
		}
		t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
		return strconv.Itoa(port)
	}
	require.FailNow(t, "no port is free")
	return ""
}

// freePort returns a port that another process may still take before it is used, since the SDK accepts no listener.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().(*net.TCPAddr).Port //nolint:errcheck,forcetypeassert // a listener of TCP has an address of TCP
}

// healthCheck runs the command and returns its only line and whether it succeeded.
func healthCheck(t *testing.T, arguments ...string) (string, bool) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "baton-openai", append([]string{"health-check"}, arguments...)...).CombinedOutput()
	text := string(output)
	require.LessOrEqual(t, strings.Count(text, "\n"), 1, text)
	require.NotContains(t, text, adminKey)
	return text, err == nil
}

// endpointHealth returns the answer of the endpoint itself.
func endpointHealth(t *testing.T, port string) (int, healthcheck.HealthResponse) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/health", http.NoBody)
	require.NoError(t, err)
	answer, err := new(http.Client).Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	var health healthcheck.HealthResponse
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&health))
	return answer.StatusCode, health
}

const askForGroups = "GET /organization/groups"

// Each check asks the API again: a failure shows at once, and so does its end.
func TestHealthIsFresh(t *testing.T) {
	t.Parallel()
	standIn := &openaitest.Server{Keys: map[string]openaitest.Key{adminKey: {}}}
	api := httptest.NewServer(standIn)
	t.Cleanup(api.Close)
	port := healthServer(t, connectorClient(t, api.URL+"/v1"))

	for _, isKnown := range []bool{true, true, false, false, true} {
		standIn.Update(func(*openaitest.Organization) {
			standIn.Keys = map[string]openaitest.Key{}
			if isKnown {
				standIn.Keys[adminKey] = openaitest.Key{}
			}
		})
		before := len(standIn.Requests())
		text, healthy := healthCheck(t, "--health-check-port", port)
		require.Equal(t, isKnown, healthy, text)
		require.Len(t, standIn.Requests(), before+1)
		if !isKnown {
			require.Contains(t, text, "OpenAI does not accept the key; create an Admin API key")
		}
		code, health := endpointHealth(t, port)
		require.Len(t, standIn.Requests(), before+2)
		require.Equal(t, isKnown, code == http.StatusOK)
		require.NotContains(t, health.Details["validation_error"], "\n")
	}

	// Neither of these asks the API, so that probes do not count against its limits.
	before := len(standIn.Requests())
	for _, endpoint := range []string{"ready", "live"} {
		text, healthy := healthCheck(t, "--health-check-port", port, "--endpoint", endpoint)
		require.True(t, healthy, text)
		require.Empty(t, text)
	}
	require.Len(t, standIn.Requests(), before)
}

// A failure is reported in one line, in time, with its cause and without the key.
func TestHealthReportsTheCause(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault openaitest.Fault
		limit *openaitest.RateLimit
		want  string
	}{
		"key quoted": {
			fault: openaitest.Fault{Status: 401, Body: `{"error":{"message":"Incorrect API key:\n\n` + adminKey + `","code":"invalid_api_key"}}`},
			want:  "OpenAI does not accept the key; create",
		},
		"no permission": {
			fault: openaitest.Fault{Status: 403, Body: `{"error":"Missing scopes: api.groups.read"}`},
			want:  "the key lacks the permission api.groups.read",
		},
		"a page of HTML": {
			fault: openaitest.Fault{Status: 502, ContentType: "text/html", Body: "<html>\n<body>\n" + adminKey + "\n</body></html>"},
			want:  "502 Bad Gateway: <html> <body> [key] </body></html>",
		},
		"unavailable": {fault: openaitest.Fault{Status: 503, EmptyBody: true}, want: "503 Service Unavailable"},
		"no answer": {
			fault: openaitest.Fault{Stall: true},
			want:  "no answer within 4s, or OpenAI limits how often it can be asked: GET /organization/groups",
		},
		"limited": {
			limit: &openaitest.RateLimit{Burst: 1, Interval: time.Minute},
			want:  "no answer within 4s, or OpenAI limits how often it can be asked: GET /organization/groups",
		},
		"no quota": {
			fault: openaitest.Fault{Status: 429, Body: `{"error":{"message":"You exceeded your current quota.","code":"insufficient_quota"}}`},
			want:  "You exceeded your current quota.",
		},
		"another shape":     {fault: openaitest.Fault{WrongShape: true}, want: "data is missing"},
		"a redirect":        {fault: openaitest.Fault{Redirect: "http://127.0.0.1:1/" + adminKey}, want: "redirects to another address"},
		"a broken body":     {fault: openaitest.Fault{Body: `{"data":"` + adminKey}, want: "not complete JSON"},
		"a broken off body": {fault: openaitest.Fault{Reset: true}, want: "GET /organization/groups"},
		"several lines":     {fault: openaitest.Fault{Status: 418, Body: `{"error":"a\r\nb\tc"}`}, want: "418 I'm a teapot: a b c"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{RateLimit: test.limit}
			api := httptest.NewServer(standIn)
			t.Cleanup(api.Close)
			port := healthServer(t, connectorClient(t, api.URL+"/v1"))
			if test.limit != nil {
				text, healthy := healthCheck(t, "--health-check-port", port)
				require.True(t, healthy, text)
			} else {
				standIn.SetFault(askForGroups, test.fault)
			}
			text, healthy := healthCheck(t, "--health-check-port", port)
			require.False(t, healthy)
			require.Contains(t, text, "baton-openai: the connector is unhealthy: checking the admin key: ")
			require.Contains(t, text, test.want)
		})
	}
}

func TestHealthWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	text, healthy := healthCheck(t, "--health-check-port", "1")
	require.False(t, healthy)
	require.Contains(t, text, "baton-openai: no connector answers, or it runs without --health-check: ")

	text, healthy = healthCheck(t, "--endpoint", "metrics")
	require.False(t, healthy)
	require.Contains(t, text, `there is no endpoint "metrics": --endpoint is health, ready or live`)

	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	t.Cleanup(silent.CloseClientConnections)
	_, port, err := net.SplitHostPort(silent.Listener.Addr().String())
	require.NoError(t, err)
	text, healthy = healthCheck(t, "--health-check-port", port, "--timeout", "1")
	require.False(t, healthy)
	require.Contains(t, text, "did not answer within 1s")

	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	_, port, err = net.SplitHostPort(other.Listener.Addr().String())
	require.NoError(t, err)
	text, healthy = healthCheck(t, "--health-check-port", port)
	require.False(t, healthy)
	require.Contains(t, text, "answers 404 Not Found, as no connector does")
}
