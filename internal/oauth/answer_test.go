package oauth_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

func hint(err error) string { return fault.HintOf(err) }

// Failure modes 8, 9 and 43: what is a token.
func TestTokens(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	tests := map[string]struct {
		status                     int
		kind, body                 string
		access, refresh, typ, rest string
	}{
		"JSON":             {200, "application/json", `{"access_token":"a","refresh_token":"r","token_type":"bearer","scope":"x y"}`, "a", "r", "bearer", "x y"},
		"JSON as HTML":     {200, "text/html", `{"access_token":"a"}`, "a", "", "Bearer", ""},
		"JSON with a BOM":  {200, "application/json", "\ufeff{\"access_token\":\"a\"}", "a", "", "Bearer", ""},
		"201":              {201, "application/json", `{"access_token":"a"}`, "a", "", "Bearer", ""},
		"an empty error":   {200, "application/json", `{"error":"","access_token":"a"}`, "a", "", "Bearer", ""},
		"a null error":     {200, "application/json", `{"error":null,"access_token":"a"}`, "a", "", "Bearer", ""},
		"another type":     {200, "application/json", `{"access_token":"a","token_type":"MAC"}`, "a", "", "MAC", ""},
		"a list of scopes": {200, "application/json", `{"access_token":"a","scope":["x","y"]}`, "a", "", "Bearer", "x y"},
		"a form":           {200, form, "access_token=a%2Fb&refresh_token=r&token_type=bearer", "a/b", "r", "bearer", ""},
		"a form as text":   {200, "text/plain", "access_token=a&expires_in=3600", "a", "", "Bearer", ""},
		"a member twice":   {200, "application/json", `{"access_token":"a","scope":"x","scope":"y"}`, "a", "", "Bearer", "y"},
		"no refresh token": {200, "application/json", `{"access_token":"a","refresh_token":null}`, "a", "", "Bearer", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.kind)
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			})
			answer, err := ask(t, config(e.URL), token.Ask{})
			if err != nil {
				t.Fatal(err)
			}
			got := answer.Token
			if got.AccessToken.Reveal() != test.access || got.RefreshToken.Reveal() != test.refresh || got.TokenType != test.typ || got.Scope != test.rest {
				t.Errorf("got %q %q %q %q", got.AccessToken.Reveal(), got.RefreshToken.Reveal(), got.TokenType, got.Scope)
			}
		})
	}
}

