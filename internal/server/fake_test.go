package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/seal"
)

// fake is a hub that keeps things in maps.
type fake struct {
	mutex        sync.Mutex
	models       map[string]api.Model
	integrations map[string]api.Integration
	sessions     map[string]access.Caller
	last         any   // what the last method was called with
	arrived      []any // what Callback was called with
	err          error
	cause        any // to panic with
}

const (
	password     = "hunter2-password"
	clientSecret = "hunter2-client"
	sessionText  = "hunter2-session"
)

func newFake() *fake {
	return &fake{models: map[string]api.Model{}, integrations: map[string]api.Integration{}, sessions: map[string]access.Caller{}}
}

func (f *fake) note(c access.Caller, what any) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.cause != nil {
		panic(f.cause)
	}
	f.last = what
	if f.err != nil {
		return f.err
	}
	return c.Allow(access.ModelRead)
}

func bare(id string) string { return strings.TrimPrefix(id, api.ModelPrefix) }

func (f *fake) Models(_ context.Context, c access.Caller, q api.Query) (api.ModelList, error) {
	return api.ModelList{IntegrationModels: slices.Collect(maps.Values(f.models)), Total: len(f.models)}, f.note(c, q)
}

func (f *fake) Model(_ context.Context, c access.Caller, id string) (api.Model, error) {
	if err := f.note(c, id); err != nil {
		return api.Model{}, err
	}
	m, ok := f.models[bare(id)]
	if !ok {
		return m, fault.New(fault.NotFound, "model %q does not exist", bare(id))
	}
	return m, nil
}

func (f *fake) ImportModel(_ context.Context, c access.Caller, r api.ModelRequest) (api.Model, error) {
	if err := f.note(c, r); err != nil {
		return api.Model{}, err
	}
	var doc struct {
		Info struct{ Title, Version string }
	}
	if err := json.Unmarshal(r.Model, &doc); err != nil || doc.Info.Title == "" {
		return api.Model{}, &fault.Error{Kind: fault.Invalid, Message: "the document can't be used",
			Problems: []fault.Problem{{Pointer: "/info/title", Message: "is missing"}}}
	}
	id := doc.Info.Title + ":" + doc.Info.Version
	if _, ok := f.models[id]; ok {
		return api.Model{}, fault.New(fault.Conflict, "model %q already exists", id)
	}
	f.models[id] = api.Model{Model: api.ModelPrefix + id, VersionID: id}
	return f.models[id], nil
}

func (f *fake) UpdateModel(ctx context.Context, c access.Caller, r api.ModelRequest, o api.UpdateOptions) (api.ModelUpdate, error) {
	if o != (api.UpdateOptions{}) {
		return api.ModelUpdate{}, f.note(c, o)
	}
	clear(f.models)
	m, err := f.ImportModel(ctx, c, r)
	return api.ModelUpdate{Data: m}, err
}

func (f *fake) ValidateModel(_ context.Context, c access.Caller, r api.ModelRequest) ([]fault.Problem, error) {
	if string(r.Model) == `"warn"` {
		return []fault.Problem{{Pointer: "/paths", Message: "is empty"}}, nil
	}
	return nil, f.note(c, r)
}

func (f *fake) PreviewModel(_ context.Context, c access.Caller, r api.ModelRequest) (api.Preview, error) {
	return api.Preview{}, f.note(c, r)
}

func (f *fake) ModelOperations(_ context.Context, c access.Caller, id, search string, q api.Query) (api.OperationList, error) {
	return api.OperationList{}, f.note(c, []any{id, search, q})
}

func (f *fake) ExportModel(ctx context.Context, c access.Caller, id string) ([]byte, error) {
	_, err := f.Model(ctx, c, id)
	return []byte(`{"openapi": "3.0.0", "z": 1, "z": 2}`), err
}

func (f *fake) SecuritySchemes(ctx context.Context, c access.Caller, id string) (map[string]json.RawMessage, error) {
	_, err := f.Model(ctx, c, id)
	return map[string]json.RawMessage{"key": []byte(`{"type":"apiKey"}`)}, err
}

func (f *fake) DeleteModel(ctx context.Context, c access.Caller, id string) error {
	_, err := f.Model(ctx, c, id)
	delete(f.models, bare(id))
	return err
}

func (f *fake) Overview(_ context.Context, c access.Caller, q api.OverviewQuery) (api.Overview, error) {
	return api.Overview{}, f.note(c, q)
}

func (f *fake) Integrations(_ context.Context, c access.Caller, q api.Query) (api.IntegrationList, error) {
	list := api.IntegrationList{Total: len(f.integrations)}
	for _, i := range f.integrations {
		list.Results = append(list.Results, api.Stored{Data: i})
	}
	return list, f.note(c, q)
}

