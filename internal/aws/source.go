package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A Config says which role's credentials are wanted, and who asks for them: an access key, or a token of an OpenID provider.
type Config struct {
	Credentials Credentials
	Identity    seal.Secret // if it is there nothing is signed
	Role        Role
}

// Validate returns fault.Invalid if there is nothing to ask with.
func (c Config) Validate() error {
	if !c.Identity.IsZero() {
		return nil
	}
	return c.Credentials.check()
}

// revealing writes secrets as they are; for digests only.
var revealing = json.MarshalToFunc(func(e *jsontext.Encoder, s seal.Secret) error { return e.WriteToken(jsontext.String(s.Reveal())) })

// Digest is of everything that shapes the request: credentials got with another one are not used (failure mode 25). It covers
// keys, so it is a secret.
func (c Config) Digest() seal.Secret {
	texts := []any{c.Credentials.AccessKeyID, c.Credentials.SecretAccessKey, c.Credentials.SessionToken, c.Identity,
		c.Role.ARN, c.Role.SessionName, c.Role.ExternalID, c.Role.Region, c.Role.Endpoint, c.Role.Duration.Seconds()}
	raw, _ := json.Marshal(texts, json.WithMarshalers(revealing), jsontext.AllowInvalidUTF8(true)) // of texts and a number, which marshal
	sum := sha256.Sum256(raw)
	return seal.NewSecret(hex.EncodeToString(sum[:]))
}

// A Pace keeps hosts from being asked faster than they allow, whoever asks (failure mode 38).
type Pace interface {
	// Wait waits for a turn at the host; a turn that is too far away is a *token.AskError.
	Wait(ctx context.Context, host string) error
	// Heard tells what came of a request that began at a time, and the pause that the host asked for.
	Heard(host string, status int, pause time.Duration, began time.Time)
}

// A Source asks the token service. It fits package token's Source.
type Source struct {
	client *http.Client
	pace   Pace
	config Config
}

// NewSource returns the source of a role's credentials. All that ask hosts share the pace.
func NewSource(client *http.Client, pace Pace, c Config) *Source { return &Source{client, pace, c} }

// Names under which a [token.Token] has the parts of temporary credentials; the session token is its access token.
const (
	accessKeyID     = "accessKeyId"
	secretAccessKey = "secretAccessKey"
	tokenType       = "AWS4-HMAC-SHA256"
)

// Ask makes one attempt. There is nothing to refresh: new credentials come of the old request.
func (s *Source) Ask(ctx context.Context, ask token.Ask) (token.Answer, error) {
	if host := s.config.Role.host(); host != "" && !ask.Wanted {
		if err := s.pace.Wait(ctx, host); err != nil {
			return token.Answer{}, err
		}
	}
	got, x, err := s.config.Assume(ctx, s.client)
	refusal, refused := errors.AsType[*token.AskError](err)
	s.hear(x, refusal)
	if refused {
		told := *refusal
		if x.Purpose != "" {
			x.Code, x.Outcome = told.Code, told.Err.Error()
			told.Exchanges = []token.Exchange{x}
		}
		return token.Answer{}, &told
	}
	if err != nil {
		return token.Answer{}, err
	}
	x.Outcome, x.Rule = "a token", RuleExpiration
	return token.Answer{Token: got.token(x.At), Exchanges: []token.Exchange{x}}, nil
}

// hear tells the pace what came. A complaint of too many requests has many statuses here.
func (s *Source) hear(x token.Exchange, refusal *token.AskError) {
	if x.Status == 0 {
		return // nobody answered
	}
	status, pause := x.Status, time.Duration(0)
	if refusal != nil {
		if pause = refusal.RetryAfter; slices.Contains(throttling, refusal.Code) {
			status = http.StatusTooManyRequests
		}
	}
	s.pace.Heard(x.Host, status, pause, x.At)
}

// RuleExpiration is the rule by which the expiry of a role's credentials is found out.
const RuleExpiration = "Expiration"

// A Plan is the request that [Source.Ask] would send, its secrets masked.
type Plan struct {
	*http.Request
	Action string
	Body   string
	Note   string // what the masks do not show
}

// Plan says what an attempt would send, and sends nothing.
func (s *Source) Plan() (Plan, error) {
	c := s.config
	if err := c.Validate(); err != nil {
		return Plan{}, err
	}
	request, body, err := c.request(context.Background(), seal.Secret.String)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{request, c.action(), strings.ReplaceAll(body, url.QueryEscape(seal.Mask), seal.Mask), "nothing is signed: WebIdentityToken is the token of the OpenID provider"}
	if _, region, err := c.Role.place(); err == nil && c.Identity.IsZero() {
		p.Note = "signed with the access key " + c.Credentials.AccessKeyID + " for sts in " + region + ", Signature v4"
	}
	return p, nil
}

func (t Temporary) token(began time.Time) token.Token {
	return token.Token{
		AccessToken: t.SessionToken, TokenType: tokenType,
		CreatedAt: began, ExpiresAt: t.Expires, ExpiresIn: t.Expires.Sub(began).Seconds(),
		Values: map[string]seal.Secret{accessKeyID: seal.NewSecret(t.AccessKeyID), secretAccessKey: t.SecretAccessKey},
	}
}

// Of returns the credentials that a token of a [Source] stands for.
func Of(t token.Token) Credentials {
	return Credentials{AccessKeyID: t.Values[accessKeyID].Reveal(), SecretAccessKey: t.Values[secretAccessKey], SessionToken: t.AccessToken}
}

// Masked is a token of masks, to show how a request would be signed.
func Masked() token.Token {
	mask := seal.NewSecret(seal.Mask)
	return Temporary{Credentials: Credentials{AccessKeyID: seal.Mask, SecretAccessKey: mask, SessionToken: mask}}.token(time.Time{})
}

// host is where the token service is, for the record of an exchange.
func (r Role) host() string {
	if r.Validate() != nil {
		return ""
	}
	endpoint, _, err := r.place()
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(endpoint, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// dead is how services call credentials that they take no longer.
var dead = regexp.MustCompile(`ExpiredToken|UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|[Ss]ecurity token included in the request is (expired|invalid)`)

// Rejects reports whether an answer means that temporary credentials are dead (failure mode 36): services say so by 400, 401 or
// 403, by which they mean missing rights and wrong arguments too, and by an error code in a header, or in XML or JSON.
func Rejects(status int, header http.Header, body []byte) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return dead.MatchString(header.Get("X-Amzn-Errortype")) || dead.Match(body[:min(len(body), maxReply)])
	}
	return false
}

// Validate returns fault.Invalid if the ARN is none.
func (r Role) Validate() error {
	if strings.Count(r.ARN, ":") < 5 || !strings.HasPrefix(r.ARN, "arn:") {
		return fault.New(fault.Invalid, "the role's ARN is none").WithHint("it looks like arn:aws:iam::123456789012:role/name")
	}
	return nil
}