// Failure modes 8, 10, 18, 19 and 20: what is none, and what follows from it.
func TestRefusals(t *testing.T) {
	refresh := token.Ask{RefreshToken: seal.NewSecret(refreshToken)}
	tests := map[string]struct {
		ask        token.Ask
		status     int
		body       string
		want       token.AskError
		says, hint string
	}{
		"wrong client":            {token.Ask{}, 401, `{"error":"invalid_client","error_description":"no such client"}`, token.AskError{Code: "invalid_client", Permanent: true}, "invalid_client (no such client)", "client_secret"},
		"401 without a code":      {token.Ask{}, 401, ``, token.AskError{Permanent: true}, "401 Unauthorized, an empty answer", "client_secret"},
		"wrong password":          {token.Ask{}, 400, `{"error":"invalid_grant"}`, token.AskError{Code: "invalid_grant", Permanent: true}, "invalid_grant", "password"},
		"wrong refresh token":     {refresh, 400, `{"error":"invalid_grant"}`, token.AskError{Code: "invalid_grant", Rejected: true}, "invalid_grant", "refresh token"},
		"wrong scope":             {token.Ask{}, 400, `{"error":"invalid_scope"}`, token.AskError{Code: "invalid_scope", Permanent: true}, "invalid_scope", "scope"},
		"an error of its own":     {token.Ask{}, 400, `{"error":"app_suspended"}`, token.AskError{Code: "app_suspended", Permanent: true}, "app_suspended", "documentation"},
		"an error with 200":       {token.Ask{}, 200, `{"error":"invalid_grant","access_token":"a"}`, token.AskError{Code: "invalid_grant", Permanent: true}, "invalid_grant", "password"},
		"a form with an error":    {token.Ask{}, 200, `error=invalid_grant`, token.AskError{Code: "invalid_grant", Permanent: true}, "invalid_grant", "password"},
		"an error object":         {token.Ask{}, 200, `{"error":{"code":17}}`, token.AskError{InDoubt: true}, "it has: error", "token_url"},
		"down":                    {refresh, 503, ``, token.AskError{InDoubt: true, RetryAfter: 9 * time.Second}, "503 Service Unavailable", "later"},
		"down with a code":        {refresh, 400, `{"error":"server_error"}`, token.AskError{Code: "server_error", InDoubt: true}, "400 Bad Request", "later"},
		"too often":               {refresh, 429, ``, token.AskError{RetryAfter: 9 * time.Second}, "429 Too Many Requests", "later"},
		"not there":               {token.Ask{}, 404, `<html>`, token.AskError{Permanent: true}, "404 Not Found", "token_url"},
		"HTML":                    {token.Ask{}, 200, `<html>welcome`, token.AskError{InDoubt: true}, "a page of HTML: is that the token URL?", "token_url"},
		"nothing":                 {token.Ask{}, 200, ``, token.AskError{InDoubt: true}, "an empty answer", "token_url"},
		"no token":                {token.Ask{}, 200, `{"jwt":"a","expires":1}`, token.AskError{InDoubt: true}, "it has: expires, jwt", `response={"access_token":"jwt"}`},
		"undefined":               {token.Ask{}, 200, `{"access_token":"undefined"}`, token.AskError{InDoubt: true}, "without what was looked for", "token_url"},
		"a number":                {token.Ask{}, 200, `{"access_token":7}`, token.AskError{InDoubt: true}, "without what was looked for", "token_url"},
		"an object":               {token.Ask{}, 200, `{"access_token":{}}`, token.AskError{InDoubt: true}, "without what was looked for", "token_url"},
		"a line break in it":      {token.Ask{}, 200, `{"access_token":"a\r\nX-Evil: 1"}`, token.AskError{InDoubt: true}, "without what was looked for", "token_url"},
		"half of JSON":            {token.Ask{}, 200, `{"access_token":"a"`, token.AskError{InDoubt: true}, "begins like JSON", "token_url"},
		"a list":                  {token.Ask{}, 200, `["a"]`, token.AskError{InDoubt: true}, "JSON that is no object", "token_url"},
		"the token alone":         {token.Ask{}, 200, `ey.very.secret`, token.AskError{InDoubt: true}, "plain text", "token_url"},
		"deep nesting":            {token.Ask{}, 200, strings.Repeat(`{"a":`, 100_000), token.AskError{InDoubt: true}, "begins like JSON", "token_url"},
		"the secret comes back":   {refresh, 400, `{"error":"x` + clientSecret + `","error_description":"` + clientSecret + password + parameter + refreshToken + `"}`, token.AskError{Code: "x********", Permanent: true}, "********", "documentation"},
		"control characters":      {token.Ask{}, 400, `{"error":"invalid_scope","error_description":"a\u001b[31m\nb\u202ec"}`, token.AskError{Code: "invalid_scope", Permanent: true}, "(a [31m b c)", "scope"},
		"a description of a book": {token.Ask{}, 400, `{"error":"invalid_scope","error_description":"` + strings.Repeat("x", 201) + `"}`, token.AskError{Code: "invalid_scope", Permanent: true}, "(" + strings.Repeat("x", 200) + "...)", "scope"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.status >= 429 {
					w.Header().Set("Retry-After", "9")
				}
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			})
			got := failure(t, t.Context(), config(e.URL), test.ask)
			if !fault.Is(got, fault.Upstream) || !strings.Contains(got.Error(), test.says) || !strings.Contains(hint(got), test.hint) {
				t.Errorf("%v (%s), want %q and a hint with %q", got, hint(got), test.says, test.hint)
			}
			if got.Code != test.want.Code || got.Permanent != test.want.Permanent || got.Rejected != test.want.Rejected ||
				got.InDoubt != test.want.InDoubt || got.RetryAfter != test.want.RetryAfter {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if strings.Contains(got.Error(), "very.secret") {
				t.Errorf("the answer is in the error: %v", got)
			}
		})
	}
}

// The Basic header as the server may quote it is masked too.
func TestQuotedHeaderIsMasked(t *testing.T) {
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_scope","error_description":"bad header `+r.Header.Get("Authorization")+`"}`)
	})
	got := failure(t, t.Context(), config(e.URL), token.Ask{})
	if !strings.Contains(got.Error(), "bad header Basic ********") {
		t.Error(got)
	}
}

// One secret may be the beginning of another: the rest of the longer one stays hidden too.
func TestSecretWithinASecretIsMasked(t *testing.T) {
	e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_scope","error_description":"not for summer-and-winter"}`)
	})
	c := config(e.URL)
	c.Password, c.ClientSecret = seal.NewSecret("summer"), seal.NewSecret("summer-and-winter")
	if got := failure(t, t.Context(), c, token.Ask{}); !strings.Contains(got.Error(), "(not for ********)") {
		t.Error(got)
	}
}