func (f *fake) Integration(_ context.Context, c access.Caller, name string) (api.Stored, error) {
	if err := f.note(c, name); err != nil {
		return api.Stored{}, err
	}
	i, ok := f.integrations[name]
	if !ok {
		return api.Stored{}, fault.New(fault.NotFound, "integration %q does not exist", name).WithHint("list them")
	}
	return api.Stored{Data: i}, nil
}

func (f *fake) CreateIntegration(_ context.Context, c access.Caller, i api.Integration) (api.Integration, error) {
	if err := f.note(c, i); err != nil {
		return i, err
	}
	if _, ok := f.integrations[i.Name]; ok {
		return i, fault.New(fault.Conflict, "integration %q already exists", i.Name)
	}
	i.Model = api.ModelPrefix + i.Properties.Type
	f.integrations[i.Name] = i
	return i, nil
}

func (f *fake) change(c access.Caller, name string, what any) (api.Integration, error) {
	if err := f.note(c, what); err != nil {
		return api.Integration{}, err
	}
	if _, ok := f.integrations[name]; !ok {
		return api.Integration{}, fault.New(fault.NotFound, "integration %q does not exist", name)
	}
	return f.integrations[name], nil
}

func (f *fake) ReplaceIntegration(_ context.Context, c access.Caller, name string, i api.Integration) (api.Integration, error) {
	return f.change(c, name, i)
}

func (f *fake) ReplaceSettings(_ context.Context, c access.Caller, name string, settings json.RawMessage) (api.Integration, error) {
	return f.change(c, name, string(settings))
}

func (f *fake) SetIntegration(_ context.Context, c access.Caller, name string, s api.Settings) (api.Integration, error) {
	return f.change(c, name, s)
}

func (f *fake) CloneIntegration(_ context.Context, c access.Caller, name, as string) (api.Integration, error) {
	return f.change(c, name, []any{name, as})
}

func (f *fake) ValidateSettings(_ context.Context, c access.Caller, name string, settings json.RawMessage) error {
	_, err := f.change(c, name, string(settings))
	return err
}

func (f *fake) TestIntegration(_ context.Context, c access.Caller, name string) (api.Probe, error) {
	return api.Probe{Integration: name}, f.note(c, name)
}

func (f *fake) DeleteIntegration(_ context.Context, c access.Caller, name string) error {
	_, err := f.change(c, name, name)
	delete(f.integrations, name)
	return err
}

func (f *fake) Operations(_ context.Context, c access.Caller, integration, search string, q api.Query) (api.OperationList, error) {
	return api.OperationList{}, f.note(c, []any{integration, search, q})
}

func (f *fake) Operation(_ context.Context, c access.Caller, integration, id string) (api.Operation, error) {
	return api.Operation{OperationSummary: api.OperationSummary{ID: id}}, f.note(c, []any{integration, id})
}

func (f *fake) RunOperation(_ context.Context, c access.Caller, integration, id string, t api.Task) (api.Result, error) {
	return api.Result{OK: true, Status: 200, Data: []byte(`{"b": 1.50, "b": "<é>"}`)}, f.note(c, []any{integration, id, t})
}

func (f *fake) Tokens(_ context.Context, c access.Caller, integration string) (api.TokenList, error) {
	return api.TokenList{}, f.note(c, integration)
}

func (f *fake) ExplainToken(_ context.Context, c access.Caller, integration, scheme string) (api.Explanation, error) {
	return api.Explanation{Scheme: scheme}, f.note(c, []any{integration, scheme})
}

func (f *fake) RenewToken(_ context.Context, c access.Caller, integration, scheme string) (api.Token, error) {
	return api.Token{Scheme: scheme}, f.note(c, []any{integration, scheme})
}

func (f *fake) IntegrationSchema(_ context.Context, c access.Caller, name string) (json.RawMessage, error) {
	return json.RawMessage(`{"type":"object"}`), f.note(c, name)
}

func (f *fake) ConnectIntegration(_ context.Context, c access.Caller, integration, scheme string, r api.Connect) (api.Connection, error) {
	return api.Connection{AuthorizationURL: "https://provider.example/authorize", State: "state", RedirectURI: r.RedirectURI}, f.note(c, []any{integration, scheme, r})
}

func (f *fake) FinishConnection(_ context.Context, c access.Caller, redirect map[string]string) (api.Connected, error) {
	return api.Connected{Token: &api.Token{Scheme: redirect["state"]}}, f.note(c, redirect)
}

