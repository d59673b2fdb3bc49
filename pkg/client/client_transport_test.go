package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// maxBody is the largest answer that is read.
const maxBody = 16 << 20

const groupsRoute = "GET /organization/groups"

// faulty is a stand-in with a fault at the list of groups.
func faulty(fault openaitest.Fault) *openaitest.Server {
	return &openaitest.Server{
		Organization: openaitest.Seeded(1, openaitest.Size{}),
		Faults:       map[string]openaitest.Fault{groupsRoute: fault},
	}
}

func TestIncompleteAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	tests := map[string]http.Handler{
		"reset in the middle":                faulty(openaitest.Fault{Reset: true}),
		"reset in the middle of a refusal":   faulty(openaitest.Fault{Status: http.StatusForbidden, Reset: true}),
		"cut off in the middle":              faulty(openaitest.Fault{Truncate: true}),
		"empty":                              faulty(openaitest.Fault{EmptyBody: true}),
		"HTML":                               answer(http.StatusOK, "<html>Be back soon</html>"),
		"no content":                         answer(http.StatusNoContent, ""),
		"white space":                        answer(http.StatusOK, " \n"),
		"shorter than its length":            cutOff(true),
		"in chunks, of which one is missing": cutOff(false),
		"closed before an answer":            http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			standIn := &openaitest.Server{Organization: openaitest.Seeded(1, openaitest.Size{Groups: 2})}
			page, err := newRetryingClient(t, once(handler, standIn)).ListGroups(t.Context(), client.Cursor{})
			require.NoError(t, err)
			assert.Len(t, page.Items, 2)

			page, err = newClient(t, start(t, handler)).ListGroups(t.Context(), client.Cursor{})
			requireCode(t, codes.Aborted, err)
			assert.Equal(t, "/organization/groups", failureOf(t, err).Route)
			assert.Empty(t, page.Items)
			assert.True(t, page.Next.IsZero())
		})
	}
}

// once answers the first request with one handler, and all others with another.
func once(first, others http.Handler) http.Handler {
	var asked atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.CompareAndSwap(false, true) {
			first.ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	})
}

// cutOff closes the connection after a part of the announced body.
func cutOff(withLength bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		const part = `{"data":[],"has_more":false}`
		if withLength {
			w.Header().Set("Content-Length", strconv.Itoa(2*len(part)))
		}
		_, _ = w.Write([]byte(part))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func TestRefusedConnectionMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	// Nothing listens on port 1. A port that was just closed could belong to another test by now.
	_, err := newClient(t, "http://127.0.0.1:1").ListGroups(t.Context(), client.Cursor{})
	requireCode(t, codes.Aborted, err)
	failure := failureOf(t, err)
	assert.Zero(t, failure.StatusCode)
	require.ErrorContains(t, err, "GET /organization/groups: ")
	require.ErrorContains(t, err, "refused")
}

func TestTransportFailureIsOneLine(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"refused":                 "http://127.0.0.1:1",
		"reset":                   start(t, faulty(openaitest.Fault{Reset: true})),
		"shorter than its length": start(t, cutOff(true)),
	}
	for name, server := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, server).ListGroups(t.Context(), client.Cursor{})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "rpc error", "gRPC's preamble is for machines")
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestLargestAnswer(t *testing.T) {
	t.Parallel()
	page, err := newClient(t, start(t, faulty(openaitest.Fault{Oversize: maxBody}))).ListGroups(t.Context(), client.Cursor{})
	require.NoError(t, err)
	assert.Len(t, page.Items, 5)
}

func TestAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	var small bytes.Buffer
	compressor := gzip.NewWriter(&small)
	_, err := compressor.Write(bytes.Repeat([]byte{' '}, maxBody+1))
	require.NoError(t, err)
	require.NoError(t, compressor.Close())

	tests := map[string]http.Handler{
		"one byte":  faulty(openaitest.Fault{Oversize: maxBody + 1}),
		"a refusal": faulty(openaitest.Fault{Status: http.StatusForbidden, Oversize: maxBody + 1}),
		"compressed": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(small.Bytes())
		}),
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, start(t, handler)).ListGroups(t.Context(), client.Cursor{})
			requireCode(t, codes.Internal, err)
			require.ErrorContains(t, err, "16 MiB")
		})
	}
}

func TestAnswerWithoutEndIsAborted(t *testing.T) {
	t.Parallel()
	sent := make(chan int, 1)
	c := newClient(t, start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := bytes.Repeat([]byte{' '}, 64<<10)
		total := 0
		for {
			n, err := w.Write(chunk)
			total += n
			if err != nil {
				sent <- total
				return
			}
		}
	})))
	_, err := c.ListGroups(t.Context(), client.Cursor{})
	requireCode(t, codes.Internal, err)
	// The buffers of the connection held the bytes beyond the limit.
	assert.Less(t, <-sent, 3*maxBody)
}

