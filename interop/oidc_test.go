package interop_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"carnet.dev/carnet/carnettest"
)

const (
	robotID, robotSecret = "robot", "robot: 100% & more" // characters that RFC 6749 2.3.1 wants encoded
	appID, appSecret     = "app", "an app is no robot"
	callback             = "http://127.0.0.1:9/callback" // nobody listens there: the code is read off the redirect
)

// oidcProvider starts oidc-provider and returns its issuer.
func oidcProvider(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("oidc/node_modules"); err != nil {
		install := exec.Command("npm", "ci", "--silent", "--no-audit", "--no-fund")
		install.Dir = "oidc"
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	}
	server := exec.Command("node", "oidc/server.js", callback, "3600")
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); server.Wait() })
	issuer, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(issuer)
}

// introspect asks the authorization server whose token it is (RFC 7662); "" if it is not live.
func introspect(issuer string) func(token string) string {
	return func(token string) string {
		form := url.Values{"token": {token}, "client_id": {appID}, "client_secret": {appSecret}}
		answer, err := http.PostForm(issuer+"/token/introspection", form)
		if err != nil {
			return ""
		}
		defer answer.Body.Close()
		var live struct {
			Active   bool
			ClientID string `json:"client_id"`
		}
		if json.NewDecoder(answer.Body).Decode(&live) != nil || !live.Active {
			return ""
		}
		return live.ClientID
	}
}

func TestClientCredentialsAtOIDCProvider(t *testing.T) {
	issuer := oidcProvider(t)
	c := carnettest.New(t)
	api := resource(t, introspect(issuer))
	flow := fmt.Sprintf(`{"tokenUrl": %q, "scopes": {}}`, issuer+"/token")
	integrate(t, c, document(api.URL, "clientCredentials", flow), map[string]string{"client_id": robotID, "client_secret": robotSecret})
	if who := whoami(t, c); who != robotID {
		t.Errorf("the API saw %q", who)
	}
	if g := renewed(t, c); g != 2 {
		t.Errorf("generation %d after one renewal", g)
	}
	whoami(t, c)
}

// TestRotationAtOIDCProvider: each refresh brings a new refresh token, and spending an old one again would end them all.
func TestRotationAtOIDCProvider(t *testing.T) {
	issuer := oidcProvider(t)
	c := carnettest.New(t)
	api := resource(t, introspect(issuer))
	flow := fmt.Sprintf(`{"authorizationUrl": %q, "tokenUrl": %q, "refreshUrl": %q, "scopes": {}}`, issuer+"/auth", issuer+"/token", issuer+"/token")
	integrate(t, c, document(api.URL, "authorizationCode", flow), map[string]string{
		"client_id": appID, "client_secret": appSecret, "token.refresh_token": signIn(t, issuer),
	})
	for range 3 {
		if who := whoami(t, c); who != appID {
			t.Errorf("the API saw %q", who)
		}
		renewed(t, c)
	}
	whoami(t, c)
}

// signIn walks through the sign-in and consent pages as a browser would, and returns the refresh token that the code is
// exchanged for.
func signIn(t *testing.T, issuer string) string {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	query := url.Values{"client_id": {appID}, "response_type": {"code"}, "redirect_uri": {callback},
		"scope": {"openid offline_access"}, "prompt": {"consent"}}
	at := follow(t, browser, issuer+"/auth?"+query.Encode())
	for _, page := range []url.Values{{"prompt": {"login"}, "login": {"ada"}, "password": {"any"}}, {"prompt": {"consent"}}} {
		answer, err := browser.PostForm(at, page)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		at = follow(t, browser, location(t, at, answer))
	}
	code, err := url.Parse(at)
	if err != nil || code.Query().Get("code") == "" {
		t.Fatalf("signing in ended at %s", at)
	}
	answer, err := http.PostForm(issuer+"/token", url.Values{"grant_type": {"authorization_code"}, "code": {code.Query().Get("code")},
		"redirect_uri": {callback}, "client_id": {appID}, "client_secret": {appSecret}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var token struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil || token.RefreshToken == "" {
		t.Fatalf("no refresh token: %s %v", answer.Status, err)
	}
	return token.RefreshToken
}

// follow gets a page and follows redirects until there is a page to show, or the callback.
func follow(t *testing.T, browser *http.Client, at string) string {
	t.Helper()
	for !strings.HasPrefix(at, callback) {
		answer, err := browser.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return at
		}
		at = location(t, at, answer)
	}
	return at
}

func location(t *testing.T, at string, answer *http.Response) string {
	t.Helper()
	next, err := answer.Location()
	if err != nil {
		t.Fatalf("%s answered %s and no location", at, answer.Status)
	}
	return next.String()
}
