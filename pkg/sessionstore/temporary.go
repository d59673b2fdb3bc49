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

// OpenTemporary gives a session store for all syncs of the process, in a directory of its own. The process is killed at its
// end, so that its owner, the process that started it, removes the directory with [RemoveTemporary].
//
// A daemon's SDK has one place for the session store, that of the sync that began last, and a sync of single resources may
// begin beside a full one. The full one would find nothing in the other's store, and rows would be missing.
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

// RemoveTemporary removes what was opened for the owner. A process that is ending may still write for a moment.
func RemoveTemporary(parent string, owner int) error {
	deadline := time.After(longestEnd)
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

// longestEnd is for how long a process may go on whose end has been asked for.
const longestEnd = 2 * time.Second

func prefixOf(owner int) string { return fmt.Sprintf("baton-openai-sessions-%d-", owner) }
