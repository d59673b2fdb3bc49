// Package failure has the error of a command that ends without success. Its gRPC code is the exit status. The code of an
// answer of the API is decided in pkg/client/error_kind.go, that of a sync or change in pkg/connector/errors.go.
package failure

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error has a gRPC code and a message for people. An error of package status shows the code in its message as well.
type Error struct {
	Code    codes.Code
	Message string
}

// Error gives the message.
func (e *Error) Error() string { return e.Message }

// GRPCStatus gives the status, from which the SDK takes the exit status of the process.
func (e *Error) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }
