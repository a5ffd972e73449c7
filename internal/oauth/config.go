// Package oauth asks token endpoints: it builds the requests of a grant, authenticates the client, and reads whatever the server
// answers (RFC 6749, and what servers make of it), by a recipe where a service is unlike the others. It makes one attempt; when to
// ask, and what to keep, is package token's.
package oauth

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A Config is how one token endpoint is asked. URLs, and the texts of recipes, are templates.
type Config struct {
	Grant string // a value of model.Grant..., or what is sent as grant_type

	Issuer           string // whose metadata fill in the URLs that are empty
	MetadataURL      string // where those are, if the issuer's name does not tell
	TokenURL         string
	RefreshURL       string // empty: no refresh
	DeviceURL        string
	AuthorizationURL string
	RevocationURL    string
	IntrospectionURL string
	RedirectURI      string

	ClientID         string
	ClientSecret     seal.Secret
	ClientSecretNext seal.Secret // tried when the first is refused (failure mode 44)
	AuthMethod       string      // a style of client authentication; empty: auto
	PrivateKey       seal.Secret // PEM or JWK; signs client assertions and Sign
	KeyID            string
	Certificate      string // PEM, of the private key
	SigningAlg       string

	Username         string
	Password         seal.Secret
	Assertion        seal.Secret
	SubjectToken     seal.Secret
	SubjectTokenType string
	Scope            []string // empty: not sent
	ScopeSeparator   string   // a blank by default (failure mode 5)
	Resource         []string // RFC 8707

	// Parameters are sent with the token request, and not with a refresh (failure mode 39).
	Parameters map[string]seal.Secret
	Placed     []string                  // those of them that only templates send: ${placed.0} is the first
	Secrets    map[string]seal.Secret    // for templates: ${secrets.name}
	Variables  map[string]jsontext.Value // for templates: ${variables.name}

	Request       recipe.Request
	Refresh       *recipe.Refresh
	Response      recipe.Response
	Steps         []recipe.Step
	Sign          *recipe.Signature
	Authorization recipe.Authorization
	Logout        *recipe.Call
	Keep          []string // names of the answer's further values that calls want: those of ${token.NAME} and ${redirect.NAME}
	DPoP          bool

	issInRedirect bool // the issuer's metadata promise it

	Lifetime time.Duration // of a token whose answer does not say; 0: unknown
	Limits   token.Limits
}

// revealing writes secrets as they are; for digests only.
var revealing = json.WithMarshalers(json.JoinMarshalers(
	json.MarshalToFunc(func(e *jsontext.Encoder, s seal.Secret) error { return e.WriteToken(jsontext.String(s.Reveal())) }),
	json.MarshalToFunc(func(e *jsontext.Encoder, d time.Duration) error { return e.WriteToken(jsontext.Int(int64(d))) }),
))

// Digest is of everything that shapes the requests: a token got with another one is not used (failure mode 25). It covers
// passwords, so it is a secret. Variables count where a template reads them.
func (c Config) Digest() seal.Secret {
	c.Variables = c.variablesRead()
	raw, err := json.Marshal(c, revealing, json.Deterministic(true), json.FormatNilMapAsNull(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		raw = []byte(err.Error()) // not for what Config holds; and then all such are one
	}
	sum := sha256.Sum256(raw)
	return seal.NewSecret(hex.EncodeToString(sum[:]))
}

func (c Config) variablesRead() map[string]jsontext.Value {
	read := map[string]jsontext.Value{}
	for path := range c.paths() {
		if name, ok := strings.CutPrefix(path, "variables."); ok {
			if v, have := c.variable(name); have {
				read[name] = v
			}
		}
	}
	return read
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
	case model.GrantJWTBearer, model.GrantSAMLBearer:
		need("assertion", !c.Assertion.IsZero() || c.Sign != nil)
	case model.GrantTokenExchange:
		need("subject_token", !c.SubjectToken.IsZero())
	case model.GrantSigned:
		need("sign", c.Sign != nil)
		need("private_key", !c.PrivateKey.IsZero())
	case "", model.GrantAuthorizationCode, model.GrantDeviceCode, model.GrantImplicit:
		return fault.New(fault.Invalid, "a token of the grant type %q can't be asked for without a person", c.Grant)
	}
	need("token_url", c.TokenURL != "" || c.discovers() || c.Grant == model.GrantSigned)
	if c.signsAssertions() {
		need("private_key", !c.PrivateKey.IsZero())
	}
	if len(missing) > 0 {
		return fault.New(fault.Invalid, "%s not filled in", strings.Join(missing, ", "))
	}
	return nil
}

func (c Config) signsAssertions() bool {
	return c.AuthMethod == MethodPrivateKeyJWT || c.Sign != nil && !slices.Contains([]string{"HS256", "HS384", "HS512"}, c.Sign.Alg)
}

// CanRefresh reports whether there is a way to spend a refresh token.
func (c Config) CanRefresh() bool {
	return c.RefreshURL != "" || c.Refresh != nil || c.discovers() && c.Grant != model.GrantRequest
}

func (c Config) discovers() bool { return c.Issuer != "" || c.MetadataURL != "" }
