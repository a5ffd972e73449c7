package hub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

// Failure mode 13: calls carry the token in another header, in the query, in a cookie or in the body, as the service wants it.
func TestTokenInAnotherPlaceOfTheCall(t *testing.T) {
	const document = `{"openapi": "3.0.3", "info": {"title": "Places", "version": "1"}, "servers": [{"url": %q}],
		"components": {"securitySchemes": {"login": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": %q, "scopes": {}}}}}},
		"security": [{"login": []}],
		"paths": {"/call": {"post": {"operationId": "call", "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
			"responses": {"200": {"description": "what came"}}}}}}`
	for want, inject := range map[string]string{
		`Authorization=Bearer t0ken`:     ``,
		`X-Auth=Token token=t0ken`:       `[{"in": "header", "name": "X-Auth", "format": "Token token=${token.access_token}"}]`,
		`query=access_token=t0ken`:       `[{"in": "query", "name": "access_token", "format": "${token.access_token}"}]`,
		`Cookie=SID=t0ken`:               `[{"in": "cookie", "name": "SID", "format": "${token.access_token}"}]`,
		`body={"a":1,"session":"t0ken"}`: `[{"in": "body", "name": "session", "format": "${token.access_token}"}]`,
		`X-One=t0ken query=two=dDBrZW4%3D`: `[{"in": "header", "name": "X-One", "format": "${token.access_token}"},
			{"in": "query", "name": "two", "format": "${base64(token.access_token)}"}]`,
	} {
		t.Run(want, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					io.WriteString(w, `{"access_token":"t0ken","expires_in":3600}`)
					return
				}
				body, _ := io.ReadAll(r.Body)
				var came []string
				for _, name := range []string{"Authorization", "Cookie", "X-Auth", "X-One"} {
					if text := r.Header.Get(name); text != "" {
						came = append(came, name+"="+text)
					}
				}
				if r.URL.RawQuery != "" {
					came = append(came, "query="+r.URL.RawQuery)
				}
				if string(body) != `{"a":1}` {
					came = append(came, "body="+string(body))
				}
				io.WriteString(w, strings.Join(came, " "))
			}))
			t.Cleanup(server.Close)
			c := carnettest.New(t)
			quoted, _ := json.Marshal(server.URL)
			token, _ := json.Marshal(server.URL + "/token")
			text := strings.Replace(strings.Replace(document, "%q", string(quoted), 1), "%q", string(token), 1)
			m, err := c.ImportModel(t.Context(), api.ModelRequest{Model: json.RawMessage(text)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: "it", Model: m.Model}); err != nil {
				t.Fatal(err)
			}
			settings := api.Settings{"login.client_id": json.RawMessage(`"id"`), "login.client_secret": json.RawMessage(`"secret"`)}
			if inject != "" {
				settings["login.inject"] = json.RawMessage(inject)
			}
			if _, err := c.SetIntegration(t.Context(), "it", settings); err != nil {
				t.Fatal(err)
			}
			result, err := c.RunOperation(t.Context(), "it", "call", api.Task{RequestBodyPayload: json.RawMessage(`{"a":1}`)})
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if json.Unmarshal(result.Data, &got) != nil {
				got = string(result.Data)
			}
			if got != want {
				t.Errorf("the call carried %q", got)
			}
		})
	}
}
