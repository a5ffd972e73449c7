// Package token keeps tokens alive: one [Record] per integration and security scheme, a pure state machine over it, and a
// [Keeper] that walks it. How a token is asked for is a [Source]'s business (package oauth), where the record is kept a
// [Store]'s.
package token

import (
	"time"

	"carnet.dev/carnet/internal/seal"
)

// A Token is what a token endpoint gave, or a person typed.
type Token struct {
	AccessToken  seal.Secret `json:"access_token,omitzero"`
	RefreshToken seal.Secret `json:"refresh_token,omitzero"`
	TokenType    string      `json:"token_type,omitzero"` // as the server named it; "Bearer" if it did not
	Scope        string      `json:"scope,omitzero"`
	ExpiresIn    float64     `json:"expires_in,omitzero"` // seconds, as the server said; 0 if it did not
	ExpiresAt    time.Time   `json:"expires_at,omitzero"` // counted from before the request was sent; zero: unknown
	CreatedAt    time.Time   `json:"created_at,omitzero"` // just before the request was sent
	Manual       bool        `json:"manual,omitzero"`     // typed by a person, and used as it is
}

// A Record is the stored state of one integration's token for one security scheme. It is a value: a transition returns a new
// one, and only a [Keeper] stores it.
type Record struct {
	ID string `json:"id"`
	// Generation grows by one whenever the token is replaced, typed or cleared. Of two records of one configuration the
	// higher generation is the newer.
	Generation int64 `json:"generation"`
	// Configuration is a digest of everything that shaped the request. A record of another one counts as empty. It covers
	// passwords, so it is a secret.
	Configuration seal.Secret `json:"configuration,omitzero"`
	Token         Token       `json:"token,omitzero"`
	// AuthMethod is the style of client authentication that worked last (failure mode 1).
	AuthMethod string  `json:"auth_method,omitzero"`
	Claim      Claim   `json:"claim,omitzero"`
	Failure    Failure `json:"failure,omitzero"`
	// Rejected: the API refused the token although it has not expired (failure mode 23).
	Rejected bool `json:"rejected,omitzero"`
	// TrustedUntil: until then a refusal by the API is not the token's fault, for the last renewal did not help (failure
	// mode 24).
	TrustedUntil time.Time `json:"trusted_until,omitzero"`
	// Repeated: the server gave the same token again, so asking ahead of its expiry is of no use (failure mode 35).
	Repeated bool `json:"repeated,omitzero"`
	// InDoubt: the refresh token may have been spent by somebody who died, or in a request that got no answer (failure
	// mode 17).
	InDoubt bool `json:"in_doubt,omitzero"`
	// Used: somebody wanted this token, so it is renewed ahead of its expiry. A token that nobody wants is left to expire.
	Used bool `json:"used,omitzero"`
}

// A Claim says that somebody is asking for a token. It lapses when a waiter has seen it for as long as it lasts by its own
// clock: clocks of other machines are not trusted (failure mode 22).
type Claim struct {
	ID      string    `json:"id"`      // drawn at random for each claim
	Seconds float64   `json:"seconds"` // how long it lasts
	Spends  bool      `json:"spends"`  // the refresh token is being spent
	At      time.Time `json:"at"`      // by the claimer's clock; for people
}

// A Failure is the outcome of the last attempts. The zero Failure: the last one succeeded.
type Failure struct {
	Count     int       `json:"count"` // in a row
	Next      time.Time `json:"next"`  // no attempt before then
	Cause     string    `json:"cause"`
	Hint      string    `json:"hint,omitzero"`
	Code      string    `json:"code,omitzero"` // the OAuth error code, if there was one
	Permanent bool      `json:"permanent,omitzero"`
}
