package call_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/zstd"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// written builds a request with a body of one media type, and returns the body.
func written(t *testing.T, m model.MediaType, payload string, schemas map[string]string) (string, error) {
	t.Helper()
	op := model.Operation{Summary: model.Summary{ID: "op", Method: "POST", Path: "/x"}, Body: &model.Body{Content: []model.MediaType{m}}}
	lookup := func(ref string) jsontext.Value {
		if text, ok := schemas[ref]; ok {
			return jsontext.Value(text)
		}
		return nil
	}
	s, err := shown(t, op, call.Arguments{Payload: jsontext.Value(payload), Lookup: lookup})
	return s.Body, err
}

// TestXML has the examples of OpenAPI 3.1.1, 4.8.26.2 (3.2.1, 4.26.3), and what they leave out.
func TestXML(t *testing.T) {
	for name, test := range map[string]struct{ schema, value, want string }{
		"no hints":                  {`{"properties":{"animals":{"type":"string"}}}`, `{"animals":"a"}`, "<root><animals>a</animals></root>"},
		"an array":                  {`{"properties":{"animals":{"type":"array","items":{"type":"string"}}}}`, `{"animals":["a","b"]}`, "<root><animals>a</animals><animals>b</animals></root>"},
		"another name":              {`{"properties":{"animals":{"xml":{"name":"animal"}}}}`, `{"animals":"a"}`, "<root><animal>a</animal></root>"},
		"attribute, namespace":      {`{"$ref":"#/components/schemas/Person"}`, `{"id":123,"name":"example"}`, `<Person id="123"><sample:name xmlns:sample="http://example.com/schema/sample">example</sample:name></Person>`},
		"items of another name":     {`{"properties":{"animals":{"type":"array","items":{"xml":{"name":"animal"}}}}}`, `{"animals":["a","b"]}`, "<root><animal>a</animal><animal>b</animal></root>"},
		"the array's has no effect": {`{"properties":{"animals":{"type":"array","items":{"xml":{"name":"animal"}},"xml":{"name":"aliens"}}}}`, `{"animals":["a"]}`, "<root><animal>a</animal></root>"},
		"wrapped":                   {`{"properties":{"animals":{"type":"array","items":{},"xml":{"wrapped":true}}}}`, `{"animals":["a","b"]}`, "<root><animals><animals>a</animals><animals>b</animals></animals></root>"},
		"wrapped, items named":      {`{"properties":{"animals":{"type":"array","items":{"xml":{"name":"animal"}},"xml":{"wrapped":true}}}}`, `{"animals":["a"]}`, "<root><animals><animal>a</animal></animals></root>"},
		"wrapped, both named":       {`{"properties":{"animals":{"type":"array","items":{"xml":{"name":"animal"}},"xml":{"name":"aliens","wrapped":true}}}}`, `{"animals":["a"]}`, "<root><aliens><animal>a</animal></aliens></root>"},
		"wrapped, the array named":  {`{"properties":{"animals":{"type":"array","items":{},"xml":{"name":"aliens","wrapped":true}}}}`, `{"animals":["a"]}`, "<root><aliens><aliens>a</aliens></aliens></root>"},
		"nodeType":                  {`{"properties":{"a":{"xml":{"nodeType":"attribute"}},"t":{"xml":{"nodeType":"cdata"}}}}`, `{"t":"<x>","a":"1"}`, `<root a="1"><![CDATA[<x>]]></root>`},
		"a list of persons":         {`{"$ref":"#/components/schemas/Persons"}`, `[{"id":1}]`, `<Persons><Person id="1"></Person></Persons>`},
		"escaped":                   {`{}`, `{"a":"<b> & \"c\"","n":null,"t":true}`, `<root><a>&lt;b&gt; &amp; &#34;c&#34;</a><t>true</t></root>`},
		"in allOf":                  {`{"allOf":[{"$ref":"#/components/schemas/Person"},{"properties":{"x":{"xml":{"name":"y"}}}}]}`, `{"id":1,"x":2}`, `<root id="1"><y>2</y></root>`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := written(t, model.MediaType{Type: "application/xml", Schema: jsontext.Value(test.schema)}, test.value, map[string]string{
				"#/components/schemas/Person": `{"type":"object","properties":{"id":{"type":"integer","xml":{"attribute":true}},
					"name":{"type":"string","xml":{"namespace":"http://example.com/schema/sample","prefix":"sample"}}}}`,
				"#/components/schemas/Persons": `{"type":"array","items":{"$ref":"#/components/schemas/Person"}}`,
			})
			if got = strings.TrimPrefix(got, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"); err != nil || got != test.want {
				t.Errorf("got %s %v, want %s", got, err, test.want)
			}
		})
	}
	for _, value := range []string{`{"a b":1}`, `{"<":1}`, `{"":1}`, `[1]`} {
		if got, err := written(t, model.MediaType{Type: "text/xml"}, value, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %q %v", value, got, err)
		}
	}
}

