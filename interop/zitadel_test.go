package interop_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

// introspection asks what a token is good for, as an application that is told everything.
func (s *zitadelServer) introspection(t *testing.T, token string) answer {
	t.Helper()
	return post(t, http.DefaultClient, s.Introspection, fields("token", token), basic(appID, appSecret))
}

func (s *zitadelServer) ask(t *testing.T, form url.Values, changes ...change) answer {
	t.Helper()
	return post(t, http.DefaultClient, s.Token, form, changes...)
}

func TestZitadelClientCredentials(t *testing.T) {
	s := startZitadel(t)
	none := func(*http.Request) {}
	auths := []clientAuth{
		{robotID, clientCredentials, basic(robotID, robotSecret)},
		{robotID, and(clientCredentials, "client_id", robotID, "client_secret", robotSecret), none},
	}
	for _, alg := range zitadelAlgorithms {
		client := "robot-" + alg
		auths = append(auths, clientAuth{client, asserting(clientCredentials, assertion(t, alg, keys()[alg], client, s.Issuer)), none})
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
		"a wrong secret":       and(clientCredentials, "client_id", robotID, "client_secret", "wrong"),
		"another key":          asserting(clientCredentials, assertion(t, "ES256", newProofKey(), "robot-ES256", s.Issuer)),
		"another's key":        asserting(clientCredentials, assertion(t, "RS256", keys()["RS256"], "robot-ES256", s.Issuer)),
		"an endpoint's name":   asserting(clientCredentials, assertion(t, "ES256", keys()["ES256"], "robot-ES256", s.Token)),
		"a secret of a signer": and(clientCredentials, "client_id", "robot-ES256", "client_secret", "any"),
	} {
		t.Run(name, func(t *testing.T) { refused(t, s.ask(t, form), 400, "invalid_client") })
	}
}

func TestZitadelMetadata(t *testing.T) {
	s := startZitadel(t)
	metadata := get(t, http.DefaultClient, s.Issuer+"/.well-known/openid-configuration")
	for member, want := range map[string]string{
		"issuer": s.Issuer, "token_endpoint": s.Token, "device_authorization_endpoint": s.Device,
		"introspection_endpoint": s.Introspection, "revocation_endpoint": s.Revocation,
		"authorization_endpoint": s.Issuer + "/authorize",
	} {
		if metadata.text(member) != want {
			t.Errorf("%s is %v, want %s", member, metadata.Body[member], want)
		}
	}
	want := []any{"authorization_code", "implicit", "refresh_token", "client_credentials", tokenExchange, jwtBearer, deviceGrant}
	if diff := cmp.Diff(want, metadata.Body["grant_types_supported"]); diff != "" {
		t.Error(diff)
	}
}

const (
	jwtBearer     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessToken   = "urn:ietf:params:oauth:token-type:access_token"
)

// A service account signs who it is; that is the whole request (RFC 7523 2.1).
func TestZitadelJWTBearer(t *testing.T) {
	s := startZitadel(t)
	claims := func(changed map[string]any) map[string]any {
		now := time.Now().Unix()
		all := map[string]any{"iss": zitadelService, "sub": zitadelService, "aud": s.Issuer, "iat": now, "exp": now + 60}
		maps.Copy(all, changed)
		return all
	}
	bearing := func(alg string, claims map[string]any) url.Values {
		signed := sign(t, alg, jose.JSONWebKey{Key: keys()[alg], KeyID: alg}, nil, claims)
		return fields("grant_type", jwtBearer, "scope", "read", "assertion", signed)
	}
	for _, alg := range zitadelAlgorithms {
		got := issued(t, s.ask(t, bearing(alg, claims(nil))), "Bearer")
		if live := s.introspection(t, got.text("access_token")); live.text("sub") != zitadelService || live.text("scope") != "read" {
			t.Errorf("%s: introspection answered %v", alg, live.Body)
		}
	}
	for name, changed := range map[string]map[string]any{
		"over":             {"exp": time.Now().Unix() - 60},
		"for another":      {"aud": "https://another.example"},
		"of another":       {"iss": "another", "sub": "another"},
		"for another name": {"sub": person},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, s.ask(t, bearing("ES256", claims(changed))), 400, "invalid_request") // RFC 6749 5.2 has invalid_grant
		})
	}
}

// zitadelSignsIn gets a person's tokens for a client without secret.
func zitadelSignsIn(t *testing.T, s *zitadelServer) answer {
	t.Helper()
	verifier := unique() + unique()
	asked := challenged("app-public", verifier)
	back := browse(t, s.Issuer+"/authorize?"+asked.Encode()).Query()
	if back.Get("state") != state {
		t.Errorf("sent back with %v", back)
	}
	return issued(t, s.ask(t, exchange("app-public", back.Get("code"), "code_verifier", verifier)), "Bearer")
}

func TestZitadelCode(t *testing.T) {
	s := startZitadel(t)
	signed := assertion(t, "PS256", keys()["PS256"], "app-signed", s.Issuer)
	for name, with := range map[string]url.Values{
		"app":        fields("client_id", appID, "client_secret", appSecret),
		"app-signed": asserting(nil, signed),
	} {
		t.Run(name, func(t *testing.T) {
			code := browse(t, s.Issuer+"/authorize?"+authorization(name).Encode()).Query().Get("code")
			form := exchange(name, code)
			maps.Copy(form, with)
			got := issued(t, s.ask(t, form), "Bearer")
			if live := s.introspection(t, got.text("access_token")); live.text("sub") != person || live.text("client_id") != name {
				t.Errorf("introspection answered %v", live.Body)
			}
			refused(t, s.ask(t, form), 400, "invalid_grant")
		})
	}
	t.Run("app-public", func(t *testing.T) {
		got := zitadelSignsIn(t, s)
		if live := s.introspection(t, got.text("access_token")); live.text("sub") != person || live.text("client_id") != "app-public" {
			t.Errorf("introspection answered %v", live.Body)
		}
	})
	t.Run("a wrong verifier", func(t *testing.T) {
		asked := challenged("app-public", unique())
		code := browse(t, s.Issuer+"/authorize?"+asked.Encode()).Query().Get("code")
		refused(t, s.ask(t, exchange("app-public", code, "code_verifier", unique())), 400, "invalid_grant")
	})
}

