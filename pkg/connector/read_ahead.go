package connector

import (
	"context"
	"hash/maphash"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
)

// reader stands between the builders and the client. Whoever needs a list asks for it by what it is, and gets it from
// what the sync has read, from the call that is on its way, or from a call of its own. Beside that, the lists that the
// sync will need are read ahead (read_plan.go), whatever the syncer is at.
//
// Every page that has been read is in the sync's session store, and nowhere else: a sync that was stopped goes on from
// there in another process, and what is held in memory does not grow.
type reader struct {
	api *client.Client
	// ahead is false where nothing may be read that nobody has asked for: in a Lambda, whose process is frozen between
	// requests and may be one of several.
	ahead bool
	// skipGrants says that nobody will ask for grants.
	skipGrants bool
	// idle is for how long a sync asks for nothing before it is taken to have ended.
	idle time.Duration

	mu    sync.Mutex
	syncs map[string]*syncReader
}

const (
	// endOfSync is far above the time that the syncer takes between two questions.
	endOfSync = 30 * time.Second
	// readersOfKind is how many lists of a kind are waited for at once. The client lets fewer calls go in all.
	readersOfKind = 12
	// queuedLists bounds what is known to be read but waits for its turn.
	queuedLists = 10_000
)

// newReader gives a reader that stops reading ahead when the context ends.
func newReader(ctx context.Context, api *client.Client, ahead bool) *reader {
	r := &reader{api: api, ahead: ahead, idle: endOfSync, syncs: map[string]*syncReader{}}
	context.AfterFunc(ctx, r.close)
	return r
}

func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.syncs {
		s.cancel()
	}
}

// of gives the reader of the sync that the call belongs to.
func (r *reader) of(ctx context.Context, opts rs.SyncOpAttrs) (*syncReader, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, known := r.syncs[opts.SyncID]
	if !known {
		s = &syncReader{
			reader: r, id: opts.SyncID, session: syncSession{opts.Session}, seed: maphash.MakeSeed(), types: map[string]bool{},
			visited: make(chan struct{}), left: map[listKind]*atomic.Int32{}, calls: map[string]*pageCall{}, read: map[uint64]struct{}{},
		}
		// The reading goes on between the calls of the syncer.
		s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	if known && r.ahead {
		return s, nil
	}
	// Where another process may have begun a type, the session store is asked each time.
	if err := s.loadTypes(ctx); err != nil {
		return nil, err
	}
	if known {
		return s, nil
	}
	s.fresh = r.ahead && len(s.types) == 0
	if opts.SyncID == "" {
		return s, nil // a call outside of a sync
	}
	r.syncs[opts.SyncID] = s
	if r.ahead {
		s.ending = time.AfterFunc(r.idle, s.end)
		s.beginReading() //nolint:contextcheck // it goes on after the call
	}
	return s, nil
}

// syncReader reads the lists of one sync.
type syncReader struct {
	*reader

	id      string
	session syncSession
	ctx     context.Context //nolint:containedctx // it is that of a sync, which outlives each call of its syncer
	cancel  context.CancelFunc
	seed    maphash.Seed
	// fresh says that nothing was read for the sync before it came to this process.
	fresh bool

	// ending ends the reading when it runs out.
	ending *time.Timer

	mu sync.Mutex
	// visits are the builders that ask for something at the moment; visited is closed when the next one comes.
	visits  []*visit
	visited chan struct{}
	// types are the resource types of the sync, as far as the syncer has begun to list them.
	types map[string]bool
	// left has the number of lists that are known and not read, of each kind that is read ahead.
	left map[listKind]*atomic.Int32
	// calls are the pages that are on their way, and those that failed and of which no builder has been told.
	calls map[string]*pageCall
	// read are the hashes of the keys of the pages that this process has read.
	read map[uint64]struct{}
	// catalog is that of the organization's roles, once it is complete.
	catalog roleCatalog
	// someGroups is set once the organization is known to have groups, or none.
	someGroups *bool
}

// end forgets a sync of which nobody asks for anything any more.
func (s *syncReader) end() {
	s.mu.Lock()
	asked := len(s.visits) > 0
	s.mu.Unlock()
	if !asked {
		s.stop()
	}
}

func (s *syncReader) stop() {
	s.cancel()
	s.reader.mu.Lock()
	defer s.reader.mu.Unlock()
	if s.syncs[s.id] == s {
		delete(s.syncs, s.id)
	}
}

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
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// begins says that the syncer lists a type, so that all that belongs to it will be asked for.
func (s *syncReader) begins(ctx context.Context, resourceType *v2.ResourceType) error {
	if err := s.session.set(ctx, factType, resourceType.GetId(), true); err != nil {
		return err
	}
	s.mu.Lock()
	s.types[resourceType.GetId()] = true
	s.mu.Unlock()
	s.beginReading() //nolint:contextcheck // it goes on after the call
	return nil
}

func (s *syncReader) loadTypes(ctx context.Context) error {
	begun, err := s.session.types(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range begun {
		s.types[id] = true
	}
	return nil
}

// hasBegun tells whether the syncer lists the type as a whole.
func (s *syncReader) hasBegun(resourceType *v2.ResourceType) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.types[resourceType.GetId()]
}

// includes tells whether the type is part of the sync, which is known once all types have been listed. A targeted sync
// lists no type as a whole and leaves none out.
func (s *syncReader) includes(resourceType *v2.ResourceType) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.types) == 0 || s.types[resourceType.GetId()]
}

