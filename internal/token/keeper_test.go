package token_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// shelf is a store of records that several keepers share, with switches for what can go wrong.
type shelf struct {
	mu      sync.Mutex
	records map[string]token.Record
	rev     map[string]int64
	lag     time.Duration            // before and after each look and each write
	away    bool                     // every call fails
	onPut   func(token.Record) error // called before a write
}

func newShelf() *shelf { return &shelf{records: map[string]token.Record{}, rev: map[string]int64{}} }

func (s *shelf) Get(_ context.Context, id string) (token.Record, int64, error) {
	time.Sleep(s.lag)
	defer time.Sleep(s.lag)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return token.Record{}, 0, fault.New(fault.Unavailable, "the store is away")
	}
	if s.rev[id] == 0 {
		return token.Record{}, 0, fault.New(fault.NotFound, "no record %s", id)
	}
	return s.records[id], s.rev[id], nil
}

func (s *shelf) Put(_ context.Context, id string, r token.Record, replaces int64) (int64, error) {
	time.Sleep(s.lag)
	defer time.Sleep(s.lag)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return 0, fault.New(fault.Unavailable, "the store is away")
	}
	if s.onPut != nil {
		if err := s.onPut(r); err != nil {
			return 0, err
		}
	}
	if s.rev[id] != replaces {
		return 0, fault.New(fault.Conflict, "revision")
	}
	s.records[id], s.rev[id] = r, 1+rand.Int64N(1<<62) // they have no order
	return s.rev[id], nil
}

func (s *shelf) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *shelf) record(id string) token.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[id]
}

func (s *shelf) delete(id string) {
	s.set(func() { delete(s.records, id); delete(s.rev, id) })
}

// endpoint is a token endpoint with rotating refresh tokens, each of which may be spent once.
type endpoint struct {
	mu      sync.Mutex
	life    time.Duration
	latency time.Duration
	rotate  bool
	same    bool    // gives the same access token again until it expires
	answers []error // errors to answer with first
	grants  int
	spent   map[string]bool
	reused  int
	live    map[string]time.Time
	last    string
	asked   []token.Ask
}

func newEndpoint(life, latency time.Duration) *endpoint {
	return &endpoint{life: life, latency: latency, spent: map[string]bool{}, live: map[string]time.Time{}}
}

func (p *endpoint) Ask(ctx context.Context, a token.Ask) (token.Answer, error) {
	created := time.Now()
	select {
	case <-time.After(p.latency):
	case <-ctx.Done():
		return token.Answer{}, &token.AskError{InDoubt: true, Err: fault.Wrap(fault.Unavailable, ctx.Err(), "timed out")}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, a)
	if len(p.answers) > 0 {
		err := p.answers[0]
		p.answers = p.answers[1:]
		if err != nil {
			return token.Answer{}, err
		}
	}
	if old := a.RefreshToken.Reveal(); old != "" {
		if p.spent[old] {
			p.reused++
			return token.Answer{}, &token.AskError{Code: "invalid_grant", Rejected: true, Err: fault.New(fault.Reconnect, "refused")}
		}
		p.spent[old] = p.rotate
	}
	p.grants++
	t := token.Token{TokenType: "Bearer", ExpiresIn: p.life.Seconds(), ExpiresAt: created.Add(p.life), CreatedAt: created}
	if p.same && p.live[p.last].After(time.Now()) {
		t.ExpiresAt = p.live[p.last]
	} else {
		p.last = fmt.Sprintf("access-%d", p.grants)
	}
	t.AccessToken = seal.NewSecret(p.last)
	if p.rotate {
		t.RefreshToken = seal.NewSecret(fmt.Sprintf("refresh-%d", p.grants))
	}
	p.live[p.last] = t.ExpiresAt
	return token.Answer{Token: t, AuthMethod: "client_secret_basic"}, nil
}

func (p *endpoint) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

func (p *endpoint) accepts(t token.Held) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Before(p.live[t.AccessToken.Reveal()])
}

func subject(p token.Source) *token.Subject {
	return &token.Subject{
		ID: "zoom/oauth", Configuration: seal.NewSecret("digest"), Source: p, CanGrant: true, CanRefresh: true,
		Missing: fault.New(fault.Invalid, "fill in client_id"),
	}
}

func keeper(t *testing.T, s token.Store) *token.Keeper {
	k := token.NewKeeper(s, token.Options{})
	t.Cleanup(func() { k.Close(context.Background()) })
	return k
}

func must(t *testing.T, k *token.Keeper, s *token.Subject) token.Held {
	t.Helper()
	held, err := k.Token(t.Context(), s)
	if err != nil {
		t.Fatalf("no token: %v", err)
	}
	return held
}

func TestOneRequestPerTokenLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(2*time.Second, 30*time.Millisecond), newShelf()
		p.rotate = true
		replicas := []*token.Keeper{keeper(t, shared), keeper(t, shared), keeper(t, shared)}
		var group sync.WaitGroup
		for i := range 200 {
			group.Go(func() {
				k := replicas[i%3]
				for range 600 { // a minute
					held, err := k.Token(t.Context(), subject(p))
					if err != nil || !p.accepts(held) {
						t.Errorf("a dead token, or %v", err)
						return
					}
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		group.Wait()
		if p.reused != 0 {
			t.Errorf("%d refresh tokens were spent twice", p.reused)
		}
		// A token of 2 s is renewed when half of its life is left, at the earliest.
		if n := p.count(); n < 30 || n > 60 {
			t.Errorf("%d requests in a minute, want one per life of 1 to 2 s", n)
		}
		if got := shared.record("zoom/oauth").Generation; got != int64(p.count()) {
			t.Errorf("%d requests made %d generations", p.count(), got)
		}
	})
}

// Failure mode 15: rotating refresh tokens.
func TestDayOfThreeReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 300*time.Millisecond), newShelf()
		p.rotate = true
		replicas := []*token.Keeper{keeper(t, shared), keeper(t, shared), keeper(t, shared)}
		waited := 0
		for i := range 24 * 60 {
			began := time.Now()
			must(t, replicas[i%3], subject(p))
			if i > 0 && time.Since(began) > 0 {
				waited++
			}
			time.Sleep(time.Minute)
		}
		if waited != 0 {
			t.Errorf("%d calls waited for a renewal", waited)
		}
		if n := p.count(); n < 24 || n > 31 || p.reused != 0 {
			t.Errorf("%d requests, %d reused, in a day of tokens of an hour", n, p.reused)
		}
	})
}

func TestSweepRenewsWhatIsUsedOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, time.Second), newShelf()
		k := keeper(t, shared)
		must(t, k, subject(p))
		for range 5 * 60 {
			time.Sleep(time.Minute)
			r := shared.record("zoom/oauth")
			if due := r.Due(); !due.IsZero() && !due.After(time.Now()) {
				if err := k.Sweep(t.Context(), subject(p)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := p.count(); n != 2 {
			t.Errorf("%d requests for a token used once, want the first and one ahead", n)
		}
	})
}

// Failure mode 16: no new refresh token.
func TestRefreshKeepsWhatTheAnswerLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Minute, 0), newShelf()
		p.rotate = true
		k := keeper(t, shared)
		first := must(t, k, subject(p))
		p.rotate = false
		time.Sleep(2 * time.Minute)
		second := must(t, k, subject(p))
		if second.AccessToken.Equal(first.AccessToken) || !second.RefreshToken.Equal(first.RefreshToken) {
			t.Error("want a new access token and the old refresh token (RFC 6749 6)")
		}
	})
}

// Failure mode 18: a rejected refresh token.
func TestRefusedRefreshTokenFallsBackToTheCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Minute, 0), newShelf()
		p.rotate = true
		k := keeper(t, shared)
		must(t, k, subject(p))
		time.Sleep(2 * time.Minute)
		p.answers = []error{&token.AskError{Code: "invalid_grant", Rejected: true, Err: fault.New(fault.Reconnect, "refused")}}
		must(t, k, subject(p))
		if last := p.asked[len(p.asked)-1]; !last.RefreshToken.IsZero() || len(p.asked) != 3 {
			t.Errorf("%d requests, the last one spent a refresh token: %v", len(p.asked), !last.RefreshToken.IsZero())
		}
	})
}

func TestRefusedRefreshTokenWithoutCredentialsWantsAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Minute, 0), newShelf()
		k, s := keeper(t, shared), subject(p)
		s.CanGrant = false
		if _, err := k.Replace(t.Context(), s, typed("by-hand", "refresh-0", time.Now().Add(time.Minute))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		p.answers = []error{&token.AskError{Code: "invalid_grant", Rejected: true, Err: fault.New(fault.Reconnect, "refused")}}
		for range 3 {
			if _, err := k.Token(t.Context(), s); !fault.Is(err, fault.Reconnect) && !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v, want that a person has to connect again", err)
			}
		}
		if p.count() != 1 {
			t.Errorf("%d requests, want one", p.count())
		}
	})
}

func typed(access, refresh string, until time.Time) func(token.Token) (token.Token, bool) {
	return func(token.Token) (token.Token, bool) {
		return token.Token{AccessToken: seal.NewSecret(access), RefreshToken: seal.NewSecret(refresh), ExpiresAt: until}, true
	}
}

func TestTypedTokenIsUsedAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		k, s := keeper(t, shared), subject(p)
		k.Replace(t.Context(), s, typed("by-hand", "", time.Now().Add(time.Minute)))
		s.Configuration = seal.NewSecret("another digest")
		for range 59 {
			if held := must(t, k, s); held.AccessToken.Reveal() != "by-hand" {
				t.Fatal("the typed token was replaced before its time")
			}
			time.Sleep(time.Second)
		}
		time.Sleep(time.Second)
		if held := must(t, k, s); held.AccessToken.Reveal() != "access-1" {
			t.Error("the typed token was not replaced when it had expired")
		}
	})
}

// Failure mode 20: wrong credentials.
func TestWrongCredentialsAreSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, time.Second), newShelf()
		wrong := &token.AskError{Code: "invalid_client", Permanent: true, Err: fault.New(fault.Reconnect, "invalid_client").WithHint("set client_secret")}
		p.answers = []error{wrong}
		k, s := keeper(t, shared), subject(p)
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				_, err := k.Token(t.Context(), s)
				if !fault.Is(err, fault.Reconnect) || fault.HintOf(err) != "set client_secret" {
					t.Errorf("got %v, hint %q", err, fault.HintOf(err))
				}
			})
		}
		group.Wait()
		time.Sleep(time.Hour)
		k.Token(t.Context(), s)
		if p.count() != 1 {
			t.Fatalf("%d requests with wrong credentials, want 1", p.count())
		}
		s.Configuration = seal.NewSecret("another digest")
		must(t, k, s)
		p.answers = []error{wrong}
		if _, err := k.Renew(t.Context(), s); !fault.Is(err, fault.Reconnect) {
			t.Errorf("got %v", err)
		}
		if _, err := k.Renew(t.Context(), s); err != nil {
			t.Errorf("a person's renewal must ask again: %v", err)
		}
	})
}

// Failure mode 19: the provider is down.
func TestBackOffIsSharedAndHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		p.answers = []error{&token.AskError{RetryAfter: 40 * time.Second, Err: fault.New(fault.Unavailable, "429")}}
		a, b := keeper(t, shared), keeper(t, shared)
		for i := range 40 {
			k := []*token.Keeper{a, b}[i%2]
			if _, err := k.Token(t.Context(), subject(p)); !fault.Is(err, fault.Unavailable) {
				t.Fatalf("second %d: %v", i, err)
			}
			time.Sleep(time.Second)
		}
		must(t, b, subject(p))
		if p.count() != 2 {
			t.Errorf("%d requests, want 2", p.count())
		}
	})
}

func TestLiveTokenIsServedWhileTheProviderIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		k := keeper(t, shared)
		must(t, k, subject(p))
		down := &token.AskError{InDoubt: true, Err: fault.New(fault.Unavailable, "503")}
		for range 100 {
			p.answers = append(p.answers, down)
		}
		for range 59 {
			time.Sleep(time.Minute)
			must(t, k, subject(p))
		}
		if n := p.count(); n < 2 || n > 14 {
			t.Errorf("%d requests in the last 12 minutes, want few, farther and farther apart", n)
		}
	})
}

func TestRejectedTokenIsRenewedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 100*time.Millisecond), newShelf()
		k, s := keeper(t, shared), subject(p)
		first := must(t, k, s)
		var group sync.WaitGroup
		for range 100 { // all of them saw a 401 with the first token
			group.Go(func() {
				if !k.Reject(t.Context(), s, first.Generation) {
					t.Error("no second try after a 401")
				}
				if held := must(t, k, s); held.Generation != 2 {
					t.Errorf("generation %d", held.Generation)
				}
			})
		}
		group.Wait()
		if p.count() != 2 {
			t.Fatalf("%d requests, want 2", p.count())
		}
		// The second is refused too: it is not the token's fault.
		if err := k.Trust(t.Context(), s, 2); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if k.Reject(t.Context(), s, 2) {
				t.Fatal("a second renewal for the same trouble")
			}
		}
		time.Sleep(31 * time.Minute)
		if !k.Reject(t.Context(), s, 2) {
			t.Error("trust must end")
		}
	})
}

