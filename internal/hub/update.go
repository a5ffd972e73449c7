package hub

import (
	"context"
	"slices"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/change"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
)

// UpdateModel replaces the document of a model, and says what that changes. The model's integrations stay, with their credentials
// and tokens; a document by which stored credentials could not be used any more is refused, unless told otherwise. One of another
// title or version replaces the model that the options name, and the integrations go over to it.
func (h *Hub) UpdateModel(ctx context.Context, c access.Caller, r api.ModelRequest, o api.UpdateOptions) (api.ModelUpdate, error) {
	action := access.ModelUpdate
	if o.DryRun {
		action = access.ModelValidate
	}
	if err := c.Allow(action); err != nil {
		return api.ModelUpdate{}, err
	}
	defer h.thrift.reading(r)()
	d, err := h.document(ctx, r, false)
	if err != nil {
		return api.ModelUpdate{}, err
	}
	d.Model.Imported = time.Now()
	u := &update{Hub: h, document: d, from: versionID(o.Model)}
	if u.from == "" {
		u.from = d.Model.VersionID
	}
	if o.DryRun {
		return u.plan(ctx)
	}
	return act(ctx, h, c, action, u.target(), func() (api.ModelUpdate, error) {
		planned, err := u.plan(ctx)
		if err != nil {
			return planned, err
		}
		if planned.Changes.Breaks() && !o.Force {
			return planned, breaking(planned.Changes)
		}
		return planned, u.carryOut(ctx)
	})
}

// An update is a model on its way to another document.
type update struct {
	*Hub
	document *model.Document
	from     string // versionId of the model that is replaced

	revision int64    // of the model that has the document's own versionId; 0: there is none
	models   []string // the versionIds whose integrations the update concerns
}

func (u *update) target() string {
	if to := u.document.Model.VersionID; u.from != to {
		return u.from + " by " + to
	}
	return u.from
}

// plan finds out what the update changes.
func (u *update) plan(ctx context.Context) (api.ModelUpdate, error) {
	done := api.ModelUpdate{Data: viewModel(&u.document.Model)}
	old, revision, err := u.model(ctx, u.from)
	if err != nil {
		return done, u.unknown(ctx, err)
	}
	olds := []*model.Model{&old}
	if to := u.document.Model.VersionID; to != u.from { // it may be there: an update that was cut off, or an import
		there, found, err := u.store.Model(ctx, to)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return done, err
		}
		if revision = 0; err == nil {
			revision, olds = found, append(olds, &there)
		}
	}
	u.revision = revision
	changes, err := u.compare(ctx, &old)
	if err != nil {
		return done, err
	}
	done.Changes = viewChanges(changes)
	done.Changes.From, done.Changes.Integrations = u.from, []api.IntegrationChange{}
	for _, m := range olds {
		u.models = append(u.models, m.VersionID)
		more, err := u.integrations(ctx, m)
		if err != nil {
			return done, err
		}
		done.Changes.Integrations = append(done.Changes.Integrations, more...)
	}
	return done, nil
}

// unknown names the models that may have been meant: those of the document's title.
func (u *update) unknown(ctx context.Context, err error) error {
	if !fault.Is(err, fault.NotFound) || u.from != u.document.Model.VersionID {
		return err
	}
	like := ""
	for m, failed := range u.store.Models(ctx) {
		if failed != nil {
			return err
		}
		if m.Title == u.document.Model.Title {
			like = m.VersionID
		}
	}
	missing := fault.New(fault.NotFound, "model %q does not exist", u.from)
	if like == "" {
		return missing.WithHint("import the document (carnet model import), or name the model that it replaces (--model)")
	}
	return missing.WithHint("name the model that the document replaces: --model %q", like)
}

func (u *update) compare(ctx context.Context, old *model.Model) (change.Changes, error) {
	index, err := u.store.Operations(ctx, old)
	if err != nil {
		return change.Changes{}, err
	}
	return change.Compare(change.Old{
		Model: old, Index: index, Schemas: u.store.AllSchemas(ctx, old), Operations: u.store.AllOperations(ctx, old),
	}, u.document)
}

