package oauth

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

// Styles of client authentication (RFC 6749 2.3, RFC 7523 2.2, RFC 8705 2). Raw is [MethodBasic] without the encoding that RFC 6749
// 2.3.1 demands, which many servers do not decode (failure mode 2).
const (
	MethodAuto          = "auto"
	MethodBasic         = "client_secret_basic"
	MethodRaw           = "client_secret_basic_raw"
	MethodPost          = "client_secret_post"
	MethodSecretJWT     = "client_secret_jwt"
	MethodPrivateKeyJWT = "private_key_jwt"
	MethodTLS           = "tls_client_auth"
	MethodNone          = "none"
)

// Marks of a style.
const (
	next = "+next" // with the second secret (failure mode 44)
	// Assertions are for the issuer, as RFC 7523 is being revised to demand, and not for the token endpoint.
	forIssuer = "+issuer"
)

// methods are the styles of client authentication to try, the one that worked last first (failure mode 1).
func (c Config) methods(worked string) []string {
	all := c.styles()
	if !c.ClientSecretNext.IsZero() && all[0] != MethodNone {
		for _, style := range slices.Clone(all) {
			all = append(all, style+next)
		}
	}
	worked, _ = format(worked)
	if i := slices.Index(all, worked); i > 0 {
		all = append([]string{worked}, slices.Delete(all, i, i+1)...)
	}
	return all
}

func (c Config) styles() (all []string) {
	method := c.AuthMethod
	if (method == "" || method == MethodAuto) && c.ClientSecret.IsZero() && !c.PrivateKey.IsZero() && c.Sign == nil {
		method = MethodPrivateKeyJWT
	}
	switch {
	case method == MethodPrivateKeyJWT || method == MethodSecretJWT:
		if all = []string{method}; c.Issuer != "" {
			all = append(all, method+forIssuer)
		}
		return all
	case c.AuthMethod != "" && c.AuthMethod != MethodAuto && c.AuthMethod != MethodBasic:
		return []string{c.AuthMethod}
	case c.ClientSecret.IsZero() && c.AuthMethod != MethodBasic:
		return []string{MethodNone} // a public client (RFC 6749 2.3.1), or one that its certificate authenticates
	case c.encodingMatters():
		all = []string{MethodBasic, MethodRaw}
	default:
		all = []string{MethodBasic}
	}
	if c.AuthMethod != MethodBasic {
		all = append(all, MethodPost)
	}
	return all
}

// encodingMatters reports whether the encoding of RFC 6749 2.3.1 changes the client's id or secret.
func (c Config) encodingMatters() bool {
	return url.QueryEscape(c.ClientID) != c.ClientID || url.QueryEscape(c.ClientSecret.Reveal()) != c.ClientSecret.Reveal()
}

// authenticate puts the client's authentication on a call.
func (v *env) authenticate(c *call, method string) error {
	method = v.shape(c, method)
	style, second := strings.CutSuffix(method, next)
	audience := bare(c.url)
	if own, issuer := strings.CutSuffix(style, forIssuer); issuer {
		style, audience = own, v.config.Issuer
	}
	id, s := v.config.ClientID, v.config.ClientSecret
	if second {
		s = v.config.ClientSecretNext
	}
	v.sent[s.Reveal()] = true
	switch style {
	case MethodBasic:
		v.header(c, basic(url.QueryEscape(id), url.QueryEscape(s.Reveal())))
	case MethodRaw:
		v.header(c, basic(id, s.Reveal()))
	case MethodPost:
		c.params = c.params.set("client_id", plain(id))
		if !s.IsZero() {
			c.params = c.params.set("client_secret", hidden(s))
		}
	case MethodSecretJWT, MethodPrivateKeyJWT:
		assertion, err := v.clientAssertion(style, s, audience)
		if err != nil {
			return v.wrong(err)
		}
		c.params = c.params.set("client_id", plain(id)).
			set("client_assertion_type", plain("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")).
			set("client_assertion", hidden(assertion))
	case MethodNone, MethodTLS:
		if id != "" {
			c.params = c.params.set("client_id", plain(id))
		}
	}
	return nil
}

func (v *env) header(c *call, credentials seal.Secret) {
	_, pair, _ := strings.Cut(credentials.Reveal(), " ")
	v.sent[pair] = true
	value, _ := expand.Constant("Basic ").Expand(expand.Scope{})
	c.headers["Authorization"] = value.Join(hidden(seal.NewSecret(pair)))
}

// bare is a URL without its query.
func bare(u *url.URL) string {
	own := *u
	own.RawQuery = ""
	return own.String()
}

// assertionLife is long enough for a slow request and a clock that is a little off.
const assertionLife = 2 * time.Minute

// clientAssertion is a JWT that authenticates the client (RFC 7523 3).
func (v *env) clientAssertion(style string, s seal.Secret, audience string) (seal.Secret, error) {
	claims, err := json.Marshal(map[string]any{
		"iss": v.config.ClientID, "sub": v.config.ClientID, "aud": audience, "jti": newUUID(),
		"iat": v.now.Unix(), "exp": v.now.Add(assertionLife).Unix(),
	}, json.Deterministic(true))
	if err != nil {
		return seal.Secret{}, err
	}
	if style == MethodSecretJWT {
		key, err := jwt.HMACKey(s, "")
		if err != nil {
			return seal.Secret{}, err
		}
		return jwt.Sign(key, v.config.SigningAlg, nil, claims)
	}
	key, header, err := v.config.signingKey()
	if err != nil {
		return seal.Secret{}, err
	}
	return jwt.Sign(key, v.config.SigningAlg, header, claims)
}

// signingKey is the private key, and the header's members that tell the server which it is (RFC 7515 4.1).
func (c Config) signingKey() (jwt.Key, []byte, error) {
	if c.PrivateKey.IsZero() {
		return jwt.Key{}, nil, fault.New(fault.Invalid, "there is no private key to sign with").WithHint("fill in private_key")
	}
	key, err := jwt.ParseKey(c.PrivateKey)
	if err != nil {
		return jwt.Key{}, nil, err
	}
	header := map[string]any{}
	if c.KeyID != "" {
		header["kid"] = c.KeyID
	}
	if c.Certificate != "" {
		if err := jwt.Matches(key, c.Certificate); err != nil {
			return jwt.Key{}, nil, err
		}
		if header["x5t#S256"], err = jwt.CertificateThumbprint(c.Certificate); err != nil {
			return jwt.Key{}, nil, err
		}
	}
	raw, err := json.Marshal(header, json.Deterministic(true))
	return key, raw, err
}
