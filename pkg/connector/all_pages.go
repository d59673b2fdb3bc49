package connector

import (
	"context"
	"iter"

	"github.com/conductorone/baton-openai/pkg/client"
)

// pageReader reads one page of a list.
type pageReader[T any] func(context.Context, client.Cursor) (client.Page[T], error)

// listOf is the list that belongs to a parent, such as a project.
func listOf[T, P any](list func(context.Context, P, client.Cursor) (client.Page[T], error), parent P) pageReader[T] {
	return func(ctx context.Context, cursor client.Cursor) (client.Page[T], error) {
		return list(ctx, parent, cursor)
	}
}

// pages gives the pages of a list, one after the other. An error ends them.
func pages[T any](ctx context.Context, read pageReader[T]) iter.Seq2[client.Page[T], error] {
	return pagesFrom(ctx, client.Cursor{}, read)
}

// pagesFrom gives the pages from a cursor on.
func pagesFrom[T any](ctx context.Context, cursor client.Cursor, read pageReader[T]) iter.Seq2[client.Page[T], error] {
	return func(yield func(client.Page[T], error) bool) {
		for {
			page, err := read(ctx, cursor)
			if !yield(page, err) || err != nil || page.Next.IsZero() {
				return
			}
			cursor = page.Next
		}
	}
}

// urgentFirst makes only the first page of a list urgent: the whole list may take hundreds of calls.
func urgentFirst[T any](read pageReader[T]) pageReader[T] {
	return func(ctx context.Context, cursor client.Cursor) (client.Page[T], error) {
		if !cursor.IsZero() {
			ctx = client.Awaited(ctx)
		}
		return read(ctx, cursor)
	}
}

// listAll gives all rows of a list that a change needs.
func listAll[T any](ctx context.Context, read pageReader[T]) ([]T, error) {
	return allRows(pages(ctx, urgentFirst(read)))
}

// allRows gives the rows of all pages. If the list begins again, the earlier rows are left out.
func allRows[T any](pages iter.Seq2[client.Page[T], error]) ([]T, error) {
	var all []T
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		if page.Again {
			all = nil
		}
		all = append(all, page.Items...)
	}
	return all, nil
}

// eachRow gives the rows page by page. If the list begins again, rows come again. An error ends them.
func eachRow[T any](pages iter.Seq2[client.Page[T], error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range pages {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range page.Items {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// convert gives what convert makes of each row.
func convert[T, R any](rows []T, convert func(T) R) []R {
	converted := make([]R, 0, len(rows))
	for _, row := range rows {
		converted = append(converted, convert(row))
	}
	return converted
}
