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
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/token"
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
		typed := settings.TakeTokens(&m)
		i.Settings, i.Created = settings, time.Now()
		i.Updated = i.Created
		if wrong := h.configure(i, 0, &m).wrong; wrong != nil {
			return api.Integration{}, wrong
		}
		return h.created(ctx, i, &m, typed)
	})
}

// CloneIntegration makes an integration with the settings of another, secrets included; tokens are not shared.
func (h *Hub) CloneIntegration(ctx context.Context, c access.Caller, name, as string) (api.Integration, error) {
	return act(ctx, h, c, access.IntegrationCreate, as, func() (api.Integration, error) {
		if err := integration.ValidName(as); err != nil {
			return api.Integration{}, err
		}
		i, _, err := h.integration(ctx, name)
		if err != nil {
			return api.Integration{}, err
		}
		m, _, err := h.model(ctx, i.Model)
		if err != nil {
			return api.Integration{}, err
		}
		i.UID, i.Name, i.Created = integration.New(&m, as).UID, as, time.Now()
		i.Updated = i.Created
		return h.created(ctx, i, &m, nil)
	})
}

// created stores a new integration.
func (h *Hub) created(ctx context.Context, i integration.Integration, m *model.Model, typed map[string]integration.Token) (api.Integration, error) {
	revision, err := h.store.Integrations.Put(ctx, i.Name, i, 0)
	if fault.Is(err, fault.Conflict) {
		return api.Integration{}, fault.New(fault.Conflict, "integration %q already exists", i.Name).
			WithHint("choose another name, or change that one (carnet integration set)")
	}
	if err != nil {
		return api.Integration{}, err
	}
	return h.edited(ctx, h.configure(i, revision, m), typed)
}

// ValidateSettings says what is wrong with settings, as ReplaceSettings would, and changes nothing.
func (h *Hub) ValidateSettings(ctx context.Context, c access.Caller, name string, settings json.RawMessage) error {
	if err := c.Allow(access.IntegrationUpdate); err != nil {
		return err
	}
	i, err := h.current(ctx, name)
	if err != nil {
		return err
	}
	changed := i.Integration
	if changed.Settings, err = integration.Decode(jsontext.Value(settings), i.model, i.Settings); err != nil {
		return err
	}
	return h.configure(changed, 0, i.model).wrong
}

// edited is what follows on a stored edit: what was known is forgotten, and the tokens that came along are stored.
func (h *Hub) edited(ctx context.Context, c *configured, typed map[string]integration.Token) (api.Integration, error) {
	h.memory.integrations.Forget(c.Name)
	defer h.overview.stale()
	if err := h.typeTokens(ctx, c, typed); err != nil {
		return api.Integration{}, err
	}
	records, err := h.records(ctx, c)
	return viewIntegration(c, records), err
}

// Integrations lists the integrations, by name. A page of the plain list costs no more than what is on it; one that is selected
// or sorted is made of all.
func (h *Hub) Integrations(ctx context.Context, c access.Caller, q api.Query) (api.IntegrationList, error) {
	list := api.IntegrationList{Results: []api.Stored{}}
	if err := c.Allow(access.IntegrationRead); err != nil {
		return list, err
	}
	page, total, err := h.integrationPage(ctx, q)
	if err != nil {
		return list, err
	}
	list.Total = total
	for _, e := range page {
		stored, err := h.stored(ctx, e.Value, e.Revision)
		if err != nil {
			return list, err
		}
		list.Results = append(list.Results, stored)
	}
	return list, nil
}

type storedIntegration = store.Entry[integration.Integration]

func (h *Hub) integrationPage(ctx context.Context, q api.Query) (page []storedIntegration, total int, err error) {
	if plain := (api.Query{Skip: q.Skip, Limit: q.Limit}); q == plain && q.Limit > 0 {
		if page, err = h.store.Integrations.Page(ctx, max(q.Skip, 0), q.Limit); err == nil {
			total, err = h.store.Integrations.Count(ctx)
		}
		return page, total, err
	}
	var all []storedIntegration
	for e, err := range h.store.Integrations.All(ctx, "") {
		if err != nil {
			return nil, 0, err
		}
		if q.Model == "" || versionID(q.Model) == e.Value.Model {
			all = append(all, e)
		}
	}
	return selection(all, q, func(e storedIntegration, field string) (string, bool) {
		switch field {
		case "", "name":
			return e.Value.Name, true
		case "model":
			return api.ModelPrefix + e.Value.Model, true
		}
		return "", false
	})
}

