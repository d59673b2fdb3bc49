package conductoronetest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// With each request a hosted connector proves that it has the key of its token (RFC 9449, DPoP).
const (
	proofHeader = "DPoP"
	nonceHeader = "DPoP-Nonce"
	proofType   = "dpop+jwt"
	// proofLifetime is the maximum age of a proof, and the maximum lead of the client's clock.
	proofLifetime = time.Minute
)

// proof has the key of a request and its nonce, if any.
type proof struct {
	key   ed25519.PublicKey
	nonce string
}

// readProof checks that the proof belongs to the request and is new. token is the token of the request, "" if it requests one.
func (s *Service) readProof(text, method, address, token string) (proof, error) {
	signed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return proof{}, fmt.Errorf("the proof is broken: %w", err)
	}
	header := signed.Headers[0]
	if kind := header.ExtraHeaders[jose.HeaderType]; kind != proofType {
		return proof{}, fmt.Errorf("the proof is of type %v", kind)
	}
	if header.JSONWebKey == nil {
		return proof{}, errors.New("the proof has no key")
	}
	key, ok := header.JSONWebKey.Key.(ed25519.PublicKey)
	if !ok {
		return proof{}, fmt.Errorf("the proof has a key of another kind: %T", header.JSONWebKey.Key)
	}
	var claims struct {
		jwt.Claims

		Method  string `json:"htm"`
		Address string `json:"htu"`
		Token   string `json:"ath"`
		Nonce   string `json:"nonce"`
	}
	if err := signed.Claims(key, &claims); err != nil {
		return proof{}, fmt.Errorf("the proof was not signed with its key: %w", err)
	}
	if claims.Method != method || claims.Address != address {
		return proof{}, fmt.Errorf("the proof is for %s %s", claims.Method, claims.Address)
	}
	if token != "" && claims.Token != tokenHash(token) {
		return proof{}, errors.New("the proof is for another token")
	}
	if claims.IssuedAt == nil || time.Since(claims.IssuedAt.Time()).Abs() > proofLifetime {
		return proof{}, errors.New("the proof was not made just now")
	}
	if !s.isNewProof(claims.ID) {
		return proof{}, fmt.Errorf("the proof with the id %q has come before", claims.ID)
	}
	return proof{key, claims.Nonce}, nil
}

func (s *Service) isNewProof(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proofs[id] || id == "" {
		return false
	}
	s.proofs[id] = true
	return true
}

func tokenHash(token string) string {
	hash := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}
