package token_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A process that dies is a goroutine that ends in the middle of the store's or the endpoint's work: what it held in memory is
// gone, what it has written stays.
type mortal struct {
	token.Source
	before, after bool
}

func (m mortal) Ask(ctx context.Context, a token.Ask) (token.Answer, error) {
	if m.before {
		runtime.Goexit()
	}
	answer, err := m.Source.Ask(ctx, a)
	if m.after {
		runtime.Goexit()
	}
	return answer, err
}

// Failure mode 17: death between answer and save.
func TestDeathAtEveryPointOfARenewal(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after bool // the request
		save          int  // die before the n-th write
		grant         bool
		wait          bool // the next one waits for the claim to lapse
		spends        bool // the next one spends the refresh token
	}{
		{"before the claim", false, false, 1, true, false, true},
		{"after the claim", true, false, 0, true, true, false},
		{"after the claim, nothing but the refresh token", true, false, 0, false, true, true},
		{"after the answer", false, true, 0, true, true, false},
		{"before the save", false, false, 2, true, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, shared := newEndpoint(time.Minute, time.Second), newShelf()
				p.rotate = true
				s := subject(p)
				must(t, keeper(t, shared), s)
				time.Sleep(time.Hour)

				doomed := subject(mortal{p, test.before, test.after})
				writes := 0
				shared.set(func() {
					shared.onPut = func(token.Record) error {
						if writes++; writes == test.save {
							shared.onPut = nil
							runtime.Goexit()
						}
						return nil
					}
				})
				dying := token.NewKeeper(shared, token.Options{})
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				dying.Token(ctx, doomed)
				asked := p.count()

				shared.set(func() { shared.onPut = nil })
				s.CanGrant = test.grant
				began := time.Now()
				held, err := keeper(t, shared).Token(t.Context(), s)
				if err != nil || !p.accepts(held) {
					t.Fatalf("the next one got no token: %v", err)
				}
				if waited := time.Since(began); (waited > 15*time.Second) != test.wait || waited > 25*time.Second {
					t.Errorf("the next one waited %s", waited)
				}
				if spent := !p.asked[asked].RefreshToken.IsZero(); spent != test.spends {
					t.Errorf("the next one spent the refresh token: %v", spent)
				}
				if p.reused != 0 {
					t.Errorf("%d refresh tokens were spent twice", p.reused)
				}
			})
		})
	}
}

func TestAnswerIsSavedThoughTheCallerIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 5*time.Second), newShelf()
		k := token.NewKeeper(shared, token.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := k.Token(ctx, subject(p)); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("got %v", err)
		}
		if err := k.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := shared.record("zoom/oauth"); r.Generation != 1 || r.Claim.ID != "" {
			t.Errorf("generation %d, claim %q", r.Generation, r.Claim.ID)
		}
		if _, err := k.Token(t.Context(), &token.Subject{ID: "other", CanGrant: true, Source: p}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a closed keeper began a renewal: %v", err)
		}
	})
}

// Failure mode 41: the patience of one who waits for another replica exceeds that of the one who asks.
func TestWaiterOutlastsTheAsker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 14*time.Second), newShelf()
		a, b := keeper(t, shared), keeper(t, shared)
		var group sync.WaitGroup
		for _, k := range []*token.Keeper{a, b} {
			group.Go(func() { must(t, k, subject(p)) })
		}
		group.Wait()
		if p.count() != 1 {
			t.Errorf("%d requests, want 1", p.count())
		}
	})
}

func TestStoreAwayAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Minute, time.Second), newShelf()
		p.rotate = true
		k := keeper(t, shared)
		must(t, k, subject(p))
		time.Sleep(time.Hour)
		time.AfterFunc(500*time.Millisecond, func() { shared.set(func() { shared.away = true }) })
		held := must(t, k, subject(p)) // served from memory
		time.Sleep(10 * time.Second)
		if again := must(t, k, subject(p)); !p.accepts(again) || again.Generation != held.Generation {
			t.Error("the token in memory was forgotten")
		}
		shared.set(func() { shared.away = false })
		time.Sleep(2 * time.Second)
		if r := shared.record("zoom/oauth"); r.Generation != held.Generation || !r.Token.RefreshToken.Equal(held.RefreshToken) {
			t.Error("the successor of the refresh token was lost")
		}
	})
}

