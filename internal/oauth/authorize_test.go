package oauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// idToken is an unsigned one with the claims: what the token endpoint itself sends needs no signature (OpenID Connect Core 3.1.3.7).
func idToken(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none"}`)) + "." + part([]byte(claims)) + "."
}

// The nonce of an ID token is that of this consent, or the answer is no good; without an ID token there is nothing to compare.
func TestNonce(t *testing.T) {
	for name, test := range map[string]struct {
		idToken string
		good    bool
	}{
		"the one asked for": {idToken(`{"nonce":"n0nc3"}`), true},
		"another":           {idToken(`{"nonce":"other"}`), false},
		"none":              {idToken(`{"sub":"ada"}`), false},
		"a number":          {idToken(`{"nonce":1}`), false},
		"no JWT":            {"opaque", false},
		"no ID token":       {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `{"access_token":"a","id_token":%q}`, test.idToken)
			})
			c := config(e.URL)
			c.Grant = model.GrantAuthorizationCode
			with := map[string]seal.Secret{"code": seal.NewSecret("c0d3"), "redirect_uri": seal.NewSecret("http://127.0.0.1:9/"), "nonce": seal.NewSecret("n0nc3")}
			if test.good {
				if _, err := ask(t, c, token.Ask{With: with}); err != nil {
					t.Error(err)
				}
				return
			}
			if f := failure(t, t.Context(), c, token.Ask{With: with}); !f.Permanent || !fault.Is(f.Err, fault.Denied) {
				t.Errorf("permanent %v: %v", f.Permanent, f)
			}
		})
	}
}

// issuing is an issuer with an authorization endpoint, that may promise to name itself in redirects.
func issuing(t *testing.T, promises bool) oauth.Config {
	t.Helper()
	var e *endpoint
	e = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%[1]q,"authorization_endpoint":"%[1]s/auth","token_endpoint":"%[1]s/token","authorization_response_iss_parameter_supported":%v}`, e.URL, promises)
	})
	return oauth.Config{Grant: model.GrantAuthorizationCode, Issuer: e.URL, ClientID: "app", Scope: []string{"openid"}}
}

func source(t *testing.T, c oauth.Config) *oauth.Source {
	t.Helper()
	return oauth.New(client(t), oauth.NewPace(), oauth.NewMetadata(), c)
}

// RFC 9207 2.4: a redirect of another issuer is refused; one of nobody's where the issuer promises its name.
func TestIssuerOfRedirect(t *testing.T) {
	for name, test := range map[string]struct {
		promises bool
		iss      string // "own": the right one
		good     bool
	}{
		"its own":                 {true, "own", true},
		"its own, not promised":   {false, "own", true},
		"none":                    {true, "", false},
		"none, and none promised": {false, "", true},
		"another":                 {true, "https://evil.example", false},
		"another, not promised":   {false, "https://evil.example", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := issuing(t, test.promises)
			query := url.Values{"code": {"c0d3"}, "state": {"s"}}
			if test.iss == "own" {
				query.Set("iss", c.Issuer)
			} else if test.iss != "" {
				query.Set("iss", test.iss)
			}
			with, err := source(t, c).Redirected(t.Context(), c.NewConsent("http://127.0.0.1:9/"), query)
			if test.good && (err != nil || with["code"].Reveal() != "c0d3") || !test.good && !fault.Is(err, fault.Denied) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is asked for with a code is what the authorization request said: the same redirect URI, and the verifier of the challenge.
func TestConsentIsOne(t *testing.T) {
	c := issuing(t, true)
	s, consent := source(t, c), c.NewConsent("http://127.0.0.1:9/callback")
	address, err := s.AuthorizationURL(t.Context(), consent)
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	with, err := s.Redirected(t.Context(), consent, url.Values{"code": {"c0d3"}, "state": {consent.State.Reveal()}, "iss": {c.Issuer}})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(with["code_verifier"].Reveal()))
	query := to.Query()
	for name, want := range map[string]string{
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method": "S256", "redirect_uri": with["redirect_uri"].Reveal(),
		"nonce": with["nonce"].Reveal(), "state": with["state"].Reveal(), "response_type": "code",
	} {
		if query.Get(name) != want || want == "" {
			t.Errorf("%s is %q, want %q", name, query.Get(name), want)
		}
	}
	for _, other := range []string{"verifier", "challenge"} {
		if strings.Contains(address, with["code_"+other].Reveal()) && with["code_"+other].Reveal() != "" {
			t.Errorf("the %s is in the URL", other)
		}
	}
}

// A person who says no, and a service that complains, are quoted; what they say is no code.
func TestRedirectedRefusal(t *testing.T) {
	c := issuing(t, false)
	for _, query := range []url.Values{
		{"error": {"access_denied"}, "error_description": {"the person said\x00 no"}, "code": {"c0d3"}},
		{"error": {"invalid_scope"}},
	} {
		_, err := source(t, c).Redirected(t.Context(), c.NewConsent("http://127.0.0.1:9/"), query)
		if !fault.Is(err, fault.Upstream) || !strings.Contains(err.Error(), query.Get("error")) || strings.Contains(err.Error(), "\x00") {
			t.Errorf("got %v", err)
		}
	}
	c.Authorization.Code = "auth_code"
	with, err := source(t, c).Redirected(t.Context(), c.NewConsent("http://127.0.0.1:9/"), url.Values{"auth_code": {"own"}, "shop": {"s1"}})
	if err != nil || with["code"].Reveal() != "own" || with["redirect.shop"].Reveal() != "s1" {
		t.Errorf("got %v", err)
	}
}

// An opaque token whose answer says nothing expires when introspection says (RFC 7662 2.2), and not if that says that it is dead.
func TestExpiryByIntrospection(t *testing.T) {
	for name, test := range map[string]struct {
		says string
		rule string
	}{
		"active":          {`{"active":true,"exp":4102444800}`, "introspection"},
		"dead":            {`{"active":false,"exp":4102444800}`, "none: the answer does not say"},
		"without a word":  {`{"active":true}`, "none: the answer does not say"},
		"something else":  {`<html>`, "none: the answer does not say"},
		"already expired": {`{"active":true,"exp":1}`, "none: the answer does not say"},
	} {
		t.Run(name, func(t *testing.T) {
			e := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/introspect" {
					io.WriteString(w, test.says)
					return
				}
				io.WriteString(w, `{"access_token":"opaque"}`)
			})
			c := config(e.URL)
			c.IntrospectionURL = e.URL + "/introspect"
			got, err := ask(t, c, token.Ask{})
			if err != nil {
				t.Fatal(err)
			}
			if rule := got.Exchanges[0].Rule; rule != test.rule || got.Token.ExpiresAt.IsZero() != (test.rule != "introspection") {
				t.Errorf("expires at %s by %q", got.Token.ExpiresAt, rule)
			}
			seen := e.requests()
			if last := seen[len(seen)-1]; last.PostForm.Get("token") != "opaque" || last.Header.Get("Authorization") == "" {
				t.Errorf("introspection was asked with %v", last.PostForm)
			}
		})
	}
}
