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

// inSession uses the session store for what nobody has asked for, while a builder asks for something: the store must not be
// used after the sync has ended, and nobody says when one that fails does. Where nobody asks, what was read ahead waits.
func (s *syncReader) inSession(ctx context.Context, use func(context.Context) error) error {
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
