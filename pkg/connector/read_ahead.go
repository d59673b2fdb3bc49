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

	"github.com/conductorone/baton-openai/pkg/client"
)

// reader stands between the builders and the client. A builder asks for a page of a list, and gets it from the session
// store, from a call that another builder has begun, or from a call of its own. The lists that the sync will need are
// also read ahead (read_plan.go), independent of the syncer.
//
// Every page that has been read is in the sync's session store, and nowhere else: a sync that was stopped goes on from
// there in another process, and what is held in memory does not grow.
type reader struct {
	api *client.Client
	// readsAhead says that lists may be read that nobody has asked for, and be kept in the session store at any time until the
	// reading is stopped (read_ahead_end.go). It is false in a Lambda, whose process is frozen between requests and may be one
	// of several.
	readsAhead bool
	// skipGrants says that grants are not read ahead.
	skipGrants bool
	// insights says that security insights are made.
	insights bool
	// chosen are the resource types of every sync, if the command line or the environment names some; a task may name others.
	chosen []string
	// idleTimeout is for how long a sync asks for nothing before its reading ends, resumeTimeout for how long after that it may go on with
	// what it has read.
	idleTimeout, resumeTimeout time.Duration

	mu    sync.Mutex
	syncs map[string]*syncReader
	// resumable are those that ask for nothing any more, as long as they may go on. It has none where lists are not read ahead:
	// the session may be used by another process.
	resumable map[string]*endedSync
	// stopped says that the session store may be closed, uses are those of it that [Connector.StopReading] waits for.
	stopped bool
	uses    sync.WaitGroup
}

const (
	// defaultIdleTimeout is far above the time that the syncer takes between two questions.
	defaultIdleTimeout = 30 * time.Second
	// defaultResumeTimeout is far above the time that the SDK takes to expand the grants of any organization.
	defaultResumeTimeout = 6 * time.Hour
	// workersPerKind is how many lists of a kind are waited for at once. The client lets fewer calls go in all.
	workersPerKind = 12
	// maxQueuedLists bounds the lists that wait for their turn.
	maxQueuedLists = 10_000
)

// newReader gives a reader that stops reading ahead when the context ends.
func newReader(ctx context.Context, api *client.Client) *reader {
	r := &reader{api: api, idleTimeout: defaultIdleTimeout, resumeTimeout: defaultResumeTimeout, syncs: map[string]*syncReader{}, resumable: map[string]*endedSync{}}
	context.AfterFunc(ctx, r.close)
	return r
}

// forCall gives the reader of the sync that the call belongs to.
func (r *reader) forCall(ctx context.Context, opts rs.SyncOpAttrs) (*syncReader, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, known := r.syncs[opts.SyncID]
	if !known {
		s = &syncReader{
			reader: r, id: opts.SyncID, session: syncSession{opts.Session}, seed: maphash.MakeSeed(), types: map[string]bool{},
			unread: map[listKind]*atomic.Int32{}, calls: map[string]*pageCall{}, readKeys: map[uint64]struct{}{},
			groupsByRole: map[string]groupsOfRole{}, membersByGroup: map[string]map[string]bool{}, warned: map[string]struct{}{},
		}
		// The reading goes on between the calls of the syncer.
		s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	if known && r.readsAhead {
		return s, nil
	}
	// Where another process may have begun a type, the session store is asked each time.
	if err := s.loadTypes(ctx); err != nil {
		return nil, err
	}
	if known {
		return s, nil
	}
	s.isNew = r.readsAhead && len(s.types) == 0
	if opts.SyncID == "" {
		return s, nil // a call outside of a sync
	}
	if r.readsAhead {
		var err error
		if s.run, err = s.session.countRun(ctx); err != nil {
			return nil, err
		}
	}
	r.syncs[opts.SyncID] = s
	if ended := r.resumable[opts.SyncID]; ended != nil && ended.isGivenUp {
		s.isGivenUp = true
		s.cancel()
	}
	delete(r.resumable, opts.SyncID)
	s.ending = time.AfterFunc(r.idleTimeout, s.endIfIdle)
	if r.readsAhead {
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
	// isGivenUp says that the syncer has given a call of the sync up. It may still begin others for a moment, for which nothing
	// is read ahead: the answers would be lost.
	isGivenUp bool
	// isNew says that nothing was read for the sync before it came to this process.
	isNew bool
	// run is the number of this process among those that have worked on the sync; 0 where several do so at once.
	run int

	// ending ends the reading when it runs out; nil outside of a sync.
	ending *time.Timer

	mu sync.Mutex
	// requests counts the open requests of builders.
	requests int
	// types are the resource types of the sync, as far as the syncer has begun to list them.
	types map[string]bool
	// unread has the number of lists that are known and not read, of each kind that is read ahead.
	unread map[listKind]*atomic.Int32
	// calls are the pages that are on their way, and those that failed and of which no builder has been told.
	calls map[string]*pageCall
	// readKeys are the hashes of the keys of the pages that this process has read.
	readKeys map[uint64]struct{}
	// organizationCatalog is that of the organization's roles, once it is complete.
	organizationCatalog roleCatalog
	// hasAnyGroup is set once the organization is known to have groups, or none.
	hasAnyGroup *bool
	// groupsByRole are the groups that hold a predefined role, of each role that was asked for.
	groupsByRole map[string]groupsOfRole
	// membersByGroup are the members of those groups, of each group that was asked for.
	membersByGroup map[string]map[string]bool
	// warned has the keys of isFirst.
	warned map[string]struct{}
}

// beginReading reads the lists of each kind ahead of which all types are part of the sync.
func (s *syncReader) beginReading() {
	if !s.readsAhead || s.isGivenUp {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range plan {
		if s.unread[p.kind] != nil || p.grants && s.skipGrants || !p.isNeeded(s.types) {
			continue
		}
		q := &queue{waiting: make(chan anyList, maxQueuedLists), unread: new(atomic.Int32)}
		s.unread[p.kind] = q.unread
		ctx, stop := context.WithCancel(s.ctx)
		go func() { q.fill(ctx, p.lists(ctx, s)) }()
		go q.work(ctx, stop, s)
	}
}

// isNeeded tells whether a sync of the types needs the lists.
func (p plannedLists) isNeeded(types map[string]bool) bool {
	return p.insights && types[resourceTypeSecurityInsight.GetId()] ||
		!slices.ContainsFunc(p.types, func(t *v2.ResourceType) bool { return !types[t.GetId()] })
}

// queue has the lists of a kind that are to be read.
type queue struct {
	waiting chan anyList
	// unread counts the lists that are known and not read.
	unread *atomic.Int32
}

func (q *queue) fill(ctx context.Context, lists iter.Seq[anyList]) {
	defer close(q.waiting)
	for l := range lists {
		q.unread.Add(1)
		select {
		case q.waiting <- l:
		case <-ctx.Done():
			return
		}
	}
}

// work reads the lists, some at a time. An error that is not about one list ends it: the sync fails, or a builder reads
// the list itself.
func (q *queue) work(ctx context.Context, stop context.CancelFunc, s *syncReader) {
	defer stop()
	var reading sync.WaitGroup
	for range workersPerKind {
		reading.Go(func() {
			for l := range q.waiting {
				if ctx.Err() != nil {
					return
				}
				if err := l.loadAll(ctx, s); err != nil && !concernsOneList(err) {
					stop()
				}
				q.unread.Add(-1)
			}
		})
	}
	reading.Wait()
}
