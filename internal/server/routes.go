package server

import (
	"fmt"
	"net/http"
	"reflect"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// A route is one operation of the API. Its id is the name of the use case: of the hub's method, and of the client's.
type route struct {
	method, path string
	id, summary  string
	endpoint
	size  size
	query []string               // names of parameters that its query may have
	open  bool                   // nobody has to sign in
	guest bool                   // open, and a browser may be signed in
	fail  func(*exchange, error) // refuseAll by default
}

// Parameters of a list's query.
var (
	paging  = []string{"limit", "skip"}
	listing = []string{"limit", "skip", "sort", "order", "contains", "containsField", "equals", "equalsField", "startsWith", "startsWithField"}
)

// routes is the API, whole.
func routes() []route {
	var all []route
	for _, group := range [][]route{doors(), models(), integrations(), operations(), tokens(), people()} {
		all = append(all, group...)
	}
	for i := range all {
		if all[i].fail == nil {
			all[i].fail = refuseAll
		}
	}
	return all
}

// numbers is the id of the route that Options.Metrics serves.
const numbers = "Metrics"

// doors are what nobody has to sign in for.
func doors() []route {
	return []route{
		{method: "GET", path: "/health", id: "Health", summary: "Whether Carnet and its store can be used; 503 if not.", open: true,
			endpoint: endpoint{out: reflect.TypeFor[api.Health](), serve: health}},
		{method: "GET", path: "/health/live", id: "Live", summary: "That the process answers at all; whether it should be asked says /health.", open: true,
			endpoint: reading(func(*exchange) (api.Done, error) { return api.Done{Status: "ok", Message: "alive"}, nil })},
		{method: "GET", path: "/metrics", id: numbers, summary: "The numbers of the process, for Prometheus, in its text format.", open: true,
			endpoint: endpoint{out: reflect.TypeFor[text]()}},
		{method: "GET", path: "/openapi.json", id: "OpenAPI", summary: "This document.", open: true,
			endpoint: reading(func(*exchange) (document, error) { return openAPI, nil })},
		{method: "POST", path: "/login", id: "Login", summary: "Signs a user in: the answer is the session's token, which is also set as the cookie \"token\".", open: true,
			endpoint: writing(login)},
		{method: "POST", path: "/logout", id: "Logout", summary: "Ends the session that the request is made with.", open: true,
			endpoint: reading(logout)},
		{method: "POST", path: "/oauth/token", id: "AccountToken", summary: "Gives a service account an access token (RFC 6749 4.4). The client authenticates in the form or by HTTP Basic.", open: true,
			endpoint: accessToken()},
	}
}

func models() []route {
	return []route{
		{method: "GET", path: "/integration-models", id: "Models", summary: "Lists the integration models.", query: listing,
			endpoint: reading(func(x *exchange) (list api.ModelList, err error) {
				q, err := x.query()
				if err != nil {
					return list, err
				}
				return x.Models(x.ctx(), x.caller, q)
			})},
		{method: "POST", path: "/integration-models", id: "ImportModel", summary: "Imports an OpenAPI document as a new integration model.", size: forModel, fail: refuseModel,
			endpoint: writing(importModel)},
		{method: "PUT", path: "/integration-models", id: "UpdateModel", summary: "Replaces the document of an integration model in place, and says what changes; its integrations stay, with their credentials and tokens.", query: []string{"model", "dryRun", "force"}, size: forModel, fail: refuseModel,
			endpoint: writing(updateModel)},
		{method: "PUT", path: "/integration-models/validation", id: "ValidateModel", summary: "Reads an OpenAPI document without importing it: its message lists the warnings; a document that can't be used is an error.", size: forModel, fail: refuseModel,
			endpoint: writing(validateModel)},
		{method: "PUT", path: "/integration-models/preview", id: "PreviewModel", summary: "Reads an OpenAPI document without importing it, and shows the model that it would be.", size: forModel, fail: refuseModel,
			endpoint: writing(func(x *exchange, in modelBody) (api.Preview, error) {
				return x.PreviewModel(x.ctx(), x.caller, in.ModelRequest)
			})},
		{method: "GET", path: "/integration-models/{versionId}/operations", id: "ModelOperations", summary: "Lists the operations of an integration model.", query: append([]string{"search"}, paging...),
			endpoint: reading(func(x *exchange) (list api.OperationList, err error) {
				q, err := x.query()
				if err != nil {
					return list, err
				}
				return x.ModelOperations(x.ctx(), x.caller, x.path("versionId"), x.r.URL.Query().Get("search"), q)
			})},
		{method: "GET", path: "/integration-models/{versionId}", id: "Model", summary: "Shows an integration model.",
			endpoint: reading(func(x *exchange) (api.Model, error) { return x.Model(x.ctx(), x.caller, x.path("versionId")) })},
		{method: "GET", path: "/integration-models/{versionId}/export", id: "ExportModel", summary: "Returns the OpenAPI document of an integration model.",
			endpoint: reading(func(x *exchange) (document, error) { return x.ExportModel(x.ctx(), x.caller, x.path("versionId")) })},
		{method: "GET", path: "/integration-models/{versionId}/securitySchemes", id: "SecuritySchemes", summary: "Returns the security schemes of a document, as they stand there.",
			endpoint: reading(securitySchemes)},
		{method: "DELETE", path: "/integration-models/{versionId}", id: "DeleteModel", summary: "Deletes an integration model that no integration uses.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				id := x.path("versionId")
				return deleted("integration model", id, x.DeleteModel(x.ctx(), x.caller, id))
			})},
	}
}