func TestNameThatIsNoneIsNotShown(t *testing.T) {
	const secret = "0a1b2c3d4e5f"
	e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
		io.WriteString(w, secret)
	})
	if got := failure(t, t.Context(), config(e.URL), token.Ask{}); strings.Contains(got.Error(), secret) {
		t.Errorf("the token is in the error: %v", got)
	}
}

// Failure mode 10: the second host never hears of it, even with a client that follows redirects.
func TestRedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		second := serve(t, ok)
		first := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, second.URL+"/token?secret=1", status)
		})
		_, err := oauth.New(&http.Client{}, oauth.NewPace(), oauth.NewMetadata(), config(first.URL)).Ask(t.Context(), token.Ask{})
		var e *token.AskError
		if !errors.As(err, &e) || !e.Permanent || e.InDoubt || !strings.Contains(err.Error(), second.URL) || strings.Contains(err.Error(), "secret=1") {
			t.Errorf("%d: %v", status, err)
		}
		if n := len(second.requests()); n != 0 {
			t.Errorf("%d: the second host saw %d requests", status, n)
		}
	}
}

// Failure mode 11, and answers that are cut: the refresh token is in doubt after each.
func TestAnswersThatDoNotEnd(t *testing.T) {
	tests := map[string]struct {
		handler http.HandlerFunc
		kind    fault.Kind
		says    string
	}{
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"access_token":"a`)
			for chunk := []byte(strings.Repeat("a", 32<<10)); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, fault.Upstream, "more than 1 MiB"},
		"a gzip bomb": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for chunk := []byte(strings.Repeat(" ", 1<<20)); ; {
				if _, err := z.Write(chunk); err != nil {
					return
				}
			}
		}, fault.Upstream, "more than 1 MiB"},
		"cut": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"access_token":"a","x":"`)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, fault.Unavailable, "closed before the answer was complete"},
		"cut before it began": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.Unavailable, "closed before the answer was complete"},
		"huge headers": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 2<<20))
			ok(w, r)
		}, fault.Unavailable, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := serve(t, test.handler)
			got := failure(t, t.Context(), config(e.URL), token.Ask{RefreshToken: seal.NewSecret(refreshToken)})
			if !got.InDoubt || got.Permanent || !fault.Is(got, test.kind) || !strings.Contains(got.Error(), test.says) {
				t.Errorf("%+v: %v", got, got)
			}
			if n := len(e.requests()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestSlowAnswer(t *testing.T) {
	for name, slow := range map[string]carnettest.Fault{"hangs": {Hang: true}, "trickles": {Delay: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := carnettest.NewProvider(carnettest.ProviderOptions{})
				p.FailToken(slow)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				began := time.Now()
				c := config("http://provider.example")
				_, err := oauth.New(carnettest.Pipe(t, p), oauth.NewPace(), oauth.NewMetadata(), c).Ask(ctx, token.Ask{})
				var e *token.AskError
				if !errors.As(err, &e) || !e.InDoubt || e.Permanent || !strings.Contains(err.Error(), "no answer in time") {
					t.Errorf("%v", err)
				}
				if took := time.Since(began); took != 30*time.Second {
					t.Errorf("gave up after %s", took)
				}
			})
		})
	}
}

// Nothing reached a server: the refresh token is safe.
func TestNotInDoubtWhenNothingWasSent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	listener.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(ok))
	defer secure.Close()
	tests := map[string]struct {
		address   string
		kind      fault.Kind
		permanent bool
		says      string
	}{
		"nobody listens":       {closed, fault.Unavailable, false, "connection refused"},
		"an unknown authority": {secure.URL, fault.Unavailable, false, "unknown authority"},
		"a metadata service":   {"http://169.254.169.254", fault.Denied, false, "never allowed"},
		"no URL":               {"", fault.Invalid, true, "not an http or https one"},
		"another protocol":     {"ftp://a.example", fault.Invalid, true, "not an http or https one"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := failure(t, t.Context(), config(test.address), token.Ask{RefreshToken: seal.NewSecret(refreshToken)})
			if got.InDoubt || got.Permanent != test.permanent || !fault.Is(got, test.kind) || !strings.Contains(got.Error(), test.says) {
				t.Errorf("%+v: %v", got, got)
			}
		})
	}
}
