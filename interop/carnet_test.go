package interop_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

// ready are the features of Carnet that have landed. A test of another feature is skipped, unless CARNET_INTEROP is "all".
var ready = []string{"client authentication", "discovery", "resources", "tls", "jwt bearer", "token exchange", "introspection",
	"authorization code", "assertions for the issuer", "missing issuers", "self-signed certificates", "dpop", "revocation", "device code"}

// needs skips the test of a feature that has not landed.
func needs(t *testing.T, feature string) {
	t.Helper()
	if !slices.Contains(ready, feature) && os.Getenv("CARNET_INTEROP") != "all" {
		t.Skipf("Carnet has no %s yet", feature)
	}
}

// settings are an integration's, by path, as JSON will have them.
type settings map[string]any

// under puts the name of a scheme before the names of its fields.
func (s settings) under(scheme string) settings {
	all := settings{}
	for name, value := range s {
		all[scheme+"."+name] = value
	}
	return all
}

func (s settings) and(more settings) settings {
	all := settings{}
	for _, part := range []settings{s, more} {
		for name, value := range part {
			all[name] = value
		}
	}
	return all
}

// pinging is a Carnet with an integration "it" of the API at the issuer, so set.
func pinging(t *testing.T, issuer string, s settings) *carnettest.Carnet {
	t.Helper()
	answer, err := theAuthority().with().Get(issuer + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	document, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(issuer, "https:") {
		s = s.and(settings{"tls.ca": pemOfCertificate(theAuthority().certificate)})
	}
	return integrated(t, document, s)
}

// asking is a Carnet with an integration "it" of an API whose tokens come from the endpoint, so set.
func asking(t *testing.T, token string, apiURL string, s settings) *carnettest.Carnet {
	t.Helper()
	flow, _ := json.Marshal(map[string]any{"tokenUrl": token, "refreshUrl": token, "scopes": map[string]string{}})
	return integrated(t, document(apiURL, "clientCredentials", string(flow)), s.under("login"))
}

func integrated(t *testing.T, document json.RawMessage, s settings) *carnettest.Carnet {
	t.Helper()
	c := carnettest.New(t)
	integrateSet(t, c, document, s)
	return c
}

// integrateSet makes the integration "it" of the document, so set.
func integrateSet(t *testing.T, c *carnettest.Carnet, document json.RawMessage, s settings) {
	t.Helper()
	m, err := c.ImportModel(t.Context(), api.ModelRequest{Model: document})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: "it", Model: m.Model}); err != nil {
		t.Fatal(err)
	}
	all := api.Settings{}
	for name, value := range s {
		if all[name], err = json.Marshal(value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.SetIntegration(t.Context(), "it", all); err != nil {
		t.Fatal(err)
	}
}

// ran is the answer to an operation, which has to be of the status.
func ran(t *testing.T, c *carnettest.Carnet, operation string, status int) map[string]any {
	t.Helper()
	result, err := c.RunOperation(t.Context(), "it", operation, api.Task{})
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(result.Data, &body); err != nil || result.Status != status {
		t.Fatalf("%s answered %d %s, want %d: %v", operation, result.Status, result.Data, status, err)
	}
	return body
}

// pinged runs "ping", and checks who the API saw.
func pinged(t *testing.T, c *carnettest.Carnet, client string) {
	t.Helper()
	if body := ran(t, c, "ping", http.StatusOK); body["name"] != client {
		t.Errorf("the API saw %v, want %s", body["name"], client)
	}
}
