package connector

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	cfg "github.com/conductorone/baton-openai/pkg/config"
)

// failed is the way out for every error of a sync: it says what was being done and what to do about it.
//
// The syncer takes NotFound for "nothing there" and goes on, so that a 404 would read as lost access; it leaves here as
// FailedPrecondition. Every other code stays as the client set it.
func failed(doing string, err error) error {
	switch {
	case isOurs(err):
		return err
	case isGone(err), deniesAList(err):
		doing += ": the API knows no such thing, which is not taken for an empty list"
		return &codedError{error: explained(doing, err), code: codes.FailedPrecondition}
	default:
		return explained(doing, err)
	}
}

// deniesAList tells the API's own 404 of a list that is always there.
func deniesAList(err error) bool {
	var failure *client.Error
	return errors.As(err, &failure) && failure.DeniesAList()
}

// explained says what was being done and what an administrator can do about the error.
func explained(doing string, err error) error {
	if advice := advise(err); advice != "" {
		doing += ": " + advice
	}
	return fmt.Errorf("baton-openai: %s: %w", doing, err)
}

// refuse is the way out for what is wrong before anything is sent.
func refuse(code codes.Code, err error) error {
	return &codedError{error: fmt.Errorf("baton-openai: %w", err), code: code}
}

// codedError is an error with a gRPC code that is not the one of its cause.
type codedError struct {
	error
	code codes.Code
}

// Unwrap gives the error without the code.
func (e *codedError) Unwrap() error { return e.error }

// GRPCStatus is what the SDK decides by.
func (e *codedError) GRPCStatus() *status.Status { return status.New(e.code, e.Error()) }

// advise says what an administrator can do about an error of the API.
func advise(err error) string {
	var failure *client.Error
	if !errors.As(err, &failure) {
		return ""
	}
	if scopes := failure.MissingScopes(); scopes != "" {
		return fmt.Sprintf("the key lacks the permission %s, as project keys and restricted keys do; %s", scopes, cfg.CreateAKey)
	}
	switch {
	case failure.SaysUnknownURL():
		return "base-url does not lead to the Admin API, whose address is " + cfg.DefaultBaseURL
	case failure.Foreign():
		return "something on the way to OpenAI answered in its place, such as a firewall or a proxy; let this machine reach the API and run this again"
	}
	switch status.Code(err) {
	case codes.Unauthenticated:
		return "OpenAI does not accept the key; " + cfg.CreateAKey
	case codes.PermissionDenied:
		return "the key may not do this, as it has to; " + cfg.CreateAKey
	case codes.Aborted:
		return "OpenAI has given no answer of use for too long; see https://status.openai.com and run this again"
	case codes.Unavailable, codes.DeadlineExceeded:
		if errors.Is(err, context.DeadlineExceeded) {
			return "" // whoever asks gave it no more time
		}
		return "OpenAI gave no answer of use; see https://status.openai.com and try again"
	default:
		return ""
	}
}

// isOurs tells an error of this package from one of the API.
func isOurs(err error) bool {
	var ours *codedError
	return errors.As(err, &ours)
}

// warn tells the operator what the file will not show, and why.
func warn(ctx context.Context, message string, fields ...zap.Field) {
	ctxzap.Extract(ctx).Warn("baton-openai: "+message, fields...)
}
