package progress

import (
	"bytes"
	"strings"
	"testing"

	sdk "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// The lines of the log are whole, and nothing of the progress is left at the end.
func TestProgressLeavesTheLogReadable(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	encoder := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "message", LineEnding: "\n"})
	log := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&terminal), zap.InfoLevel))
	l := newLine(&terminal, func() int64 { return 7 })
	ctx := l.withLogAbove(ctxzap.ToContext(t.Context(), log))

	ctxzap.Extract(ctx).Info("before")
	l.update(&sdk.Progress{Action: "list-grants", ResourceTypeID: "user"})
	l.show()
	l.show()
	ctxzap.Extract(ctx).With(zap.String("a", "b")).Info("between")
	ctxzap.Extract(ctx).Debug("not at this level")
	l.update(&sdk.Progress{Action: "grant-expansion"})
	l.show()
	l.end()
	l.show()
	ctxzap.Extract(ctx).Info("after")

	assert.Contains(t, terminal.String(), eraseLine+"syncing: list-grants user, 7 calls, 0s"+eraseLine)
	assert.Contains(t, terminal.String(), eraseLine+"syncing: grant-expansion, 7 calls, 0s"+eraseLine)
	var seen []string
	for line := range strings.Lines(terminal.String()) {
		// What a terminal shows of a line is what comes after the last time that it was emptied.
		parts := strings.Split(line, eraseLine)
		seen = append(seen, parts[len(parts)-1])
	}
	assert.Equal(t, []string{"before\n", "between\t{\"a\": \"b\"}\n", "after\n"}, seen)
}
