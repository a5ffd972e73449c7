package hub

import (
	"context"
	"crypto/sha256"
	"sync/atomic"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/recent"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/token"
)

// configured is an integration with its model, and the subjects of its tokens. It does not change: an edit makes another one.
type configured struct {
	integration.Integration // its references resolved
	stored                  integration.Integration
	revision                int64
	model                   *model.Model
	subjects                map[string]*token.Subject // by security scheme
	configs                 map[string]oauth.Config   // of those that a token endpoint gives
	wrong                   error                     // why there are no subjects

	refers     bool                   // it has references
	unresolved integration.Unresolved // those of them that can't be used
	read       [sha256.Size]byte      // of what they name
	latest     atomic.Pointer[configured]
}

// Integrations and models are good for a second, which is how soon what another replica has changed counts here; an operation
// never changes, for it is known by its document's digest too. While the store is away all are good for a day.
var (
	ofIntegrations = recent.Options{Fresh: time.Second, Keep: 24 * time.Hour, Most: 10_000}
	ofModels       = recent.Options{Fresh: time.Second, Keep: 24 * time.Hour, Most: 1000}
	ofOperations   = recent.Options{Fresh: time.Hour, Keep: 24 * time.Hour, Most: 2000}
	ofIndexes      = recent.Options{Fresh: time.Hour, Keep: 24 * time.Hour, Most: 8} // a large one takes some MiB
)

// memory is what a hub knows without the store.
type memory struct {
	integrations *recent.Values[*configured]
	models       *recent.Values[*model.Model]
	operations   *recent.Values[*model.Operation]
	indexes      *recent.Values[store.Index]
}

func newMemory() memory {
	return memory{
		integrations: recent.New[*configured](ofIntegrations),
		models:       recent.New[*model.Model](ofModels),
		operations:   recent.New[*model.Operation](ofOperations),
		indexes:      recent.New[store.Index](ofIndexes),
	}
}

// configured returns an integration as it was a moment ago, at the most.
func (h *Hub) configured(ctx context.Context, name string) (*configured, error) {
	c, err := h.memory.integrations.Get(ctx, name, h.load(name))
	if err != nil {
		return nil, err
	}
	return c.now(h), nil
}

// current returns an integration as it is now.
func (h *Hub) current(ctx context.Context, name string) (*configured, error) {
	c, err := h.memory.integrations.Again(ctx, name, h.load(name))
	if err != nil {
		return nil, err
	}
	return c.now(h), nil
}

// load reads an integration and its model. If nothing has changed the old one stays, whose subjects the keeper knows.
func (h *Hub) load(name string) func(context.Context, *configured, bool) (*configured, error) {
	return func(ctx context.Context, old *configured, have bool) (*configured, error) {
		i, revision, err := h.integration(ctx, name)
		if err != nil {
			return nil, err
		}
		m, err := h.recentModel(ctx, i.Model)
		if err != nil {
			return nil, err
		}
		if have && old.revision == revision && old.model == m {
			return old, nil
		}
		return h.configure(i, revision, m), nil
	}
}

// configure makes the subjects of an integration's tokens.
func (h *Hub) configure(i integration.Integration, revision int64, m *model.Model) *configured {
	c := &configured{Integration: i, stored: i, revision: revision, model: m, subjects: map[string]*token.Subject{}, configs: map[string]oauth.Config{}}
	if c.refers = i.Settings.Refers(); c.refers {
		i.Settings, c.unresolved, c.read = h.resolve(i.Settings)
		c.Settings = i.Settings
	}
	if c.unresolved[""] != nil {
		return c
	}
	client, err := h.client(i.Settings, integration.Schemes(i.Settings, m))
	if err != nil {
		c.wrong = err
		return c
	}
	for _, scheme := range tokenSchemes(&i, m) {
		if c.unresolved[scheme.Key] != nil {
			continue
		}
		if integration.AssumesRole(i.Settings.Authentication[scheme.Key], scheme) {
			c.subjects[scheme.Key] = h.roleSubject(&i, scheme, client)
			continue
		}
		c.configs[scheme.Key] = oauthConfig(i.Settings, scheme)
		c.subjects[scheme.Key] = h.subject(&i, scheme, c.configs[scheme.Key], client)
	}
	return c
}

// subject returns the subject of a scheme's token.
func (c *configured) subject(scheme string) (*token.Subject, error) {
	if s := c.subjects[scheme]; s != nil {
		return s, nil
	}
	if c.wrong != nil {
		return nil, c.wrong
	}
	if err := c.resolved(scheme); err != nil {
		return nil, err
	}
	return nil, fault.New(fault.NotFound, "integration %q has no token for scheme %q", c.Name, scheme)
}

// recentModel returns a model as it was a moment ago, at the most: the same one again unless it has changed.
func (h *Hub) recentModel(ctx context.Context, id string) (*model.Model, error) {
	return h.memory.models.Get(ctx, versionID(id), func(ctx context.Context, old *model.Model, have bool) (*model.Model, error) {
		m, _, err := h.model(ctx, id)
		if err != nil {
			return nil, err
		}
		if have && old.Digest == m.Digest && old.Imported.Equal(m.Imported) {
			return old, nil
		}
		return &m, nil
	})
}

// recentOperation reads an operation of a model.
func (h *Hub) recentOperation(ctx context.Context, m *model.Model, id string) (*model.Operation, error) {
	return h.memory.operations.Get(ctx, m.Digest+"/"+id, func(ctx context.Context, _ *model.Operation, _ bool) (*model.Operation, error) {
		op, err := h.operation(ctx, m, id)
		return &op, err
	})
}
