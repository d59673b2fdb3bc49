package oneshot

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// warnings counts the connector's warnings by their text.
type warnings struct {
	mu     sync.Mutex
	counts map[string]int
}

const messagePrefix = "baton-openai: "

// countWarnings gives a context whose logger counts the warnings.
func countWarnings(ctx context.Context) (context.Context, *warnings) {
	w := &warnings{counts: map[string]int{}}
	count := zap.Hooks(func(entry zapcore.Entry) error {
		if text, isOurs := strings.CutPrefix(entry.Message, messagePrefix); isOurs && entry.Level == zapcore.WarnLevel {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.counts[text]++
		}
		return nil
	})
	return ctxzap.ToContext(ctx, ctxzap.Extract(ctx).WithOptions(count)), w
}

// summary gives the size of a complete sync, its duration, calls and warnings.
func (r *Run) summary(ctx context.Context, store c1zstore.Store, syncType connectorstore.SyncType, duration time.Duration, warnings *warnings) []zap.Field {
	warnings.mu.Lock()
	fields := []zap.Field{zap.Duration("duration", duration), zap.Int64("calls", r.Connector.Calls()), zap.Any("warnings", maps.Clone(warnings.counts))}
	warnings.mu.Unlock()
	counts, err := store.SyncMeta().StatsV2(ctx, syncType, "")
	if err != nil {
		return append(fields, zap.NamedError("not_counted", err))
	}
	return append(fields,
		zap.Int64("resources", counts.GetResources()),
		zap.Int64("entitlements", counts.GetEntitlements()),
		zap.Int64("grants", counts.GetGrants()),
		zap.Any("resources_by_type", maps.Collect(maps.All(counts.GetResourcesByResourceType()))),
		zap.Any("entitlements_by_type", maps.Collect(maps.All(counts.GetEntitlementsByResourceType()))),
		zap.Any("grants_by_type", maps.Collect(maps.All(counts.GetGrantsByResourceType()))))
}
