package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

const (
	connectWithin = 10 * time.Minute // how long a person may take to consent
	beginWithin   = 30 * time.Second // how long the service may take to say where
)

// ConnectIntegration begins a person's consent, by an authorization code (RFC 6749 4.1) or by a device's code (RFC 8628): the answer says
// where a browser has to go. scheme may be empty if there is only one to choose from.
func (h *Hub) ConnectIntegration(ctx context.Context, c access.Caller, name, scheme string, r api.Connect) (api.Connection, error) {
	return act(ctx, h, c, access.TokenConnect, strings.TrimSpace(name+" "+scheme), func() (api.Connection, error) {
		i, err := h.current(ctx, name)
		if err != nil {
			return api.Connection{}, err
		}
		s, err := personScheme(i, scheme)
		if err != nil {
			return api.Connection{}, err
		}
		source, err := h.source(i, s.Key)
		if err != nil {
			return api.Connection{}, err
		}
		ctx, cancel := context.WithTimeout(ctx, beginWithin)
		defer cancel()
		pending := integration.Connection{Integration: name, UID: i.UID, Scheme: s.Key, Caller: c.String()}
		if i.configs[s.Key].Grant == model.GrantDeviceCode {
			return h.beginDevice(ctx, source, pending)
		}
		return h.beginConsent(ctx, source, i.configs[s.Key], pending, r)
	})
}

// personScheme finds the scheme that is meant among those whose tokens a person gets.
func personScheme(i *configured, name string) (model.Scheme, error) {
	byPerson := slices.DeleteFunc(tokenSchemes(&i.Integration, i.model), func(s model.Scheme) bool {
		return !slices.Contains([]string{model.GrantAuthorizationCode, model.GrantDeviceCode}, i.configs[s.Key].Grant)
	})
	if name == "" && len(byPerson) == 1 {
		return byPerson[0], nil
	}
	s, err := tokenScheme(&i.Integration, i.model, name)
	if err != nil {
		return s, err
	}
	return s, integration.Connects(i.Name, i.Settings, s)
}

// beginConsent sends a browser to the authorization endpoint.
func (h *Hub) beginConsent(ctx context.Context, source *oauth.Source, config oauth.Config, pending integration.Connection, r api.Connect) (api.Connection, error) {
	own := h.callback(pending.Integration)
	redirect, err := redirectURI(r, config.RedirectURI, own)
	if err != nil {
		return api.Connection{}, err
	}
	consent := config.NewConsent(redirect)
	to, err := source.AuthorizationURL(ctx, consent)
	if err != nil {
		return api.Connection{}, err
	}
	pending.RedirectURI, pending.Verifier, pending.Nonce = redirect, consent.Verifier, consent.Nonce
	pending.Expires = time.Now().Add(connectWithin).UTC().Truncate(time.Second)
	_, err = h.store.Connections.Put(ctx, connectionID(consent.State), pending, 0)
	return api.Connection{
		State: consent.State.Reveal(), Expires: pending.Expires, AuthorizationURL: to, RedirectURI: redirect, Callback: redirect == own,
	}, err
}

// redirectURI chooses where the browser comes back to, and refuses any place that could be somebody else's: a code must not end up there
// (RFC 9700 2.1, RFC 8252 7.3).
func redirectURI(r api.Connect, configured, own string) (string, error) {
	redirect := r.RedirectURI
	switch {
	case r.Callback && own == "":
		return "", fault.New(fault.Invalid, "the server does not know its own address, which the browser would come back to").
			WithHint("start it with --public-url https://..., as browsers see it")
	case r.Callback:
		return own, nil
	case redirect == "" && configured == "":
		redirect = own
	case redirect == "":
		redirect = configured
	}
	if redirect == "" {
		return "", fault.New(fault.Invalid, "redirect_uri is missing").WithHint("set redirect_uri to the one that is registered at the service")
	}
	u, err := url.Parse(redirect)
	loopback := err == nil && u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")
	if redirect != configured && redirect != own && !loopback {
		return "", fault.New(fault.Invalid, "redirect_uri is neither the integration's nor on this machine").
			WithHint("set the integration's redirect_uri first")
	}
	return redirect, nil
}

// A pending is a connection under way as it is stored.
type pending struct {
	integration.Connection
	state    seal.Secret
	id       string
	revision int64
}

// pending finds a connection under way.
func (h *Hub) pending(ctx context.Context, state string) (pending, error) {
	p := pending{state: seal.NewSecret(state)}
	p.id = connectionID(p.state)
	var err error
	p.Connection, p.revision, err = h.store.Connections.Get(ctx, p.id)
	if fault.Is(err, fault.NotFound) || err == nil && !time.Now().Before(p.Expires) {
		return p, notPending()
	}
	return p, err
}

