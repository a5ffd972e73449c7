package hub

import (
	"encoding/json"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/token"
)

// viewModel shows a model, with the settings that a new integration of it would have.
func viewModel(m *model.Model) api.Model {
	view := api.Model{
		Model:         api.ModelPrefix + m.VersionID,
		VersionID:     m.VersionID,
		Description:   m.Description,
		Properties:    json.RawMessage(integration.Template(m)),
		Title:         m.Title,
		Version:       m.Version,
		Specification: m.Specification,
		Origin:        m.Origin,
		Operations:    m.Operations,
		Schemes:       make([]api.Scheme, 0, len(m.Schemes)),
		Servers:       make([]string, 0, len(m.Servers)),
		Warnings:      m.Warnings,
		Imported:      m.Imported,
	}
	if view.Warnings == nil {
		view.Warnings = []fault.Problem{}
	}
	for _, s := range m.Schemes {
		view.Schemes = append(view.Schemes, viewScheme(s, m))
	}
	for _, s := range m.Servers {
		view.Servers = append(view.Servers, s.URL)
	}
	for _, t := range m.Tags {
		view.Tags = append(view.Tags, api.Tag(t))
	}
	return view
}

func viewScheme(s model.Scheme, m *model.Model) api.Scheme {
	suggested := integration.New(m, "NAME")
	view := api.Scheme{Name: s.Key, Type: s.Type, Detail: schemeDetail(s), Hint: integration.PersonHint(suggested.Name, suggested.Settings.Effective(s), s)}
	for _, f := range integration.Fields(s) {
		if !f.Optional || f.Name == "token_url" && m.Origin == "" && relativeTokenURL(s) {
			view.Fields = append(view.Fields, f.Name)
		}
	}
	return view
}

// relativeTokenURL reports whether a scheme's token URL can only be told by the place that its document came from.
func relativeTokenURL(s model.Scheme) bool {
	flow := s.Flows.Flow(s.Flows.Default())
	return flow != nil && strings.HasPrefix(flow.TokenURL, "/")
}

func schemeDetail(s model.Scheme) string {
	switch s.Type {
	case model.TypeAPIKey:
		return s.In + " " + s.Name
	case model.TypeHTTP:
		return s.Scheme
	case model.TypeOAuth2:
		return strings.Join(s.Flows.Names(), ", ")
	}
	return ""
}

// viewToken shows the state of a token, never the token.
func viewToken(scheme string, r token.Record, ends []api.Ending, now time.Time) api.Token {
	return api.Token{
		Scheme:       scheme,
		State:        string(r.State(now)),
		AccessToken:  !r.Token.AccessToken.IsZero(),
		RefreshToken: !r.Token.RefreshToken.IsZero(),
		TokenType:    r.Token.TokenType,
		Scope:        r.Token.Scope,
		ExpiresIn:    r.Token.ExpiresIn,
		ExpiresAt:    moment(r.Token.ExpiresAt),
		CreatedAt:    moment(r.Token.CreatedAt),
		RenewsAt:     moment(r.RenewAt()),
		Generation:   r.Generation,
		Manual:       r.Token.Manual,
		AuthMethod:   r.AuthMethod,
		Failures:     r.Failure.Count,
		Reason:       reasonOf(r.Failure),
		Cause:        r.Failure.Cause,
		Hint:         r.Failure.Hint,
		NextTry:      moment(r.Failure.Next),
		Endings:      ends,
	}
}

// moment is nil for the zero time, which JSON would show as a date.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func viewSummary(s model.Summary) api.OperationSummary { return api.OperationSummary(s) }

func viewOperation(op *model.Operation, schemas map[string]json.RawMessage) api.Operation {
	view := api.Operation{
		OperationSummary: viewSummary(op.Summary),
		Description:      op.Description,
		Parameters:       make([]api.Parameter, 0, len(op.Parameters)),
		Responses:        make([]api.Response, 0, len(op.Responses)),
		Schemas:          schemas,
	}
	for _, p := range op.Parameters {
		view.Parameters = append(view.Parameters, api.Parameter{
			Name: p.Name, In: p.In, Type: p.Type, Required: p.Required, Deprecated: p.Deprecated,
			Description: p.Description, Default: json.RawMessage(p.Default), Schema: json.RawMessage(p.Schema), Example: json.RawMessage(p.Example),
		})
	}
	for _, r := range op.Responses {
		view.Responses = append(view.Responses, api.Response{Status: r.Status, Description: r.Description, Types: r.Types})
	}
	for _, s := range op.Security {
		view.Security = append(view.Security, s)
	}
	if op.Body != nil {
		view.Body = &api.Body{Required: op.Body.Required, Description: op.Body.Description}
		for _, m := range op.Body.Content {
			view.Body.Content = append(view.Body.Content, api.MediaType{
				Type: m.Type, Schema: json.RawMessage(m.Schema), Example: json.RawMessage(m.Example),
			})
		}
	}
	return view
}
