package hub

import (
	"context"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
)

// PreviewModel reads a document without storing anything, and shows the model that it would be.
func (h *Hub) PreviewModel(ctx context.Context, c access.Caller, r api.ModelRequest) (api.Preview, error) {
	if err := c.Allow(access.ModelValidate); err != nil {
		return api.Preview{}, err
	}
	defer h.thrift.reading(r)()
	d, err := h.document(ctx, r, false)
	if err != nil {
		return api.Preview{}, err
	}
	_, _, err = h.model(ctx, d.Model.VersionID)
	view := api.Preview{Model: viewModel(&d.Model), Exists: err == nil}
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return view, err
}
