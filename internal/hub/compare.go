package hub

import (
	"context"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi"
)

// CompareModel reads a document without storing anything, and says what it would change of the model with its title and version.
func (h *Hub) CompareModel(ctx context.Context, c access.Caller, r api.ModelRequest) (api.Comparison, error) {
	view := api.Comparison{Changes: []api.Change{}}
	if err := c.Allow(access.ModelValidate); err != nil {
		return view, err
	}
	d, err := h.document(ctx, r)
	if err != nil {
		return view, err
	}
	view.Model = viewModel(&d.Model)
	old, _, err := h.model(ctx, d.Model.VersionID)
	if fault.Is(err, fault.NotFound) {
		return view, nil
	}
	view.Exists = err == nil
	if err != nil || old.Digest == d.Model.Digest {
		return view, err
	}
	raw, err := h.store.Document(ctx, &old)
	if err != nil {
		return view, err
	}
	before, err := openapi.Read(raw, old.Origin)
	if err != nil {
		return view, fault.Wrap(fault.Internal, err, "the stored document of %q can't be read again", old.VersionID)
	}
	for _, change := range model.Changes(before, d) {
		view.Changes = append(view.Changes, api.Change(change))
	}
	return view, nil
}
