package token_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// heard counts the renewals that an observer hears of.
type heard struct{ renewals []token.Renewal }

func (h *heard) Renewal(r token.Renewal) { h.renewals = append(h.renewals, r) }
func (h *heard) Waited(time.Duration)    {}

var brought = token.Ask{With: map[string]seal.Secret{"code": seal.NewSecret("c0d3")}, AuthMethod: "client_secret_post"}

// What a person's consent brought is spent once, as it was brought, and stored over whatever there is.
func TestConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		k, s := keeper(t, shared), subject(p)
		first := must(t, k, s)
		r, err := k.Connect(t.Context(), s, brought)
		if err != nil || r.Generation != first.Generation+1 {
			t.Fatalf("connected to generation %d: %v", r.Generation, err)
		}
		if last := p.asked[len(p.asked)-1]; last.With["code"].Reveal() != "c0d3" || last.AuthMethod != brought.AuthMethod || !last.Wanted {
			t.Errorf("asked with %+v", last)
		}
		if held := must(t, k, s); held.Generation != r.Generation || p.count() != 2 {
			t.Errorf("generation %d after %d requests", held.Generation, p.count())
		}
	})
}

// A person who has yet to decide is no failed renewal, and whoever asks is told apart from one who is refused.
func TestConnectPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, told := newEndpoint(time.Hour, 0), &heard{}
		p.answers = []error{
			&token.AskError{Pending: true, Code: "slow_down", Err: fault.New(fault.Upstream, "slow_down")},
			&token.AskError{Permanent: true, Code: "access_denied", Err: fault.New(fault.Upstream, "access_denied")},
		}
		k, s := token.NewKeeper(newShelf(), token.Options{Observer: told}), subject(p)
		for i, want := range []token.AskError{{Pending: true, Code: "slow_down"}, {Permanent: true, Code: "access_denied"}} {
			_, err := k.Connect(t.Context(), s, brought)
			got, ok := errors.AsType[*token.AskError](err)
			if !ok || got.Pending != want.Pending || got.Permanent != want.Permanent || got.Code != want.Code || len(told.renewals) != i {
				t.Errorf("%v, and %d renewals were heard of", err, len(told.renewals))
			}
		}
	})
}

// The token is saved also if the store goes away while it is asked for: what brought it is spent.
func TestConnectWhileTheStoreGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, time.Second), newShelf()
		k, s := keeper(t, shared), subject(p)
		shared.goAway(true)
		time.AfterFunc(10*time.Second, func() { shared.goAway(false) })
		r, err := k.Connect(t.Context(), s, brought)
		if err != nil || shared.record(s.ID).Generation != r.Generation || p.count() != 1 {
			t.Errorf("stored generation %d after %d requests: %v", shared.record(s.ID).Generation, p.count(), err)
		}
	})
}
