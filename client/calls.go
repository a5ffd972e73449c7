package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

const models, integrations = "integration-models", "integrations"

// ImportModel imports an OpenAPI document as a new model.
func (c *Client) ImportModel(ctx context.Context, r api.ModelRequest) (api.Model, error) {
	var created api.Created[api.Model]
	err := c.do(ctx, request{method: http.MethodPost, path: []string{models}, body: r}, &created)
	return created.Data, err
}

// UpdateModel replaces the document of a model, and says what changes.
func (c *Client) UpdateModel(ctx context.Context, r api.ModelRequest, o api.UpdateOptions) (api.ModelUpdate, error) {
	values := query(api.Query{Model: o.Model})
	for name, set := range map[string]bool{"dryRun": o.DryRun, "force": o.Force} {
		if set {
			values.Set(name, "true")
		}
	}
	var updated api.ModelUpdate
	err := c.do(ctx, request{method: http.MethodPut, path: []string{models}, query: values, body: r}, &updated)
	return updated, err
}

// ValidateModel returns the warnings about a document; fault.Invalid with its problems if it can't be used.
func (c *Client) ValidateModel(ctx context.Context, r api.ModelRequest) ([]fault.Problem, error) {
	var v api.Validation
	if err := c.do(ctx, request{method: http.MethodPut, path: []string{models, "validation"}, body: r}, &v); err != nil {
		return nil, err
	}
	var warnings []fault.Problem
	if json.Unmarshal(v.Message, &warnings) != nil {
		return nil, nil // a text: there are none
	}
	return warnings, nil
}

// PreviewModel shows the model that a document would be; nothing is stored.
func (c *Client) PreviewModel(ctx context.Context, r api.ModelRequest) (api.Preview, error) {
	var preview api.Preview
	err := c.do(ctx, request{method: http.MethodPut, path: []string{models, "preview"}, body: r}, &preview)
	return preview, err
}

// ModelOperations lists the operations of a model in which every word of search occurs.
func (c *Client) ModelOperations(ctx context.Context, id, search string, q api.Query) (api.OperationList, error) {
	values := query(q)
	if search != "" {
		values.Set("search", search)
	}
	return get[api.OperationList](ctx, c, values, models, id, "operations")
}

// Models lists the models.
func (c *Client) Models(ctx context.Context, q api.Query) (api.ModelList, error) {
	return get[api.ModelList](ctx, c, query(q), models)
}

// Model returns a model.
func (c *Client) Model(ctx context.Context, id string) (api.Model, error) {
	return get[api.Model](ctx, c, nil, models, id)
}

// ExportModel returns the document of a model, as JSON.
func (c *Client) ExportModel(ctx context.Context, id string) ([]byte, error) {
	return c.raw(ctx, request{method: http.MethodGet, path: []string{models, id, "export"}})
}

// SecuritySchemes returns a model's security schemes as they stand in its document.
func (c *Client) SecuritySchemes(ctx context.Context, id string) (map[string]json.RawMessage, error) {
	return get[map[string]json.RawMessage](ctx, c, nil, models, id, "securitySchemes")
}

// DeleteModel deletes a model that no integration uses.
func (c *Client) DeleteModel(ctx context.Context, id string) error {
	return c.delete(ctx, models, id)
}

// CreateIntegration makes an integration.
func (c *Client) CreateIntegration(ctx context.Context, i api.Integration) (api.Integration, error) {
	var created api.Created[api.Integration]
	err := c.do(ctx, request{method: http.MethodPost, path: []string{integrations}, body: map[string]any{"properties": i}}, &created)
	return created.Data, err
}

// Integrations lists the integrations.
func (c *Client) Integrations(ctx context.Context, q api.Query) (api.IntegrationList, error) {
	return get[api.IntegrationList](ctx, c, query(q), integrations)
}

// Integration returns an integration, its secrets masked.
func (c *Client) Integration(ctx context.Context, name string) (api.Stored, error) {
	return get[api.Stored](ctx, c, nil, integrations, name)
}

// ReplaceIntegration replaces an integration's model and settings. Masked secrets keep their values.
func (c *Client) ReplaceIntegration(ctx context.Context, name string, i api.Integration) (api.Integration, error) {
	var updated api.Created[api.Integration]
	err := c.do(ctx, request{method: http.MethodPut, path: []string{integrations, name}, body: map[string]any{"properties": i}}, &updated)
	return updated.Data, err
}

// ReplaceSettings replaces sections of an integration's settings. Masked secrets keep their values.
func (c *Client) ReplaceSettings(ctx context.Context, name string, settings json.RawMessage) (api.Integration, error) {
	var updated api.Created[api.Integration]
	body := map[string]json.RawMessage{"properties": settings}
	err := c.do(ctx, request{method: http.MethodPut, path: []string{integrations, name, "properties"}, body: body}, &updated)
	return updated.Data, err
}

// SetIntegration changes single fields of an integration's settings.
func (c *Client) SetIntegration(ctx context.Context, name string, s api.Settings) (api.Integration, error) {
	var updated api.Created[api.Integration]
	err := c.do(ctx, request{method: http.MethodPatch, path: []string{integrations, name, "properties"}, body: s}, &updated)
	return updated.Data, err
}

