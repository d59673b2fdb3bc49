package openaitest

import (
	"maps"
	"slices"
	"strings"
)

// object is a JSON object of an answer.
type object map[string]any

// with applies the fields and returns o.
func (o object) with(fields Fields) object {
	// In sorted order, an object is replaced before its fields.
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		o.set(strings.Split(name, "."), fields[name])
	}
	return o
}

func (o object) set(path []string, value any) {
	name := path[0]
	if len(path) > 1 {
		// The inner object may be the caller's, so it is copied.
		inner := object{}
		switch existing := o[name].(type) {
		case object:
			inner = maps.Clone(existing)
		case map[string]any:
			inner = maps.Clone(object(existing))
		}
		inner.set(path[1:], value)
		o[name] = inner
		return
	}
	if _, absent := value.(Absent); absent {
		delete(o, name)
		return
	}
	o[name] = value
}

// orNull is JSON null for a zero value.
func orNull[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}

// list is never JSON null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
