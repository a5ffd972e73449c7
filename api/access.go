package api

import "time"

// An AuditEntry says who did what, on what, and how it ended.
type AuditEntry struct {
	ID      string    `json:"id"` // grows with time
	Time    time.Time `json:"time"`
	Caller  string    `json:"caller"` // "user admin", "account ci", "local root"
	Action  string    `json:"action"` // "model.import", "operation.run", ...
	Target  string    `json:"target,omitempty"`
	Outcome string    `json:"outcome"` // "started", "ok", or the kind of the error
	Detail  string    `json:"detail,omitempty"`
	Millis  int64     `json:"ms,omitempty"`
}

// An AuditList is the answer of GET /audit, the newest first.
type AuditList struct {
	Entries []AuditEntry `json:"entries"`
	Next    string       `json:"next,omitempty"` // there may be older ones: the query's "before" to get them
}

// A User is a person who signs in with a password.
type User struct {
	Name     string    `json:"name"`
	Role     string    `json:"role"`               // admin, operator, viewer
	Password string    `json:"password,omitempty"` // of a new user, on writing only
	Disabled bool      `json:"disabled,omitempty"` // can't sign in
	Created  time.Time `json:"created,omitzero"`
}

// An Account is a service account, which signs in at /oauth/token.
type Account struct {
	Name         string    `json:"name"`
	Role         string    `json:"role"`
	ClientID     string    `json:"client_id,omitempty"`
	ClientSecret string    `json:"client_secret,omitempty"` // shown once, when the account is made or its secret replaced
	Disabled     bool      `json:"disabled,omitempty"`      // gets no access token, and has none
	Created      time.Time `json:"created,omitzero"`
}

// A UserList is the answer of GET /users.
type UserList struct {
	Users []User `json:"users"`
}

// An AccountList is the answer of GET /service-accounts.
type AccountList struct {
	Accounts []Account `json:"accounts"`
}

// Login is the body of POST /login; the fields may also stand in an object "user".
type Login struct {
	Username string `json:"username"`
	Password string `json:"password"`
	User     *Login `json:"user,omitempty"`
}

// An AccessToken is the answer of POST /oauth/token (RFC 6749 5.1).
type AccessToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
}

// Health is the answer of GET /health.
type Health struct {
	Status  string `json:"status"` // "ok", "unavailable"
	Version string `json:"version"`
	Store   string `json:"store"`
}

// An AuditQuery selects from the audit log. The zero AuditQuery selects all.
type AuditQuery struct {
	Limit   int       // 0: no limit
	Since   time.Time // not before then
	Before  string    // only entries older than the one with this id: how the next page begins
	Caller  string    // a part of the caller's name
	Action  string    // the beginning of the action: "operation", "token.renew"
	Target  string    // the target, or its first word: an integration's name
	Outcome string    // the outcome; "failed" is any but ok and started
	Look    int       // at how many entries to look at the most, however few are selected; 0: 50,000
}

// A Session is somebody who is signed in.
type Session struct {
	ID      string    `json:"id"`     // names it; who knows it can't use the session
	Caller  string    `json:"caller"` // "user admin", "account ci"
	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires"`
	Own     bool      `json:"own,omitempty"` // the caller's own
}

// A SessionList is the answer of GET /sessions.
type SessionList struct {
	Sessions []Session `json:"sessions"`
}
