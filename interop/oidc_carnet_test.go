package interop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"carnet.dev/carnet/carnettest"
)

const (
	robotID, robotSecret = "robot", "robot: 100% & more" // characters that RFC 6749 2.3.1 wants encoded
	appID, appSecret     = "app", "an app is no robot"
	callback             = "http://127.0.0.1:9/callback" // nobody listens there: the code is read off the redirect
)

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
	issuer := startOIDC(t).Issuer
	c := carnettest.New(t)
	api := resource(t, introspect(issuer))
	flow := fmt.Sprintf(`{"tokenUrl": %q, "scopes": {}}`, issuer+"/token")
	integrate(t, c, document(api.URL, "clientCredentials", flow), map[string]string{
		"client_id": robotID, "client_secret": robotSecret,
	})
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
	issuer := startOIDC(t).Issuer
	c := carnettest.New(t)
	api := resource(t, introspect(issuer))
	flow := fmt.Sprintf(`{"authorizationUrl": %q, "tokenUrl": %[2]q, "refreshUrl": %[2]q, "scopes": {}}`, issuer+"/auth", issuer+"/token")
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

// signIn gets a refresh token as a person's browser and an application would.
func signIn(t *testing.T, issuer string) string {
	t.Helper()
	code := browse(t, issuer+"/auth?"+authorization(appID).Encode()).Query().Get("code")
	got := post(t, http.DefaultClient, issuer+"/token", exchange(appID, code, "client_secret", appSecret))
	return issued(t, got, "Bearer").text("refresh_token")
}
