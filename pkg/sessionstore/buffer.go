// Package sessionstore has session stores for syncs, on top of those of the SDK.
package sessionstore

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"
)

// maxBuffered limits the values in memory, in bytes.
const maxBuffered = 32 << 20

// Buffer is a session store that collects writes in memory. The store in the file waits for the disk at each write, and a sync
// that ends well does not need the values. Call Flush before closing the file of a sync that is to be continued.
type Buffer struct {
	// SessionStore is the store in the file.
	sessions.SessionStore

	mu sync.Mutex
	// waiting has the values that are not in the file yet.
	waiting map[bufferedPart]map[string][]byte
	bytes   int
}

// bufferedPart is the scope of keys.
type bufferedPart struct{ syncID, prefix string }

// NewBuffer returns an empty buffer for the store.
func NewBuffer(store sessions.SessionStore) *Buffer {
	return &Buffer{SessionStore: store, waiting: map[bufferedPart]map[string][]byte{}}
}

func partOf(ctx context.Context, options []sessions.SessionStoreOption) (bufferedPart, error) {
	var bag sessions.SessionStoreBag
	for _, option := range options {
		if err := option(ctx, &bag); err != nil {
			return bufferedPart{}, err
		}
	}
	return bufferedPart{bag.SyncID, bag.Prefix}, nil
}

// Get returns the last value.
func (b *Buffer) Get(ctx context.Context, key string, options ...sessions.SessionStoreOption) ([]byte, bool, error) {
	part, err := partOf(ctx, options)
	if err != nil {
		return nil, false, err
	}
	b.mu.Lock()
	value, ok := b.waiting[part][key]
	b.mu.Unlock()
	if ok {
		return value, true, nil
	}
	return b.SessionStore.Get(ctx, key, options...)
}

// GetMany returns the last values, and the keys to ask for again.
func (b *Buffer) GetMany(ctx context.Context, keys []string, options ...sessions.SessionStoreOption) (map[string][]byte, []string, error) {
	part, err := partOf(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	found := make(map[string][]byte, len(keys))
	var others []string
	b.mu.Lock()
	for _, key := range keys {
		if value, ok := b.waiting[part][key]; ok {
			found[key] = value
		} else {
			others = append(others, key)
		}
	}
	b.mu.Unlock()
	if len(others) == 0 {
		return found, nil, nil
	}
	stored, left, err := b.SessionStore.GetMany(ctx, others, options...)
	maps.Copy(found, stored)
	return found, left, err
}

// Set sets a value.
func (b *Buffer) Set(ctx context.Context, key string, value []byte, options ...sessions.SessionStoreOption) error {
	return b.SetMany(ctx, map[string][]byte{key: value}, options...)
}

// SetMany sets values.
func (b *Buffer) SetMany(ctx context.Context, values map[string][]byte, options ...sessions.SessionStoreOption) error {
	part, err := partOf(ctx, options)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting[part] == nil {
		b.waiting[part] = map[string][]byte{}
	}
	for key, value := range values {
		if before, ok := b.waiting[part][key]; ok {
			b.bytes -= len(key) + len(before)
		}
		b.waiting[part][key] = value
		b.bytes += len(key) + len(value)
	}
	if b.bytes > maxBuffered {
		return b.flushLocked(ctx)
	}
	return nil
}

// Flush writes all values to the store.
func (b *Buffer) Flush(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.flushLocked(ctx)
}

// flushLocked writes under the lock, so that each value is always in memory or in the file.
func (b *Buffer) flushLocked(ctx context.Context) error {
	for part, values := range b.waiting {
		if err := b.SessionStore.SetMany(ctx, values, sessions.WithSyncID(part.syncID), sessions.WithPrefix(part.prefix)); err != nil {
			return err
		}
		delete(b.waiting, part)
	}
	b.bytes = 0
	return nil
}

// Delete removes a value.
func (b *Buffer) Delete(ctx context.Context, key string, options ...sessions.SessionStoreOption) error {
	if err := b.Flush(ctx); err != nil {
		return err
	}
	return b.SessionStore.Delete(ctx, key, options...)
}

// Clear removes all values, in memory and in the store.
func (b *Buffer) Clear(ctx context.Context, options ...sessions.SessionStoreOption) error {
	part, err := partOf(ctx, options)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for waiting, values := range b.waiting {
		if waiting.syncID != part.syncID || !strings.HasPrefix(waiting.prefix, part.prefix) {
			continue
		}
		for key, value := range values {
			b.bytes -= len(key) + len(value)
		}
		delete(b.waiting, waiting)
	}
	return b.SessionStore.Clear(ctx, options...)
}

// GetAll returns a page of all values.
func (b *Buffer) GetAll(ctx context.Context, pageToken string, options ...sessions.SessionStoreOption) (map[string][]byte, string, error) {
	if err := b.Flush(ctx); err != nil {
		return nil, "", err
	}
	return b.SessionStore.GetAll(ctx, pageToken, options...)
}