func TestZitadelRotation(t *testing.T) {
	s := startZitadel(t)
	first := zitadelSignsIn(t, s)
	second := issued(t, s.ask(t, refreshing("app-public", first)), "Bearer")
	if second.text("refresh_token") == first.text("refresh_token") {
		t.Error("the refresh token stayed")
	}
	refused(t, s.ask(t, refreshing("app-public", first)), 400, "invalid_grant")
	refused(t, s.ask(t, refreshing("app-public", second)), 400, "invalid_grant")
	if live := s.introspection(t, second.text("access_token")); live.Body["active"] != false {
		t.Errorf("introspection answered %v after a reuse", live.Body)
	}
}

func TestZitadelTokenExchange(t *testing.T) {
	s := startZitadel(t)
	subject := zitadelSignsIn(t, s).text("access_token")
	form := fields("grant_type", tokenExchange, "subject_token", subject, "subject_token_type", accessToken,
		"audience", "billing", "scope", "read")
	got := issued(t, s.ask(t, form, basic("exchanger", "for another")), "Bearer")
	if got.text("issued_token_type") != accessToken {
		t.Errorf("issued a %v", got.Body["issued_token_type"])
	}
	live := s.introspection(t, got.text("access_token"))
	if live.text("sub") != person || live.text("client_id") != "exchanger" || cmp.Diff([]any{"billing"}, live.Body["aud"]) != "" {
		t.Errorf("introspection answered %v", live.Body)
	}
	for name, pairs := range map[string][]string{
		"no token":      {"subject_token", ""},
		"no type":       {"subject_token_type", ""},
		"another type":  {"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"},
		"nobody's":      {"subject_token", unique()},
		"unknown kinds": {"subject_token_type", "urn:example:ticket"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, s.ask(t, and(form, pairs...), basic("exchanger", "for another")), 400, "invalid_request")
		})
	}
	post(t, http.DefaultClient, s.Revocation, fields("token", subject, "client_id", "app-public"))
	refused(t, s.ask(t, form, basic("exchanger", "for another")), 400, "invalid_request")
}

func TestZitadelDevice(t *testing.T) {
	s := startZitadel(t)
	for client, auth := range map[string]change{
		"tv":      func(*http.Request) {},
		"printer": basic("printer", "a printer has a secret"),
	} {
		t.Run(client, func(t *testing.T) {
			asked := post(t, http.DefaultClient, s.Device, fields("client_id", client, "scope", "openid offline_access read"), auth)
			complete := asked.text("verification_uri_complete")
			if asked.Status != http.StatusOK || asked.Body["interval"] != 1.0 || !strings.HasSuffix(complete, asked.text("user_code")) {
				t.Fatalf("asking answered %d %v", asked.Status, asked.Body)
			}
			poll := fields("grant_type", deviceGrant, "client_id", client, "device_code", asked.text("device_code"))
			refused(t, s.ask(t, poll, auth), 400, "authorization_pending")
			if says := approve(t, complete); says != "The device may go on." {
				t.Errorf("the last page says %s", says)
			}
			got := issued(t, s.ask(t, poll, auth), "Bearer")
			if live := s.introspection(t, got.text("access_token")); live.text("sub") != person {
				t.Errorf("introspection answered %v", live.Body)
			}
			issued(t, s.ask(t, refreshing(client, got), auth), "Bearer")
			refused(t, s.ask(t, poll, auth), 400, "access_denied") // RFC 8628 3.5 has invalid_grant
		})
	}
	t.Run("denied", func(t *testing.T) {
		asked := post(t, http.DefaultClient, s.Device, fields("client_id", "tv", "scope", "read"))
		s.kept.decide(asked.text("user_code"), "")
		poll := fields("grant_type", deviceGrant, "client_id", "tv", "device_code", asked.text("device_code"))
		refused(t, s.ask(t, poll), 400, "access_denied")
	})
}

func TestZitadelRevocation(t *testing.T) {
	s := startZitadel(t)
	for _, which := range []string{"access_token", "refresh_token"} {
		t.Run(which, func(t *testing.T) {
			tokens := zitadelSignsIn(t, s)
			form := fields("token", tokens.text(which), "client_id", "app-public")
			if a := post(t, http.DefaultClient, s.Revocation, form); a.Status != http.StatusOK {
				t.Errorf("revocation answered %d %v", a.Status, a.Body)
			}
			if live := s.introspection(t, tokens.text("access_token")); live.Body["active"] != false {
				t.Errorf("introspection answered %v after revocation", live.Body)
			}
			if again := s.ask(t, refreshing("app-public", tokens)); (again.Status == http.StatusOK) != (which == "access_token") {
				t.Errorf("a refresh answered %d %v", again.Status, again.Body)
			}
		})
	}
	t.Run("of another client", func(t *testing.T) {
		form := fields("token", zitadelSignsIn(t, s).text("refresh_token"), "client_id", "tv")
		refused(t, post(t, http.DefaultClient, s.Revocation, form), 401, "invalid_client")
	})
}