// However readings and writings overlap, what is remembered is the newest: a waiter never gets the token that was refused.
func TestOverlappingReadingsDoNotBringAnOldTokenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 7*time.Millisecond), newShelf()
		shared.lag = 5 * time.Millisecond
		k, s := keeper(t, shared), subject(p)
		generation := must(t, k, s).Generation
		for range 50 {
			stop := make(chan struct{})
			var group sync.WaitGroup
			for i := range 20 {
				group.Go(func() {
					time.Sleep(time.Duration(i) * time.Millisecond)
					for {
						select {
						case <-stop:
							return
						case <-time.After(time.Millisecond):
							k.Record(t.Context(), s)
						}
					}
				})
			}
			if !k.Reject(t.Context(), s, generation) {
				t.Fatal("no second try")
			}
			for range 10 {
				if held := must(t, k, s); held.Generation != generation+1 {
					t.Errorf("generation %d after %d was refused", held.Generation, generation)
				}
				time.Sleep(3 * time.Millisecond)
			}
			close(stop)
			group.Wait()
			generation++
			time.Sleep(10 * time.Minute)
		}
	})
}

// Many who miss a right find the new token refused before the first of them has said that it did not help: it is known of whatever
// token they have brought meanwhile (failure mode 24).
func TestTrustIsOfTheTokenThatCameMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		k, s := keeper(t, shared), subject(p)
		for generation := range int64(3) { // each is refused before anything is known of the one before
			must(t, k, s)
			if !k.Reject(t.Context(), s, generation+1) {
				t.Fatal("no second try")
			}
		}
		if held := must(t, k, s); held.Generation != 4 {
			t.Fatalf("generation %d", held.Generation)
		}
		if k.Trust(t.Context(), s, 1); !k.Reject(t.Context(), s, 4) { // the first was refused for itself
			t.Error("what is known of the first token is none of the fourth's")
		}
		must(t, k, s)
		if k.Trust(t.Context(), s, 2); k.Reject(t.Context(), s, 5) {
			t.Error("a second renewal for the same trouble")
		}
		time.Sleep(time.Hour) // the next is got because its time has come
		must(t, k, s)
		if k.Trust(t.Context(), s, 5); !k.Reject(t.Context(), s, 6) {
			t.Error("what is known of an old token is none of the next one's")
		}
	})
}

// The same, where it is said while the token that it is about is already being replaced, because another had been refused with it.
func TestTrustIsNotLostInARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, time.Second), newShelf()
		k, s := keeper(t, shared), subject(p)
		for generation := range int64(2) {
			must(t, k, s)
			if !k.Reject(t.Context(), s, generation+1) {
				t.Fatal("no second try")
			}
		}
		go k.Token(t.Context(), s)
		time.Sleep(500 * time.Millisecond)
		if err := k.Trust(t.Context(), s, 2); err != nil {
			t.Fatal(err)
		}
		if held := must(t, k, s); held.Generation != 3 || k.Reject(t.Context(), s, 3) {
			t.Errorf("generation %d, %d requests: a renewal more for the same trouble", held.Generation, p.count())
		}
		time.Sleep(time.Hour) // a token whose time has come brings no trust along
		if held := must(t, k, s); held.Generation != 4 || !k.Reject(t.Context(), s, 4) {
			t.Errorf("generation %d, and no second try", held.Generation)
		}
	})
}

func TestRejectedTokenWithoutAWayToRenewStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := keeper(t, newShelf()), &token.Subject{ID: "a", Missing: errors.New("nothing to ask with")}
		if _, err := k.Token(t.Context(), s); !errors.Is(err, s.Missing) {
			t.Errorf("got %v", err)
		}
		k.Replace(t.Context(), s, typed("by-hand", "", time.Time{}))
		if k.Reject(t.Context(), s, 1) {
			t.Error("a second try with nothing to ask with")
		}
		if held := must(t, k, s); held.AccessToken.Reveal() != "by-hand" {
			t.Error("the typed token is gone")
		}
	})
}

// Failure mode 35: a server that gives the same token again is asked when that has expired, and not with every call before.
func TestSameTokenAgainIsNotAskedForAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		p.same = true
		k := keeper(t, shared)
		for range 3 * 60 {
			must(t, k, subject(p))
			synctest.Wait()
			time.Sleep(time.Minute)
		}
		if n := p.count(); n > 6 {
			t.Errorf("%d requests in three lives, want two a life", n)
		}
	})
}

// Failure mode 25: the configuration changes.
func TestOtherConfigurationCountsAsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, shared := newEndpoint(time.Hour, 0), newShelf()
		p.rotate = true
		k, s := keeper(t, shared), subject(p)
		first := must(t, k, s)
		s.Configuration = seal.NewSecret("another client")
		second := must(t, k, s)
		if second.AccessToken.Equal(first.AccessToken) || !p.asked[1].RefreshToken.IsZero() || p.asked[1].AuthMethod != "" {
			t.Error("something of the old configuration was used again")
		}
	})
}
