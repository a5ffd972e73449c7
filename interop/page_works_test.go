//go:build browser

package interop_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// givenToken is what the works take: a token that only a person can have.
const givenToken = "token-of-a-person-4711"

const worksDocument = `{"openapi": "3.0.3", "info": {"title": "Works", "version": "1"}, "servers": [{"url": %q}], "security": [{"person": []}],
"components": {"securitySchemes": {"person": {"type": "oauth2", "flows": {"authorizationCode": {"authorizationUrl": "%[1]s/authorize", "tokenUrl": "%[1]s/token", "scopes": {}}}}}},
"paths": {
  "/orders": {"post": {"operationId": "order", "summary": "Order something", "requestBody": {"required": true, "content": {
    "application/json": {"schema": {"type": "object", "required": ["item"], "properties": {
      "item": {"type": "string", "example": "book", "description": "what is ordered"}, "count": {"type": "integer", "minimum": 1}, "gift": {"type": "boolean"},
      "kind": {"type": "string", "enum": ["new", "used"]}, "when": {"type": "string", "format": "date"},
      "address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}, "zip": {"type": "string"}}},
      "tags": {"type": "array", "items": {"type": "string"}},
      "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}, "price": {"type": "number"}}}},
      "pay": {"oneOf": [{"title": "Card", "type": "object", "properties": {"number": {"type": "string"}}}, {"title": "Cash", "type": "object", "properties": {"coins": {"type": "integer"}}}]}}}},
    "application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"item": {"type": "string"}}}}}},
    "responses": {"200": {"description": "what came"}}}},
  "/scans": {"post": {"operationId": "scan", "summary": "Send a scan", "requestBody": {"required": true, "content": {
    "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {
      "note": {"type": "string"}, "pages": {"type": "array", "items": {"type": "integer"}}, "file": {"type": "string", "format": "binary"}}}}}},
    "responses": {"200": {"description": "what came"}}}},
  "/sealed": {"get": {"operationId": "sealed", "summary": "Some bytes", "responses": {"200": {"description": "bytes"}}}}}}`

// newWorks is an API that says what came.
func newWorks(t *testing.T) *httptest.Server {
	works := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/openapi.json":
			fmt.Fprintf(w, worksDocument, "http://"+r.Host)
		case r.Header.Get("Authorization") != "Bearer "+givenToken:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/sealed":
			w.Header().Set("Content-Type", "application/pdf")
			w.Write([]byte{0, 1, 2, 0xff})
		case strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data"):
			r.ParseMultipartForm(1 << 20)
			came := map[string]any{"fields": r.MultipartForm.Value}
			for field, files := range r.MultipartForm.File {
				f, _ := files[0].Open()
				digest := sha256.New()
				size, _ := io.Copy(digest, f)
				came[field] = map[string]any{"name": files[0].Filename, "size": size, "sha256": hex.EncodeToString(digest.Sum(nil))}
			}
			json.NewEncoder(w).Encode(came)
		default:
			body, _ := io.ReadAll(r.Body)
			json.NewEncoder(w).Encode(map[string]any{"type": r.Header.Get("Content-Type"), "body": string(body)})
		}
	}))
	t.Cleanup(works.Close)
	return works
}
