package interop_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/server"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
)

const adminPassword = "a password of an admin"

// listening is a Carnet that a browser can come to, and its client, who is the admin.
func listening(t *testing.T) (*carnettest.Carnet, string) {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := store.Open(t.Context(), mem.New().Open(), keys)
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewUnstartedServer(nil)
	address := "http://" + listener.Listener.Addr().String()
	h := hub.New(stored, hub.Options{PublicURL: address})
	listener.Config.Handler = server.New(h, server.Options{})
	listener.Start()
	t.Cleanup(func() { listener.Close(); h.Close(context.WithoutCancel(t.Context())) })
	if _, err := h.EnsureAdmin(t.Context(), seal.NewSecret(adminPassword)); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(address, client.Options{Username: "admin", Password: adminPassword})
	if err != nil {
		t.Fatal(err)
	}
	return &carnettest.Carnet{Client: c}, address
}

// session is the cookie of a browser in which the admin has signed in.
func session(t *testing.T, address string) *http.Cookie {
	t.Helper()
	answer, err := http.Post(address+"/login", "application/json", strings.NewReader(`{"username":"admin","password":"`+adminPassword+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if cookies := answer.Cookies(); len(cookies) == 1 {
		return cookies[0]
	}
	t.Fatalf("signing in answered %s", answer.Status)
	return nil
}

// The browser comes back from oidc-provider to the server itself: where the admin is signed in it is done; where nobody is, once the
// admin has typed what the page shows.
func TestCarnetCallbackAtOIDCProvider(t *testing.T) {
	needs(t, "authorization code")
	s := startOIDC(t)
	c, address := listening(t)
	document, err := http.Get(s.Issuer + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer document.Body.Close()
	var model json.RawMessage
	if err := json.NewDecoder(document.Body).Decode(&model); err != nil {
		t.Fatal(err)
	}
	integrateSet(t, c, model, askForPerson("app-public", "openid read").under("discovered"))
	for name, cookies := range map[string][]*http.Cookie{"signed in": {session(t, address)}, "not signed in": nil} {
		t.Run(name, func(t *testing.T) {
			if err := c.ClearToken(t.Context(), "it", "discovered"); err != nil {
				t.Fatal(err)
			}
			began, err := c.ConnectIntegration(t.Context(), "it", "discovered", api.Connect{})
			if err != nil || began.RedirectURI != address+"/callback/it" || !began.Callback {
				t.Fatalf("began with %+v %v", began, err)
			}
			at, page := walk(t, began.AuthorizationURL, cookies...)
			if page == nil || !strings.HasPrefix(at.String(), began.RedirectURI) {
				t.Fatalf("the browser ended at %s", at)
			}
			with := map[string]string{"state": began.State}
			if says := text(page); cookies != nil && !strings.Contains(says, "Connected") {
				t.Fatalf("the page says %s", says)
			} else if cookies == nil {
				with["confirmation"] = regexp.MustCompile(`[A-Z]{4}-[A-Z]{4}`).FindString(says)
			}
			if got, err := c.FinishConnection(t.Context(), with); err != nil || got.Token == nil || got.Token.State != "fresh" {
				t.Fatalf("it ended with %+v %v", got, err)
			}
			pinged(t, c, "app-public")
		})
	}
}

// What is cleared, and what is deleted with its integration, is revoked: the provider knows neither token any more (RFC 7009). Where that
// is, the metadata say.
func TestCarnetRevokesAtOIDCProvider(t *testing.T) {
	needs(t, "revocation")
	s := startOIDC(t)
	for name, end := range map[string]func(*carnettest.Carnet) error{
		"cleared": func(c *carnettest.Carnet) error { return c.ClearToken(t.Context(), "it", "discovered") },
		"deleted": func(c *carnettest.Carnet) error { return c.DeleteIntegration(t.Context(), "it") },
		"kept":    func(*carnettest.Carnet) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := pinging(t, s.Issuer, askForPerson("app-public", "openid offline_access read").and(settings{
				"authorization": map[string]any{"params": map[string]string{"prompt": "consent"}},
			}).under("discovered"))
			before := s.live(t, "app-public")
			connect(t, c, "discovered")
			pinged(t, c, "app-public")
			if n := s.live(t, "app-public") - before; n != 2 {
				t.Fatalf("%d live tokens, want an access token and a refresh token", n)
			}
			if err := end(c); err != nil {
				t.Fatal(err)
			}
			want := 0
			if name == "kept" {
				want = 2
			}
			if n := s.live(t, "app-public") - before; n != want {
				t.Errorf("%d live tokens, want %d", n, want)
			}
		})
	}
}
