package connector

import (
	"context"
	"slices"
	"sync"

	"github.com/conductorone/baton-openai/pkg/client"
)

// visit is a builder that asks for something: as long as it does, the syncer waits and its session store is open.
type visit struct {
	ctx  context.Context //nolint:containedctx // it is that of the builder's call
	uses sync.WaitGroup
}

func (s *syncReader) enter(ctx context.Context) *visit {
	v := &visit{ctx: ctx}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visits = append(s.visits, v)
	close(s.visited)
	s.visited = make(chan struct{})
	return v
}

func (s *syncReader) leave(v *visit) {
	s.mu.Lock()
	s.visits = slices.DeleteFunc(s.visits, func(other *visit) bool { return other == v })
	if len(s.visits) == 0 && s.ending != nil {
		s.ending.Reset(s.idle)
	}
	s.mu.Unlock()
	v.uses.Wait()
	if v.ctx.Err() != nil {
		// The syncer gives a call up when it stops, or when another one has failed.
		s.stop()
	}
}

// HoldSession says that the session store stays open until [Connector.LeaveSession] returns, so that what was read ahead
// can be kept at any time. It is called before the first sync.
func (c *Connector) HoldSession() { c.reader.holds = true }

// LeaveSession ends the reading. What has been answered is kept then; what is on its way is given up.
func (c *Connector) LeaveSession() {
	c.reader.mu.Lock()
	c.reader.over = true
	c.reader.mu.Unlock()
	c.reader.close()
	c.reader.uses.Wait()
}

func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.syncs {
		s.cancel()
	}
}

// use uses the session store of a process that knows when it is closed.
func (r *reader) use(ctx context.Context, use func(context.Context) error) error {
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return context.Canceled
	}
	r.uses.Add(1)
	r.mu.Unlock()
	defer r.uses.Done()
	return use(context.WithoutCancel(ctx)) // an answer is kept that came before the end
}

// inSession uses the session store for what nobody has asked for. Where nobody says when the store is closed, that is while
// a builder asks for something: the store must not be used after the sync has ended, and nobody tells of one that fails.
// Where nobody asks, what was read ahead waits.
func (s *syncReader) inSession(ctx context.Context, use func(context.Context) error) error {
	if s.holds {
		return s.use(ctx, use)
	}
	for {
		s.mu.Lock()
		next := s.visited
		i := slices.IndexFunc(s.visits, func(v *visit) bool { return v.ctx.Err() == nil })
		if i >= 0 {
			s.visits[i].uses.Add(1)
			v := s.visits[i]
			s.mu.Unlock()
			err := use(v.ctx) //nolint:contextcheck // the builder's, since it is the one whose syncer waits
			v.uses.Done()
			if err == nil || v.ctx.Err() == nil {
				return err
			}
			continue // the builder has given up meanwhile
		}
		s.mu.Unlock()
		client.ReleasePlace(ctx) // a builder that comes may need it
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
