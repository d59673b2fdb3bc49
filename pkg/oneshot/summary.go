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

// warnings counts the connector's warnings, by their words.
type warnings struct {
	mu     sync.Mutex
	counts map[string]int
}

const messagePrefix = "baton-openai: "

// countWarnings gives a context whose logger counts.
func countWarnings(ctx context.Context) (context.Context, *warnings) {
	w := &warnings{counts: map[string]int{}}
	count := zap.Hooks(func(entry zapcore.Entry) error {
		if words, isOurs := strings.CutPrefix(entry.Message, messagePrefix); isOurs && entry.Level == zapcore.WarnLevel {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.counts[words]++
		}
		return nil
	})
	return ctxzap.ToContext(ctx, ctxzap.Extract(ctx).WithOptions(count)), w
}

// summary is what a sync that has ended well has, what it took, and of what it warned.
func (r *Run) summary(ctx context.Context, store c1zstore.Store, kind connectorstore.SyncType, took time.Duration, warnings *warnings) []zap.Field {
	warnings.mu.Lock()
	fields := []zap.Field{zap.Duration("duration", took), zap.Int64("calls", r.Connector.Calls()), zap.Any("warnings", maps.Clone(warnings.counts))}
	warnings.mu.Unlock()
	counts, err := store.SyncMeta().StatsV2(ctx, kind, "")
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
