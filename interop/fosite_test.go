package interop_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/storage"
	"golang.org/x/crypto/bcrypt"

	"carnet.dev/carnet/carnettest"
)

// fositeServer is an authorization server with the password grant and rotating refresh tokens. asked lists the grant types of the
// token requests that succeeded.
type fositeServer struct {
	provider fosite.OAuth2Provider
	mu       sync.Mutex
	asked    []string
}

func newFosite(t *testing.T) *fositeServer {
	t.Helper()
	secret, err := bcrypt.GenerateFromPassword([]byte("s3cret/of+the=client"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	kept := storage.NewMemoryStore()
	kept.Users["ada"] = storage.MemoryUserRelation{Username: "ada", Password: "pass word&more"}
	kept.Clients["back office"] = &fosite.DefaultClient{
		ID: "back office", Secret: secret, GrantTypes: fosite.Arguments{"password", "refresh_token"},
		Scopes: fosite.Arguments{"offline", "read"},
	}
	config := &fosite.Config{
		AccessTokenLifespan: time.Hour, RefreshTokenLifespan: 24 * time.Hour,
		GlobalSecret: []byte("a secret of thirty-two bytes....."), RefreshTokenScopes: []string{"offline"},
	}
	return &fositeServer{provider: compose.Compose(config, kept, compose.NewOAuth2HMACStrategy(config),
		compose.OAuth2ResourceOwnerPasswordCredentialsFactory, compose.OAuth2RefreshTokenGrantFactory,
		compose.OAuth2TokenIntrospectionFactory)}
}

// ServeHTTP is the token endpoint.
func (s *fositeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	s.asked = append(s.asked, request.GetGrantTypes()...)
	s.mu.Unlock()
	s.provider.WriteAccessResponse(ctx, w, request, answer)
}

// introspect returns whose token it is; "" if it is not live.
func (s *fositeServer) introspect(token string) string {
	_, request, err := s.provider.IntrospectToken(context.Background(), token, fosite.AccessToken, &openid.DefaultSession{})
	if err != nil {
		return ""
	}
	return request.GetClient().GetID()
}

func TestPasswordAtFosite(t *testing.T) {
	s := newFosite(t)
	endpoint := httptest.NewServer(s)
	t.Cleanup(endpoint.Close)
	c := carnettest.New(t)
	api := resource(t, s.introspect)
	flow := fmt.Sprintf(`{"tokenUrl": %q, "refreshUrl": %q, "scopes": {"offline": "", "read": ""}}`, endpoint.URL, endpoint.URL)
	integrate(t, c, document(api.URL, "password", flow), map[string]string{
		"client_id": "back office", "client_secret": "s3cret/of+the=client",
		"username": "ada", "password": "pass word&more", "scope": "offline read",
	})
	for range 3 {
		if who := whoami(t, c); who != "back office" {
			t.Errorf("the API saw %q", who)
		}
		renewed(t, c)
	}
	whoami(t, c)
	if want := []string{"password", "refresh_token", "refresh_token", "refresh_token"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked for %v, want %v", s.asked, want)
	}
}
