package connector

import (
	"context"
	"errors"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
)

// ReadAhead has lists read before a builder asks for them. The session store of every sync has to stay open until
// [Connector.StopReading] returns. It is called before the first sync.
func (c *Connector) ReadAhead() { c.reader.readsAhead = true }

// StopReading ends the reading. Answers that have come are kept; open calls are given up.
func (c *Connector) StopReading() {
	c.reader.mu.Lock()
	c.reader.stopped = true
	c.reader.mu.Unlock()
	c.reader.close()
	c.reader.uses.Wait()
	c.reader.release()
}

// release lets go of the session stores: a timer would hold a closed one.
func (r *reader) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.syncs {
		s.ending.Stop()
	}
	for _, ended := range r.resumable {
		ended.clearing.Stop()
	}
	clear(r.syncs)
	clear(r.resumable)
}

func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.syncs {
		s.cancel()
	}
}

// inSession uses the session store for what no builder waits for.
func (r *reader) inSession(ctx context.Context, use func(context.Context) error) error {
	r.mu.Lock()
	if r.stopped {
		r.mu.Unlock()
		return context.Canceled
	}
	r.uses.Add(1)
	r.mu.Unlock()
	defer r.uses.Done()
	return use(context.WithoutCancel(ctx)) // an answer is kept that came before the end
}

// beginRequest notes that a builder has begun a request: the sync does not end while one is open.
func (s *syncReader) beginRequest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
}

// endRequest notes that a request has its answer, or was given up if the context has ended.
func (s *syncReader) endRequest(ctx context.Context) {
	s.mu.Lock()
	s.requests--
	if s.requests == 0 && s.ending != nil {
		s.ending.Reset(s.idleTimeout)
	}
	s.mu.Unlock()
	if ctx.Err() != nil {
		// The syncer gives a call up when it stops, or when another one has failed.
		s.stop(true) //nolint:contextcheck // that of the request has ended
	}
}

// endIfIdle ends the reading of a sync that asks for nothing any more.
func (s *syncReader) endIfIdle() {
	s.mu.Lock()
	if s.requests > 0 {
		s.mu.Unlock()
		return
	}
	s.cancel() // before anybody can come
	s.mu.Unlock()
	s.stop(false)
}

// endedSync is a sync that asks for nothing any more but may still go on.
type endedSync struct {
	session   syncSession
	isGivenUp bool
	// clearing clears the session when it runs out.
	clearing *time.Timer
}

func (s *syncReader) stop(isGivenUp bool) {
	s.cancel()
	s.reader.mu.Lock()
	defer s.reader.mu.Unlock()
	if s.syncs[s.id] != s {
		return
	}
	delete(s.syncs, s.id)
	s.ending.Stop()
	if s.readsAhead && !s.stopped {
		r, id, ended := s.reader, s.id, &endedSync{session: s.session, isGivenUp: isGivenUp || s.isGivenUp}
		r.resumable[id] = ended
		// The context of the request would be held for hours.
		ctx := ctxzap.ToContext(context.Background(), ctxzap.Extract(s.ctx))
		ended.clearing = time.AfterFunc(r.resumeTimeout, func() { r.clearSession(ctx, id, ended) })
	}
}

// clearSession clears the session of a sync that has failed. The SDK clears the session of a sync that ended well, but
// does not report a failed one.
func (r *reader) clearSession(ctx context.Context, id string, ended *endedSync) {
	r.mu.Lock()
	isOver := r.resumable[id] == ended
	if isOver {
		delete(r.resumable, id)
	}
	r.mu.Unlock()
	if !isOver {
		return // it has gone on
	}
	err := r.inSession(ctx, func(ctx context.Context) error { return ended.session.store.Clear(ctx) })
	if err != nil && !errors.Is(err, context.Canceled) {
		warn(ctx, "what a sync has kept cannot be removed", zap.Error(err))
	}
}
