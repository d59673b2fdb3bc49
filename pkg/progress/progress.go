// Package progress shows on a terminal what a sync is doing.
package progress

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	sdk "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

const (
	// refreshInterval is how often the line is written again.
	refreshInterval = 100 * time.Millisecond
	// eraseLine goes back to the beginning of a terminal's line and clears it.
	eraseLine = "\r\x1b[K"
)

// line is the last line of the terminal. Lines of the log stay whole above it.
type line struct {
	out   io.Writer
	start time.Time
	calls func() int64

	mu     sync.Mutex
	action string
	// isShown says that the terminal shows the line.
	isShown bool
	done    chan struct{}
}

// Show shows the progress of a sync if the standard error is a terminal. The sync has to use the context and the options; the
// function removes the line.
func Show(ctx context.Context, calls func() int64) (context.Context, []sdk.SyncOpt, func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return ctx, nil, func() {}
	}
	l := newLine(os.Stderr, calls)
	go l.refresh()
	return l.withLogAbove(ctx), []sdk.SyncOpt{sdk.WithProgressHandler(l.update)}, l.end
}

func newLine(out io.Writer, calls func() int64) *line {
	return &line{out: out, start: time.Now(), calls: calls, done: make(chan struct{})}
}

// withLogAbove gives a context whose log is written above the line.
func (l *line) withLogAbove(ctx context.Context) context.Context {
	return ctxzap.ToContext(ctx, ctxzap.Extract(ctx).WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return logCore{Core: core, line: l}
	})))
}

// update takes what the syncer is doing.
func (l *line) update(now *sdk.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.action = now.Action
	if now.ResourceTypeID != "" {
		l.action += " " + now.ResourceTypeID
	}
}

func (l *line) refresh() {
	ticker := time.NewTicker(refreshInterval)
	defer ticker.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-ticker.C:
			l.show()
		}
	}
}

func (l *line) show() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done:
		return
	default:
	}
	// A terminal that fails loses only this line.
	_, _ = fmt.Fprintf(l.out, "%ssyncing: %s, %d calls, %s", eraseLine, l.action, l.calls(), time.Since(l.start).Round(time.Second))
	l.isShown = true
}

func (l *line) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.eraseLocked()
	close(l.done)
}

func (l *line) eraseLocked() {
	if l.isShown {
		_, _ = io.WriteString(l.out, eraseLine)
		l.isShown = false
	}
}

// logCore erases the line before it writes to the log. The next refresh shows the line again.
type logCore struct {
	zapcore.Core

	line *line
}

func (c logCore) With(fields []zapcore.Field) zapcore.Core {
	return logCore{Core: c.Core.With(fields), line: c.line}
}

func (c logCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

func (c logCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	c.line.eraseLocked()
	return c.Core.Write(entry, fields)
}
