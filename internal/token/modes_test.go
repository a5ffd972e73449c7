package token_test

import (
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
)

// TestFailureMode21ExpiryOnTheWay: a call takes five seconds to reach the API. No token is handed out that would be dead by then, for it
// is renewed ahead; and no call waits for that, though the endpoint takes ten seconds to answer.
func TestFailureMode21ExpiryOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const way = 5 * time.Second
		p, shared := newEndpoint(5*time.Minute, 10*time.Second), newShelf()
		k := keeper(t, shared)
		must(t, k, subject(p))
		for range 3600 {
			began := time.Now()
			held := must(t, k, subject(p))
			if waited := time.Since(began); waited != 0 {
				t.Fatalf("a call waited for %s", waited)
			}
			if left := time.Until(held.ExpiresAt); left <= way {
				t.Fatalf("a call set out with a token that lives for another %s", left)
			}
			time.Sleep(time.Second)
		}
		if n := p.count(); n < 12 || n > 16 {
			t.Errorf("%d requests in an hour of tokens of five minutes", n)
		}
	})
}

// TestFailureMode28DeletedDuringARenewal: the record of a token is deleted while the endpoint is asked. The answer does not bring it back,
// neither at once nor when the keeper tries to save again, and another replica finds nothing.
func TestFailureMode28DeletedDuringARenewal(t *testing.T) {
	for _, lag := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			p, shared := newEndpoint(time.Minute, 10*time.Second), newShelf()
			shared.lag = lag
			k := keeper(t, shared)
			must(t, k, subject(p))
			time.Sleep(2 * time.Minute) // it is dead, so that the next call has to wait
			done := make(chan error, 1)
			go func() {
				_, err := k.Token(t.Context(), subject(p))
				done <- err
			}()
			time.Sleep(8 * time.Second)
			if p.count() != 1 || shared.record("zoom/oauth").Claim.ID == "" {
				t.Fatalf("no renewal is under way: asked %d, %+v", p.count(), shared.record("zoom/oauth").Claim)
			}
			shared.delete("zoom/oauth")
			t.Logf("whoever waited got: %v", <-done)
			time.Sleep(time.Hour)
			if p.count() != 2 {
				t.Errorf("the endpoint was asked %d times", p.count())
			}
			if _, _, err := shared.Get(t.Context(), "zoom/oauth"); !fault.Is(err, fault.NotFound) {
				t.Errorf("the record came back: %v", err)
			}
		})
	}
}
