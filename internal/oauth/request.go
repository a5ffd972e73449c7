package oauth

import (
	"context"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/token"
)

// Ask makes one attempt. The next style of client authentication is tried only after the server has said that it does not know
// the client: after anything else the request may have had an effect (failure mode 40).
func (s *source) Ask(ctx context.Context, ask token.Ask) (token.Answer, error) {
	var last error
	for _, method := range s.config.methods(ask.AuthMethod) {
		answer, status, err := s.ask(ctx, ask, method)
		if err == nil {
			return token.Answer{Token: answer, AuthMethod: method}, nil
		}
		last = err
		if !clientRefused(status, err) {
			break
		}
	}
	return token.Answer{}, last
}

// methods are the styles of client authentication to try, the one that worked last first (failure mode 1).
func (c Config) methods(worked string) []string {
	var all []string
	switch {
	case c.AuthMethod == MethodPost, c.AuthMethod == MethodNone, c.AuthMethod == MethodRaw:
		return []string{c.AuthMethod}
	case c.ClientSecret.IsZero() && c.AuthMethod != MethodBasic:
		return []string{MethodNone} // a public client (RFC 6749 2.3.1)
	case c.encodingMatters():
		all = []string{MethodBasic, MethodRaw}
	default:
		all = []string{MethodBasic}
	}
	if c.AuthMethod != MethodBasic {
		all = append(all, MethodPost)
	}
	if i := slices.Index(all, worked); i > 0 {
		all = append([]string{worked}, slices.Delete(all, i, i+1)...)
	}
	return all
}

// encodingMatters reports whether the encoding of RFC 6749 2.3.1 changes the client's id or secret.
func (c Config) encodingMatters() bool {
	return url.QueryEscape(c.ClientID) != c.ClientID || url.QueryEscape(c.ClientSecret.Reveal()) != c.ClientSecret.Reveal()
}

// ask makes one request. The status is that of the answer; 0 if there was none.
func (s *source) ask(ctx context.Context, ask token.Ask, method string) (t token.Token, status int, err error) {
	endpoint, form := s.config.form(ask)
	var sent atomic.Bool // the request may have reached the server
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	r, err := s.config.request(ctx, endpoint, form, method)
	if err != nil {
		return token.Token{}, 0, err
	}
	if !ask.Wanted {
		if err := s.pace.wait(ctx, r.URL.Host); err != nil {
			return token.Token{}, 0, err
		}
	}
	began := time.Now()
	answer, err := s.client.Do(r)
	if err != nil {
		return token.Token{}, 0, &token.AskError{InDoubt: sent.Load(), Err: outbound.Explain(err, "asking for a token at "+r.URL.Host)}
	}
	defer answer.Body.Close()
	s.pace.heard(r.URL.Host, answer.StatusCode, retryAfter(answer.Header.Get("Retry-After")), began)
	t, err = s.config.read(answer, began, ask)
	return t, answer.StatusCode, err
}

// form is the body of the request (RFC 6749 4.3.2, 4.4.2, 6), and where it goes. Client authentication is added later.
func (c Config) form(ask token.Ask) (endpoint string, form url.Values) {
	form = url.Values{}
	if !ask.RefreshToken.IsZero() {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", ask.RefreshToken.Reveal())
		return c.RefreshURL, form
	}
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		form.Set(name, c.Parameters[name].Reveal())
	}
	switch c.Grant {
	case model.GrantPassword:
		form.Set("grant_type", "password")
		form.Set("username", c.Username)
		form.Set("password", c.Password.Reveal())
	case model.GrantClientCredentials:
		form.Set("grant_type", "client_credentials")
	}
	if len(c.Scope) > 0 {
		separator := c.ScopeSeparator
		if separator == "" {
			separator = " "
		}
		form.Set("scope", strings.Join(c.Scope, separator))
	}
	return c.TokenURL, form
}

// request makes the HTTP request with the client's authentication (RFC 6749 2.3.1).
func (c Config) request(ctx context.Context, endpoint string, form url.Values, method string) (*http.Request, error) {
	switch method {
	case MethodPost:
		form.Set("client_id", c.ClientID)
		if !c.ClientSecret.IsZero() {
			form.Set("client_secret", c.ClientSecret.Reveal())
		}
	case MethodNone:
		if c.ClientID != "" {
			form.Set("client_id", c.ClientID)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil || r.URL.Host == "" || r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return nil, &token.AskError{Permanent: true, Err: fault.New(fault.Invalid, "the URL of the token endpoint is not an http or https one").
			WithHint("correct token_url and refresh_url")}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	switch method {
	case MethodBasic:
		r.Header.Set("Authorization", basic(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret.Reveal())))
	case MethodRaw:
		r.Header.Set("Authorization", basic(c.ClientID, c.ClientSecret.Reveal()))
	}
	return r, nil
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}
