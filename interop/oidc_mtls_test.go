package interop_test

import (
	"crypto/tls"
	"net/http"
	"testing"
)

// Client certificates (RFC 8705): as the authentication, by an authority or by itself, or beside a secret. Tokens are bound to
// them.
func TestOIDCCertificates(t *testing.T) {
	s := startOIDC(t)
	other := theAuthority().issue("robot-bound")
	for client, with := range map[string]struct {
		certificate tls.Certificate
		change      change
	}{
		"robot-tls":        {s.TLSClient, nil},
		"robot-selfsigned": {s.SelfSigned, nil},
		"robot-bound":      {other, basic("robot-bound", secretOf("robot-bound"))},
	} {
		t.Run(client, func(t *testing.T) {
			form, changes := and(clientCredentials, "client_id", client), []change{}
			if with.change != nil {
				form, changes = clientCredentials, append(changes, with.change)
			}
			own := theAuthority().with(with.certificate)
			token := issued(t, post(t, own, s.TLSIssuer+"/token", form, changes...), "Bearer").text("access_token")
			got := get(t, own, s.TLSIssuer+"/api/ping", bearer(token))
			if got.Status != http.StatusOK || got.text("name") != client || got.text("x5t") != certificateThumbprint(with.certificate) {
				t.Errorf("the API answered %d %v", got.Status, got.Body)
			}
			thieves := map[string]*http.Client{
				"none": theAuthority().with(), "another": theAuthority().with(theAuthority().issue(client)),
			}
			for name, thief := range thieves {
				t.Run(name, func(t *testing.T) {
					refused(t, get(t, thief, s.TLSIssuer+"/api/ping", bearer(token)), 401, "invalid_token")
				})
			}
		})
	}
}

func TestOIDCRefusesCertificates(t *testing.T) {
	s := startOIDC(t)
	for name, test := range map[string]struct {
		client string
		shown  []tls.Certificate
		status int
		code   string
	}{
		"none":                       {"robot-tls", nil, 401, "invalid_client"},
		"another name":               {"robot-tls", []tls.Certificate{theAuthority().issue("somebody")}, 401, "invalid_client"},
		"nobody's word for the name": {"robot-tls", []tls.Certificate{selfSigned("robot-tls")}, 401, "invalid_client"},
		"another of the same name":   {"robot-selfsigned", []tls.Certificate{selfSigned("robot-selfsigned")}, 401, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			got := post(t, theAuthority().with(test.shown...), s.TLSIssuer+"/token", and(clientCredentials, "client_id", test.client))
			refused(t, got, test.status, test.code)
		})
	}
	t.Run("none beside a secret", func(t *testing.T) {
		got := post(t, theAuthority().with(), s.TLSIssuer+"/token", clientCredentials, basic("robot-bound", secretOf("robot-bound")))
		refused(t, got, 400, "invalid_grant")
	})
}

// JWT access tokens say in cnf what they are bound to (RFC 8705 3.1), and are checked the same.
func TestOIDCCertificateBoundJWT(t *testing.T) {
	s := startOIDC(t)
	own := theAuthority().with(s.TLSClient)
	form := and(clientCredentials, "client_id", "robot-tls", "resource", s.TLSIssuer+"/api/orders")
	token := issued(t, post(t, own, s.TLSIssuer+"/token", form), "Bearer").text("access_token")
	if got := get(t, own, s.TLSIssuer+"/api/orders/ping", bearer(token)); got.text("x5t") != certificateThumbprint(s.TLSClient) {
		t.Errorf("the API answered %d %v", got.Status, got.Body)
	}
	refused(t, get(t, theAuthority().with(), s.TLSIssuer+"/api/orders/ping", bearer(token)), 401, "invalid_token")
}
