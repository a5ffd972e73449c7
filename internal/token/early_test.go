package token_test

import (
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A refusal of a refresh while the token lives is no failure of the integration; renew_before puts the refresh off.
func TestFailureMode34AnEarlyRefreshIsRefused(t *testing.T) {
	now := time.Now()
	live := token.Record{Token: token.Token{AccessToken: seal.NewSecret("a"), CreatedAt: now, ExpiresAt: now.Add(10 * time.Minute)},
		Claim: token.Claim{ID: "c", Spends: true}}
	refused := &token.AskError{Code: "invalid_request", Permanent: true, Err: fault.New(fault.Upstream, "too early")}
	r := live.Failed(now, refused, 0)
	if r.Failure.Permanent || r.State(now) != token.Waiting || !r.Usable(now) || !r.Failure.Next.Equal(now.Add(5*time.Minute)) {
		t.Errorf("while the token lives: %s, %+v", r.State(now), r.Failure)
	}
	if later := now.Add(11 * time.Minute); !live.Failed(later, refused, 0).Failure.Permanent {
		t.Error("after its expiry the refusal counts")
	}
	live.RenewBefore = 30
	if at, why := live.Renewal(); why != token.WhySetting || !at.Equal(now.Add(9*time.Minute+30*time.Second)) {
		t.Errorf("renewed at %s, %s", at, why)
	}
}
