package conductoronetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Runtime is the Lambda Runtime API for one process of a hosted connector. The process gets a request, answers it, and gets the
// next one. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type Runtime struct {
	// Freeze, if set, is called when the process waits for a request, Thaw before it gets one: AWS freezes it in between. Set them
	// before the process starts.
	Freeze, Thaw func()

	service  *Service
	server   *http.Server
	listener net.Listener
	served   chan error
	closed   chan struct{}
	waiting  chan *invocation

	mu sync.Mutex
	// current is the unanswered request of the process.
	current *invocation
}

// invocation is one request to the process.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	// done is closed after answer or err is set.
	done   chan struct{}
	answer []byte
	err    error
}

const (
	// maxInvocationTime is AWS's limit of an invocation.
	maxInvocationTime = 15 * time.Minute
	// maxPayloadBytes is AWS's limit of a request or an answer.
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	maxPayloadBytes = 6 << 20

	invocations = "/2018-06-01/runtime/invocation/"
)

// StartRuntime serves one process until [Runtime.Close].
func (s *Service) StartRuntime(ctx context.Context) (*Runtime, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("conductoronetest: listening: %w", err)
	}
	r := &Runtime{service: s, listener: listener, served: make(chan error, 1), closed: make(chan struct{}), waiting: make(chan *invocation)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+invocations+"next", r.serveNext)
	mux.HandleFunc("POST "+invocations+"{id}/response", r.serveResponse)
	mux.HandleFunc("POST "+invocations+"{id}/error", r.serveError)
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		s.notef("%s %s: the runtime has no such page", request.Method, request.URL.Path)
		http.NotFound(w, request)
	})
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { r.served <- r.server.Serve(listener) }()
	return r, nil
}

// Close ends the runtime. Unanswered requests end with an error.
func (r *Runtime) Close() error {
	close(r.closed)
	if err := r.server.Close(); err != nil {
		return fmt.Errorf("conductoronetest: closing: %w", err)
	}
	if err := <-r.served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("conductoronetest: serving: %w", err)
	}
	return nil
}

func (r *Runtime) isClosed() bool {
	select {
	case <-r.closed:
		return true
	default:
		return false
	}
}

// Invoke gives the process a request and returns its answer.
func (r *Runtime) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if len(payload) > maxPayloadBytes {
		return nil, fmt.Errorf("conductoronetest: a request of %d bytes is too large", len(payload))
	}
	call := &invocation{id: rand.Text(), payload: payload, deadline: time.Now().Add(maxInvocationTime), done: make(chan struct{})}
	select {
	case r.waiting <- call:
	case <-r.closed:
		return nil, errRuntimeClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("conductoronetest: waiting for the process: %w", ctx.Err())
	}
	select {
	case <-call.done:
		return call.answer, call.err
	case <-r.closed:
		return nil, errRuntimeClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("conductoronetest: waiting for an answer: %w", ctx.Err())
	}
}

var errRuntimeClosed = errors.New("conductoronetest: the process is gone")

func (r *Runtime) serveNext(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	isBusy := r.current != nil
	r.mu.Unlock()
	if isBusy {
		r.service.notef("the process asks for a request, and has not answered the one before")
		http.Error(w, "{}", http.StatusForbidden)
		return
	}
	if r.Freeze != nil {
		r.Freeze()
	}
	var call *invocation
	select {
	case call = <-r.waiting:
	case <-r.closed:
		return
	case <-request.Context().Done():
		return
	}
	r.mu.Lock()
	r.current = call
	r.mu.Unlock()
	if r.Thaw != nil {
		r.Thaw()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Lambda-Runtime-Aws-Request-Id", call.id)
	w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(call.deadline.UnixMilli(), 10))
	w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", functionARN)
	w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-"+rand.Text()[:8])
	_, _ = w.Write(call.payload) // a process that is gone gives no answer
}

func (r *Runtime) serveResponse(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, maxPayloadBytes+1))
	switch {
	case err != nil:
		r.answer(w, request, nil, fmt.Errorf("conductoronetest: reading the answer: %w", err))
	case len(body) > maxPayloadBytes:
		r.service.notef("an answer of more than %d bytes", maxPayloadBytes)
		r.answer(w, request, nil, errors.New("conductoronetest: the answer is too large"))
	default:
		r.answer(w, request, body, nil)
	}
}

func (r *Runtime) serveError(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, maxPayloadBytes))
	r.answer(w, request, nil, errors.Join(fmt.Errorf("conductoronetest: the process failed: %s", body), err))
}

// answer ends the current request of the process.
func (r *Runtime) answer(w http.ResponseWriter, request *http.Request, body []byte, err error) {
	r.mu.Lock()
	call := r.current
	if call != nil && call.id == request.PathValue("id") {
		r.current = nil
	} else {
		call = nil
	}
	r.mu.Unlock()
	if call == nil {
		r.service.notef("an answer to %s, which the process does not have", request.PathValue("id"))
		http.Error(w, "{}", http.StatusBadRequest)
		return
	}
	call.answer, call.err = body, err
	close(call.done)
	w.WriteHeader(http.StatusAccepted)
}
