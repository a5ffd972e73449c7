package token

import (
	"time"

	"carnet.dev/carnet/internal/seal"
)

// A State is what a record says at a moment.
type State string

// The states. A token may be usable in any of them but Empty: see [Record.Usable].
const (
	Empty   State = "empty"   // there is no token
	Fresh   State = "fresh"   // live, and not to be renewed yet
	Due     State = "due"     // to be renewed: near its expiry, expired, or refused by the API
	Claimed State = "claimed" // somebody is renewing it
	Waiting State = "waiting" // the last attempt failed, the next one is not yet allowed
	Broken  State = "broken"  // attempts are of no use until the configuration changes or a person renews
)

// State returns the record's state.
func (r Record) State(now time.Time) State {
	switch {
	case r.Claim.ID != "":
		return Claimed
	case r.Failure.Permanent:
		return Broken
	case now.Before(r.Failure.Next):
		return Waiting
	case r.Token.AccessToken.IsZero():
		return Empty
	case r.Usable(now) && !r.renewable(now):
		return Fresh
	}
	return Due
}

// Usable reports whether the token may be sent: it is there, has not expired, and the API has not refused it.
func (r Record) Usable(now time.Time) bool {
	return !r.Token.AccessToken.IsZero() && !r.Rejected && !r.expired(now)
}

func (r Record) expired(now time.Time) bool {
	return !r.Token.ExpiresAt.IsZero() && !now.Before(r.Token.ExpiresAt)
}

// renewable reports whether the moment for renewal has come.
func (r Record) renewable(now time.Time) bool {
	at := r.RenewAt()
	return !at.IsZero() && !now.Before(at)
}

const leastMargin = 30 * time.Second

// RenewAt returns when the token is to be renewed; zero: only when it is refused.
func (r Record) RenewAt() time.Time {
	at, _ := r.Renewal()
	return at
}

// A Why is why a token is renewed when it is.
type Why string

// The reasons.
const (
	WhyUnknown  Why = "unknown"      // nobody knows its expiry: it is renewed when it is refused
	WhyTyped    Why = "typed"        // a person typed it: at its expiry
	WhyRepeated Why = "repeated"     // the server gives the same one again: at its expiry (failure mode 35)
	WhySetting  Why = "renew_before" // as the configuration says
	WhyFifth    Why = "fifth"        // a fifth of its life is left (failure mode 21),
	WhyMargin   Why = "margin"       // or 30 s if that is more,
	WhyHalf     Why = "half"         // but never more than half of its life
)

// Renewal returns when the token is to be renewed, zero if only when it is refused, and why then.
func (r Record) Renewal() (time.Time, Why) {
	t := r.Token
	switch {
	case t.ExpiresAt.IsZero():
		return t.ExpiresAt, WhyUnknown
	case t.Manual:
		return t.ExpiresAt, WhyTyped
	case r.Repeated:
		return t.ExpiresAt, WhyRepeated
	}
	life := t.ExpiresAt.Sub(t.CreatedAt)
	before, why := life/5, WhyFifth
	if r.RenewBefore > 0 {
		before, why = time.Duration(r.RenewBefore*float64(time.Second)), WhySetting
	} else if before < leastMargin {
		before, why = leastMargin, WhyMargin
	}
	if before > life/2 {
		before, why = life/2, WhyHalf
	}
	return t.ExpiresAt.Add(-before), why
}

// Due returns when a sweep should look at the record; zero: never. The store indexes it.
func (r Record) Due() time.Time {
	at := r.RenewAt()
	if !r.Used || r.Failure.Permanent || at.IsZero() {
		return time.Time{}
	}
	if r.Failure.Next.After(at) {
		return r.Failure.Next
	}
	return at
}

// For returns the record as somebody with that configuration sees it. What was got with another one counts as empty (failure
// mode 25); a token that a person typed does not depend on it.
func (r Record) For(configuration seal.Secret) Record {
	if r.Configuration.Equal(configuration) {
		return r
	}
	fresh := Record{ID: r.ID, Generation: r.Generation, Configuration: configuration, History: r.History}
	if r.Token.Manual {
		fresh.Token, fresh.Rule = r.Token, r.Rule
	}
	return fresh
}