// CloneIntegration makes an integration with the settings of another, secrets included.
func (c *Client) CloneIntegration(ctx context.Context, name, as string) (api.Integration, error) {
	var created api.Created[api.Integration]
	err := c.do(ctx, request{method: http.MethodPost, path: []string{integrations, name, "clone"}, body: map[string]string{"name": as}}, &created)
	return created.Data, err
}

// ValidateSettings says what is wrong with settings, as ReplaceSettings would, and changes nothing.
func (c *Client) ValidateSettings(ctx context.Context, name string, settings json.RawMessage) error {
	body := map[string]json.RawMessage{"properties": settings}
	return c.do(ctx, request{method: http.MethodPut, path: []string{integrations, name, "properties", "validation"}, body: body}, nil)
}

// TestIntegration tries what a task needs, step by step.
func (c *Client) TestIntegration(ctx context.Context, name string) (api.Probe, error) {
	var p api.Probe
	err := c.do(ctx, request{method: http.MethodPost, path: []string{integrations, name, "test"}}, &p)
	return p, err
}

// DeleteIntegration deletes an integration and its tokens.
func (c *Client) DeleteIntegration(ctx context.Context, name string) error {
	return c.delete(ctx, integrations, name)
}

// Operations lists the operations of an integration in which every word of search occurs.
func (c *Client) Operations(ctx context.Context, integration, search string, q api.Query) (api.OperationList, error) {
	values := query(q)
	if search != "" {
		values.Set("search", search)
	}
	return get[api.OperationList](ctx, c, values, integrations, integration, "operations")
}

// Operation returns what there is to know of an operation.
func (c *Client) Operation(ctx context.Context, integration, id string) (api.Operation, error) {
	return get[api.Operation](ctx, c, nil, integrations, integration, "operations", id)
}

// Overview shows the integrations with the state of their tokens at a glance.
func (c *Client) Overview(ctx context.Context, q api.OverviewQuery) (api.Overview, error) {
	values := query(api.Query{Skip: q.Skip, Limit: q.Limit, Model: q.Model})
	for name, text := range map[string]string{"search": q.Search, "state": q.State} {
		if text != "" {
			values.Set(name, text)
		}
	}
	return get[api.Overview](ctx, c, values, "overview")
}

// Tokens returns the state of an integration's tokens.
func (c *Client) Tokens(ctx context.Context, integration string) (api.TokenList, error) {
	return get[api.TokenList](ctx, c, nil, integrations, integration, "tokens")
}

// ExplainToken says what would be asked for a token next, and what is wrong. scheme may be empty if there is only one token.
func (c *Client) ExplainToken(ctx context.Context, integration, scheme string) (api.Explanation, error) {
	return get[api.Explanation](ctx, c, nil, integrations, integration, "tokens", only(scheme), "explanation")
}

// RenewToken gets a new token now. scheme may be empty if there is only one token.
func (c *Client) RenewToken(ctx context.Context, integration, scheme string) (api.Token, error) {
	var t api.Token
	err := c.do(ctx, request{method: http.MethodPost, path: []string{integrations, integration, "tokens", only(scheme), "renew"}}, &t)
	return t, err
}

// IntegrationSchema returns the JSON Schema (2020-12) of an integration's settings.
func (c *Client) IntegrationSchema(ctx context.Context, integration string) (json.RawMessage, error) {
	var schema json.RawMessage
	err := c.do(ctx, request{method: http.MethodGet, path: []string{"schema", integrations, integration}}, &schema)
	return schema, err
}

// ConnectIntegration begins a person's consent. scheme may be empty if there is only one token.
func (c *Client) ConnectIntegration(ctx context.Context, integration, scheme string, r api.Connect) (api.Connection, error) {
	var connection api.Connection
	err := c.do(ctx, request{method: http.MethodPost, path: []string{integrations, integration, "tokens", only(scheme), "connection"}, body: r}, &connection)
	return connection, err
}

// FinishConnection goes on with a person's consent: with the parameters of the service's redirect, with the "state" and the
// "confirmation" that the browser shows, or with the "state" alone, to hear how it stands.
func (c *Client) FinishConnection(ctx context.Context, with map[string]string) (api.Connected, error) {
	var connected api.Connected
	err := c.do(ctx, request{method: http.MethodPost, path: []string{"connections"}, body: with}, &connected)
	return connected, err
}

// ClearToken forgets a token. scheme may be empty if there is only one token.
func (c *Client) ClearToken(ctx context.Context, integration, scheme string) error {
	return c.delete(ctx, integrations, integration, "tokens", only(scheme))
}

// SetToken stores a token that somebody got elsewhere. scheme may be empty if there is only one token.
func (c *Client) SetToken(ctx context.Context, integration, scheme string, given api.GivenToken) (api.Token, error) {
	var t api.Token
	err := c.do(ctx, request{method: http.MethodPut, path: []string{integrations, integration, "tokens", only(scheme)}, body: given}, &t)
	return t, err
}

