package connector

import (
	"context"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"

	rs "github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-openai/pkg/client"
	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// storeInMemory is the session store of one sync, without a file.
type storeInMemory struct {
	sessions.SessionStore

	mu     sync.Mutex
	values map[string][]byte
}

func newStoreInMemory() *storeInMemory { return &storeInMemory{values: map[string][]byte{}} }

func (s *storeInMemory) key(ctx context.Context, key string, options []sessions.SessionStoreOption) string {
	var bag sessions.SessionStoreBag
	for _, option := range options {
		_ = option(ctx, &bag)
	}
	return bag.Prefix + "/" + key
}

func (s *storeInMemory) Get(ctx context.Context, key string, options ...sessions.SessionStoreOption) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[s.key(ctx, key, options)]
	return value, ok, ctx.Err()
}

func (s *storeInMemory) GetMany(ctx context.Context, keys []string, options ...sessions.SessionStoreOption) (map[string][]byte, []string, error) {
	found := map[string][]byte{}
	for _, key := range keys {
		if value, ok, _ := s.Get(ctx, key, options...); ok {
			found[key] = value
		}
	}
	return found, nil, ctx.Err()
}

func (s *storeInMemory) Set(ctx context.Context, key string, value []byte, options ...sessions.SessionStoreOption) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[s.key(ctx, key, options)] = value
	return ctx.Err()
}

func (s *storeInMemory) Clear(context.Context, ...sessions.SessionStoreOption) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.values)
	return nil
}

func (s *storeInMemory) SetMany(ctx context.Context, values map[string][]byte, options ...sessions.SessionStoreOption) error {
	for key, value := range values {
		if err := s.Set(ctx, key, value, options...); err != nil {
			return err
		}
	}
	return nil
}

// readerOf returns a reader of the server's organization, as a process has one.
func readerOf(t *testing.T, server *openaitest.Server, ahead bool) *reader {
	t.Helper()
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	base, err := url.Parse(listener.URL + "/v1")
	require.NoError(t, err)
	api, err := client.New(t.Context(), base, "sk-admin-test", "test")
	require.NoError(t, err)
	api.RetryFor = 0
	r := newReader(t.Context(), api)
	r.readsAhead = ahead
	return r
}

func syncOf(t *testing.T, r *reader, id string, store sessions.SessionStore) *syncReader {
	t.Helper()
	s, err := r.forCall(t.Context(), rs.SyncOpAttrs{SyncID: id, Session: store})
	require.NoError(t, err)
	return s
}

func requests(server *openaitest.Server) map[string]int {
	found := map[string]int{}
	for _, request := range server.Requests() {
		found[request.Route]++
	}
	return found
}

const usersRoute = "GET /organization/users"

// Callers that need the same page at the same time share one call. Later callers get the stored page, also in another
// process of the sync.
func TestEachPageIsReadOnce(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	r, store := readerOf(t, server, true), newStoreInMemory()
	s := syncOf(t, r, "sync", store)
	require.NoError(t, s.beginType(t.Context(), resourceTypeUser))
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			page, err := getPage(t.Context(), s, usersList(), client.Cursor{})
			assert.Equal(t, len(openaitest.Sample().Users), len(page.Items), err) //nolint:testifylint // a goroutine may not end the test
		})
	}
	asking.Wait()
	again := readerOf(t, server, true)
	page, err := getPage(t.Context(), syncOf(t, again, "sync", store), usersList(), client.Cursor{})
	require.NoError(t, err)
	require.Len(t, page.Items, len(openaitest.Sample().Users))
	require.Equal(t, map[string]int{usersRoute: 1}, requests(server))
}

// Each sync reads for itself, since the pages of another one are of another time or another organization.
func TestSyncsDoNotMix(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	r := readerOf(t, server, true)
	for i, id := range []string{"first", "second"} {
		s := syncOf(t, r, id, newStoreInMemory())
		_, err := getPage(t.Context(), s, usersList(), client.Cursor{})
		require.NoError(t, err)
		require.Equal(t, i+1, requests(server)[usersRoute])
	}
}

// A process of a Lambda reads only what a request needs, since it is frozen after its answer.
func TestNothingIsReadAheadInALambda(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	r, store := readerOf(t, server, false), newStoreInMemory()
	for _, resourceType := range allResourceTypes {
		require.NoError(t, syncOf(t, r, "sync", store).beginType(t.Context(), resourceType))
	}
	_, err := getPage(t.Context(), syncOf(t, r, "sync", store), usersList(), client.Cursor{})
	require.NoError(t, err)
	// Another process of the same sync has begun the types too.
	other := syncOf(t, readerOf(t, server, false), "sync", store)
	require.True(t, other.includes(resourceTypeProject))
	require.False(t, other.isTargeted())
	_, err = getPage(t.Context(), other, usersList(), client.Cursor{})
	require.NoError(t, err)
	require.Equal(t, map[string]int{usersRoute: 1}, requests(server))
}

// The lists for grants are read while resources are still being listed.
func TestListsAreReadAhead(t *testing.T) {
	t.Parallel()
	read := make(chan string, 1_000)
	server := &openaitest.Server{Organization: openaitest.Sample(), OnRequest: func(request openaitest.Request) { read <- request.Route }}
	s := syncOf(t, readerOf(t, server, true), "sync", newStoreInMemory())
	for _, resourceType := range allResourceTypes {
		require.NoError(t, s.beginType(t.Context(), resourceType))
	}
	// A builder that waits for another list keeps the reading going.
	s.beginRequest()
	defer s.endRequest(t.Context())
	seen := map[string]bool{}
	for len(seen) < len(plan) {
		seen[<-read] = true
	}
	require.Len(t, seen, len(plan), "the lists of a sync")
}

