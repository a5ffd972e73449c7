package gallery

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/token"
)

// A world is what is stored where a scene plays.
type world int

const (
	full    world = iota // models, and integrations in every state
	started              // one model, and nothing else
	empty                // nothing
	worlds
)

// public is where browsers find the Carnet of the gallery.
const public = "https://carnet.example"

// build makes a world. It is shown by another hub than the one that made it, which knows no record from before it was changed.
func (g *Gallery) build(ctx context.Context, w world, now time.Time) error {
	keys, err := seal.NewKeyring()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, mem.New().Open(), keys)
	if err != nil {
		return err
	}
	g.close = append(g.close, s.Close)
	made := hub.New(s, hub.Options{})
	b := &builder{ctx: ctx, hub: made, store: s, now: now}
	switch w {
	case full:
		b.everything()
	case started:
		b.model(shop())
	}
	if err := made.Close(ctx); err != nil && b.err == nil {
		b.err = err
	}
	g.hubs[w] = hub.New(s, hub.Options{Version: "gallery", PublicURL: public})
	g.close = append([]func() error{func() error { return g.hubs[w].Close(context.WithoutCancel(ctx)) }}, g.close...)
	return b.err
}

// A builder puts things into a store, until one fails.
type builder struct {
	ctx   context.Context
	hub   *hub.Hub
	store *store.Store
	now   time.Time
	err   error
}

var builderIs = access.Local("gallery")

// model imports a document and returns its versionId.
func (b *builder) model(document any) string {
	if b.err != nil {
		return ""
	}
	raw, err := json.Marshal(document)
	if err != nil {
		b.err = err
		return ""
	}
	m, err := b.hub.ImportModel(b.ctx, builderIs, api.ModelRequest{Model: raw, Origin: "https://shop.example/openapi.json"})
	b.err = err
	return m.VersionID
}

// integration makes one of a model, with settings by their paths.
func (b *builder) integration(name, model string, settings map[string]any) {
	if b.err != nil {
		return
	}
	if _, b.err = b.hub.CreateIntegration(b.ctx, builderIs, api.Integration{Name: name, Model: model}); b.err != nil || len(settings) == 0 {
		return
	}
	fields := api.Settings{}
	for path, value := range settings {
		if fields[path], b.err = json.Marshal(value); b.err != nil {
			return
		}
	}
	if _, err := b.hub.SetIntegration(b.ctx, builderIs, name, fields); err != nil {
		b.err = fmt.Errorf("%s: %w", name, err)
	}
}

// token makes an integration of the shop, and puts the record into the store that its token has.
func (b *builder) token(name string, settings map[string]any, record token.Record) {
	all := map[string]any{"client_id": "carnet", "client_secret": "a secret", "scope": "pets:read pets:write", "authentication.login.token.access_token": "typed"}
	for path, value := range settings {
		all[path] = value
	}
	b.integration(name, "Pet Shop:2.1", all)
	if b.err != nil {
		return
	}
	for e, err := range b.store.Tokens.All(b.ctx, name+"/") { // a typed token: its record has the right id and configuration
		if b.err = err; err != nil {
			return
		}
		record.ID, record.Configuration = e.ID, e.Value.Configuration
		_, b.err = b.store.Tokens.Put(b.ctx, e.ID, record, e.Revision)
		return
	}
	b.err = fmt.Errorf("%s has no token", name)
}

// everything is the full world.
func (b *builder) everything() {
	b.model(shop())
	for _, d := range schemes() {
		b.integration(d.name, b.model(d.document()), d.settings)
	}
	b.integration("static", "Parcels:3", map[string]any{"authentication.key.value": "a key"})
	b.integration("other-hosts", "Pet Shop:2.1", map[string]any{
		"server.protocol": "http", "server.host": "127.0.0.1", "server.port": 8080, "variables.region": "eu", "tls.rejectUnauthorized": false,
	})
	for _, t := range tokens(b.now) {
		b.token(t.name, t.settings, t.record)
	}
	for n := range 48 {
		b.integration(fmt.Sprintf("service-%02d", n), b.model(plain(n)), nil)
	}
}
