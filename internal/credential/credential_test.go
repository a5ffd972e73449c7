package credential_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

func must(t *testing.T) func(credential.Credential, error) credential.Credential {
	return func(c credential.Credential, err error) credential.Credential {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func TestCredentialsStandWhereTheyBelong(t *testing.T) {
	secret := seal.NewSecret("s3cret&more")
	tokenOf := func(kind string) token.Token { return token.Token{AccessToken: secret, TokenType: kind} }
	ok := must(t)
	for name, test := range map[string]struct {
		credential credential.Credential
		want       func(*http.Request) string
		value      string
	}{
		"header":     {ok(credential.APIKey("header", "x-api-key", secret)), headerOf("X-Api-Key"), "s3cret&more"},
		"query":      {ok(credential.APIKey("query", "api key", secret)), func(r *http.Request) string { return r.URL.RawQuery }, "b=1&a=2&api+key=s3cret%26more"},
		"cookie":     {ok(credential.APIKey("cookie", "sid", secret)), headerOf("Cookie"), "seen=1; sid=s3cret&more"},
		"basic":      {ok(credential.Basic("ada", secret)), headerOf("Authorization"), "Basic YWRhOnMzY3JldCZtb3Jl"},
		"bearer":     {ok(credential.Bearer(secret)), headerOf("Authorization"), "Bearer s3cret&more"},
		"no type":    {ok(credential.Token(tokenOf(""))), headerOf("Authorization"), "Bearer s3cret&more"},
		"lower case": {ok(credential.Token(tokenOf("bearer"))), headerOf("Authorization"), "Bearer s3cret&more"},
		"odd type":   {ok(credential.Token(tokenOf("BearerToken"))), headerOf("Authorization"), "Bearer s3cret&more"},
		"other type": {ok(credential.Token(tokenOf("MAC"))), headerOf("Authorization"), "MAC s3cret&more"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "http://example.com/?b=1&a=2", nil)
			r.Header.Set("Cookie", "seen=1")
			if err := test.credential.Apply(r, seal.Secret.Reveal); err != nil {
				t.Fatal(err)
			}
			if got := test.want(r); got != test.value {
				t.Errorf("got %q, want %q", got, test.value)
			}
		})
	}
}

func headerOf(name string) func(*http.Request) string {
	return func(r *http.Request) string { return r.Header.Get(name) }
}

func TestShownCredentialsAreMasked(t *testing.T) {
	secret := seal.NewSecret("hunter2hunter2")
	ok := must(t)
	r := httptest.NewRequest(http.MethodGet, "http://example.com/", nil)
	for _, c := range []credential.Credential{
		ok(credential.APIKey("header", "X-Key", secret)), ok(credential.APIKey("query", "key", secret)),
		ok(credential.APIKey("cookie", "sid", secret)), ok(credential.Basic("ada", secret)),
	} {
		if err := c.Apply(r, seal.Secret.String); err != nil {
			t.Fatal(err)
		}
	}
	var shown strings.Builder
	r.Write(&shown)
	if strings.Contains(shown.String(), "hunter2") || strings.Contains(shown.String(), "YWRhO") {
		t.Errorf("a secret shows:\n%s", shown.String())
	}
	if !strings.Contains(shown.String(), seal.Mask) {
		t.Errorf("no mask shows:\n%s", shown.String())
	}
}

func TestUnsendableIsRefused(t *testing.T) {
	broken := seal.NewSecret("two\nlines")
	for name, make := range map[string]func() (credential.Credential, error){
		"header": func() (credential.Credential, error) { return credential.APIKey("header", "X-Key", broken) },
		"cookie": func() (credential.Credential, error) {
			return credential.APIKey("cookie", "sid", seal.NewSecret("a;b"))
		},
		"place":  func() (credential.Credential, error) { return credential.APIKey("body", "key", seal.NewSecret("k")) },
		"bearer": func() (credential.Credential, error) { return credential.Bearer(broken) },
		"token":  func() (credential.Credential, error) { return credential.Token(token.Token{AccessToken: broken}) },
		"basic":  func() (credential.Credential, error) { return credential.Basic("a:b", broken) },
	} {
		if _, err := make(); !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "two") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