// isTargeted tells whether the sync is one of single resources: nothing is known of the others then.
func (s *syncReader) isTargeted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.types) == 0
}

// beginReading reads the lists of each kind ahead of which all types are part of the sync.
func (s *syncReader) beginReading() {
	if !s.ahead {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range plan {
		if s.left[p.kind] != nil || p.grants && s.skipGrants || slices.ContainsFunc(p.types, func(t *v2.ResourceType) bool { return !s.types[t.GetId()] }) {
			continue
		}
		q := &queue{waiting: make(chan readable, queuedLists), left: new(atomic.Int32)}
		s.left[p.kind] = q.left
		ctx, stop := context.WithCancel(s.ctx)
		go func() { q.fill(ctx, p.lists(ctx, s)) }()
		go q.work(ctx, stop, s)
	}
}

// readable is a list of any type.
type readable interface {
	readAll(ctx context.Context, s *syncReader) error
}

// queue has the lists of a kind that are to be read.
type queue struct {
	waiting chan readable
	// left counts the lists that are known and not read.
	left *atomic.Int32
}

func (q *queue) fill(ctx context.Context, lists iter.Seq[readable]) {
	defer close(q.waiting)
	for l := range lists {
		q.left.Add(1)
		select {
		case q.waiting <- l:
		case <-ctx.Done():
			return
		}
	}
}

// work reads the lists, some at a time. An error that is not about one list ends it: the sync will fail, or another
// attempt is for whoever asks.
func (q *queue) work(ctx context.Context, stop context.CancelFunc, s *syncReader) {
	defer stop()
	var reading sync.WaitGroup
	for range readersOfKind {
		reading.Go(func() {
			for l := range q.waiting {
				if ctx.Err() != nil {
					return
				}
				if err := l.readAll(ctx, s); err != nil && !isOfOneList(err) {
					stop()
				}
				q.left.Add(-1)
			}
		})
	}
	reading.Wait()
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
	v := s.enter(ctx)
	defer s.leave(v)
	return read(ctx, s, l, cursor, true)
}

// askAll gives all rows of a list to a builder.
func askAll[T any](ctx context.Context, s *syncReader, l list[T]) ([]T, error) {
	var all []T
	for cursor := (client.Cursor{}); ; {
		page, err := ask(ctx, s, l, cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor.IsZero() {
			return all, nil
		}
	}
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
		case mine && s.ending != nil:
			go fetch(s.ctx, s, l, cursor, key, call, s.inSession) //nolint:contextcheck // others may wait for it as well
		case mine:
			fetch(ctx, s, l, cursor, key, call, directly)
		}
		select {
		case <-call.done:
		case <-ctx.Done():
			return client.Page[T]{}, refuse(status.FromContextError(ctx.Err()).Code(), ctx.Err())
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
	var page client.Page[T]
	// Nothing is begun where nobody asks: the sync may have ended.
	err := using(ctx, func(context.Context) error { return nil })
	if err == nil {
		page, err = l.page(client.WithRemaining(ctx, s.remaining(l.kind)), s.api, cursor)
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

// readAll reads all pages of the list.
func (l list[T]) readAll(ctx context.Context, s *syncReader) error {
	for cursor := (client.Cursor{}); ; {
		page, err := read(ctx, s, l, cursor, false)
		if err != nil || page.Next.IsZero() {
			return err
		}
		cursor = page.Next
	}
}

// rows gives the rows of a list as they come, up to its end or to what cannot be read.
func rows[T any](ctx context.Context, s *syncReader, l list[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for cursor := (client.Cursor{}); ; {
			page, err := read(ctx, s, l, cursor, false)
			if err != nil {
				return
			}
			for _, row := range page.Items {
				if !yield(row) {
					return
				}
			}
			if cursor = page.Next; cursor.IsZero() {
				return
			}
		}
	}
}