// integrations says what the update means for the integrations of a model.
func (u *update) integrations(ctx context.Context, old *model.Model) (all []api.IntegrationChange, err error) {
	now := &u.document.Model
	for e, err := range u.store.Integrations.All(ctx, "") {
		if err != nil {
			return nil, err
		}
		if e.Value.Model != old.VersionID {
			continue
		}
		configured := u.configure(e.Value, e.Revision, old)
		one := api.IntegrationChange{Name: e.Value.Name}
		one.Breaks = integration.Breaks(e.Value.Settings, old, now, func(scheme string) bool { return u.hasToken(ctx, configured, scheme) })
		one.Keeps = integration.Keeps(e.Value.Settings, old, now)
		next, stays := integration.Follow(e.Value, old, now)
		if base, err := next.Settings.BaseURL(now); err == nil {
			switch {
			case stays:
				one.Stays = base.String()
			case next.Settings.Server != e.Value.Settings.Server:
				one.Server = base.String()
			}
		}
		all = append(all, one)
	}
	return all, nil
}

// breaking is the refusal of an update, with a problem for each credential that it would make useless.
func breaking(c api.ModelChanges) error {
	err := fault.New(fault.Conflict, "the document would make stored credentials useless")
	for _, i := range c.Integrations {
		for _, reason := range i.Breaks {
			err.Problems = append(err.Problems, fault.Problem{Message: "integration " + i.Name + ": " + reason})
		}
	}
	err.Message += ": " + err.Problems[0].Message
	return err.WithHint("nothing was changed; update all the same with --force (force=true): the credentials stay stored, to be entered for another scheme or with the scheme's own type")
}

// carryOut stores the document, takes the integrations over to it, and deletes the model that it replaces if that is another one.
// Whatever happens in between, each integration has a whole model, and to update once more goes on.
func (u *update) carryOut(ctx context.Context) error {
	to := u.document.Model.VersionID
	old := map[string]model.Model{}
	for _, id := range u.models {
		m, _, err := u.model(ctx, id)
		if err != nil {
			return err
		}
		old[id] = m
	}
	if _, err := u.store.PutModel(ctx, u.document, u.revision); err != nil {
		return err
	}
	u.memory.models.Forget(to)
	for e, err := range u.store.Integrations.All(ctx, "") {
		if err != nil {
			return err
		}
		if m, ok := old[e.Value.Model]; ok {
			if err := u.follow(ctx, e.Value.Name, &m); err != nil {
				return err
			}
		}
	}
	if u.from == to {
		return nil
	}
	if late, err := u.users(ctx, u.from); err != nil || len(late) > 0 { // made meanwhile: they keep what they were made of
		return err
	}
	defer u.memory.models.Forget(u.from)
	return u.store.DeleteModel(ctx, u.from)
}

// follow takes an integration over to the new model, whoever else is editing it.
func (u *update) follow(ctx context.Context, name string, old *model.Model) error {
	defer u.memory.integrations.Forget(name) // it is known with the old model
	for {
		i, revision, err := u.integration(ctx, name)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		next, _ := integration.Follow(i, old, &u.document.Model)
		unchanged := next.Model == i.Model && next.Settings.Server == i.Settings.Server && next.Settings.Version == i.Settings.Version
		if i.Model != old.VersionID || unchanged {
			return nil
		}
		next.Updated = time.Now()
		_, err = u.store.Integrations.Put(ctx, name, next, revision)
		if !fault.Is(err, fault.Conflict) {
			return err
		}
	}
}

// viewChanges shows what a document changes.
func viewChanges(c change.Changes) api.ModelChanges {
	view := api.ModelChanges{
		Added: summaries(c.Added), Removed: summaries(c.Removed), Changed: []api.OperationChange{}, Same: c.Same, Schemes: []api.SchemeChange{},
		Servers: api.ServerChanges{Added: slices.Concat([]string{}, c.Servers.Added), Removed: slices.Concat([]string{}, c.Servers.Removed)},
	}
	for _, op := range c.Changed {
		one := api.OperationChange{OperationSummary: viewSummary(op.Summary), Details: op.Details}
		for _, what := range op.What {
			one.What = append(one.What, string(what))
		}
		if op.ID != op.Was.ID || op.Method != op.Was.Method || op.Path != op.Was.Path {
			was := viewSummary(op.Was)
			one.Was = &was
		}
		view.Changed = append(view.Changed, one)
	}
	for _, s := range c.Schemes {
		view.Schemes = append(view.Schemes, api.SchemeChange{Name: s.Name, How: string(s.How), Details: s.Details})
	}
	return view
}

func summaries(all []model.Summary) []api.OperationSummary {
	views := make([]api.OperationSummary, len(all))
	for i, s := range all {
		views[i] = viewSummary(s)
	}
	return views
}
