package integration

import (
	"time"

	"carnet.dev/carnet/internal/seal"
)

// A Connection is a person's consent under way: from the authorization request, or the display of a device's code, to the token.
type Connection struct {
	Integration string      `json:"integration"`
	UID         string      `json:"uid"`
	Scheme      string      `json:"scheme"`
	Caller      string      `json:"caller"` // who began it, and alone may end it
	RedirectURI string      `json:"redirect_uri,omitzero"`
	Verifier    seal.Secret `json:"verifier,omitzero"` // RFC 7636
	Nonce       seal.Secret `json:"nonce,omitzero"`    // OpenID Connect Core 3.1.2.1
	Expires     time.Time   `json:"expires"`
}