// TestForms: encoding objects (OpenAPI 3.2, 4.15), and what is done without.
func TestForms(t *testing.T) {
	for name, test := range map[string]struct {
		kind     string
		encoding map[string]model.Encoding
		value    string
		want     string
	}{
		"plain":               {"application/x-www-form-urlencoded", nil, `{"a":"x y~*","b":[1,null,true],"c":{"d":1},"n":null}`, "a=x+y%7E*&b=1&b=true&c=%7B%22d%22%3A1%7D"},
		"style":               {"application/x-www-form-urlencoded", map[string]model.Encoding{"b": {Style: "form"}, "c": {Style: "deepObject", Explode: true}}, `{"b":["x","y"],"c":{"d":{"e":[1]}}}`, "b=x,y&c%5Bd%5D%5Be%5D%5B%5D=1"},
		"reserved":            {"application/x-www-form-urlencoded", map[string]model.Encoding{"a": {Style: "form", AllowReserved: true}}, `{"a":"x/y"}`, "a=x/y"},
		"as JSON":             {"application/x-www-form-urlencoded", map[string]model.Encoding{"a": {ContentType: "application/json"}}, `{"a":"x"}`, "a=%22x%22"},
		"JSON Lines":          {"application/jsonl", nil, `[{"a": 1},{"b":2}]`, "{\"a\":1}\n{\"b\":2}\n"},
		"JSON text sequences": {"application/json-seq", nil, `[1,2]`, "\x1e1\n\x1e2\n"},
	} {
		if got, err := written(t, model.MediaType{Type: test.kind, Encoding: test.encoding}, test.value, nil); err != nil || got != test.want {
			t.Errorf("%s: got %q %v, want %q", name, got, err, test.want)
		}
	}
	if got, err := written(t, model.MediaType{Type: "application/x-www-form-urlencoded"}, `[1]`, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a list as a form: %q %v", got, err)
	}
}

// readParts reads a multipart body with the standard library.
func readParts(t *testing.T, kind, body string) (all []string) {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	for r := multipart.NewReader(strings.NewReader(body), parameters["boundary"]); ; {
		p, err := r.NextPart()
		if err == io.EOF { //nolint:errorlint // the reader returns it as it is
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Join([]string{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), p.Header.Get("X-Extra"), string(text)}, "|"))
	}
}

