package oauth

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// pending are the error codes by which a server says that a person has yet to decide (RFC 8628 3.5).
var pending = []string{"authorization_pending", "slow_down"}

// passing are the error codes of conditions that pass, whatever the status (RFC 6749 4.1.2.1, RFC 8628 3.5).
var passing = []string{"temporarily_unavailable", "server_error", "slow_down"}

// final are the error codes that stay true until somebody changes something, whatever the status.
var final = []string{"invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type", "invalid_request",
	"invalid_target", "access_denied", "expired_token"}

// refused makes an error of an answer that is not a success.
func (v *env) refused(d *document, status int, c call) *token.AskError {
	return v.refusedAs(d, status, c, textOf(d.at("error")))
}

// refusedAs is [env.refused] with the code that the answer has in some place.
func (v *env) refusedAs(d *document, status int, c call, code string) *token.AskError {
	e := token.AskError{Code: v.quote(code, 60), RetryAfter: retryAfter(d.header.Get("Retry-After"))}
	t := v.came(d, status, c)
	switch {
	case slices.Contains(pending, e.Code) && !v.ask.With["device_code"].IsZero():
		e.Pending = true
	case status/100 == 3:
		e.Permanent, e.Code, t.location = true, "", location(d, c)
	case status == http.StatusTooManyRequests:
	case status/100 == 5, slices.Contains(passing, e.Code):
		e.InDoubt = true
	default:
		e.Permanent = slices.Contains(final, e.Code) || permanent(status) || e.Code != "" && status/100 == 4
	}
	if !v.ask.RefreshToken.IsZero() && e.Code == "invalid_grant" { // failure mode 18
		e.Rejected, e.Permanent = true, false
	}
	t.code = e.Code
	return v.failed(t, e)
}

// came is an answer, as far as it may be told.
func (v *env) came(d *document, status int, c call) trouble {
	return trouble{purpose: c.purpose, host: c.url.Host, status: status, came: v.quote(d.status, 60), description: v.description(d),
		answer: d.kind, shape: d.shape, members: d.members}
}

// clientRefused reports whether the server said that it does not know the client, so that nothing came of the request: by
// invalid_client with any status that is a clear answer, or by a 401 that is not about the grant (RFC 6749 5.2). Where the request
// spends nothing, the complaints count too that servers make when they look for the client in another place.
func clientRefused(status int, err error, ask token.Ask) bool {
	e, ok := errors.AsType[*token.AskError](err)
	if !ok || !e.Permanent {
		return false
	}
	if e.Code == "invalid_client" || status == http.StatusUnauthorized && e.Code != "invalid_grant" {
		return true
	}
	spends := !ask.RefreshToken.IsZero() || len(ask.With) > 0
	return !spends && slices.Contains([]int{http.StatusBadRequest, http.StatusForbidden, http.StatusUnsupportedMediaType}, status) &&
		slices.Contains([]string{"", "invalid_request", "unauthorized_client"}, e.Code)
}

// description is what the server says about its error, in one of the places where servers do.
func (v *env) description(d *document) string {
	for _, path := range []string{"error_description", "error.message", "error_message", "errorMessage", "message", "detail", "errors.0.message"} {
		if text := textOf(d.at(path)); text != "" {
			return v.quote(text, 200)
		}
	}
	return ""
}

// quote shortens a text of the server's, and masks in it what was sent: a server may quote the request.
func (v *env) quote(text string, most int) string {
	var sent []string
	for s := range v.secrets() {
		if s != "" {
			sent = append(sent, s, url.QueryEscape(s))
		}
	}
	slices.SortFunc(sent, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // one may be part of another
	for _, s := range sent {
		text = strings.ReplaceAll(text, s, seal.Mask)
	}
	return printable(text, most)
}

// secrets are the texts that a server has seen and must not show us again.
func (v *env) secrets() iter.Seq[string] {
	c := v.config
	all := maps.Clone(v.sent)
	for _, s := range []seal.Secret{c.ClientSecret, c.ClientSecretNext, c.Password, c.Assertion, c.SubjectToken, v.ask.RefreshToken} {
		all[s.Reveal()] = true
	}
	for _, m := range []map[string]seal.Secret{c.Parameters, c.Secrets, v.ask.With} {
		for _, s := range m {
			all[s.Reveal()] = true
		}
	}
	return maps.Keys(all)
}

// location is where a redirect leads, without what may be secret in it.
func location(d *document, c call) string {
	to, err := c.url.Parse(d.header.Get("Location"))
	if err != nil || d.header.Get("Location") == "" {
		return "nowhere"
	}
	return to.Scheme + "://" + to.Host
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110 10.2.3); 0 if there is none.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return max(time.Duration(min(seconds, 24*3600))*time.Second, 0)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(time.Until(at), 0), 24*time.Hour)
}
