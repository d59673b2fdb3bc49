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

// sighting is what a sync is warned of once.
type sighting struct{ what, id string }

// What is warned of once, by an id.
const (
	archivedProject = "archived"
	refusedUsers    = "refused"
	sourceOfRole    = "source"
)

// isFirst tells whether this process comes upon it for the first time in the sync. Builders run at the same time, and several
// come upon the same.
func (s *syncReader) isFirst(what, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.seen[sighting{what, id}]
	s.seen[sighting{what, id}] = struct{}{}
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
