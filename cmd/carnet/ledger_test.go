package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// A ledger is a service that gives what it has in pages, each list in its own way, and asks for an API key in the query, which it
// repeats in its links. The entries of a list are numbered; there are five, two on a page.
type ledger struct {
	mu   sync.Mutex
	seen map[string]int // requests of a path and query
}

const (
	ledgerKey     = "ledgerkey-4711"
	ledgerEntries = 5
	ledgerPage    = 2
)

const ledgerDocument = `{
	"openapi": "3.1.1", "info": {"title": "Ledger", "version": "1"}, "servers": [{"url": "/v1"}], "security": [{"key": []}],
	"components": {"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "api_key"}},
		"parameters": {
			"page": {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}},
			"offset": {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0}},
			"cursor": {"name": "cursor", "in": "query", "schema": {"type": "string"}},
			"marker": {"name": "marker", "in": "query", "schema": {"type": "string"}}},
		"responses": {"200": {"description": "a page", "content": {"application/json": {}}}}},
	"paths": {
		"/linked": {"get": {"operationId": "listLinked", "summary": "Pages by a Link header", "parameters": [{"$ref": "#/components/parameters/page"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/cursor": {"get": {"operationId": "listByCursor", "summary": "Pages by a cursor", "parameters": [{"$ref": "#/components/parameters/cursor"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/offset": {"get": {"operationId": "listByOffset", "summary": "Items left out", "parameters": [{"$ref": "#/components/parameters/offset"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/search": {"post": {"operationId": "search", "summary": "Pages of a search", "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["query"], "properties": {"query": {"type": "string"}, "cursor": {"type": "string"}}}}}}, "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/busy": {"get": {"operationId": "listBusy", "summary": "Asks to wait before its second page", "parameters": [{"$ref": "#/components/parameters/cursor"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/broken": {"get": {"operationId": "listBroken", "summary": "Fails once on its second page", "parameters": [{"$ref": "#/components/parameters/page"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/circle": {"get": {"operationId": "listCircle", "summary": "Leads in a circle", "parameters": [{"$ref": "#/components/parameters/cursor"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/same": {"get": {"operationId": "listSame", "summary": "Knows no pages", "parameters": [{"$ref": "#/components/parameters/page"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/away": {"get": {"operationId": "listAway", "summary": "Leads to another host", "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/doubtful": {"get": {"operationId": "listDoubtful", "summary": "Has two parameters for a cursor", "parameters": [{"$ref": "#/components/parameters/cursor"}, {"$ref": "#/components/parameters/marker"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/endless": {"get": {"operationId": "listEndless", "summary": "Has no end", "parameters": [{"$ref": "#/components/parameters/cursor"}], "responses": {"200": {"$ref": "#/components/responses/200"}}}},
		"/one": {"get": {"operationId": "getOne", "summary": "Has no pages", "responses": {"200": {"$ref": "#/components/responses/200"}}}}
	}}`

// ServeHTTP implements http.Handler.
func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/openapi.json" {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, ledgerDocument)
		return
	}
	query := r.URL.Query()
	if keys := query["api_key"]; len(keys) != 1 || keys[0] != ledgerKey {
		http.Error(w, "one key, please", http.StatusUnauthorized)
		return
	}
	list := strings.TrimPrefix(r.URL.Path, "/v1/")
	nth := l.count(list + "?" + query.Get("page") + query.Get("cursor"))
	from := max(1, number(query.Get("page"), 1)) * ledgerPage
	from, cursor := from-ledgerPage, query.Get("cursor")
	if cursor != "" {
		from = number(strings.TrimPrefix(cursor, "c"), 0)
	}
	switch list {
	case "linked":
		l.linked(w, r, from)
	case "cursor", "doubtful", "circle", "busy":
		if list == "busy" && cursor != "" && nth == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if list == "circle" {
			saw(w, map[string]any{"entries": entriesOf(from), "next_cursor": "c0"})
			return
		}
		l.cursor(w, from, map[bool]string{true: "next_page_token", false: "next_cursor"}[list == "doubtful"])
	case "offset":
		from = number(query.Get("offset"), 0)
		saw(w, map[string]any{"entries": entriesOf(from), "total": ledgerEntries})
	case "search":
		body, _ := io.ReadAll(r.Body)
		if _, after, found := strings.Cut(string(body), `"cursor":"c`); found {
			from = number(strings.Trim(after, `"}`), 0)
		}
		l.cursor(w, from, "next_cursor")
	case "broken":
		if from == ledgerPage && nth == 1 {
			w.WriteHeader(http.StatusInternalServerError)
			saw(w, map[string]string{"error": "the clerk is ill"})
			return
		}
		l.linked(w, r, from)
	case "same":
		saw(w, map[string]any{"entries": entriesOf(0)})
	case "away":
		w.Header().Set("Link", `<http://elsewhere.example/v1/away?page=2>; rel="next"`)
		saw(w, entriesOf(0))
	case "endless":
		saw(w, map[string]any{"entries": []int{from}, "next_cursor": fmt.Sprint("c", from+1)})
	case "one":
		saw(w, map[string]any{"id": 1, "tags": []string{"a"}})
	default:
		http.NotFound(w, r)
	}
}

func (l *ledger) count(request string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[string]int{}
	}
	l.seen[request]++
	return l.seen[request]
}

func (l *ledger) linked(w http.ResponseWriter, r *http.Request, from int) {
	if from+ledgerPage < ledgerEntries {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=%d&api_key=%s>; rel="next"`, r.Host, r.URL.Path, from/ledgerPage+2, r.URL.Query().Get("api_key")))
	} else {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=1>; rel="first"`, r.Host, r.URL.Path))
	}
	saw(w, entriesOf(from))
}

func (l *ledger) cursor(w http.ResponseWriter, from int, name string) {
	answer := map[string]any{"entries": entriesOf(from), name: nil}
	if from+ledgerPage < ledgerEntries {
		answer[name] = fmt.Sprint("c", from+ledgerPage)
	}
	saw(w, answer)
}

type entry struct {
	N int `json:"n"`
}

func entriesOf(from int) []entry {
	all := []entry{}
	for n := from + 1; n <= min(from+ledgerPage, ledgerEntries); n++ {
		all = append(all, entry{n})
	}
	return all
}

func number(text string, otherwise int) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return otherwise
	}
	return n
}
