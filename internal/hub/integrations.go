package hub

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
)

// CreateIntegration makes an integration of a model, with the settings that the document suggests and those given.
func (h *Hub) CreateIntegration(ctx context.Context, c access.Caller, r api.Integration) (api.Integration, error) {
	return act(ctx, h, c, access.IntegrationCreate, r.Name, func() (api.Integration, error) {
		if err := integration.ValidName(r.Name); err != nil {
			return api.Integration{}, err
		}
		id := r.Model
		if id == "" {
			id = r.Properties.Type
		}
		if id == "" {
			return api.Integration{}, fault.New(fault.Invalid, "model is missing").
				WithHint("name the model by its versionId (carnet model list)")
		}
		m, _, err := h.model(ctx, id)
		if err != nil {
			return api.Integration{}, err
		}
		i := integration.New(&m, r.Name)
		settings, err := integration.Decode(jsontext.Value(r.Properties.Properties), &m, i.Settings)
		if err != nil {
			return api.Integration{}, err
		}
		typed := settings.TakeTokens()
		i.Settings, i.Created = settings, time.Now()
		i.Updated = i.Created
		_, err = h.store.Integrations.Put(ctx, i.Name, i, 0)
		if fault.Is(err, fault.Conflict) {
			return api.Integration{}, fault.New(fault.Conflict, "integration %q already exists", i.Name).
				WithHint("choose another name, or change that one (carnet integration set)")
		}
		if err != nil {
			return api.Integration{}, err
		}
		if err := h.typeTokens(ctx, &i, &m, typed); err != nil {
			return api.Integration{}, err
		}
		return h.viewIntegration(ctx, &i, &m)
	})
}

// Integrations lists the integrations, by name.
func (h *Hub) Integrations(ctx context.Context, c access.Caller, q api.Query) (api.IntegrationList, error) {
	if err := c.Allow(access.IntegrationRead); err != nil {
		return api.IntegrationList{}, err
	}
	var all []integration.Integration
	for e, err := range h.store.Integrations.All(ctx, "") {
		if err != nil {
			return api.IntegrationList{}, err
		}
		if q.Model == "" || versionID(q.Model) == e.Value.Model {
			all = append(all, e.Value)
		}
	}
	page, total, err := selection(all, q, func(i integration.Integration, field string) (string, bool) {
		switch field {
		case "", "name":
			return i.Name, true
		case "model":
			return api.ModelPrefix + i.Model, true
		}
		return "", false
	})
	if err != nil {
		return api.IntegrationList{}, err
	}
	list := api.IntegrationList{Results: []api.Stored{}, Total: total}
	for _, i := range page {
		stored, err := h.stored(ctx, &i)
		if err != nil {
			return api.IntegrationList{}, err
		}
		list.Results = append(list.Results, stored)
	}
	return list, nil
}

// Integration returns an integration, its secrets masked.
func (h *Hub) Integration(ctx context.Context, c access.Caller, name string) (api.Stored, error) {
	if err := c.Allow(access.IntegrationRead); err != nil {
		return api.Stored{}, err
	}
	i, _, err := h.integration(ctx, name)
	if err != nil {
		return api.Stored{}, err
	}
	return h.stored(ctx, &i)
}

// ReplaceIntegration replaces an integration's model and settings; sections of the settings that are not given stay. Masked
// secrets keep their values.
func (h *Hub) ReplaceIntegration(ctx context.Context, c access.Caller, name string, r api.Integration) (api.Integration, error) {
	return h.change(ctx, c, name, func(i *integration.Integration) error {
		if r.Name != "" && r.Name != name {
			return fault.New(fault.Invalid, "integration %q can't be renamed to %q", name, r.Name).
				WithHint("create an integration of the new name")
		}
		switch {
		case r.Model != "":
			i.Model = versionID(r.Model)
		case r.Properties.Type != "":
			i.Model = versionID(r.Properties.Type)
		}
		return nil
	}, func(s integration.Settings, m *model.Model) (integration.Settings, error) {
		return integration.Decode(jsontext.Value(r.Properties.Properties), m, s)
	})
}

// ReplaceSettings replaces the given sections (authentication, server, tls, variables, version, security) of an integration's
// settings. Masked secrets keep their values.
func (h *Hub) ReplaceSettings(ctx context.Context, c access.Caller, name string, settings json.RawMessage) (api.Integration, error) {
	return h.change(ctx, c, name, nil, func(s integration.Settings, m *model.Model) (integration.Settings, error) {
		return integration.Decode(jsontext.Value(settings), m, s)
	})
}

