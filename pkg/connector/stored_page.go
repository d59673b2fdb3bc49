package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-openai/pkg/client"
)

// maxStoredBytes is the largest value that is stored; the session store takes 4 MiB in a request. Pages of the API have up to 16 MiB.
const maxStoredBytes = 3 << 20

const pagesPrefix = "page"

// pageKey has the whole cursor, with what it carries to notice that the API leads in a circle, and how often the list has
// begun again.
func pageKey[T any](l list[T], cursor client.Cursor) string {
	var key strings.Builder
	key.WriteString(string(l.kind))
	for _, id := range l.parents {
		fmt.Fprintf(&key, "/%d:%s", len(id), id)
	}
	if !cursor.IsZero() {
		fmt.Fprintf(&key, "/%d/%d/%d/%d:%s/%s", cursor.Again, cursor.Steps, cursor.Power, len(cursor.Mark), cursor.Mark, cursor.After)
	}
	return storeKey(key.String())
}

// storePage keeps a page, a large one in parts. The first part is written last, and begins with how many follow.
func storePage[T any](ctx context.Context, s syncSession, kind listKind, key string, page client.Page[T]) error {
	if s.store == nil {
		return errNoSessionStore
	}
	text, err := json.Marshal(page)
	if err != nil {
		return fmt.Errorf("keeping a page of the list %s: %w", kind, err)
	}
	parts := slices.Collect(slices.Chunk(text, maxStoredBytes))
	for i, value := range slices.Backward(parts) {
		if i == 0 {
			value = append(fmt.Appendf(nil, "%d ", len(parts)-1), value...)
		}
		if err := s.store.Set(ctx, partKey(key, i), value, sessions.WithPrefix(pagesPrefix)); err != nil {
			return fmt.Errorf("keeping a page of the list %s: %w", kind, err)
		}
	}
	return nil
}

// loadStoredPage gives a page that was kept, and false if there is none.
func loadStoredPage[T any](ctx context.Context, s syncSession, kind listKind, key string) (client.Page[T], bool, error) {
	var page client.Page[T]
	if s.store == nil {
		return page, false, errNoSessionStore
	}
	first, ok, err := s.store.Get(ctx, key, sessions.WithPrefix(pagesPrefix))
	if err != nil || !ok {
		return page, false, pageError(kind, err)
	}
	count, text, _ := strings.Cut(string(first), " ")
	var more int
	if _, err := fmt.Sscanf(count, "%d", &more); err != nil {
		return page, false, pageError(kind, err)
	}
	for part := 1; part <= more; part++ {
		value, ok, err := s.store.Get(ctx, partKey(key, part), sessions.WithPrefix(pagesPrefix))
		if err != nil || !ok {
			return page, false, pageError(kind, err)
		}
		text += string(value)
	}
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		return page, false, pageError(kind, err)
	}
	return page, true, nil
}

func partKey(key string, part int) string {
	if part == 0 {
		return key
	}
	return fmt.Sprintf("%s/%d", key, part)
}

func pageError(kind listKind, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("recalling a page of the list %s: %w", kind, err)
}
