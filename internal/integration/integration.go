// Package integration is a configured instance of a model: its settings, what they are by default, what is wrong with them, how
// they are shown, and which security schemes authenticate an operation. It keeps nothing, and never asks for a token.
package integration

import (
	"crypto/rand"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/reference"
	"carnet.dev/carnet/internal/seal"
)

// An Integration is a configured instance of a model.
type Integration struct {
	UID      string    `json:"uid"` // drawn once; token records hang on it, so a new integration of an old name finds no old token
	Name     string    `json:"name"`
	Model    string    `json:"model"` // versionId
	Settings Settings  `json:"settings"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
}

// Settings are what a person fills in.
type Settings struct {
	Server         Server                    `json:"server"`
	TLS            TLS                       `json:"tls"`
	Authentication map[string]Authentication `json:"authentication,omitzero"` // by security scheme
	// Security says which schemes every operation uses, in place of what the document says; nil: the document's word counts.
	Security  []model.Requirement       `json:"security,omitzero"`
	Variables map[string]jsontext.Value `json:"variables,omitzero"`
	Version   string                    `json:"version,omitzero"`
}

// A Server is where the API is.
type Server struct {
	Protocol string `json:"protocol"`      // http or https
	Host     string `json:"host"`          // without port; empty: to be filled in
	Port     int    `json:"port,omitzero"` // 0: the protocol's
	BasePath string `json:"base_path"`     // put before the path of every operation
	// OperationHosts are the hosts, separated by blanks, to which single operations may go by servers of their own.
	OperationHosts string `json:"operation_hosts,omitzero"`
}

// TLS settings; texts are PEM.
type TLS struct {
	Enabled            bool        `json:"enabled"`
	RejectUnauthorized bool        `json:"rejectUnauthorized"`
	CA                 string      `json:"ca,omitzero"`
	Certificate        string      `json:"certificate,omitzero"`
	Key                seal.Secret `json:"key,omitzero"`
}

// Authentication is what one security scheme needs; which of the fields depends on its type ([Fields]).
type Authentication struct {
	// The definition of a scheme that the document lacks, or what it says wrong (OpenAPI 3.1, 4.8.27).
	Type   string       `json:"type,omitzero"`
	In     string       `json:"in,omitzero"`
	Name   string       `json:"name,omitzero"`
	Scheme string       `json:"scheme,omitzero"`
	Flows  *model.Flows `json:"flows,omitzero"`

	Value    seal.Secret     `json:"value,omitzero"`  // apiKey
	Bearer   seal.Secret     `json:"bearer,omitzero"` // http bearer; on the wire the entry is this text itself
	Format   recipe.Template `json:"format,omitzero"` // how an apiKey or http credential is written
	Username string          `json:"username,omitzero"`
	Password seal.Secret     `json:"password,omitzero"`

	AWS // awsSigv4

	CA  string      `json:"ca,omitzero"`  // mutualTLS, like the next; its certificate is Certificate
	Key seal.Secret `json:"key,omitzero"` // PEM, of the certificate

	GrantType        string                 `json:"grant_type,omitzero"`
	ClientID         string                 `json:"client_id,omitzero"`
	ClientSecret     seal.Secret            `json:"client_secret,omitzero"`
	ClientSecretNext seal.Secret            `json:"client_secret_next,omitzero"`
	AuthMethod       string                 `json:"auth_method,omitzero"`
	PrivateKey       seal.Secret            `json:"private_key,omitzero"`
	KeyID            string                 `json:"key_id,omitzero"`
	Certificate      string                 `json:"certificate,omitzero"` // PEM; for mutualTLS the client's, else of the private key
	SigningAlg       string                 `json:"signing_alg,omitzero"`
	Scope            string                 `json:"scope,omitzero"` // separated by blanks
	ScopeSeparator   string                 `json:"scope_separator,omitzero"`
	Resource         string                 `json:"resource,omitzero"` // separated by blanks
	Assertion        seal.Secret            `json:"assertion,omitzero"`
	SubjectToken     seal.Secret            `json:"subject_token,omitzero"`
	SubjectTokenType string                 `json:"subject_token_type,omitzero"`
	Issuer           string                 `json:"issuer,omitzero"`
	OpenIDConnectURL string                 `json:"openid_connect_url,omitzero"`
	AuthorizationURL string                 `json:"authorization_url,omitzero"`
	DeviceURL        string                 `json:"device_url,omitzero"`
	TokenURL         string                 `json:"token_url,omitzero"`
	RefreshURL       string                 `json:"refresh_url,omitzero"`
	RevocationURL    string                 `json:"revocation_url,omitzero"`
	IntrospectionURL string                 `json:"introspection_url,omitzero"`
	RedirectURI      string                 `json:"redirect_uri,omitzero"`
	Parameters       map[string]seal.Secret `json:"parameters,omitzero"`
	Secrets          map[string]seal.Secret `json:"secrets,omitzero"`
	Lifetime         float64                `json:"lifetime,omitzero"`         // seconds, like the next three
	RenewBefore      float64                `json:"renew_before,omitzero"`     // before expiry
	SessionLifetime  float64                `json:"session_lifetime,omitzero"` // from the login on
	MaxRefreshes     int                    `json:"max_refreshes,omitzero"`    // 0: any number
	DPoP             bool                   `json:"dpop,omitzero"`
	ServerURL        recipe.Template        `json:"server_url,omitzero"`

	Request       *recipe.Request       `json:"request,omitzero"`
	Refresh       *recipe.Refresh       `json:"refresh,omitzero"`
	Response      *recipe.Response      `json:"response,omitzero"`
	Inject        []recipe.Injection    `json:"inject,omitzero"`
	RejectOn      *recipe.Rejection     `json:"reject_on,omitzero"`
	Logout        *recipe.Call          `json:"logout,omitzero"`
	Steps         []recipe.Step         `json:"steps,omitzero"`
	Sign          *recipe.Signature     `json:"sign,omitzero"`
	Authorization *recipe.Authorization `json:"authorization,omitzero"`

	// ClientSecretExpiresAt is when the client secret ends (RFC 7591 3.2.1, failure mode 45); zero: not known, or never.
	ClientSecretExpiresAt time.Time `json:"client_secret_expires_at,omitzero"`

	// Placed are the parameters that go where the document says, and not with the token request by themselves: ${placed.0} is the
	// first of them. [Settings.Effective] fills them in.
	Placed []string `json:"-"`

	// Token is what a person typed. It comes with settings and is never stored in them: [Settings.TakeTokens].
	Token *Token `json:"-"`
}

// AWS is what Signature v4 needs.
type AWS struct {
	AccessKeyID     string      `json:"accessKeyId,omitzero"`
	SecretAccessKey seal.Secret `json:"secretAccessKey,omitzero"`
	SessionToken    seal.Secret `json:"sessionToken,omitzero"`
	Region          string      `json:"region,omitzero"`
	Service         string      `json:"service,omitzero"`

	// With a role, the access key or the token of an OpenID provider gets temporary credentials, which sign.
	RoleARN          string      `json:"roleArn,omitzero"`
	RoleSessionName  string      `json:"roleSessionName,omitzero"`
	ExternalID       string      `json:"externalId,omitzero"`
	DurationSeconds  int         `json:"durationSeconds,omitzero"`
	WebIdentityToken seal.Secret `json:"webIdentityToken,omitzero"`
	STSEndpoint      string      `json:"stsEndpoint,omitzero"`
}

// A Token is a scheme's token as it stands among the settings.
type Token struct {
	AccessToken  seal.Secret
	RefreshToken seal.Secret
	TokenType    string
	Scope        string
	ExpiresIn    float64 // seconds
	ExpiresAt    time.Time
	CreatedAt    time.Time
}

// New returns an integration of the model with the settings that its document suggests.
func New(m *model.Model, name string) Integration {
	return Integration{UID: rand.Text(), Name: name, Model: m.VersionID, Settings: defaults(m)}
}

// defaults are the settings that a document suggests. What it does not tell is left empty, to be filled in.
func defaults(m *model.Model) Settings {
	server := defaultServer(m.Servers, m.Origin)
	server.OperationHosts = operationHosts(m, server)
	s := Settings{
		Server:         server,
		TLS:            TLS{Enabled: server.Protocol == "https", RejectUnauthorized: true},
		Authentication: map[string]Authentication{},
		Variables:      map[string]jsontext.Value{},
		Version:        m.Version,
	}
	for _, scheme := range m.Schemes {
		s.Authentication[scheme.Key], _ = defaultAuthentication(scheme, m)
	}
	return s
}

// TakeTokens takes the tokens that a person typed out of the settings, by scheme. An API key that could be fetched is one: it is good
// until the API refuses it.
func (s *Settings) TakeTokens(m *model.Model) map[string]Token {
	tokens := map[string]Token{}
	for name, a := range s.Authentication {
		if scheme, _ := m.Scheme(name); extensionsOf(scheme).Retrieval != nil && a.GrantType == model.GrantRequest && a.Token == nil &&
			!a.Value.IsZero() && !reference.Is(a.Value.Reveal()) {
			a.Token, a.Value = &Token{AccessToken: a.Value}, seal.Secret{}
		}
		if a.Token != nil {
			tokens[name] = *a.Token
			a.Token = nil
			s.Authentication[name] = a
		}
	}
	return tokens
}

const maxName = 128 // characters

// ValidName returns fault.Invalid if an integration can't be called that.
func ValidName(name string) error {
	bad := func(r rune) bool { return r == '/' || unicode.IsControl(r) || r == utf8.RuneError }
	if name == "" || strings.TrimSpace(name) != name || name == "." || name == ".." ||
		utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, bad) {
		return fault.New(fault.Invalid, "an integration can't have the name %q", name).
			WithHint("use 1 to %d characters, without slashes, line breaks, or blanks at the ends", maxName)
	}
	return nil
}
