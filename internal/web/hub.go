package web

import (
	"context"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/seal"
)

// A Hub is what the page shows and does: *hub.Hub, one method per use case.
type Hub interface {
	Overview(ctx context.Context, c access.Caller, q api.OverviewQuery) (api.Overview, error)
	Models(ctx context.Context, c access.Caller, q api.Query) (api.ModelList, error)
	Model(ctx context.Context, c access.Caller, id string) (api.Model, error)
	ModelOperations(ctx context.Context, c access.Caller, id, search string, q api.Query) (api.OperationList, error)
	PreviewModel(ctx context.Context, c access.Caller, r api.ModelRequest) (api.Preview, error)
	ImportModel(ctx context.Context, c access.Caller, r api.ModelRequest) (api.Model, error)
	UpdateModel(ctx context.Context, c access.Caller, r api.ModelRequest, o api.UpdateOptions) (api.ModelUpdate, error)
	ExportModel(ctx context.Context, c access.Caller, id string) ([]byte, error)
	DeleteModel(ctx context.Context, c access.Caller, id string) error

	Login(ctx context.Context, username string, password seal.Secret) (seal.Secret, error)
	Logout(ctx context.Context, token seal.Secret) error
	CallerBySession(ctx context.Context, token seal.Secret) (access.Caller, error)
}
