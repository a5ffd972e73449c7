package oauth

import (
	"net/http"
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
	"unauthorized_client":    "the service does not allow this client this grant; check grant_type, or register the client for it",
	"unsupported_grant_type": "the service does not know this grant; check grant_type and token_url",
	"invalid_request":        "the service misses something or does not understand it; see what its documentation asks for: scope, parameters, auth_method",
}

// permanent are the error codes that asking again can't help.
var permanent = []string{"invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type", "invalid_request"}

// refused makes an error of an answer that is not a success.
func (c Config) refused(answer *http.Response, d document, shape string, ask token.Ask) error {
	host, status := answer.Request.URL.Host, answer.StatusCode
	e := &token.AskError{Code: printable(d.text("error"), 60), RetryAfter: retryAfter(answer.Header.Get("Retry-After"))}
	if e.Code == "" && status == http.StatusUnauthorized {
		e.Code = "invalid_client" // what a 401 means here, whatever the body (RFC 6749 5.2)
	}
	var what, hint string
	switch {
	case status/100 == 3:
		e.Permanent = true
		what, hint = "a redirect to "+location(answer), "no credentials are sent to another place: set token_url to the endpoint itself"
	case status == http.StatusTooManyRequests || e.Code == "slow_down" || e.Code == "temporarily_unavailable":
		what, hint = "that it is asked too often", "it is asked again later"
	case status/100 == 5:
		e.InDoubt = true
		what, hint = answer.Status, "the service has a problem; it is asked again later"
	case e.Code != "":
		e.Permanent = slices.Contains(permanent, e.Code) || status/100 == 4
		what, hint = e.Code+c.description(d, ask), hints[e.Code]
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		e.Permanent = true
		what, hint = answer.Status, "check token_url and refresh_url: there is no token endpoint"
	default:
		e.Permanent = status/100 == 4 && status != http.StatusRequestTimeout
		what, hint = answer.Status+", "+shape, "check token_url, and what the service's documentation asks for"
	}
	if !ask.RefreshToken.IsZero() && e.Code == "invalid_grant" { // failure mode 18
		e.Rejected, e.Permanent = true, false
		hint = "the refresh token is no longer accepted"
	}
	e.Err = fault.New(fault.Upstream, "%s answered %s", host, what).WithHint("%s", hint)
	return e
}

// description is what the server says about its error, without what was sent to it.
func (c Config) description(d document, ask token.Ask) string {
	text := d.text("error_description")
	if text == "" {
		return ""
	}
	for _, s := range c.secrets(ask) {
		if !s.IsZero() {
			text = strings.ReplaceAll(text, s.Reveal(), seal.Mask)
		}
	}
	return " (" + printable(text, 200) + ")"
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
