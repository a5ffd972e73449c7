package token

import "time"

// An Observer hears what a keeper does; its methods return at once.
type Observer interface {
	// Renewal is told of every attempt to get a token.
	Renewal(Renewal)
	// Waited is told how long a caller waited for a renewal.
	Waited(took time.Duration)
}

// A Renewal is an attempt to get a token that has ended.
type Renewal struct {
	ID      string // of the record
	Outcome string // one of the Outcome constants
	Cause   string // why it failed, without secrets
	Took    time.Duration
}

// Outcomes of renewals.
const (
	OutcomeGranted   = "granted"   // a new token, from the credentials
	OutcomeRefreshed = "refreshed" // a new token, by the refresh token
	OutcomeTemporary = "temporary" // no token; asked again later
	OutcomePermanent = "permanent" // no token until a person does something
)

// Outcomes returns all outcomes.
func Outcomes() []string {
	return []string{OutcomeGranted, OutcomeRefreshed, OutcomeTemporary, OutcomePermanent}
}

type nobody struct{}

func (nobody) Renewal(Renewal)      {}
func (nobody) Waited(time.Duration) {}
