// Package credential puts a credential on a request: an API key, HTTP basic and digest, a bearer text, a token. It decides where
// and how it is written; which credential a request gets is package integration's business, how a token is got package token's.
package credential

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A Credential puts itself on a request. show makes a text of a secret: seal.Secret.Reveal to send it, seal.Secret.String to
// show a person what would be sent. What stands in the Authorization header may depend on all the rest of the request, so it is
// applied last. A request that can't carry the credential is fault.Invalid.
type Credential interface {
	Apply(r *http.Request, show func(seal.Secret) string) error
	// Place is where the credential stands: a header's name, or "query NAME" or "cookie NAME". Two credentials of one place
	// can't be on one request.
	Place() string
}

// A Challenger is a credential that depends on what the server says. It sees the answer of every request that it was on. If that
// is a challenge which it can answer, it returns the credential to repeat the request with, once; false otherwise.
type Challenger interface {
	Credential
	Challenged(answer *http.Response) (Credential, bool)
}

// header is a credential in a header, behind a prefix.
type header struct {
	name, prefix string
	value        seal.Secret
}

func (h header) Apply(r *http.Request, show func(seal.Secret) string) error {
	r.Header.Set(h.name, h.prefix+show(h.value))
	return nil
}

func (h header) Place() string { return h.name }

// query is a credential in the query. It is appended unless it is there already, as after a redirect that kept it; what is
// there stays as it is.
type query struct {
	name  string
	value seal.Secret
}

func (q query) Apply(r *http.Request, show func(seal.Secret) string) error {
	if r.URL.Query().Has(q.name) {
		return nil
	}
	if r.URL.RawQuery != "" {
		r.URL.RawQuery += "&"
	}
	r.URL.RawQuery += url.QueryEscape(q.name) + "=" + url.QueryEscape(show(q.value))
	return nil
}

func (q query) Place() string { return "query " + q.name }

// cookie is a credential in a cookie.
type cookie struct {
	name  string
	value seal.Secret
}

func (c cookie) Apply(r *http.Request, show func(seal.Secret) string) error {
	pair := c.name + "=" + show(c.value)
	if others := r.Header.Get("Cookie"); others != "" {
		pair = others + "; " + pair
	}
	r.Header.Set("Cookie", pair)
	return nil
}

func (c cookie) Place() string { return "cookie " + c.name }

// APIKey returns the credential of an apiKey scheme: in is header, query or cookie (OpenAPI 3.1, 4.8.27). fault.Invalid if the
// place or the value can't be sent.
func APIKey(in, name string, value seal.Secret) (Credential, error) {
	if in != "query" && !sendable(value) {
		return nil, unsendable("the API key for " + in + " " + name)
	}
	switch in {
	case "header":
		return header{http.CanonicalHeaderKey(name), "", value}, nil
	case "query":
		return query{name, value}, nil
	case "cookie":
		if strings.ContainsAny(value.Reveal(), "; ,\"\\") {
			return nil, unsendable("the API key for cookie " + name)
		}
		return cookie{name, value}, nil
	}
	return nil, fault.New(fault.Invalid, "an API key can't be sent in %q", in).
		WithHint("set the scheme's in to header, query or cookie")
}

// Basic returns HTTP basic authentication (RFC 7617). A colon in the username can't be sent.
func Basic(username string, password seal.Secret) (Credential, error) {
	if strings.Contains(username, ":") {
		return nil, fault.New(fault.Invalid, "the username holds a colon, which HTTP basic can't send (RFC 7617 2)")
	}
	return basic{username, password}, nil
}

type basic struct {
	username string
	password seal.Secret
}

func (b basic) Apply(r *http.Request, show func(seal.Secret) string) error {
	pair := seal.NewSecret(base64.StdEncoding.EncodeToString([]byte(b.username + ":" + b.password.Reveal())))
	r.Header.Set("Authorization", "Basic "+show(pair))
	return nil
}

func (b basic) Place() string { return "Authorization" }

// Bearer returns a bearer text (RFC 6750 2.1).
func Bearer(text seal.Secret) (Credential, error) {
	if !sendable(text) {
		return nil, unsendable("the bearer token")
	}
	return header{"Authorization", "Bearer ", text}, nil
}

// Token returns the credential of a token: Bearer for any spelling of it and for none, else the type as the server named it
// (failure mode 9).
func Token(t token.Token) (Credential, error) {
	if !sendable(t.AccessToken) || !sendable(seal.NewSecret(t.TokenType)) {
		return nil, unsendable("the access token")
	}
	kind := t.TokenType
	switch strings.ToLower(kind) {
	case "", "bearer", "bearertoken", "bearer_token":
		kind = "Bearer"
	}
	return header{"Authorization", kind + " ", t.AccessToken}, nil
}

// sendable reports whether a header can carry the text (RFC 9110 5.5).
func sendable(s seal.Secret) bool {
	return !strings.ContainsFunc(s.Reveal(), func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func unsendable(what string) error {
	return fault.New(fault.Invalid, "%s holds a line break or another character that can't be sent", what).
		WithHint("set it again without; a file often ends with a line break")
}
