package token

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// Claimed returns the record with a claim on it for an attempt for the subject. If it takes over a claim that has lapsed, the
// refresh token that its holder was spending is in doubt.
func (r Record) Claimed(c Claim, s *Subject) Record {
	r.InDoubt = r.InDoubt || r.Claim.Spends
	c.Spends = r.Spends(s)
	r.Claim = c
	return r
}

// Spends reports whether an attempt for the subject spends the refresh token: there is one, and either it is certainly unspent
// or nothing else is left to try (failure mode 17).
func (r Record) Spends(s *Subject) bool {
	return s.CanRefresh && !r.Token.RefreshToken.IsZero() && !r.Login.Last && !(r.InDoubt && s.CanGrant)
}

// Renewed returns the record after an answer. refreshed: it came of the refresh token, so what it leaves out stays (RFC 6749
// 6, failure mode 16).
func (r Record) Renewed(a Answer, refreshed bool) Record {
	t := a.Token
	if refreshed {
		if t.RefreshToken.IsZero() {
			if t.RefreshToken = r.Token.RefreshToken; t.RefreshExpiresAt.IsZero() {
				t.RefreshExpiresAt, t.RefreshExpiresIn = r.Token.RefreshExpiresAt, r.Token.RefreshExpiresIn
			}
		}
		if t.Scope == "" {
			t.Scope = r.Token.Scope
		}
		for name, value := range r.Token.Values {
			if t.Values[name].IsZero() {
				t.Values = with(t.Values, name, value)
			}
		}
	}
	said, rule := t.ExpiresAt, ruleOf(a.Exchanges)
	login := r.Login.next(&t, a.Limits, refreshed)
	if !t.ExpiresAt.Equal(said) {
		rule = RuleSession
	}
	since, history, trusted := int64(0), r.History, time.Time{}
	if r.Rejected {
		trusted = r.TrustedUntil // it became known while this token was on its way: it is true of this one, too
		history = append(slices.Clip(history), Exchange{At: a.Token.CreatedAt, Purpose: PurposeRefused, Outcome: "the API refused the token"})
		since = cmp.Or(r.RefusedSince, r.Generation+1)
	}
	return Record{
		ID:            r.ID,
		Generation:    r.Generation + 1,
		Configuration: r.Configuration,
		Token:         t,
		AuthMethod:    a.AuthMethod,
		Login:         login,
		Rule:          rule,
		RenewBefore:   a.Limits.RenewBefore.Seconds(),
		History:       remember(history, expiring(a.Exchanges, t.ExpiresAt)),
		Repeated:      t.AccessToken.Equal(r.Token.AccessToken),
		RefusedSince:  since,
		TrustedUntil:  trusted,
	}
}

// Rules that decide when a token expires and are no one of an answer's.
const (
	RuleSession = "session_lifetime"
	RuleTyped   = "typed"
)

// ruleOf is the rule of the exchange that brought the token.
func ruleOf(all []Exchange) string {
	for _, x := range slices.Backward(all) {
		if x.Rule != "" {
			return x.Rule
		}
	}
	return ""
}

func with(values map[string]seal.Secret, name string, value seal.Secret) map[string]seal.Secret {
	values = maps.Clone(values)
	if values == nil {
		values = map[string]seal.Secret{}
	}
	values[name] = value
	return values
}

// next is the login after a token, which ends with it at the latest (failure mode 37).
func (l Login) next(t *Token, limits Limits, refreshed bool) Login {
	next := Login{At: t.CreatedAt}
	if refreshed {
		next = Login{At: l.At, Refreshes: l.Refreshes + 1}
	}
	if limits.SessionLifetime > 0 && !next.At.IsZero() {
		if end := next.At.Add(limits.SessionLifetime); t.ExpiresAt.IsZero() || !t.ExpiresAt.Before(end) {
			t.ExpiresAt, t.ExpiresIn, next.Last = end, end.Sub(t.CreatedAt).Seconds(), true
		}
	}
	next.Last = next.Last || limits.MaxRefreshes > 0 && next.Refreshes >= limits.MaxRefreshes
	return next
}

// expiring notes with the exchange that brought the token when it expires.
func expiring(all []Exchange, at time.Time) []Exchange {
	all = slices.Clone(all)
	for i, x := range slices.Backward(all) {
		if x.Code == "" && (x.Rule != "" || i == len(all)-1) {
			all[i].Expires = at
			break
		}
	}
	return all
}

// remember adds to the history.
func remember(history, more []Exchange) []Exchange {
	all := slices.Concat(history, more)
	return all[max(len(all)-mostHistory, 0):]
}

