package interop_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	josev3 "github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/storage"
	"golang.org/x/crypto/bcrypt"
)

// A fositeServer is an authorization server made of github.com/ory/fosite. Its clients are in newFosite, its service account is
// called fositeService and signs with any of the keys. A refresh kills the access token before it at once.
type fositeServer struct {
	Authorize, Token, Introspection, Revocation string

	provider fosite.OAuth2Provider
	mu       sync.Mutex
	grants   map[string][]string // that succeeded, by client
}

const (
	fositeService = "service"
	officeID      = "back office"
	officeSecret  = "s3cret/of+the=client"
)

// startFosite returns the server, one for all tests.
var startFosite = sync.OnceValue(func() *fositeServer {
	paths := http.NewServeMux()
	address := httptest.NewServer(paths).URL
	s := &fositeServer{
		Authorize: address + "/authorize", Token: address + "/token",
		Introspection: address + "/introspect", Revocation: address + "/revoke", grants: map[string][]string{},
	}
	config := &fosite.Config{
		AccessTokenLifespan: time.Hour, RefreshTokenLifespan: 24 * time.Hour, AuthorizeCodeLifespan: time.Minute,
		GlobalSecret: []byte("a secret of thirty-two bytes....."), RefreshTokenScopes: []string{"offline"},
		EnforcePKCEForPublicClients: true, GrantTypeJWTBearerCanSkipClientAuth: true, TokenURL: s.Token,
	}
	s.provider = compose.Compose(config, fositeStorage(), compose.NewOAuth2HMACStrategy(config),
		compose.OAuth2ResourceOwnerPasswordCredentialsFactory, compose.OAuth2ClientCredentialsGrantFactory,
		compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2PKCEFactory, compose.OAuth2RefreshTokenGrantFactory,
		compose.RFC7523AssertionGrantFactory, compose.OAuth2TokenIntrospectionFactory, compose.OAuth2TokenRevocationFactory)
	paths.HandleFunc("/authorize", page(s.authorize))
	paths.HandleFunc("/token", s.token)
	paths.HandleFunc("/introspect", s.introspect)
	paths.HandleFunc("/revoke", s.revoke)
	return s
})

// fositeStorage knows the clients, the person, and the service account.
func fositeStorage() *storage.MemoryStore {
	kept := storage.NewMemoryStore()
	kept.Users[person] = storage.MemoryUserRelation{Username: person, Password: personPassword}
	code := fosite.Arguments{"authorization_code", "refresh_token"}
	for _, c := range []*fosite.DefaultOpenIDConnectClient{
		fositeClient(officeID, "client_secret_basic", "password", "refresh_token"),
		fositeClient(robotID, "client_secret_basic", "client_credentials"),
		fositeClient("robot-post", "client_secret_post", "client_credentials"),
		fositeClient(appID, "client_secret_post", code...),
		fositeClient("app-public", "none", code...),
		fositeClient("robot-RS256", "private_key_jwt", "client_credentials"),
		fositeClient("robot-PS256", "private_key_jwt", "client_credentials"),
		fositeClient("robot-ES256", "private_key_jwt", "client_credentials"),
	} {
		kept.Clients[c.ID] = c
	}
	own := map[string]storage.PublicKeyScopes{}
	for _, alg := range algorithms {
		own[alg] = storage.PublicKeyScopes{Key: fositeKey(alg), Scopes: []string{"read"}}
	}
	subjects := map[string]storage.SubjectPublicKeys{fositeService: {Subject: fositeService, Keys: own}}
	kept.IssuerPublicKeys[fositeService] = storage.IssuerPublicKeys{Issuer: fositeService, KeysBySub: subjects}
	return kept
}

func fositeClient(id, method string, grants ...string) *fosite.DefaultOpenIDConnectClient {
	c := &fosite.DefaultOpenIDConnectClient{
		DefaultClient: &fosite.DefaultClient{
			ID: id, Public: method == "none", RedirectURIs: callbacks, GrantTypes: grants,
			ResponseTypes: fosite.Arguments{"code"}, Scopes: fosite.Arguments{"offline", "read"},
		},
		TokenEndpointAuthMethod: method,
	}
	secrets := map[string]string{officeID: officeSecret, robotID: robotSecret, "robot-post": secretOf("robot-post"), appID: appSecret}
	if secret := secrets[id]; secret != "" {
		hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
		if err != nil {
			panic(err)
		}
		c.Secret = hash
	}
	if alg := id[max(0, len(id)-5):]; method == "private_key_jwt" {
		c.TokenEndpointAuthSigningAlgorithm, c.JSONWebKeys = alg, &josev3.JSONWebKeySet{Keys: []josev3.JSONWebKey{*fositeKey(alg)}}
	}
	return c
}

func fositeKey(alg string) *josev3.JSONWebKey {
	return &josev3.JSONWebKey{Key: keys()[alg].Public(), KeyID: alg, Algorithm: alg, Use: "sig"}
}

// authorize answers for the person who signed in.
func (s *fositeServer) authorize(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	request, err := s.provider.NewAuthorizeRequest(ctx, r)
	if err != nil {
		s.provider.WriteAuthorizeError(ctx, w, request, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	answer, err := s.provider.NewAuthorizeResponse(ctx, request, &openid.DefaultSession{Subject: person})
	if err != nil {
		s.provider.WriteAuthorizeError(ctx, w, request, err)
		return
	}
	s.provider.WriteAuthorizeResponse(ctx, w, request, answer)
}

func (s *fositeServer) token(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	request, err := s.provider.NewAccessRequest(ctx, r, &openid.DefaultSession{})
	if err != nil {
		s.provider.WriteAccessError(ctx, w, request, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	answer, err := s.provider.NewAccessResponse(ctx, request)
	if err != nil {
		s.provider.WriteAccessError(ctx, w, request, err)
		return
	}
	s.mu.Lock()
	s.grants[request.GetClient().GetID()] = append(s.grants[request.GetClient().GetID()], request.GetGrantTypes()...)
	s.mu.Unlock()
	s.provider.WriteAccessResponse(ctx, w, request, answer)
}

// asked lists the client's token requests that succeeded until now, each as its grant type.
func (s *fositeServer) asked(client string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.grants[client])
}

func (s *fositeServer) introspect(w http.ResponseWriter, r *http.Request) {
	answer, err := s.provider.NewIntrospectionRequest(r.Context(), r, &openid.DefaultSession{})
	if err != nil {
		s.provider.WriteIntrospectionError(r.Context(), w, err)
		return
	}
	s.provider.WriteIntrospectionResponse(r.Context(), w, answer)
}

func (s *fositeServer) revoke(w http.ResponseWriter, r *http.Request) {
	s.provider.WriteRevocationResponse(r.Context(), w, s.provider.NewRevocationRequest(r.Context(), r))
}
