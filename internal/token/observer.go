package token

import "time"

// An Observer hears what a keeper does; its methods return at once.
type Observer interface {
	// Renewal is told the outcome of every attempt to get a token, and how long it took: one of the Outcome constants.
	Renewal(outcome string, took time.Duration)
	// Waited is told how long a caller waited for a renewal.
	Waited(took time.Duration)
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

func (nobody) Renewal(string, time.Duration) {}
func (nobody) Waited(time.Duration)          {}