func integrations() []route {
	return []route{
		{method: "GET", path: "/integrations", id: "Integrations", summary: "Lists the integrations.", query: append([]string{"model"}, listing...),
			endpoint: reading(func(x *exchange) (list api.IntegrationList, err error) {
				q, err := x.query()
				if err != nil {
					return list, err
				}
				return x.Integrations(x.ctx(), x.caller, q)
			})},
		{method: "GET", path: "/overview", id: "Overview", summary: "Shows the integrations with the state of their tokens at a glance, and counts them by state.", query: []string{"search", "state", "model", "limit", "skip"},
			endpoint: reading(func(x *exchange) (api.Overview, error) {
				q, err := x.overview()
				if err != nil {
					return api.Overview{}, err
				}
				return x.Overview(x.ctx(), x.caller, q)
			})},
		{method: "POST", path: "/integrations", id: "CreateIntegration", summary: "Creates an integration. The outer \"properties\" may be left out.",
			endpoint: writing(createIntegration)},
		{method: "GET", path: "/integrations/{name}", id: "Integration", summary: "Shows an integration, its secrets masked.", fail: refuseIntegration,
			endpoint: reading(func(x *exchange) (api.Stored, error) { return x.Integration(x.ctx(), x.caller, x.path("name")) })},
		{method: "GET", path: "/schema/integrations/{name}", id: "IntegrationSchema", summary: "Returns the JSON Schema (2020-12) of an integration's settings: for each security scheme the fields that it takes.", fail: refuseIntegration,
			endpoint: reading(func(x *exchange) (document, error) {
				schema, err := x.IntegrationSchema(x.ctx(), x.caller, x.path("name"))
				return document(schema), err
			})},
		{method: "PUT", path: "/integrations/{name}", id: "ReplaceIntegration", summary: "Replaces an integration. A mask keeps the stored secret. The outer \"properties\" may be left out.", fail: refuseIntegration,
			endpoint: writing(func(x *exchange, in integrationBody) (api.Created[api.Integration], error) {
				return updated(x.ReplaceIntegration(x.ctx(), x.caller, x.path("name"), in.Properties))
			})},
		{method: "PUT", path: "/integrations/{name}/properties", id: "ReplaceSettings", summary: "Replaces the given sections of an integration's settings: authentication, server, tls, variables, version.", fail: refuseIntegration,
			endpoint: writing(func(x *exchange, in settingsBody) (api.Created[api.Integration], error) {
				return updated(x.ReplaceSettings(x.ctx(), x.caller, x.path("name"), in.Properties))
			})},
		{method: "PATCH", path: "/integrations/{name}/properties", id: "SetIntegration", summary: "Changes single settings of an integration, by their paths, such as \"oauth.client_id\" or \"server.host\".", fail: refuseIntegration,
			endpoint: writing(func(x *exchange, in api.Settings) (api.Created[api.Integration], error) {
				return updated(x.SetIntegration(x.ctx(), x.caller, x.path("name"), in))
			})},
		{method: "PUT", path: "/integrations/{name}/properties/validation", id: "ValidateSettings", summary: "Says what is wrong with an integration's settings, without changing them.", fail: refuseIntegration,
			endpoint: writing(func(x *exchange, in settingsBody) (api.Done, error) {
				err := x.ValidateSettings(x.ctx(), x.caller, x.path("name"), in.Properties)
				return done(err, "OK", "The settings can be used.")
			})},
		{method: "POST", path: "/integrations/{name}/clone", id: "CloneIntegration", summary: "Creates an integration with the settings of another, secrets included.", fail: refuseIntegration,
			endpoint: writing(func(x *exchange, in cloneBody) (done api.Created[api.Integration], err error) {
				i, err := x.CloneIntegration(x.ctx(), x.caller, x.path("name"), in.Name)
				if err != nil {
					return done, err
				}
				return api.Created[api.Integration]{Status: "Created", Message: fmt.Sprintf("Created the integration %q.", i.Name), Data: i}, nil
			})},
		{method: "POST", path: "/integrations/{name}/test", id: "TestIntegration", summary: "Tries what a task needs, step by step: the server's name, a connection, its certificate, a token, an answer. No operation is run.", fail: refuseIntegration,
			endpoint: reading(func(x *exchange) (api.Probe, error) { return x.TestIntegration(x.ctx(), x.caller, x.path("name")) })},
		{method: "DELETE", path: "/integrations/{name}", id: "DeleteIntegration", summary: "Deletes an integration and its tokens.", fail: refuseIntegration,
			endpoint: reading(func(x *exchange) (api.Done, error) {
				return deleted("integration", x.path("name"), x.DeleteIntegration(x.ctx(), x.caller, x.path("name")))
			})},
	}
}

