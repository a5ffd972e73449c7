package gallery

import "fmt"

type object = map[string]any

// shop is the document of most scenes. It has a bit of everything that a form is made from.
func shop() object {
	text := object{"type": "string"}
	return object{
		"openapi": "3.0.3",
		"info":    object{"title": "Pet Shop", "version": "2.1", "description": "Pets, their photos,\nand who buys them."},
		"servers": []any{object{"url": "https://{region}.shop.example/v2", "variables": object{"region": object{"default": "eu", "enum": []string{"eu", "us"}}}}, object{"url": "https://test.shop.example/v2"}},
		"tags":    []any{object{"name": "pets", "description": "Everything about pets"}},
		"components": object{
			"securitySchemes": object{"login": object{"type": "oauth2", "flows": object{
				"clientCredentials": object{"tokenUrl": "https://login.shop.example/token", "scopes": object{"pets:read": "read pets"}},
				"authorizationCode": object{"authorizationUrl": "https://login.shop.example/authorize", "tokenUrl": "https://login.shop.example/token", "scopes": object{"pets:read": "read pets"}},
			}}},
			"schemas": object{"Pet": object{"type": "object", "required": []string{"name"}, "properties": object{
				"name": object{"type": "string", "example": "Rex"}, "kind": object{"type": "string", "enum": []string{"cat", "dog"}},
				"born": object{"type": "string", "format": "date"}, "tags": object{"type": "array", "items": text}, "chip": object{"type": "integer", "readOnly": true},
			}}},
		},
		"security": []any{object{"login": []string{"pets:read"}}},
		"paths": object{
			"/pets": object{
				"get": object{"operationId": "listPets", "summary": "The pets that are for sale", "tags": []string{"pets"}, "description": "The newest first.\nSold ones are left out.", "parameters": []any{
					object{"name": "kind", "in": "query", "description": "only these", "schema": object{"type": "string", "enum": []string{"cat", "dog"}}},
					object{"name": "limit", "in": "query", "schema": object{"type": "integer", "minimum": 1}, "example": 20},
					object{"name": "sold", "in": "query", "schema": object{"type": "boolean"}},
					object{"name": "tags", "in": "query", "deprecated": true, "schema": object{"type": "array", "items": text}},
					object{"name": "X-Trace", "in": "header", "schema": object{"type": "string", "format": "uuid"}},
				}, "responses": object{"200": object{"description": "pets"}}},
				"post": object{"operationId": "addPet", "summary": "Offers a pet", "tags": []string{"pets"}, "requestBody": object{"required": true, "description": "The pet to offer", "content": object{
					"application/json": object{"schema": object{"$ref": "#/components/schemas/Pet"}}, "application/x-www-form-urlencoded": object{"schema": object{"$ref": "#/components/schemas/Pet"}},
				}}, "responses": object{"201": object{"description": "offered"}}},
			},
			"/pets/{id}": object{
				"get":    object{"operationId": "getPet", "summary": "One pet", "parameters": []any{object{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}, "example": "rex"}}, "responses": object{"200": object{"description": "a pet"}}},
				"delete": object{"operationId": "removePet", "deprecated": true, "parameters": []any{object{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}}}, "responses": object{"204": object{"description": "gone"}}},
			},
			"/pets/{id}/photo": object{"put": object{"operationId": "setPhoto", "summary": "The pet's photo", "parameters": []any{object{"name": "id", "in": "path", "required": true, "schema": text}},
				"requestBody": object{"content": object{"image/png": object{"schema": object{"type": "string", "format": "binary"}}}}, "responses": object{"204": object{"description": "kept"}}}},
			"/pets/{id}/papers": object{"post": object{"operationId": "addPapers", "summary": "Papers of a pet", "parameters": []any{object{"name": "id", "in": "path", "required": true, "schema": text}},
				"requestBody": object{"content": object{"multipart/form-data": object{"schema": object{"type": "object", "properties": object{"title": text, "file": object{"type": "string", "format": "binary"}}}}}}, "responses": object{"204": object{"description": "kept"}}}},
			"/orders": object{"post": object{"operationId": "placeOrder", "summary": "Buys pets", "parameters": many(10), "requestBody": object{"content": object{"application/json": object{"schema": object{
				"type": "object", "required": []string{"buyer", "payment"}, "properties": object{
					"buyer":   object{"type": "object", "required": []string{"street"}, "properties": object{"street": text, "town": text, "note": object{"type": "string", "maxLength": 2000}}},
					"lines":   object{"type": "array", "minItems": 1, "items": object{"type": "object", "properties": object{"pet": object{"$ref": "#/components/schemas/Pet"}, "count": object{"type": "integer"}}}},
					"payment": object{"oneOf": []any{object{"title": "card", "type": "object", "properties": object{"number": text}}, object{"title": "invoice", "type": "object", "properties": object{"days": object{"type": "integer"}}}}},
					"labels":  object{"type": "object", "additionalProperties": text}, "gift": object{"type": "boolean"}, "anything": object{},
				}}}}}, "responses": object{"201": object{"description": "bought"}}}},
			"/ping": object{"get": object{"operationId": "ping", "responses": object{"200": object{"description": "well"}}}},
		},
	}
}

