package oauth

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// Lookup returns what the paths of call templates mean with a token.
func (c Config) Lookup(t token.Token) func(path string) (expand.Value, bool) {
	return newEnv(c, token.Ask{Previous: t}).lookup
}

// MaskedToken returns a token of masks, with all the values that calls want.
func (c Config) MaskedToken() token.Token {
	mask := seal.NewSecret(seal.Mask)
	t := token.Token{AccessToken: mask, RefreshToken: mask, TokenType: "Bearer", Values: map[string]seal.Secret{}}
	for _, name := range c.Keep {
		t.Values[name] = mask
	}
	return t
}

// Server returns the base URL of calls that the answer of the token endpoint tells. fault.Upstream if it makes no http or https URL; one
// that would send the token in the clear, though the token endpoint does not, is refused.
func (c Config) Server(template recipe.Template, t token.Token) (*url.URL, error) {
	v := newEnv(c, token.Ask{Previous: t})
	value, err := v.fill(template)
	if err != nil {
		return nil, fault.Wrap(fault.Upstream, err, "the service did not tell where its API is").WithHint("check server_url")
	}
	to, err := url.Parse(value.Reveal())
	if err == nil && to.Scheme == "" && to.Host == "" { // a bare host
		to, err = url.Parse("https://" + value.Reveal())
	}
	if err != nil || to.Host == "" || to.Scheme != "https" && to.Scheme != "http" || to.User != nil {
		return nil, fault.New(fault.Upstream, "server_url makes no URL of what the service told").WithHint("check server_url")
	}
	if at, err := v.url(recipe.Template(c.TokenURL)); err == nil && at.Scheme == "https" && to.Scheme == "http" {
		return nil, fault.New(fault.Upstream, "the service told an http URL for its API, which would send the token in the clear")
	}
	to.RawQuery, to.Fragment = "", ""
	return to, nil
}

// Rejects reports whether an answer of the API means that the token is dead (failure mode 36).
func Rejects(on *recipe.Rejection, status int, header http.Header, body []byte) bool {
	if on == nil {
		return status == http.StatusUnauthorized
	}
	statuses := on.Status
	if len(statuses) == 0 {
		statuses = []int{http.StatusUnauthorized}
	}
	if slices.Contains(statuses, status) {
		return true
	}
	if on.Body == nil {
		return false
	}
	matches, err := regexp.Compile(on.Body.Matches)
	if err != nil {
		return false
	}
	v := parse(header, body).first(on.Body.Path, "body")
	return v != nil && matches.MatchString(textOf(v))
}
