package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/access"
)

// works is an API that takes all kinds of bodies, and remembers what came.
type works struct {
	*httptest.Server
	mu   sync.Mutex
	last arrived
}

// arrived is a request as it came: of a body with parts, the parts.
type arrived struct {
	Method, URL, Type string
	Headers           map[string]string
	Body              string
	Parts             []string
}

const worksDocument = `{"openapi":"3.0.3","info":{"title":"Works","version":"1"},"servers":[{"url":"%s"}],"paths":{
 "/orders/{shop}":{"post":{"operationId":"order","summary":"Order something","parameters":[
   {"name":"shop","in":"path","required":true,"schema":{"type":"string"},"example":"main"},
   {"name":"limit","in":"query","schema":{"type":"integer","maximum":100}},
   {"name":"tag","in":"query","schema":{"type":"array","items":{"type":"string"}}},
   {"name":"X-Note","in":"header","schema":{"type":"string"}}],
  "requestBody":{"required":true,"content":{
   "application/json":{"schema":{"$ref":"#/components/schemas/Order"}},
   "application/x-www-form-urlencoded":{"schema":{"type":"object","properties":{"item":{"type":"string"},"count":{"type":"integer"}}}},
   "application/xml":{"schema":{"$ref":"#/components/schemas/Order"}}}}}},
 "/upload":{"post":{"operationId":"upload","requestBody":{"required":true,"content":{"multipart/form-data":{"schema":{"type":"object","required":["file"],"properties":{
   "note":{"type":"string"},"meta":{"type":"object","properties":{"kind":{"type":"string"}}},"file":{"type":"string","format":"binary"},"pages":{"type":"array","items":{"type":"string","format":"binary"}}}}}}}}},
 "/image":{"put":{"operationId":"image","requestBody":{"required":true,"content":{"image/png":{"schema":{"type":"string","format":"binary"}}}}}},
 "/text":{"post":{"operationId":"text","requestBody":{"content":{"text/plain":{"schema":{"type":"string"}},"application/json":{}}}}},
 "/page":{"get":{"operationId":"page"}}, "/bytes":{"get":{"operationId":"bytes"}}, "/large":{"get":{"operationId":"large"}}, "/huge":{"get":{"operationId":"huge"}},
 "/empty":{"delete":{"operationId":"empty"},"head":{"operationId":"look"}}, "/refused":{"get":{"operationId":"refused"}}
},"components":{"schemas":{"Order":{"type":"object","required":["item"],"properties":{
  "item":{"type":"string","example":"book"},"count":{"type":"integer","minimum":1},"gift":{"type":"boolean"},"kind":{"type":"string","enum":["new","used"]},
  "address":{"type":"object","required":["city"],"properties":{"city":{"type":"string"},"zip":{"type":"string"}}},
  "lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"},"price":{"type":"number"}}}},
  "tags":{"type":"array","items":{"type":"string"}},
  "pay":{"oneOf":[{"title":"Card","type":"object","required":["number"],"properties":{"number":{"type":"string"}}},{"title":"Cash","type":"object","properties":{"coins":{"type":"integer"}}}]},
  "labels":{"type":"object","additionalProperties":{"type":"string"}}}}}}}`

const page = `<html><script>alert("from the API")</script><img src=x onerror=alert(1)></html>`

func newWorks(t *testing.T) *works {
	w := &works{}
	w.Server = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.Close)
	return w
}

func (w *works) serve(answer http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.last = arrive(r)
	w.mu.Unlock()
	header := answer.Header()
	switch r.URL.Path {
	case "/page":
		header.Set("Content-Type", "text/html")
		io.WriteString(answer, page)
	case "/bytes":
		header.Set("Content-Type", "image/png")
		header.Set("Content-Disposition", `attachment; filename="../a b.png"`)
		answer.Write([]byte{0, 1, 0xff, 0xfe})
	case "/large":
		header.Set("Content-Type", "application/json")
		io.WriteString(answer, `["`+strings.Repeat("x", 400<<10)+`"]`)
	case "/huge":
		header.Set("Content-Type", "text/plain")
		for range 70 {
			answer.Write(bytes.Repeat([]byte("x"), 1<<20))
		}
	case "/refused":
		header.Set("Content-Type", "application/json")
		answer.WriteHeader(http.StatusUnprocessableEntity)
		io.WriteString(answer, `{"error":"not so"}`)
	case "/empty":
		answer.WriteHeader(http.StatusNoContent)
	default:
		json.NewEncoder(answer).Encode(map[string]string{"ok": "yes"})
	}
}

// arrive reads a request.
func arrive(r *http.Request) arrived {
	body, _ := io.ReadAll(r.Body)
	kind, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	a := arrived{Method: r.Method, URL: r.URL.RequestURI(), Type: kind, Headers: map[string]string{}, Body: string(body)}
	for name, values := range r.Header {
		if !slices.Contains([]string{"User-Agent", "Accept-Encoding", "Content-Length", "Content-Type", "Expect"}, name) {
			a.Headers[name] = strings.Join(values, ", ")
		}
	}
	var compact bytes.Buffer
	if kind == "application/json" && json.Compact(&compact, body) == nil {
		a.Body = compact.String()
	}
	if parameters["boundary"] == "" {
		return a
	}
	a.Body = ""
	for parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		p, err := parts.NextRawPart()
		if err != nil {
			return a
		}
		content, _ := io.ReadAll(p)
		a.Parts = append(a.Parts, strings.Join([]string{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), string(content)}, "|"))
	}
}

// came is the last request.
func (w *works) came() arrived {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// settle imports the document of the works, and makes an integration of it.
func (w *works) settle(t *testing.T, b *browser) *browser {
	t.Helper()
	admin := access.Local("test")
	m, err := b.hub.ImportModel(t.Context(), admin, api.ModelRequest{Model: json.RawMessage(strings.Replace(worksDocument, "%s", w.URL, 1))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.hub.CreateIntegration(t.Context(), admin, api.Integration{Name: "works", Model: m.Model}); err != nil {
		t.Fatal(err)
	}
	return b
}

const runURL = "/ui/integrations/works/run?operation="

// task opens the form of an operation.
func (b *browser) task(t *testing.T, operation string) *paper {
	t.Helper()
	return b.open(t, runURL+operation).task()
}

func (d *document) task() *paper {
	d.t.Helper()
	return d.form("/ui/integrations/works/form")
}
