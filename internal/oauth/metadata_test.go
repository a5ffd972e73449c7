package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// TestDiscoveredEndpoints is failure mode 46: an issuer may name a token endpoint on another host, for it speaks of itself; not one
// without TLS, if it has TLS itself; and what came over TLS settings that trust more is nothing to those that trust less.
func TestDiscoveredEndpoints(t *testing.T) {
	asked := 0
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		fmt.Fprint(w, `{"access_token": "t"}`)
	}))
	t.Cleanup(plain.Close)
	var endpoint string
	issuer := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			fmt.Fprint(w, `{"access_token": "t"}`)
			return
		}
		fmt.Fprintf(w, `{"issuer": "https://%s", "token_endpoint": %q}`, r.Host, endpoint)
	}))
	t.Cleanup(issuer.Close)
	metadata := oauth.NewMetadata()
	ask := func(client *http.Client, issuer string) error {
		_, err := oauth.New(client, oauth.NewPace(), metadata, oauth.Config{Grant: model.GrantClientCredentials, Issuer: issuer, ClientID: "me",
			ClientSecret: seal.NewSecret("s")}).Ask(t.Context(), token.Ask{})
		return err
	}
	endpoint = plain.URL + "/token"
	if err := ask(issuer.Client(), issuer.URL); err == nil || !strings.Contains(err.Error(), "without TLS") || asked != 0 {
		t.Errorf("an endpoint without TLS: %v, asked %d times", err, asked)
	}
	endpoint = "https://example.com/token" // its certificate is for that too
	trusting := issuer.Client().Transport.(*http.Transport).Clone()
	trusting.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, issuer.Listener.Addr().String())
	}
	if err := ask(&http.Client{Transport: trusting}, issuer.URL); err != nil {
		t.Errorf("an endpoint on another host: %v", err)
	}
	if err := ask(&http.Client{Transport: &http.Transport{}}, issuer.URL); err == nil || !strings.Contains(err.Error(), "unknown authority") || !strings.Contains(err.Error(), "metadata") {
		t.Errorf("a client that does not trust the issuer: %v", err)
	}
}

// TestAFailedDiscoveryIsInTheHistory: who asks why there is no token finds out that the issuer's metadata were not there.
func TestAFailedDiscoveryIsInTheHistory(t *testing.T) {
	issuer := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(issuer.Close)
	_, err := oauth.New(issuer.Client(), oauth.NewPace(), oauth.NewMetadata(), oauth.Config{Grant: model.GrantClientCredentials, Issuer: issuer.URL, ClientID: "me",
		ClientSecret: seal.NewSecret("s")}).Ask(t.Context(), token.Ask{})
	e, ok := errors.AsType[*token.AskError](err)
	if !ok || len(e.Exchanges) != 1 {
		t.Fatalf("got %v, with %+v", err, e)
	}
	x := e.Exchanges[0]
	if x.Purpose != "discovery" || x.Method != http.MethodGet || "http://"+x.Host != issuer.URL || !strings.Contains(x.Outcome, "404") || x.At.IsZero() {
		t.Errorf("the history has %+v", x)
	}
}
