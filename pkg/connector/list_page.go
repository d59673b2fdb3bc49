package connector

import (
	"context"
	"hash/maphash"
	"iter"

	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
)

// pageCall is the call for a page.
type pageCall struct {
	done chan struct{}
	// page and err are set when done is closed.
	page any
	err  error
	// told is set when a builder waits.
	told bool
}

// ask gives a page of a list to a builder.
func ask[T any](ctx context.Context, s *syncReader, l list[T], cursor client.Cursor) (client.Page[T], error) {
	s.enter()
	defer s.leave(ctx)
	page, err := read(ctx, s, l, cursor, true)
	return page, ofType(typeOfKind[l.kind], err)
}

// askAll gives all rows of a list to a builder.
func askAll[T any](ctx context.Context, s *syncReader, l list[T]) ([]T, error) {
	return allRows(askPages(ctx, s, l))
}

// askPages gives the pages of a list to a builder.
func askPages[T any](ctx context.Context, s *syncReader, l list[T]) iter.Seq2[client.Page[T], error] {
	return pages(ctx, func(ctx context.Context, cursor client.Cursor) (client.Page[T], error) { return ask(ctx, s, l, cursor) })
}

// read gives a page of a list, to a builder or to the plan.
func read[T any](ctx context.Context, s *syncReader, l list[T], cursor client.Cursor, builder bool) (client.Page[T], error) {
	key := pageKey(l, cursor)
	known := s.hasRead(key)
	for {
		if known || !s.fresh {
			var page client.Page[T]
			var ok bool
			err := s.using(builder)(ctx, func(ctx context.Context) error {
				var err error
				page, ok, err = storedPage[T](ctx, s.session, l.kind, key)
				return err
			})
			if ok || err != nil {
				return page, err
			}
		}
		call, mine := s.join(key, builder, known)
		if call == nil {
			known = true // since a moment ago
			continue
		}
		switch {
		case mine && !builder:
			fetch(s.ctx, s, l, cursor, key, call, s.inSession) //nolint:contextcheck // a builder may come to wait for it
		case mine && s.ahead && s.ending != nil && s.ctx.Err() == nil:
			go fetch(s.ctx, s, l, cursor, key, call, s.inSession) //nolint:contextcheck // others may wait for it as well
		case mine:
			fetch(ctx, s, l, cursor, key, call, directly)
		}
		select {
		case <-call.done:
		case <-ctx.Done():
			return client.Page[T]{}, newError(status.FromContextError(ctx.Err()).Code(), "%w", ctx.Err())
		}
		page, _ := call.page.(client.Page[T])
		return page, call.err
	}
}

// directly is for what a builder does itself.
func directly(ctx context.Context, use func(context.Context) error) error { return use(ctx) }

func (s *syncReader) using(builder bool) func(context.Context, func(context.Context) error) error {
	if builder {
		return directly
	}
	return s.inSession
}

func (s *syncReader) hasRead(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.read[maphash.String(s.seed, key)]
	return ok
}

// join gives the call for a page, and true if the caller is to make it. It gives none if the page has been read since it
// was looked for.
func (s *syncReader) join(key string, builder, known bool) (*pageCall, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if call, ok := s.calls[key]; ok {
		call.told = call.told || builder
		select {
		case <-call.done:
			if builder {
				delete(s.calls, key) // it failed; whoever asks again has it called again
			}
		default:
		}
		return call, false
	}
	if _, ok := s.read[maphash.String(s.seed, key)]; ok && !known {
		return nil, false
	}
	call := &pageCall{done: make(chan struct{}), told: builder}
	s.calls[key] = call
	return call, true
}

// fetch makes a call and keeps the page.
func fetch[T any](
	ctx context.Context, s *syncReader, l list[T], cursor client.Cursor, key string, call *pageCall,
	using func(context.Context, func(context.Context) error) error,
) {
	ctx = client.WithPlace(ctx)
	defer client.ReleasePlace(ctx)
	var page client.Page[T]
	// Nothing is begun where nobody asks: the sync may have ended.
	err := using(ctx, func(context.Context) error { return nil })
	if err == nil {
		page, err = l.page(client.WithRun(client.WithRemaining(ctx, s.remaining(l.kind)), s.run), s.api, cursor)
	}
	if err == nil {
		err = using(ctx, func(ctx context.Context) error {
			if l.keep != nil {
				if err := l.keep(ctx, s.session, page); err != nil {
					return err
				}
			}
			return storePage(ctx, s.session, l.kind, key, page)
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	call.page, call.err = page, err
	if err == nil {
		s.read[maphash.String(s.seed, key)] = struct{}{}
	}
	if err == nil || call.told {
		delete(s.calls, key)
	}
	close(call.done)
}

// knows tells the plan whether a fact was kept; an error counts as no.
func (s *syncReader) knows(ctx context.Context, kind, id string) bool {
	var known bool
	err := s.inSession(ctx, func(ctx context.Context) error {
		var err error
		_, known, err = recall[string](ctx, s.session, kind, id)
		return err
	})
	return known && err == nil
}

// readable is a list of any type.
type readable interface {
	readAll(ctx context.Context, s *syncReader) error
}

// readAll reads all pages of the list.
func (l list[T]) readAll(ctx context.Context, s *syncReader) error {
	for _, err := range plannedPages(ctx, s, l) {
		if err != nil {
			return err
		}
	}
	return nil
}

// plannedPages gives the pages of a list to the plan.
func plannedPages[T any](ctx context.Context, s *syncReader, l list[T]) iter.Seq2[client.Page[T], error] {
	return pages(ctx, func(ctx context.Context, cursor client.Cursor) (client.Page[T], error) {
		return read(ctx, s, l, cursor, false)
	})
}

// rows gives the rows of a list as they come, up to its end or to what cannot be read. Where the list begins again, they
// come again.
func rows[T any](ctx context.Context, s *syncReader, l list[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for row, err := range eachRow(plannedPages(ctx, s, l)) {
			if err != nil || !yield(row) {
				return
			}
		}
	}
}

// isOfOneList tells an error that says nothing of other lists: what the list belongs to is gone or archived.
func isOfOneList(err error) bool {
	switch client.KindOf(err) {
	case client.KindGone, client.KindProjectArchived, client.KindCursorGone, client.KindRefused:
		return true
	default:
		return false
	}
}

// remaining is how many lists of the kind are known to be read.
func (s *syncReader) remaining(kind listKind) func() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.left[kind]
	if left == nil {
		return func() int { return 0 }
	}
	return func() int { return int(left.Load()) }
}
