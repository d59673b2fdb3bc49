package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
)

// guardedTransport handles an answer before the SDK, which reads whole bodies and logs the headers of refusals. It limits the
// size of the body, removes keys from headers and errors, and logs the request.
type guardedTransport struct {
	next http.RoundTripper
	key  string
}

func (t guardedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	start := time.Now()
	response, err := t.next.RoundTrip(request)
	logger := ctxzap.Extract(request.Context()).With(
		zap.String("http.method", request.Method), zap.String("http.path", request.URL.Path), zap.Duration("duration", time.Since(start)))
	secret := hasSecret(request.Context())
	if err != nil {
		if secret {
			err = unquoted(err)
		}
		if clean := redact(err.Error(), t.key); clean != err.Error() {
			// The cause is dropped as well: it quotes the key.
			err = errors.New(clean)
		}
		logger.Debug("OpenAI Admin API: no answer", zap.Error(err))
		return nil, err
	}
	logger.Debug("OpenAI Admin API", zap.Int("http.status_code", response.StatusCode))
	for _, values := range response.Header {
		for i, value := range values {
			values[i] = redact(value, t.key)
		}
	}
	response.Body = &limitedBody{ReadCloser: response.Body, left: maxResponseBytes, secret: secret}
	return response, nil
}

// maxResponseBytes is far above the largest page (1,000 rows). It keeps a broken peer from filling the memory.
const maxResponseBytes = 16 << 20

var errBodyTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxResponseBytes>>20)

type limitedBody struct {
	io.ReadCloser
	left int
	// secret says that an error must not quote the body.
	secret bool
}

func (b *limitedBody) Read(p []byte) (int, error) {
	// This asks for one byte more than the limit, so that a body of exactly the limit passes.
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	if b.left < 0 {
		return 0, errBodyTooLarge
	}
	if b.secret {
		err = unquoted(err)
	}
	return n, err
}
