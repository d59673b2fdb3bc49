package connector_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-openai/pkg/openaitest"
)

// walk makes the calls of a sync in its order: every type's resources with and without parents, then their
// entitlements, then their grants. Unlike the syncer it repeats nothing and ends at the first error, so a test sees the
// connector's own answers.
type walk struct {
	client    types.ConnectorClient
	resources []*v2.Resource
	grants    int
	// rows are all answers, in a comparable form.
	rows []string

	// toList is the syncer's queue of types to list.
	toList []below
}

// below is a type to list, below a parent or without one.
type below struct {
	resourceType string
	parent       *v2.ResourceId
}

const walkSyncID = "walk"

// walkServer walks through the server's organization; logs are the entries from the level on.
func walkServer(t *testing.T, server *openaitest.Server, level zapcore.Level) (*walk, *observer.ObservedLogs, error) {
	t.Helper()
	return walkWithRetries(t, server, level, syncOptions{})
}

// walkWithRetries is walkServer with a connector that repeats calls.
func walkWithRetries(t *testing.T, server *openaitest.Server, level zapcore.Level, options syncOptions) (*walk, *observer.ObservedLogs, error) {
	t.Helper()
	core, logs := observer.New(level)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))
	_, built := retryingConnector(ctx, t, server, newMapSessionStore(), options)
	w := &walk{client: serve(ctx, t, built)}
	err := w.everything(ctx)
	return w, logs, err
}

func (w *walk) everything(ctx context.Context) error {
	listed, err := w.client.ListResourceTypes(ctx, &v2.ResourceTypesServiceListResourceTypesRequest{})
	if err != nil {
		return err
	}
	for _, resourceType := range listed.GetList() {
		w.toList = append(w.toList, below{resourceType: resourceType.GetId()})
	}
	for len(w.toList) > 0 {
		next := w.toList[0]
		w.toList = w.toList[1:]
		if err := w.list(ctx, next.resourceType, next.parent); err != nil {
			return err
		}
	}
	for _, resourceType := range listed.GetList() {
		if err := w.staticEntitlements(ctx, resourceType.GetId()); err != nil {
			return err
		}
	}
	for _, resource := range w.resources {
		if err := w.entitlements(ctx, resource); err != nil {
			return err
		}
	}
	for _, resource := range w.resources {
		annos := annotations.Annotations(resource.GetAnnotations())
		if annos.Contains(&v2.SkipGrants{}) {
			continue
		}
		if err := w.listGrants(ctx, resource); err != nil {
			return err
		}
	}
	return nil
}

// follow requests the first page and all further pages.
func follow(page func(token string) (next string, annos annotations.Annotations, err error)) error {
	seen := map[string]bool{}
	for tokens := []string{""}; len(tokens) > 0; {
		token := tokens[0]
		tokens = tokens[1:]
		if seen[token] {
			return fmt.Errorf("the page %q comes twice", token)
		}
		seen[token] = true
		next, annos, err := page(token)
		if err != nil {
			return err
		}
		if next != "" {
			tokens = append(tokens, next)
		}
		more := &v2.EnqueuePageTokens{}
		if _, err := annos.Pick(more); err != nil {
			return err
		}
		tokens = append(tokens, more.GetPageTokens()...)
	}
	return nil
}

// remember keeps answered rows.
func remember[T proto.Message](w *walk, answered []T) error {
	for _, row := range answered {
		text, err := protojson.Marshal(row)
		if err != nil {
			return err
		}
		w.rows = append(w.rows, string(text))
	}
	return nil
}

func (w *walk) list(ctx context.Context, resourceType string, parent *v2.ResourceId) error {
	var found []*v2.Resource
	err := follow(func(token string) (string, annotations.Annotations, error) {
		page, err := w.client.ListResources(ctx, v2.ResourcesServiceListResourcesRequest_builder{
			ResourceTypeId: resourceType, ParentResourceId: parent, PageToken: token, ActiveSyncId: walkSyncID,
		}.Build())
		found = append(found, page.GetList()...)
		return page.GetNextPageToken(), page.GetAnnotations(), err
	})
	if err != nil {
		return err
	}
	w.resources = append(w.resources, found...)
	if err := remember(w, found); err != nil {
		return err
	}
	for _, resource := range found {
		for _, annotation := range resource.GetAnnotations() {
			child := &v2.ChildResourceType{}
			if !annotation.MessageIs(child) {
				continue
			}
			if err := annotation.UnmarshalTo(child); err != nil {
				return err
			}
			w.toList = append(w.toList, below{child.GetResourceTypeId(), resource.GetId()})
		}
	}
	return nil
}

