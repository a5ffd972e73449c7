package hub

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/store"
)

// Operations lists the operations of an integration's model, in the order of the document. Every word of search must occur in
// an operation's id, method, path, summary or tags.
func (h *Hub) Operations(ctx context.Context, c access.Caller, name, search string, q api.Query) (api.OperationList, error) {
	if err := c.Allow(access.OperationRead); err != nil {
		return api.OperationList{}, err
	}
	i, err := h.configured(ctx, name)
	if err != nil {
		return api.OperationList{}, err
	}
	return h.search(ctx, i.model, search, q)
}

// ModelOperations lists the operations of a model, as Operations does.
func (h *Hub) ModelOperations(ctx context.Context, c access.Caller, id, search string, q api.Query) (api.OperationList, error) {
	if err := c.Allow(access.OperationRead); err != nil {
		return api.OperationList{}, err
	}
	m, err := h.recentModel(ctx, id)
	if err != nil {
		return api.OperationList{}, err
	}
	return h.search(ctx, m, search, q)
}

// search finds the operations in which every word of search occurs.
func (h *Hub) search(ctx context.Context, m *model.Model, search string, q api.Query) (api.OperationList, error) {
	list := api.OperationList{Operations: []api.OperationSummary{}}
	index, err := h.index(ctx, m)
	if err != nil {
		return list, err
	}
	for found, err := range index.Search(strings.Fields(strings.ToLower(search))) {
		if err != nil {
			return list, err
		}
		if list.Total++; list.Total > max(q.Skip, 0) && (q.Limit <= 0 || len(list.Operations) < q.Limit) {
			summary, err := found.Summary()
			if err != nil {
				return list, err
			}
			list.Operations = append(list.Operations, viewSummary(summary))
		}
	}
	return list, nil
}

// index is that of a model's operations, which is kept in memory for a while.
func (h *Hub) index(ctx context.Context, m *model.Model) (store.Index, error) {
	return h.memory.indexes.Get(ctx, m.Digest, func(ctx context.Context, _ store.Index, _ bool) (store.Index, error) { return h.store.Index(ctx, m) })
}

// Operation returns what there is to know of an operation, with the schemas that it refers to.
func (h *Hub) Operation(ctx context.Context, c access.Caller, name, id string) (api.Operation, error) {
	if err := c.Allow(access.OperationRead); err != nil {
		return api.Operation{}, err
	}
	i, err := h.configured(ctx, name)
	if err != nil {
		return api.Operation{}, err
	}
	op, err := h.recentOperation(ctx, i.model, id)
	if err != nil {
		return api.Operation{}, err
	}
	schemas, err := h.schemas(ctx, i.model, op)
	if err != nil {
		return api.Operation{}, err
	}
	return viewOperation(op, schemas), nil
}

// operation reads one operation of a model. The error for an unknown one names those that are like it.
func (h *Hub) operation(ctx context.Context, m *model.Model, id string) (model.Operation, error) {
	op, err := h.store.Operation(ctx, m, id)
	if !fault.Is(err, fault.NotFound) {
		return op, err
	}
	missing := fault.New(fault.NotFound, "model %q has no operation %q", m.VersionID, id)
	index, err := h.index(ctx, m)
	if err != nil {
		return op, err
	}
	ids, err := index.IDs()
	if err != nil {
		return op, err
	}
	if like := fault.Nearest(id, ids); like != "" {
		return op, missing.WithHint("did you mean %q?", like)
	}
	return op, missing.WithHint("list the operations (carnet operation list)")
}

// maxSchemas bounds how many schemas are shown with an operation: a few documents refer from each schema to all others.
const maxSchemas = 500

// schemas returns every schema that the operation's schemas refer to, directly or through others.
func (h *Hub) schemas(ctx context.Context, m *model.Model, op *model.Operation) (map[string]json.RawMessage, error) {
	found := map[string]json.RawMessage{}
	var next []string
	for _, p := range op.Parameters {
		next = append(next, references(p.Schema)...)
	}
	if op.Body != nil {
		for _, t := range op.Body.Content {
			next = append(next, references(t.Schema)...)
		}
	}
	for reader := h.store.Schemas(m); len(next) > 0 && len(found) < maxSchemas; {
		level, err := reader.Read(ctx, next)
		if err != nil {
			return nil, err
		}
		next = nil
		for ref, schema := range level {
			found[ref] = json.RawMessage(schema)
		}
		for _, schema := range level {
			next = append(next, references(schema)...)
		}
		next = slices.DeleteFunc(next, func(ref string) bool { _, known := found[ref]; return known })
	}
	return found, nil
}

// references returns the value of each "$ref" in a schema.
func references(schema jsontext.Value) (refs []string) {
	if len(schema) == 0 {
		return nil
	}
	d := jsontext.NewDecoder(strings.NewReader(string(schema)), jsontext.AllowDuplicateNames(true))
	for {
		t, err := d.ReadToken()
		if err != nil {
			return refs
		}
		if t.Kind() != '"' || t.String() != "$ref" {
			continue
		}
		kind, count := d.StackIndex(d.StackDepth())
		if kind == '{' && count%2 == 1 && d.PeekKind() == '"' {
			t, err := d.ReadToken()
			if err != nil {
				return refs
			}
			refs = append(refs, t.String())
		}
	}
}
