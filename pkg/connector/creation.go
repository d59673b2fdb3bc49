package connector

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
)

// creation makes something that gets its id from the API and whose name need not be unique.
type creation[T any] struct {
	name string
	// list gives all that there are, or the newest, the newest first.
	list        func(context.Context) ([]T, error)
	newestFirst bool
	create      func(context.Context) (T, error)
	get         func(ctx context.Context, id string) (T, error)
	// identify gives the id and the name of a row.
	identify func(T) (id, name string)
}

// createNamed makes it. If the answer is lost, it is looked for among those that were made since: one of the name is the one
// that was asked for.
func createNamed[T any](ctx context.Context, consistency consistency, c creation[T]) (T, error) {
	var made T
	rows, err := c.list(ctx)
	if err != nil {
		return made, err
	}
	before := map[string]bool{}
	for _, row := range rows {
		id, _ := c.identify(row)
		before[id] = true
	}
	err = consistency.apply(ctx, change{
		write: func(ctx context.Context) error {
			answered, err := c.create(ctx)
			if id, _ := c.identify(answered); err == nil && before[id] {
				return newError(codes.Internal, "OpenAI answered with %s, which was there before: sync again to see what there is", id)
			}
			made = answered
			return err
		},
		read: func(ctx context.Context) (string, error) {
			if id, _ := c.identify(made); id != "" {
				found, err := c.get(ctx, id)
				if err == nil {
					made = found
				}
				return presence(!isGone(err)), ignoreGone(err)
			}
			after, err := c.list(ctx)
			if found := c.madeSince(before, after); found != nil {
				made = *found
			}
			id, _ := c.identify(made)
			return presence(id != ""), err
		},
		before: stateNotThere, wanted: stateThere,
	})
	if mayBeDone(err) {
		err = fmt.Errorf("OpenAI may have made one of this name all the same: look for it before you ask again, which would make a second one: %w", err)
	}
	return made, err
}

// madeSince finds the one of the name that was not there before, nil if there is none, or more than one.
func (c creation[T]) madeSince(before map[string]bool, after []T) *T {
	var found *T
	for _, row := range after {
		switch id, name := c.identify(row); {
		case before[id] && c.newestFirst:
			// Those behind it are older.
			return found
		case before[id] || name != c.name:
		case found != nil:
			return nil
		default:
			found = &row
		}
	}
	return found
}
