package interop_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// connect is a person who consents: the browser goes where Carnet says, and comes back to the callback.
func connect(t *testing.T, c *carnettest.Carnet, scheme string) api.Token {
	t.Helper()
	connected, err := c.FinishConnection(t.Context(), consented(t, c, scheme))
	if err != nil || connected.Token == nil {
		t.Fatalf("connected with %+v: %v", connected, err)
	}
	return *connected.Token
}

// consented is the redirect that a person's consent ends with.
func consented(t *testing.T, c *carnettest.Carnet, scheme string) map[string]string {
	t.Helper()
	began, err := c.ConnectIntegration(t.Context(), "it", scheme, api.Connect{RedirectURI: callback})
	if err != nil {
		t.Fatal(err)
	}
	redirect := map[string]string{}
	for name, values := range browse(t, began.AuthorizationURL).Query() {
		redirect[name] = values[0]
	}
	return redirect
}

// askForPerson is for a person's token that goes on without the person.
func askForPerson(client, scope string) settings {
	return settings{"grant_type": "authorizationCode", "client_id": client, "scope": scope}
}

// A person connects once; from then on Carnet refreshes, each refresh token once. The prompt has to be there for a refresh token
// that outlives the session (OpenID Connect Core 11).
func TestCarnetConnectsAtOIDCProvider(t *testing.T) {
	needs(t, "authorization code")
	s := startOIDC(t)
	consent := settings{"authorization": map[string]any{"params": map[string]string{"prompt": "consent"}}}
	for client, how := range map[string]settings{
		appID:        {"client_secret": appSecret, "auth_method": "client_secret_post"},
		"app-public": {},
	} {
		t.Run(client, func(t *testing.T) {
			before := len(s.asked(t, s.Issuer, client))
			c := pinging(t, s.Issuer, askForPerson(client, "openid offline_access read").and(how).and(consent).under("discovered"))
			if token := connect(t, c, "discovered"); !token.RefreshToken {
				t.Errorf("connected with %+v", token)
			}
			for range 3 {
				if body := ran(t, c, "ping", http.StatusOK); body["name"] != client || body["subject"] != person {
					t.Errorf("the API answered %v", body)
				}
				s.expire(t, s.Issuer, client)
			}
			want := []string{"authorization_code", "refresh_token", "refresh_token"}
			if diff := cmp.Diff(want, s.asked(t, s.Issuer, client)[before:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The redirect is good once, and only if it is the one that was asked for: a code of somebody else's consent is refused, as is an
// issuer that did not ask (RFC 9207), before anything is sent.
func TestCarnetRefusesRedirects(t *testing.T) {
	needs(t, "authorization code")
	s := startOIDC(t)
	for name, test := range map[string]struct {
		change func(redirect map[string]string)
		kind   fault.Kind
		asked  int
	}{
		"another state":  {func(r map[string]string) { r["state"] = unique() }, fault.NotFound, 0},
		"another issuer": {func(r map[string]string) { r["iss"] = s.TLSIssuer }, fault.Denied, 0},
		"no code":        {func(r map[string]string) { delete(r, "code") }, fault.Invalid, 0},
		"another code":   {func(r map[string]string) { r["code"] = unique() }, fault.Reconnect, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := pinging(t, s.Issuer, askForPerson("app-public", "openid read").under("discovered"))
			redirect := consented(t, c, "discovered")
			before := len(s.asked(t, s.Issuer, "app-public"))
			test.change(redirect)
			if _, err := c.FinishConnection(t.Context(), redirect); !fault.Is(err, test.kind) {
				t.Errorf("finished with %v", err)
			}
			if n := len(s.asked(t, s.Issuer, "app-public")) - before; n != test.asked {
				t.Errorf("asked %d times, want %d", n, test.asked)
			}
		})
	}
	t.Run("twice", func(t *testing.T) {
		c := pinging(t, s.Issuer, askForPerson("app-public", "openid read").under("discovered"))
		redirect := consented(t, c, "discovered")
		if _, err := c.FinishConnection(t.Context(), redirect); err != nil {
			t.Fatal(err)
		}
		if _, err := c.FinishConnection(t.Context(), redirect); !fault.Is(err, fault.NotFound) {
			t.Errorf("finished again with %v", err)
		}
		pinged(t, c, "app-public")
	})
}

// The metadata promise that the redirect names its issuer: one that does not may come from another (RFC 9207 2.4).
func TestCarnetMissesTheIssuer(t *testing.T) {
	needs(t, "missing issuers")
	s := startOIDC(t)
	c := pinging(t, s.Issuer, askForPerson("app-public", "openid read").under("discovered"))
	redirect := consented(t, c, "discovered")
	delete(redirect, "iss")
	before := len(s.asked(t, s.Issuer, "app-public"))
	if _, err := c.FinishConnection(t.Context(), redirect); !fault.Is(err, fault.Denied) {
		t.Errorf("finished with %v", err)
	}
	if n := len(s.asked(t, s.Issuer, "app-public")) - before; n != 0 {
		t.Errorf("asked %d times", n)
	}
}

// What the authorization request holds: PKCE by S256, a state and a nonce that nobody can guess, and the rest as it was set.
func TestCarnetAuthorizationRequest(t *testing.T) {
	needs(t, "authorization code")
	s := startOIDC(t)
	c := pinging(t, s.Issuer, askForPerson("app-public", "openid read").and(settings{
		"resource": []string{s.Issuer + "/api/orders"},
	}).under("discovered"))
	drawn := map[string]bool{}
	for range 2 {
		began, err := c.ConnectIntegration(t.Context(), "it", "discovered", api.Connect{RedirectURI: callback})
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(began.AuthorizationURL)
		if err != nil || !strings.HasPrefix(began.AuthorizationURL, s.Issuer+"/auth?") {
			t.Fatalf("sends the browser to %s: %v", began.AuthorizationURL, err)
		}
		query := to.Query()
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			if text := query.Get(name); len(text) < 43 || drawn[text] {
				t.Errorf("%s is %q", name, text)
			}
			drawn[query.Get(name)] = true
			query.Del(name)
		}
		want := url.Values{"client_id": {"app-public"}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid read"},
			"resource": {s.Issuer + "/api/orders"}, "code_challenge_method": {"S256"}}
		if diff := cmp.Diff(want, query); diff != "" {
			t.Error(diff)
		}
	}
}

// A person's token for a resource: by the code, and by every refresh (RFC 8707 2.2).
func TestCarnetConnectsForAResource(t *testing.T) {
	needs(t, "authorization code")
	s := startOIDC(t)
	c := pinging(t, s.Issuer, askForPerson("app-public", "openid offline_access read").and(settings{
		"resource":      []string{s.Issuer + "/api/stock"},
		"authorization": map[string]any{"params": map[string]string{"prompt": "consent"}},
	}).under("discovered"))
	connect(t, c, "discovered")
	for range 2 {
		if body := ran(t, c, "pingStock", http.StatusOK); body["subject"] != person || body["aud"] != s.Issuer+"/api/stock" {
			t.Errorf("the API answered %v", body)
		}
		if _, err := c.RenewToken(t.Context(), "it", "discovered"); err != nil {
			t.Fatal(err)
		}
	}
}

// A public client's refresh token is bound to the key that the code was exchanged with: Carnet has to keep it (RFC 9449 5).
func TestCarnetConnectsWithDPoP(t *testing.T) {
	needs(t, "dpop")
	s := startOIDC(t)
	c := pinging(t, s.Issuer, askForPerson("app-public-dpop", "openid offline_access read").and(settings{
		"dpop": true, "authorization": map[string]any{"params": map[string]string{"prompt": "consent"}},
	}).under("discovered"))
	connect(t, c, "discovered")
	for range 3 {
		if body := ran(t, c, "ping", http.StatusOK); body["subject"] != person || body["scheme"] != "DPoP" {
			t.Errorf("the API answered %v", body)
		}
		s.expire(t, s.Issuer, "app-public-dpop")
	}
}

// At the other servers.
func TestCarnetConnects(t *testing.T) {
	needs(t, "authorization code")
	zitadel, own := startZitadel(t), startFosite()
	for name, server := range map[string]struct {
		token, authorize, scope string
		owner                   func(string) string
	}{
		"zitadel": {zitadel.Token, zitadel.Issuer + "/authorize", "openid offline_access read", zitadel.owner(t)},
		"fosite":  {own.Token, own.Authorize, "offline read", own.owner(t)},
	} {
		for client, how := range map[string]settings{"app-public": {}, appID: {"client_secret": appSecret}} {
			t.Run(name+", "+client, func(t *testing.T) {
				how := how.and(settings{"authorization_url": server.authorize})
				c := asking(t, server.token, resource(t, server.owner).URL, askForPerson(client, server.scope).and(how))
				connect(t, c, "login")
				for range 3 {
					if who := whoami(t, c); who != client {
						t.Errorf("the API saw %q", who)
					}
					renewed(t, c)
				}
			})
		}
	}
}

// The secret may be a key there too, with assertions for the issuer.
func TestCarnetConnectsWithAKey(t *testing.T) {
	needs(t, "assertions for the issuer")
	s := startZitadel(t)
	c := asking(t, s.Token, resource(t, s.owner(t)).URL, askForPerson("app-signed", "openid offline_access read").and(settings{
		"authorization_url": s.Issuer + "/authorize", "issuer": s.Issuer,
	}).and(keyed("PS256")))
	connect(t, c, "login")
	for range 2 {
		if who := whoami(t, c); who != "app-signed" {
			t.Errorf("the API saw %q", who)
		}
		renewed(t, c)
	}
}
