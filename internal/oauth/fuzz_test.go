package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// canned answers without a network.
type canned struct {
	body, kind, cookies string
	status              int
	sent                *http.Request
	sentBody            string
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.sent = r; r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		c.sentBody = string(body)
	}
	h := http.Header{"Content-Type": {c.kind}, "Set-Cookie": {c.cookies}, "X-Token": {c.cookies}}
	return &http.Response{StatusCode: c.status, Status: http.StatusText(c.status), Header: h, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
}

func askCanned(t *testing.T, c oauth.Config, with *canned, a token.Ask) (token.Answer, error) {
	return oauth.New(&http.Client{Transport: with}, oauth.NewPace(), oauth.NewMetadata(), c).Ask(t.Context(), a)
}

// sound complains unless there is a usable token, or an error that can be shown.
func sound(t *testing.T, answer token.Answer, err error) {
	t.Helper()
	if err != nil {
		text := err.Error() + hint(err)
		if err.Error() == "" || strings.ContainsAny(text, "\n\r\x1b") || len(text) > 3000 || !utf8.ValidString(text) || strings.Contains(text, password) {
			t.Errorf("the error is %q", text)
		}
		return
	}
	got := answer.Token
	if access := got.AccessToken.Reveal(); access == "" || access == "undefined" || strings.ContainsAny(access, "\r\n\x00") {
		t.Errorf("the token is %q", access)
	}
	if got.ExpiresIn < 0 || !got.ExpiresAt.IsZero() && !got.ExpiresAt.After(got.CreatedAt) {
		t.Errorf("a token that lives %v until %s, made %s", got.ExpiresIn, got.ExpiresAt, got.CreatedAt)
	}
	if _, err := json.Marshal(got.ExpiresAt); err != nil {
		t.Errorf("the expiry can't be written: %v", err)
	}
}

// Whatever comes, it is a usable token or an error that can be shown.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"access_token":"a","expires_in":3600}`, `{"error":"invalid_grant"}`, `access_token=a&expires=1e400`, `<html>`,
		`{"access_token":"a.` + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1e308,"iat":1}`)) + `.c"}`, `{"access_token":"a","expires_in":-1e308}`,
		`{"error":"invalid_request","error_description":"` + password + `"}`} {
		f.Add(seed, "application/json", 200)
	}
	f.Fuzz(func(t *testing.T, body, kind string, status int) {
		if status < 200 || status > 599 {
			status = 200
		}
		answer, err := askCanned(t, config("http://a.example"), &canned{body: body, kind: kind, status: status}, token.Ask{})
		sound(t, answer, err)
	})
}

// The same where a recipe says where things are: paths into JSON, forms and XML, headers, cookies, tests of success.
func FuzzAnswerByRecipe(f *testing.F) {
	for _, seed := range [][5]string{
		{`{"data":{"token":"t","until":"2026-01-01T00:00:00Z"}}`, "application/json", "data.token", "data.until", ""},
		{`[{"token":"t","until":1e12}]`, "application/json", "0.token", "/0/until", ""},
		{`<a><b c="d">t</b><b>u</b><until>99999999999</until></a>`, "text/xml", "a.b.1", "a.until", ""},
		{`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>`, "application/xml", "a", "", ""},
		{``, "", "cookie:SID", "header:X-Token", "SID=t; Path=/"},
		{`t`, "text/plain", "body", "", ""},
		{`"t"`, "application/json", "${last.body}", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], "s")
	}
	f.Fuzz(func(t *testing.T, body, kind, access, expiry, cookies, unit string) {
		c := config("http://a.example")
		c.Response = recipe.Response{AccessToken: recipe.Path{access}, RefreshToken: recipe.Path{expiry, access}, ExpiresAt: recipe.Path{expiry},
			ExpiresIn: recipe.Path{expiry}, Scope: recipe.Path{access}, Unit: unit, Success: &recipe.Test{Path: recipe.Path{expiry}, Matches: ".?"},
			Values: map[string]recipe.Path{"v": {access}}}
		c.Keep = []string{"v", access}
		answer, err := askCanned(t, c, &canned{body: body, kind: kind, cookies: cookies, status: 200}, token.Ask{})
		sound(t, answer, err)
		oauth.Rejects(&recipe.Rejection{Body: &recipe.Test{Path: recipe.Path{access}, Matches: "t"}}, 403, http.Header{"Content-Type": {kind}}, []byte(body))
	})
}

