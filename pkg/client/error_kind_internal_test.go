package client

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failing fails some requests without an answer, and passes the others on.
type failing struct {
	next http.RoundTripper
	err  error
	left atomic.Int32
}

func (f *failing) RoundTrip(request *http.Request) (*http.Response, error) {
	if f.left.Add(-1) >= 0 {
		return nil, f.err
	}
	return f.next.RoundTrip(request)
}

// A host name that does not resolve for a while is no usable answer, and not a configuration error.
func TestHostNameThatDoesNotResolve(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"data":[],"has_more":false}`)) }))
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	require.NoError(t, err)
	unresolved := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.openai.com", IsNotFound: true}}
	list := func(fails int32, retryFor time.Duration) error {
		c, err := New(t.Context(), base, "sk-admin-0123456789", "test")
		require.NoError(t, err)
		c.RetryFor = retryFor
		transport := &failing{next: c.http.HttpClient.Transport, err: unresolved}
		transport.left.Store(fails)
		c.http.HttpClient.Transport = transport
		_, err = c.ListUsers(t.Context(), Cursor{})
		return err
	}
	require.NoError(t, list(2, time.Minute))
	err = list(100, 0)
	require.Equal(t, KindNoAnswer, KindOf(err), err)
	require.Equal(t, codes.Aborted, status.Code(err))
	require.ErrorContains(t, err, "no such host")
}

// Every kind has a verdict. Only KindGone has the code NotFound, and a read that was given up has the code Aborted,
// which the SDK does not repeat.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for kind := KindRefused; kind <= KindStopped; kind++ {
		verdict, ok := verdicts[kind]
		require.True(t, ok, kind)
		require.NotEqual(t, codes.OK, verdict.code)
		require.Equal(t, kind == KindGone, verdict.code == codes.NotFound, kind)
		if verdict.retry == retryReads {
			require.Equal(t, codes.Aborted, verdict.givenUp, kind)
		}
	}
	require.Len(t, verdicts, int(KindStopped))
}
