// Package aws signs requests to Amazon Web Services (Signature Version 4), and asks their security token service for the
// temporary credentials of a role. It makes one attempt and keeps nothing: when to ask again, and where credentials are kept, is
// others' business. A [Signer] fits package credential's Credential.
package aws

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// Credentials are an access key.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey seal.Secret
	SessionToken    seal.Secret // of temporary credentials
}

// A Signer signs requests. It is safe for concurrent use.
type Signer struct {
	credentials     Credentials
	service, region string
	signer          *v4.Signer // remembers derived keys by the access key's id alone, so it is not shared by credentials
}

// Signature returns what signs requests with the credentials. An empty service or region is read out of each request's host (see
// [Guess]).
func Signature(c Credentials, service, region string) *Signer {
	return &Signer{c, service, region, v4.NewSigner()}
}

// Place is where the signature stands.
func (s *Signer) Place() string { return "Authorization" }

// Apply signs the request as it stands, so nothing may be added to it afterwards. It writes the query, and the path of an S3
// request, as AWS encodes them: the same, in the same order. The body stays unread.
func (s *Signer) Apply(r *http.Request, show func(seal.Secret) string) error {
	if err := s.credentials.check(); err != nil {
		return err
	}
	service, region, err := s.scope(r.URL.Hostname())
	if err != nil {
		return err
	}
	payload, err := payloadHash(r, service)
	if err != nil {
		return err
	}
	normalize(r, service)
	if wantsPayloadHash(service) {
		r.Header.Set("X-Amz-Content-Sha256", payload)
	}
	draft, keys := signable(r, service), aws.Credentials{
		AccessKeyID: s.credentials.AccessKeyID, SecretAccessKey: s.credentials.SecretAccessKey.Reveal(),
		SessionToken: s.credentials.SessionToken.Reveal(),
	}
	err = s.signer.SignHTTP(r.Context(), keys, draft, payload, service, region, time.Now(), func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = escapesOnce(service)
	})
	if err != nil {
		return fault.Wrap(fault.Internal, err, "signing the request")
	}
	s.copy(r, draft, show)
	return nil
}

// copy takes over what signing has added to the draft.
func (s *Signer) copy(r, draft *http.Request, show func(seal.Secret) string) {
	r.Header.Set("X-Amz-Date", draft.Header.Get("X-Amz-Date"))
	if !s.credentials.SessionToken.IsZero() {
		r.Header.Set("X-Amz-Security-Token", show(s.credentials.SessionToken))
	}
	scope, signature, _ := strings.Cut(draft.Header.Get("Authorization"), "Signature=")
	r.Header.Set("Authorization", scope+"Signature="+show(seal.NewSecret(signature)))
}

// scope is the service and the region that the signature is good for.
func (s *Signer) scope(host string) (service, region string, err error) {
	guessed, near := read(host)
	service, region = cmp.Or(s.service, guessed), cmp.Or(s.region, near)
	if service == "" || region == "" {
		return "", "", fault.New(fault.Invalid, "the name %s does not tell which service of AWS it is, and in which region", host).
			WithHint("set the service and the region, such as execute-api and eu-west-1")
	}
	return service, region, nil
}

// check returns fault.Invalid if the credentials can't sign, or can't be sent.
func (c Credentials) check() error {
	switch {
	case c.AccessKeyID == "" || c.SecretAccessKey.IsZero():
		return fault.New(fault.Invalid, "the access key is not filled in").
			WithHint("give both the access key id and the secret access key")
	case !printable(c.AccessKeyID) || !printable(c.SecretAccessKey.Reveal()) || !printable(c.SessionToken.Reveal()):
		return fault.New(fault.Invalid, "the access key or the session token holds a blank, a line break or what else it can't have").
			WithHint("set it again without; a file often ends with a line break")
	}
	return nil
}

// printable reports whether a text has nothing but visible ASCII characters.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
