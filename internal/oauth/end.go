package oauth

import (
	"context"

	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// Ends reports whether there is something to do when a token is no longer wanted.
func (c Config) Ends() bool { return c.Logout != nil || c.RevocationURL != "" || c.discovers() }

// End logs out where the recipe says how (failure mode 37), and revokes a token that is not being replaced (RFC 7009 2.1), the refresh token
// first: it is the one that lives. Failures are nobody's business any more: the service ends by itself what was not ended.
func (s *Source) End(ctx context.Context, old token.Token, replaced bool) {
	config, err := s.resolved(ctx)
	if err != nil {
		return
	}
	a := &attempt{Source: s, env: newEnv(config, token.Ask{Previous: old, Wanted: true})}
	a.env.ask.RefreshToken = old.RefreshToken
	if config.Logout != nil {
		if c, err := a.env.call("logout", *config.Logout, nil, false); err == nil {
			_, _, _, _ = a.send(ctx, c, "")
		}
	}
	if config.RevocationURL == "" || replaced {
		return
	}
	a.revoke(ctx, old.RefreshToken, "refresh_token")
	a.revoke(ctx, old.AccessToken, "access_token")
}

func (a *attempt) revoke(ctx context.Context, t seal.Secret, hint string) {
	if t.IsZero() {
		return
	}
	for _, method := range a.env.config.methods(a.env.ask.AuthMethod) {
		c, err := a.env.call("revocation", recipe.Call{URL: recipe.Template(a.env.config.RevocationURL)},
			params{{"token", hidden(t)}, {"token_type_hint", plain(hint)}}, true)
		if err != nil || a.env.authenticate(&c, method) != nil {
			return
		}
		d, status, _, err := a.send(ctx, c, method)
		if err != nil || !clientRefused(status, a.env.refused(d, status, c), a.env.ask) {
			return
		}
	}
}
