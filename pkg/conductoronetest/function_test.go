package conductoronetest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	transport "github.com/conductorone/baton-sdk/pkg/lambda/grpc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/conductorone/baton-openai/pkg/conductoronetest"
)

// process answers the requests of a runtime, without AWS's library.
type process struct {
	t       *testing.T
	runtime *conductoronetest.Runtime
	address string
}

func newProcess(t *testing.T, service *conductoronetest.Service) *process {
	t.Helper()
	runtime, err := service.StartRuntime(t.Context())
	require.NoError(t, err)
	p := &process{t: t, runtime: runtime}
	for _, variable := range runtime.Environment("certificate.pem") {
		if address, ok := bytes.CutPrefix([]byte(variable), []byte("AWS_LAMBDA_RUNTIME_API=")); ok {
			p.address = "http://" + string(address) + "/2018-06-01/runtime/invocation/"
		}
	}
	return p
}

// ask returns the status, the id of a request and the body; 0 if the runtime is closed.
func (p *process) ask(method, path string, body []byte) (int, string, []byte) {
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.address+path, bytes.NewReader(body))
	if err != nil {
		panic(err) // a goroutine may not end the test
	}
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		return 0, "", nil
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, response.Header.Get("Lambda-Runtime-Aws-Request-Id"), text
}

// next returns the id and the body of the next request.
func (p *process) next() (string, []byte) {
	_, id, text := p.ask(http.MethodGet, "next", nil)
	return id, text
}

// A process gets one request after another, and each answer goes to its caller.
func TestRuntime(t *testing.T) {
	t.Parallel()
	service := &conductoronetest.Service{}
	newPeer(t, service)
	p := newProcess(t, service)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		answers := func(want int, method, path string, body []byte) {
			code, _, _ := p.ask(method, path, body)
			assert.Equal(t, want, code, path)
		}
		id, asked := p.next()
		answers(http.StatusForbidden, http.MethodGet, "next", nil)
		answers(http.StatusBadRequest, http.MethodPost, "other/response", asked)
		answers(http.StatusAccepted, http.MethodPost, id+"/response", append([]byte("answer to "), asked...))
		answers(http.StatusNotFound, http.MethodPost, "../other", nil)
		id, _ = p.next()
		answers(http.StatusAccepted, http.MethodPost, id+"/error", []byte("out of order"))
		id, _ = p.next()
		answers(http.StatusAccepted, http.MethodPost, id+"/response", make([]byte, 7<<20))
		p.next() // this process ends
		assert.NoError(t, p.runtime.Close())
	}()
	answer, err := p.runtime.Invoke(t.Context(), []byte("one"))
	require.NoError(t, err)
	assert.Equal(t, "answer to one", string(answer))
	_, err = p.runtime.Invoke(t.Context(), []byte("two"))
	require.ErrorContains(t, err, "out of order")
	_, err = p.runtime.Invoke(t.Context(), []byte("three"))
	require.ErrorContains(t, err, "too large")
	_, err = p.runtime.Invoke(t.Context(), make([]byte, 7<<20))
	require.ErrorContains(t, err, "too large")
	_, err = p.runtime.Invoke(t.Context(), []byte("four"))
	require.ErrorContains(t, err, "gone")
	<-ended
	assert.Len(t, service.Refused(), 4)
}

// Requests one after another are distributed over the processes in turn, without those that have ended.
func TestFunction(t *testing.T) {
	t.Parallel()
	service := &conductoronetest.Service{}
	newPeer(t, service)
	function, served := service.NewFunction(), make(chan int, 10)
	processes := []*process{newProcess(t, service), newProcess(t, service), newProcess(t, service)}
	for i, p := range processes {
		function.Add(p.runtime)
		go func() {
			for {
				id, asked := p.next()
				if id == "" {
					return
				}
				assert.Contains(t, string(asked), "/service/Method")
				served <- i
				p.ask(http.MethodPost, id+"/response", []byte("{}"))
			}
		}()
	}
	var order []int
	ask := func() {
		request, err := transport.NewRequest("/service/Method", &v2.ListEventFeedsRequest{}, nil)
		require.NoError(t, err)
		_, err = function.RoundTrip(t.Context(), request)
		require.NoError(t, err)
		order = append(order, <-served)
	}
	for range 5 {
		ask()
	}
	require.NoError(t, processes[0].runtime.Close())
	ask()
	ask()
	assert.Equal(t, []int{0, 1, 2, 0, 1, 2, 1}, order)
	require.NoError(t, processes[1].runtime.Close())
	require.NoError(t, processes[2].runtime.Close())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := function.RoundTrip(ctx, nil)
	require.Error(t, err)
}