// Bounds of the pause after a failure.
const (
	leastPause = time.Second
	mostPause  = 5 * time.Minute
)

// Failed returns the record after a failed attempt: the claim is gone, and so is a refresh token that was refused. The pause
// doubles with every failure in a row, up to 5 minutes; jitter, from 0 to 1, takes off up to half of it; a server's
// Retry-After is the least (failure mode 19). One that was only postponed does not count.
func (r Record) Failed(now time.Time, err error, jitter float64) Record {
	ask, ok := errors.AsType[*AskError](err)
	if !ok {
		ask = &AskError{Err: err, InDoubt: true}
	}
	r.InDoubt = r.InDoubt || (ask.InDoubt && r.Claim.Spends)
	spent := r.Claim.Spends
	r.Claim = Claim{}
	r.History = remember(r.History, ask.Exchanges)
	if ask.Rejected {
		r.Token.RefreshToken, r.InDoubt = Token{}.RefreshToken, false
	}
	r.Failure = Failure{
		Count:     r.Failure.Count + 1,
		Reason:    ask.Reason,
		Cause:     causeOf(ask.Err),
		Hint:      fault.HintOf(ask.Err),
		Code:      ask.Code,
		Permanent: ask.Permanent,
	}
	switch {
	case ask.Postponed:
		r.Failure.Count--
		r.Failure.Next = now.Add(ask.RetryAfter + time.Duration(jitter*float64(leastPause)))
	case spent && ask.Permanent && r.Usable(now) && !r.Token.ExpiresAt.IsZero(): // failure mode 34: too early, perhaps
		r.Failure.Permanent = false
		r.Failure.Next = now.Add(r.Token.ExpiresAt.Sub(now) / 2)
	case !ask.Permanent:
		r.Failure.Next = now.Add(max(pause(r.Failure.Count, jitter), ask.RetryAfter))
	}
	return r
}

func pause(failures int, jitter float64) time.Duration {
	full := mostPause
	if failures < 10 { // 2^9 s is beyond the most
		full = min(leastPause<<(failures-1), mostPause)
	}
	return full - time.Duration(jitter*float64(full)/2)
}

// causeOf returns what may be shown of an error: a fault says so, anything else might hold a secret.
func causeOf(err error) string {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err.Error()
	}
	return "the token request failed"
}

// Refused returns the record after the API refused the token of that generation, and whether the refusal counts: it does not
// if the token was replaced meanwhile, or the last renewal did not help (failure modes 23 and 24).
func (r Record) Refused(generation int64, now time.Time) (Record, bool) {
	if r.Generation != generation || r.Rejected || now.Before(r.TrustedUntil) {
		return r, false
	}
	r.Rejected = true
	return r, true
}

const leastTrust = 5 * time.Minute

// Trusted returns the record after the API refused also the token that a refusal had brought: until half of its life has gone,
// and for at least 5 minutes, a refusal is not the token's fault (failure mode 24).
func (r Record) Trusted(now time.Time) Record {
	life := max(r.Token.ExpiresAt.Sub(now), 0)
	r.TrustedUntil = now.Add(max(life/2, leastTrust))
	return r
}

// Doubts reports whether what is known of a generation that a refusal had brought is known of the token: it is that one, or a later
// refusal came first, and brought this one.
func (r Record) Doubts(generation int64) bool {
	return r.Generation == generation || r.RefusedSince > 0 && r.RefusedSince <= generation && generation < r.Generation
}

// Replaced returns the record with a token that a person typed; the zero Token clears it. Failures are forgotten.
func (r Record) Replaced(t Token) Record {
	t.Manual = !t.AccessToken.IsZero()
	next := Record{ID: r.ID, Generation: r.Generation + 1, Configuration: r.Configuration, AuthMethod: r.AuthMethod, Token: t, History: r.History}
	if t.Manual {
		next.Rule = RuleTyped
	}
	return next
}

// Forgiven returns the record without its failure: a person wants another attempt.
func (r Record) Forgiven() Record {
	r.Failure = Failure{}
	return r
}

// Supersedes reports whether r, made from an earlier version of stored, is still worth storing: a token that was received gives
// way only to a newer one, or to another configuration; changes of marks and claims do not touch it (failure modes 25 and 27).
func (r Record) Supersedes(stored Record) bool {
	return stored.Configuration.Equal(r.Configuration) && stored.Generation < r.Generation
}

// follows reports whether r is newer than another state of the same record for certain: its token is a later one, or the same and
// refused since, which stays so.
func (r Record) follows(other Record) bool {
	return r.Generation > other.Generation || r.Generation == other.Generation && r.Rejected && !other.Rejected
}
