package interop_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Client certificates authenticate the client, or stand beside its secret; the API wants the same one (RFC 8705).
func TestCarnetCertificates(t *testing.T) {
	needs(t, "tls")
	s := startOIDC(t)
	for client, test := range map[string]struct {
		needs string
		shown tls.Certificate
		how   settings
	}{
		"robot-tls":        {"tls", s.TLSClient, settings{"auth_method": "tls_client_auth"}},
		"robot-bound":      {"tls", theAuthority().issue("robot-bound"), settings{"client_secret": secretOf("robot-bound")}},
		"robot-selfsigned": {"self-signed certificates", s.SelfSigned, settings{"auth_method": "tls_client_auth"}},
	} {
		t.Run(client, func(t *testing.T) {
			needs(t, test.needs)
			before := len(s.asked(t, s.TLSIssuer, client))
			c := pinging(t, s.TLSIssuer, test.how.and(askForRobot).and(settings{"client_id": client}).under("discovered").and(settings{
				"tls.certificate": pemOfCertificate(test.shown.Leaf), "tls.key": pemOf(test.shown.PrivateKey),
			}))
			if body := ran(t, c, "ping", http.StatusOK); body["name"] != client || body["x5t"] != certificateThumbprint(test.shown) {
				t.Errorf("the API answered %v", body)
			}
			s.expire(t, s.TLSIssuer, client)
			pinged(t, c, client)
			want := []string{"client_credentials", "client_credentials"}
			if diff := cmp.Diff(want, s.asked(t, s.TLSIssuer, client)[before:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// DPoP with and without nonces (RFC 9449). The API's nonce is another than the token endpoint's, and may end at any time.
func TestCarnetDPoP(t *testing.T) {
	needs(t, "dpop")
	s := startOIDC(t)
	for client, asked := range map[string][]string{
		"robot-dpop":       {"client_credentials"},
		"robot-dpop-nonce": {"client_credentials use_dpop_nonce", "client_credentials"},
	} {
		t.Run(client, func(t *testing.T) {
			before := len(s.asked(t, s.Issuer, client))
			c := pinging(t, s.Issuer, askForRobot.and(settings{
				"client_id": client, "client_secret": secretOf(client), "dpop": true,
			}).under("discovered"))
			for _, operation := range []string{"ping", "pong", "ping"} {
				if body := ran(t, c, operation, http.StatusOK); body["name"] != client || body["scheme"] != "DPoP" {
					t.Errorf("the API answered %v", body)
				}
				s.renounce(t, s.Issuer)
			}
			if diff := cmp.Diff(asked, s.asked(t, s.Issuer, client)[before:]); diff != "" {
				t.Error(diff)
			}
			s.expire(t, s.Issuer, client)
			pinged(t, c, client)
		})
	}
}

// A person's tokens are bound to the client's certificate too: those of the code, and those of every refresh (RFC 8705 3).
func TestCarnetConnectsWithACertificate(t *testing.T) {
	needs(t, "tls")
	s := startOIDC(t)
	shown := theAuthority().issue("app-bound")
	before := len(s.asked(t, s.TLSIssuer, "app-bound"))
	c := pinging(t, s.TLSIssuer, askForPerson("app-bound", "openid offline_access read").and(settings{
		"client_secret": "bound to a certificate", "authorization": map[string]any{"params": map[string]string{"prompt": "consent"}},
	}).under("discovered").and(settings{"tls.certificate": pemOfCertificate(shown.Leaf), "tls.key": pemOf(shown.PrivateKey)}))
	connect(t, c, "discovered")
	for range 3 {
		if body := ran(t, c, "ping", http.StatusOK); body["subject"] != person || body["x5t"] != certificateThumbprint(shown) {
			t.Errorf("the API answered %v", body)
		}
		s.expire(t, s.TLSIssuer, "app-bound")
	}
	want := []string{"authorization_code", "refresh_token", "refresh_token"}
	if diff := cmp.Diff(want, s.asked(t, s.TLSIssuer, "app-bound")[before:]); diff != "" {
		t.Error(diff)
	}
}
