package interop_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// introspection asks what a token is good for.
func (s *fositeServer) introspection(t *testing.T, token string) answer {
	t.Helper()
	return post(t, http.DefaultClient, s.Introspection, fields("token", token), basic(robotID, robotSecret))
}

// owner is whose a live token is; "" if it is not live.
func (s *fositeServer) owner(t *testing.T) func(token string) string {
	return func(token string) string { return s.introspection(t, token).text("client_id") }
}

func (s *fositeServer) ask(t *testing.T, form url.Values, changes ...change) answer {
	t.Helper()
	return post(t, http.DefaultClient, s.Token, form, changes...)
}

func TestFositeClientAuthentication(t *testing.T) {
	s := startFosite()
	host := strings.TrimSuffix(s.Token, "/token")
	none := func(*http.Request) {}
	auths := []clientAuth{{robotID, clientCredentials, basic(robotID, robotSecret)}}
	for _, alg := range algorithms[:3] {
		client := "robot-" + alg
		auths = append(auths, clientAuth{client, asserting(clientCredentials, assertion(t, alg, keys()[alg], client, s.Token)), none})
	}
	for _, auth := range auths {
		t.Run(auth.client, func(t *testing.T) {
			got := issued(t, s.ask(t, auth.form, auth.change), "Bearer")
			live := s.introspection(t, got.text("access_token"))
			if live.Body["active"] != true || live.text("client_id") != auth.client || live.text("scope") != "read" {
				t.Errorf("introspection answered %v", live.Body)
			}
		})
	}
	for name, form := range map[string]url.Values{
		"a wrong secret":     and(clientCredentials, "client_id", appID, "client_secret", "wrong"),
		"another way":        and(clientCredentials, "client_id", robotID, "client_secret", robotSecret),
		"another key":        asserting(clientCredentials, assertion(t, "ES256", newProofKey(), "robot-ES256", s.Token)),
		"the issuer's name":  asserting(clientCredentials, assertion(t, "ES256", keys()["ES256"], "robot-ES256", host)),
		"another algorithm":  asserting(clientCredentials, assertion(t, "PS256", keys()["PS256"], "robot-RS256", s.Token)),
		"a client of no one": and(clientCredentials, "client_id", "nobody", "client_secret", "any"),
	} {
		t.Run(name, func(t *testing.T) { refused(t, s.ask(t, form), 401, "invalid_client") })
	}
}

func TestFositeJWTBearer(t *testing.T) {
	s := startFosite()
	claims := func(changed map[string]any) map[string]any {
		now := time.Now().Unix()
		all := map[string]any{"iss": fositeService, "sub": fositeService, "aud": s.Token, "iat": now, "exp": now + 60, "jti": unique()}
		maps.Copy(all, changed)
		return all
	}
	bearing := func(alg, scope string, claims map[string]any) url.Values {
		signed := sign(t, alg, jose.JSONWebKey{Key: keys()[alg], KeyID: alg}, nil, claims)
		return fields("grant_type", jwtBearer, "scope", scope, "assertion", signed)
	}
	for _, alg := range algorithms {
		got := issued(t, s.ask(t, bearing(alg, "read", claims(nil))), "Bearer")
		if live := s.introspection(t, got.text("access_token")); live.text("sub") != fositeService || live.text("scope") != "read" {
			t.Errorf("%s: introspection answered %v", alg, live.Body)
		}
	}
	for name, changed := range map[string]map[string]any{
		"over":             {"exp": time.Now().Unix() - 60},
		"for another":      {"aud": "https://another.example"},
		"of another":       {"iss": "another"},
		"for another name": {"sub": person},
		"without a number": {"jti": nil},
		"of long ago":      {"iat": time.Now().Unix() - 48*3600},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, s.ask(t, bearing("ES256", "read", claims(changed))), 400, "invalid_grant")
		})
	}
	twice := bearing("ES256", "read", claims(nil))
	issued(t, s.ask(t, twice), "Bearer")
	refused(t, s.ask(t, twice), 400, "jti_known")
	refused(t, s.ask(t, bearing("ES256", "offline", claims(nil))), 400, "invalid_scope")
}

