package token_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/internal/token"
)

// crowd is a source that counts how many ask it at once.
type crowd struct {
	*endpoint
	now, most atomic.Int64
}

func (c *crowd) Ask(ctx context.Context, a token.Ask) (token.Answer, error) {
	defer c.now.Add(-1)
	if n := c.now.Add(1); n > c.most.Load() {
		c.most.Store(n)
	}
	return c.endpoint.Ask(ctx, a)
}

// TestASweepLeavesFewClaims: a process that dies in a sweep leaves no more claims behind than others can wait for, and whoever needs a
// token now does not queue behind the sweep.
func TestASweepLeavesFewClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, shared := &crowd{endpoint: newEndpoint(time.Hour, 5*time.Second)}, newShelf()
		k := keeper(t, shared)
		var subjects []*token.Subject
		for i := range 200 {
			s := subject(c)
			s.ID = fmt.Sprintf("n%03d/oauth", i)
			subjects = append(subjects, s)
			go func() {
				if _, err := k.Token(t.Context(), s); err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		time.Sleep(59 * time.Minute)
		c.most.Store(0)
		began := time.Now()
		go func() {
			for _, s := range subjects {
				if err := k.Sweep(t.Context(), s); err != nil {
					t.Error(err)
				}
			}
		}()
		time.Sleep(time.Second)
		if most := c.most.Load(); most < 2 || most > 32 {
			t.Errorf("%d asked at once, want a few", most)
		}
		if _, err := k.Renew(t.Context(), subjects[len(subjects)-1]); err != nil || time.Since(began) > 7*time.Second {
			t.Errorf("a person waited %s behind the sweep: %v", time.Since(began), err)
		}
		time.Sleep(10 * time.Minute)
		if n := c.count(); n != 400 {
			t.Errorf("%d requests, want two for each token", n)
		}
	})
}