// Failure mode 27: edits during a renewal.
func TestEditsDuringARenewal(t *testing.T) {
	for _, test := range []struct {
		name  string
		edit  func(*testing.T, *shelf, *token.Keeper, *token.Subject)
		check func(*testing.T, token.Record)
	}{
		{"another configuration", func(t *testing.T, _ *shelf, k *token.Keeper, s *token.Subject) {
			s.Configuration = seal.NewSecret("another")
			k.Replace(t.Context(), s, typed("", "", time.Time{}))
		}, func(t *testing.T, r token.Record) {
			if r.Configuration.Reveal() != "another" || !r.Token.AccessToken.IsZero() {
				t.Error("the token of the old configuration was stored")
			}
		}},
		{"a typed token", func(t *testing.T, _ *shelf, k *token.Keeper, s *token.Subject) {
			k.Replace(t.Context(), s, typed("by-hand", "", time.Time{}))
		}, func(t *testing.T, r token.Record) {
			if r.Token.AccessToken.Reveal() != "by-hand" {
				t.Error("the typed token was overwritten")
			}
		}},
		{"deleted", func(_ *testing.T, shared *shelf, _ *token.Keeper, s *token.Subject) {
			shared.delete(s.ID)
		}, func(t *testing.T, r token.Record) {
			if r.ID != "" {
				t.Error("the token came back")
			}
		}},
		{"a mark", func(_ *testing.T, shared *shelf, _ *token.Keeper, s *token.Subject) {
			r, revision, _ := shared.Get(context.Background(), s.ID)
			r.Used = true
			shared.Put(context.Background(), s.ID, r, revision)
		}, func(t *testing.T, r token.Record) {
			if r.Generation != 1 || r.Claim.ID != "" {
				t.Error("the answer was dropped for a mark")
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, shared := newEndpoint(time.Hour, 2*time.Second), newShelf()
				asking, editing := token.NewKeeper(shared, token.Options{}), keeper(t, shared)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				asking.Token(ctx, subject(p))
				test.edit(t, shared, editing, subject(p))
				asking.Close(t.Context())
				test.check(t, shared.record("zoom/oauth"))
			})
		})
	}
}

func TestTakenOverClaimDoesNotLoseTheNewerToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick, shared := newEndpoint(time.Hour, 14*time.Second), newEndpoint(time.Hour, 0), newShelf()
		a := token.NewKeeper(shared, token.Options{AskTimeout: 15 * time.Second})
		go a.Token(t.Context(), subject(slow))
		time.Sleep(time.Second)
		shared.set(func() { // as if the claim had been a short one
			r := shared.records["zoom/oauth"]
			r.Claim.Seconds = 1
			shared.records["zoom/oauth"] = r
		})
		held := must(t, keeper(t, shared), subject(quick))
		a.Close(t.Context())
		if r := shared.record("zoom/oauth"); !r.Token.AccessToken.Equal(held.AccessToken) || r.Generation != 1 {
			t.Error("a slow answer overwrote the token of the one who took over")
		}
	})
}

func TestFailuresAreRememberedThoughAMarkCameBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, time.Second), newShelf()
		p.answers = []error{&token.AskError{Err: fault.New(fault.Unavailable, "503")}}
		k := keeper(t, shared)
		time.AfterFunc(500*time.Millisecond, func() {
			r, revision, _ := shared.Get(context.Background(), "zoom/oauth")
			r.Used = true
			shared.Put(context.Background(), "zoom/oauth", r, revision)
		})
		k.Token(t.Context(), subject(p))
		if r := shared.record("zoom/oauth"); r.Failure.Count != 1 || r.Claim.ID != "" {
			t.Errorf("failures %d, claim %q", r.Failure.Count, r.Claim.ID)
		}
	})
}
