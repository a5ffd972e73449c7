package carnettest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// serveAPI is the API: shipments, and who asks for them.
func (p *Provider) serveAPI(w http.ResponseWriter, r *http.Request) {
	g, ok := p.caller(r)
	if !ok {
		p.count(func(s *Stats) { s.Refused++ })
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, map[string]string{"message": "no live credential"})
		return
	}
	p.count(func(s *Stats) { s.Accepted++ })
	id, single := strings.CutPrefix(r.URL.Path, "/shipments/")
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/me":
		answer(w, http.StatusOK, map[string]string{"client": g.client, "user": g.user})
	case r.Method == http.MethodGet && r.URL.Path == "/shipments":
		p.list(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/shipments":
		p.create(w, r)
	case r.Method == http.MethodGet && single:
		answer(w, http.StatusOK, shipment(id))
	default:
		answer(w, http.StatusNotFound, map[string]string{"message": "there is no " + r.URL.Path})
	}
}

// caller finds out whose request it is.
func (p *Provider) caller(r *http.Request) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return grant{client: "key"}, slices.Contains(p.options.APIKeys, key)
	}
	if user, password, ok := r.BasicAuth(); ok {
		return grant{user: user}, same(p.options.Users[user], password)
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, live := p.access[token]
	return g, bearer && live && time.Now().Before(g.expires)
}

var harbours = []string{"Antwerpen", "Busan", "Callao", "Durban", "Ensenada"}

func shipment(id string) map[string]any {
	n := 0
	for _, c := range id {
		n += int(c)
	}
	return map[string]any{"id": id, "to": harbours[n%len(harbours)], "customs": "cleared"}
}

func (p *Provider) list(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > 100 {
		limit = 3
	}
	all := []map[string]any{}
	for n := range limit {
		all = append(all, shipment(fmt.Sprintf("S-%d", 1000+n)))
	}
	answer(w, http.StatusOK, map[string]any{"shipments": all})
}

func (p *Provider) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		To string `json:"to"`
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || json.Unmarshal(data, &body) != nil || body.To == "" {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"message": "a shipment needs a place to go to"})
		return
	}
	answer(w, http.StatusCreated, map[string]any{"id": "S-2000", "to": body.To, "customs": "declared"})
}

// Document returns the OpenAPI document of the provider at that address.
func (p *Provider) Document(address string) []byte {
	return fmt.Appendf(nil, document, address)
}

const document = `{
  "openapi": "3.0.3",
  "info": {"title": "Carnet Shipping", "version": "1.0.0", "description": "A simulated API of shipments."},
  "servers": [{"url": %[1]q}],
  "security": [{"passwordAuth": []}, {"clientAuth": []}, {"apiKey": []}, {"basicAuth": []}],
  "paths": {
    "/me": {"get": {"operationId": "whoAmI", "summary": "Whose token it is", "responses": {"200": {"description": "who asks",
      "content": {"application/json": {"schema": {"type": "object"}}}}}}},
    "/shipments": {
      "get": {"operationId": "listShipments", "summary": "List shipments",
        "parameters": [{"name": "limit", "in": "query", "description": "how many, 3 by default", "schema": {"type": "integer", "minimum": 1, "maximum": 100}}],
        "responses": {"200": {"description": "shipments", "content": {"application/json": {"schema": {"type": "object"}}}}}},
      "post": {"operationId": "createShipment", "summary": "Declare a shipment",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Shipment"}}}},
        "responses": {"201": {"description": "declared", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Shipment"}}}}}}
    },
    "/shipments/{id}": {"get": {"operationId": "getShipment", "summary": "Show a shipment",
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
      "responses": {"200": {"description": "a shipment", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Shipment"}}}}}}}
  },
  "components": {
    "schemas": {
      "Shipment": {"type": "object", "required": ["to"], "properties": {
        "id": {"type": "string", "readOnly": true},
        "to": {"type": "string", "description": "where it goes", "example": "Antwerpen"},
        "customs": {"type": "string", "enum": ["declared", "cleared"]}
      }}
    },
    "securitySchemes": {
      "passwordAuth": {"type": "oauth2", "flows": {"password": {"tokenUrl": "%[1]s/token", "refreshUrl": "%[1]s/token", "scopes": {}}}},
      "clientAuth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "%[1]s/token", "scopes": {}}}},
      "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
      "basicAuth": {"type": "http", "scheme": "basic"}
    }
  }
}
`
