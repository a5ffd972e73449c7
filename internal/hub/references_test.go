package hub_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/reference"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
)

const referringDocument = `{"openapi": "3.0.3", "info": {"title": "Refer", "version": "1"}, "servers": [{"url": %[1]q}],
	"paths": {
		"/oauth": {"get": {"operationId": "byOAuth", "security": [{"oauth": []}], "responses": {}}},
		"/key": {"get": {"operationId": "byKey", "security": [{"key": []}], "responses": {}}}},
	"components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"},
		"oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "%[1]s/token", "scopes": {}}}}}}}`

// TestReferences: values are read when they are used, a change counts at the next use, the reference is shown and its value is not.
func TestReferences(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "${file:" + path + "}"
	}
	var mu sync.Mutex
	var asked []string // what reached the server
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		id, secret, _ := r.BasicAuth()
		asked = append(asked, strings.TrimSpace(strings.Join([]string{r.URL.Path, id, secret, string(body), r.Header.Get("X-Key")}, " ")))
		io.WriteString(w, `{"access_token": "t", "expires_in": 3600}`)
	}))
	t.Cleanup(server.Close)
	heard := func() string {
		mu.Lock()
		defer mu.Unlock()
		all := strings.Join(asked, ", ")
		asked = nil
		return all
	}
	t.Setenv("REFER_ID", "me")
	t.Setenv("REFER_KEY", "key-1")
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), mem.New().Open(), keys)
	if err != nil {
		t.Fatal(err)
	}
	h := hub.New(s, hub.Options{References: reference.Allowed{Env: []string{"REFER_*"}, Files: []string{dir}}})
	t.Cleanup(func() { h.Close(context.Background()) })
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if _, err := h.ImportModel(t.Context(), local, api.ModelRequest{Model: fmt.Appendf(nil, referringDocument, server.URL)}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreateIntegration(t.Context(), local, api.Integration{Name: "it", Model: "Refer:1"}); err != nil {
		t.Fatal(err)
	}
	set := func(fields map[string]any) error {
		settings := api.Settings{}
		for name, value := range fields {
			settings[name], _ = json.Marshal(value)
		}
		_, err := h.SetIntegration(t.Context(), local, "it", settings)
		return err
	}
	run := func(id string) error {
		_, err := h.RunOperation(t.Context(), local, "it", id, api.Task{})
		return err
	}
	err = set(map[string]any{"tls.ca": write("ca.pem", string(authority)), "oauth.client_id": "${env:REFER_ID}", "oauth.client_secret": write("secret", "one\n"),
		"oauth.scope": write("scope", "read write"), "oauth.secrets": map[string]string{"tenant": "${env:REFER_ID}"}, "variables.tenant": "${env:REFER_ID}",
		"oauth.request": map[string]any{"params": map[string]string{"tenant": "${secrets.tenant}", "also": "${variables.tenant}"}}, "key.value": "${env:REFER_KEY}"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := run("byOAuth"); err != nil {
			t.Fatal(err)
		}
	}
	if got := heard(); got != "/token me one also=me&grant_type=client_credentials&scope=read+write&tenant=me, /oauth, /oauth" {
		t.Errorf("the server heard %s", got)
	}
	// Another value of the file: another configuration, and so another token.
	write("secret", "two")
	if err := run("byOAuth"); err != nil {
		t.Fatal(err)
	}
	if got := heard(); !strings.HasPrefix(got, "/token me two ") {
		t.Errorf("the server heard %s", got)
	}
	t.Setenv("REFER_KEY", "key-2")
	if err := run("byKey"); err != nil || heard() != "/key    key-2" {
		t.Errorf("the key: %v", err)
	}
	// Shown, and written back.
	stored, err := h.Integration(t.Context(), local, "it")
	all, _ := json.Marshal(stored)
	if err != nil || !strings.Contains(string(all), `"client_secret":"${file:`) || !strings.Contains(string(all), `"value":"${env:REFER_KEY}"`) || strings.Contains(string(all), "key-2") {
		t.Errorf("shown: %s %v", all, err)
	}
	if _, err := h.ReplaceIntegration(t.Context(), local, "it", stored.Data); err != nil {
		t.Fatal(err)
	}
	if err := run("byOAuth"); err != nil || strings.Contains(heard(), "/token") {
		t.Errorf("written back: %v", err)
	}
	// Gone: the scheme that needs it says so, and others go on.
	os.Remove(filepath.Join(dir, "secret"))
	err = run("byOAuth")
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "oauth.client_secret: ${file:") || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("gone: %v", err)
	}
	if list, err := h.Tokens(t.Context(), local, "it"); err != nil || list.Tokens[0].State != "broken" || !strings.Contains(list.Tokens[0].Cause, "oauth.client_secret") {
		t.Errorf("tokens: %+v %v", list, err)
	}
	if err := run("byKey"); err != nil {
		t.Errorf("another scheme: %v", err)
	}
	write("secret", "three")
	if err := run("byOAuth"); err != nil || !strings.Contains(heard(), "/token me three ") {
		t.Errorf("there again: %v", err)
	}
	write("ca.pem", "key-2 is no certificate")
	if err := run("byKey"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "tls.ca") || strings.Contains(err.Error(), "key-2") {
		t.Errorf("no certificate: %v", err)
	}
	write("ca.pem", string(authority))
	// What is not allowed is stored, for another process may be allowed it, and not read.
	t.Setenv("OTHER", "hunter2")
	if err := set(map[string]any{"key.value": "${env:OTHER}"}); err != nil {
		t.Fatal(err)
	}
	if err := run("byKey"); !fault.Is(err, fault.Denied) || !strings.Contains(err.Error(), "key.value: ${env:OTHER} is not allowed") || !strings.Contains(fault.HintOf(err), "--allow-env OTHER") {
		t.Errorf("not allowed: %v, %s", err, fault.HintOf(err))
	}
	// Where a reference can't stand, and what is none.
	for field, value := range map[string]any{"oauth.grant_type": "${env:REFER_ID}", "oauth.auth_method": "${env:REFER_ID}", "key.name": "${env:REFER_ID}", "server.port": "${env:REFER_ID}",
		"oauth.token.access_token": "${env:REFER_ID}", "key.value": "${file:relative}", "oauth.client_secret": "${env:}", "key.format": "Token ${env:REFER_KEY}",
		"oauth.request": map[string]any{"headers": map[string]string{"X": "${env:REFER_KEY}"}}} {
		if err := set(map[string]any{field: value}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s = %v: %v", field, value, err)
		}
	}
}
