package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
)

// OpenTemporary opens a session store for all syncs of the process, in a temporary directory. The process is killed at its end, so
// its owner, the process that started it, removes the directory with [RemoveTemporary].
//
// The SDK's daemon has only the session store of the sync that began last. If a targeted sync begins during a full one, the full
// one would not find its values in that store, and rows would be missing.
func OpenTemporary(ctx context.Context, parent string, owner int) (sessions.SessionStore, error) {
	directory, err := os.MkdirTemp(parent, prefixOf(owner)+"*")
	if err != nil {
		return nil, fmt.Errorf("baton-openai: no room for what syncs keep: %w; give another place with --c1z-temp-dir", err)
	}
	file, err := dotc1z.NewStore(ctx, filepath.Join(directory, "sessions.c1z"), dotc1z.WithTmpDir(directory))
	if err != nil {
		return nil, fmt.Errorf("baton-openai: opening the session store: %w; give another place with --c1z-temp-dir", err)
	}
	return NewBuffer(file.SessionStore()), nil
}

// RemoveTemporary removes the directories of the owner. It retries, because a process that is ending may still write.
func RemoveTemporary(parent string, owner int) error {
	deadline := time.After(endTimeout)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		left, err := filepath.Glob(filepath.Join(parent, prefixOf(owner)+"*"))
		for _, directory := range left {
			err = errors.Join(err, os.RemoveAll(directory))
		}
		if err == nil {
			return nil
		}
		select {
		case <-deadline:
			return fmt.Errorf("baton-openai: what syncs have kept cannot be removed: %w", err)
		case <-again.C:
		}
	}
}

// endTimeout limits the wait for the end of the connector's process.
const endTimeout = 2 * time.Second

func prefixOf(owner int) string { return fmt.Sprintf("baton-openai-sessions-%d-", owner) }
