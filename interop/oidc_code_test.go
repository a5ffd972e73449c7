package interop_test

import (
	"net/http"
	"net/url"
	"testing"
)

// state is what a client recognises its own request by; fosite wants at least eight characters.
const state = "a state of mind"

// authorization is what a client asks a browser to ask for.
func authorization(client string, pairs ...string) url.Values {
	return and(fields("client_id", client, "response_type", "code", "redirect_uri", callback, "scope", "openid offline_access read",
		"prompt", "consent", "state", state), pairs...)
}

// challenged is the same with PKCE (RFC 7636 4.3).
func challenged(client, verifier string, pairs ...string) url.Values {
	return and(authorization(client, pairs...), "code_challenge", hash(verifier), "code_challenge_method", "S256")
}

// exchange is what a client sends with a code.
func exchange(client, code string, pairs ...string) url.Values {
	return and(fields("grant_type", "authorization_code", "client_id", client, "code", code, "redirect_uri", callback), pairs...)
}

func refreshing(client string, a answer, pairs ...string) url.Values {
	return and(fields("grant_type", "refresh_token", "client_id", client, "refresh_token", a.text("refresh_token")), pairs...)
}

func TestOIDCCodeWithPKCE(t *testing.T) {
	s := startOIDC(t)
	verifier := unique() + unique()
	asked := challenged("app-public", verifier)
	back := browse(t, s.Issuer+"/auth?"+asked.Encode()).Query()
	if back.Get("state") != state || back.Get("iss") != s.Issuer {
		t.Errorf("sent back with %v", back)
	}
	got := issued(t, s.ask(t, exchange("app-public", back.Get("code"), "code_verifier", verifier)), "Bearer")
	who := s.ping(t, bearer(got.text("access_token")))
	if who.text("subject") != person || who.text("name") != "app-public" {
		t.Errorf("the API answered %d %v", who.Status, who.Body)
	}
}

func TestOIDCRefusesCodes(t *testing.T) {
	s := startOIDC(t)
	verifier := unique() + unique()
	asked := challenged("app-public", verifier)
	for name, wrong := range map[string][]string{
		"no verifier":        nil,
		"a wrong verifier":   {"code_verifier", unique() + unique()},
		"a wrong address":    {"code_verifier", verifier, "redirect_uri", callback + "/other"},
		"a code of nobody's": {"code_verifier", verifier, "code", unique()},
	} {
		t.Run(name, func(t *testing.T) {
			code := browse(t, s.Issuer+"/auth?"+asked.Encode()).Query().Get("code")
			refused(t, s.ask(t, exchange("app-public", code, wrong...)), 400, "invalid_grant")
		})
	}
	t.Run("no challenge", func(t *testing.T) {
		back := browse(t, s.Issuer+"/auth?"+authorization("app-public").Encode()).Query()
		if back.Get("error") != "invalid_request" || back.Get("code") != "" {
			t.Errorf("sent back with %v", back)
		}
	})
}

// A code that comes again ends what the first exchange brought (RFC 6749 4.1.2).
func TestOIDCCodeTwice(t *testing.T) {
	s := startOIDC(t)
	code := browse(t, s.Issuer+"/auth?"+authorization(appID).Encode()).Query().Get("code")
	form := exchange(appID, code, "client_secret", appSecret)
	got := issued(t, s.ask(t, form), "Bearer")
	refused(t, s.ask(t, form), 400, "invalid_grant")
	refused(t, s.ping(t, bearer(got.text("access_token"))), 401, "invalid_token")
}

// Each refresh brings a new refresh token; an old one again ends the family, live access token and all (RFC 9700 4.14.2).
func TestOIDCRotation(t *testing.T) {
	s := startOIDC(t)
	code := browse(t, s.Issuer+"/auth?"+authorization(appID).Encode()).Query().Get("code")
	first := issued(t, s.ask(t, exchange(appID, code, "client_secret", appSecret)), "Bearer")
	refresh := func(a answer) answer {
		return s.ask(t, refreshing(appID, a, "client_secret", appSecret))
	}
	second := issued(t, refresh(first), "Bearer")
	if second.text("refresh_token") == first.text("refresh_token") {
		t.Error("the refresh token stayed")
	}
	refused(t, refresh(first), 400, "invalid_grant")
	refused(t, refresh(second), 400, "invalid_grant")
	refused(t, s.ping(t, bearer(second.text("access_token"))), 401, "invalid_token")
}

// Pushed authorization requests (RFC 9126).
func TestOIDCPushedRequest(t *testing.T) {
	s := startOIDC(t)
	auth := basic("app-par", "pushed before it is asked")
	asked := authorization("app-par")
	if back := browse(t, s.Issuer+"/auth?"+asked.Encode()).Query(); back.Get("error") != "invalid_request" {
		t.Errorf("without a push sent back with %v", back)
	}
	pushed := post(t, http.DefaultClient, s.Issuer+"/request", asked, auth)
	if pushed.Status != http.StatusCreated || pushed.text("request_uri") == "" {
		t.Fatalf("pushing answered %d %v", pushed.Status, pushed.Body)
	}
	query := fields("client_id", "app-par", "request_uri", pushed.text("request_uri"))
	code := browse(t, s.Issuer+"/auth?"+query.Encode()).Query().Get("code")
	issued(t, s.ask(t, exchange("app-par", code), auth), "Bearer")
}
