package connector

import (
	"context"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/status"
)

// warn tells the operator what is missing or went wrong without an error.
func warn(ctx context.Context, message string, fields ...zap.Field) {
	ctxzap.Extract(ctx).Warn("baton-openai: "+message, fields...)
}

// isFirst is true once for each key in this process's part of the sync: builders run at the same time, and would warn of the
// same thing several times.
func (s *syncReader) isFirst(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.warned[key]
	s.warned[key] = struct{}{}
	return !known
}

// logChange writes the one log line of each change. The error itself is returned; the SDK logs it.
func logChange(ctx context.Context, change string, already bool, err error, fields ...zap.Field) {
	outcome := "done"
	switch {
	case err != nil:
		outcome = "failed: " + status.Code(err).String()
	case already:
		outcome = "nothing to do"
	}
	ctxzap.Extract(ctx).Info("baton-openai: "+change, append(fields, zap.String("outcome", outcome))...)
}
