package interop_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
)

// carnetClients are the ways of a client to say who it is, as settings of a scheme.
func carnetClients() map[string]settings {
	all := map[string]settings{
		robotID:       {"client_secret": robotSecret, "auth_method": "client_secret_basic"},
		"robot-post":  {"client_secret": secretOf("robot-post"), "auth_method": "client_secret_post"},
		"robot-HS256": {"client_secret": secretOf("robot-HS256"), "auth_method": "client_secret_jwt"},
	}
	for _, alg := range algorithms {
		all["robot-"+alg] = keyed(alg)
	}
	return all
}

// keyed is a client that signs assertions with the key.
func keyed(alg string) settings {
	return settings{"private_key": pemOf(keys()[alg]), "key_id": alg, "signing_alg": alg, "auth_method": "private_key_jwt"}
}

var askForRobot = settings{"grant_type": "clientCredentials", "scope": "read"}

// Every way is asked for once, at the endpoint that the metadata name; a token that dies is replaced by one more request.
func TestCarnetClientAuthentication(t *testing.T) {
	needs(t, "client authentication")
	s := startOIDC(t)
	for client, how := range carnetClients() {
		t.Run(client, func(t *testing.T) {
			before := len(s.asked(t, s.Issuer, client))
			c := pinging(t, s.Issuer, how.and(askForRobot).and(settings{"client_id": client}).under("discovered"))
			pinged(t, c, client)
			pinged(t, c, client)
			s.expire(t, s.Issuer, client)
			pinged(t, c, client)
			if diff := cmp.Diff([]string{"client_credentials", "client_credentials"}, s.asked(t, s.Issuer, client)[before:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// While a secret is being replaced, the second is tried after the first, and remembered.
// Failure mode 44: a second secret.
func TestCarnetSecondSecret(t *testing.T) {
	needs(t, "client authentication")
	s := startOIDC(t)
	c := pinging(t, s.Issuer, askForRobot.and(settings{
		"client_id": robotID, "client_secret": "the one of yesterday", "client_secret_next": robotSecret,
	}).under("discovered"))
	pinged(t, c, robotID)
	before := len(s.asked(t, s.Issuer, robotID))
	s.expire(t, s.Issuer, robotID)
	pinged(t, c, robotID)
	if diff := cmp.Diff([]string{"client_credentials"}, s.asked(t, s.Issuer, robotID)[before:]); diff != "" {
		t.Error(diff)
	}
}

// An answer that does not say when the token expires: introspection does (RFC 7662 2.2).
func TestCarnetAsksForTheExpiry(t *testing.T) {
	needs(t, "introspection")
	s := startOIDC(t)
	for name, more := range map[string]settings{
		"with":    {"introspection_url": s.Issuer + "/token/introspection"},
		"without": {},
	} {
		t.Run(name, func(t *testing.T) {
			c := pinging(t, s.Issuer, askForRobot.and(settings{
				"client_id": "robot-silent", "client_secret": secretOf("robot-silent"),
			}).and(more).under("declared"))
			pinged(t, c, "robot-silent")
			tokens, err := c.Tokens(t.Context(), "it")
			if err != nil {
				t.Fatal(err)
			}
			for _, token := range tokens.Tokens {
				if at := token.ExpiresAt; token.AccessToken && (at != nil) != (name == "with") {
					t.Errorf("the token expires at %v", at)
				} else if at != nil && (time.Until(*at) > time.Hour || time.Until(*at) < 59*time.Minute) {
					t.Errorf("the token expires in %s", time.Until(*at))
				}
			}
		})
	}
}

// A token for one resource is for that one only (RFC 8707).
func TestCarnetResource(t *testing.T) {
	needs(t, "resources")
	s := startOIDC(t)
	c := pinging(t, s.Issuer, askForRobot.and(settings{
		"client_id": robotID, "client_secret": robotSecret, "resource": []string{s.Issuer + "/api/orders"},
	}).under("discovered"))
	if body := ran(t, c, "pingOrders", http.StatusOK); body["aud"] != s.Issuer+"/api/orders" {
		t.Errorf("the token is for %v", body["aud"])
	}
	ran(t, c, "pingStock", http.StatusUnauthorized)
}

// A public client's refresh tokens rotate, and each is spent once.
func TestCarnetPublicClient(t *testing.T) {
	needs(t, "discovery")
	s := startOIDC(t)
	tokens := oidcSignsIn(t, s)
	before := len(s.asked(t, s.Issuer, "app-public"))
	c := pinging(t, s.Issuer, settings{
		"grant_type": "authorizationCode", "client_id": "app-public", "token.refresh_token": tokens.text("refresh_token"),
	}.under("discovered"))
	for range 3 {
		pinged(t, c, "app-public")
		s.expire(t, s.Issuer, "app-public")
	}
	want := []string{"refresh_token", "refresh_token", "refresh_token"}
	if diff := cmp.Diff(want, s.asked(t, s.Issuer, "app-public")[before:]); diff != "" {
		t.Error(diff)
	}
}

// However many callers find the token dead: one refresh, whose refresh token nobody spends again.
func TestCarnetManyCallers(t *testing.T) {
	needs(t, "discovery")
	s := startOIDC(t)
	c := pinging(t, s.Issuer, settings{
		"grant_type": "authorizationCode", "client_id": appID, "client_secret": appSecret, "token.refresh_token": signIn(t, s.Issuer),
	}.under("discovered"))
	before := len(s.asked(t, s.Issuer, appID))
	for range 3 {
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				result, err := c.RunOperation(t.Context(), "it", "ping", api.Task{})
				if err != nil || result.Status != http.StatusOK {
					t.Errorf("ping answered %d: %v", result.Status, err)
				}
			})
		}
		all.Wait()
		s.expire(t, s.Issuer, appID)
	}
	want := []string{"refresh_token", "refresh_token", "refresh_token"}
	if diff := cmp.Diff(want, s.asked(t, s.Issuer, appID)[before:]); diff != "" {
		t.Error(diff)
	}
}
