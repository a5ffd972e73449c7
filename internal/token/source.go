package token

import (
	"context"
	"time"

	"carnet.dev/carnet/internal/seal"
)

// A Source asks a token endpoint for a token. It is called outside any lock, with a deadline, and makes no more than the one
// attempt that the [Ask] names, but for other styles of client authentication.
type Source interface {
	Ask(ctx context.Context, ask Ask) (Answer, error)
}

// An Ask is one attempt to get a token.
type Ask struct {
	// RefreshToken is to be spent; empty asks for a new token from the credentials.
	RefreshToken seal.Secret
	// AuthMethod is the style of client authentication that worked last, as an earlier Answer named it; "" if none has.
	AuthMethod string
	// With are values that a person's consent brought, by name: they are spent in place of the credentials.
	With map[string]seal.Secret
	// Previous is the token that is there now.
	Previous Token
	// Wanted: a person waits for it, so it need not wait for a turn.
	Wanted bool
}

// An Answer is a token and what was learned in getting it.
type Answer struct {
	Token      Token
	AuthMethod string // the style of client authentication that worked, to be given to the next Ask
	Limits     Limits
	Exchanges  []Exchange
}

// An AskError is why an [Ask] failed. Any other error of a Source is taken for a temporary failure in which the refresh token
// may have been spent.
type AskError struct {
	Reason     string        // the cause's name, for programs
	Code       string        // the OAuth error code (RFC 6749 5.2), if the answer had one
	Permanent  bool          // asking again with the same configuration can't help
	Rejected   bool          // the refresh token was refused: it is of no more use
	InDoubt    bool          // the server may have acted although no usable answer came: the refresh token may be spent
	RetryAfter time.Duration // the server asked for this pause; 0 if it did not
	Pending    bool          // a person has yet to decide: the same may be asked again, a little later (RFC 8628 3.5)
	Postponed  bool          // nothing was sent: it is not yet its turn, but after RetryAfter
	Exchanges  []Exchange    // that led to it
	Err        error         // what to show: a *fault.Error with a hint, without secrets
}

func (e *AskError) Error() string { return e.Err.Error() }

// Unwrap returns what to show.
func (e *AskError) Unwrap() error { return e.Err }
