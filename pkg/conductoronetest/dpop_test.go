package conductoronetest_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

// hostedPeer talks to the service as a hosted connector does, but without the SDK's client.
type hostedPeer struct {
	*peer

	own ed25519.PrivateKey
	// aws are the credentials in a process's environment.
	aws map[string]string
}

func newHostedPeer(t *testing.T) *hostedPeer {
	t.Helper()
	h := &hostedPeer{peer: newPeer(t, &conductoronetest.Service{}), aws: map[string]string{}}
	_, own, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	h.own = own
	process, err := h.service.StartRuntime(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, process.Close()) })
	for _, variable := range process.Environment("certificate.pem") {
		name, value, _ := strings.Cut(variable, "=")
		h.aws[name] = value
	}
	return h
}

// proofClaims are the claims of a DPoP proof.
type proofClaims struct {
	jwt.Claims

	Method  string `json:"htm"`
	Address string `json:"htu"`
	Token   string `json:"ath,omitempty"`
	Nonce   string `json:"nonce,omitempty"`
}

func proves(address string) proofClaims {
	return proofClaims{Claims: jwt.Claims{ID: rand.Text(), IssuedAt: jwt.NewNumericDate(time.Now())}, Method: http.MethodPost, Address: address}
}

func (h *hostedPeer) proof(key ed25519.PrivateKey, kind string, claims proofClaims) string {
	h.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, &jose.SignerOptions{
		ExtraHeaders: map[jose.HeaderKey]any{"typ": kind, "jwk": jose.JSONWebKey{Key: key.Public()}},
	})
	require.NoError(h.t, err)
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(h.t, err)
	return text
}

func (h *hostedPeer) tokenAddress() string { return "https://" + h.host() + "/auth/v1/token" }

// attestation is a request to AWS, signed with the session.
func (h *hostedPeer) attestation(session string) string {
	h.t.Helper()
	request, err := anypb.New(v1.Sigv4SignedRequestSTSGetCallerIdentity_builder{
		Method: http.MethodPost, Endpoint: "https://sts." + h.aws["AWS_REGION"] + ".amazonaws.com", Body: []byte("Action=GetCallerIdentity&Version=2011-06-15"),
		Headers: []*v1.SignedHeader{
			v1.SignedHeader_builder{Key: "Authorization", Value: []string{"AWS4-HMAC-SHA256 Credential=" + h.aws["AWS_ACCESS_KEY_ID"] + "/20260131"}}.Build(),
			v1.SignedHeader_builder{Key: "X-Amz-Security-Token", Value: []string{session}}.Build(),
		},
	}.Build())
	require.NoError(h.t, err)
	text, err := proto.Marshal(request)
	require.NoError(h.t, err)
	return base64.RawURLEncoding.EncodeToString(text)
}

// attested is the form of a token request with an attestation.
func (h *hostedPeer) attested(attestation string) url.Values {
	h.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: h.key()}, nil)
	require.NoError(h.t, err)
	text, err := jwt.Signed(signer).Claims(h.claims()).Claims(map[string]any{"id_att": attestation}).Serialize()
	require.NoError(h.t, err)
	form := h.form()
	form.Set("client_assertion", text)
	return form
}

// askTokenWithProof returns the status, the nonce and the body.
func (h *hostedPeer) askTokenWithProof(form url.Values, proof string) (int, string, []byte) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.tokenAddress(), strings.NewReader(form.Encode()))
	require.NoError(h.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("DPoP", proof)
	response, err := h.web.Do(request)
	require.NoError(h.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	return response.StatusCode, response.Header.Get("DPoP-Nonce"), body
}

func (h *hostedPeer) nonce() string {
	h.t.Helper()
	code, nonce, _ := h.askTokenWithProof(h.form(), h.proof(h.own, "dpop+jwt", proves(h.tokenAddress())))
	require.Equal(h.t, http.StatusBadRequest, code)
	return nonce
}

// authorizedFor returns a context with a token for one call of the method.
func (h *hostedPeer) authorizedFor(method string) context.Context {
	h.t.Helper()
	claims := proves("https://" + h.host() + method)
	token := h.token()
	hash := sha256.Sum256([]byte(token))
	claims.Token = base64.RawURLEncoding.EncodeToString(hash[:])
	return h.calling("DPoP "+token, h.proof(h.own, "dpop+jwt", claims))
}

func (h *hostedPeer) calling(authorization, proof string) context.Context {
	return metadata.AppendToOutgoingContext(h.t.Context(), "authorization", authorization, "dpop", proof)
}

func (h *hostedPeer) token() string {
	h.t.Helper()
	claims := proves(h.tokenAddress())
	claims.Nonce = h.nonce()
	code, _, body := h.askTokenWithProof(h.attested(h.attestation(h.aws["AWS_SESSION_TOKEN"])), h.proof(h.own, "dpop+jwt", claims))
	require.Equal(h.t, http.StatusOK, code)
	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}
	require.NoError(h.t, json.Unmarshal(body, &answer))
	require.Equal(h.t, "DPoP", answer.TokenType)
	return answer.AccessToken
}

