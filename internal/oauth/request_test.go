package oauth_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

func ok(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"access_token":"a"}`) }

// Failure modes 4, 5 and 39: what a request carries, and that a refresh inherits none of it.
func TestForms(t *testing.T) {
	tests := map[string]struct {
		change func(*oauth.Config)
		ask    token.Ask
		path   string
		want   url.Values
	}{
		"password": {func(c *oauth.Config) { c.Scope = []string{"read", "write"} }, token.Ask{}, "/token",
			url.Values{"grant_type": {"password"}, "username": {"ada"}, "password": {password}, "scope": {"read write"}, "audience": {parameter}}},
		"client credentials, scope by comma": {func(c *oauth.Config) {
			c.Grant, c.Scope, c.ScopeSeparator = model.GrantClientCredentials, []string{"read", "write"}, ","
		}, token.Ask{}, "/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"read,write"}, "audience": {parameter}}},
		"an empty scope is not sent": {func(*oauth.Config) {}, token.Ask{}, "/token",
			url.Values{"grant_type": {"password"}, "username": {"ada"}, "password": {password}, "audience": {parameter}}},
		"a refresh inherits no parameters": {func(c *oauth.Config) { c.Scope = []string{"read"} }, token.Ask{RefreshToken: seal.NewSecret(refreshToken)}, "/refresh",
			url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}},
		"in the body": {func(c *oauth.Config) { c.AuthMethod = "client_secret_post"; c.Parameters = nil }, token.Ask{}, "/token",
			url.Values{"grant_type": {"password"}, "username": {"ada"}, "password": {password}, "client_id": {"app"}, "client_secret": {clientSecret}}},
		"a public client": {func(c *oauth.Config) { c.ClientSecret, c.Parameters = seal.Secret{}, nil }, token.Ask{}, "/token",
			url.Values{"grant_type": {"password"}, "username": {"ada"}, "password": {password}, "client_id": {"app"}}},
		"no client at all": {func(c *oauth.Config) { c.ClientID, c.ClientSecret, c.Parameters = "", seal.Secret{}, nil }, token.Ask{}, "/token",
			url.Values{"grant_type": {"password"}, "username": {"ada"}, "password": {password}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := serve(t, ok)
			c := config(e.URL)
			test.change(&c)
			if _, err := ask(t, c, test.ask); err != nil {
				t.Fatal(err)
			}
			seen := e.requests()
			if len(seen) != 1 || seen[0].Method != http.MethodPost || seen[0].URL.Path != test.path {
				t.Fatalf("%d requests, the first one to %s", len(seen), seen[0].URL)
			}
			if diff := cmp.Diff(test.want, seen[0].PostForm); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Failure modes 1 and 2: whatever the server wants is found, remembered, and tried first the next time.
func TestClientAuthenticationIsFound(t *testing.T) {
	for style, tries := range map[string]int{oauth.MethodBasic: 1, oauth.MethodRaw: 2, oauth.MethodPost: 3} {
		t.Run(style, func(t *testing.T) {
			p := carnettest.NewProvider(carnettest.ProviderOptions{
				ClientAuth: style, Clients: map[string]string{"app": clientSecret}, Users: map[string]string{"ada": password},
			})
			e := serve(t, p.ServeHTTP)
			c := config(e.URL)
			c.RefreshURL = c.TokenURL
			got, err := ask(t, c, token.Ask{})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(e.requests()); got.AuthMethod != style || n != tries {
				t.Errorf("%q was found with %d requests, want %q with %d", got.AuthMethod, n, style, tries)
			}
			again, err := ask(t, c, token.Ask{RefreshToken: got.Token.RefreshToken, AuthMethod: got.AuthMethod})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(e.requests()) - tries; again.AuthMethod != style || n != 1 {
				t.Errorf("remembered as %q, it took %d requests", again.AuthMethod, n)
			}
		})
	}
}

// Failure mode 40: another style is tried only after the server said that it does not know the client.
func TestWhenAnotherStyleIsTried(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		tries  int
	}{
		"invalid_client":            {401, `{"error":"invalid_client"}`, 3},
		"invalid_client with 400":   {400, `{"error":"invalid_client"}`, 3},
		"invalid_client with 200":   {200, `{"error":"invalid_client"}`, 3},
		"401 of Keycloak":           {401, `{"error":"unauthorized_client"}`, 3},
		"401 without a body":        {401, ``, 3},
		"401 about the grant":       {401, `{"error":"invalid_grant"}`, 1},
		"invalid_grant":             {400, `{"error":"invalid_grant"}`, 1},
		"invalid_request":           {400, `{"error":"invalid_request"}`, 1},
		"403":                       {403, ``, 1},
		"429":                       {429, `{"error":"invalid_client"}`, 1},
		"500":                       {500, ``, 1},
		"500 with invalid_client":   {500, `{"error":"invalid_client"}`, 1},
		"302 with invalid_client":   {302, `{"error":"invalid_client"}`, 1},
		"200 without a token":       {200, `{}`, 1},
		"temporarily_unavailable":   {400, `{"error":"temporarily_unavailable"}`, 1},
		"an HTML page with 200":     {200, `<html>`, 1},
		"a page that asks to login": {302, `<html>`, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			})
			failure(t, t.Context(), config(e.URL), token.Ask{RefreshToken: seal.NewSecret(refreshToken)})
			if n := len(e.requests()); n != test.tries {
				t.Errorf("%d requests, want %d", n, test.tries)
			}
		})
	}
}

func TestStyles(t *testing.T) {
	encoded := "app:" + url.QueryEscape(clientSecret)
	raw := "app:" + clientSecret
	tests := map[string]struct {
		method, worked, secret string
		want                   []string // the pair of each request's Basic header; "body" or "none" without one
	}{
		"auto":                          {"auto", "", clientSecret, []string{encoded, raw, "body"}},
		"by default":                    {"", "", clientSecret, []string{encoded, raw, "body"}},
		"raw where it is the same":      {"", "", "plain", []string{"app:plain", "body"}},
		"what worked comes first":       {"", oauth.MethodPost, clientSecret, []string{"body", encoded, raw}},
		"explicit basic":                {oauth.MethodBasic, "", clientSecret, []string{encoded, raw}},
		"explicit basic, remembers raw": {oauth.MethodBasic, oauth.MethodRaw, clientSecret, []string{raw, encoded}},
		"explicit body":                 {oauth.MethodPost, oauth.MethodBasic, clientSecret, []string{"body"}},
		"explicit none":                 {oauth.MethodNone, oauth.MethodBasic, clientSecret, []string{"none"}},
		"public":                        {"", oauth.MethodBasic, "", []string{"none"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusUnauthorized)
				io.WriteString(w, `{"error":"invalid_client"}`)
			})
			c := config(e.URL)
			c.AuthMethod, c.ClientSecret = test.method, seal.NewSecret(test.secret)
			if got := failure(t, t.Context(), c, token.Ask{AuthMethod: test.worked}); got.Code != "invalid_client" || !got.Permanent {
				t.Errorf("%+v", got)
			}
			var styles []string
			for _, r := range e.requests() {
				styles = append(styles, style(r))
			}
			if diff := cmp.Diff(test.want, styles); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func style(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		pair, _ := base64.StdEncoding.DecodeString(header[len("Basic "):])
		return string(pair)
	}
	if r.PostForm.Has("client_secret") {
		return "body"
	}
	return "none"
}

func TestValidateNamesWhatIsMissing(t *testing.T) {
	tests := map[string]struct {
		config oauth.Config
		want   string
	}{
		"password":           {oauth.Config{Grant: model.GrantPassword}, "username, password, token_url not filled in"},
		"client credentials": {oauth.Config{Grant: model.GrantClientCredentials, TokenURL: "https://a.example"}, "client_id not filled in"},
		"a person's grant":   {oauth.Config{Grant: "authorizationCode"}, `a token of the grant type "authorizationCode" can't be asked for without a person`},
	}
	for name, test := range tests {
		err := test.config.Validate()
		if !fault.Is(err, fault.Invalid) || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if err := config("https://a.example").Validate(); err != nil {
		t.Errorf("a full configuration: %v", err)
	}
}