func notPending() error {
	return fault.New(fault.NotFound, "there is no such connection under way").WithHint("begin again; a person has 10 minutes, and a connection is ended once")
}

func (p pending) target() string { return p.Integration + " " + p.Scheme }

// FinishConnection goes on with a connection of the caller's. With the parameters that the service's redirect came with it spends the
// code for a token, once; with the state and the confirmation that a browser shows which came back to the server, the code that this
// browser brought. With the state alone it says how the connection stands, and asks for the token of a device's code if it is time.
func (h *Hub) FinishConnection(ctx context.Context, c access.Caller, with map[string]string) (api.Connected, error) {
	p, err := h.pending(ctx, with["state"])
	if err != nil {
		return api.Connected{}, err
	}
	mine := func() error {
		if p.Caller != c.String() {
			return fault.New(fault.Denied, "another caller began this connection")
		}
		return c.Allow(access.TokenConnect)
	}
	if p.Device != nil || len(with) == 1 {
		if err := mine(); err != nil {
			return audited(ctx, h, c.String(), access.TokenConnect, p.target(), func() (api.Connected, error) { return api.Connected{}, err })
		}
		return h.standing(ctx, c, p)
	}
	return audited(ctx, h, c.String(), access.TokenConnect, p.target(), func() (api.Connected, error) {
		if err := mine(); err != nil {
			return api.Connected{}, err
		}
		redirect, err := p.redirect(with)
		if err != nil {
			return api.Connected{}, err
		}
		if err := h.store.Connections.Delete(ctx, p.id, p.revision); err != nil { // it can be finished once
			return api.Connected{}, err
		}
		return h.spend(ctx, p, redirect)
	})
}

// spend asks for a token with what the redirect brought. It goes on if the caller leaves.
func (h *Hub) spend(ctx context.Context, p pending, redirect map[string]string) (api.Connected, error) {
	i, with, err := h.redirected(ctx, p, redirect)
	if err != nil {
		return api.Connected{}, err
	}
	r, err := h.tokens.Connect(context.WithoutCancel(ctx), i.subjects[p.Scheme], token.Ask{With: with})
	if err != nil {
		return api.Connected{}, err
	}
	return i.connected(p.Scheme, r), nil
}

// redirected is what a redirect brought to ask for a token with, if it is a good one.
func (h *Hub) redirected(ctx context.Context, p pending, redirect map[string]string) (*configured, map[string]seal.Secret, error) {
	i, source, err := h.pendingSource(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	query := url.Values{}
	for name, value := range redirect {
		query.Set(name, value)
	}
	consent := oauth.Consent{State: p.state, Verifier: p.Verifier, Nonce: p.Nonce, RedirectURI: p.RedirectURI}
	with, err := source.Redirected(ctx, consent, query)
	return i, with, err
}

// pendingSource is how the token endpoint of a connection is asked, unless its integration has become another one.
func (h *Hub) pendingSource(ctx context.Context, p pending) (*configured, *oauth.Source, error) {
	i, err := h.current(ctx, p.Integration)
	if err != nil {
		return nil, nil, err
	}
	if i.UID != p.UID {
		return nil, nil, fault.New(fault.Conflict, "integration %q was replaced meanwhile", i.Name).WithHint("begin again")
	}
	source, err := h.source(i, p.Scheme)
	return i, source, err
}

// source is how a scheme's token endpoint is asked.
func (h *Hub) source(i *configured, scheme string) (*oauth.Source, error) {
	subject, err := i.subject(scheme)
	if err != nil {
		return nil, err
	}
	source, ok := subject.Source.(*oauth.Source)
	if !ok {
		return nil, fault.New(fault.Invalid, "scheme %q needs nobody's consent: it has the credentials of an AWS role", scheme)
	}
	return source, nil
}

func (c *configured) connected(scheme string, r token.Record) api.Connected {
	t := c.viewToken(scheme, r)
	return api.Connected{Token: &t}
}

// connectionID is a digest of the state, so that whoever reads the store can't finish what others began.
func connectionID(state seal.Secret) string {
	sum := sha256.Sum256([]byte(state.Reveal()))
	return hex.EncodeToString(sum[:])
}

// forgetConnections deletes those that nobody finished.
func (h *Hub) forgetConnections(ctx context.Context, now time.Time) error {
	for e, err := range h.store.Connections.All(ctx, "") {
		if err != nil {
			return err
		}
		if now.Before(e.Value.Expires) {
			continue
		}
		if err := h.store.Connections.Delete(ctx, e.ID, e.Revision); err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

var _ token.Source = (*oauth.Source)(nil)