// only is how the API writes the scheme of the only token.
func only(scheme string) string {
	if scheme == "" {
		return "-"
	}
	return scheme
}

// AuditEntries lists who did what, the newest first.
func (c *Client) AuditEntries(ctx context.Context, q api.AuditQuery) (api.AuditList, error) {
	values := query(api.Query{Limit: q.Limit})
	if !q.Since.IsZero() {
		values.Set("since", q.Since.Format(time.RFC3339))
	}
	for name, text := range map[string]string{"before": q.Before, "caller": q.Caller, "action": q.Action, "target": q.Target, "outcome": q.Outcome} {
		if text != "" {
			values.Set(name, text)
		}
	}
	return get[api.AuditList](ctx, c, values, "audit")
}

// CreateUser makes a user.
func (c *Client) CreateUser(ctx context.Context, u api.User) (api.User, error) {
	var made api.User
	err := c.do(ctx, request{method: http.MethodPost, path: []string{"users"}, body: u}, &made)
	return made, err
}

// Users lists the users.
func (c *Client) Users(ctx context.Context) (api.UserList, error) {
	return get[api.UserList](ctx, c, nil, "users")
}

// DeleteUser deletes a user.
func (c *Client) DeleteUser(ctx context.Context, name string) error {
	return c.delete(ctx, "users", name)
}

// SetPassword changes a user's password.
func (c *Client) SetPassword(ctx context.Context, name, password string) error {
	body := map[string]string{"password": password}
	return c.do(ctx, request{method: http.MethodPut, path: []string{"users", name, "password"}, body: body}, nil)
}

// CreateAccount makes a service account; its secret is in the answer, and never again.
func (c *Client) CreateAccount(ctx context.Context, a api.Account) (api.Account, error) {
	var made api.Account
	err := c.do(ctx, request{method: http.MethodPost, path: []string{"service-accounts"}, body: a}, &made)
	return made, err
}

// Accounts lists the service accounts.
func (c *Client) Accounts(ctx context.Context) (api.AccountList, error) {
	return get[api.AccountList](ctx, c, nil, "service-accounts")
}

// DeleteAccount deletes a service account.
func (c *Client) DeleteAccount(ctx context.Context, name string) error {
	return c.delete(ctx, "service-accounts", name)
}

// DisableUser keeps a user from signing in, and ends the user's sessions.
func (c *Client) DisableUser(ctx context.Context, name string) error {
	return c.post(ctx, "users", name, "disable")
}

// EnableUser lets a user sign in again.
func (c *Client) EnableUser(ctx context.Context, name string) error {
	return c.post(ctx, "users", name, "enable")
}

// RotateAccount gives a service account a new secret; it is in the answer, and never again.
func (c *Client) RotateAccount(ctx context.Context, name string) (api.Account, error) {
	var a api.Account
	err := c.do(ctx, request{method: http.MethodPost, path: []string{"service-accounts", name, "rotate"}}, &a)
	return a, err
}

// DisableAccount ends a service account's access tokens, and gives it no more.
func (c *Client) DisableAccount(ctx context.Context, name string) error {
	return c.post(ctx, "service-accounts", name, "disable")
}

// EnableAccount gives a service account access tokens again.
func (c *Client) EnableAccount(ctx context.Context, name string) error {
	return c.post(ctx, "service-accounts", name, "enable")
}

// Sessions lists who is signed in.
func (c *Client) Sessions(ctx context.Context) (api.SessionList, error) {
	return get[api.SessionList](ctx, c, nil, "sessions")
}

// EndSession signs somebody out.
func (c *Client) EndSession(ctx context.Context, id string) error {
	return c.delete(ctx, "sessions", id)
}

func (c *Client) post(ctx context.Context, path ...string) error {
	return c.do(ctx, request{method: http.MethodPost, path: path}, nil)
}

// Health reports whether the server and its store can be used.
func (c *Client) Health(ctx context.Context) (api.Health, error) {
	return get[api.Health](ctx, c, nil, "health")
}

func get[T any](ctx context.Context, c *Client, values url.Values, path ...string) (T, error) {
	var out T
	err := c.do(ctx, request{method: http.MethodGet, path: path, query: values}, &out)
	return out, err
}

func (c *Client) delete(ctx context.Context, path ...string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: path}, nil)
}

// query writes what selects from a list; what is not set is left out.
func query(q api.Query) url.Values {
	values := url.Values{}
	for name, text := range map[string]string{
		"sort": q.Sort, "contains": q.Contains, "containsField": q.ContainsField, "equals": q.Equals, "equalsField": q.EqualsField,
		"startsWith": q.StartsWith, "startsWithField": q.StartsWithField, "model": q.Model,
	} {
		if text != "" {
			values.Set(name, text)
		}
	}
	for name, n := range map[string]int{"skip": q.Skip, "limit": q.Limit, "order": q.Order} {
		if n != 0 {
			values.Set(name, strconv.Itoa(n))
		}
	}
	return values
}
