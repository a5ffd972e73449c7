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
	// Values are further values of the answer that calls and refreshes want, by name.
	Values map[string]seal.Secret `json:"values,omitzero"`
	// RefreshExpiresAt is when the refresh token ends, and RefreshExpiresIn how long it was to live then, in seconds; zero: unknown.
	RefreshExpiresAt time.Time `json:"refresh_expires_at,omitzero"`
	RefreshExpiresIn float64   `json:"refresh_expires_in,omitzero"`
	// ProofKey is the private key that the token is bound to, as a JWK (RFC 9449).
	ProofKey seal.Secret `json:"proof_key,omitzero"`
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
	Login      Login   `json:"login,omitzero"`
	// Rule is what decided when the token expires.
	Rule string `json:"rule,omitzero"`
	// RenewBefore is how long before its expiry the token is renewed, in seconds; 0: by its life.
	RenewBefore float64 `json:"renew_before,omitzero"`
	// History are the last exchanges with the token endpoint, the oldest first.
	History []Exchange `json:"history,omitzero"`
	// Rejected: the API refused the token although it has not expired (failure mode 23).
	Rejected bool `json:"rejected,omitzero"`
	// RefusedSince is the first of the generations in a row of which each was got because the API had refused the one before; 0: this one
	// was not.
	RefusedSince int64 `json:"refused_since,omitzero"`
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

// A Login is what began with credentials, or with a person's consent, and was refreshed since (failure mode 37).
type Login struct {
	At        time.Time `json:"at,omitzero"`
	Refreshes int       `json:"refreshes,omitzero"`
	Last      bool      `json:"last,omitzero"` // no refresh prolongs it
}

// Limits are what a service grants a login. The zero Limits: it does not say.
type Limits struct {
	RenewBefore     time.Duration // of a token, before its expiry (failure mode 34)
	SessionLifetime time.Duration // of a login, however often it is refreshed
	MaxRefreshes    int
}

// An Exchange is one request to a token endpoint and what came back, without secrets.
type Exchange struct {
	At         time.Time `json:"at"`
	Seconds    float64   `json:"seconds"` // until the answer was read
	Purpose    string    `json:"purpose"` // token, refresh, step NAME, ...
	Method     string    `json:"method"`
	Host       string    `json:"host"`
	AuthMethod string    `json:"auth_method,omitzero"`
	Status     int       `json:"status,omitzero"`  // 0: no answer came
	Code       string    `json:"code,omitzero"`    // the OAuth error code
	Outcome    string    `json:"outcome"`          // "a token", or what was wrong
	Rule       string    `json:"rule,omitzero"`    // what decided the token's life
	Skew       float64   `json:"skew,omitzero"`    // seconds that the server's clock is ahead of ours
	Expires    time.Time `json:"expires,omitzero"` // of the token that it brought
}

// PurposeRefused is that of an entry which is no exchange: the API refused the token.
const PurposeRefused = "refused"

const mostHistory = 8

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
	Count     int       `json:"count"`           // in a row
	Next      time.Time `json:"next"`            // no attempt before then
	Reason    string    `json:"reason,omitzero"` // the cause's name, for programs
	Cause     string    `json:"cause"`
	Hint      string    `json:"hint,omitzero"`
	Code      string    `json:"code,omitzero"` // the OAuth error code, if there was one
	Permanent bool      `json:"permanent,omitzero"`
}
