package spec_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"carnet.dev/carnet/interop/corpus/spec"
)

// value reads JSON as documents are read.
func value(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(text, err)
	}
	return v
}

// TestParameters is the style table of OpenAPI 3.1.1, 4.8.12.4, and what it has wrong answers to: a request has to be refused if an
// argument is missing, another, elsewhere, or written in another style.
func TestParameters(t *testing.T) {
	const array, object = `["blue","black"]`, `{"R":100,"G":200}`
	for _, c := range []struct {
		p       spec.Parameter
		v       string
		right   []string
		written []string // wrong
	}{
		{spec.Parameter{In: "path", Style: "simple"}, `"a b/c"`, []string{"a%20b%2Fc"}, []string{"a%20b/c", "a+b%2Fc", "a%20b", ""}},
		{spec.Parameter{In: "path", Style: "simple"}, array, []string{"blue,black"}, []string{"black,blue", "blue%2Cblack", "blue,black,", "blue"}},
		{spec.Parameter{In: "path", Style: "simple", Explode: true}, object, []string{"R=100,G=200", "G=200,R=100"}, []string{"R,100,G,200", "R=100", "R=200,G=100"}},
		{spec.Parameter{In: "path", Style: "simple"}, object, []string{"R,100,G,200"}, []string{"R=100,G=200", "R,100"}},
		{spec.Parameter{In: "path", Style: "label"}, array, []string{".blue,black"}, []string{"blue,black", ".blue.black"}},
		{spec.Parameter{In: "path", Style: "label", Explode: true}, array, []string{".blue.black"}, []string{".blue,black"}},
		{spec.Parameter{In: "path", Style: "label", Explode: true}, object, []string{".R=100.G=200"}, []string{".R,100,G,200"}},
		{spec.Parameter{In: "path", Style: "matrix"}, array, []string{";n=blue,black"}, []string{";n=blue;n=black", ";m=blue,black", "n=blue,black"}},
		{spec.Parameter{In: "path", Style: "matrix", Explode: true}, array, []string{";n=blue;n=black"}, []string{";n=blue,black"}},
		{spec.Parameter{In: "path", Style: "matrix", Explode: true}, object, []string{";R=100;G=200"}, []string{";n=R,100,G,200"}},
		{spec.Parameter{In: "query", Style: "form", Explode: true}, `"50% + 7"`, []string{"n=50%25%20%2B%207", "n=50%25+%2B+7"}, []string{"n=50%25%20+%207", "m=1", "", "n=1&n=2"}},
		{spec.Parameter{In: "query", Style: "form", Explode: true}, `1.50`, []string{"n=1.50"}, []string{"n=1.5", `n=%221.50%22`}},
		{spec.Parameter{In: "query", Style: "form", Explode: true}, array, []string{"n=blue&n=black"}, []string{"n=blue,black", "n=black&n=blue", "n=blue&n=black&n=x", "n=blue&n=black&x=1"}},
		{spec.Parameter{In: "query", Style: "form"}, array, []string{"n=blue,black"}, []string{"n=blue&n=black", "n=blue%2Cblack"}},
		{spec.Parameter{In: "query", Style: "form", Explode: true}, object, []string{"R=100&G=200"}, []string{"R=100", "n=R,100,G,200"}},
		{spec.Parameter{In: "query", Style: "form"}, object, []string{"n=R,100,G,200"}, []string{"R=100&G=200"}},
		{spec.Parameter{In: "query", Style: "spaceDelimited"}, array, []string{"n=blue%20black", "n=blue+black"}, []string{"n=blue,black"}},
		{spec.Parameter{In: "query", Style: "pipeDelimited"}, array, []string{"n=blue%7Cblack", "n=blue|black"}, []string{"n=blue,black"}},
		{spec.Parameter{In: "query", Style: "deepObject"}, object, []string{"n%5BR%5D=100&n%5BG%5D=200", "n[R]=100&n[G]=200"}, []string{"R=100&G=200", "n[R]=100", "n[R]=100&n[G]=200&n[B]=1"}},
		{spec.Parameter{In: "query", Content: "application/json"}, object, []string{"n=%7B%22G%22%3A200%2C%22R%22%3A100%7D"}, []string{"n=R,100,G,200", "n=%7B%7D"}},
		{spec.Parameter{In: "header", Style: "simple"}, array, []string{"blue,black"}, []string{"blue, black, x", "blue"}},
		{spec.Parameter{In: "header", Style: "simple", Explode: true}, object, []string{"R=100,G=200"}, []string{"R,100,G,200"}},
		{spec.Parameter{In: "cookie", Style: "form", Explode: true}, `"a b"`, []string{"n=a%20b"}, []string{"m=a%20b", "n=a+b", "n=a%20b; x=1"}},
	} {
		c.p.Name = "n"
		path := "/x"
		if c.p.In == "path" {
			path = "/x/{n}"
		}
		op := &spec.Operation{Method: "GET", Path: path, Parameters: []spec.Parameter{c.p}}
		arguments := spec.Arguments{Values: map[int]any{0: value(t, c.v)}}
		check := func(written string) []string {
			r := spec.Request{Method: "GET", URL: "https://api.example/x", Header: http.Header{}}
			switch c.p.In {
			case "path":
				r.URL += "/" + written
			case "query":
				r.URL += "?" + written
			case "header":
				r.Header.Set("n", written)
			case "cookie":
				r.Header.Set("Cookie", written)
			}
			return op.Check(nil, "https://api.example", r, arguments)
		}
		for _, written := range c.right {
			if wrong := check(written); len(wrong) > 0 {
				t.Errorf("%s %s %s: refused %s: %q", c.p.In, c.p.Styled(), c.v, written, wrong)
			}
		}
		for _, written := range c.written {
			if wrong := check(written); len(wrong) == 0 {
				t.Errorf("%s %s %s: took %s", c.p.In, c.p.Styled(), c.v, written)
			}
		}
	}
}

