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

// ending is what is known of a credential that ends by itself; life 0: not known for how long it was given.
func ending(what string, at time.Time, life time.Duration, now time.Time, hint string) api.Ending {
	margin := soonest
	if life > 0 {
		margin = min(margin, life/5)
	}
	return api.Ending{What: what, ExpiresAt: at, Ended: !now.Before(at), Near: now.After(at.Add(-margin)), Hint: hint}
}

// endings are the credentials that a scheme's token is got with and that end by themselves, as far as that is known (failure mode 45).
func (c *configured) endings(scheme string, r token.Record, now time.Time) []api.Ending {
	return append(c.ownEndings(scheme, r, now), c.sharedEndings(now)...)
}

// ownEndings are those of a scheme alone.
func (c *configured) ownEndings(scheme string, r token.Record, now time.Time) (all []api.Ending) {
	a := c.Settings.Authentication[scheme]
	if t := r.Token; !t.RefreshToken.IsZero() && !t.RefreshExpiresAt.IsZero() {
		e := ending("refresh_token", t.RefreshExpiresAt, time.Duration(t.RefreshExpiresIn*float64(time.Second)), now,
			"use the token before then, which may bring a new one, or have a person connect again: carnet integration connect "+c.Name)
		if s := c.subjects[scheme]; s != nil && s.CanGrant { // the credentials get another one
			e.Near, e.Hint = false, ""
		}
		all = append(all, e)
	}
	if !a.ClientSecretExpiresAt.IsZero() {
		all = append(all, ending("client_secret", a.ClientSecretExpiresAt, 0, now,
			"make a new secret at the service; give it as client_secret_next while both count, then as client_secret with its own client_secret_expires_at"))
	}
	if at, life := notAfter(a.Certificate); !at.IsZero() {
		all = append(all, ending("certificate", at, life, now, "get a new certificate, register it at the service, and set "+scheme+".certificate"))
	}
	return all
}

// sharedEndings are those of the certificates that all requests of the integration may show.
func (c *configured) sharedEndings(now time.Time) (all []api.Ending) {
	if at, life := notAfter(c.Settings.TLS.Certificate); !at.IsZero() {
		all = append(all, ending("tls.certificate", at, life, now, "get a new client certificate, and set tls.certificate and tls.key"))
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

// endingNames are what ends, for people.
var endingNames = map[string]string{"refresh_token": "the refresh token", "client_secret": "the client secret",
	"certificate": "the certificate", "tls.certificate": "the client certificate"}

// endingText says when something ends.
func endingText(e api.Ending, now time.Time) string {
	if e.Ended {
		return endingNames[e.What] + " ended " + oauth.Span(now.Sub(e.ExpiresAt)) + " ago"
	}
	return endingNames[e.What] + " ends in " + oauth.Span(e.ExpiresAt.Sub(now))
}