// Failure mode 25: whatever shapes the request changes the digest.
func TestDigest(t *testing.T) {
	changes := map[string]func(*oauth.Config){
		"grant":            func(c *oauth.Config) { c.Grant = model.GrantClientCredentials },
		"token_url":        func(c *oauth.Config) { c.TokenURL += "2" },
		"refresh_url":      func(c *oauth.Config) { c.RefreshURL = "" },
		"client_id":        func(c *oauth.Config) { c.ClientID = "other" },
		"client_secret":    func(c *oauth.Config) { c.ClientSecret = seal.NewSecret("other") },
		"username":         func(c *oauth.Config) { c.Username = "bob" },
		"password":         func(c *oauth.Config) { c.Password = seal.NewSecret("other") },
		"auth_method":      func(c *oauth.Config) { c.AuthMethod = oauth.MethodPost },
		"scope":            func(c *oauth.Config) { c.Scope = []string{"read"} },
		"scope_separator":  func(c *oauth.Config) { c.ScopeSeparator = "," },
		"parameter":        func(c *oauth.Config) { c.Parameters = map[string]seal.Secret{"audience": seal.NewSecret("other")} },
		"parameters moved": func(c *oauth.Config) { c.Scope, c.Parameters = []string{"audience", parameter}, nil },
	}
	before := config("https://a.example").Digest()
	if !before.Equal(config("https://a.example").Digest()) {
		t.Error("equal configurations have different digests")
	}
	seen := map[string]string{before.Reveal(): "none"}
	for name, change := range changes {
		c := config("https://a.example")
		change(&c)
		digest := c.Digest().Reveal()
		if other, ok := seen[digest]; ok {
			t.Errorf("the changes %s and %s have the same digest", name, other)
		}
		seen[digest] = name
	}
}
