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

// Assume asks the token service for credentials of the role (AssumeRole). An error is a *token.AskError.
func Assume(ctx context.Context, client *http.Client, c Credentials, r Role) (Temporary, error) {
	form := r.form("AssumeRole")
	if r.ExternalID != "" {
		form.Set("ExternalId", r.ExternalID)
	}
	return r.ask(ctx, client, form, reply{secrets: []seal.Secret{c.SecretAccessKey, c.SessionToken}},
		func(request *http.Request, region string) error {
			return Signature(c, "sts", region).Apply(request, seal.Secret.Reveal)
		})
}

// AssumeWithWebIdentity asks for credentials of the role with the token of an OpenID provider that the role trusts
// (AssumeRoleWithWebIdentity). There is nothing else to sign with. An error is a *token.AskError.
func AssumeWithWebIdentity(ctx context.Context, client *http.Client, identity seal.Secret, r Role) (Temporary, error) {
	form := r.form("AssumeRoleWithWebIdentity")
	form.Set("WebIdentityToken", identity.Reveal())
	return r.ask(ctx, client, form, reply{secrets: []seal.Secret{identity}, identity: true},
		func(*http.Request, string) error { return nil })
}

func (r Role) form(action string) url.Values {
	form := url.Values{
		"Action": {action}, "Version": {"2011-06-15"},
		"RoleArn": {r.ARN}, "RoleSessionName": {cmp.Or(r.SessionName, "carnet")},
	}
	if r.Duration > 0 {
		form.Set("DurationSeconds", strconv.Itoa(int(r.Duration.Seconds())))
	}
	return form
}

// ask makes one request, which sign adds a signature for a region to, and fills in the reply.
func (r Role) ask(ctx context.Context, client *http.Client, form url.Values, a reply,
	sign func(request *http.Request, region string) error) (Temporary, error) {
	var sent atomic.Bool // the request may have reached the server
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	request, region, err := r.request(ctx, form)
	if err == nil {
		err = sign(request, region)
	}
	if err != nil {
		return Temporary{}, &token.AskError{Permanent: true, Err: err}
	}
	a.began = time.Now()
	if a.Response, err = staying(client).Do(request); err != nil {
		explained := outbound.Explain(err, "asking for a role's credentials at "+request.URL.Host)
		return Temporary{}, &token.AskError{InDoubt: sent.Load(), Err: explained}
	}
	defer a.Body.Close()
	return a.read(r.Duration)
}

// staying is the client, but that it follows no redirect: a POST with credentials never leaves its host (failure mode 10).
func staying(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

func (r Role) request(ctx context.Context, form url.Values) (request *http.Request, region string, err error) {
	if err := r.Validate(); err != nil {
		return nil, "", err
	}
	endpoint, region, err := r.place()
	if err != nil {
		return nil, "", err
	}
	request, err = http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil || request.URL.Host == "" || request.URL.Scheme != "http" && request.URL.Scheme != "https" {
		return nil, "", fault.New(fault.Invalid, "the URL of the token service is not an http or https one").
			WithHint("correct the role's endpoint")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	request.Header.Set("Accept", "application/xml")
	return request, region, nil
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
