package server

import (
	"context"
	"encoding/json"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/seal"
)

// A Hub is what the server puts HTTP in front of: *hub.Hub, one method per use case. Errors are faults, whose kind becomes the
// status. A model's id comes with or without api.ModelPrefix.
type Hub interface {
	Models(ctx context.Context, c access.Caller, q api.Query) (api.ModelList, error)
	Model(ctx context.Context, c access.Caller, id string) (api.Model, error)
	ImportModel(ctx context.Context, c access.Caller, r api.ModelRequest) (api.Model, error)
	UpdateModel(ctx context.Context, c access.Caller, r api.ModelRequest, o api.UpdateOptions) (api.ModelUpdate, error)
	ValidateModel(ctx context.Context, c access.Caller, r api.ModelRequest) ([]fault.Problem, error)
	PreviewModel(ctx context.Context, c access.Caller, r api.ModelRequest) (api.Preview, error)
	ModelOperations(ctx context.Context, c access.Caller, id, search string, q api.Query) (api.OperationList, error)
	ExportModel(ctx context.Context, c access.Caller, id string) ([]byte, error)
	SecuritySchemes(ctx context.Context, c access.Caller, id string) (map[string]json.RawMessage, error)
	DeleteModel(ctx context.Context, c access.Caller, id string) error

	Overview(ctx context.Context, c access.Caller, q api.OverviewQuery) (api.Overview, error)
	Integrations(ctx context.Context, c access.Caller, q api.Query) (api.IntegrationList, error)
	Integration(ctx context.Context, c access.Caller, name string) (api.Stored, error)
	IntegrationSchema(ctx context.Context, c access.Caller, name string) (json.RawMessage, error)
	CreateIntegration(ctx context.Context, c access.Caller, i api.Integration) (api.Integration, error)
	ReplaceIntegration(ctx context.Context, c access.Caller, name string, i api.Integration) (api.Integration, error)
	ReplaceSettings(ctx context.Context, c access.Caller, name string, settings json.RawMessage) (api.Integration, error)
	SetIntegration(ctx context.Context, c access.Caller, name string, s api.Settings) (api.Integration, error)
	CloneIntegration(ctx context.Context, c access.Caller, name, as string) (api.Integration, error)
	ValidateSettings(ctx context.Context, c access.Caller, name string, settings json.RawMessage) error
	TestIntegration(ctx context.Context, c access.Caller, name string) (api.Probe, error)
	DeleteIntegration(ctx context.Context, c access.Caller, name string) error

	Operations(ctx context.Context, c access.Caller, integration, search string, q api.Query) (api.OperationList, error)
	Operation(ctx context.Context, c access.Caller, integration, id string) (api.Operation, error)
	RunOperation(ctx context.Context, c access.Caller, integration, id string, t api.Task) (api.Result, error)

	Tokens(ctx context.Context, c access.Caller, integration string) (api.TokenList, error)
	ExplainToken(ctx context.Context, c access.Caller, integration, scheme string) (api.Explanation, error)
	RenewToken(ctx context.Context, c access.Caller, integration, scheme string) (api.Token, error)
	ConnectIntegration(ctx context.Context, c access.Caller, integration, scheme string, r api.Connect) (api.Connection, error)
	FinishConnection(ctx context.Context, c access.Caller, with map[string]string) (api.Connected, error)
	Callback(ctx context.Context, c access.Caller, integration string, redirect map[string]string) (api.Arrival, error)
	ClearToken(ctx context.Context, c access.Caller, integration, scheme string) error
	SetToken(ctx context.Context, c access.Caller, integration, scheme string, t api.GivenToken) (api.Token, error)

	AuditEntries(ctx context.Context, c access.Caller, q api.AuditQuery) (api.AuditList, error)

	Users(ctx context.Context, c access.Caller) (api.UserList, error)
	CreateUser(ctx context.Context, c access.Caller, u api.User) (api.User, error)
	DeleteUser(ctx context.Context, c access.Caller, name string) error
	SetPassword(ctx context.Context, c access.Caller, name string, password seal.Secret) error
	DisableUser(ctx context.Context, c access.Caller, name string) error
	EnableUser(ctx context.Context, c access.Caller, name string) error
	RotateAccount(ctx context.Context, c access.Caller, name string) (api.Account, error)
	DisableAccount(ctx context.Context, c access.Caller, name string) error
	EnableAccount(ctx context.Context, c access.Caller, name string) error
	Sessions(ctx context.Context, c access.Caller) (api.SessionList, error)
	EndSession(ctx context.Context, c access.Caller, id string) error
	Accounts(ctx context.Context, c access.Caller) (api.AccountList, error)
	CreateAccount(ctx context.Context, c access.Caller, a api.Account) (api.Account, error)
	DeleteAccount(ctx context.Context, c access.Caller, name string) error

	Login(ctx context.Context, username string, password seal.Secret) (seal.Secret, error)
	Logout(ctx context.Context, token seal.Secret) error
	AccountToken(ctx context.Context, clientID string, secret seal.Secret) (api.AccessToken, error)
	CallerByPassword(ctx context.Context, name string, password seal.Secret) (access.Caller, error)
	CallerBySession(ctx context.Context, token seal.Secret) (access.Caller, error)
	Health(ctx context.Context) (api.Health, error)
}
