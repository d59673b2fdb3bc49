package conductoronetest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	transport "github.com/conductorone/baton-sdk/pkg/lambda/grpc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

const (
	functionName = "baton-openai"
	functionARN  = "arn:aws:lambda:" + region + ":123456789012:function:" + functionName
	// versionHeader names the version of the configuration for the request.
	versionHeader = "x-baton-connector-config-version"
	// maxProcesses is more than any test starts.
	maxProcesses = 16
)

// Function is a hosted connector. AWS gives each request to one of its processes.
type Function struct {
	service *Service
	// idle are the processes without a request.
	idle chan *Runtime
}

// NewFunction returns a function without processes.
func (s *Service) NewFunction() *Function {
	return &Function{service: s, idle: make(chan *Runtime, maxProcesses)}
}

// Add adds a process, until its runtime is closed.
func (f *Function) Add(process *Runtime) { f.idle <- process }

// Connection is the connection for a client of the connector.
func (f *Function) Connection() grpc.ClientConnInterface {
	return &caller{transport.NewClientConn(f), f.service}
}

// RoundTrip gives the request to the process that has waited longest, so that successive requests use all processes in turn.
func (f *Function) RoundTrip(ctx context.Context, request *transport.Request) (*transport.Response, error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("conductoronetest: writing a request: %w", err)
	}
	process, err := f.take(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := process.Invoke(ctx, payload)
	f.idle <- process
	if err != nil {
		return nil, err
	}
	response := &transport.Response{}
	if err := json.Unmarshal(answer, response); err != nil {
		return nil, fmt.Errorf("conductoronetest: reading an answer: %w", err)
	}
	return response, nil
}

func (f *Function) take(ctx context.Context) (*Runtime, error) {
	for {
		select {
		case process := <-f.idle:
			if !process.isClosed() {
				return process, nil
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("conductoronetest: waiting for a process: %w", ctx.Err())
		}
	}
}

// caller adds the caller's token and the version of the configuration to each request.
type caller struct {
	grpc.ClientConnInterface

	service *Service
}

func (c *caller) Invoke(ctx context.Context, method string, args, reply any, options ...grpc.CallOption) error {
	token, err := c.service.callToken()
	if err != nil {
		return err
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token, versionHeader, c.service.configurationVersion())
	return c.ClientConnInterface.Invoke(ctx, method, args, reply, options...)
}

// The claims of the caller's token, which a hosted connector expects.
const (
	callIssuer   = "https://conductorone.example"
	callSubject  = "stand-in"
	callAudience = functionARN
)

// callToken is the caller's token, a JWT that is valid for a minute.
func (s *Service) callToken() (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: s.callKey}, nil)
	if err != nil {
		return "", fmt.Errorf("conductoronetest: signing a call: %w", err)
	}
	now := time.Now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: callIssuer, Subject: callSubject, Audience: jwt.Audience{callAudience},
		NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("conductoronetest: signing a call: %w", err)
	}
	return token, nil
}
