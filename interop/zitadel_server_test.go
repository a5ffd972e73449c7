package interop_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// A zitadelServer is the OpenID provider of github.com/zitadel/oidc. Its clients are zitadelClients, its service account is
// called zitadelService and signs with any of the keys.
type zitadelServer struct {
	Issuer, Token, Device, Introspection, Revocation string
	kept                                             *zitadelStorage
}

const zitadelService = "service"

// zitadelAlgorithms are those of assertions; the library knows no EdDSA there.
var zitadelAlgorithms = algorithms[:3]

// startZitadel returns the server, one for all tests.
func startZitadel(t *testing.T) *zitadelServer {
	t.Helper()
	s, err := zitadelOnce()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var zitadelOnce = sync.OnceValues(func() (*zitadelServer, error) {
	pages := http.NewServeMux()
	listening := httptest.NewServer(pages)
	s := &zitadelServer{
		Issuer: listening.URL, Token: listening.URL + "/oauth/token", Device: listening.URL + "/device_authorization",
		Introspection: listening.URL + "/oauth/introspect", Revocation: listening.URL + "/revoke", kept: newZitadelStorage(),
	}
	provider, err := op.NewProvider(&op.Config{
		CodeMethodS256: true, AuthMethodPost: true, AuthMethodPrivateKeyJWT: true, GrantTypeRefreshToken: true,
		DeviceAuthorization: op.DeviceAuthorizationConfig{
			Lifetime: time.Minute, PollInterval: time.Second, UserFormPath: "/device", UserCode: op.UserCodeBase20,
		},
	}, s.kept, op.StaticIssuer(s.Issuer), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	signedIn := op.AuthCallbackURL(provider)
	own := asserted{op.NewLegacyServer(provider, *op.DefaultEndpoints)}
	quiet := op.WithFallbackLogger(slog.New(slog.DiscardHandler))
	pages.Handle("/", op.RegisterLegacyServer(own, op.AuthorizeCallbackHandler(provider), quiet))
	pages.HandleFunc("/login", page(func(w http.ResponseWriter, r *http.Request) {
		s.kept.signedIn(r.Form.Get("id"), r.Form.Get("username"))
		http.Redirect(w, r, signedIn(op.ContextWithIssuer(r.Context(), s.Issuer), r.Form.Get("id")), http.StatusFound)
	}))
	pages.HandleFunc("/device", page(func(w http.ResponseWriter, r *http.Request) {
		s.kept.decide(r.Form.Get("user_code"), r.Form.Get("username"))
		io.WriteString(w, "<p>The device may go on.")
	}))
	return s, nil
})

// An asserted server lets clients that sign assertions ask with client credentials too, which the library itself does not.
type asserted struct{ *op.LegacyServer }

func (s asserted) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	if r.Data.ClientAssertion == "" {
		return s.LegacyServer.VerifyClient(ctx, r)
	}
	client, err := op.AuthorizePrivateJWTKey(ctx, r.Data.ClientAssertion, s.Provider().(op.JWTAuthorizationGrantExchanger))
	if err != nil {
		return nil, oidc.ErrInvalidClient().WithParent(err)
	}
	return client, nil
}

// A zitadelClient is a registered client.
type zitadelClient struct {
	id, secret string
	method     oidc.AuthMethod
	kind       op.ApplicationType
	grants     []oidc.GrantType
}

var zitadelClients = func() map[string]*zitadelClient {
	credentials := []oidc.GrantType{oidc.GrantTypeClientCredentials}
	code := []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
	device := []oidc.GrantType{oidc.GrantTypeDeviceCode, oidc.GrantTypeRefreshToken}
	exchange := []oidc.GrantType{oidc.GrantTypeTokenExchange}
	all := []*zitadelClient{
		{robotID, robotSecret, oidc.AuthMethodBasic, op.ApplicationTypeWeb, credentials},
		{appID, appSecret, oidc.AuthMethodPost, op.ApplicationTypeWeb, code},
		{"app-public", "", oidc.AuthMethodNone, op.ApplicationTypeNative, code},
		{"app-signed", "", oidc.AuthMethodPrivateKeyJWT, op.ApplicationTypeWeb, code},
		{"tv", "", oidc.AuthMethodNone, op.ApplicationTypeNative, device},
		{"printer", "a printer has a secret", oidc.AuthMethodBasic, op.ApplicationTypeWeb, device},
		{"exchanger", "for another", oidc.AuthMethodBasic, op.ApplicationTypeWeb, exchange},
	}
	for _, alg := range zitadelAlgorithms {
		all = append(all, &zitadelClient{"robot-" + alg, "", oidc.AuthMethodPrivateKeyJWT, op.ApplicationTypeWeb, credentials})
	}
	clients := map[string]*zitadelClient{}
	for _, c := range all {
		clients[c.id] = c
	}
	return clients
}()

func (c *zitadelClient) GetID() string                       { return c.id }
func (c *zitadelClient) RedirectURIs() []string              { return callbacks }
func (c *zitadelClient) PostLogoutRedirectURIs() []string    { return nil }
func (c *zitadelClient) ApplicationType() op.ApplicationType { return c.kind }
func (c *zitadelClient) AuthMethod() oidc.AuthMethod         { return c.method }
func (c *zitadelClient) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c *zitadelClient) GrantTypes() []oidc.GrantType         { return c.grants }
func (c *zitadelClient) LoginURL(id string) string            { return "/login?id=" + url.QueryEscape(id) }
func (c *zitadelClient) IDTokenLifetime() time.Duration       { return time.Minute }
func (c *zitadelClient) DevMode() bool                        { return false }
func (c *zitadelClient) IsScopeAllowed(scope string) bool     { return scope == "read" || scope == "write" }
func (c *zitadelClient) IDTokenUserinfoClaimsAssertion() bool { return false }
func (c *zitadelClient) ClockSkew() time.Duration             { return 0 }

// AccessTokenType: people's tokens are JWTs, for the library panics when an opaque one is to be exchanged. Others are opaque.
func (c *zitadelClient) AccessTokenType() op.AccessTokenType {
	if slices.Contains(c.grants, oidc.GrantTypeCode) {
		return op.AccessTokenTypeJWT
	}
	return op.AccessTokenTypeBearer
}

func (c *zitadelClient) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func (c *zitadelClient) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
