package interop_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var clientCredentials = fields("grant_type", "client_credentials", "scope", "read")

// asked is one way of a client to say who it is: the form, and what is done to the request.
type clientAuth struct {
	client string
	form   url.Values
	change change
}

// clientAuths are all ways without certificates.
func clientAuths(t *testing.T, audience string) []clientAuth {
	t.Helper()
	none := func(*http.Request) {}
	hmac := assertion(t, "HS256", []byte(secretOf("robot-HS256")), "robot-HS256", audience)
	all := []clientAuth{
		{"robot", clientCredentials, basic(robotID, robotSecret)},
		{"robot-post", and(clientCredentials, "client_id", "robot-post", "client_secret", secretOf("robot-post")), none},
		{"robot-HS256", asserting(clientCredentials, hmac), none},
	}
	for _, alg := range algorithms {
		client := "robot-" + alg
		all = append(all, clientAuth{client, asserting(clientCredentials, assertion(t, alg, keys()[alg], client, audience)), none})
	}
	return all
}

func TestOIDCClientAuthentication(t *testing.T) {
	s := startOIDC(t)
	for _, auth := range clientAuths(t, s.Issuer) {
		t.Run(auth.client, func(t *testing.T) {
			got := issued(t, s.ask(t, auth.form, auth.change), "Bearer")
			if got.Body["expires_in"] != 3600.0 || got.text("scope") != "read" {
				t.Errorf("got %v", got.Body)
			}
			who := s.ping(t, bearer(got.text("access_token")))
			if who.Status != http.StatusOK || who.text("name") != auth.client {
				t.Errorf("the API answered %d %v", who.Status, who.Body)
			}
		})
	}
}

func TestOIDCRefusesClients(t *testing.T) {
	s := startOIDC(t)
	own := func(alg, client, audience string) string { return assertion(t, alg, keys()[alg], client, audience) }
	used := own("ES256", "robot-ES256", s.Issuer)
	issued(t, s.ask(t, asserting(clientCredentials, used)), "Bearer")
	for name, form := range map[string]url.Values{
		"a wrong secret":        and(clientCredentials, "client_id", "robot-post", "client_secret", "wrong"),
		"no secret":             and(clientCredentials, "client_id", "robot-post"),
		"another's key":         asserting(clientCredentials, own("RS256", "robot-ES256", s.Issuer)),
		"another key":           asserting(clientCredentials, assertion(t, "ES256", newProofKey(), "robot-ES256", s.Issuer)),
		"another audience":      asserting(clientCredentials, own("ES256", "robot-ES256", s.TLSIssuer)),
		"an assertion twice":    asserting(clientCredentials, used),
		"no certificate":        and(clientCredentials, "client_id", "robot-tls"),
		"a secret for a signer": and(clientCredentials, "client_id", "robot-ES256", "client_secret", "any"),
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, s.ask(t, form), 401, "invalid_client")
		})
	}
}

// Basic must be form-encoded: the secret holds characters that mean something there (RFC 6749 2.3.1).
func TestOIDCRefusesRawBasic(t *testing.T) {
	s := startOIDC(t)
	raw := func(r *http.Request) { r.SetBasicAuth(robotID, robotSecret) }
	refused(t, s.ask(t, clientCredentials, raw), 400, "invalid_request")
}

func TestOIDCMetadata(t *testing.T) {
	s := startOIDC(t)
	for _, issuer := range []string{s.Issuer, s.TLSIssuer} {
		metadata := get(t, theAuthority().with(), issuer+"/.well-known/openid-configuration")
		for member, want := range map[string]any{
			"issuer": issuer, "token_endpoint": issuer + "/token", "authorization_endpoint": issuer + "/auth",
			"device_authorization_endpoint": issuer + "/device/auth", "introspection_endpoint": issuer + "/token/introspection",
			"revocation_endpoint": issuer + "/token/revocation", "pushed_authorization_request_endpoint": issuer + "/request",
			"tls_client_certificate_bound_access_tokens": true,
			"dpop_signing_alg_values_supported":          []any{"ES256", "Ed25519", "EdDSA"},
		} {
			if diff := cmp.Diff(want, metadata.Body[member]); diff != "" {
				t.Errorf("%s: %s", member, diff)
			}
		}
		document := get(t, theAuthority().with(), issuer+"/openapi.json")
		if document.text("openapi") != "3.0.3" {
			t.Errorf("the API's document is %v", document.Body)
		}
	}
}

func TestOIDCIntrospectionAndRevocation(t *testing.T) {
	s := startOIDC(t)
	ask := func(path, token string) answer {
		return post(t, http.DefaultClient, s.Issuer+path, fields("token", token), basic(robotID, robotSecret))
	}
	token := issued(t, s.ask(t, clientCredentials, basic(robotID, robotSecret)), "Bearer").text("access_token")
	live := ask("/token/introspection", token)
	if live.Body["active"] != true || live.text("client_id") != robotID || live.text("scope") != "read" {
		t.Errorf("introspection answered %v", live.Body)
	}
	if a := ask("/token/revocation", token); a.Status != http.StatusOK {
		t.Errorf("revocation answered %d %v", a.Status, a.Body)
	}
	if a := ask("/token/introspection", token); a.Body["active"] != false {
		t.Errorf("introspection answered %v after revocation", a.Body)
	}
	refused(t, s.ping(t, bearer(token)), 401, "invalid_token")
}

// The routes for tests do what the tests of Carnet count on.
func TestOIDCEndsTokensAndCounts(t *testing.T) {
	s := startOIDC(t)
	form := and(clientCredentials, "client_id", "robot-post", "client_secret", secretOf("robot-post"))
	before := len(s.asked(t, s.Issuer, "robot-post"))
	token := issued(t, s.ask(t, form), "Bearer").text("access_token")
	s.ask(t, and(form, "client_secret", "wrong"))
	s.expire(t, s.Issuer, "robot-post")
	refused(t, s.ping(t, bearer(token)), 401, "invalid_token")
	want := []string{"client_credentials", "client_credentials invalid_client"}
	if diff := cmp.Diff(want, s.asked(t, s.Issuer, "robot-post")[before:]); diff != "" {
		t.Error(diff)
	}
}
