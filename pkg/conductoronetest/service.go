package conductoronetest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// defaultPoll keeps a daemon quick without keeping it busy: each question is a connection of its own.
const defaultPoll = 50 * time.Millisecond

// Service is ConductorOne for one connector. Its zero value is ready to be started. The exported fields are set before.
type Service struct {
	// Poll is how long the daemon is told to wait before it asks for work again; 0 is 50 ms.
	Poll time.Duration
	// Heartbeat is how long the daemon is told to wait between two heartbeats of a task; 0 leaves that to the daemon.
	Heartbeat time.Duration
	// Retries is how often a task that ended with an error that can be retried is given out again.
	Retries int
	// TokenLifetime is for how long a token is good; 0 is an hour.
	TokenLifetime time.Duration
	// OnCall, if set, is called with the name of each call, such as "Heartbeat", before it is answered.
	OnCall func(method string)

	listener    *listener
	server      *http.Server
	served      chan error
	certificate tls.Certificate
	key         ed25519.PrivateKey

	// callKey signs what a hosted connector is asked, nonce is what it has to prove its key for, and identity is what AWS
	// knows it as.
	callKey  ed25519.PrivateKey
	nonce    string
	identity identity
	sessions sessions

	mu            sync.Mutex
	faults        Faults
	configuration configuration
	tokens        map[string]accessToken
	issued        int
	// proofs are the ids of those that have come.
	proofs  map[string]bool
	tasks   map[string]*Task
	made    int
	queue   []*Task
	hellos  []*v1.BatonServiceHelloRequest
	refused []string
}

// Start begins to serve, until [Service.Close].
func (s *Service) Start(ctx context.Context) error {
	var err error
	if s.certificate, err = newCertificate(); err != nil {
		return err
	}
	if _, s.key, err = ed25519.GenerateKey(nil); err != nil {
		return fmt.Errorf("conductoronetest: making the client secret: %w", err)
	}
	if _, s.callKey, err = ed25519.GenerateKey(nil); err != nil {
		return fmt.Errorf("conductoronetest: making the key of calls: %w", err)
	}
	s.nonce, s.identity = rand.Text(), newIdentity()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("conductoronetest: listening: %w", err)
	}
	s.listener = newListener(listener)
	s.tokens, s.proofs, s.tasks = map[string]accessToken{}, map[string]bool{}, map[string]*Task{}
	s.server = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{s.certificate}, MinVersion: tls.VersionTLS12},
		// Connections that break are what a stand-in is for.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.served = make(chan error, 1)
	go func() { s.served <- s.server.ServeTLS(s.listener, "", "") }()
	return nil
}

// Close ends the service with all its connections.
func (s *Service) Close() error {
	if err := s.server.Close(); err != nil {
		return fmt.Errorf("conductoronetest: closing: %w", err)
	}
	if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("conductoronetest: serving: %w", err)
	}
	return nil
}

// handler has calls and the token, which share the one port.
func (s *Service) handler() http.Handler {
	calls := grpc.NewServer(grpc.UnaryInterceptor(s.checkCall), grpc.StreamInterceptor(s.checkStream))
	v1.RegisterBatonServiceServer(calls, &batonService{service: s})
	v1.RegisterConnectorConfigServiceServer(calls, &configService{service: s})
	v1.RegisterBatonSessionServiceServer(calls, &s.sessions)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+exchangePath, s.serveToken)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			calls.ServeHTTP(w, r)
			return
		}
		s.notef("%s %s: there is no such page", r.Method, r.URL.Path)
		http.NotFound(w, r)
	})
	return mux
}

// Refused returns what the service has refused because the daemon was wrong, and not because of a fault.
func (s *Service) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// notef remembers what is refused.
func (s *Service) notef(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, fmt.Sprintf(format, args...))
}

// Hellos returns what the daemons have introduced themselves with, in order.
func (s *Service) Hellos() []*v1.BatonServiceHelloRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	copies := make([]*v1.BatonServiceHelloRequest, 0, len(s.hellos))
	for _, hello := range s.hellos {
		copies = append(copies, proto.CloneOf(hello))
	}
	return copies
}
