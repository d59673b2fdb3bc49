// Package sessionstore has the session stores of the syncs of this process, over those of the SDK.
package sessionstore

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"
)

// mostBuffered bounds what is held in memory, in bytes.
const mostBuffered = 32 << 20

// Buffer is a session store that writes late and much at once: the store in the file waits for the disk at each
// write, and a sync that ends well needs nothing of what was written. Whoever has it calls Flush before the file is closed
// where the sync is to go on from there.
type Buffer struct {
	// SessionStore is the one in the file.
	sessions.SessionStore

	mu sync.Mutex
	// waiting is what the file does not have yet.
	waiting map[bufferedPart]map[string][]byte
	bytes   int
}

// bufferedPart is where a key is known.
type bufferedPart struct{ syncID, prefix string }

// NewBuffer gives an empty buffer in front of the store.
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

// Get gives what was set last.
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

// GetMany gives what was set last, and the keys that are to be asked for again.
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

// Set keeps a value.
func (b *Buffer) Set(ctx context.Context, key string, value []byte, options ...sessions.SessionStoreOption) error {
	return b.SetMany(ctx, map[string][]byte{key: value}, options...)
}

// SetMany keeps values.
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
	if b.bytes > mostBuffered {
		return b.flushLocked(ctx)
	}
	return nil
}

// Flush writes what waits.
func (b *Buffer) Flush(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.flushLocked(ctx)
}

// flushLocked writes under the lock: nobody finds what is neither in memory nor in the file.
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

// Clear removes all values, also those that wait.
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

// GetAll gives a page of all values.
func (b *Buffer) GetAll(ctx context.Context, pageToken string, options ...sessions.SessionStoreOption) (map[string][]byte, string, error) {
	if err := b.Flush(ctx); err != nil {
		return nil, "", err
	}
	return b.SessionStore.GetAll(ctx, pageToken, options...)
}
