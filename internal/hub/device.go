package hub

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// beginDevice asks for a code that a person enters elsewhere (RFC 8628 3.1). The device's own code stays here.
func (h *Hub) beginDevice(ctx context.Context, source *oauth.Source, pending integration.Connection) (api.Connection, error) {
	d, err := source.Device(ctx)
	if err != nil {
		return api.Connection{}, err
	}
	now := time.Now()
	state := seal.NewSecret(rand.Text())
	own := integration.Device{Code: d.Code, AuthMethod: d.AuthMethod, Interval: d.Interval.Seconds()}.Pending(now, false)
	pending.Device, pending.Expires = &own, now.Add(d.Lifetime).UTC().Truncate(time.Second)
	_, err = h.store.Connections.Put(ctx, connectionID(state), pending, 0)
	return api.Connection{
		State: state.Reveal(), Expires: pending.Expires, Interval: own.Interval,
		UserCode: d.UserCode, VerificationURI: d.At, VerificationURIComplete: d.AtComplete,
	}, err
}

// poll asks for the token of a device's code, if it is time to (RFC 8628 3.4). Whatever is needed for it is in the store, so that it does
// not matter which replica is asked, or whether one was restarted; and whose turn it is, so that two do not ask at once. That nobody has
// decided yet is not worth an entry in the audit log, where the beginning stands already; the end is.
func (h *Hub) poll(ctx context.Context, c access.Caller, p pending) (api.Connected, error) {
	taken, wait := p.Device.Turn(time.Now())
	if wait > 0 {
		return waiting(*p.Device, wait), nil
	}
	p.Device = &taken
	revision, err := h.store.Connections.Put(ctx, p.id, p.Connection, p.revision)
	if fault.Is(err, fault.Conflict) {
		return waiting(taken, seconds(taken.Interval)), nil // somebody else has taken the turn
	}
	if err != nil {
		return api.Connected{}, err
	}
	p.revision = revision
	ctx = context.WithoutCancel(ctx) // the token is given once
	i, _, err := h.pendingSource(ctx, p)
	if err != nil {
		return api.Connected{}, err
	}
	r, err := h.tokens.Connect(ctx, i.subjects[p.Scheme], token.Ask{
		With: map[string]seal.Secret{"device_code": taken.Code}, AuthMethod: taken.AuthMethod,
	})
	refusal, asked := errors.AsType[*token.AskError](err)
	switch {
	case err != nil && !asked: // the service has said nothing
		return api.Connected{}, err
	case err != nil && !refusal.Permanent:
		return h.nextTurn(ctx, p, refusal)
	}
	return audited(ctx, h, c.String(), access.TokenConnect, p.target(), func() (api.Connected, error) {
		if gone := h.store.Connections.Delete(ctx, p.id, 0); err == nil {
			err = gone
		}
		if err != nil {
			return api.Connected{}, err
		}
		return i.connected(p.Scheme, r), nil
	})
}

// nextTurn puts off asking again.
func (h *Hub) nextTurn(ctx context.Context, p pending, refusal *token.AskError) (api.Connected, error) {
	next := p.Device.Failed(time.Now(), refusal.Error())
	if refusal.Pending {
		next = p.Device.Pending(time.Now(), refusal.Code == "slow_down")
	}
	p.Device = &next
	_, err := h.store.Connections.Put(ctx, p.id, p.Connection, p.revision)
	if fault.Is(err, fault.Conflict) { // the turn had lapsed, and somebody else has taken the next
		err = nil
	}
	return waiting(next, seconds(next.Interval)), err
}

func waiting(d integration.Device, wait time.Duration) api.Connected {
	return api.Connected{Pending: true, Interval: wait.Seconds(), Cause: d.Cause}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