func TestParts(t *testing.T) {
	schema := jsontext.Value(`{"properties":{"pic":{"$ref":"#/bytes"},"image":{"contentMediaType":"image/png"},"list":{"type":"array","items":{"format":"binary"}}}}`)
	m := model.MediaType{Type: "multipart/form-data", Schema: schema, Encoding: map[string]model.Encoding{
		"meta": {ContentType: "application/xml"}, "tags": {Style: "form"}, "file": {ContentType: "image/*, image/gif",
			Headers: []model.Parameter{{Name: "X-Extra", In: "header", Style: "simple", Default: jsontext.Value(`["a","b"]`)}}}}}
	op := model.Operation{Summary: model.Summary{ID: "op", Method: "POST", Path: "/x"}, Body: &model.Body{Content: []model.MediaType{{Type: "application/json"}, m}}}
	files := []call.File{{Field: "file", Name: "ü\".png", Size: -1}, {Field: "file", Type: "image/png", Header: map[string]string{"X-Extra": "c\r\nd"}, Size: -1}}
	next := 0
	upload := &call.Upload{Next: func() (*call.File, error) {
		if next == len(files) {
			return nil, io.EOF
		}
		next++
		f := files[next-1]
		f.Content = strings.NewReader("content")
		return &f, nil
	}}
	s, err := shown(t, op, call.Arguments{
		Payload: jsontext.Value(`{"pic":"bytes","image":"png","list":["a","b"],"meta":{"k":1},"tags":["x","y"],"o":{"p":1},"n":5,"none":null}`), Upload: upload,
		Lookup: func(ref string) jsontext.Value { return jsontext.Value(`{"type":"string","format":"binary"}`) }})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(readParts(t, s.Header.Get("Content-Type"), s.Body), "\n")
	want := `pic|pic|application/octet-stream||bytes
image|image|application/octet-stream||png
list|list|application/octet-stream||a
list|list|application/octet-stream||b
meta||application/xml||<?xml version="1.0" encoding="UTF-8"?>
<root><k>1</k></root>
tags||||x,y
o||application/json||{"p":1}
n||||5
file|ü".png|image/gif|a,b|content
file||image/png|c  d|content`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	mixed := model.MediaType{Type: "multipart/mixed"}
	op.Body.Content = []model.MediaType{mixed}
	s, err = shown(t, op, call.Arguments{Payload: jsontext.Value(`[{"a":1},"text"]`)})
	if got := strings.Join(readParts(t, s.Header.Get("Content-Type"), s.Body), "\n"); err != nil || got != "||application/json||{\"a\":1}\n||||text" {
		t.Errorf("got %s %v", got, err)
	}
}

// TestMediaTypeOfAList: the document's that says most of what a list is; the parts of a form have names, which items do not.
func TestMediaTypeOfAList(t *testing.T) {
	for types, want := range map[string]string{
		"multipart/form-data */*":             "application/json",
		"*/* multipart/form-data":             "application/json",
		"multipart/form-data application/*":   "application/json",
		"multipart/form-data image/*":         "multipart/form-data",
		"multipart/form-data":                 "multipart/form-data",
		"*/* multipart/mixed":                 "multipart/mixed",
		"*/* application/x-ndjson":            "application/x-ndjson",
		"multipart/form-data application/xml": "application/xml",
		"application/vnd.api+json */*":        "application/vnd.api+json",
		"*/*":                                 "application/json",
	} {
		op := model.Operation{Summary: model.Summary{ID: "op", Method: "POST", Path: "/x"}, Body: &model.Body{}}
		for _, kind := range strings.Fields(types) {
			op.Body.Content = append(op.Body.Content, model.MediaType{Type: kind, Schema: jsontext.Value(`{"xml":{"name":"list"}}`)})
		}
		s, err := shown(t, op, call.Arguments{Payload: jsontext.Value(`[1,2]`)})
		if got, _, _ := strings.Cut(s.Header.Get("Content-Type"), ";"); err != nil || got != want {
			t.Errorf("%s: %s, want %s: %v", types, got, want, err)
		}
		if want == "application/json" && s.Body != "[1,2]" {
			t.Errorf("%s: sends %s", types, s.Body)
		}
	}
}

// TestMediaTypeBySchema: of several, one whose schema the body may fit; and of those that cover the one that is asked for, the most
// specific.
func TestMediaTypeBySchema(t *testing.T) {
	text, object := jsontext.Value(`{"type":"string","format":"binary"}`), jsontext.Value(`{"type":"object","required":["content"],"properties":{"content":{"type":"string"}}}`)
	op := model.Operation{Summary: model.Summary{ID: "op", Method: "POST", Path: "/x"}, Body: &model.Body{Content: []model.MediaType{
		{Type: "*/*", Schema: text}, {Type: "application/*", Schema: text}, {Type: "application/create+json", Schema: object},
	}}}
	for _, c := range []struct{ payload, asked, want string }{
		{`"text"`, "", "application/json"},
		{`{"content":"text"}`, "", "application/create+json"},
		{`{"content":"text"}`, "application/create+json", "application/create+json"},
		{`"text"`, "application/x-thing", "application/x-thing"},
	} {
		s, err := shown(t, op, call.Arguments{Payload: jsontext.Value(c.payload), ContentType: c.asked})
		if got := s.Header.Get("Content-Type"); err != nil || got != c.want {
			t.Errorf("%s as %q: %s, want %s: %v", c.payload, c.asked, got, c.want, err)
		}
	}
}

