package conductoronetest_test

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	pbstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

// peer talks to the service as a daemon does, but without the SDK's client.
type peer struct {
	t       *testing.T
	service *conductoronetest.Service
	web     *http.Client
	calls   *grpc.ClientConn
	v1.BatonServiceClient
}

func newPeer(t *testing.T, service *conductoronetest.Service) *peer {
	t.Helper()
	require.NoError(t, service.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, service.Close()) })
	path, err := service.CertificateFile(t.TempDir())
	require.NoError(t, err)
	certificate, err := os.ReadFile(path)
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	require.True(t, trusted.AppendCertsFromPEM(certificate))
	configuration := &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS13}
	p := &peer{t: t, service: service, web: &http.Client{Transport: &http.Transport{TLSClientConfig: configuration}}}
	t.Cleanup(p.web.CloseIdleConnections)
	connection, err := grpc.NewClient(p.host(), grpc.WithTransportCredentials(credentials.NewTLS(configuration)))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, connection.Close()) })
	p.calls, p.BatonServiceClient = connection, v1.NewBatonServiceClient(connection)
	return p
}

// host is the host in the client id, with the port.
func (p *peer) host() string {
	_, host, _ := strings.Cut(p.service.ClientID(), "@")
	host, _, _ = strings.Cut(host, "/")
	return host
}

func (p *peer) key() ed25519.PrivateKey {
	p.t.Helper()
	parts := strings.Split(p.service.ClientSecret(), ":")
	require.Len(p.t, parts, 4)
	require.Equal(p.t, "v1", parts[2])
	text, err := base64.RawURLEncoding.DecodeString(parts[3])
	require.NoError(p.t, err)
	var key jose.JSONWebKey
	require.NoError(p.t, json.Unmarshal(text, &key))
	private, ok := key.Key.(ed25519.PrivateKey)
	require.True(p.t, ok)
	return private
}

func (p *peer) claims() jwt.Claims {
	host, _, _ := net.SplitHostPort(p.host())
	now := time.Now()
	return jwt.Claims{
		Issuer: p.service.ClientID(), Subject: p.service.ClientID(), Audience: jwt.Audience{host},
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}
}

func (p *peer) assertion(key ed25519.PrivateKey, claims jwt.Claims) string {
	p.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, nil)
	require.NoError(p.t, err)
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(p.t, err)
	return text
}

func (p *peer) form() url.Values {
	return url.Values{
		"client_id":             {p.service.ClientID()},
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {p.assertion(p.key(), p.claims())},
	}
}

func (p *peer) askToken(form url.Values) (int, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "https://"+p.host()+"/auth/v1/token", strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := p.web.Do(request)
	require.NoError(p.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	return response.StatusCode, string(body)
}

// authorized returns a context with a token.
func (p *peer) authorized() context.Context {
	p.t.Helper()
	code, body := p.askToken(p.form())
	require.Equal(p.t, http.StatusOK, code, body)
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	require.NoError(p.t, json.Unmarshal([]byte(body), &answer))
	require.Positive(p.t, answer.ExpiresIn)
	return metadata.AppendToOutgoingContext(p.t.Context(), "authorization", "bearer "+answer.AccessToken)
}

func fullSync() *v1.Task { return v1.Task_builder{SyncFull: &v1.Task_SyncFullTask{}}.Build() }

func (p *peer) getTask(ctx context.Context) *v1.Task {
	p.t.Helper()
	response, err := p.GetTask(ctx, v1.BatonServiceGetTaskRequest_builder{HostId: "host"}.Build())
	require.NoError(p.t, err)
	require.Positive(p.t, response.GetNextPoll().AsDuration())
	return response.GetTask()
}

func success(id string) *v1.BatonServiceFinishTaskRequest {
	return v1.BatonServiceFinishTaskRequest_builder{HostId: "host", TaskId: id, Success: &v1.BatonServiceFinishTaskRequest_Success{}}.Build()
}

func failure(id string, isFinal bool) *v1.BatonServiceFinishTaskRequest {
	return v1.BatonServiceFinishTaskRequest_builder{
		HostId: "host", TaskId: id,
		Status: &pbstatus.Status{Code: int32(codes.Canceled), Message: "stopped"},
		Error:  v1.BatonServiceFinishTaskRequest_Error_builder{NonRetryable: isFinal}.Build(),
	}.Build()
}
