package interop_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"carnet.dev/carnet/carnettest"
)

func TestPasswordAtFosite(t *testing.T) {
	s := startFosite()
	before := len(s.asked(officeID))
	c := carnettest.New(t)
	api := resource(t, s.owner(t))
	flow := fmt.Sprintf(`{"tokenUrl": %q, "refreshUrl": %q, "scopes": {"offline": "", "read": ""}}`, s.Token, s.Token)
	integrate(t, c, document(api.URL, "password", flow), map[string]string{
		"client_id": officeID, "client_secret": officeSecret, "username": person, "password": personPassword, "scope": "offline read",
	})
	for range 3 {
		if who := whoami(t, c); who != officeID {
			t.Errorf("the API saw %q", who)
		}
		renewed(t, c)
	}
	whoami(t, c)
	want := []string{"password", "refresh_token", "refresh_token", "refresh_token"}
	if got := s.asked(officeID)[before:]; !slices.Equal(got, want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
}

func TestCarnetPrivateKeyAtFosite(t *testing.T) {
	needs(t, "client authentication")
	s := startFosite()
	for _, alg := range algorithms[:3] {
		t.Run(alg, func(t *testing.T) {
			client := "robot-" + alg
			before := len(s.asked(client))
			c := asking(t, s.Token, resource(t, s.owner(t)).URL, askForRobot.and(keyed(alg)).and(settings{"client_id": client}))
			for range 2 {
				if who := whoami(t, c); who != client {
					t.Errorf("the API saw %q", who)
				}
				renewed(t, c)
			}
			if n := len(s.asked(client)) - before; n != 3 {
				t.Errorf("asked %d times, want 3", n)
			}
		})
	}
}

// Which way the client says who it is need not be said: what worked is remembered. This server takes a client's own way only.
func TestCarnetFindsClientAuthenticationAtFosite(t *testing.T) {
	needs(t, "client authentication")
	s := startFosite()
	for client, test := range map[string]struct{ secret, method string }{
		robotID:      {robotSecret, "client_secret_basic"},
		"robot-post": {secretOf("robot-post"), "client_secret_post"},
	} {
		t.Run(client, func(t *testing.T) {
			how := settings{"client_id": client, "client_secret": test.secret}
			c := asking(t, s.Token, resource(t, s.owner(t)).URL, askForRobot.and(how))
			for range 2 {
				if who := whoami(t, c); who != client {
					t.Errorf("the API saw %q", who)
				}
				renewed(t, c)
			}
			tokens, err := c.Tokens(t.Context(), "it")
			if err != nil || tokens.Tokens[0].AuthMethod != test.method {
				t.Errorf("found %+v: %v", tokens, err)
			}
		})
	}
}

// Each assertion is for one use, and for the token endpoint.
func TestCarnetJWTBearerAtFosite(t *testing.T) {
	needs(t, "jwt bearer")
	s := startFosite()
	for _, alg := range algorithms {
		t.Run(alg, func(t *testing.T) {
			subject := func(token string) string { return s.introspection(t, token).text("sub") }
			c := asking(t, s.Token, resource(t, subject).URL, settings{
				"grant_type": "jwtBearer", "scope": "read", "private_key": pemOf(keys()[alg]), "key_id": alg,
				"sign": map[string]any{"alg": alg, "claims": map[string]any{
					"iss": fositeService, "sub": fositeService, "aud": s.Token, "jti": "${uuid}",
				}},
			})
			for range 2 {
				if who := whoami(t, c); who != fositeService {
					t.Errorf("the API saw %q", who)
				}
				renewed(t, c)
			}
		})
	}
}

func TestCarnetPublicClientAtFosite(t *testing.T) {
	needs(t, "discovery")
	s := startFosite()
	tokens := fositeSignsIn(t, s)
	before := len(s.asked("app-public"))
	c := asking(t, s.Token, resource(t, s.owner(t)).URL, settings{
		"grant_type": "authorizationCode", "client_id": "app-public", "token.refresh_token": tokens.text("refresh_token"),
	})
	for range 3 {
		if who := whoami(t, c); who != "app-public" {
			t.Errorf("the API saw %q", who)
		}
		renewed(t, c)
	}
	if got := s.asked("app-public")[before:]; !slices.Equal(got, slices.Repeat([]string{"refresh_token"}, 4)) {
		t.Errorf("asked for %v", got)
	}
}

// A token that is cleared is no good to anyone (RFC 7009): neither the access token nor the refresh token.
func TestCarnetRevokesAtFosite(t *testing.T) {
	needs(t, "revocation")
	s := startFosite()
	seen := ""
	api := resource(t, func(token string) string {
		seen = token
		return s.owner(t)(token)
	})
	tokens := fositeSignsIn(t, s)
	c := asking(t, s.Token, api.URL, settings{
		"grant_type": "authorizationCode", "client_id": "app-public",
		"token.refresh_token": tokens.text("refresh_token"), "revocation_url": s.Revocation,
	})
	whoami(t, c)
	if err := c.ClearToken(t.Context(), "it", ""); err != nil {
		t.Fatal(err)
	}
	if live := s.introspection(t, seen); live.Status != http.StatusOK || live.Body["active"] != false {
		t.Errorf("introspection answered %v after the token was cleared", live.Body)
	}
}