// fositeSignsIn gets a person's tokens for a client without secret.
func fositeSignsIn(t *testing.T, s *fositeServer) answer {
	t.Helper()
	verifier := unique() + unique()
	asked := challenged("app-public", verifier, "scope", "offline read")
	back := browse(t, s.Authorize+"?"+asked.Encode()).Query()
	if back.Get("state") != state {
		t.Errorf("sent back with %v", back)
	}
	return issued(t, s.ask(t, exchange("app-public", back.Get("code"), "code_verifier", verifier)), "Bearer")
}

func TestFositeCode(t *testing.T) {
	s := startFosite()
	got := fositeSignsIn(t, s)
	if live := s.introspection(t, got.text("access_token")); live.text("sub") != person || live.text("client_id") != "app-public" {
		t.Errorf("introspection answered %v", live.Body)
	}
	code := browse(t, s.Authorize+"?"+authorization(appID, "scope", "offline read").Encode()).Query().Get("code")
	form := exchange(appID, code, "client_secret", appSecret)
	first := issued(t, s.ask(t, form), "Bearer")
	refused(t, s.ask(t, form), 400, "invalid_grant")
	if live := s.introspection(t, first.text("access_token")); live.Body["active"] != false {
		t.Errorf("introspection answered %v after the code came twice", live.Body)
	}
	t.Run("without PKCE", func(t *testing.T) {
		back := browse(t, s.Authorize+"?"+authorization("app-public", "scope", "read").Encode()).Query()
		if back.Get("error") != "invalid_request" {
			t.Errorf("sent back with %v", back)
		}
	})
	t.Run("a wrong verifier", func(t *testing.T) {
		asked := challenged("app-public", unique()+unique(), "scope", "read")
		code := browse(t, s.Authorize+"?"+asked.Encode()).Query().Get("code")
		refused(t, s.ask(t, exchange("app-public", code, "code_verifier", unique()+unique())), 400, "invalid_grant")
	})
}

func TestFositePasswordAndRotation(t *testing.T) {
	s := startFosite()
	office := basic(officeID, officeSecret)
	login := fields("grant_type", "password", "username", person, "password", personPassword, "scope", "offline read")
	refused(t, s.ask(t, and(login, "password", "wrong"), office), 400, "invalid_grant")
	refresh := func(a answer) answer {
		return s.ask(t, fields("grant_type", "refresh_token", "refresh_token", a.text("refresh_token")), office)
	}
	first := issued(t, s.ask(t, login, office), "Bearer")
	second := issued(t, refresh(first), "Bearer")
	if live := s.introspection(t, first.text("access_token")); live.Body["active"] != false {
		t.Errorf("the old access token outlived the refresh: %v", live.Body)
	}
	refused(t, refresh(first), 400, "invalid_grant")
	refused(t, refresh(second), 400, "invalid_grant")
	if live := s.introspection(t, second.text("access_token")); live.Body["active"] != false {
		t.Errorf("introspection answered %v after a reuse", live.Body)
	}
}

func TestFositeRevocation(t *testing.T) {
	s := startFosite()
	for _, which := range []string{"access_token", "refresh_token"} {
		t.Run(which, func(t *testing.T) {
			tokens := fositeSignsIn(t, s)
			form := fields("token", tokens.text(which), "client_id", "app-public")
			if a := post(t, http.DefaultClient, s.Revocation, form); a.Status != http.StatusOK {
				t.Errorf("revocation answered %d %v", a.Status, a.Body)
			}
			if live := s.introspection(t, tokens.text("access_token")); live.Body["active"] != false {
				t.Errorf("introspection answered %v after revocation", live.Body)
			}
			refused(t, s.ask(t, refreshing("app-public", tokens)), 400, "invalid_grant")
		})
	}
}
