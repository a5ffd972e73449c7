package hub

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// SetToken stores a token that somebody got elsewhere, in place of the one that there is. Of an HTTP bearer scheme without a token
// endpoint it is the credential itself. scheme may be empty if there is only one to choose from.
func (h *Hub) SetToken(ctx context.Context, c access.Caller, name, scheme string, t api.GivenToken) (api.Token, error) {
	return act(ctx, h, c, access.TokenSet, strings.TrimSpace(name+" "+scheme), func() (api.Token, error) {
		i, err := h.current(ctx, name)
		if err != nil {
			return api.Token{}, err
		}
		if err := wellGiven(t); err != nil {
			return api.Token{}, err
		}
		if s, ok := bearerScheme(i, scheme); ok {
			return h.setBearer(ctx, name, s, t)
		}
		s, err := tokenScheme(&i.Integration, i.model, scheme)
		if err != nil {
			return api.Token{}, err
		}
		stored, _, err := h.integration(ctx, name) // of its own, for reading the token changes it
		if err != nil {
			return api.Token{}, err
		}
		given, err := givenToken(stored.Settings, i.model, s, t)
		if err != nil {
			return api.Token{}, err
		}
		subject, err := i.subject(s.Key)
		if err != nil {
			return api.Token{}, err
		}
		defer h.overview.stale()
		r, err := h.tokens.Replace(ctx, subject, func(token.Token) (token.Token, bool) { return typedToken(token.Token{}, given) })
		if err != nil {
			return api.Token{}, err
		}
		return i.viewToken(s.Key, r), nil
	})
}

// wellGiven says what is wrong with a token that was typed, whatever it is for.
func wellGiven(t api.GivenToken) error {
	refuse := func(field, message, hint string) error {
		err := fault.New(fault.Invalid, "%s", message).WithHint("%s", hint)
		err.Problems = []fault.Problem{{Pointer: "/" + field, Message: message}}
		return err
	}
	switch {
	case t.AccessToken == "" && t.RefreshToken == "":
		return refuse("access_token", "there is no token", "give access_token, or refresh_token, or both")
	case seal.NewSecret(t.AccessToken).IsMask():
		return refuse("access_token", "access_token is a mask, not a token", "a stored token is never shown: copy it from where it was made")
	case seal.NewSecret(t.RefreshToken).IsMask():
		return refuse("refresh_token", "refresh_token is a mask, not a token", "a stored token is never shown: copy it from where it was made")
	case t.ExpiresIn != 0 && t.ExpiresAt != "":
		return refuse("expires_in", "expires_in and expires_at are both given", "give one of them")
	case t.AccessToken == "" && (t.ExpiresIn != 0 || t.ExpiresAt != ""):
		return refuse("access_token", "there is an expiry, and no access token that expires", "give access_token, or leave the expiry out")
	}
	return nil
}

// bearerScheme finds the scheme that is meant if its credential is a bearer token that no token endpoint gives: by its name, or
// because there is no other with a token.
func bearerScheme(i *configured, name string) (model.Scheme, bool) {
	bearers := slices.DeleteFunc(integration.Schemes(i.Settings, i.model), func(s model.Scheme) bool {
		return s.Type != model.TypeHTTP || s.Scheme != "bearer" || integration.KeepsToken(i.Settings.Authentication[s.Key], s)
	})
	if name == "" && len(bearers) == 1 && len(tokenSchemes(&i.Integration, i.model)) == 0 {
		return bearers[0], true
	}
	for _, s := range bearers {
		if s.Key == name {
			return s, true
		}
	}
	return model.Scheme{}, false
}

// setBearer stores a token as the credential of a scheme.
func (h *Hub) setBearer(ctx context.Context, name string, s model.Scheme, t api.GivenToken) (api.Token, error) {
	if t != (api.GivenToken{AccessToken: t.AccessToken}) {
		return api.Token{}, fault.New(fault.Invalid, "scheme %q is a bearer token that nobody renews: it takes an access token and nothing else", s.Key).
			WithHint("give access_token alone; or set %s.grant_type if there is a token endpoint", s.Key)
	}
	_, err := h.edit(ctx, name, nil, func(settings integration.Settings, m *model.Model) (integration.Settings, error) {
		return integration.Set(settings, m, map[string]jsontext.Value{"authentication." + s.Key + ".bearer": text(t.AccessToken)})
	})
	return api.Token{Scheme: s.Key, State: stateStatic, AccessToken: true, Manual: true}, err
}

// givenToken reads a token as one that comes with settings is read.
func givenToken(settings integration.Settings, m *model.Model, s model.Scheme, t api.GivenToken) (integration.Token, error) {
	fields := map[string]jsontext.Value{}
	for field, value := range map[string]string{
		"access_token": t.AccessToken, "refresh_token": t.RefreshToken, "token_type": t.TokenType, "scope": t.Scope, "expires_at": t.ExpiresAt,
	} {
		if value != "" {
			fields["authentication."+s.Key+".token."+field] = text(value)
		}
	}
	if t.ExpiresIn != 0 {
		fields["authentication."+s.Key+".token.expires_in"] = jsontext.Value(strconv.FormatFloat(t.ExpiresIn, 'f', -1, 64))
	}
	settings, err := integration.Set(settings, m, fields)
	if err != nil {
		return integration.Token{}, err
	}
	return settings.TakeTokens(m)[s.Key], nil
}

func text(s string) jsontext.Value {
	raw, _ := json.Marshal(s) // a text
	return raw
}
