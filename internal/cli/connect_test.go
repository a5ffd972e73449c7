package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"carnet.dev/carnet/internal/cli"
)

// TestConnect plays the server, and the browser that comes back: first with a state that somebody made up, then with the right one.
func TestConnect(t *testing.T) {
	const settings = `{"authentication":{"login":{"redirect_uri":""}}}`
	var finished map[string]string
	mux := http.NewServeMux()
	mux.HandleFunc("GET /integrations/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(`{"data":{"name":"zoom","properties":{"properties":` + settings + `}}}`))
	})
	mux.HandleFunc("POST /integrations/{name}/tokens/{scheme}/connection", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			RedirectURI string `json:"redirect_uri"`
		}
		json.NewDecoder(r.Body).Decode(&in)
		go func() {
			for _, state := range []string{"made up", "right"} {
				answer, err := http.Get(in.RedirectURI + "?" + url.Values{"state": {state}, "code": {"c0de"}}.Encode())
				if err != nil {
					t.Error(err)
					return
				}
				answer.Body.Close()
			}
		}()
		w.Write([]byte(`{"authorization_url":"https://zoom.example/authorize?x=1","state":"right","expires":"2999-01-01T00:00:00Z"}`))
	})
	mux.HandleFunc("POST /connections", func(w http.ResponseWriter, r *http.Request) {
		json.NewDecoder(r.Body).Decode(&finished)
		w.Write([]byte(`{"token":{"scheme":"login","state":"fresh","access_token":true}}`))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	var out, told bytes.Buffer
	code := cli.Main(context.Background(), cli.Env{
		Args: []string{"--server", server.URL, "integration", "connect", "zoom", "--no-browser"}, Stdin: strings.NewReader(""),
		Stdout: &out, Stderr: &told, Getenv: func(name string) string {
			return map[string]string{"CARNET_USERNAME": "ada", "CARNET_PASSWORD": "x"}[name]
		},
	})
	if code != 0 || finished["state"] != "right" || finished["code"] != "c0de" {
		t.Errorf("ended with %d, finished with %v: %s", code, finished, told.String())
	}
	if !strings.Contains(told.String(), "https://zoom.example/authorize?x=1") || !strings.Contains(out.String(), "fresh") {
		t.Errorf("said %q and %q", told.String(), out.String())
	}
}
