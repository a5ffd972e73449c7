// Package oauth asks token endpoints: it builds the request of a grant, authenticates the client, and reads whatever the server
// answers (RFC 6749, and what servers make of it). It makes one attempt; when to ask, and what to keep, is package token's.
package oauth

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// Styles of client authentication. Raw is [MethodBasic] without the encoding that RFC 6749 2.3.1 demands, which many servers
// do not decode (failure mode 2).
const (
	MethodAuto  = "auto"
	MethodBasic = "client_secret_basic"
	MethodRaw   = "client_secret_basic_raw"
	MethodPost  = "client_secret_post"
	MethodNone  = "none"
)

// A Config is how one token endpoint is asked.
type Config struct {
	Grant          string // model.GrantPassword or model.GrantClientCredentials; others can only refresh
	TokenURL       string // absolute
	RefreshURL     string // absolute; empty: no refresh
	ClientID       string
	ClientSecret   seal.Secret
	Username       string
	Password       seal.Secret
	AuthMethod     string   // a style of client authentication; empty: auto
	Scope          []string // empty: not sent
	ScopeSeparator string   // a blank by default (failure mode 5)
	// Parameters are sent in the body of the token request, and not with a refresh (failure mode 39).
	Parameters map[string]seal.Secret
	Response   Response
	Lifetime   time.Duration // of a token whose answer does not say; 0: unknown
}

// Response says where an answer tells the expiry.
type Response struct {
	ExpiresIn string // a dotted path; empty: where RFC 6749 5.1 says
	ExpiresAt string // a dotted path
	Unit      string // of ExpiresIn: "s" (the default) or "ms"
}

// Digest is of everything that shapes the request: a token got with another one is not used (failure mode 25). It covers
// passwords, so it is a secret.
func (c Config) Digest() seal.Secret {
	h := sha256.New()
	add := func(texts ...string) {
		fmt.Fprintf(h, "%d;", len(texts))
		for _, t := range texts {
			fmt.Fprintf(h, "%d:%s", len(t), t)
		}
	}
	add(c.Grant, c.TokenURL, c.RefreshURL, c.ClientID, c.ClientSecret.Reveal(), c.Username, c.Password.Reveal(), c.AuthMethod, c.ScopeSeparator)
	add(c.Scope...)
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		add(name, c.Parameters[name].Reveal())
	}
	return seal.NewSecret(hex.EncodeToString(h.Sum(nil)))
}

// Validate returns fault.Invalid if the configuration does not suffice to ask for a new token; it names the fields.
func (c Config) Validate() error {
	var missing []string
	need := func(field string, have bool) {
		if !have {
			missing = append(missing, field)
		}
	}
	switch c.Grant {
	case model.GrantClientCredentials:
		need("client_id", c.ClientID != "")
	case model.GrantPassword:
		need("username", c.Username != "")
		need("password", !c.Password.IsZero())
	default:
		return fault.New(fault.Invalid, "a token of the grant type %q can't be asked for without a person", c.Grant)
	}
	need("token_url", c.TokenURL != "")
	if len(missing) > 0 {
		return fault.New(fault.Invalid, "%s not filled in", strings.Join(missing, ", "))
	}
	return nil
}

// New returns the source of tokens of the configuration. It follows no redirect, whatever the client does: a POST with
// credentials never leaves its host (failure mode 10). All sources of a process share the pace.
func New(client *http.Client, pace *Pace, c Config) token.Source {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &source{&own, pace, c}
}

type source struct {
	client *http.Client
	pace   *Pace
	config Config
}