// Metadata name endpoints only if they are those of the issuer that was asked for (RFC 8414 3.3), and its answer can be shown.
func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{`{"issuer":"http://a.example","token_endpoint":"http://a.example/token"}`, `{"issuer":"http://b.example"}`, `{}`, `[]`,
		`{"issuer":"http://a.example/","token_endpoint":"${secrets.x}"}`, `{"issuer":"http://a.example","token_endpoint":":"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c := config("http://a.example")
		c.Issuer, c.TokenURL, c.RefreshURL = "http://a.example", "", ""
		with := &canned{body: body, kind: "application/json", status: 200}
		answer, err := askCanned(t, c, with, token.Ask{})
		sound(t, answer, err)
		var said struct {
			Issuer string `json:"issuer"`
		}
		if with.sent.Method == http.MethodPost && (json.Unmarshal([]byte(body), &said) != nil || strings.TrimSuffix(said.Issuer, "/") != c.Issuer) {
			t.Errorf("asked at %s, by the metadata of %q", with.sent.URL, said.Issuer)
		}
	})
}

// What a recipe's parameters make is of its format, and says what they say: nothing in a value gets out of its place.
func FuzzRequest(f *testing.F) {
	for _, format := range []string{"form", "json", "query", "xml"} {
		f.Add(format, "name", "value", "X-Header")
		f.Add(format, "a&b=c", "\"}],<a>&\r\n", "Cookie")
		f.Add(format, "a b<", "${username} ${base64(client_secret + 'x')}", "X:")
	}
	f.Fuzz(func(t *testing.T, format, name, value, header string) {
		params, err := json.Marshal(map[string]any{"root": map[string]string{name: value}, name: []string{value, value}})
		if err != nil || !slices.Contains([]string{"form", "json", "query", "xml"}, format) || !utf8.ValidString(name) || !utf8.ValidString(value) || name == "root" || strings.Contains(value, "$") {
			return
		}
		if format == "xml" {
			params, _ = json.Marshal(map[string]any{"root": map[string]string{name: value}})
		}
		c := config("http://a.example")
		c.Grant, c.AuthMethod, c.Parameters = model.GrantRequest, oauth.MethodNone, nil
		c.Request = recipe.Request{Format: format, Params: params, Headers: map[string]recipe.Template{header: recipe.Template(value)}}
		with := &canned{body: `{"access_token":"t"}`, status: 200}
		answer, err := askCanned(t, c, with, token.Ask{})
		if sound(t, answer, err); err != nil || with.sent == nil {
			return
		}
		switch format {
		case "json":
			var got map[string]any
			if json.Unmarshal([]byte(with.sentBody), &got) != nil || got["root"].(map[string]any)[name] != value || len(got) != 2 {
				t.Errorf("sent %q", with.sentBody)
			}
		case "query":
			if got := with.sent.URL.Query(); len(got) != 2 || got[name][0] != value {
				t.Errorf("sent %q", with.sent.URL.RawQuery)
			}
		case "xml":
			if n := depth(with.sentBody); n > 2 {
				t.Errorf("%d elements deep: %q", n, with.sentBody)
			}
		default:
			if got, err := url.ParseQuery(with.sentBody); err != nil || len(got) != 2 || got[name][1] != value {
				t.Errorf("sent %q: %v", with.sentBody, err)
			}
		}
	})
}

// depth is how deep the elements of an XML text are; one that is not well-formed is very deep.
func depth(text string) (deepest int) {
	in, at := xml.NewDecoder(strings.NewReader(text)), 0
	for {
		next, err := in.Token()
		if errors.Is(err, io.EOF) && at == 0 {
			return deepest
		}
		if err != nil {
			return 100
		}
		switch next.(type) {
		case xml.StartElement:
			at++
			deepest = max(deepest, at)
		case xml.EndElement:
			at--
		}
	}
}

// An ID token has the nonce that was asked for, whatever else it is (OpenID Connect Core 3.1.3.7).
func FuzzIDToken(f *testing.F) {
	part := base64.RawURLEncoding.EncodeToString
	f.Add("a." + part([]byte(`{"nonce":"n0nce"}`)) + ".c")
	f.Add("a." + part([]byte(`{"nonce":["n0nce"]}`)) + ".c")
	f.Add("..")
	f.Fuzz(func(t *testing.T, idToken string) {
		body, err := json.Marshal(map[string]string{"access_token": "t", "id_token": idToken})
		if err != nil || idToken == "" {
			return
		}
		c := config("http://a.example")
		c.Grant = model.GrantAuthorizationCode
		answer, err := askCanned(t, c, &canned{body: string(body), kind: "application/json", status: 200},
			token.Ask{With: map[string]seal.Secret{"code": seal.NewSecret("c0de"), "nonce": seal.NewSecret("n0nce")}})
		if sound(t, answer, err); err != nil {
			if !fault.Is(err, fault.Denied) {
				t.Error(err)
			}
			return
		}
		var claims map[string]any
		_, rest, _ := strings.Cut(idToken, ".")
		payload, _, _ := strings.Cut(rest, ".")
		said, _ := base64.RawURLEncoding.DecodeString(payload)
		if json.Unmarshal(said, &claims) != nil || claims["nonce"] != "n0nce" {
			t.Errorf("%q was taken", idToken)
		}
	})
}
