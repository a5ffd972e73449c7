package api

import "time"

// An Explanation is the answer of GET /integrations/{name}/tokens/{scheme}/explanation: what would be asked for a token next, what
// came back the last times, what decided the token's life, and, where something is wrong, the likely cause and what to change. It
// holds no secrets, and nothing was sent for it.
type Explanation struct {
	Integration string `json:"integration"`
	Scheme      string `json:"scheme"`
	GrantType   string `json:"grant_type,omitempty"`
	// Summary is all of it in a sentence or two.
	Summary string `json:"summary"`
	// Diagnosis is why there is no token, or why its renewal fails; nil if nothing is wrong.
	Diagnosis *Diagnosis  `json:"diagnosis,omitempty"`
	Token     Token       `json:"token"`
	Life      Life        `json:"life"`
	Plan      Plan        `json:"plan"`
	History   []Exchange  `json:"history"` // the oldest first
	Advice    []Diagnosis `json:"advice"`  // what does no harm yet: a clock that is off, a secret that nears its end
}

// A Diagnosis is a likely cause and what to change. The same two texts are the message and the hint of whatever failed for it.
type Diagnosis struct {
	// Reason is the cause's name, for programs: invalid_client, html, name_not_resolved, ...
	Reason string `json:"reason"`
	Cause  string `json:"cause"`
	Hint   string `json:"hint,omitempty"`
}

// A Plan is what would be sent for the next token.
type Plan struct {
	// Kind is refresh, token, sign (made here, nobody is asked), connect (a person has to), or none.
	Kind string `json:"kind"`
	Why  string `json:"why"`
	// Requests are in their order. Those that are sent only after others have failed say so.
	Requests []PlannedRequest `json:"requests"`
	// AuthMethods are the styles of client authentication in the order in which they are tried.
	AuthMethods []string `json:"auth_methods"`
	// Diagnosis is why the requests can't be made; nil if they can.
	Diagnosis *Diagnosis `json:"diagnosis,omitempty"`
}

// A PlannedRequest is a request as it would be sent, its secrets masked.
type PlannedRequest struct {
	Purpose string `json:"purpose"`        // discovery, step NAME, token, refresh, introspection, AssumeRole
	When    string `json:"when,omitempty"` // empty: always
	Request
	AuthMethod string `json:"auth_method,omitempty"` // of the client; the first that is tried
	Note       string `json:"note,omitempty"`        // what the masks don't show
}

// An Exchange is a request to a token endpoint, and what came of it.
type Exchange struct {
	At         time.Time `json:"at"`
	Seconds    float64   `json:"seconds"`          // until the answer was read
	Purpose    string    `json:"purpose"`          // token, refresh, step NAME, ...; "refused" if the API refused the token
	Method     string    `json:"method,omitempty"` // empty: nothing was sent
	Host       string    `json:"host,omitempty"`
	AuthMethod string    `json:"auth_method,omitempty"`
	Status     int       `json:"status,omitempty"` // 0: no answer came
	Code       string    `json:"code,omitempty"`   // the OAuth error code
	Outcome    string    `json:"outcome"`
	Rule       string    `json:"rule,omitempty"`   // what decided the token's life
	Skew       float64   `json:"skew,omitempty"`   // seconds that the service's clock is ahead of ours; 0: not noticeably
	Expires    time.Time `json:"expires,omitzero"` // of the token that it brought
}

// A Life is how long a token lives and why, and when it is renewed and why then.
type Life struct {
	// Rule is what decided the expiry: expires_in, exp of the JWT, lifetime, introspection, session_lifetime, typed, ...; empty:
	// there is no token.
	Rule      string     `json:"rule,omitempty"`
	Expiry    string     `json:"expiry"` // the same for people
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Renewal   string     `json:"renewal"` // when the token is renewed next, and why then, for people
	RenewsAt  *time.Time `json:"renews_at,omitempty"`
	Used      bool       `json:"used"` // somebody wanted this token, so it is renewed ahead
	// LoginAt is when the login began that refreshes prolong, Refreshes how many there were, LoginEndsAt when the service ends it.
	LoginAt     *time.Time `json:"login_at,omitempty"`
	LoginEndsAt *time.Time `json:"login_ends_at,omitempty"`
	Refreshes   int        `json:"refreshes,omitempty"`
}

// An Ending is a credential that ends by itself, and when.
type Ending struct {
	What      string    `json:"what"` // refresh_token, client_secret, certificate, tls.certificate
	ExpiresAt time.Time `json:"expires_at"`
	Near      bool      `json:"near,omitempty"` // it is time to replace it
	Ended     bool      `json:"ended,omitempty"`
	Hint      string    `json:"hint,omitempty"`
}