func operations() []route {
	return []route{
		{method: "GET", path: "/integrations/{name}/operations", id: "Operations", summary: "Lists the operations of an integration's model.", query: append([]string{"search"}, paging...),
			endpoint: reading(func(x *exchange) (list api.OperationList, err error) {
				q, err := x.query()
				if err != nil {
					return list, err
				}
				return x.Operations(x.ctx(), x.caller, x.path("name"), x.r.URL.Query().Get("search"), q)
			})},
		{method: "GET", path: "/integrations/{name}/operations/{id}", id: "Operation", summary: "Shows an operation: its parameters, body and answers.",
			endpoint: reading(func(x *exchange) (api.Operation, error) {
				return x.Operation(x.ctx(), x.caller, x.path("name"), x.path("id"))
			})},
		{method: "POST", path: "/integrations/{name}/operations/{id}/run", id: "RunOperation", summary: "Runs an operation. The answer is 200 whatever the API answered; it is an error only if there is no answer. With files it is multipart/form-data: the task in the part \"task\", then files in \"body\" or \"body.NAME\". With \"stream\" the answer is the API's own, its status in Carnet-Status and its headers in Carnet-Answer-*.", size: forTask,
			endpoint: runOperation()},
	}
}

func tokens() []route {
	return []route{
		{method: "GET", path: "/integrations/{name}/tokens", id: "Tokens", summary: "Lists the state of an integration's tokens; never the tokens themselves.",
			endpoint: reading(func(x *exchange) (api.TokenList, error) { return x.Tokens(x.ctx(), x.caller, x.path("name")) })},
		{method: "GET", path: "/integrations/{name}/tokens/{scheme}/explanation", id: "ExplainToken", summary: "Says what would be asked for a token next, its secrets masked, what came back the last times, what decided the token's life, and what is wrong. Nothing is sent for it. The scheme \"-\" is the only one that there is.",
			endpoint: reading(func(x *exchange) (api.Explanation, error) {
				return x.ExplainToken(x.ctx(), x.caller, x.path("name"), x.scheme())
			})},
		{method: "POST", path: "/integrations/{name}/tokens/{scheme}/renew", id: "RenewToken", summary: "Renews a token now. The scheme \"-\" is the only one that there is.",
			endpoint: reading(func(x *exchange) (api.Token, error) {
				return x.RenewToken(x.ctx(), x.caller, x.path("name"), x.scheme())
			})},
		{method: "POST", path: "/integrations/{name}/tokens/{scheme}/connection", id: "ConnectIntegration", summary: "Begins a person's consent: the answer says where a browser has to go. The scheme \"-\" is the only one that there is.",
			endpoint: writing(func(x *exchange, in api.Connect) (api.Connection, error) {
				return x.ConnectIntegration(x.ctx(), x.caller, x.path("name"), x.scheme(), in)
			})},
		{method: "POST", path: "/connections", id: "FinishConnection", summary: "Goes on with a person's consent: with the parameters that the service's redirect came with, with \"state\" and the \"confirmation\" that the browser shows, or with \"state\" alone, to hear how it stands.",
			endpoint: writing(func(x *exchange, in map[string]string) (api.Connected, error) {
				return x.FinishConnection(x.ctx(), x.caller, in)
			})},
		{method: "GET", path: "/callback/{name}", id: "Callback", summary: "Where a person's browser comes back to from the service, with a code for the integration of that name. It shows that the integration is connected, or, where nobody is signed in, a code that whoever began has to confirm.",
			open: true, guest: true, fail: failPage, endpoint: callback()},
		{method: "PUT", path: "/integrations/{name}/tokens/{scheme}", id: "SetToken", summary: "Stores a token that somebody got elsewhere, in place of the one that there is. It is sealed, and never shown. Of an HTTP bearer scheme it is the credential. The scheme \"-\" is the only one that there is.",
			endpoint: writing(func(x *exchange, in api.GivenToken) (api.Token, error) {
				return x.SetToken(x.ctx(), x.caller, x.path("name"), x.scheme(), in)
			})},
		{method: "DELETE", path: "/integrations/{name}/tokens/{scheme}", id: "ClearToken", summary: "Forgets a token. The scheme \"-\" is the only one that there is.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				err := x.ClearToken(x.ctx(), x.caller, x.path("name"), x.scheme())
				return done(err, "OK", "Cleared the token of the integration %q.", x.path("name"))
			})},
	}
}

