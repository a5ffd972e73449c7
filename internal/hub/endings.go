package hub

import (
	"crypto/x509"
	"encoding/pem"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/token"
)

// soonest is how long before its end a credential is near to it, if its life is not known or longer than five times that. Of a shorter
// life it is a fifth.
const soonest = 30 * 24 * time.Hour

// endings are the credentials of a scheme that end by themselves, as far as that is known (failure mode 45).
func endings(c *configured, scheme string, r token.Record, now time.Time) (all []api.Ending) {
	a := c.Settings.Authentication[scheme]
	add := func(what string, at time.Time, life time.Duration, matters bool, hint string) {
		if at.IsZero() {
			return
		}
		margin := soonest
		if life > 0 {
			margin = min(margin, life/5)
		}
		all = append(all, api.Ending{What: what, ExpiresAt: at, Ended: !now.Before(at), Near: matters && now.After(at.Add(-margin)), Hint: hint})
	}
	if t := r.Token; !t.RefreshToken.IsZero() {
		subject := c.subjects[scheme]
		person := subject != nil && !subject.CanGrant // else the credentials get another one
		hint := ""
		if person {
			hint = "a person has to connect again before then, or the token has to be used: carnet integration connect " + c.Name
		}
		add("refresh_token", t.RefreshExpiresAt, time.Duration(t.RefreshExpiresIn*float64(time.Second)), person, hint)
	}
	add("client_secret", a.ClientSecretExpiresAt, 0, true,
		"make a new one at the service, and give it as client_secret_next until the old one is gone; then as client_secret, with its client_secret_expires_at")
	if at, life := notAfter(a.Certificate); !at.IsZero() {
		add("certificate", at, life, true, "get a new certificate for private_key, register it at the service, and set certificate")
	}
	if at, life := notAfter(c.Settings.TLS.Certificate); !at.IsZero() {
		add("tls.certificate", at, life, true, "get a new client certificate, and set tls.certificate and tls.key")
	}
	return all
}

// notAfter is when a certificate ends, and how long it lives; of several the first, which is the client's own. Zero: there is none.
func notAfter(text string) (time.Time, time.Duration) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return time.Time{}, 0
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, 0
	}
	return c.NotAfter, c.NotAfter.Sub(c.NotBefore)
}

// names of what ends, for people.
var endingNames = map[string]string{"refresh_token": "the refresh token", "client_secret": "the client secret",
	"certificate": "the certificate of the private key", "tls.certificate": "the client certificate"}

// endingText says when something ends.
func endingText(e api.Ending, now time.Time) string {
	if e.Ended {
		return endingNames[e.What] + " ended " + oauth.Span(now.Sub(e.ExpiresAt)) + " ago"
	}
	return endingNames[e.What] + " ends in " + oauth.Span(e.ExpiresAt.Sub(now))
}