// many are parameters of which few are filled in.
func many(n int) (all []any) {
	for i := range n {
		all = append(all, object{"name": fmt.Sprintf("option%d", i), "in": "query", "required": i == 0, "schema": object{"type": "string"}})
	}
	return all
}

// newerShop is the shop's next document, with a change of every kind.
func newerShop() object {
	d := shop()
	d["servers"] = []any{object{"url": "https://shop.example/v3"}}
	paths := d["paths"].(object)
	delete(paths, "/ping")
	paths["/health"] = object{"get": object{"operationId": "health", "responses": object{"200": object{"description": "well"}}}}
	paths["/pets"].(object)["get"].(object)["parameters"] = []any{object{"name": "kind", "in": "query", "required": true, "schema": object{"type": "string"}}}
	d["components"].(object)["securitySchemes"] = object{"key": object{"type": "apiKey", "in": "header", "name": "X-Key"}}
	d["security"] = []any{object{"key": []string{}}}
	return d
}

// plain is one of many small documents.
func plain(n int) object {
	return object{"openapi": "3.1.0", "info": object{"title": fmt.Sprintf("Service %02d", n), "version": "1"}, "paths": object{
		"/status": object{"get": object{"operationId": "status", "responses": object{}}},
	}}
}

// A sample is a document with one security scheme, and an integration of it.
type sample struct {
	name, title string
	scheme      object
	key         string // of the scheme
	settings    object
}

func (s sample) document() object {
	return object{
		"openapi": "3.1.0", "info": object{"title": s.title, "version": "3"}, "servers": []any{object{"url": "https://api.example/v1"}},
		"components": object{"securitySchemes": object{s.key: s.scheme}}, "security": []any{object{s.key: []string{}}},
		"paths": object{"/status": object{"get": object{"operationId": "status", "responses": object{}}}},
	}
}

// schemes are the kinds of security schemes, and the grants of an OAuth one, each with an integration that is filled in as far as
// people do.
func schemes() []sample {
	flow := func(name string, fields object) object {
		fields["scopes"] = object{}
		return object{"type": "oauth2", "flows": object{name: fields}}
	}
	at := func() object { return object{"tokenUrl": "https://login.example/token"} }
	return []sample{
		{"form-api-key", "Parcels", object{"type": "apiKey", "in": "header", "name": "X-Key", "description": "From the account's page"}, "key", nil},
		{"form-basic", "Ledger", object{"type": "http", "scheme": "basic"}, "basic", object{"authentication.basic.username": "robot", "authentication.basic.password": "a password"}},
		{"form-bearer", "Weather", object{"type": "http", "scheme": "bearer"}, "bearer", nil},
		{"form-digest", "Printer", object{"type": "http", "scheme": "digest"}, "digest", nil},
		{"form-mutual-tls", "Bank", object{"type": "mutualTLS"}, "tls", nil},
		{"form-aws", "Buckets", object{"type": "apiKey", "in": "header", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4"}, "aws", object{"authentication.aws.region": "eu-west-1"}},
		{"form-client-credentials", "Billing", flow("clientCredentials", at()), "login", object{"client_id": "carnet", "client_secret": "a secret"}},
		{"form-password", "Payroll", flow("password", at()), "login", object{"username": "robot"}},
		{"form-code", "Calendar", flow("authorizationCode", object{"authorizationUrl": "https://login.example/authorize", "tokenUrl": "https://login.example/token"}), "login", object{"grant_type": "authorizationCode", "client_id": "carnet"}},
		{"form-device", "Television", flow("clientCredentials", at()), "login", object{"grant_type": "deviceCode", "client_id": "carnet", "device_url": "https://login.example/device"}},
		{"form-jwt-bearer", "Directory", flow("clientCredentials", at()), "login", object{"grant_type": "jwtBearer"}},
		{"form-token-exchange", "Mesh", flow("clientCredentials", at()), "login", object{"grant_type": "tokenExchange", "client_id": "carnet"}},
		{"form-openid", "Portal", object{"type": "openIdConnect", "openIdConnectUrl": "https://login.example/.well-known/openid-configuration"}, "openid", nil},
	}
}
