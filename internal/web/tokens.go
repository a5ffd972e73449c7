package web

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/api"
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

// typeToken stores a token that a person has.
func typeToken(v *visit) error {
	name, at := v.r.PathValue("name"), "authentication."+v.r.PostFormValue("scheme")+".token."
	s := api.Settings{at + "access_token": quoted(strings.TrimSpace(v.r.PostFormValue("access_token")))}
	for _, field := range []string{"refresh_token", "expires_in"} {
		if text := strings.TrimSpace(v.r.PostFormValue(field)); text != "" {
			s[at+field] = quoted(text)
		}
	}
	if _, err := v.hub.SetIntegration(v.r.Context(), v.caller, name, s); err != nil {
		return v.again(err)
	}
	v.to(done(integrationURL(name), "saved"))
	return nil
}
