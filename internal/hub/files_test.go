package hub_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

// TestFilesOfADocument: what a document at a URL refers to is fetched with it, unless the egress policy forbids that; then the rest
// can be used, and what is missing is said with its place.
func TestFilesOfADocument(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	asked := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.Path {
		case "/v1/openapi.yaml":
			w.Write([]byte("openapi: 3.1.0\ninfo: {title: Files, version: '1'}\npaths:\n  /a:\n    get:\n      operationId: a\n      parameters:\n" +
				"        - $ref: parts/p.json#/p\n        - $ref: http://169.254.169.254/p.json\n        - $ref: file:///etc/passwd\n"))
		case "/v1/parts/p.json":
			http.Redirect(w, r, "/v2/p.json", http.StatusFound)
		case "/v2/p.json":
			w.Write([]byte(`{"p": {"name": "fetched", "in": "query"}}`))
		}
	}))
	defer site.Close()
	m, err := s.ImportModel(t.Context(), api.ModelRequest{URL: site.URL + "/v1/openapi.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Warnings) != 2 || m.Warnings[0].Line != 9 || m.Warnings[1].Line != 10 || m.Warnings[0].Rule != "ref-broken" || asked != 3 {
		t.Errorf("%d requests, %+v", asked, m.Warnings)
	}
	site.Close()
	document, err := s.ExportModel(t.Context(), m.VersionID)
	if err != nil || !strings.Contains(string(document), `"#/x-carnet-documents/parts~1p.json/p"`) {
		t.Errorf("%v: %s", err, document)
	}
	given := api.ModelRequest{Model: []byte(`"openapi: 3.1.0\ninfo: {version: '1'}\npaths: {/a: {$ref: 'b.yaml'}}"`), Name: "shop/given.yaml",
		Documents: map[string]string{"shop/b.yaml": "get: {operationId: b}"}}
	m, err = s.ImportModel(t.Context(), given)
	if err != nil || m.VersionID != "given:1" || m.Operations != 1 {
		t.Errorf("%v: %+v", err, m)
	}
}
