package token_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/token"
)

func (s *shelf) goAway(away bool) { s.set(func() { s.away = away }) }

func TestRefreshTokenIsNotSpentWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Minute, 0), newShelf()
		p.rotate = true
		k, s := keeper(t, shared), subject(p)
		must(t, k, s)
		s.CanGrant = false
		shared.goAway(true)
		time.Sleep(50 * time.Second)
		must(t, k, s) // due, and alive
		time.Sleep(50 * time.Second)
		if _, err := k.Token(t.Context(), s); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
		if p.count() != 1 {
			t.Errorf("%d requests while the store was away", p.count()-1)
		}
		shared.goAway(false)
		must(t, k, s)
	})
}

// Failure mode 26: the database is down.
func TestCredentialsAreAskedWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Minute, time.Second), newShelf()
		p.rotate = true
		replicas := []*token.Keeper{keeper(t, shared), keeper(t, shared)}
		for _, k := range replicas {
			must(t, k, subject(p))
		}
		shared.goAway(true)
		for range 600 { // ten lives
			for _, k := range replicas {
				if held := must(t, k, subject(p)); !p.accepts(held) {
					t.Fatal("a dead token")
				}
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if slices.ContainsFunc(p.asked, func(a token.Ask) bool { return !a.RefreshToken.IsZero() }) {
			t.Error("a refresh token was spent while its successor could not be saved")
		}
		if n := p.count(); n < 20 || n > 50 {
			t.Errorf("%d requests of two replicas in ten lives, want at most one for each half of a life", n)
		}
		shared.goAway(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		stored := shared.record("zoom/oauth")
		if stored.Generation < 10 || !stored.Token.ExpiresAt.After(time.Now()) {
			t.Errorf("generation %d is stored, which expires at %s", stored.Generation, stored.Token.ExpiresAt)
		}
		time.Sleep(2 * time.Second)
		first, second := must(t, replicas[0], subject(p)), must(t, replicas[1], subject(p))
		if first.Generation != second.Generation {
			t.Errorf("the replicas use the generations %d and %d, two seconds after the store came back", first.Generation, second.Generation)
		}
	})
}

func TestATokenIsRefusedWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		k, s := keeper(t, shared), subject(p)
		first := must(t, k, s)
		shared.goAway(true)
		if !k.Reject(t.Context(), s, first.Generation) {
			t.Fatal("no second try after a 401")
		}
		second := must(t, k, s)
		if second.Generation == first.Generation {
			t.Error("the refused token was handed out again")
		}
		shared.goAway(false)
		time.Sleep(2 * time.Second)
		if third := must(t, k, s); third.Generation != second.Generation || shared.record(s.ID).Generation != second.Generation {
			t.Errorf("the token of generation %d was not saved: %d", second.Generation, third.Generation)
		}
	})
}

func TestAProcessThatKnowsNothingAsksWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Minute, 0), newShelf()
		k := keeper(t, shared)
		must(t, k, subject(p))
		shared.goAway(true)
		fresh := keeper(t, shared)
		if held := must(t, fresh, subject(p)); held.AccessToken.Reveal() != "access-2" {
			t.Errorf("got %s", held.TokenType)
		}
		s := subject(p)
		s.CanGrant, s.Missing = false, fault.New(fault.Reconnect, "connect")
		if _, err := keeper(t, shared).Token(t.Context(), s); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFailuresWhileTheStoreIsAwayAreNotRepeatedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Minute, 0), newShelf()
		k := keeper(t, shared)
		shared.goAway(true)
		for range 100 {
			p.answers = append(p.answers, &token.AskError{Err: fault.New(fault.Unavailable, "503")})
		}
		for range 300 { // half a minute
			if _, err := k.Token(t.Context(), subject(p)); !fault.Is(err, fault.Unavailable) {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := p.count(); n > 10 {
			t.Errorf("%d requests in half a minute of failures", n)
		}
	})
}

