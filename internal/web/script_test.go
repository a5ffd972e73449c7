package web_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/access"
)

// attributes that run a script or set a style, which the policy would refuse, and pages must not need.
var inline = regexp.MustCompile(`(?i)<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*\s(?:on[a-z]+|style|hx-on[^=]*)=`)

// TestScriptsStayText: whatever a document or a person controls is text on every page, and so is what stands in a URL.
func TestScriptsStayText(t *testing.T) {
	const attack = `<script>alert(1)</script><img src=x onerror="alert(1)">"'`
	b := newBrowser(t).signIn()
	document, _ := json.Marshal(map[string]any{
		"openapi": "3.0.3", "info": map[string]any{"title": attack, "version": attack, "description": attack},
		"servers":    []any{map[string]any{"url": "https://attack.example", "description": attack}},
		"components": map[string]any{"securitySchemes": map[string]any{attack: map[string]any{"type": "apiKey", "in": "header", "name": "X", "description": attack}}},
		"paths": map[string]any{"/a": map[string]any{"post": map[string]any{
			"operationId": attack, "summary": attack, "description": attack, "tags": []string{attack},
			"parameters":  []any{map[string]any{"name": attack, "in": "query", "description": attack, "schema": map[string]any{"type": "string", "enum": []string{attack}}}},
			"requestBody": map[string]any{"description": attack, "content": map[string]any{"application/json": map[string]any{"example": map[string]any{attack: attack}}}},
			"responses":   map[string]any{},
		}}},
	})
	admin := access.Local("test")
	m, err := b.hub.ImportModel(t.Context(), admin, api.ModelRequest{Model: document})
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ReplaceAll(attack, "/", "")
	value, _ := json.Marshal(attack)
	if _, err := b.hub.CreateIntegration(t.Context(), admin, api.Integration{Name: name, Model: m.Model}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.hub.SetIntegration(t.Context(), admin, name, api.Settings{"variables.x": value}); err != nil {
		t.Fatal(err)
	}
	at, query := "/ui/integrations/"+url.PathEscape(name), url.QueryEscape(attack)
	for _, path := range []string{
		"/", "/ui/models", "/ui/models/" + url.PathEscape(m.VersionID), "/ui/models/import?update=" + url.QueryEscape(m.VersionID), "/ui/integrations/new", at, at + "/advanced",
		at + "/run", at + "/run?operation=" + query, "/ui/activity", "/ui/access", "/ui/account", "/ui/nothing",
		"/?search=" + query, "/?state=" + query, "/?model=" + query, "/?done=" + query, "/ui/models?search=" + query, "/ui/models/" + url.PathEscape(attack),
		"/ui/activity?target=" + query + "&caller=" + query + "&action=" + query + "&outcome=" + query, "/ui/integrations/none/explain?scheme=" + query,
	} {
		body := b.get(path).Body.String()
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img") || strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: a script attempt is markup:\n%s", path, body)
		}
		if found := inline.FindString(body); found != "" {
			t.Errorf("%s has an inline script or style: %s", path, found)
		}
	}
	if answer := b.post("/ui/sign-in", url.Values{"username": {attack}, "password": {"x"}, "next": {attack}}); strings.Contains(answer.Body.String(), "<img") {
		t.Error("signing in reflects a script attempt")
	}
}