func (w *walk) staticEntitlements(ctx context.Context, resourceType string) error {
	return follow(func(token string) (string, annotations.Annotations, error) {
		page, err := w.client.ListStaticEntitlements(ctx, v2.EntitlementsServiceListStaticEntitlementsRequest_builder{
			ResourceTypeId: resourceType, PageToken: token, ActiveSyncId: walkSyncID,
		}.Build())
		return page.GetNextPageToken(), page.GetAnnotations(), cmp.Or(err, remember(w, page.GetList()))
	})
}

func (w *walk) entitlements(ctx context.Context, resource *v2.Resource) error {
	return follow(func(token string) (string, annotations.Annotations, error) {
		page, err := w.client.ListEntitlements(ctx, v2.EntitlementsServiceListEntitlementsRequest_builder{
			Resource: resource, PageToken: token, ActiveSyncId: walkSyncID,
		}.Build())
		return page.GetNextPageToken(), page.GetAnnotations(), cmp.Or(err, remember(w, page.GetList()))
	})
}

func (w *walk) listGrants(ctx context.Context, resource *v2.Resource) error {
	return follow(func(token string) (string, annotations.Annotations, error) {
		page, err := w.client.ListGrants(ctx, v2.GrantsServiceListGrantsRequest_builder{
			Resource: resource, PageToken: token, ActiveSyncId: walkSyncID,
		}.Build())
		w.grants += len(page.GetList())
		return page.GetNextPageToken(), page.GetAnnotations(), cmp.Or(err, remember(w, page.GetList()))
	})
}

// mapSessionStore is a session store in memory, by sync, prefix and key.
type mapSessionStore struct {
	mu     sync.Mutex
	values map[string][]byte
}

func newMapSessionStore() *mapSessionStore {
	return &mapSessionStore{values: map[string][]byte{}}
}

func place(ctx context.Context, options []sessions.SessionStoreOption) (string, error) {
	var bag sessions.SessionStoreBag
	for _, option := range options {
		if err := option(ctx, &bag); err != nil {
			return "", err
		}
	}
	return bag.SyncID + "\x00" + bag.Prefix + "\x00", nil
}

func (s *mapSessionStore) Get(ctx context.Context, key string, options ...sessions.SessionStoreOption) ([]byte, bool, error) {
	values, _, err := s.GetMany(ctx, []string{key}, options...)
	value, ok := values[key]
	return value, ok, err
}

func (s *mapSessionStore) GetMany(ctx context.Context, keys []string, options ...sessions.SessionStoreOption) (map[string][]byte, []string, error) {
	at, err := place(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string][]byte{}
	for _, key := range keys {
		if value, ok := s.values[at+key]; ok {
			found[key] = value
		}
	}
	return found, nil, nil
}

func (s *mapSessionStore) Set(ctx context.Context, key string, value []byte, options ...sessions.SessionStoreOption) error {
	return s.SetMany(ctx, map[string][]byte{key: value}, options...)
}

func (s *mapSessionStore) SetMany(ctx context.Context, values map[string][]byte, options ...sessions.SessionStoreOption) error {
	at, err := place(ctx, options)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, value := range values {
		s.values[at+key] = value
	}
	return nil
}

func (s *mapSessionStore) Delete(ctx context.Context, key string, options ...sessions.SessionStoreOption) error {
	at, err := place(ctx, options)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, at+key)
	return nil
}

func (s *mapSessionStore) Clear(ctx context.Context, options ...sessions.SessionStoreOption) error {
	at, err := place(ctx, options)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.values, func(key string, _ []byte) bool { return strings.HasPrefix(key, at) })
	return nil
}

func (s *mapSessionStore) GetAll(ctx context.Context, _ string, options ...sessions.SessionStoreOption) (map[string][]byte, string, error) {
	at, err := place(ctx, options)
	if err != nil {
		return nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string][]byte{}
	for key, value := range s.values {
		if rest, ok := strings.CutPrefix(key, at); ok {
			found[rest] = value
		}
	}
	return found, "", nil
}

// The walk gets as many resources and grants as the organization has, so a missing error is not one of a page that it
// did not request.
func TestWalkMakesTheCallsOfASync(t *testing.T) {
	t.Parallel()
	organization := openaitest.Sample()
	walked := &openaitest.Server{Organization: organization}
	w, _, err := walkServer(t, walked, zap.WarnLevel)
	require.NoError(t, err)
	require.Len(t, w.resources, len(expected(organization).Resources))
	require.NotZero(t, w.grants)

	calls := map[string]int{}
	for _, request := range walked.Requests() {
		calls[request.Route]++
	}
	want := fewestCalls(organization)
	want["GET /organization/groups"]-- // the walk does not check the credentials
	require.Equal(t, want, calls)
}
