package interop_test

import (
	"net/http"
	"testing"
)

// owner is whose a live token is; "" if it is not live.
func (s *zitadelServer) owner(t *testing.T) func(token string) string {
	return func(token string) string { return s.introspection(t, token).text("client_id") }
}

// Assertions are for the issuer, not for its token endpoint (RFC 7523 3 allows either).
func TestCarnetPrivateKeyAtZitadel(t *testing.T) {
	needs(t, "assertions for the issuer")
	s := startZitadel(t)
	for _, alg := range zitadelAlgorithms {
		t.Run(alg, func(t *testing.T) {
			client := "robot-" + alg
			c := asking(t, s.Token, resource(t, s.owner(t)).URL, askForRobot.and(keyed(alg)).and(settings{
				"client_id": client, "issuer": s.Issuer,
			}))
			if who := whoami(t, c); who != client {
				t.Errorf("the API saw %q", who)
			}
		})
	}
}

// The same by the vocabulary: the recipe makes the assertion itself.
func TestCarnetOwnAssertionAtZitadel(t *testing.T) {
	needs(t, "client authentication")
	s := startZitadel(t)
	c := asking(t, s.Token, resource(t, s.owner(t)).URL, askForRobot.and(settings{
		"client_id": "robot-ES256", "private_key": pemOf(keys()["ES256"]), "key_id": "ES256", "auth_method": "none",
		"sign": map[string]any{"claims": map[string]any{
			"iss": "${client_id}", "sub": "${client_id}", "aud": s.Issuer, "jti": "${uuid}",
		}},
		"request": map[string]any{"params": map[string]any{
			"client_assertion": "${assertion}", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		}},
	}))
	for range 2 {
		if who := whoami(t, c); who != "robot-ES256" {
			t.Errorf("the API saw %q", who)
		}
		renewed(t, c)
	}
}

func TestCarnetClientCredentialsAtZitadel(t *testing.T) {
	needs(t, "client authentication")
	s := startZitadel(t)
	for _, method := range []string{"auto", "client_secret_basic", "client_secret_post"} {
		t.Run(method, func(t *testing.T) {
			c := asking(t, s.Token, resource(t, s.owner(t)).URL, askForRobot.and(settings{
				"client_id": robotID, "client_secret": robotSecret, "auth_method": method,
			}))
			for range 2 {
				if who := whoami(t, c); who != robotID {
					t.Errorf("the API saw %q", who)
				}
				renewed(t, c)
			}
		})
	}
}

// A service account has no client: what it signs is all that it sends (RFC 7523 2.1).
func TestCarnetJWTBearerAtZitadel(t *testing.T) {
	needs(t, "jwt bearer")
	s := startZitadel(t)
	for _, alg := range zitadelAlgorithms {
		t.Run(alg, func(t *testing.T) {
			c := asking(t, s.Token, resource(t, s.owner(t)).URL, settings{
				"grant_type": "jwtBearer", "scope": "read", "private_key": pemOf(keys()[alg]), "key_id": alg,
				"sign": map[string]any{"alg": alg, "claims": map[string]any{"iss": zitadelService, "sub": zitadelService, "aud": s.Issuer}},
			})
			for range 2 {
				if who := whoami(t, c); who != zitadelService {
					t.Errorf("the API saw %q", who)
				}
				renewed(t, c)
			}
		})
	}
}

func TestCarnetTokenExchangeAtZitadel(t *testing.T) {
	needs(t, "token exchange")
	s := startZitadel(t)
	subject := zitadelSignsIn(t, s).text("access_token")
	c := asking(t, s.Token, resource(t, s.owner(t)).URL, settings{
		"grant_type": "tokenExchange", "client_id": "exchanger", "client_secret": "for another", "scope": "read",
		"subject_token": subject, "request": map[string]any{"params": map[string]any{"audience": "billing"}},
	})
	for range 2 {
		if who := whoami(t, c); who != "exchanger" {
			t.Errorf("the API saw %q", who)
		}
		renewed(t, c)
	}
}

func TestCarnetPublicClientAtZitadel(t *testing.T) {
	needs(t, "discovery")
	s := startZitadel(t)
	tokens := zitadelSignsIn(t, s)
	c := asking(t, s.Token, resource(t, s.owner(t)).URL, settings{
		"grant_type": "authorizationCode", "client_id": "app-public", "token.refresh_token": tokens.text("refresh_token"),
	})
	for range 3 {
		if who := whoami(t, c); who != "app-public" {
			t.Errorf("the API saw %q", who)
		}
		renewed(t, c)
	}
}

// A token that is cleared is no good to anyone (RFC 7009).
func TestCarnetRevokesAtZitadel(t *testing.T) {
	needs(t, "revocation")
	s := startZitadel(t)
	seen := ""
	api := resource(t, func(token string) string {
		seen = token
		return s.owner(t)(token)
	})
	c := asking(t, s.Token, api.URL, askForRobot.and(settings{
		"client_id": robotID, "client_secret": robotSecret, "revocation_url": s.Revocation,
	}))
	whoami(t, c)
	if err := c.ClearToken(t.Context(), "it", ""); err != nil {
		t.Fatal(err)
	}
	if live := s.introspection(t, seen); live.Status != http.StatusOK || live.Body["active"] != false {
		t.Errorf("introspection answered %v after the token was cleared", live.Body)
	}
}
