package oauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// Secrets that the tests send, and look for in errors.
const (
	clientSecret = "s3cr3t of the client/+"
	password     = "p4ssw0rd of ada"
	parameter    = "p4r4m3t3r"
	refreshToken = "r3fr3sh"
)

// config is of a password grant at that address.
func config(address string) oauth.Config {
	return oauth.Config{
		Grant: model.GrantPassword, TokenURL: address + "/token", RefreshURL: address + "/refresh",
		ClientID: "app", ClientSecret: seal.NewSecret(clientSecret),
		Username: "ada", Password: seal.NewSecret(password),
		Parameters: map[string]seal.Secret{"audience": seal.NewSecret(parameter)},
	}
}

// An endpoint is a token endpoint that answers with a handler, and remembers what it was sent.
type endpoint struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request // with their forms parsed
}

func serve(t *testing.T, handler http.HandlerFunc) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		e.mu.Lock()
		e.seen = append(e.seen, r)
		e.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) requests() []*http.Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}

// client is the one that Carnet uses.
func client(t *testing.T) *http.Client {
	t.Helper()
	clients := outbound.New(outbound.Options{})
	t.Cleanup(clients.Close)
	c, err := clients.Client(outbound.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ask(t *testing.T, c oauth.Config, a token.Ask) (token.Answer, error) {
	t.Helper()
	return oauth.New(client(t), oauth.NewPace(), oauth.NewMetadata(), c).Ask(t.Context(), a)
}

// failure asks with a context, and wants an AskError that shows no secret.
func failure(t *testing.T, ctx context.Context, c oauth.Config, a token.Ask) *token.AskError {
	t.Helper()
	answer, err := oauth.New(client(t), oauth.NewPace(), oauth.NewMetadata(), c).Ask(ctx, a)
	if err == nil {
		t.Fatalf("no error, but a token of type %q that expires at %s", answer.Token.TokenType, answer.Token.ExpiresAt)
	}
	e, ok := err.(*token.AskError)
	if !ok {
		t.Fatalf("%T is no AskError: %v", err, err)
	}
	text := err.Error() + hint(err) + e.Code
	for _, secret := range []string{clientSecret, "s3cr3t", password, parameter, refreshToken} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the error: %s", secret, text)
		}
	}
	return e
}
