package oneshot

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

// progress is the last line of a terminal, which says what a sync is at and renews itself. The lines of the log stay whole
// above it.
type progress struct {
	out   io.Writer
	began time.Time
	calls func() int64

	mu    sync.Mutex
	doing string
	// isShown says that the terminal has the line.
	isShown bool
	ended   chan struct{}
}

const (
	// renewal is how often the line is renewed.
	renewal = 100 * time.Millisecond
	// eraseLine goes back to the beginning of a terminal's line and empties it.
	eraseLine = "\r\x1b[K"
)

// watch shows the progress of a sync where the standard error is a terminal. The context that it gives is for the sync, the
// function ends the line.
func (r *Run) watch(ctx context.Context) (context.Context, []sdk.SyncOpt, func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return ctx, nil, func() {}
	}
	p := &progress{out: os.Stderr, began: time.Now(), calls: r.Connector.Calls, ended: make(chan struct{})}
	go p.renew()
	return p.below(ctx), []sdk.SyncOpt{sdk.WithProgressHandler(p.at)}, p.end
}

// below gives a context whose log is written above the line.
func (p *progress) below(ctx context.Context) context.Context {
	return ctxzap.ToContext(ctx, ctxzap.Extract(ctx).WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return coreAbove{Core: core, progress: p}
	})))
}

// at is what the syncer is at.
func (p *progress) at(now *sdk.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doing = now.Action
	if now.ResourceTypeID != "" {
		p.doing += " " + now.ResourceTypeID
	}
}

func (p *progress) renew() {
	again := time.NewTicker(renewal)
	defer again.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-again.C:
			p.show()
		}
	}
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
		return
	default:
	}
	// A terminal that takes nothing loses nothing but the line.
	_, _ = fmt.Fprintf(p.out, "%ssyncing: %s, %d calls, %s", eraseLine, p.doing, p.calls(), time.Since(p.began).Round(time.Second))
	p.isShown = true
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.eraseLocked()
	close(p.ended)
}

func (p *progress) eraseLocked() {
	if p.isShown {
		_, _ = io.WriteString(p.out, eraseLine)
		p.isShown = false
	}
}

// coreAbove writes the log where the line was; the line is back with its next renewal.
type coreAbove struct {
	zapcore.Core

	progress *progress
}

func (c coreAbove) With(fields []zapcore.Field) zapcore.Core {
	return coreAbove{Core: c.Core.With(fields), progress: c.progress}
}

func (c coreAbove) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

func (c coreAbove) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	c.progress.mu.Lock()
	defer c.progress.mu.Unlock()
	c.progress.eraseLocked()
	return c.Core.Write(entry, fields)
}