// A hosted connector gets a token for a valid proof and a valid attestation.
func TestTokensWithProof(t *testing.T) {
	t.Parallel()
	h := newHostedPeer(t)
	nonce, attested := h.nonce(), h.attested(h.attestation(h.aws["AWS_SESSION_TOKEN"]))
	proof := func(change func(*proofClaims)) string {
		claims := proves(h.tokenAddress())
		claims.Nonce = nonce
		change(&claims)
		return h.proof(h.own, "dpop+jwt", claims)
	}
	good := func() string { return proof(func(*proofClaims) {}) }
	used := good()
	code, _, _ := h.askTokenWithProof(attested, used)
	require.Equal(t, http.StatusOK, code)
	refused := map[string]struct {
		form  url.Values
		proof string
	}{
		"a proof that has come before": {attested, used},
		"one for another page":         {attested, proof(func(c *proofClaims) { c.Address += "/other" })},
		"one for another method":       {attested, proof(func(c *proofClaims) { c.Method = http.MethodGet })},
		"an old one":                   {attested, proof(func(c *proofClaims) { c.IssuedAt = jwt.NewNumericDate(time.Now().Add(-time.Hour)) })},
		"one without an id":            {attested, proof(func(c *proofClaims) { c.ID = "" })},
		"one of another type":          {attested, h.proof(h.own, "JWT", proves(h.tokenAddress()))},
		"none":                         {attested, "proof"},
		"no attestation":               {h.form(), good()},
		"an attestation of nothing":    {h.attested("AAAA"), good()},
		"somebody else's":              {h.attested(h.attestation("session")), good()},
	}
	for name, test := range refused {
		code, _, _ := h.askTokenWithProof(test.form, test.proof)
		assert.Equal(t, http.StatusUnauthorized, code, name)
	}
	assert.Len(t, h.service.Refused(), len(refused))
	assert.Equal(t, 1, h.service.TokensIssued())
}

// A call has to prove possession of the key of its token. A daemon's token is not accepted here, and a hosted
// connector's token is not accepted by the daemon's service.
func TestCallsWithProof(t *testing.T) {
	t.Parallel()
	h := newHostedPeer(t)
	client := v1.NewConnectorConfigServiceClient(h.calls)
	method := v1.ConnectorConfigService_GetConnectorConfig_FullMethodName
	token := h.token()
	hash := sha256.Sum256([]byte(token))
	_, stranger, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	proof := func(key ed25519.PrivateKey, method, tokenHash string) string {
		claims := proves("https://" + h.host() + method)
		claims.Token = tokenHash
		return h.proof(key, "dpop+jwt", claims)
	}
	good := base64.RawURLEncoding.EncodeToString(hash[:])
	refused := map[string]context.Context{
		"another key":      h.calling("DPoP "+token, proof(stranger, method, good)),
		"another method":   h.calling("DPoP "+token, proof(h.own, v1.BatonSessionService_Get_FullMethodName, good)),
		"another token":    h.calling("DPoP "+token, proof(h.own, method, "other")),
		"no proof":         h.calling("DPoP "+token, ""),
		"a bearer":         h.calling("bearer "+token, proof(h.own, method, good)),
		"a daemon's token": h.authorized(),
	}
	for name, ctx := range refused {
		_, err := client.GetConnectorConfig(ctx, &v1.GetConnectorConfigRequest{})
		assert.Equal(t, codes.Unauthenticated, status.Code(err), name)
	}
	_, err = h.GetTask(h.authorizedFor(v1.BatonService_GetTask_FullMethodName), v1.BatonServiceGetTaskRequest_builder{HostId: "host"}.Build())
	assert.Equal(t, codes.Unauthenticated, status.Code(err))
	assert.Len(t, h.service.Refused(), len(refused)+1)
	_, err = client.GetConnectorConfig(h.authorizedFor(method), &v1.GetConnectorConfigRequest{})
	assert.NoError(t, err)
}
