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

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// assertionType says that a client proves itself with a JWT that it has signed (RFC 7523).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// ClientID is what the daemon is called; it leads to the service.
func (s *Service) ClientID() string {
	return "stand-in@" + s.address() + "/spc"
}

// ClientSecret is what the daemon signs with.
func (s *Service) ClientSecret() string {
	key, err := json.Marshal(jose.JSONWebKey{Key: s.key})
	if err != nil {
		panic(fmt.Sprintf("conductoronetest: the client secret is no JSON: %v", err))
	}
	return "secret-token:conductorone.com:v1:" + base64.RawURLEncoding.EncodeToString(key)
}

// Environment is what a daemon needs to find the service and be trusted by it.
func (s *Service) Environment(certificateFile string) []string {
	return []string{
		"BATON_CLIENT_ID=" + s.ClientID(),
		"BATON_CLIENT_SECRET=" + s.ClientSecret(),
		"SSL_CERT_FILE=" + certificateFile,
	}
}

// TokensIssued is how many tokens were given so far.
func (s *Service) TokensIssued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

func (s *Service) address() string { return s.door.Addr().String() }

// serveToken exchanges an assertion for a token.
func (s *Service) serveToken(w http.ResponseWriter, r *http.Request) {
	if s.currentFaults().TokensRefused {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	if err := s.checkAssertion(r); err != nil {
		s.notef("POST /auth/v1/token: %v", err)
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	token, lifetime := s.issue()
	w.Header().Set("Content-Type", "application/json")
	// The client may be gone, which is its own affair.
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":%d}`, token, int(lifetime.Seconds()))
}

func (s *Service) checkAssertion(r *http.Request) error {
	r.Body = http.MaxBytesReader(nil, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("the form is broken: %w", err)
	}
	for field, want := range map[string]string{
		"grant_type":            "client_credentials",
		"client_assertion_type": assertionType,
		"client_id":             s.ClientID(),
	} {
		if got := r.PostForm.Get(field); got != want {
			return fmt.Errorf("%s is %q", field, got)
		}
	}
	assertion, err := jwt.ParseSigned(r.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return fmt.Errorf("the assertion is broken: %w", err)
	}
	var claims jwt.Claims
	if err := assertion.Claims(s.key.Public().(ed25519.PublicKey), &claims); err != nil { //nolint:errcheck,forcetypeassert // Ed25519 has no other public key
		return fmt.Errorf("the assertion was not signed with the client secret: %w", err)
	}
	host, _, err := net.SplitHostPort(s.address())
	if err != nil {
		return fmt.Errorf("the service's address: %w", err)
	}
	// The audience is the host without its port.
	expected := jwt.Expected{Issuer: s.ClientID(), Subject: s.ClientID(), AnyAudience: jwt.Audience{host}, Time: time.Now()}
	if err := claims.ValidateWithLeeway(expected, 0); err != nil {
		return fmt.Errorf("the assertion is for something else: %w", err)
	}
	if claims.Expiry == nil {
		return errors.New("the assertion never expires")
	}
	return nil
}

func (s *Service) issue() (string, time.Duration) {
	lifetime := s.TokenLifetime
	if lifetime == 0 {
		lifetime = time.Hour
	}
	token := "token-" + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = time.Now().Add(lifetime)
	s.issued++
	return token, lifetime
}

// authorize holds that a call comes with a token that was given and is still good.
func (s *Service) authorize(ctx context.Context) error {
	headers, _ := metadata.FromIncomingContext(ctx)
	values := headers.Get("authorization")
	if len(values) != 1 {
		return status.Errorf(codes.Unauthenticated, "%d authorization headers in place of one", len(values))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "bearer") {
		return status.Error(codes.Unauthenticated, "the authorization is no bearer token")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	until, known := s.tokens[token]
	if !known {
		return status.Error(codes.Unauthenticated, "the token is not known")
	}
	if time.Now().After(until) {
		return status.Error(codes.Unauthenticated, "the token has expired")
	}
	return nil
}
