package token_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/token"
)

// limited is an endpoint whose answers carry limits.
type limited struct {
	*endpoint
	limits token.Limits
}

func (l limited) Ask(ctx context.Context, a token.Ask) (token.Answer, error) {
	answer, err := l.endpoint.Ask(ctx, a)
	answer.Limits = l.limits
	return answer, err
}

// asked counts the logins and the refreshes.
func (l limited) asked() (logins, refreshes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.endpoint.asked {
		if a.RefreshToken.IsZero() {
			logins++
		} else {
			refreshes++
		}
	}
	return logins, refreshes
}

// day has two hundred callers use a token for that long, each once a minute.
func day(t *testing.T, k *token.Keeper, s *token.Subject, p *endpoint, length time.Duration) {
	t.Helper()
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			time.Sleep(time.Duration(i) * 300 * time.Millisecond)
			for range int(length / time.Minute) {
				if held, err := k.Token(t.Context(), s); err != nil || !p.accepts(held) {
					t.Errorf("a dead token, or %v", err)
					return
				}
				time.Sleep(time.Minute)
			}
		})
	}
	group.Wait()
}

// Failure mode 37: a session that may be refreshed three times is, and then there is a login; the session before is ended, once each.
func TestNoMoreRefreshesThanTheSessionAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := limited{newEndpoint(30*time.Minute, time.Second), token.Limits{MaxRefreshes: 3}}
		p.rotate = true
		s, ended := subject(p), 0
		s.End = func(context.Context, token.Token, bool) { ended++ }
		day(t, keeper(t, newShelf()), s, p.endpoint, 8*time.Hour)
		// Tokens live for 24 minutes until they are renewed: 20 of them.
		if logins, refreshes := p.asked(); logins != 5 || refreshes != 15 || ended != 4 || p.reused != 0 {
			t.Errorf("%d logins, %d refreshes, %d ends, %d refresh tokens spent twice", logins, refreshes, ended, p.reused)
		}
	})
}

// Failure mode 37: a session that ends after so many hours, however often it is refreshed, is replaced before, in the background.
func TestSessionEndsByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := limited{newEndpoint(10*time.Minute, time.Second), token.Limits{SessionLifetime: 2 * time.Hour}}
		p.rotate = true
		login, k := time.Time{}, keeper(t, newShelf())
		s := subject(p)
		var over []time.Duration
		s.End = func(context.Context, token.Token, bool) {
			over = append(over, time.Since(login))
			login = time.Now()
		}
		login = time.Now()
		day(t, k, s, p.endpoint, 24*time.Hour)
		if logins, refreshes := p.asked(); logins < 12 || logins > 14 || refreshes < 10*logins {
			t.Errorf("%d logins, %d refreshes in a day of sessions of two hours", logins, refreshes)
		}
		for _, d := range over {
			if d > 2*time.Hour {
				t.Errorf("a session was replaced %s after its login", d)
			}
		}
	})
}

// Failure mode 34: a provider that allows a refresh in the last 30 s only is asked then, and a refusal while the token lives is no failure
// that a caller hears of.
func TestRenewalNoEarlierThanTheProviderAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const life = 10 * time.Minute
		p := limited{newEndpoint(life, time.Second), token.Limits{RenewBefore: 30 * time.Second}}
		p.rotate = true
		k, s := keeper(t, newShelf()), subject(p)
		began := time.Now()
		must(t, k, s)
		time.Sleep(life - 31*time.Second)
		must(t, k, s)
		synctest.Wait()
		if n := p.count(); n != 1 {
			t.Fatalf("%d requests after %s", n, time.Since(began))
		}
		p.mu.Lock()
		p.answers = []error{&token.AskError{Code: "too_early", Err: fault.New(fault.Upstream, "the token is still good")}}
		p.mu.Unlock()
		for range 60 { // the refusal falls into the token's life
			must(t, k, s)
			time.Sleep(time.Second)
		}
		if n := p.count(); n != 3 || p.reused != 0 {
			t.Errorf("%d requests, %d refresh tokens spent twice", n, p.reused)
		}
	})
}