// If the sync skips grants, their lists are not read ahead.
func TestNoGrantsAreReadAheadWhereTheyAreSkipped(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	r := readerOf(t, server, true)
	(&Connector{reader: r}).ReadNoGrants()
	s := syncOf(t, r, "sync", newStoreInMemory())
	for _, resourceType := range allResourceTypes {
		require.NoError(t, s.beginType(t.Context(), resourceType))
	}
	var want []listKind
	for _, p := range plan {
		if !p.grants {
			want = append(want, p.kind)
		}
	}
	require.ElementsMatch(t, want, slices.Collect(maps.Keys(s.unread)))
}

// An error goes to each current caller of the list, once. The next caller makes a new call.
func TestErrorsGoToTheCallers(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{
		Organization: openaitest.Sample(),
		Faults:       map[string]openaitest.Fault{usersRoute: {Status: 400, Body: `{"error":{"message":"no"}}`, Times: 1}},
	}
	s := syncOf(t, readerOf(t, server, true), "sync", newStoreInMemory())
	require.NoError(t, s.beginType(t.Context(), resourceTypeUser))
	_, err := getPage(t.Context(), s, usersList(), client.Cursor{})
	require.Equal(t, codes.InvalidArgument, status.Code(err), err)
	_, err = getPage(t.Context(), s, usersList(), client.Cursor{})
	require.NoError(t, err)
	require.Equal(t, 2, requests(server)[usersRoute])
}

// Reading ends if the syncer gives up a call, or if there was no request for long enough. During a request it
// continues, however long that takes.
func TestReadingEndsWithItsSync(t *testing.T) {
	t.Parallel()
	r := readerOf(t, &openaitest.Server{Organization: openaitest.Sample()}, true)
	begin := func(id string) *syncReader {
		s := syncOf(t, r, id, newStoreInMemory())
		require.NoError(t, s.beginType(t.Context(), resourceTypeUser))
		return s
	}

	idle := begin("idle")
	idle.beginRequest()
	idle.endIfIdle()
	require.NoError(t, idle.ctx.Err(), "somebody asks")
	idle.endRequest(t.Context())
	require.NoError(t, idle.ctx.Err(), "somebody may ask again")
	idle.endIfIdle()
	require.Error(t, idle.ctx.Err())
	// A builder that continues after a long time still gets its pages.
	_, err := getPage(t.Context(), idle, invitesList(), client.Cursor{})
	require.NoError(t, err)

	stopped := begin("stopped")
	ctx, cancel := context.WithCancel(t.Context())
	stopped.beginRequest()
	cancel()
	stopped.endRequest(ctx)
	require.Error(t, stopped.ctx.Err())
	require.Empty(t, r.syncs)

	closed := begin("closed")
	r.close()
	require.Error(t, closed.ctx.Err())
}

// The SDK does not report a failed sync to the connector. Its session is removed later, unless the sync has continued.
func TestSessionOfAFailedSyncIsCleared(t *testing.T) {
	t.Parallel()
	r, store := readerOf(t, &openaitest.Server{Organization: openaitest.Sample()}, true), newStoreInMemory()
	s := syncOf(t, r, "sync", store)
	_, err := getPage(t.Context(), s, usersList(), client.Cursor{})
	require.NoError(t, err)
	s.endIfIdle()
	first := r.resumable["sync"]
	again := syncOf(t, r, "sync", store)
	r.clearSession(t.Context(), "sync", first)
	require.NotEmpty(t, store.values, "the sync goes on")
	again.endIfIdle()
	r.clearSession(t.Context(), "sync", r.resumable["sync"])
	require.Empty(t, store.values)
	require.Empty(t, r.resumable)
}

// The syncer may begin a call while it gives up another one. Nothing is read ahead for such a sync, since the answers
// would be lost.
func TestNothingIsReadAheadOfASyncThatWasGivenUp(t *testing.T) {
	t.Parallel()
	server := &openaitest.Server{Organization: openaitest.Sample()}
	r, store := readerOf(t, server, true), newStoreInMemory()
	s := syncOf(t, r, "sync", store)
	ctx, cancel := context.WithCancel(t.Context())
	s.beginRequest()
	cancel()
	s.endRequest(ctx)
	late := syncOf(t, r, "sync", store)
	for _, resourceType := range allResourceTypes {
		require.NoError(t, late.beginType(t.Context(), resourceType))
	}
	require.Empty(t, late.unread, "lists that are read ahead")
	_, err := getPage(t.Context(), late, usersList(), client.Cursor{})
	require.NoError(t, err)
	require.Equal(t, map[string]int{usersRoute: 1}, requests(server))
}

// A run begins a list again twice. The next run of the same sync may do so again.
func TestNextRunBeginsAListAgain(t *testing.T) {
	t.Parallel()
	gone := openaitest.Fault{Cursor: openaitest.CursorGone}
	server := &openaitest.Server{Organization: openaitest.Seeded(7, openaitest.Size{Users: 150}), Faults: map[string]openaitest.Fault{usersRoute: gone}}
	store := newStoreInMemory()
	s := syncOf(t, readerOf(t, server, true), "sync", store)
	require.NoError(t, s.beginType(t.Context(), resourceTypeServiceAccount)) // nothing is read ahead for this type
	_, err := getRows(t.Context(), s, usersList())
	require.Equal(t, client.KindCursorGone, client.KindOf(err), err)
	require.Equal(t, 6, requests(server)[usersRoute])

	gone.Times = 1
	server.SetFault(usersRoute, gone)
	users, err := getRows(t.Context(), syncOf(t, readerOf(t, server, true), "sync", store), usersList())
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, user := range users {
		ids[user.ID] = true
	}
	require.Len(t, ids, 150)
	require.Len(t, users, 150, "rows twice")
}
