package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Entry is the facts of one service. The texts of URLs, parameters, headers and claims are templates.
type Entry struct {
	Name string `json:"-"`

	AuthMode string `json:"auth_mode"`
	AliasOf  string `json:"alias_of"`

	TokenURL               string `json:"token_url"`
	TokenRequestMethod     string `json:"token_request_method"`
	TokenRequestAuthMethod string `json:"token_request_auth_method"`
	AuthorizationMethod    string `json:"authorization_method"`
	BodyFormat             string `json:"body_format"`
	TokenParams            Object `json:"token_params"`
	TokenHeaders           Object `json:"token_headers"`
	AdditionalSteps        []Step `json:"additional_steps"`

	RefreshURL          string `json:"refresh_url"`
	RefreshParams       Object `json:"refresh_params"`
	RefreshTokenParams  Object `json:"refresh_token_params"`
	RefreshTokenHeaders Object `json:"refresh_token_headers"`

	TokenResponse                    *Response    `json:"token_response"`
	TokenResponseHeaders             []string     `json:"token_response_headers"`
	AlternateAccessTokenResponsePath string       `json:"alternate_access_token_response_path"`
	TokenResponseMetadata            []string     `json:"token_response_metadata"`
	RedirectURIMetadata              []string     `json:"redirect_uri_metadata"`
	TokenExpiresInMS                 *json.Number `json:"token_expires_in_ms"`
	ExpiresInUnit                    string       `json:"expires_in_unit"`
	TokenExpirationBuffer            int          `json:"token_expiration_buffer"`

	AuthorizationParams              Object   `json:"authorization_params"`
	AuthorizationCodeParamInCallback string   `json:"authorization_code_param_in_callback"`
	PKCE                             *bool    `json:"pkce"`
	ScopeSeparator                   *string  `json:"scope_separator"`
	DefaultScopes                    []string `json:"default_scopes"`

	RequireClientCertificate bool       `json:"require_client_certificate"`
	Signature                *Signature `json:"signature"`
	Token                    *Token     `json:"token"`
	Assertion                *Assertion `json:"assertion"`

	BaseURL                  string `json:"base_url"`
	CallHeaders              Object `json:"call_headers"`
	CallQuery                Object `json:"call_query"`
	ForwardHeadersOnRedirect bool   `json:"forward_headers_on_redirect"`

	Credentials       []string `json:"credentials"`
	ConnectionConfig  []string `json:"connection_config"`
	IntegrationConfig []string `json:"integration_config"`
	AssertionOption   []string `json:"assertion_option"`

	Quirks []string `json:"quirks"`
	Notes  []string `json:"notes"`
}

// Step is a request that follows the first.
type Step struct {
	TokenURL           string `json:"token_url"`
	TokenRequestMethod string `json:"token_request_method"`
	BodyFormat         string `json:"body_format"`
	TokenParams        Object `json:"token_params"`
	TokenHeaders       Object `json:"token_headers"`
}

// Response says where things are in the answer: dotted paths, of which an empty one is the whole body.
type Response struct {
	Token                   string `json:"token"`
	TokenExpiration         string `json:"token_expiration"`
	TokenExpirationStrategy string `json:"token_expiration_strategy"`
	RefreshToken            string `json:"refresh_token"`
}

// Signature says how a token that is made is signed: EC, RSA, HMAC or WSSE.
type Signature struct {
	Protocol           string `json:"protocol"`
	HMACSecretEncoding string `json:"hmac_secret_encoding"`
}

// Token is a token that is made and not asked for, or a JWT that the token request carries.
type Token struct {
	SigningKey  string      `json:"signing_key"`
	ExpiresInMS json.Number `json:"expires_in_ms"`
	Header      Object      `json:"header"`
	Payload     Object      `json:"payload"`
}

// Assertion is a signed text that the token request carries: jwt or saml.
type Assertion struct {
	Type              string          `json:"type"`
	Key               string          `json:"key"`
	LifetimeInSeconds json.RawMessage `json:"lifetimeInSeconds"` // a number, or a text that holds one

	Header  Object `json:"header"`
	Payload Object `json:"payload"`

	Issuer         string `json:"issuer"`
	Audiences      string `json:"audiences"`
	Attributes     Object `json:"attributes"`
	SessionIndex   string `json:"sessionIndex"`
	NameIdentifier string `json:"nameIdentifier"`
	Recipient      string `json:"recipient"`
}

// lifetime is how long the assertion may be good.
func (a Assertion) lifetime() time.Duration {
	seconds, err := strconv.ParseInt(strings.Trim(string(a.LifetimeInSeconds), `"`), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// Path is where the catalogue is: $CATALOGUE, or shared/reference/token-endpoints.json in a folder above this one. It is no part
// of the repository.
func Path() (string, error) {
	if path := os.Getenv("CATALOGUE"); path != "" {
		return path, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		path := filepath.Join(parent, "shared", "reference", "token-endpoints.json")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no catalogue: CATALOGUE does not name one")
}

// Load reads the entries of a file, in its order.
func Load(path string) ([]Entry, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Decode(text)
}

// Decode reads entries. A field that is not known is an error, so that a new one is never overlooked.
func Decode(text []byte) ([]Entry, error) {
	file, err := decodeObject(text)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(file))
	for _, m := range file {
		facts, err := json.Marshal(m.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		entry := Entry{Name: m.Name}
		d := json.NewDecoder(bytes.NewReader(facts))
		d.DisallowUnknownFields()
		if err := d.Decode(&entry); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}