func TestContextEndsTheWait(t *testing.T) {
	t.Parallel()
	t.Run("cancelled before", func(t *testing.T) {
		t.Parallel()
		seen := &recorder{Handler: answer(http.StatusOK, `{"data":[],"has_more":false}`)}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newClient(t, start(t, seen)).ListGroups(ctx, client.Cursor{})
		requireCode(t, codes.Canceled, err)
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, seen.requests())
	})
	t.Run("cancelled before the answer", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		standIn := &openaitest.Server{Latency: time.Hour, OnRequest: func(openaitest.Request) { cancel() }}
		_, err := newClient(t, start(t, standIn)).ListGroups(ctx, client.Cursor{})
		requireCode(t, codes.Canceled, err)
	})
	t.Run("cancelled in the middle of the body", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		c := newClient(t, start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"data":[`))
			_ = http.NewResponseController(w).Flush()
			cancel()
			<-r.Context().Done()
		})))
		_, err := c.ListGroups(ctx, client.Cursor{})
		requireCode(t, codes.Canceled, err)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("deadline in the middle of the body", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := newClient(t, start(t, faulty(openaitest.Fault{Stall: true}))).ListGroups(ctx, client.Cursor{})
		requireCode(t, codes.DeadlineExceeded, err)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("timeout of an attempt", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, start(t, faulty(openaitest.Fault{Stall: true})))
		c.Timeout = 100 * time.Millisecond
		_, err := c.ListGroups(t.Context(), client.Cursor{})
		requireCode(t, codes.Aborted, err)
		require.ErrorContains(t, err, "GET /organization/groups: no complete answer came in time")
	})
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, statusCode := range []int{
		http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
	} {
		t.Run(strconv.Itoa(statusCode), func(t *testing.T) {
			t.Parallel()
			other := &recorder{Handler: answer(http.StatusOK, `{"data":[],"has_more":false}`)}
			otherServer := httptest.NewServer(other)
			t.Cleanup(otherServer.Close)
			standIn := faulty(openaitest.Fault{Status: statusCode, Redirect: otherServer.URL + "/v1/organization/groups"})

			_, err := newClient(t, start(t, standIn)).ListGroups(t.Context(), client.Cursor{})
			requireCode(t, codes.FailedPrecondition, err)
			assert.Equal(t, statusCode, failureOf(t, err).StatusCode)
			assert.NotContains(t, err.Error(), strings.TrimPrefix(otherServer.URL, "http://"))
			assert.Empty(t, other.requests(), "the key would have gone to another host")
			assert.Len(t, standIn.Requests(), 1)
		})
	}
}

func TestRedirectOnTheSameHostIsNotFollowedEither(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/v1/organization/groups", http.RedirectHandler("/v1/organization/users", http.StatusFound))
	mux.Handle("/v1/organization/users", answer(http.StatusOK, `{"data":[],"has_more":false}`))
	seen := &recorder{Handler: mux}
	_, err := newClient(t, start(t, seen)).ListGroups(t.Context(), client.Cursor{})
	requireCode(t, codes.FailedPrecondition, err)
	assert.Len(t, seen.requests(), 1)
}

// A server without TLS 1.2 gets nothing, and neither does one with an untrusted certificate. With TLS 1.2 the client
// gets as far as the certificate.
func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		newest uint16
		want   string
	}{
		"1.0": {tls.VersionTLS10, "protocol version not supported"},
		"1.1": {tls.VersionTLS11, "protocol version not supported"},
		"1.2": {tls.VersionTLS12, "certificate signed by unknown authority"},
		"1.3": {tls.VersionTLS13, "certificate signed by unknown authority"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			offered := make(chan []uint16, 10)
			asked := make(chan struct{}, 10)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
			server.Config.ErrorLog = zap.NewStdLog(zap.NewNop())
			server.TLS = &tls.Config{
				MinVersion: tls.VersionTLS10, MaxVersion: test.newest,
				GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
					offered <- hello.SupportedVersions
					return nil, nil //nolint:nilnil // means the configuration as it is
				},
			}
			server.StartTLS()
			t.Cleanup(server.Close)

			_, err := newClient(t, server.URL).ListGroups(t.Context(), client.Cursor{})
			require.ErrorContains(t, err, test.want)
			require.Equal(t, strings.Contains(test.want, "certificate"), failureOf(t, err).Reason == client.ReasonUntrusted)
			for _, version := range <-offered {
				require.GreaterOrEqual(t, version, uint16(tls.VersionTLS12))
			}
			require.Empty(t, asked)
		})
	}
}

// A certificate that has expired, or is of the future, may be the fault of this machine's clock.
func TestCertificateOfAnotherTime(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]time.Time{"expired": time.Now().Add(-48 * time.Hour), "not yet valid": time.Now().Add(24 * time.Hour)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			public, private, err := ed25519.GenerateKey(rand.Reader)
			require.NoError(t, err)
			template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: from.Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
			certificate, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
			require.NoError(t, err)
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.Config.ErrorLog = zap.NewStdLog(zap.NewNop())
			server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: private}}}
			server.StartTLS()
			t.Cleanup(server.Close)

			_, err = newClient(t, server.URL).ListGroups(t.Context(), client.Cursor{})
			require.Equal(t, client.ReasonClock, failureOf(t, err).Reason)
		})
	}
}
