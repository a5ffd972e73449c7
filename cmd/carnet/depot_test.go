package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
)

// depot is a service that takes and gives files, events and forms, and says what it saw.
type depot struct{}

const depotDocument = `{
	"openapi": "3.1.1", "info": {"title": "Depot", "version": "1"}, "servers": [{"url": "/"}],
	"paths": {
		"/invoices": {"post": {"operationId": "addInvoice", "summary": "Add an invoice", "requestBody": {"required": true, "content": {"multipart/form-data": {
			"schema": {"type": "object", "required": ["note"], "properties": {
				"note": {"type": "string", "maxLength": 20},
				"tags": {"type": "array", "items": {"type": "string"}},
				"about": {"type": "object", "properties": {"pages": {"type": "integer"}}},
				"file": {"type": "string", "format": "binary"}}},
			"encoding": {"file": {"contentType": "application/pdf", "headers": {"X-Scanned": {"schema": {"type": "string", "default": "yes"}}}}}}}},
			"responses": {"200": {"description": "what came", "content": {"application/json": {"schema": {"type": "object"}}}}}}},
		"/firmware/{slot}": {"put": {"operationId": "putFirmware", "summary": "Install firmware", "parameters": [
				{"name": "slot", "in": "path", "required": true, "schema": {"type": "string", "enum": ["a", "b"]}}],
			"requestBody": {"required": true, "content": {"application/octet-stream": {}}},
			"responses": {"200": {"description": "what came", "content": {"application/json": {"schema": {"type": "object"}}}}}}},
		"/backup": {"get": {"operationId": "getBackup", "summary": "Download a backup", "parameters": [
				{"name": "size", "in": "query", "schema": {"type": "integer", "default": 1000}},
				{"name": "broken", "in": "query", "schema": {"type": "boolean"}}],
			"responses": {"200": {"description": "bytes", "content": {"application/octet-stream": {}}}}}},
		"/events": {"get": {"operationId": "watchEvents", "summary": "Watch what happens", "parameters": [
				{"name": "follow", "in": "query", "schema": {"type": "boolean"}}],
			"responses": {"200": {"description": "events", "content": {"text/event-stream": {}}}}}},
		"/log": {"get": {"operationId": "getLog", "summary": "Read the log",
			"responses": {"200": {"description": "lines", "content": {"application/jsonl": {}}}}}},
		"/names": {"get": {"operationId": "getNames", "summary": "Names in Latin 1, compressed",
			"responses": {"200": {"description": "text", "content": {"text/plain": {}}}}}},
		"/orders": {
			"get": {"operationId": "listOrders", "summary": "List orders", "parameters": [
				{"name": "filter", "in": "query", "style": "deepObject", "explode": true, "schema": {"type": "object", "properties": {
					"state": {"type": "array", "items": {"type": "string", "enum": ["open", "shipped"]}}, "since": {"type": "string", "format": "date"}}}},
				{"name": "ids", "in": "query", "style": "pipeDelimited", "explode": false, "schema": {"type": "array", "items": {"type": "integer"}}}],
				"responses": {"200": {"description": "orders", "content": {"application/json": {"schema": {"type": "object", "required": ["orders"], "properties": {"query": {"type": "integer"}}}}}}}},
			"post": {"operationId": "createOrder", "summary": "Order something", "requestBody": {"required": true, "content": {
				"application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
				"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Order"}},
				"application/xml": {"schema": {"$ref": "#/components/schemas/Order"}}}},
				"responses": {"200": {"description": "what came", "content": {"application/json": {"schema": {"type": "object"}}}}}}}},
	"components": {"schemas": {
		"Order": {"type": "object", "required": ["item"], "additionalProperties": false, "xml": {"name": "order"}, "properties": {
			"id": {"type": "string", "format": "uuid", "readOnly": true},
			"item": {"type": "string", "minLength": 1, "xml": {"attribute": true}},
			"quantity": {"type": "integer", "minimum": 1, "maximum": 100},
			"size": {"enum": ["small", "large"]},
			"lines": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}, "xml": {"wrapped": true}}}}}}}`

// ServeHTTP implements http.Handler.
func (depot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/openapi.json":
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, depotDocument)
	case r.URL.Path == "/invoices":
		saw(w, parts(r))
	case strings.HasPrefix(r.URL.Path, "/firmware/"):
		size, sum := sumOf(r.Body)
		saw(w, map[string]any{"slot": r.URL.Path[len("/firmware/"):], "size": size, "sha256": sum, "length": r.ContentLength, "type": r.Header.Get("Content-Type")})
	case r.URL.Path == "/backup":
		backup(w, r)
	case r.URL.Path == "/events":
		events(w, r)
	case r.URL.Path == "/log":
		w.Header().Set("Content-Type", "application/jsonl")
		io.WriteString(w, "{\"line\": 1}\n{\"line\": 2}\n")
	case r.URL.Path == "/names":
		w.Header().Set("Content-Type", "text/plain; charset=iso-8859-1")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write([]byte("J\xf8rgensen\n"))
		z.Close()
	case r.URL.Path == "/orders" && r.Method == http.MethodGet:
		saw(w, map[string]any{"query": r.URL.RawQuery})
	case r.URL.Path == "/orders":
		body, _ := io.ReadAll(r.Body)
		saw(w, map[string]any{"type": r.Header.Get("Content-Type"), "body": string(body)})
	default:
		http.NotFound(w, r)
	}
}

func saw(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.Encode(v)
}

func sumOf(r io.Reader) (size int64, sum string) {
	hash := sha256.New()
	size, err := io.Copy(hash, r)
	if err != nil {
		return size, err.Error()
	}
	return size, hex.EncodeToString(hash.Sum(nil))
}

// parts says what is in each part of a form.
func parts(r *http.Request) any {
	_, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	reader := multipart.NewReader(r.Body, parameters["boundary"])
	var all []map[string]any
	for {
		p, err := reader.NextRawPart()
		if err != nil {
			return map[string]any{"length": r.ContentLength, "parts": all, "end": err.Error()}
		}
		one := map[string]any{"name": p.FormName(), "file": p.FileName(), "type": p.Header.Get("Content-Type")}
		if scanned := p.Header.Get("X-Scanned"); scanned != "" {
			one["scanned"] = scanned
		}
		if p.FileName() == "" {
			text, _ := io.ReadAll(p)
			one["text"] = string(text)
		} else {
			one["size"], one["sha256"] = sumOf(p)
		}
		all = append(all, one)
	}
}

// zeros gives so many bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	return copy(p, block[:]), nil
}

var block [64 << 10]byte

func backup(w http.ResponseWriter, r *http.Request) {
	size, err := strconv.ParseInt(r.URL.Query().Get("size"), 10, 64)
	if err != nil {
		size = 1000
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	if r.URL.Query().Get("broken") == "true" {
		size /= 2
	}
	io.Copy(w, zeros(size))
}

// events sends three, and with follow=true waits until nobody wants more.
func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	for n := range 3 {
		fmt.Fprintf(w, "event: moved\ndata: {\"crate\": %d}\n\n", n+1)
		flush.Flush()
	}
	if r.URL.Query().Get("follow") == "true" {
		<-r.Context().Done()
	}
}
