package connector

import (
	"context"
	"errors"
	"fmt"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/session"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
)

// roster gives the resources of a type in the order in which they were listed.
type roster[R any] struct {
	// single says that it is of one resource only, which needs no lane to be begun.
	single bool
	size   func(context.Context) (int, error)
	row    func(ctx context.Context, position int) (R, error)
}

// only is a roster of one.
func only[R any](row R) roster[R] {
	return roster[R]{
		single: true,
		size:   func(context.Context) (int, error) { return 1, nil },
		row:    func(context.Context, int) (R, error) { return row, nil },
	}
}

// listed is the roster that the list phase has left in the sync's memory.
func listed[R any](mem memory, resourceType *v2.ResourceType) roster[R] {
	return roster[R]{
		size: func(ctx context.Context) (int, error) {
			sizes, err := mem.rosterSizes(ctx, resourceType)
			total := 0
			for _, size := range sizes {
				total += size
			}
			return total, err
		},
		row: func(ctx context.Context, position int) (R, error) {
			var none R
			sizes, err := mem.rosterSizes(ctx, resourceType)
			if err != nil {
				return none, err
			}
			for page, size := range sizes {
				if position >= size {
					position -= size
					continue
				}
				rows, _, err := recall[[]R](ctx, mem, kindRosterRows, rosterKey(resourceType, page, position))
				if err != nil {
					return none, err
				}
				if position%rosterRows >= len(rows) {
					return none, errNoRoster
				}
				return rows[position%rosterRows], nil
			}
			return none, errNoRoster
		},
	}
}

// errNoRoster keeps a memory that was lost from reading as a type without grants.
var errNoRoster = errors.New("the sync does not remember what it has listed; start a new one, with another file")

func (m memory) rosterSizes(ctx context.Context, resourceType *v2.ResourceType) ([]int, error) {
	sizes, ok, err := recall[[]int](ctx, m, kindRoster, resourceType.GetId())
	if err == nil && !ok {
		err = errNoRoster
	}
	return sizes, err
}

// rosterRows is how many rows are remembered together: a page of a lane needs one of them, and reads all.
const rosterRows = 10

func rosterKey(resourceType *v2.ResourceType, page, position int) string {
	return fmt.Sprintf("%s/%d/%d", resourceType.GetId(), page, position/rosterRows)
}

// enroll adds a page to a type's roster. A page that is listed again, by a sync that was resumed, takes its own place.
func enroll[R any](ctx context.Context, m memory, resourceType *v2.ResourceType, page int, rows []R) error {
	sizes, _, err := recall[[]int](ctx, m, kindRoster, resourceType.GetId())
	if err != nil {
		return err
	}
	if page > len(sizes) {
		return errNoRoster
	}
	together := make(map[string][]R, len(rows)/rosterRows+1)
	for position, row := range rows {
		key := rosterKey(resourceType, page, position)
		together[key] = append(together[key], row)
	}
	if err := session.SetManyJSON(ctx, m.store, together, sessions.WithPrefix(kindRosterRows)); err != nil {
		return fmt.Errorf("remembering %d of the type %s: %w", len(rows), resourceType.GetId(), err)
	}
	return m.set(ctx, kindRoster, resourceType.GetId(), append(sizes[:page], len(rows)))
}
