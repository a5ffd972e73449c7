package oauth

import (
	"context"
	"errors"
	"net/url"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A Device is what a device authorization endpoint gave (RFC 8628 3.2).
type Device struct {
	Code       seal.Secret // what the token is asked for with
	UserCode   string      // what a person types at
	At         string      // this address,
	AtComplete string      // or finds filled in at this one; may be empty
	Interval   time.Duration
	Lifetime   time.Duration
	AuthMethod string // the style of client authentication that worked
}

const purposeDevice = "device"

// Bounds of what a server may say. 5 s is what RFC 8628 3.2 has a client use if it says nothing; how long a code lives it has to say.
const (
	defaultInterval = 5 * time.Second
	mostInterval    = time.Minute
	defaultLifetime = 10 * time.Minute
	mostLifetime    = 24 * time.Hour
)

// Device asks for a code that a person enters elsewhere (RFC 8628 3.1). fault.Invalid if the configuration does not suffice.
func (s *Source) Device(ctx context.Context) (Device, error) {
	c, err := s.resolved(ctx)
	if err != nil {
		return Device{}, err
	}
	if c.DeviceURL == "" || c.ClientID == "" {
		return Device{}, fault.New(fault.Invalid, "device_url or client_id is not filled in").WithHint("both are needed before a person can enter a code")
	}
	a := &attempt{Source: s, env: newEnv(c, token.Ask{Wanted: true})}
	var d Device
	d.AuthMethod, err = a.styled(a.env.deviceCall, func(c call, method string) (status int, err error) {
		if err := a.env.authenticate(&c, method); err != nil {
			return 0, err
		}
		answer, status, _, err := a.send(ctx, c, method)
		if err == nil {
			d, err = a.env.readDevice(answer, status, c)
		}
		return status, err
	})
	if e, ok := errors.AsType[*token.AskError](err); ok {
		err = a.told(e)
	}
	return d, err
}

// deviceCall is the device authorization request. Beyond the standard it has what the authorization request of the other grant has.
func (v *env) deviceCall() (call, error) {
	var p params
	if scope := v.config.scope(); scope != "" {
		p = p.set("scope", plain(scope))
	}
	p = v.resources(p)
	for name, t := range sorted(v.config.Authorization.Params) {
		value, err := v.fill(t)
		if err != nil {
			return call{}, v.wrong(err)
		}
		if p = p.set(name, value); t == "" {
			p = p.without(name)
		}
	}
	return v.call(purposeDevice, recipe.Call{URL: recipe.Template(v.config.DeviceURL)}, p, true)
}

// readDevice reads the answer. verification_url is what some servers said before RFC 8628, and still say.
func (v *env) readDevice(d *document, status int, c call) (Device, error) {
	if status/100 != 2 || textOf(d.at("error")) != "" {
		return Device{}, v.refused(d, status, c)
	}
	own := Device{
		Code: seal.NewSecret(textOf(d.at("device_code"))), UserCode: printable(textOf(d.at("user_code")), 100),
		At: textOf(d.first(recipe.Path{"verification_uri", "verification_url"}, "")), AtComplete: textOf(d.at("verification_uri_complete")),
		Interval: bounded(d.at("interval"), defaultInterval, mostInterval), Lifetime: bounded(d.at("expires_in"), defaultLifetime, mostLifetime),
	}
	if own.Code.IsZero() || own.UserCode == "" || !isPage(own.At) {
		return Device{}, &token.AskError{Permanent: true, Err: fault.New(fault.Upstream, "%s answered %s instead of a code to enter: %s",
			c.url.Host, v.quote(d.status, 60), d.shape).WithHint("check device_url, which has to be the device authorization endpoint itself")}
	}
	if !isPage(own.AtComplete) {
		own.AtComplete = ""
	}
	return own, nil
}

// bounded is a number of seconds that a server said.
func bounded(said any, without, most time.Duration) time.Duration {
	n, ok := number(said)
	if !ok || n <= 0 {
		return without
	}
	return time.Duration(min(n, most.Seconds()) * float64(time.Second))
}

// isPage reports whether a person can be sent there: the text is opened in a browser.
func isPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && printable(address, len(address)) == address
}
