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

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// hints say what to do about an error code (RFC 6749 5.2), by the names of the integration's fields.
var hints = map[string]string{
	"invalid_client":         "check client_id and client_secret, and auth_method if the service wants a certain one",
	"invalid_grant":          "check username and password: the service does not accept them",
	"invalid_scope":          "check scope: the service does not give it to this client",
	"unauthorized_client":    "the service does not allow this client this grant; check client_id, client_secret and grant_type",
	"unsupported_grant_type": "the service does not know this grant; check grant_type and token_url",
	"invalid_request":        "the service misses something or does not understand it; see what its documentation asks for: scope, parameters, auth_method",
	"access_denied":          "whoever was asked said no, or the service did for them; connect again if that was a mistake",
	"expired_token":          "nobody entered the code in time; connect again",
}

// pending are the error codes by which a server says that a person has yet to decide (RFC 8628 3.5).
var pending = []string{"authorization_pending", "slow_down"}

// passing are the error codes of conditions that pass, whatever the status (RFC 6749 4.1.2.1, RFC 8628 3.5).
var passing = []string{"temporarily_unavailable", "server_error", "slow_down"}

// refused makes an error of an answer that is not a success.
func (v *env) refused(d *document, status int, c call) error {
	return v.refusedAs(d, status, c, textOf(d.at("error")))
}

// refusedAs is [env.refused] with the code that the answer has in some place.
func (v *env) refusedAs(d *document, status int, c call, code string) error {
	ask := v.ask
	e := &token.AskError{Code: v.quote(code, 60), RetryAfter: retryAfter(d.header.Get("Retry-After"))}
	came, description := v.quote(d.status, 60), v.description(d)
	_, known := hints[e.Code]
	var what, hint string
	switch {
	case slices.Contains(pending, e.Code) && !ask.With["device_code"].IsZero():
		e.Pending = true
		what = e.Code
	case status/100 == 3:
		e.Permanent, e.Code = true, ""
		what, hint = came+", a redirect to "+location(d, c), "no credentials are sent to another place: set "+c.field()+" to the endpoint itself"
	case status == http.StatusTooManyRequests:
		what, hint = came, "it is asked again later"
	case status/100 == 5, slices.Contains(passing, e.Code):
		e.InDoubt = true
		what, hint = came+description, "the service has a problem; it is asked again later"
	case e.Code != "":
		e.Permanent = known || status/100 == 4
		what, hint = e.Code+description, hints[e.Code]
	case status == http.StatusUnauthorized:
		e.Permanent = true
		what, hint = came+", "+d.shape, hints["invalid_client"]
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		e.Permanent = true
		what, hint = came, "check "+c.field()+": there is no such endpoint"
	default:
		e.Permanent = status/100 == 4 && status != http.StatusRequestTimeout
		what, hint = came+", "+d.shape, "check "+c.field()+", and what the service's documentation asks for"
	}
	if len(ask.With) > 0 && e.Code == "invalid_grant" {
		hint = "what the consent brought is not accepted, perhaps because it has been used or came too late; connect again"
	}
	if !ask.RefreshToken.IsZero() && e.Code == "invalid_grant" { // failure mode 18
		e.Rejected, e.Permanent = true, false
		hint = "the refresh token is no longer accepted"
	}
	e.Err = fault.New(fault.Upstream, "%s answered %s", c.url.Host, what).
		WithHint("%s", cmp.Or(hint, "see what the service's documentation says about this error"))
	return e
}

// field is the setting that says where a call goes.
func (c call) field() string {
	switch c.purpose {
	case "refresh":
		return "refresh_url"
	case purposeDevice:
		return "device_url"
	}
	return "token_url"
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

// description is what the server says about its error.
func (v *env) description(d *document) string {
	if text := textOf(d.at("error_description")); text != "" {
		return " (" + v.quote(text, 200) + ")"
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