func people() []route {
	return []route{
		{method: "GET", path: "/audit", id: "AuditEntries", summary: "Lists who did what, the newest first.", query: []string{"limit", "since", "before", "caller", "action", "target", "outcome"},
			endpoint: reading(func(x *exchange) (list api.AuditList, err error) {
				q, err := x.audit()
				if err != nil {
					return list, err
				}
				return x.AuditEntries(x.ctx(), x.caller, q)
			})},
		{method: "GET", path: "/users", id: "Users", summary: "Lists the users.",
			endpoint: reading(func(x *exchange) (api.UserList, error) { return x.Users(x.ctx(), x.caller) })},
		{method: "POST", path: "/users", id: "CreateUser", summary: "Creates a user.",
			endpoint: writing(func(x *exchange, in api.User) (api.User, error) { return x.CreateUser(x.ctx(), x.caller, in) })},
		{method: "DELETE", path: "/users/{name}", id: "DeleteUser", summary: "Deletes a user, but never the last administrator.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				return deleted("user", x.path("name"), x.DeleteUser(x.ctx(), x.caller, x.path("name")))
			})},
		{method: "PUT", path: "/users/{name}/password", id: "SetPassword", summary: "Gives a user a new password, and ends the user's sessions.",
			endpoint: writing(func(x *exchange, in passwordBody) (api.Done, error) {
				err := x.SetPassword(x.ctx(), x.caller, x.path("name"), seal.NewSecret(in.Password))
				return done(err, "Updated", "Set the password of the user %q.", x.path("name"))
			})},
		{method: "POST", path: "/users/{name}/disable", id: "DisableUser", summary: "Keeps a user from signing in, and ends the user's sessions; never the last administrator.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				return done(x.DisableUser(x.ctx(), x.caller, x.path("name")), "Updated", "Disabled the user %q.", x.path("name"))
			})},
		{method: "POST", path: "/users/{name}/enable", id: "EnableUser", summary: "Lets a user sign in again.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				return done(x.EnableUser(x.ctx(), x.caller, x.path("name")), "Updated", "Enabled the user %q.", x.path("name"))
			})},
		{method: "POST", path: "/service-accounts/{name}/rotate", id: "RotateAccount", summary: "Gives a service account a new secret, which is shown in this answer only. What the old one got ends.",
			endpoint: reading(func(x *exchange) (api.Account, error) { return x.RotateAccount(x.ctx(), x.caller, x.path("name")) })},
		{method: "POST", path: "/service-accounts/{name}/disable", id: "DisableAccount", summary: "Ends a service account's access tokens, and gives it no more.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				return done(x.DisableAccount(x.ctx(), x.caller, x.path("name")), "Updated", "Disabled the service account %q.", x.path("name"))
			})},
		{method: "POST", path: "/service-accounts/{name}/enable", id: "EnableAccount", summary: "Gives a service account access tokens again.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				return done(x.EnableAccount(x.ctx(), x.caller, x.path("name")), "Updated", "Enabled the service account %q.", x.path("name"))
			})},
		{method: "GET", path: "/sessions", id: "Sessions", summary: "Lists who is signed in; for whoever is no administrator, only their own sessions.",
			endpoint: reading(func(x *exchange) (api.SessionList, error) { return x.Sessions(x.ctx(), x.caller) })},
		{method: "DELETE", path: "/sessions/{id}", id: "EndSession", summary: "Signs somebody out. Everyone may end their own sessions.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				return done(x.EndSession(x.ctx(), x.caller, x.path("id")), "OK", "Ended the session %q.", x.path("id"))
			})},
		{method: "GET", path: "/service-accounts", id: "Accounts", summary: "Lists the service accounts.",
			endpoint: reading(func(x *exchange) (api.AccountList, error) { return x.Accounts(x.ctx(), x.caller) })},
		{method: "POST", path: "/service-accounts", id: "CreateAccount", summary: "Creates a service account; its secret is shown in this answer only.",
			endpoint: writing(func(x *exchange, in api.Account) (api.Account, error) { return x.CreateAccount(x.ctx(), x.caller, in) })},
		{method: "DELETE", path: "/service-accounts/{name}", id: "DeleteAccount", summary: "Deletes a service account, whose access tokens end.",
			endpoint: reading(func(x *exchange) (api.Done, error) {
				return deleted("service account", x.path("name"), x.DeleteAccount(x.ctx(), x.caller, x.path("name")))
			})},
	}
}

func serveNumbers(metrics http.Handler) func(*exchange) error {
	return func(x *exchange) error {
		if metrics == nil {
			return fault.New(fault.NotFound, "nothing is counted here").WithHint("carnet serve counts, unless --no-metrics is given")
		}
		metrics.ServeHTTP(x.w, x.r)
		return nil
	}
}

// health answers with the same body whether it is well or not; 503 is for load balancers.
func health(x *exchange) error {
	h, err := x.Health(x.ctx())
	status := http.StatusOK
	if err != nil {
		status = http.StatusServiceUnavailable
	}
	reply(x.w, status, h)
	return nil
}
