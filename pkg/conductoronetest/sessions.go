package conductoronetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// sessions is the session store of the syncs of a hosted connector.
type sessions struct {
	v1.UnimplementedBatonSessionServiceServer

	mu    sync.Mutex
	syncs map[string]map[sessionKey][]byte
}

type sessionKey struct{ prefix, key string }

// sessionPage is the number of values in a page of all values.
const sessionPage = 100

// Sessions returns the number of stored values of each sync.
func (s *Service) Sessions() map[string]int {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	counts := map[string]int{}
	for id, values := range s.sessions.syncs {
		counts[id] = len(values)
	}
	return counts
}

func (s *sessions) Get(_ context.Context, request *v1.GetRequest) (*v1.GetResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, found := s.syncs[request.GetSyncId()][sessionKey{request.GetPrefix(), request.GetKey()}]
	return v1.GetResponse_builder{Value: value, Found: found}.Build(), nil
}

func (s *sessions) GetMany(_ context.Context, request *v1.GetManyRequest) (*v1.GetManyResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var items []*v1.GetManyItem
	for _, key := range request.GetKeys() {
		if value, found := s.syncs[request.GetSyncId()][sessionKey{request.GetPrefix(), key}]; found {
			items = append(items, v1.GetManyItem_builder{Key: key, Value: value}.Build())
		}
	}
	return v1.GetManyResponse_builder{Items: items}.Build(), nil
}

func (s *sessions) GetAll(_ context.Context, request *v1.GetAllRequest) (*v1.GetAllResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := s.syncs[request.GetSyncId()]
	keys := slices.SortedFunc(maps.Keys(values), func(a, b sessionKey) int { return cmp.Compare(a.key, b.key) })
	keys = slices.DeleteFunc(keys, func(key sessionKey) bool { return key.prefix != request.GetPrefix() })
	start := 0
	if token := request.GetPageToken(); token != "" {
		var err error
		if start, err = strconv.Atoi(token); err != nil || start < 0 || start > len(keys) {
			return nil, status.Errorf(codes.InvalidArgument, "the page token is %q", token)
		}
	}
	end, next := min(start+sessionPage, len(keys)), ""
	if end < len(keys) {
		next = strconv.Itoa(end)
	}
	items := make([]*v1.GetAllItem, 0, end-start)
	for _, key := range keys[start:end] {
		items = append(items, v1.GetAllItem_builder{Key: key.key, Value: values[key]}.Build())
	}
	return v1.GetAllResponse_builder{Items: items, PageToken: next}.Build(), nil
}

func (s *sessions) Set(_ context.Context, request *v1.SetRequest) (*v1.SetResponse, error) {
	s.set(request.GetSyncId(), request.GetPrefix(), map[string][]byte{request.GetKey(): request.GetValue()})
	return &v1.SetResponse{}, nil
}

func (s *sessions) SetMany(_ context.Context, request *v1.SetManyRequest) (*v1.SetManyResponse, error) {
	s.set(request.GetSyncId(), request.GetPrefix(), request.GetValues())
	return &v1.SetManyResponse{}, nil
}

func (s *sessions) set(syncID, prefix string, values map[string][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.syncs == nil {
		s.syncs = map[string]map[sessionKey][]byte{}
	}
	if s.syncs[syncID] == nil {
		s.syncs[syncID] = map[sessionKey][]byte{}
	}
	for key, value := range values {
		s.syncs[syncID][sessionKey{prefix, key}] = value
	}
}

func (s *sessions) Delete(_ context.Context, request *v1.DeleteRequest) (*v1.DeleteResponse, error) {
	s.remove(request.GetSyncId(), func(key sessionKey) bool { return key == sessionKey{request.GetPrefix(), request.GetKey()} })
	return &v1.DeleteResponse{}, nil
}

func (s *sessions) DeleteMany(_ context.Context, request *v1.DeleteManyRequest) (*v1.DeleteManyResponse, error) {
	s.remove(request.GetSyncId(), func(key sessionKey) bool {
		return key.prefix == request.GetPrefix() && slices.Contains(request.GetKeys(), key.key)
	})
	return &v1.DeleteManyResponse{}, nil
}

// Clear without a prefix removes all values.
func (s *sessions) Clear(_ context.Context, request *v1.ClearRequest) (*v1.ClearResponse, error) {
	s.remove(request.GetSyncId(), func(key sessionKey) bool { return request.GetPrefix() == "" || key.prefix == request.GetPrefix() })
	return &v1.ClearResponse{}, nil
}

func (s *sessions) remove(syncID string, isGone func(sessionKey) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.syncs[syncID], func(key sessionKey, _ []byte) bool { return isGone(key) })
	if len(s.syncs[syncID]) == 0 {
		delete(s.syncs, syncID)
	}
}
