package openapi

import (
	"slices"
	"strings"

	"carnet.dev/carnet/internal/openapi/tree"
)

// name gives every operation an id that no other has: the operationId, or one made of method and path. Of several with the same
// id the one whose path and method come first in alphabetical order keeps it, wherever they stand in the document.
func (r *reader) name() {
	operations := r.document.Operations
	order := make([]int, len(operations))
	for i := range operations {
		order[i] = i
		if operations[i].ID == "" {
			r.report(operationIDMissing, lacks(r.places[i], "operationId"), "is missing; the operation is called %s", quote(made(operations[i].Method, operations[i].Path)))
			operations[i].ID = made(operations[i].Method, operations[i].Path)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return strings.Compare(operations[a].Path+" "+operations[a].Method, operations[b].Path+" "+operations[b].Method)
	})
	taken := map[string]bool{}
	var later []int
	for _, i := range order {
		if taken[operations[i].ID] {
			later = append(later, i)
		}
		taken[operations[i].ID] = true
	}
	for _, i := range later {
		op := &operations[i]
		given := op.ID
		for op.ID += "_" + made(op.Method, op.Path); taken[op.ID]; {
			op.ID += "_"
		}
		taken[op.ID] = true
		r.report(operationIDTwice, idPlace(r.places[i]), "the operationId %s occurs more than once; this one is called %s", quote(given), quote(op.ID))
	}
}

// idPlace is where an operation says its id.
func idPlace(op tree.Value) place {
	if id := op.Get("operationId"); id.Exists() {
		return in(id)
	}
	return in(op)
}

// made is the id of an operation that has none: GET /users/{id}/repos is get_users_by_id_repos.
func made(method, path string) string {
	var id strings.Builder
	id.WriteString(strings.ToLower(method))
	path = strings.NewReplacer("{", "/by/", "}", "/").Replace(path)
	words := strings.FieldsFunc(path, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c < 0x80
	})
	for _, word := range words {
		id.WriteString("_" + word)
	}
	if len(words) == 0 {
		id.WriteString("_root")
	}
	return id.String()
}