// TestCodings: what answers are compressed with (RFC 9110 8.4).
func TestCodings(t *testing.T) {
	const plain = `{"some":"text, text, text, text, text"}`
	pack := func(open func(io.Writer) io.WriteCloser) string {
		var out bytes.Buffer
		w := open(&out)
		io.WriteString(w, plain)
		w.Close()
		return out.String()
	}
	zipped := pack(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	zlibbed := pack(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	for name, test := range map[string]struct{ coding, body, want string }{
		"none":             {"", plain, plain},
		"gzip":             {"gzip", zipped, plain},
		"deflate":          {"deflate", zlibbed, plain},
		"deflate, bare":    {"deflate", pack(func(w io.Writer) io.WriteCloser { d, _ := flate.NewWriter(w, 6); return d }), plain},
		"zstd":             {"zstd", pack(func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }), plain},
		"two":              {"x-gzip, identity", zipped, plain},
		"empty":            {"gzip", "", ""},
		"unknown":          {"br", "x", "error"},
		"not what it says": {"gzip", plain, "error"},
		"cut off":          {"gzip", zipped[:len(zipped)-5], "error"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Accept-Encoding"); got != "gzip, deflate, zstd" {
					t.Errorf("asked for %q", got)
				}
				if test.coding != "" {
					w.Header().Set("Content-Encoding", test.coding)
				}
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, test.body)
			}))
			t.Cleanup(server.Close)
			base, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			r, err := call.Build(&model.Operation{Summary: model.Summary{ID: "op", Method: "GET", Path: "/x"}}, base, call.Arguments{})
			if err != nil {
				t.Fatal(err)
			}
			answer, err := r.Send(t.Context(), http.DefaultClient, nil)
			if err == nil {
				err = answer.Whole()
			}
			if test.want == "error" {
				if !fault.Is(err, fault.Upstream) && !fault.Is(err, fault.Unavailable) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || string(answer.Body) != test.want || answer.Header.Get("Content-Encoding") != "" {
				t.Errorf("got %q %v", answer.Body, err)
			}
		})
	}
}

// TestDecoded: answers by media type and charset.
func TestDecoded(t *testing.T) {
	for _, test := range []struct{ kind, body, data, encoding string }{
		{"text/plain; charset=iso-8859-1", "J\xf8rgen", `"Jørgen"`, ""},
		{"text/xml; charset=windows-1252", "<a>\x80</a>", `"<a>€</a>"`, ""},
		{"application/json", "\xef\xbb\xbf{\"a\":1}", `{"a":1}`, ""},
		{"application/json; charset=utf-16le", "{\x00}\x00", `{}`, ""},
		{"application/x-www-form-urlencoded", "a=1&b=x+y&b=z", `{"a":"1","b":["x y","z"]}`, ""},
		{"application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n", `[{"a":1},{"a":2}]`, ""},
		{"application/json-seq", "\x1e1\n\x1e2\n", `[1,2]`, ""},
		{"application/jsonl", "no json", `"no json"`, ""},
		{"text/plain; charset=klingon", "qapla", `"qapla"`, ""},
		{"image/png", "\x89PNG", `"iVBORw=="`, "base64"},
	} {
		a := call.Answer{Header: http.Header{"Content-Type": {test.kind}}, Body: []byte(test.body)}
		if data, encoding := a.Data(); string(data) != test.data || encoding != test.encoding {
			t.Errorf("%s: got %s %q, want %s %q", test.kind, data, encoding, test.data, test.encoding)
		}
	}
}
