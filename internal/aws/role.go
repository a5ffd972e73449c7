package aws

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A Role is to be assumed.
type Role struct {
	ARN         string
	SessionName string        // what AWS's logs call the session; "carnet" by default
	ExternalID  string        // where the role's trust policy wants one
	Region      string        // of the token service that is asked; the first of the role's partition by default
	Duration    time.Duration // how long the credentials shall last; 0: as AWS likes, which is an hour
	Endpoint    string        // another token service than AWS's own in that region
}

// Temporary credentials are those of a session.
type Temporary struct {
	Credentials
	Expires time.Time // by our clock
}

// Assume asks the token service for credentials of the role: AssumeRole, signed with the access key, or AssumeRoleWithWebIdentity with the
// token of an OpenID provider that the role trusts, where there is nothing else to sign with. The exchange says what was asked and what
// came. An error is a *token.AskError.
func (c Config) Assume(ctx context.Context, client *http.Client) (Temporary, token.Exchange, error) {
	var sent atomic.Bool // the request may have reached the server
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	request, _, err := c.request(ctx, seal.Secret.Reveal)
	if err != nil {
		return Temporary{}, token.Exchange{}, &token.AskError{Reason: "configuration", Permanent: true, Err: err}
	}
	a := reply{began: time.Now(), secrets: c.secrets(), identity: !c.Identity.IsZero()}
	x := token.Exchange{At: a.began.UTC(), Purpose: c.action(), Method: request.Method, Host: request.URL.Host}
	if a.Response, err = staying(client).Do(request); err != nil {
		x.Seconds = time.Since(a.began).Seconds()
		explained := outbound.Explain(err, "asking for a role's credentials at "+request.URL.Host)
		return Temporary{}, x, &token.AskError{Reason: string(outbound.ReasonOf(err)), InDoubt: sent.Load(), Err: explained}
	}
	defer a.Body.Close()
	got, err := a.read(c.Role.Duration)
	x.Seconds, x.Status = time.Since(a.began).Seconds(), a.StatusCode
	if ahead, known := a.ahead(); known && ahead.Abs() > noticeable {
		x.Skew = ahead.Seconds()
	}
	return got, x, err
}

// noticeable is a difference of clocks that the header's second and the way do not explain.
const noticeable = 5 * time.Second

// action is what is asked for.
func (c Config) action() string {
	if c.Identity.IsZero() {
		return "AssumeRole"
	}
	return "AssumeRoleWithWebIdentity"
}

// secrets are the texts of the request that must not show in what comes back.
func (c Config) secrets() []seal.Secret {
	if !c.Identity.IsZero() {
		return []seal.Secret{c.Identity}
	}
	return []seal.Secret{c.Credentials.SecretAccessKey, c.Credentials.SessionToken}
}

// form are the parameters, with secrets as show makes texts of them.
func (c Config) form(show func(seal.Secret) string) url.Values {
	r := c.Role
	form := url.Values{
		"Action": {c.action()}, "Version": {"2011-06-15"},
		"RoleArn": {r.ARN}, "RoleSessionName": {cmp.Or(r.SessionName, "carnet")},
	}
	if r.Duration > 0 {
		form.Set("DurationSeconds", strconv.Itoa(int(r.Duration.Seconds())))
	}
	switch {
	case !c.Identity.IsZero():
		form.Set("WebIdentityToken", show(c.Identity))
	case r.ExternalID != "":
		form.Set("ExternalId", r.ExternalID)
	}
	return form
}

// staying is the client, but that it follows no redirect: a POST with credentials never leaves its host (failure mode 10).
func staying(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// request is what is sent, and its body.
func (c Config) request(ctx context.Context, show func(seal.Secret) string) (*http.Request, string, error) {
	if err := c.Role.Validate(); err != nil {
		return nil, "", err
	}
	endpoint, region, err := c.Role.place()
	if err != nil {
		return nil, "", err
	}
	body := c.form(show).Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(body))
	if err != nil || request.URL.Host == "" || request.URL.Scheme != "http" && request.URL.Scheme != "https" {
		return nil, "", fault.New(fault.Invalid, "the URL of the token service is not an http or https one").
			WithHint("correct the role's endpoint")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	request.Header.Set("Accept", "application/xml")
	if c.Identity.IsZero() {
		err = Signature(c.Credentials, "sts", region).Apply(request, show)
	}
	return request, body, err
}

// place is where the token service is, and for which region a request to it is signed.
func (r Role) place() (endpoint, region string, err error) {
	if host, err := url.Parse(r.Endpoint); err == nil {
		_, region, _ = Guess(host.Host) // what its name tells is true
	}
	region = cmp.Or(region, r.Region, r.firstRegion())
	if !regionName.MatchString(region) {
		return "", "", fault.New(fault.Invalid, "%q is no region of AWS", region).WithHint("it looks like eu-west-1")
	}
	suffix := ".amazonaws.com"
	switch {
	case strings.HasPrefix(region, "cn-"):
		suffix = ".amazonaws.com.cn"
	case strings.HasPrefix(region, "eusc-"):
		suffix = ".amazonaws.eu"
	}
	return cmp.Or(r.Endpoint, "https://sts."+region+suffix), region, nil
}

// firstRegion is one that the role's partition has. Roles are the same in all regions.
func (r Role) firstRegion() string {
	switch strings.Split(r.ARN, ":")[1] {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	case "aws-eusc":
		return "eusc-de-east-1"
	}
	return "us-east-1"
}
