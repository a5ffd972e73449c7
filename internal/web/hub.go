package web

import (
	"context"
	"encoding/json"

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

	Integration(ctx context.Context, c access.Caller, name string) (api.Stored, error)
	IntegrationSchema(ctx context.Context, c access.Caller, name string) (json.RawMessage, error)
	CreateIntegration(ctx context.Context, c access.Caller, i api.Integration) (api.Integration, error)
	CloneIntegration(ctx context.Context, c access.Caller, name, as string) (api.Integration, error)
	ValidateSettings(ctx context.Context, c access.Caller, name string, settings json.RawMessage) error
	ReplaceSettings(ctx context.Context, c access.Caller, name string, settings json.RawMessage) (api.Integration, error)
	SetIntegration(ctx context.Context, c access.Caller, name string, s api.Settings) (api.Integration, error)
	DeleteIntegration(ctx context.Context, c access.Caller, name string) error
	TestIntegration(ctx context.Context, c access.Caller, name string) (api.Probe, error)

	Operations(ctx context.Context, c access.Caller, integration, search string, q api.Query) (api.OperationList, error)
	Operation(ctx context.Context, c access.Caller, integration, id string) (api.Operation, error)
	RunOperation(ctx context.Context, c access.Caller, integration, id string, t api.Task) (api.Result, error)

	RenewToken(ctx context.Context, c access.Caller, integration, scheme string) (api.Token, error)
	ExplainToken(ctx context.Context, c access.Caller, integration, scheme string) (api.Explanation, error)
	ClearToken(ctx context.Context, c access.Caller, integration, scheme string) error
	SetToken(ctx context.Context, c access.Caller, integration, scheme string, t api.GivenToken) (api.Token, error)
	ConnectIntegration(ctx context.Context, c access.Caller, integration, scheme string, r api.Connect) (api.Connection, error)
	FinishConnection(ctx context.Context, c access.Caller, with map[string]string) (api.Connected, error)

	AuditEntries(ctx context.Context, c access.Caller, q api.AuditQuery) (api.AuditList, error)
	Users(ctx context.Context, c access.Caller) (api.UserList, error)
	CreateUser(ctx context.Context, c access.Caller, u api.User) (api.User, error)
	DisableUser(ctx context.Context, c access.Caller, name string) error
	EnableUser(ctx context.Context, c access.Caller, name string) error
	DeleteUser(ctx context.Context, c access.Caller, name string) error
	SetPassword(ctx context.Context, c access.Caller, name string, password seal.Secret) error
	Accounts(ctx context.Context, c access.Caller) (api.AccountList, error)
	CreateAccount(ctx context.Context, c access.Caller, a api.Account) (api.Account, error)
	RotateAccount(ctx context.Context, c access.Caller, name string) (api.Account, error)
	DisableAccount(ctx context.Context, c access.Caller, name string) error
	EnableAccount(ctx context.Context, c access.Caller, name string) error
	DeleteAccount(ctx context.Context, c access.Caller, name string) error
	Sessions(ctx context.Context, c access.Caller) (api.SessionList, error)
	EndSession(ctx context.Context, c access.Caller, id string) error
	CallerByPassword(ctx context.Context, name string, password seal.Secret) (access.Caller, error)

	Login(ctx context.Context, username string, password seal.Secret) (seal.Secret, error)
	Logout(ctx context.Context, token seal.Secret) error
	CallerBySession(ctx context.Context, token seal.Secret) (access.Caller, error)
}
