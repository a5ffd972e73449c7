// Package interop_test runs Carnet's main job against authorization servers that others wrote: oidc-provider (started with node
// from its npm package), zitadel/oidc and ory/fosite (in process). There is one of each for all tests. Each is first driven with
// nothing but net/http, so that what fails in the tests of Carnet (*_carnet_test.go) is Carnet's.
package interop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

// document describes an API of one operation whose oauth2 scheme has the flow.
func document(server, flow, flowBody string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{
		"openapi": "3.0.3", "info": {"title": "Interop", "version": "1"},
		"servers": [{"url": %q}],
		"components": {"securitySchemes": {"login": {"type": "oauth2", "flows": {%q: %s}}}},
		"security": [{"login": []}],
		"paths": {"/whoami": {"get": {"operationId": "whoami", "responses": {"200": {"description": "who asks"}}}}}
	}`, server, flow, flowBody))
}

// integrate imports the document and configures an integration of it, "it".
func integrate(t *testing.T, c *carnettest.Carnet, doc json.RawMessage, fields map[string]string) {
	t.Helper()
	m, err := c.ImportModel(t.Context(), api.ModelRequest{Model: doc})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: "it", Model: m.Model}); err != nil {
		t.Fatal(err)
	}
	settings := api.Settings{}
	for name, value := range fields {
		settings[name], _ = json.Marshal(value)
	}
	if _, err := c.SetIntegration(t.Context(), "it", settings); err != nil {
		t.Fatal(err)
	}
}

// whoami runs the operation, which must succeed, and returns the name in its answer.
func whoami(t *testing.T, c *carnettest.Carnet) string {
	t.Helper()
	result, err := c.RunOperation(t.Context(), "it", "whoami", api.Task{})
	if err != nil {
		t.Fatal(err)
	}
	var who struct{ Name string }
	if err := json.Unmarshal(result.Data, &who); err != nil || result.Status != http.StatusOK {
		t.Fatalf("answered %d %s: %v", result.Status, result.Data, err)
	}
	return who.Name
}

// generation renews the token and returns its generation.
func renewed(t *testing.T, c *carnettest.Carnet) int64 {
	t.Helper()
	token, err := c.RenewToken(t.Context(), "it", "")
	if err != nil {
		t.Fatal(err)
	}
	return token.Generation
}

// resource is an API that accepts the tokens for which name returns something.
func resource(t *testing.T, name func(token string) string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		who := name(token)
		if !bearer || who == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"name": who})
	}))
	t.Cleanup(server.Close)
	return server
}
