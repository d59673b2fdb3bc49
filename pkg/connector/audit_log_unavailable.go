package connector

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-openai/pkg/client"
)

// isUnavailable tells the refusals of an organization without audit logging, of which it is not published how they read,
// and those of a key without the permission, from what passes.
func isUnavailable(err error) bool {
	switch kindOf(err) {
	case client.KindNoSuchList, client.KindDeniedWithoutReason:
		return true
	default:
		return lacksScopes(err)
	}
}

func auditLogUnavailable(err error) error {
	if lacksScopes(err) {
		return readError(readingAuditLog, err)
	}
	return &codedError{code: codes.FailedPrecondition, error: fmt.Errorf(
		"baton-openai: %s: audit logging is off, or the key may not read it; an owner of the organization switches it on at "+
			"https://platform.openai.com/settings/organization/data-controls/data-retention, and the key needs the permission %s: %w",
		readingAuditLog, permissionAuditLogsRead, err)}
}

// dailyWarning is a warning that would otherwise come with every question of ConductorOne.
type dailyWarning struct {
	mu   sync.Mutex
	last time.Time
}

func (w *dailyWarning) warn(ctx context.Context, now time.Time, err error) {
	w.mu.Lock()
	due := w.isDueLocked(now)
	if due {
		w.last = now
	}
	w.mu.Unlock()
	if due {
		warn(ctx, "there are no events; this is said once a day", zap.Error(err))
	}
}

func (w *dailyWarning) isDueLocked(now time.Time) bool {
	return w.last.IsZero() || now.Sub(w.last) >= 24*time.Hour
}

// quiet keeps the SDK from warning of each refusal after the first one.
func (w *dailyWarning) quiet(ctx context.Context, now time.Time) context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isDueLocked(now) {
		return ctx
	}
	return ctxzap.ToContext(ctx, ctxzap.Extract(ctx).WithOptions(zap.IncreaseLevel(zap.ErrorLevel)))
}

// reset is for a log that can be read.
func (w *dailyWarning) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = time.Time{}
}
