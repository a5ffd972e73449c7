package hub

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/seal"
)

// How a browser that comes back to the server is known to be the one that was sent out, and what that keeps off (RFC 9700 2.1, 4.4, 4.7):
//
//   - Whoever has not begun a connection does not know its state, 256 bits that are used once, within ten minutes. So nobody can have
//     somebody else's integration connected to an account of their own.
//   - Whoever has begun one knows its state, and could send the authorization URL to somebody else, whose account would be connected if
//     the state were enough. So the browser has to be signed in here as the caller who began. One that is not signed in gets nothing
//     done: what it brought is kept, sealed, and it shows a code, which only whoever sits before it can read; the caller who
//     began has to send that code. One that is signed in as somebody else is refused.
//   - The redirect URI ends in the integration's name, and a redirect to another one's is refused, so that the code of one service is not
//     sent to the token endpoint of another also where the service does not say who it is (RFC 9207).
//   - PKCE, and the nonce of an ID token, tie the code to this connection as ever.

// callback is the redirect URI of an integration at this server; "" if the server does not know how browsers see it.
func (h *Hub) callback(name string) string {
	if h.public == "" {
		return ""
	}
	return h.public + "/callback/" + url.PathEscape(name)
}

// Callback goes on with a connection when a browser has come back to the server, for that integration. With the caller who began it
// the code is spent at once. For nobody what the browser brought is kept, until that caller finishes the connection with
// the code that the answer says.
func (h *Hub) Callback(ctx context.Context, c access.Caller, name string, redirect map[string]string) (api.Arrival, error) {
	p, err := h.pending(ctx, redirect["state"])
	if err != nil {
		return api.Arrival{}, err
	}
	if p.RedirectURI == "" || p.RedirectURI != h.callback(name) {
		return api.Arrival{}, fault.New(fault.Denied, "this is not where the service was told to send the browser").
			WithHint("begin again; if it happens again, one service may be passing itself off as another")
	}
	if p.Return != nil && p.Return.Confirmation.IsZero() {
		return api.Arrival{}, notPending()
	}
	arrival := api.Arrival{Integration: p.Integration, Scheme: p.Scheme}
	if c.Kind == "" {
		arrival.Confirmation, err = h.keepReturn(ctx, p, redirect)
		return arrival, err
	}
	return audited(ctx, h, c.String(), access.TokenConnect, p.target(), func() (api.Arrival, error) {
		if p.Caller != c.String() {
			return arrival, fault.New(fault.Denied, "you are signed in as %s, and another caller began this connection", c).
				WithHint("sign in as whoever began it, or sign out, and load this page again")
		}
		if err := c.Allow(access.TokenConnect); err != nil {
			return arrival, err
		}
		if err := h.take(ctx, &p); err != nil {
			return arrival, err
		}
		done, err := h.spend(ctx, p, redirect)
		arrival.Token = done.Token
		if noted := h.over(ctx, p, err); err == nil {
			err = noted
		}
		return arrival, err
	})
}

// take makes the connection one that nobody can finish any more.
func (h *Hub) take(ctx context.Context, p *pending) (err error) {
	p.Return = &integration.Return{}
	p.revision, err = h.store.Connections.Put(ctx, p.id, p.Connection, p.revision)
	if fault.Is(err, fault.Conflict) {
		return notPending()
	}
	return err
}

// over notes how a connection ended, for the caller to ask.
func (h *Hub) over(ctx context.Context, p pending, ended error) error {
	p.Return = &integration.Return{Outcome: &integration.Outcome{}}
	if ended != nil {
		p.Return.Outcome.Cause, p.Return.Outcome.Hint = shown(ended), fault.HintOf(ended)
	}
	_, err := h.store.Connections.Put(context.WithoutCancel(ctx), p.id, p.Connection, p.revision)
	return err
}

// shown is what may be shown of an error: one that nobody classed may hold anything.
func shown(err error) string {
	if fault.Is(err, fault.Internal) {
		return "something went wrong in the server; its log says more"
	}
	return err.Error()
}

