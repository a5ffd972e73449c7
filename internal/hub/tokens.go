package hub

import (
	"context"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/token"
)

// Tokens returns the state of an integration's tokens, one for each scheme that has one.
func (h *Hub) Tokens(ctx context.Context, c access.Caller, name string) (api.TokenList, error) {
	if err := c.Allow(access.TokenRead); err != nil {
		return api.TokenList{}, err
	}
	i, err := h.current(ctx, name)
	if err != nil {
		return api.TokenList{}, err
	}
	records, err := h.records(ctx, i)
	return api.TokenList{Tokens: viewTokens(i, records)}, err
}

// RenewToken gets a new token now. scheme may be empty if there is only one to choose from.
func (h *Hub) RenewToken(ctx context.Context, c access.Caller, name, scheme string) (api.Token, error) {
	return h.withToken(ctx, c, access.TokenRenew, name, scheme, h.tokens.Renew)
}

// ClearToken forgets a token; the next task gets a new one. scheme may be empty if there is only one to choose from.
func (h *Hub) ClearToken(ctx context.Context, c access.Caller, name, scheme string) error {
	_, err := h.withToken(ctx, c, access.TokenClear, name, scheme, func(ctx context.Context, s *token.Subject) (token.Record, error) {
		return h.tokens.Replace(ctx, s, func(token.Token) (token.Token, bool) { return token.Token{}, true })
	})
	return err
}

// withToken does something to one token of an integration, and shows what became of it.
func (h *Hub) withToken(ctx context.Context, c access.Caller, a access.Action, name, scheme string,
	do func(context.Context, *token.Subject) (token.Record, error)) (api.Token, error) {
	return act(ctx, h, c, a, strings.TrimSpace(name+" "+scheme), func() (api.Token, error) {
		i, err := h.current(ctx, name)
		if err != nil {
			return api.Token{}, err
		}
		s, err := tokenScheme(&i.Integration, i.model, scheme)
		if err != nil {
			return api.Token{}, err
		}
		subject, err := i.subject(s.Key)
		if err != nil {
			return api.Token{}, err
		}
		defer h.overview.stale()
		r, err := do(ctx, subject)
		if err != nil {
			return api.Token{}, err
		}
		return i.viewToken(s.Key, r), nil
	})
}

// tokenScheme finds the scheme that is meant among those that keep a token.
func tokenScheme(i *integration.Integration, m *model.Model, name string) (model.Scheme, error) {
	schemes := tokenSchemes(i, m)
	if configured := slices.DeleteFunc(slices.Clone(schemes), func(s model.Scheme) bool { return !i.Settings.Configured(s) }); name == "" && len(configured) == 1 {
		return configured[0], nil
	}
	names := make([]string, len(schemes))
	for n, s := range schemes {
		if names[n] = s.Key; s.Key == name {
			return s, nil
		}
	}
	switch {
	case len(schemes) == 0:
		return model.Scheme{}, fault.New(fault.NotFound, "integration %q has no security scheme that uses tokens", i.Name)
	case name != "":
		return model.Scheme{}, fault.New(fault.NotFound, "integration %q has no token for scheme %q", i.Name, name).
			WithHint("it has: %s", strings.Join(names, ", "))
	case len(schemes) > 1:
		return model.Scheme{}, fault.New(fault.Invalid, "integration %q has several tokens", i.Name).
			WithHint("name the scheme: %s", strings.Join(names, ", "))
	}
	return schemes[0], nil
}

// tokenSchemes returns the schemes of an integration that keep a token.
func tokenSchemes(i *integration.Integration, m *model.Model) []model.Scheme {
	return slices.DeleteFunc(integration.Schemes(i.Settings, m), func(s model.Scheme) bool { return !integration.KeepsToken(i.Settings.Authentication[s.Key], s) })
}

// records returns the token records of an integration, by scheme.
func (h *Hub) records(ctx context.Context, c *configured) (map[string]token.Record, error) {
	records := map[string]token.Record{}
	for scheme, subject := range c.subjects {
		var err error
		if records[scheme], err = h.tokens.Record(ctx, subject); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// hasToken reports whether a scheme has a token, or a refresh token to get one with.
func (h *Hub) hasToken(ctx context.Context, c *configured, scheme string) bool {
	subject, err := c.subject(scheme)
	return err == nil && h.tokens.Holds(ctx, subject)
}

func viewTokens(c *configured, records map[string]token.Record) []api.Token {
	tokens := []api.Token{}
	for _, s := range tokenSchemes(&c.Integration, c.model) {
		view := c.viewToken(s.Key, records[s.Key])
		if _, err := c.subject(s.Key); err != nil {
			view.State, view.Cause = string(token.Broken), err.Error()
		}
		tokens = append(tokens, view)
	}
	return tokens
}

func (c *configured) viewToken(scheme string, r token.Record) api.Token {
	now := time.Now()
	return viewToken(scheme, r, c.endings(scheme, r, now), now)
}

// typeTokens stores the tokens that came with an integration's settings. A masked access token leaves the stored one alone;
// what came with it has been read from us.
func (h *Hub) typeTokens(ctx context.Context, c *configured, typed map[string]integration.Token) error {
	for scheme, t := range typed {
		if c.subjects[scheme] == nil && c.wrong == nil && c.resolved(scheme) == nil {
			continue // it is of a type that keeps none
		}
		subject, err := c.subject(scheme)
		if err != nil {
			return err
		}
		if _, err := h.tokens.Replace(ctx, subject, func(old token.Token) (token.Token, bool) { return typedToken(old, t) }); err != nil {
			return err
		}
	}
	return nil
}

// typedToken is the token that a person's entry makes of the stored one; false: nothing changes.
func typedToken(old token.Token, t integration.Token) (token.Token, bool) {
	next := token.Token{
		AccessToken:  t.AccessToken,
		RefreshToken: t.RefreshToken,
		TokenType:    t.TokenType,
		Scope:        t.Scope,
		ExpiresIn:    t.ExpiresIn,
		ExpiresAt:    t.ExpiresAt,
		CreatedAt:    t.CreatedAt,
		Manual:       !t.AccessToken.IsZero(),
	}
	if t.RefreshToken.IsMask() {
		next.RefreshToken = old.RefreshToken
	}
	if t.AccessToken.IsMask() {
		changed := !next.RefreshToken.Equal(old.RefreshToken)
		old.RefreshToken = next.RefreshToken
		return old, changed
	}
	if next.CreatedAt.IsZero() && next.Manual {
		next.CreatedAt = time.Now()
	}
	if next.ExpiresAt.IsZero() && next.ExpiresIn > 0 {
		next.ExpiresAt = next.CreatedAt.Add(time.Duration(next.ExpiresIn * float64(time.Second)))
	}
	same := next.AccessToken.Equal(old.AccessToken) && next.RefreshToken.Equal(old.RefreshToken) && next.ExpiresAt.Equal(old.ExpiresAt)
	return next, !same
}

// wireToken shows a stored token among an integration's settings; its secrets print as masks.
func wireToken(t token.Token) integration.Token {
	return integration.Token{
		AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, TokenType: t.TokenType, Scope: t.Scope,
		ExpiresIn: t.ExpiresIn, ExpiresAt: t.ExpiresAt, CreatedAt: t.CreatedAt,
	}
}
