package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi"
)

// ImportModel reads an OpenAPI document and keeps it as a new model. One of the same title and version is a conflict.
func (h *Hub) ImportModel(ctx context.Context, c access.Caller, r api.ModelRequest) (api.Model, error) {
	if err := c.Allow(access.ModelImport); err != nil {
		return api.Model{}, err
	}
	defer h.thrift.reading(r)()
	d, err := h.document(ctx, r, false)
	if err != nil {
		return api.Model{}, err
	}
	d.Model.Imported = time.Now()
	return act(ctx, h, c, access.ModelImport, d.Model.VersionID, func() (api.Model, error) {
		_, err := h.store.PutModel(ctx, d, 0)
		if fault.Is(err, fault.Conflict) {
			return api.Model{}, fault.New(fault.Conflict, "model %q already exists", d.Model.VersionID).
				WithHint("update it in place (carnet model update), which keeps its integrations, or delete it first")
		}
		if err != nil {
			return api.Model{}, err
		}
		h.memory.models.Forget(d.Model.VersionID)
		return viewModel(&d.Model), nil
	})
}

// ValidateModel returns what is wrong with a document and could be lived with, down to what does no harm; an error if it can't be
// used.
func (h *Hub) ValidateModel(ctx context.Context, c access.Caller, r api.ModelRequest) ([]fault.Problem, error) {
	if err := c.Allow(access.ModelValidate); err != nil {
		return nil, err
	}
	defer h.thrift.reading(r)()
	d, err := h.document(ctx, r, true)
	if err != nil {
		return nil, err
	}
	return d.Model.Warnings, nil
}

// document reads the document of a request, and gets what it refers to while there is time.
func (h *Hub) document(ctx context.Context, r api.ModelRequest, notes bool) (*model.Document, error) {
	ctx, cancel := context.WithTimeout(ctx, maxFetching)
	defer cancel()
	s, err := h.text(ctx, r)
	if err != nil {
		return nil, err
	}
	s.Notes = notes
	d, err := s.Read(ctx)
	if err != nil {
		return nil, err
	}
	d.Model.Warnings = append(d.Model.Warnings, integration.CheckExtensions(&d.Model)...)
	return d, nil
}

// text is the document of a request: inline, as a text, or from a URL.
func (h *Hub) text(ctx context.Context, r api.ModelRequest) (s openapi.Source, err error) {
	s = openapi.Source{Name: r.Name, Origin: r.Origin, Fetch: h.fetch}
	switch {
	case r.URL != "" && len(r.Model) > 0:
		return s, fault.New(fault.Invalid, "both model and url are given").WithHint("give the document or the place to get it from")
	case r.URL != "":
		s.Name, s.Origin = r.URL, r.URL
		s.Data, err = h.fetch(ctx, r.URL)
		return s, err
	case len(r.Model) == 0 || string(r.Model) == "null":
		return s, fault.New(fault.Invalid, "model is missing").WithHint(`send {"model": <OpenAPI document>}`)
	}
	s.Data = r.Model
	if s.Data[0] == '"' {
		var text string
		if err := json.Unmarshal(s.Data, &text); err != nil {
			return s, fault.Wrap(fault.Invalid, err, "model is not a text")
		}
		s.Data = []byte(text)
	}
	if len(r.Documents) > 0 {
		s.Files = make(map[string][]byte, len(r.Documents))
		for name, text := range r.Documents {
			s.Files[name] = []byte(text)
		}
	}
	return s, nil
}

// Models lists the models, by their versionId.
func (h *Hub) Models(ctx context.Context, c access.Caller, q api.Query) (api.ModelList, error) {
	if err := c.Allow(access.ModelRead); err != nil {
		return api.ModelList{}, err
	}
	models := []api.Model{}
	for m, err := range h.store.Models(ctx) {
		if err != nil {
			return api.ModelList{}, err
		}
		models = append(models, viewModel(&m))
	}
	models, total, err := selection(models, q, func(m api.Model, field string) (string, bool) {
		switch field {
		case "", "versionId", "name":
			return m.VersionID, true
		case "model":
			return m.Model, true
		case "title":
			return m.Title, true
		case "version":
			return m.Version, true
		case "description":
			return m.Description, true
		}
		return "", false
	})
	return api.ModelList{IntegrationModels: models, Total: total}, err
}

// Model returns a model, known by its versionId or by its compatible name.
func (h *Hub) Model(ctx context.Context, c access.Caller, id string) (api.Model, error) {
	if err := c.Allow(access.ModelRead); err != nil {
		return api.Model{}, err
	}
	m, _, err := h.model(ctx, id)
	if err != nil {
		return api.Model{}, err
	}
	return viewModel(&m), nil
}

// ExportModel returns the document of a model, as JSON.
func (h *Hub) ExportModel(ctx context.Context, c access.Caller, id string) ([]byte, error) {
	if err := c.Allow(access.ModelRead); err != nil {
		return nil, err
	}
	m, _, err := h.model(ctx, id)
	if err != nil {
		return nil, err
	}
	return h.store.Document(ctx, &m)
}

// SecuritySchemes returns a model's security schemes as they stand in its document.
func (h *Hub) SecuritySchemes(ctx context.Context, c access.Caller, id string) (map[string]json.RawMessage, error) {
	if err := c.Allow(access.ModelRead); err != nil {
		return nil, err
	}
	m, _, err := h.model(ctx, id)
	if err != nil {
		return nil, err
	}
	schemes := make(map[string]json.RawMessage, len(m.Schemes))
	for _, s := range m.Schemes {
		schemes[s.Key] = json.RawMessage(s.Raw)
	}
	return schemes, nil
}

// DeleteModel deletes a model that no integration uses.
func (h *Hub) DeleteModel(ctx context.Context, c access.Caller, id string) error {
	id = versionID(id)
	return doing(ctx, h, c, access.ModelDelete, id, func() error {
		if _, _, err := h.model(ctx, id); err != nil {
			return err
		}
		users, err := h.users(ctx, id)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return fault.New(fault.Conflict, "model %q is used by %s", id, some(users)).
				WithHint("delete these integrations first")
		}
		defer h.memory.models.Forget(id)
		return h.store.DeleteModel(ctx, id)
	})
}

// users returns the names of a model's integrations.
func (h *Hub) users(ctx context.Context, id string) (names []string, err error) {
	for i, err := range h.store.Integrations.All(ctx, "") {
		if err != nil {
			return nil, err
		}
		if i.Value.Model == id {
			names = append(names, i.Value.Name)
		}
	}
	return names, nil
}

// some are the first few of many names.
func some(names []string) string {
	if most := 10; len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// model returns a stored model and its revision.
func (h *Hub) model(ctx context.Context, id string) (model.Model, int64, error) {
	id = versionID(id)
	m, revision, err := h.store.Model(ctx, id)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "model %q does not exist", id).
			WithHint("list the models (carnet model list), or import its document")
	}
	return m, revision, err
}

// versionID takes the prefix of the compatible name off.
func versionID(id string) string { return strings.TrimPrefix(id, api.ModelPrefix) }
