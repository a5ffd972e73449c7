package web

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// A tokenPanel shows the tokens of an integration; never a token.
type tokenPanel struct {
	Name   string
	Role   string
	Tokens []tokenCard
	Others []string // schemes whose tokens can't be got yet
}

// A tokenCard is one of them.
type tokenCard struct {
	api.Token
	Grant    string
	ByPerson bool   // somebody has to connect
	Redirect string // URI that is set
	Callback string // of this server
	Timeline timeline
}

// Lives reports whether there is a token to be renewed or cleared.
func (t tokenCard) Lives() bool { return t.AccessToken || t.RefreshToken }

// tokens reads what the panel shows of the tokens.
func (v *visit) tokens(name string, settings json.RawMessage, known api.Metadata) (tokenPanel, error) {
	all := known.Tokens
	panel := tokenPanel{Name: name, Role: string(v.caller.Role)}
	var s struct {
		Authentication map[string]json.RawMessage
	}
	if err := json.Unmarshal(settings, &s); err != nil {
		return panel, err
	}
	for _, t := range all {
		var entry map[string]any
		json.Unmarshal(s.Authentication[t.Scheme], &entry) // what is no object has no grant
		grant, _ := entry["grant_type"].(string)
		redirect, _ := entry["redirect_uri"].(string)
		card := tokenCard{Token: t, Grant: grant, ByPerson: slices.Contains([]string{"authorizationCode", "deviceCode"}, grant), Redirect: redirect, Callback: known.Callback}
		if !card.Lives() && t.Failures == 0 && !filled(entry) && len(all) > 1 {
			panel.Others = append(panel.Others, t.Scheme)
			continue
		}
		explanation, err := v.hub.ExplainToken(v.r.Context(), v.caller, name, t.Scheme)
		if err != nil {
			return panel, err
		}
		card.Timeline = newTimeline(t, explanation.History, time.Now())
		panel.Tokens = append(panel.Tokens, card)
	}
	return panel, nil
}

// filled reports whether somebody has begun to fill in a scheme.
func filled(entry map[string]any) bool {
	for _, name := range []string{"client_id", "client_secret", "username", "password", "private_key", "assertion", "subject_token", "accessKeyId", "roleArn"} {
		if text, ok := entry[name].(string); ok && text != "" {
			return true
		}
	}
	return false
}

func renewToken(v *visit) error {
	name := v.r.PathValue("name")
	if _, err := v.hub.RenewToken(v.r.Context(), v.caller, name, v.r.PostFormValue("scheme")); err != nil {
		return v.again(err)
	}
	v.to(done(integrationURL(name), "renewed"))
	return nil
}

func clearToken(v *visit) error {
	name := v.r.PathValue("name")
	if err := v.hub.ClearToken(v.r.Context(), v.caller, name, v.r.PostFormValue("scheme")); err != nil {
		return v.again(err)
	}
	v.to(done(integrationURL(name), "cleared"))
	return nil
}

// A givenForm is for a token that a person got elsewhere. What was typed is never shown again.
type givenForm struct {
	Name    string
	Schemes []string // that take one
	Scheme  string
	Expires string
	Wrong   map[string]string // by field
}

// newGivenForm finds the schemes that take a token: those that keep one, but for AWS roles, and bearer tokens.
func newGivenForm(name string, described []api.Scheme, tokens []api.Token) givenForm {
	f := givenForm{Name: name}
	types := map[string]api.Scheme{}
	for _, d := range described {
		types[d.Name] = d
	}
	for _, t := range tokens {
		if types[t.Scheme].Type != "awsSigv4" {
			f.Schemes = append(f.Schemes, t.Scheme)
		}
	}
	for _, d := range described {
		if d.Type == "http" && d.Detail == "bearer" && !slices.Contains(f.Schemes, d.Name) {
			f.Schemes = append(f.Schemes, d.Name)
		}
	}
	return f
}

// Open reports whether something has been typed.
func (f givenForm) Open() bool { return len(f.Wrong) > 0 || f.Scheme != "" }

// setToken stores a token that a person got elsewhere.
func setToken(v *visit) error {
	name, in := v.r.PathValue("name"), func(field string) string { return strings.TrimSpace(v.r.PostFormValue(field)) }
	given := api.GivenToken{AccessToken: in("access_token"), RefreshToken: in("refresh_token")}
	expires := in("expires")
	if seconds, err := strconv.ParseFloat(expires, 64); err == nil {
		given.ExpiresIn = seconds
	} else {
		given.ExpiresAt = expires
	}
	_, err := v.hub.SetToken(v.r.Context(), v.caller, name, in("scheme"), given)
	if err == nil {
		v.to(done(integrationURL(name), "token-set"))
		return nil
	}
	p, failed := v.integration(name)
	if failed != nil {
		return failed
	}
	p.Given.Scheme, p.Given.Expires, p.Given.Wrong = in("scheme"), expires, map[string]string{}
	for _, problem := range fault.ProblemsOf(err) {
		field := problem.Pointer[strings.LastIndexByte(problem.Pointer, '/')+1:]
		if strings.HasPrefix(field, "expires") {
			field = "expires"
		}
		p.Given.Wrong[field] = problem.Message
	}
	return v.showIntegration(p, err)
}