// TestBodies takes what is right, and refuses what is not.
func TestBodies(t *testing.T) {
	data, err := os.ReadFile("../testdata/three.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := spec.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	op := operation(t, d, "bodies")
	part := func(name, more, content string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n" + more + "\r\n" + content + "\r\n"
	}
	for _, c := range []struct{ kind, v, right, wrong string }{
		{"application/json", `{"name":"x","size":1.5}`, `{"size":1.5, "name":"x"}`, `{"name":"x","size":"1.5"}`},
		{"application/x-www-form-urlencoded", `{"text":"a b","list":["x","y"],"flat":{"R":1},"deep":{"a":"z"},"csv":["1","2"]}`,
			"text=a+b&list=x&list=y&flat=%7B%22R%22%3A1%7D&deep%5Ba%5D=z&csv=1,2", "text=a+b&list=x&list=y&flat=%7B%22R%22%3A1%7D&deep=z&csv=1,2"},
		{"application/x-www-form-urlencoded", `{"text":"a b"}`, "text=a%20b", "text=a+b&more=1"},
		{"multipart/form-data; boundary=b", `{"text":"a","list":["x","y"],"typed":"1,2"}`,
			part("list", "", "x") + part("text", "", "a") + part("list", "", "y") + part("typed", "Content-Type: text/csv\r\n", "1,2") + "--b--\r\n",
			part("list", "", "x") + part("text", "", "a") + part("list", "", "y") + part("typed", "", "1,2") + "--b--\r\n"},
		{"application/xml", `{"id":7,"note":"<&>","line":[{"sku":"a"},{"sku":"b"}],"tags":["x"]}`,
			`<o:order xmlns:o="https://ns.example" id="7"><note>&lt;&amp;&gt;</note><line><sku>a</sku></line><line><sku>b</sku></line><labels><label>x</label></labels></o:order>`,
			`<o:order xmlns:o="https://ns.example"><id>7</id><note>&lt;&amp;&gt;</note><line><sku>a</sku></line><line><sku>b</sku></line><labels><label>x</label></labels></o:order>`},
		{"application/xml", `{"tags":["x"]}`, `<o:order xmlns:o="https://ns.example"><labels><label>x</label></labels></o:order>`, `<o:order xmlns:o="https://ns.example"><label>x</label></o:order>`},
		{"text/plain", `"a"`, "a", `"a"`},
	} {
		kind, _, _ := strings.Cut(c.kind, ";")
		payload := &spec.Payload{Value: value(t, c.v)}
		for _, b := range op.Bodies {
			if b.Type == kind {
				payload.Body = b
			}
		}
		check := func(body, kind string) []string {
			r := spec.Request{Method: "POST", URL: "https://eu.api.example/base/bodies", Header: http.Header{"Content-Type": {kind}}, Body: []byte(body)}
			return op.Check(d, "https://eu.api.example/base", r, spec.Arguments{Body: payload})
		}
		if wrong := check(c.right, c.kind); len(wrong) > 0 {
			t.Errorf("%s: %q", c.kind, wrong)
		}
		if wrong := check(c.wrong, c.kind); len(wrong) == 0 {
			t.Errorf("%s: took %s", c.kind, c.wrong)
		}
		if wrong := check(c.right, "application/x-other"); len(wrong) == 0 {
			t.Errorf("%s: took another media type", c.kind)
		}
	}
}

// TestEverythingElse is what of a request has nothing to do with arguments.
func TestEverythingElse(t *testing.T) {
	op := &spec.Operation{Method: "GET", Path: "/a b/{x}-{y}?fixed=1"}
	op.Parameters = []spec.Parameter{{Name: "x", In: "path", Style: "simple"}, {Name: "y", In: "path", Style: "simple"}}
	arguments := spec.Arguments{Values: map[int]any{0: "1-2", 1: "3"}}
	for url, right := range map[string]bool{
		"https://api.example/v1/a%20b/1-2-3?fixed=1": true, "https://api.example/v1/a%20b/1-2-3": false, "https://api.example/v1/a%20b/1-2-3?fixed=1#x": false,
		"https://api.example/v1/a%20b/1-23?fixed=1": false, "https://api.example/v2/a%20b/1-2-3?fixed=1": false, "https://api.example/v1/a%20b/1-2-3?fixed=2": false,
	} {
		wrong := op.Check(nil, "https://api.example/v1/", spec.Request{Method: "GET", URL: url, Header: http.Header{}}, arguments)
		if (len(wrong) == 0) != right {
			t.Errorf("%s: %q", url, wrong)
		}
	}
	r := spec.Request{Method: "POST", URL: "https://api.example/v1/a%20b/1-2-3?fixed=1", Body: []byte("x")}
	if wrong := op.Check(nil, "https://api.example/v1", r, arguments); len(wrong) != 2 {
		t.Errorf("another method and a body: %q", wrong)
	}
}

func operation(t *testing.T, d *spec.Document, id string) spec.Operation {
	t.Helper()
	for _, op := range d.Operations() {
		if op.ID == id {
			return op
		}
	}
	t.Fatalf("there is no %s", id)
	return spec.Operation{}
}