// keepReturn keeps what a browser brought that is not signed in, and draws the code for it to show. A browser that comes again brings
// its own things and gets another code, so that nobody reads the code of somebody else's.
func (h *Hub) keepReturn(ctx context.Context, p pending, redirect map[string]string) (string, error) {
	if _, _, err := h.redirected(ctx, p, redirect); err != nil { // a refusal needs nobody's confirmation
		if noted := h.over(ctx, p, err); noted != nil && !fault.Is(noted, fault.Conflict) {
			return "", noted
		}
		return "", err
	}
	code := drawConfirmation()
	p.Return = &integration.Return{Parameters: map[string]seal.Secret{}, Confirmation: seal.NewSecret(code)}
	for name, value := range redirect {
		p.Return.Parameters[name] = seal.NewSecret(value)
	}
	if _, err := h.store.Connections.Put(ctx, p.id, p.Connection, p.revision); fault.Is(err, fault.Conflict) {
		return "", notPending()
	} else if err != nil {
		return "", err
	}
	return code, nil
}

// confirmationLetters are easy to tell apart, and make no words (RFC 8628 6.1).
const confirmationLetters = "BCDFGHJKLMNPQRSTVWXZ"

// drawConfirmation draws one of 20^8 codes: in ten minutes of a thousand guesses a second one in 40000 attackers hits it.
func drawConfirmation() string {
	var code strings.Builder
	for code.Len() < 9 {
		for _, r := range rand.Text() {
			if strings.ContainsRune(confirmationLetters, r) && code.Len() < 9 {
				if code.Len() == 4 {
					code.WriteByte('-')
				}
				code.WriteRune(r)
			}
		}
	}
	return code.String()
}

// redirect is what the caller wants spent: what the redirect brought that came to them, or the one that came to the server and is
// confirmed here.
func (p pending) redirect(with map[string]string) (map[string]string, error) {
	if p.Return != nil && p.Return.Confirmation.IsZero() { // it is being ended, or has been
		return nil, notPending()
	}
	typed, confirms := with["confirmation"]
	if !confirms || len(with) != 2 {
		return with, nil
	}
	if p.Return == nil {
		return nil, fault.New(fault.Conflict, "no browser has come back yet").WithHint("open the authorization URL, sign in and consent first")
	}
	typed = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(typed))
	if want := strings.ReplaceAll(p.Return.Confirmation.Reveal(), "-", ""); !seal.NewSecret(typed).Equal(seal.NewSecret(want)) {
		return nil, fault.New(fault.Denied, "that is not the code that the browser shows").WithHint("type the code of the page that the browser ended at")
	}
	redirect := map[string]string{}
	for name, value := range p.Return.Parameters {
		redirect[name] = value.Reveal()
	}
	return redirect, nil
}

// standing says how a connection stands.
func (h *Hub) standing(ctx context.Context, c access.Caller, p pending) (api.Connected, error) {
	const interval = 2.0
	switch {
	case p.Device != nil:
		return h.poll(ctx, c, p)
	case p.Return == nil || p.Return.Confirmation.IsZero() && p.Return.Outcome == nil:
		return api.Connected{Pending: true, Interval: interval}, nil
	case p.Return.Outcome == nil:
		return api.Connected{Pending: true, Confirm: true, Interval: interval}, nil
	}
	if err := h.store.Connections.Delete(ctx, p.id, p.revision); err != nil {
		return api.Connected{}, err
	}
	if cause := p.Return.Outcome.Cause; cause != "" {
		return api.Connected{}, fault.New(fault.Upstream, "%s", cause).WithHint("%s", p.Return.Outcome.Hint)
	}
	i, err := h.current(ctx, p.Integration)
	if err != nil {
		return api.Connected{}, err
	}
	subject, err := i.subject(p.Scheme)
	if err != nil {
		return api.Connected{}, err
	}
	r, err := h.tokens.Record(ctx, subject)
	return i.connected(p.Scheme, r), err
}