func (f *fake) Callback(_ context.Context, c access.Caller, integration string, redirect map[string]string) (api.Arrival, error) {
	f.arrived = append(f.arrived, []any{c.String(), integration, redirect})
	arrival := api.Arrival{Integration: integration, Scheme: "login", Confirmation: "BCDF-GHJK"}
	if c.Kind != "" {
		arrival.Confirmation, arrival.Token = "", &api.Token{}
	}
	return arrival, f.err
}

func (f *fake) ClearToken(_ context.Context, c access.Caller, integration, scheme string) error {
	return f.note(c, []any{integration, scheme})
}

func (f *fake) SetToken(_ context.Context, c access.Caller, integration, scheme string, t api.GivenToken) (api.Token, error) {
	return api.Token{Scheme: scheme}, f.note(c, []any{integration, scheme, t})
}

func (f *fake) AuditEntries(_ context.Context, c access.Caller, q api.AuditQuery) (api.AuditList, error) {
	return api.AuditList{}, f.note(c, q)
}

func (f *fake) DisableUser(_ context.Context, c access.Caller, name string) error {
	return f.note(c, name)
}

func (f *fake) EnableUser(_ context.Context, c access.Caller, name string) error {
	return f.note(c, name)
}

func (f *fake) RotateAccount(_ context.Context, c access.Caller, name string) (api.Account, error) {
	return api.Account{Name: name}, f.note(c, name)
}

func (f *fake) DisableAccount(_ context.Context, c access.Caller, name string) error {
	return f.note(c, name)
}

func (f *fake) EnableAccount(_ context.Context, c access.Caller, name string) error {
	return f.note(c, name)
}

func (f *fake) Sessions(_ context.Context, c access.Caller) (api.SessionList, error) {
	return api.SessionList{}, f.note(c, nil)
}

func (f *fake) EndSession(_ context.Context, c access.Caller, id string) error {
	return f.note(c, id)
}

func (f *fake) Users(_ context.Context, c access.Caller) (api.UserList, error) {
	return api.UserList{}, f.note(c, nil)
}

func (f *fake) CreateUser(_ context.Context, c access.Caller, u api.User) (api.User, error) {
	return api.User{Name: u.Name}, f.note(c, u)
}
func (f *fake) DeleteUser(_ context.Context, c access.Caller, name string) error {
	return f.note(c, name)
}

func (f *fake) SetPassword(_ context.Context, c access.Caller, name string, p seal.Secret) error {
	return f.note(c, []any{name, p.Reveal()})
}

func (f *fake) Accounts(_ context.Context, c access.Caller) (api.AccountList, error) {
	return api.AccountList{}, f.note(c, nil)
}

func (f *fake) CreateAccount(_ context.Context, c access.Caller, a api.Account) (api.Account, error) {
	return a, f.note(c, a)
}

func (f *fake) DeleteAccount(_ context.Context, c access.Caller, name string) error {
	return f.note(c, name)
}

func (f *fake) Login(ctx context.Context, username string, p seal.Secret) (seal.Secret, error) {
	c, err := f.CallerByPassword(ctx, username, p)
	f.sessions[sessionText] = c
	return seal.NewSecret(sessionText), err
}

func (f *fake) Logout(_ context.Context, token seal.Secret) error {
	delete(f.sessions, token.Reveal())
	return nil
}

func (f *fake) AccountToken(_ context.Context, id string, secret seal.Secret) (api.AccessToken, error) {
	if f.err != nil {
		return api.AccessToken{}, f.err
	}
	if id != "ci.1" || secret.Reveal() != clientSecret {
		return api.AccessToken{}, fault.New(fault.Unauthenticated, "wrong")
	}
	f.sessions[sessionText] = access.Caller{Kind: access.KindAccount, Name: "ci", Role: access.Operator}
	return api.AccessToken{AccessToken: sessionText, TokenType: "Bearer", ExpiresIn: 3600}, nil
}

func (f *fake) CallerByPassword(_ context.Context, name string, p seal.Secret) (access.Caller, error) {
	if name != "admin" || p.Reveal() != password {
		return access.Caller{}, fault.New(fault.Unauthenticated, "unknown name or wrong password")
	}
	return access.Caller{Kind: access.KindUser, Name: name, Role: access.Admin}, nil
}

func (f *fake) CallerBySession(_ context.Context, token seal.Secret) (access.Caller, error) {
	c, ok := f.sessions[token.Reveal()]
	if !ok {
		return c, fault.New(fault.Unauthenticated, "the session is over")
	}
	return c, nil
}

func (f *fake) Health(context.Context) (api.Health, error) {
	if f.err != nil {
		return api.Health{Status: "unavailable"}, errors.New("down")
	}
	return api.Health{Status: "ok", Version: "1"}, nil
}
