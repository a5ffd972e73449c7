package oauth

import (
	"cmp"
	"errors"
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
}

// passing are the error codes of conditions that pass, whatever the status (RFC 6749 4.1.2.1, RFC 8628 3.5).
var passing = []string{"temporarily_unavailable", "server_error", "slow_down"}

// refused makes an error of an answer that is not a success.
func (c Config) refused(answer *http.Response, d document, shape string, ask token.Ask) error {
	status := answer.StatusCode
	e := &token.AskError{Code: c.quote(d.text("error"), 60, ask), RetryAfter: retryAfter(answer.Header.Get("Retry-After"))}
	came, description := c.quote(answer.Status, 60, ask), c.description(d, ask)
	_, known := hints[e.Code]
	var what, hint string
	switch {
	case status/100 == 3:
		e.Permanent, e.Code = true, ""
		what, hint = came+", a redirect to "+location(answer), "no credentials are sent to another place: set token_url to the endpoint itself"
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
		what, hint = came+", "+shape, hints["invalid_client"]
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		e.Permanent = true
		what, hint = came, "check token_url and refresh_url: there is no token endpoint"
	default:
		e.Permanent = status/100 == 4 && status != http.StatusRequestTimeout
		what, hint = came+", "+shape, "check token_url, and what the service's documentation asks for"
	}
	if !ask.RefreshToken.IsZero() && e.Code == "invalid_grant" { // failure mode 18
		e.Rejected, e.Permanent = true, false
		hint = "the refresh token is no longer accepted"
	}
	e.Err = fault.New(fault.Upstream, "%s answered %s", answer.Request.URL.Host, what).
		WithHint("%s", cmp.Or(hint, "see what the service's documentation says about this error"))
	return e
}

// clientRefused reports whether the server said that it does not know the client, so that nothing came of the request: by
// invalid_client with any status that is a clear answer, or by a 401 that is not about the grant (RFC 6749 5.2).
func clientRefused(status int, err error) bool {
	e, ok := errors.AsType[*token.AskError](err)
	return ok && e.Permanent && (e.Code == "invalid_client" || status == http.StatusUnauthorized && e.Code != "invalid_grant")
}

// description is what the server says about its error.
func (c Config) description(d document, ask token.Ask) string {
	if text := d.text("error_description"); text != "" {
		return " (" + c.quote(text, 200, ask) + ")"
	}
	return ""
}

// quote shortens a text of the server's, and masks in it what was sent: a server may quote the request.
func (c Config) quote(text string, most int, ask token.Ask) string {
	var sent []string
	for _, s := range append(slices.Collect(maps.Values(c.Parameters)), c.ClientSecret, c.Password, ask.RefreshToken) {
		if !s.IsZero() {
			sent = append(sent, s.Reveal(), url.QueryEscape(s.Reveal()))
		}
	}
	if id, secret := c.ClientID, c.ClientSecret.Reveal(); secret != "" {
		for _, header := range []string{basic(id, secret), basic(url.QueryEscape(id), url.QueryEscape(secret))} {
			sent = append(sent, strings.TrimPrefix(header, "Basic "))
		}
	}
	slices.SortFunc(sent, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // one may be part of another
	for _, s := range sent {
		text = strings.ReplaceAll(text, s, seal.Mask)
	}
	return printable(text, most)
}

// location is where a redirect leads, without what may be secret in it.
func location(answer *http.Response) string {
	to, err := answer.Location()
	if err != nil {
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
