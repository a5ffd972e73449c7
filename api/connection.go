package api

import "time"

// Connect is what a person's consent begins with.
type Connect struct {
	// RedirectURI is where the browser comes back to: on this machine, or the integration's own, which is the default.
	RedirectURI string `json:"redirect_uri,omitempty"`
	// Callback has the browser come back to the server, whatever the integration's redirect URI is.
	Callback bool `json:"callback,omitempty"`
}

// A Connection is a person's consent under way. Either the browser goes to the authorization URL and comes back to the redirect URI; or,
// with a device code, the person enters the user code at the verification URI, in whatever browser.
type Connection struct {
	State   string    `json:"state"` // names it from now on; keep it from others
	Expires time.Time `json:"expires"`

	AuthorizationURL string `json:"authorization_url,omitempty"`
	RedirectURI      string `json:"redirect_uri,omitempty"` // has to be registered at the service
	Callback         bool   `json:"callback,omitempty"`     // the server itself listens there

	UserCode                string  `json:"user_code,omitempty"`
	VerificationURI         string  `json:"verification_uri,omitempty"`
	VerificationURIComplete string  `json:"verification_uri_complete,omitempty"` // holds the user code already
	Interval                float64 `json:"interval,omitempty"`                  // seconds after which to ask how it stands
}

// Connected says how a connection stands: there is a token, or somebody has yet to do something.
type Connected struct {
	Token   *Token `json:"token,omitempty"`
	Pending bool   `json:"pending,omitempty"`
	// Confirm: the browser came back, and shows a code, which is to be sent as "confirmation".
	Confirm  bool    `json:"confirm,omitempty"`
	Interval float64 `json:"interval,omitempty"` // seconds after which to ask again
	Cause    string  `json:"cause,omitempty"`    // why asking the service has failed, if only for now
}

// An Arrival is what became of a browser that came back to the server: the integration is connected, or it shows a code that whoever
// began has to confirm.
type Arrival struct {
	Integration  string `json:"integration"`
	Scheme       string `json:"scheme"`
	Token        *Token `json:"token,omitempty"`
	Confirmation string `json:"confirmation,omitempty"`
}
