package aws

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

const (
	maxReply     = 1 << 20 // bytes; failure mode 11
	endpointHint = "check the role's endpoint: it has to be AWS's security token service"
)

// A reply is what the token service answered.
type reply struct {
	*http.Response
	began    time.Time     // before the request
	secrets  []seal.Secret // of the request
	identity bool          // the request had an OpenID token and no signature
}

// document is the parts of an answer that count, be it of the one kind or of the other, or an error.
type document struct {
	Assumed struct {
		Credentials keys
	} `xml:"AssumeRoleResult"`
	Federated struct {
		Credentials keys
	} `xml:"AssumeRoleWithWebIdentityResult"`
	Error struct {
		Code    string
		Message string
	}
}

type keys struct {
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

// read makes credentials of the answer, or an error that says what came instead.
func (a reply) read(asked time.Duration) (Temporary, error) {
	host := a.Request.URL.Host
	body, err := io.ReadAll(io.LimitReader(a.Body, maxReply))
	if err != nil {
		explained := outbound.Explain(err, "reading the token service's answer from "+host)
		return Temporary{}, &token.AskError{Reason: string(outbound.ReasonOf(err)), InDoubt: true, Err: explained}
	}
	var d document
	broken := xml.Unmarshal(body, &d) != nil
	if code := strings.TrimSpace(d.Error.Code); code != "" || a.StatusCode/100 != 2 {
		return Temporary{}, a.refused(code, strings.TrimSpace(d.Error.Message))
	}
	k := d.Assumed.Credentials
	if k == (keys{}) {
		k = d.Federated.Credentials
	}
	c := Credentials{strings.TrimSpace(k.AccessKeyId), seal.NewSecret(strings.TrimSpace(k.SecretAccessKey)),
		seal.NewSecret(strings.TrimSpace(k.SessionToken))}
	if broken || c.SessionToken.IsZero() || c.check() != nil { // failure mode 8
		unusable := fault.New(fault.Upstream, "%s answered %s, but no credentials that can be used", host, a.quote(a.Status, 60))
		return Temporary{}, &token.AskError{Reason: "no_token", InDoubt: true, Err: unusable.WithHint("%s", endpointHint)}
	}
	return Temporary{c, a.expiry(k.Expiration, asked)}, nil
}

// expiry counts from before the request, by the server's own clock if it tells (failure mode 22).
func (a reply) expiry(text string, asked time.Duration) time.Time {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if ahead, known := a.ahead(); err == nil && known {
		at = at.Add(-ahead)
	}
	if err != nil || !at.After(a.began) {
		return a.began.Add(cmp.Or(asked, time.Hour))
	}
	return at
}

// ahead is how far the server's clock is ahead of ours; known: it told.
func (a reply) ahead() (ahead time.Duration, known bool) {
	date, err := http.ParseTime(a.Header.Get("Date"))
	return date.Sub(a.began.Truncate(time.Second)), err == nil
}

// refused makes an error of an answer that is not a success.
func (a reply) refused(code, message string) error {
	e := &token.AskError{Code: a.quote(code, 60), RetryAfter: retryAfter(a.Header.Get("Retry-After"), a.began)}
	what := e.Code
	if said := a.quote(message, 200); said != "" {
		what += " (" + said + ")"
	}
	what = cmp.Or(strings.TrimSpace(what), a.quote(a.Status, 60))
	v := a.judge(code)
	e.Permanent, e.InDoubt, e.Reason = v.permanent, v.inDoubt, v.reason
	e.Err = fault.New(fault.Upstream, "%s answered %s%s", a.Request.URL.Host, what, v.remark).WithHint("%s", v.hint)
	return e
}

// quote shortens a text of the server's, and masks in it what was sent: a server may quote the request.
func (a reply) quote(text string, most int) string {
	var sent []string
	for _, s := range a.secrets {
		if !s.IsZero() {
			sent = append(sent, s.Reveal(), url.QueryEscape(s.Reveal()))
		}
	}
	if _, signature, ok := strings.Cut(a.Request.Header.Get("Authorization"), "Signature="); ok {
		sent = append(sent, signature)
	}
	slices.SortFunc(sent, func(x, y string) int { return cmp.Compare(len(y), len(x)) }) // one may be part of another
	for _, s := range sent {
		text = strings.ReplaceAll(text, s, seal.Mask)
	}
	runes := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text))
	if len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return string(runes)
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110 10.2.3); 0 if there is none.
func retryAfter(text string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if seconds, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return max(time.Duration(min(seconds, int(most.Seconds())))*time.Second, 0)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), most)
}

// skewed says in words how wrong our clock is; "" if it is right, or nobody knows.
func (a reply) skewed() string {
	ahead, known := a.ahead()
	switch {
	case known && ahead > maxSkew:
		return fmt.Sprintf("; this machine's clock is %s slow", ahead)
	case known && ahead < -maxSkew:
		return fmt.Sprintf("; this machine's clock is %s fast", -ahead)
	}
	return ""
}
