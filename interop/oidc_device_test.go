package interop_test

import (
	"net/http"
	"strings"
	"testing"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// A device asks, waits, and is approved: by a person with a browser, or by the server's route for tests.
func TestOIDCDevice(t *testing.T) {
	s := startOIDC(t)
	for name, yes := range map[string]func(*testing.T, answer){
		"with a browser": func(t *testing.T, asked answer) {
			if says := approve(t, asked.text("verification_uri_complete")); !strings.Contains(says, "successful") {
				t.Errorf("the last page says %s", says)
			}
		},
		"without": func(t *testing.T, asked answer) { s.decide(t, s.Issuer, asked.text("user_code"), "yes") },
	} {
		t.Run(name, func(t *testing.T) {
			asked := post(t, http.DefaultClient, s.Issuer+"/device/auth", fields("client_id", "tv", "scope", "openid read"))
			if asked.Status != http.StatusOK || asked.Body["interval"] != 1.0 || asked.Body["expires_in"] != 60.0 {
				t.Fatalf("asking answered %d %v", asked.Status, asked.Body)
			}
			poll := fields("grant_type", deviceGrant, "client_id", "tv", "device_code", asked.text("device_code"))
			refused(t, s.ask(t, poll), 400, "authorization_pending")
			yes(t, asked)
			got := issued(t, s.ask(t, poll), "Bearer")
			if who := s.ping(t, bearer(got.text("access_token"))); who.text("subject") != person {
				t.Errorf("the API answered %d %v", who.Status, who.Body)
			}
			issued(t, s.ask(t, refreshing("tv", got)), "Bearer")
			refused(t, s.ask(t, poll), 400, "invalid_grant")
		})
	}
}

func TestOIDCDeviceWithASecret(t *testing.T) {
	s := startOIDC(t)
	auth := basic("printer", "a printer has a secret")
	denied := post(t, http.DefaultClient, s.Issuer+"/device/auth", fields("scope", "read"), basic("printer", "wrong"))
	refused(t, denied, 401, "invalid_client")
	asked := post(t, http.DefaultClient, s.Issuer+"/device/auth", fields("scope", "read"), auth)
	s.decide(t, s.Issuer, asked.text("user_code"), "yes")
	issued(t, s.ask(t, fields("grant_type", deviceGrant, "device_code", asked.text("device_code")), auth), "Bearer")
}

func TestOIDCDeviceDenied(t *testing.T) {
	s := startOIDC(t)
	asked := post(t, http.DefaultClient, s.Issuer+"/device/auth", fields("client_id", "tv", "scope", "read"))
	s.decide(t, s.Issuer, asked.text("user_code"), "no")
	poll := fields("grant_type", deviceGrant, "client_id", "tv", "device_code", asked.text("device_code"))
	refused(t, s.ask(t, poll), 400, "access_denied")
}
