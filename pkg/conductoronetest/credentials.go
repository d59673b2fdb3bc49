package conductoronetest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// assertionType is the type of the assertion of a client, a signed JWT (RFC 7523).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// ClientID is the id of the daemon. It contains the address of the service.
func (s *Service) ClientID() string {
	return "stand-in@" + s.address() + "/spc"
}

// ClientSecret is the key with which the daemon signs.
func (s *Service) ClientSecret() string {
	key, err := json.Marshal(jose.JSONWebKey{Key: s.key})
	if err != nil {
		panic(fmt.Sprintf("conductoronetest: the client secret is no JSON: %v", err))
	}
	return "secret-token:conductorone.com:v1:" + base64.RawURLEncoding.EncodeToString(key)
}

// Environment has the variables by which a daemon finds the service and authenticates.
func (s *Service) Environment(certificateFile string) []string {
	return []string{
		"BATON_CLIENT_ID=" + s.ClientID(),
		"BATON_CLIENT_SECRET=" + s.ClientSecret(),
		"SSL_CERT_FILE=" + certificateFile,
	}
}

// TokensIssued is the number of issued tokens.
func (s *Service) TokensIssued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

func (s *Service) address() string { return s.listener.Addr().String() }

// accessToken is an issued token.
type accessToken struct {
	until time.Time
	// key is the key of a hosted connector, nil for a daemon.
	key ed25519.PublicKey
}

const exchangePath = "/auth/v1/token"

// serveToken exchanges an assertion for a token. If the request has a DPoP proof, the token is bound to its key.
func (s *Service) serveToken(w http.ResponseWriter, r *http.Request) {
	if s.currentFaults().TokensRefused {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	refuse := func(err error) {
		s.notef("POST %s: %v", exchangePath, err)
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
	}
	kind, proved := "bearer", proof{}
	if text := r.Header.Get(proofHeader); text != "" {
		var err error
		kind = proofHeader
		if proved, err = s.readProof(text, http.MethodPost, "https://"+s.address()+exchangePath, ""); err != nil {
			refuse(err)
			return
		}
		if proved.nonce != s.nonce {
			w.Header().Set(nonceHeader, s.nonce)
			http.Error(w, `{"error":"use_dpop_nonce"}`, http.StatusBadRequest)
			return
		}
	}
	attestation, err := s.checkAssertion(r)
	if err == nil && proved.key != nil {
		err = s.identity.checkAttestation(attestation)
	}
	if err != nil {
		refuse(err)
		return
	}
	token, lifetime := s.issue(proved.key)
	w.Header().Set("Content-Type", "application/json")
	// A client that is gone gets no answer.
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":%q,"expires_in":%d}`, token, kind, int(lifetime.Seconds()))
}

// checkAssertion gives the identity attestation in the assertion, "" without one.
func (s *Service) checkAssertion(r *http.Request) (string, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		return "", fmt.Errorf("the form is broken: %w", err)
	}
	for field, want := range map[string]string{
		"grant_type":            "client_credentials",
		"client_assertion_type": assertionType,
		"client_id":             s.ClientID(),
	} {
		if got := r.PostForm.Get(field); got != want {
			return "", fmt.Errorf("%s is %q", field, got)
		}
	}
	assertion, err := jwt.ParseSigned(r.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return "", fmt.Errorf("the assertion is broken: %w", err)
	}
	var claims struct {
		jwt.Claims

		Attestation string `json:"id_att"`
	}
	if err := assertion.Claims(s.key.Public().(ed25519.PublicKey), &claims); err != nil { //nolint:errcheck,forcetypeassert // Ed25519 has no other public key
		return "", fmt.Errorf("the assertion was not signed with the client secret: %w", err)
	}
	host, _, err := net.SplitHostPort(s.address())
	if err != nil {
		return "", fmt.Errorf("the service's address: %w", err)
	}
	// The audience is the host without its port.
	expected := jwt.Expected{Issuer: s.ClientID(), Subject: s.ClientID(), AnyAudience: jwt.Audience{host}, Time: time.Now()}
	if err := claims.ValidateWithLeeway(expected, 0); err != nil {
		return "", fmt.Errorf("the assertion is for something else: %w", err)
	}
	if claims.Expiry == nil {
		return "", errors.New("the assertion never expires")
	}
	return claims.Attestation, nil
}

func (s *Service) issue(key ed25519.PublicKey) (string, time.Duration) {
	lifetime := s.TokenLifetime
	if lifetime == 0 {
		lifetime = time.Hour
	}
	token := "token-" + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = accessToken{time.Now().Add(lifetime), key}
	s.issued++
	return token, lifetime
}

// authorize checks the token of a call. A daemon needs a bearer token; a hosted connector needs a token that is bound to the key
// of the call's proof.
func (s *Service) authorize(ctx context.Context, method string) error {
	scheme, text, err := authorization(ctx)
	if err != nil {
		return err
	}
	token, known := s.token(text)
	if !known {
		return status.Error(codes.Unauthenticated, "the token is not known")
	}
	if time.Now().After(token.until) {
		return status.Error(codes.Unauthenticated, "the token has expired")
	}
	if strings.HasPrefix(method, "/"+v1.BatonService_ServiceDesc.ServiceName+"/") {
		if !strings.EqualFold(scheme, "bearer") || token.key != nil {
			return status.Error(codes.Unauthenticated, "the authorization is no bearer token")
		}
		return nil
	}
	if !strings.EqualFold(scheme, proofHeader) || token.key == nil {
		return status.Error(codes.Unauthenticated, "the authorization is no DPoP token")
	}
	headers, _ := metadata.FromIncomingContext(ctx)
	proved, err := s.readProof(strings.Join(headers.Get(proofHeader), ","), http.MethodPost, "https://"+s.address()+method, text)
	if err != nil {
		return status.Error(codes.Unauthenticated, err.Error())
	}
	if !proved.key.Equal(token.key) {
		return status.Error(codes.Unauthenticated, "the token was given to another key")
	}
	return nil
}

// authorization gives the scheme and the token of a call.
func authorization(ctx context.Context) (string, string, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	values := headers.Get("authorization")
	if len(values) != 1 {
		return "", "", status.Errorf(codes.Unauthenticated, "%d authorization headers instead of one", len(values))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	return scheme, token, nil
}

func (s *Service) token(text string) (accessToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, known := s.tokens[text]
	return token, known
}

// keyOfCaller is the proven key of an authorized call.
func (s *Service) keyOfCaller(ctx context.Context) (ed25519.PublicKey, error) {
	_, text, err := authorization(ctx)
	if err != nil {
		return nil, err
	}
	token, _ := s.token(text)
	return token.key, nil
}
