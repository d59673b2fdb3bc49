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
	// hasWaiter is set when a builder waits.
	hasWaiter bool
}

// getPage gives a builder a page of a list.
func getPage[T any](ctx context.Context, s *syncReader, l list[T], cursor client.Cursor) (client.Page[T], error) {
	s.beginRequest()
	defer s.endRequest(ctx)
	page, err := loadPage(ctx, s, l, cursor, true)
	return page, withType(typeOfKind[l.kind], err)
}

// getRows gives a builder all rows of a list.
func getRows[T any](ctx context.Context, s *syncReader, l list[T]) ([]T, error) {
	return allRows(getPages(ctx, s, l))
}

// getPages gives a builder the pages of a list.
func getPages[T any](ctx context.Context, s *syncReader, l list[T]) iter.Seq2[client.Page[T], error] {
	return pages(ctx, func(ctx context.Context, cursor client.Cursor) (client.Page[T], error) {
		return getPage(ctx, s, l, cursor)
	})
}

// loadPage gives a builder or the plan a page of a list.
func loadPage[T any](ctx context.Context, s *syncReader, l list[T], cursor client.Cursor, builder bool) (client.Page[T], error) {
	key := pageKey(l, cursor)
	known := s.hasReadPage(key)
	for {
		if known || !s.isNew {
			var page client.Page[T]
			var ok bool
			err := s.sessionUse(builder)(ctx, func(ctx context.Context) error {
				var err error
				page, ok, err = loadStoredPage[T](ctx, s.session, l.kind, key)
				return err
			})
			if ok || err != nil {
				return page, err
			}
		}
		call, mine := s.joinCall(key, builder, known)
		if call == nil {
			known = true // since a moment ago
			continue
		}
		switch {
		case mine && !builder:
			fetch(s.ctx, s, l, cursor, key, call, s.inSession) //nolint:contextcheck // a builder may come to wait for it
		case mine && s.readsAhead && s.ending != nil && s.ctx.Err() == nil:
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

// directly is how a builder uses the session store; the plan uses [reader.inSession].
func directly(ctx context.Context, use func(context.Context) error) error { return use(ctx) }

func (s *syncReader) sessionUse(builder bool) func(context.Context, func(context.Context) error) error {
	if builder {
		return directly
	}
	return s.inSession
}

func (s *syncReader) hasReadPage(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.readKeys[maphash.String(s.seed, key)]
	return ok
}

// joinCall gives the call for a page, and true if the caller is to make it. It gives none if the page has been read since it
// was looked for.
func (s *syncReader) joinCall(key string, builder, known bool) (*pageCall, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if call, ok := s.calls[key]; ok {
		call.hasWaiter = call.hasWaiter || builder
		select {
		case <-call.done:
			if builder {
				delete(s.calls, key) // it failed; the next request repeats it
			}
		default:
		}
		return call, false
	}
	if _, ok := s.readKeys[maphash.String(s.seed, key)]; ok && !known {
		return nil, false
	}
	call := &pageCall{done: make(chan struct{}), hasWaiter: builder}
	s.calls[key] = call
	return call, true
}

// fetch makes a call and keeps the page.
func fetch[T any](
	ctx context.Context, s *syncReader, l list[T], cursor client.Cursor, key string, call *pageCall,
	using func(context.Context, func(context.Context) error) error,
) {
	ctx, release := client.WithSlot(ctx)
	defer release()
	var page client.Page[T]
	// No call is begun after the sync has ended.
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
		s.readKeys[maphash.String(s.seed, key)] = struct{}{}
	}
	if err == nil || call.hasWaiter {
		delete(s.calls, key)
	}
	close(call.done)
}

// hasFact tells the plan whether a fact was kept; an error counts as no.
func (s *syncReader) hasFact(ctx context.Context, kind, id string) bool {
	var known bool
	err := s.inSession(ctx, func(ctx context.Context) error {
		var err error
		_, known, err = getFact[string](ctx, s.session, kind, id)
		return err
	})
	return known && err == nil
}

// anyList is a list of any type.
type anyList interface {
	loadAll(ctx context.Context, s *syncReader) error
}

// loadAll reads all pages of the list.
func (l list[T]) loadAll(ctx context.Context, s *syncReader) error {
	for _, err := range loadPages(ctx, s, l) {
		if err != nil {
			return err
		}
	}
	return nil
}

// loadPages gives the plan the pages of a list.
func loadPages[T any](ctx context.Context, s *syncReader, l list[T]) iter.Seq2[client.Page[T], error] {
	return pages(ctx, func(ctx context.Context, cursor client.Cursor) (client.Page[T], error) {
		return loadPage(ctx, s, l, cursor, false)
	})
}

// loadRows gives the rows of a list as they come, up to its end or to what cannot be read. Where the list begins again, they
// come again.
func loadRows[T any](ctx context.Context, s *syncReader, l list[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for row, err := range eachRow(loadPages(ctx, s, l)) {
			if err != nil || !yield(row) {
				return
			}
		}
	}
}

// remaining is how many lists of the kind are known to be read.
func (s *syncReader) remaining(kind listKind) func() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.unread[kind]
	if left == nil {
		return func() int { return 0 }
	}
	return func() int { return int(left.Load()) }
}
