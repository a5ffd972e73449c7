package oauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A Consent is what an authorization request and the token request after it have in common.
type Consent struct {
	State       seal.Secret
	Verifier    seal.Secret // of PKCE (RFC 7636); empty: not used
	Nonce       seal.Secret // of the ID token; empty: none is asked for
	RedirectURI string
}

// NewConsent draws the secrets of a consent.
func (c Config) NewConsent(redirectURI string) Consent {
	consent := Consent{State: draw(), RedirectURI: redirectURI}
	if c.Authorization.PKCE == nil || *c.Authorization.PKCE {
		consent.Verifier = draw()
	}
	if own, given := c.Authorization.Params["nonce"]; slices.Contains(c.Scope, "openid") && (own != "" || !given) {
		consent.Nonce = draw()
	}
	return consent
}

// draw returns 43 characters that nobody can guess (RFC 7636 4.1).
func draw() seal.Secret {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return seal.NewSecret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// AuthorizationURL is where a person's browser goes to consent (RFC 6749 4.1.1, RFC 9700 2.1). fault.Invalid if the configuration does
// not suffice.
func (s *Source) AuthorizationURL(ctx context.Context, consent Consent) (string, error) {
	c, err := s.resolved(ctx)
	if err != nil {
		return "", err
	}
	if c.AuthorizationURL == "" || c.ClientID == "" {
		return "", fault.New(fault.Invalid, "authorization_url or client_id is not filled in").WithHint("both are needed before a person can consent")
	}
	v := newEnv(c, token.Ask{With: map[string]seal.Secret{"state": consent.State, "redirect_uri": seal.NewSecret(consent.RedirectURI)}})
	to, err := v.url(recipe.Template(c.AuthorizationURL))
	if err != nil {
		return "", err
	}
	query := url.Values{"response_type": {"code"}, "client_id": {c.ClientID}, "redirect_uri": {consent.RedirectURI}, "state": {consent.State.Reveal()}}
	if scope := c.scope(); scope != "" {
		query.Set("scope", scope)
	}
	if len(c.Resource) > 0 {
		query["resource"] = c.Resource
	}
	if !consent.Verifier.IsZero() {
		sum := sha256.Sum256([]byte(consent.Verifier.Reveal()))
		query.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		query.Set("code_challenge_method", "S256")
	}
	if !consent.Nonce.IsZero() {
		query.Set("nonce", consent.Nonce.Reveal())
	}
	for name, t := range sorted(c.Authorization.Params) {
		value, err := v.fill(t)
		if err != nil {
			return "", err
		}
		if query.Set(name, value.Reveal()); t == "" {
			query.Del(name)
		}
	}
	addQuery(to, query)
	return to.String(), nil
}

// Redirected reads the redirect that ends a consent: what to ask for a token with. fault.Upstream if the service or the person refused.
func (s *Source) Redirected(ctx context.Context, consent Consent, query url.Values) (map[string]seal.Secret, error) {
	c, err := s.resolved(ctx)
	if err != nil {
		return nil, err
	}
	if code := query.Get("error"); code != "" {
		return nil, fault.New(fault.Upstream, "the service did not connect: %s", describe(code, query.Get("error_description"))).
			WithHint("begin again, and consent; or correct scope, client_id and redirect_uri if the service complains of them")
	}
	if iss := query.Get("iss"); c.Issuer != "" && iss != c.Issuer && (iss != "" || c.issInRedirect) { // RFC 9207 2.4
		return nil, fault.New(fault.Denied, "the redirect came from the issuer %q, not from %q", printable(iss, 200), c.Issuer)
	}
	name := c.Authorization.Code
	if name == "" {
		name = "code"
	}
	if query.Get(name) == "" {
		return nil, fault.New(fault.Invalid, "the redirect holds no %s", name).WithHint("if the service calls it otherwise, set authorization.code")
	}
	with := map[string]seal.Secret{
		"code": seal.NewSecret(query.Get(name)), "redirect_uri": seal.NewSecret(consent.RedirectURI),
		"code_verifier": consent.Verifier, "state": consent.State, "nonce": consent.Nonce,
	}
	for name := range maps.Keys(query) {
		with["redirect."+name] = seal.NewSecret(query.Get(name))
	}
	return with, nil
}

func describe(code, description string) string {
	if description == "" {
		return printable(code, 60)
	}
	return printable(code, 60) + " (" + printable(description, 200) + ")"
}

// checkNonce compares the nonce of an ID token with the one that was asked for (OpenID Connect Core 3.1.3.7). It came from the token
// endpoint itself, so its signature need not be checked.
func (v *env) checkNonce(d *document) error {
	want, idToken := v.ask.With["nonce"], textOf(d.at("id_token"))
	if want.IsZero() || idToken == "" {
		return nil
	}
	var claims struct {
		Nonce string `json:"nonce"`
	}
	if parts := strings.Split(idToken, "."); len(parts) == 3 {
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil || json.Unmarshal(payload, &claims) != nil {
			claims.Nonce = "" // half a text may have been read
		}
	}
	if !seal.NewSecret(claims.Nonce).Equal(want) {
		return &token.AskError{Reason: "other_nonce", Permanent: true, Err: fault.New(fault.Denied, "the ID token has another nonce than the one that was asked for").
			WithHint("begin again; if it happens again, somebody may be tampering with the answers")}
	}
	return nil
}