// Integration returns an integration, its secrets masked.
func (h *Hub) Integration(ctx context.Context, c access.Caller, name string) (api.Stored, error) {
	if err := c.Allow(access.IntegrationRead); err != nil {
		return api.Stored{}, err
	}
	i, revision, err := h.integration(ctx, name)
	if err != nil {
		return api.Stored{}, err
	}
	return h.stored(ctx, i, revision)
}

// IntegrationSchema returns the JSON Schema of an integration's settings.
func (h *Hub) IntegrationSchema(ctx context.Context, c access.Caller, name string) (json.RawMessage, error) {
	if err := c.Allow(access.IntegrationRead); err != nil {
		return nil, err
	}
	i, err := h.current(ctx, name)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(integration.Schema(i.Settings, i.model)), nil
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
	return act(ctx, h, c, access.IntegrationUpdate, name, func() (api.Integration, error) { return h.edit(ctx, name, head, edit) })
}

// edit is change without asking whether the caller may.
func (h *Hub) edit(ctx context.Context, name string, head func(*integration.Integration) error,
	edit func(integration.Settings, *model.Model) (integration.Settings, error)) (api.Integration, error) {
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
		if wrong := h.configure(i, 0, &m).wrong; wrong != nil {
			return api.Integration{}, wrong
		}
		typed := i.Settings.TakeTokens(&m)
		i.Updated = time.Now()
		revision, err = h.store.Integrations.Put(ctx, name, i, revision)
		if fault.Is(err, fault.Conflict) {
			continue
		}
		if err != nil {
			return api.Integration{}, err
		}
		return h.edited(ctx, h.configure(i, revision, &m), typed)
	}
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
		h.memory.integrations.Forget(name)
		defer h.overview.stale()
		c := h.leaving(ctx, i)
		for e, err := range h.store.Tokens.All(ctx, recordID(&i, "")) {
			if err != nil {
				return err
			}
			if _, _, scheme := owner(e.ID); c != nil && c.subjects[scheme] != nil {
				h.tokens.Discard(ctx, c.subjects[scheme], e.Value.Token)
			}
			if err := h.forget(ctx, e.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// leaving is an integration that is being deleted, for its last requests; nil if its model has gone.
func (h *Hub) leaving(ctx context.Context, i integration.Integration) *configured {
	m, err := h.recentModel(ctx, i.Model)
	if err != nil {
		return nil
	}
	return h.configure(i, 0, m)
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
		missing := fault.New(fault.NotFound, "integration %q does not exist", name).
			WithHint("list the integrations (carnet integration list), or create it")
		if like := fault.Nearest(name, h.integrationNames(ctx)); like != "" {
			missing = missing.WithHint("did you mean %q?", like)
		}
		err = missing
	}
	return i, revision, err
}

func (h *Hub) stored(ctx context.Context, i integration.Integration, revision int64) (api.Stored, error) {
	m, err := h.recentModel(ctx, i.Model)
	if fault.Is(err, fault.NotFound) {
		m, err = &model.Model{VersionID: i.Model}, nil // deleted behind our back: show the integration all the same
	}
	if err != nil {
		return api.Stored{}, err
	}
	c := h.configure(i, revision, m)
	records, err := h.records(ctx, c)
	return api.Stored{
		Data:     viewIntegration(c, records),
		Metadata: api.Metadata{IsActive: true, Callback: h.callback(i.Name), Tokens: viewTokens(c, records)},
	}, err
}

// viewIntegration shows an integration as the compatible API does.
func viewIntegration(c *configured, records map[string]token.Record) api.Integration {
	tokens := map[string]integration.Token{}
	for scheme, r := range records {
		tokens[scheme] = wireToken(r.Token)
	}
	return api.Integration{
		Name:  c.Name,
		Model: api.ModelPrefix + c.Model,
		Type:  "Adapter",
		Properties: api.IntegrationProperties{
			ID: c.Name, Type: c.Model, Brokers: []json.RawMessage{}, Groups: []json.RawMessage{},
			Properties: json.RawMessage(integration.View(c.stored, c.model, tokens)),
		},
		IsEncrypted: true,
		LoggerProps: map[string]any{},
		Virtual:     true,
	}
}

// integrationNames are the names of all integrations, as far as they are known or can be read: they are for a hint.
func (h *Hub) integrationNames(ctx context.Context) (names []string) {
	if s := h.overview.known(); s != nil {
		for _, g := range s.glances {
			names = append(names, g.name)
		}
		return names
	}
	for i, err := range h.store.Integrations.News(ctx, func(string, int64) bool { return true }) { // their ids are all that is wanted
		if err != nil {
			return names
		}
		names = append(names, i.ID)
	}
	return names
}
