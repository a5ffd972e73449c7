package model

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Change is a difference between two documents of a model.
type Change struct {
	Kind string // added, removed, changed
	What string // operation, security scheme, server, schema
	Name string
}

// Kinds of changes, in the order of their weight for whoever uses what there was.
const (
	Removed = "removed"
	Changed = "changed"
	Added   = "added"
)

// Changes returns what a document changes of an older one: what is removed first, then what is changed, then what is added, each in
// the order of the documents. How JSON is written, and in which order, does not count.
func Changes(from, to *Document) []Change {
	var all []Change
	all = append(all, differences("security scheme", from.Model.Schemes, to.Model.Schemes, func(s Scheme) string { return s.Key })...)
	all = append(all, differences("server", from.Model.Servers, to.Model.Servers, func(s Server) string { return s.URL })...)
	all = append(all, differences("operation", from.Operations, to.Operations, func(op Operation) string { return op.ID })...)
	all = append(all, differences("schema", from.Schemas, to.Schemas, func(s NamedSchema) string { return s.Ref })...)
	weight := []string{Removed, Changed, Added}
	slices.SortStableFunc(all, func(a, b Change) int { return cmp.Compare(slices.Index(weight, a.Kind), slices.Index(weight, b.Kind)) })
	return all
}

func differences[T any](what string, from, to []T, name func(T) string) (all []Change) {
	old := make(map[string]*T, len(from))
	for i := range from {
		old[name(from[i])] = &from[i]
	}
	kept := make(map[string]bool, len(to))
	for i := range to {
		id := name(to[i])
		switch before := old[id]; {
		case kept[id]: // it occurs twice
		case before == nil:
			all = append(all, Change{Added, what, id})
		case !bytes.Equal(canonical(before), canonical(&to[i])):
			all = append(all, Change{Changed, what, id})
		}
		kept[id] = true
	}
	for i := range from {
		if id := name(from[i]); !kept[id] {
			all = append(all, Change{Removed, what, id})
		}
	}
	return all
}

// canonical writes a value as JSON in the one way there is (RFC 8785); if a number or a name twice prevents that, as it stands.
func canonical(value any) []byte {
	raw, err := json.Marshal(value, json.Deterministic(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	text := jsontext.Value(bytes.Clone(raw))
	if text.Canonicalize() != nil {
		return raw
	}
	return text
}
