package hub_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// A place is a host that remembers which credentials reached it. It answers as a token endpoint, an issuer and an API.
type place struct {
	*httptest.Server
	mu  sync.Mutex
	got []string
}

func newPlace(t *testing.T) *place {
	p := &place{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if h := r.Header.Get("Authorization"); h != "" {
			p.got = append(p.got, r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token": "t", "expires_in": 3600, "issuer": %q, "token_endpoint": %[1]q}`, p.URL)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *place) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// moving is a document of which everything that says where credentials go can be elsewhere.
func moving(server, token, issuer, files string) api.ModelRequest {
	return api.ModelRequest{Model: fmt.Appendf(nil, `{"openapi": "3.0.3", "info": {"title": "Moving", "version": "1"}, "servers": [{"url": %q}],
		"paths": {
			"/by-oauth": {"get": {"operationId": "byOAuth", "security": [{"oauth": []}], "responses": {}}},
			"/by-discovery": {"get": {"operationId": "byDiscovery", "security": [{"oidc": []}], "responses": {}}},
			"/upload": {"servers": [{"url": %q}], "get": {"operationId": "upload", "security": [{"oauth": []}], "responses": {}}}},
		"components": {"securitySchemes": {
			"oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": %q, "refreshUrl": %[3]q, "scopes": {}},
				"password": {"tokenUrl": %[3]q, "scopes": {}}}},
			"oidc": {"type": "openIdConnect", "openIdConnectUrl": %q}}}}`, server, files, token, issuer+"/.well-known/openid-configuration")}
}

// TestADocumentThatMovesSendsCredentialsNowhereElse is failure mode 46: an update of the document that names another host for the
// token endpoint, the issuer, the server or the server of an operation moves no credential until a person confirms it.
func TestADocumentThatMovesSendsCredentialsNowhereElse(t *testing.T) {
	home, files, away := newPlace(t), newPlace(t), newPlace(t)
	c := carnettest.New(t)
	s := &story{c, t, nil, home.URL}
	if _, err := c.ImportModel(t.Context(), moving(home.URL, home.URL+"/token", home.URL, files.URL)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: "it", Model: "Moving:1"}); err != nil {
		t.Fatal(err)
	}
	s.set("it", map[string]string{"oauth.client_id": "me", "oauth.client_secret": "s1", "oidc.grant_type": "clientCredentials", "oidc.client_id": "me", "oidc.client_secret": "s2"})
	run := func(id string) error {
		_, err := c.RunOperation(t.Context(), "it", id, api.Task{})
		return err
	}
	for _, id := range []string{"byOAuth", "byDiscovery", "upload"} {
		if err := run(id); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	if got := files.take(); len(got) != 1 || got[0] != "/upload" {
		t.Errorf("files got %q", got)
	}
	home.take()
	m, err := c.UpdateModel(t.Context(), moving(away.URL, away.URL+"/token", away.URL, away.URL), api.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	told := strings.Join(m.Changes.Integrations[0].Keeps, "\n")
	for _, field := range []string{"oauth.token_url", "oauth.refresh_url", "oidc.openid_connect_url"} {
		if !strings.Contains(told, field+" stays "+home.URL) || !strings.Contains(told, "the document says "+away.URL) {
			t.Errorf("%s is not told of: %q", field, told)
		}
	}
	if err := c.ClearToken(t.Context(), "it", "oauth"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RenewToken(t.Context(), "it", "oidc"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"byOAuth", "byDiscovery", "upload"} { // upload: the server is not the document's any more
		if err := run(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	// Another grant type does not bring the document's URL along.
	s.set("it", map[string]string{"oauth.grant_type": "password", "oauth.username": "ada", "oauth.password": "p"})
	if err := run("byOAuth"); err != nil {
		t.Error(err)
	}
	if got := away.take(); len(got) != 0 {
		t.Errorf("the other host got %q", got)
	}
	// Confirmed, it goes there.
	s.set("it", map[string]string{"oauth.token_url": away.URL + "/token"})
	if err := run("byOAuth"); err != nil {
		t.Fatal(err)
	}
	if got := away.take(); len(got) != 1 || got[0] != "/token" {
		t.Errorf("the other host got %q", got)
	}
}

// TestAnOperationThatMovesIsRefused: only the operation's own server is another one.
func TestAnOperationThatMovesIsRefused(t *testing.T) {
	home, files, away := newPlace(t), newPlace(t), newPlace(t)
	c := carnettest.New(t)
	s := &story{c, t, nil, home.URL}
	if _, err := c.ImportModel(t.Context(), moving(home.URL, home.URL+"/token", home.URL, files.URL)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: "it", Model: "Moving:1"}); err != nil {
		t.Fatal(err)
	}
	s.set("it", map[string]string{"oauth.client_id": "me", "oauth.client_secret": "s1"})
	if _, err := c.UpdateModel(t.Context(), moving(home.URL, home.URL+"/token", home.URL, away.URL+"/v2"), api.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	host := func(p *place) string { return strings.TrimPrefix(p.URL, "http://") }
	_, err := c.RunOperation(t.Context(), "it", "upload", api.Task{})
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), host(away)) || !strings.Contains(err.Error(), host(home)) ||
		!strings.Contains(fault.HintOf(err), "server.operation_hosts") {
		t.Errorf("got %v, %s", err, fault.HintOf(err))
	}
	if got := away.take(); len(got) != 0 {
		t.Errorf("the other host got %q", got)
	}
	s.set("it", map[string]string{"server.operation_hosts": host(files) + " " + host(away)})
	if _, err := c.RunOperation(t.Context(), "it", "upload", api.Task{}); err != nil {
		t.Error(err)
	}
	if got := away.take(); len(got) != 1 || got[0] != "/v2/upload" {
		t.Errorf("the other host got %q", got)
	}
}

// TestASchemeThatCameLater: what a document suggests for a new scheme counts from when somebody fills it in.
func TestASchemeThatCameLater(t *testing.T) {
	home, away := newPlace(t), newPlace(t)
	c := carnettest.New(t)
	s := &story{c, t, nil, home.URL}
	before := api.ModelRequest{Model: fmt.Appendf(nil, `{"openapi": "3.0.3", "info": {"title": "Moving", "version": "1"}, "servers": [{"url": %q}], "paths": {}}`, home.URL)}
	if _, err := c.ImportModel(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: "it", Model: "Moving:1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateModel(t.Context(), moving(home.URL, home.URL+"/token", home.URL, home.URL), api.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.set("it", map[string]string{"oauth.client_id": "me", "oauth.client_secret": "s1", "oidc.grant_type": "clientCredentials", "oidc.client_id": "me", "oidc.client_secret": "s2"})
	if _, err := c.UpdateModel(t.Context(), moving(home.URL, away.URL+"/token", away.URL, home.URL), api.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"byOAuth", "byDiscovery"} {
		if _, err := c.RunOperation(t.Context(), "it", id, api.Task{}); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if got := away.take(); len(got) != 0 {
		t.Errorf("the other host got %q", got)
	}
}
