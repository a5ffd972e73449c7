package oauth_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// robot is a client that asks for itself, with nothing said about how.
func robot(address string) oauth.Config {
	return oauth.Config{Grant: model.GrantClientCredentials, TokenURL: address + "/token", ClientID: "app",
		ClientSecret: seal.NewSecret(clientSecret), Scope: []string{"read", "write"}}
}

// wanting is a token endpoint that takes one form of a request alone.
func wanting(t *testing.T, wanted func(r *http.Request, body map[string]string) (refusal string)) *endpoint {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := map[string]string{}
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			json.NewDecoder(r.Body).Decode(&body)
		}
		if refusal := wanted(r, body); refusal != "" {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":"`+refusal+`"}`)
			return
		}
		io.WriteString(w, `{"access_token":"t","expires_in":60}`)
	})
}

func unless(ok bool, refusal string) string {
	if ok {
		return ""
	}
	return refusal
}

// Failure modes 3 and 5: where nothing says the format, it is found, and what worked comes first the next time.
func TestFormatIsFound(t *testing.T) {
	isRaw := func(r *http.Request) bool { _, secret, _ := r.BasicAuth(); return secret == clientSecret }
	for style, wanted := range map[string]func(*http.Request, map[string]string) string{
		"client_secret_post+json": func(_ *http.Request, body map[string]string) string {
			return unless(body["client_secret"] == clientSecret && body["scope"] == "read write", "invalid_request")
		},
		"client_secret_basic_raw+json": func(r *http.Request, body map[string]string) string {
			return unless(isRaw(r) && body["grant_type"] == "client_credentials", "invalid_request")
		},
		"client_secret_basic_raw+query": func(r *http.Request, body map[string]string) string {
			return unless(isRaw(r) && r.URL.Query().Get("scope") == "read write" && r.ContentLength == 0, "invalid_request")
		},
		"client_secret_post+commas": func(r *http.Request, _ map[string]string) string {
			if r.PostForm.Get("client_secret") == "" {
				return "invalid_client"
			}
			return unless(r.PostForm.Get("scope") == "read,write", "invalid_scope")
		},
		"client_secret_post+json+commas": func(_ *http.Request, body map[string]string) string {
			if body["client_secret"] == "" {
				return "invalid_request"
			}
			return unless(body["scope"] == "read,write", "invalid_scope")
		},
	} {
		t.Run(style, func(t *testing.T) {
			e := wanting(t, wanted)
			got, err := ask(t, robot(e.URL), token.Ask{})
			if err != nil || got.AuthMethod != style {
				t.Fatalf("found %q: %v", got.AuthMethod, err)
			}
			for _, r := range e.requests() {
				if r.URL.Query().Has("client_secret") {
					t.Errorf("the secret was in the URL: %s", r.URL)
				}
			}
			before := len(e.requests())
			again, err := ask(t, robot(e.URL), token.Ask{AuthMethod: got.AuthMethod})
			if n := len(e.requests()) - before; err != nil || n != 1 || again.AuthMethod != style {
				t.Errorf("remembered as %q, it took %d requests: %v", again.AuthMethod, n, err)
			}
		})
	}
}

// A format is tried only while it may be what the server complains of, and nowhere does a value of the user's get into a URL.
func TestFormatsThatAreNotTried(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*oauth.Config)
		refusal string
		tries   int // without the formats: encoded, raw, in the body
	}{
		"all of them":             {func(*oauth.Config) {}, "invalid_request", 8},
		"the client is not known": {func(*oauth.Config) {}, "invalid_client", 3},
		"the scope is refused":    {func(*oauth.Config) {}, "invalid_scope", 2},
		"one scope is":            {func(c *oauth.Config) { c.Scope = c.Scope[:1] }, "invalid_scope", 1},
		"the separator is told":   {func(c *oauth.Config) { c.ScopeSeparator = "+" }, "invalid_scope", 1},
		"the format is told":      {func(c *oauth.Config) { c.Request.Format = "form" }, "invalid_request", 3},
		"the method is told":      {func(c *oauth.Config) { c.AuthMethod = oauth.MethodPost }, "invalid_request", 1},
		"a password":              {asPerson, "invalid_request", 6},
		"a parameter": {func(c *oauth.Config) {
			c.Parameters = map[string]seal.Secret{"key": seal.NewSecret(parameter)}
		}, "invalid_request", 6},
		"a parameter of the recipe": {func(c *oauth.Config) { c.Request.Params = []byte(`{"key":"k"}`) }, "invalid_request", 6},
	} {
		t.Run(name, func(t *testing.T) {
			e := wanting(t, func(*http.Request, map[string]string) string { return test.refusal })
			c := robot(e.URL)
			test.change(&c)
			if got := failure(t, t.Context(), c, token.Ask{}); got.Code != test.refusal {
				t.Errorf("%+v", got)
			}
			if n := len(e.requests()); n != test.tries {
				t.Errorf("%d requests, want %d", n, test.tries)
			}
		})
	}
}

func asPerson(c *oauth.Config) {
	c.Grant, c.Username, c.Password = model.GrantPassword, "ada", seal.NewSecret(password)
}

// A refresh is JSON where the token request was found to be, with a second secret too.
func TestRefreshInTheFormatThatWasFound(t *testing.T) {
	e := wanting(t, func(_ *http.Request, body map[string]string) string {
		if body["grant_type"] == "" {
			return "invalid_request"
		}
		return unless(body["client_secret"] == "second", "invalid_client")
	})
	c := robot(e.URL)
	c.RefreshURL, c.ClientSecretNext = c.TokenURL, seal.NewSecret("second")
	asPerson(&c)
	got, err := ask(t, c, token.Ask{})
	if err != nil || got.AuthMethod != "client_secret_post+next+json" {
		t.Fatalf("found %q: %v", got.AuthMethod, err)
	}
	before := len(e.requests())
	again, err := ask(t, c, token.Ask{AuthMethod: got.AuthMethod, RefreshToken: seal.NewSecret(refreshToken)})
	if n := len(e.requests()) - before; err != nil || n != 1 || again.AuthMethod != got.AuthMethod {
		t.Errorf("refreshed as %q with %d requests: %v", again.AuthMethod, n, err)
	}
}

// What the token URL says already is not said again (RFC 6749 3.2), unless the configuration does.
func TestParameterOfTheURLIsNotRepeated(t *testing.T) {
	e := wanting(t, func(*http.Request, map[string]string) string { return "" })
	c := robot(e.URL)
	c.TokenURL += "?grant_type=client_credentials&scope=all"
	c.Request.Params = []byte(`{"scope":"own"}`)
	if _, err := ask(t, c, token.Ask{}); err != nil {
		t.Fatal(err)
	}
	if got := e.requests()[0].PostForm.Encode(); got != "scope=own" {
		t.Errorf("sent %s", got)
	}
}
