package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// connectWithin is how long a person may take to consent.
const connectWithin = 10 * time.Minute

// ConnectIntegration begins a person's consent (RFC 6749 4.1): the answer says where the browser has to go, and comes back to. scheme may be
// empty if there is only one to choose from.
func (h *Hub) ConnectIntegration(ctx context.Context, c access.Caller, name, scheme string, r api.Connect) (api.Connection, error) {
	return act(ctx, h, c, access.TokenConnect, strings.TrimSpace(name+" "+scheme), func() (api.Connection, error) {
		i, err := h.current(ctx, name)
		if err != nil {
			return api.Connection{}, err
		}
		s, err := tokenScheme(&i.Integration, i.model, scheme)
		if err != nil {
			return api.Connection{}, err
		}
		source, err := h.source(i, s.Key)
		if err != nil {
			return api.Connection{}, err
		}
		config := i.configs[s.Key]
		redirect := r.RedirectURI
		if redirect == "" {
			redirect = config.RedirectURI
		}
		if err := loopbackOrConfigured(redirect, config.RedirectURI); err != nil {
			return api.Connection{}, err
		}
		consent := config.NewConsent(redirect)
		to, err := source.AuthorizationURL(ctx, consent)
		if err != nil {
			return api.Connection{}, err
		}
		expires := time.Now().Add(connectWithin).UTC().Truncate(time.Second)
		_, err = h.store.Connections.Put(ctx, connectionID(consent.State), integration.Connection{
			Integration: name, UID: i.UID, Scheme: s.Key, Caller: c.String(), RedirectURI: redirect,
			Verifier: consent.Verifier, Nonce: consent.Nonce, Expires: expires,
		}, 0)
		return api.Connection{AuthorizationURL: to, State: consent.State.Reveal(), RedirectURI: redirect, Expires: expires}, err
	})
}

// loopbackOrConfigured refuses a redirect to anywhere else: a code must not end up with somebody else (RFC 9700 2.1, RFC 8252 7.3).
func loopbackOrConfigured(redirect, configured string) error {
	if redirect == "" {
		return fault.New(fault.Invalid, "redirect_uri is missing").WithHint("set redirect_uri to the one that is registered at the service")
	}
	u, err := url.Parse(redirect)
	loopback := err == nil && u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")
	if redirect != configured && !loopback {
		return fault.New(fault.Invalid, "redirect_uri is neither the integration's nor on this machine").
			WithHint("set the integration's redirect_uri first")
	}
	return nil
}

// FinishConnection ends a person's consent with the parameters that the service's redirect came with: the code is spent for a token. A
// connection can be finished once, by whoever began it.
func (h *Hub) FinishConnection(ctx context.Context, c access.Caller, redirect map[string]string) (api.Token, error) {
	state := seal.NewSecret(redirect["state"])
	id := connectionID(state)
	pending, revision, err := h.store.Connections.Get(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && !time.Now().Before(pending.Expires) {
		return api.Token{}, fault.New(fault.NotFound, "there is no such connection under way").WithHint("begin again; a person has 10 minutes")
	}
	if err != nil {
		return api.Token{}, err
	}
	return act(ctx, h, c, access.TokenConnect, pending.Integration+" "+pending.Scheme, func() (api.Token, error) {
		if pending.Caller != c.String() {
			return api.Token{}, fault.New(fault.Denied, "another caller began this connection")
		}
		if err := h.store.Connections.Delete(ctx, id, revision); err != nil { // it can be finished once
			return api.Token{}, err
		}
		i, err := h.current(ctx, pending.Integration)
		if err != nil {
			return api.Token{}, err
		}
		if i.UID != pending.UID {
			return api.Token{}, fault.New(fault.Conflict, "integration %q was replaced meanwhile", i.Name).WithHint("begin again")
		}
		return h.spend(ctx, i, pending, state, redirect)
	})
}

func (h *Hub) spend(ctx context.Context, i *configured, pending integration.Connection, state seal.Secret, redirect map[string]string) (api.Token, error) {
	source, err := h.source(i, pending.Scheme)
	if err != nil {
		return api.Token{}, err
	}
	query := url.Values{}
	for name, value := range redirect {
		query.Set(name, value)
	}
	consent := oauth.Consent{State: state, Verifier: pending.Verifier, Nonce: pending.Nonce, RedirectURI: pending.RedirectURI}
	with, err := source.Redirected(ctx, consent, query)
	if err != nil {
		return api.Token{}, err
	}
	r, err := h.tokens.Connect(ctx, i.subjects[pending.Scheme], with)
	if err != nil {
		return api.Token{}, err
	}
	return viewToken(pending.Scheme, r, time.Now()), nil
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