// TestWhatAnotherReplicaDoes is about a token that this process holds and another has renewed, cleared or made useless.
func TestWhatAnotherReplicaDoesCountsWithinTwoSeconds(t *testing.T) {
	for name, act := range map[string]func(*token.Keeper, *token.Subject){
		"renewed": func(k *token.Keeper, s *token.Subject) { k.Renew(context.Background(), s) },
		"cleared": func(k *token.Keeper, s *token.Subject) {
			k.Replace(context.Background(), s, func(token.Token) (token.Token, bool) { return token.Token{}, true })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, shared := newEndpoint(time.Hour, 0), newShelf()
				here, there := keeper(t, shared), keeper(t, shared)
				first := must(t, here, subject(p))
				ctx, stop := context.WithCancel(t.Context())
				var busy sync.WaitGroup
				busy.Go(func() { // a replica in use all the time
					for ctx.Err() == nil {
						must(t, here, subject(p))
						time.Sleep(10 * time.Millisecond)
					}
				})
				time.Sleep(1500 * time.Millisecond)
				act(there, subject(p))
				time.Sleep(2 * time.Second)
				if held := must(t, here, subject(p)); held.Generation == first.Generation {
					t.Error("the old token is still in use")
				}
				stop()
				busy.Wait()
			})
		})
	}
}

// ear hears of renewals.
type ear struct {
	mu     sync.Mutex
	heard  []string
	waited time.Duration
}

func (e *ear) Renewal(r token.Renewal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, strings.TrimSpace(r.ID+" "+r.Outcome+" "+r.Cause))
}

func (e *ear) Waited(took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waited += took
}

func TestAnObserverHearsOfRenewalsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared, e := newEndpoint(time.Minute, time.Second), newShelf(), &ear{}
		p.rotate = true
		no := &token.AskError{Permanent: true, Err: fault.New(fault.Upstream, "no")}
		p.answers = []error{nil, nil, &token.AskError{Err: fault.New(fault.Unavailable, "503")}, no, no} // to the refresh token, and to the credentials
		k := token.NewKeeper(shared, token.Options{Observer: e})
		defer k.Close(t.Context())
		for range 4 {
			k.Token(t.Context(), subject(p))
			time.Sleep(2 * time.Minute)
		}
		want := []string{"zoom/oauth granted", "zoom/oauth refreshed", "zoom/oauth temporary 503", "zoom/oauth permanent no"}
		if !slices.Equal(e.heard, want) || e.waited != 5*time.Second {
			t.Errorf("heard %v, waited %s", e.heard, e.waited)
		}
		states, expiries := k.States(time.Now())
		if states[token.Broken] != 1 || len(expiries) != 1 || expiries[0] > 0 {
			t.Errorf("states %v, expiries %v", states, expiries)
		}
	})
}

func TestWhatNobodyAsksForIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		k, s := keeper(t, shared), subject(p)
		must(t, k, s)
		synctest.Wait()
		time.Sleep(time.Minute)
		k.Forget(time.Now().Add(-2 * time.Minute))
		if states, _ := k.States(time.Now()); states[token.Fresh] != 1 {
			t.Errorf("forgotten too early: %v", states)
		}
		k.Forget(time.Now())
		if states, _ := k.States(time.Now()); len(states) != 0 {
			t.Errorf("not forgotten: %v", states)
		}
		if held := must(t, k, s); held.Generation != 1 || p.count() != 1 {
			t.Errorf("generation %d after %d requests", held.Generation, p.count())
		}
		if states, _ := k.States(time.Now()); states[token.Fresh] != 1 {
			t.Errorf("what is asked for again is not known again: %v", states)
		}
	})
}

func TestALiveTokenAllocatesNothing(t *testing.T) {
	p, shared := newEndpoint(time.Hour, 0), newShelf()
	k := token.NewKeeper(shared, token.Options{Reread: time.Hour})
	defer k.Close(t.Context())
	s := subject(p)
	for range 100 { // until it is marked as used
		must(t, k, s)
		time.Sleep(time.Millisecond)
	}
	if n := testing.AllocsPerRun(1000, func() { must(t, k, s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLiveToken(b *testing.B) {
	p, shared := newEndpoint(time.Hour, 0), newShelf()
	k := token.NewKeeper(shared, token.Options{})
	defer k.Close(b.Context())
	s := subject(p)
	k.Token(b.Context(), s)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := k.Token(b.Context(), s); err != nil {
				b.Fatal(err)
			}
		}
	})
}