// SetIntegration changes single fields of an integration's settings, by their paths.
func (h *Hub) SetIntegration(ctx context.Context, c access.Caller, name string, fields api.Settings) (api.Integration, error) {
	return h.change(ctx, c, name, nil, func(s integration.Settings, m *model.Model) (integration.Settings, error) {
		assignments := make(map[string]jsontext.Value, len(fields))
		for path, value := range fields {
			assignments[path] = jsontext.Value(value)
		}
		return integration.Set(s, m, assignments)
	})
}

// change edits a stored integration by compare-and-swap: of two who edit at once the later starts again from what the earlier
// stored, so neither is lost (failure mode 27).
func (h *Hub) change(ctx context.Context, c access.Caller, name string, head func(*integration.Integration) error,
	edit func(integration.Settings, *model.Model) (integration.Settings, error)) (api.Integration, error) {
	return act(ctx, h, c, access.IntegrationUpdate, name, func() (api.Integration, error) {
		for {
			i, revision, err := h.integration(ctx, name)
			if err != nil {
				return api.Integration{}, err
			}
			if head != nil {
				if err := head(&i); err != nil {
					return api.Integration{}, err
				}
			}
			m, _, err := h.model(ctx, i.Model)
			if err != nil {
				return api.Integration{}, err
			}
			if i.Settings, err = edit(i.Settings, &m); err != nil {
				return api.Integration{}, err
			}
			typed := i.Settings.TakeTokens()
			i.Updated = time.Now()
			_, err = h.store.Integrations.Put(ctx, name, i, revision)
			if fault.Is(err, fault.Conflict) {
				continue
			}
			if err != nil {
				return api.Integration{}, err
			}
			if err := h.typeTokens(ctx, &i, &m, typed); err != nil {
				return api.Integration{}, err
			}
			return h.viewIntegration(ctx, &i, &m)
		}
	})
}

// DeleteIntegration deletes an integration and its tokens. The tokens go last: while one is being renewed its record is gone
// all the same, and a record without an integration is swept away (failure mode 28).
func (h *Hub) DeleteIntegration(ctx context.Context, c access.Caller, name string) error {
	return doing(ctx, h, c, access.IntegrationDelete, name, func() error {
		i, revision, err := h.integration(ctx, name)
		if err != nil {
			return err
		}
		if err := h.store.Integrations.Delete(ctx, name, revision); err != nil {
			return err
		}
		for e, err := range h.store.Tokens.All(ctx, recordID(i.UID, "")) {
			if err != nil {
				return err
			}
			if err := h.forget(ctx, e.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// forget deletes a token record, whoever else is writing it.
func (h *Hub) forget(ctx context.Context, id string) error {
	err := h.store.Tokens.Delete(ctx, id, 0)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// integration returns a stored integration and its revision.
func (h *Hub) integration(ctx context.Context, name string) (integration.Integration, int64, error) {
	i, revision, err := h.store.Integrations.Get(ctx, name)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "integration %q does not exist", name).
			WithHint("list the integrations (carnet integration list), or create it")
	}
	return i, revision, err
}

// configured returns a stored integration and its model.
func (h *Hub) configured(ctx context.Context, name string) (integration.Integration, model.Model, error) {
	i, _, err := h.integration(ctx, name)
	if err != nil {
		return i, model.Model{}, err
	}
	m, _, err := h.model(ctx, i.Model)
	return i, m, err
}

func (h *Hub) stored(ctx context.Context, i *integration.Integration) (api.Stored, error) {
	m, _, err := h.model(ctx, i.Model)
	if fault.Is(err, fault.NotFound) {
		m, err = model.Model{VersionID: i.Model}, nil // deleted behind our back: show the integration all the same
	}
	if err != nil {
		return api.Stored{}, err
	}
	view, err := h.viewIntegration(ctx, i, &m)
	if err != nil {
		return api.Stored{}, err
	}
	tokens, err := h.viewTokens(ctx, i, &m)
	return api.Stored{Data: view, Metadata: api.Metadata{IsActive: true, Tokens: tokens}}, err
}

// viewIntegration shows an integration as the compatible API does.
func (h *Hub) viewIntegration(ctx context.Context, i *integration.Integration, m *model.Model) (api.Integration, error) {
	records, err := h.records(ctx, i, m)
	if err != nil {
		return api.Integration{}, err
	}
	tokens := map[string]integration.Token{}
	for scheme, r := range records {
		tokens[scheme] = wireToken(r.Token)
	}
	return api.Integration{
		Name:  i.Name,
		Model: api.ModelPrefix + i.Model,
		Type:  "Adapter",
		Properties: api.IntegrationProperties{
			ID: i.Name, Type: i.Model, Brokers: []json.RawMessage{}, Groups: []json.RawMessage{},
			Properties: json.RawMessage(integration.View(*i, m, tokens)),
		},
		IsEncrypted: true,
		LoggerProps: map[string]any{},
		Virtual:     true,
	}, nil
}
