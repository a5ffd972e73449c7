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
	Device      *Device     `json:"device,omitzero"`   // nil: it is not by a device's code
	Return      *Return     `json:"return,omitzero"`   // nil: the browser has not come back to the server
	Expires     time.Time   `json:"expires"`
}

// A Return is what a browser brought back to the server. It is kept until the one who began the connection shows to have seen the
// browser, or hears how it ended.
type Return struct {
	Parameters   map[string]seal.Secret `json:"parameters,omitzero"`
	Confirmation seal.Secret            `json:"confirmation,omitzero"` // what the browser shows
	Outcome      *Outcome               `json:"outcome,omitzero"`      // of a connection that was ended on the spot
}

// An Outcome is how a connection ended. The zero Outcome: with a token.
type Outcome struct {
	Cause string `json:"cause,omitzero"`
	Hint  string `json:"hint,omitzero"`
}

// A Device is a device's code, for which a token is asked again and again until a person has entered it (RFC 8628 3.4).
type Device struct {
	Code       seal.Secret `json:"code"`
	AuthMethod string      `json:"auth_method,omitzero"`
	Interval   float64     `json:"interval"` // seconds from one time to the next
	Next       time.Time   `json:"next"`     // not before
	Cause      string      `json:"cause,omitzero"`
}

// turnLasts is how long whoever took a turn may take to ask. Should they die, the next turn is that far away.
const turnLasts = 20 * time.Second

// Bounds of the interval.
const (
	slower       = 5.0 // what slow_down adds (RFC 8628 3.5)
	mostInterval = 60.0
)

// Turn returns the device with its turn taken, or how long it is still away. A turn that is farther away than anybody puts it is one by
// another clock, and taken: at the worst the server asks for more patience.
func (d Device) Turn(now time.Time) (taken Device, wait time.Duration) {
	farthest := max(time.Duration(d.Interval*float64(time.Second)), turnLasts)
	if wait = d.Next.Sub(now); wait > 0 && wait <= farthest {
		return d, wait
	}
	d.Next = now.Add(turnLasts)
	return d, 0
}

// Pending returns the device after the server said that nobody has decided yet.
func (d Device) Pending(now time.Time, slowDown bool) Device {
	if slowDown {
		d.Interval = min(d.Interval+slower, mostInterval)
	}
	d.Cause = ""
	return d.after(now)
}

// Failed returns the device after the server gave no answer, for now: it is asked half as often (RFC 8628 3.5).
func (d Device) Failed(now time.Time, cause string) Device {
	d.Interval = min(2*d.Interval, mostInterval)
	d.Cause = cause
	return d.after(now)
}

func (d Device) after(now time.Time) Device {
	d.Next = now.Add(time.Duration(d.Interval * float64(time.Second)))
	return d
}

// A Notice says that somebody was told of something, so that nobody tells it again too soon.
type Notice struct {
	At time.Time `json:"at"`
}
