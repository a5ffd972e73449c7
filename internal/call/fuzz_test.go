package call_test

import (
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

var (
	fuzzStyles = []string{"simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject", "cookie", "unheard-of"}
	fuzzTypes  = []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/mixed", "application/xml", "text/plain", "application/octet-stream", "application/jsonl", "application/json-seq", "*/*"}
)

// FuzzBuild: whatever the operation and the arguments, there is an error that says what is wrong, or a request whose URL has the
// host and the segments of the template, whose headers can be sent, and whose body is what its media type says.
func FuzzBuild(f *testing.F) {
	for i, value := range []string{`"a/b"`, `["..","."]`, `{"a":".."}`, `"%2e%2e"`, `"\u0000"`, `".. "`, `1e999`, `[[1],{"a":[null]}]`, `{"a":{"b":[1,{"c":2}]}}`, `"a\r\nb"`, `{"<":"]]>"}`} {
		f.Add(value, "color", uint(i), uint(i*7), `{"type":["string","object"],"properties":{"a":{"$ref":"#"}}}`)
	}
	f.Add(`{"x":1}`, "na me\"\r\n", uint(3), uint(2), `{"oneOf":[{"$ref":"#"},{"pattern":"("}]}`)
	f.Fuzz(func(t *testing.T, value, name string, shape, body uint, schema string) {
		raw, style := jsontext.Value(value), fuzzStyles[shape%uint(len(fuzzStyles))]
		parameter := func(in string) model.Parameter {
			return model.Parameter{Name: name, In: in, Required: in == "path" || shape&64 != 0, Style: style, Explode: shape&16 != 0, AllowReserved: shape&32 != 0, AllowEmpty: shape&128 != 0,
				Type: []string{"", "array", "object"}[shape/256%3], Schema: jsontext.Value(schema)}
		}
		op := model.Operation{Summary: model.Summary{ID: "op", Method: "POST", Path: "/x/{" + name + "}/y"}, Parameters: []model.Parameter{
			parameter("path"), parameter("query"), parameter("header"), parameter("cookie")}}
		kind := fuzzTypes[body%uint(len(fuzzTypes))]
		op.Body = &model.Body{Content: []model.MediaType{{Type: kind, Schema: jsontext.Value(schema), Encoding: map[string]model.Encoding{name: {Style: style, Explode: shape&16 != 0, ContentType: fuzzTypes[shape%uint(len(fuzzTypes))]}}}}}
		if strings.ContainsAny(name, "{}/?#%") { // what the template says is the document's business
			return
		}
		if shape&1024 != 0 {
			op.Parameters = append(op.Parameters, model.Parameter{Name: name, In: "querystring", ContentType: kind, Schema: jsontext.Value(schema)})
		}
		arguments := map[string]jsontext.Value{}
		for _, p := range op.Parameters {
			arguments[p.In+"."+p.Name] = raw
		}
		lookup := func(string) jsontext.Value { return jsontext.Value(schema) }
		s, err := shown(t, op, call.Arguments{Parameters: arguments, Payload: raw, Lookup: lookup, NoCheck: body&512 != 0})
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("an error of the wrong kind: %v", err)
			}
			return
		}
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatalf("%q is no URL: %v", s.URL, err)
		}
		if got := strings.Count(u.EscapedPath(), "/"); got != 4 || u.Host != "api.example.com" || u.Fragment != "" || strings.ContainsAny(s.URL, " \r\n\x00") {
			t.Errorf("%q has %d segments", s.URL, got)
		}
		sendable(t, s)
	})
}

// sendable checks what a request is made of by letting net/http write it.
func sendable(t *testing.T, s call.Shown) {
	for name, values := range s.Header {
		for _, text := range values {
			if strings.ContainsAny(text, "\r\n\x00") {
				t.Errorf("the header %s is %q", name, text)
			}
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(s.Body))
	r.Header = s.Header
	kind, parameters, err := mime.ParseMediaType(s.Header.Get("Content-Type"))
	if s.Header.Get("Content-Type") != "" && err != nil {
		t.Errorf("the Content-Type is %q: %v", s.Header.Get("Content-Type"), err)
	}
	switch {
	case strings.HasSuffix(s.Body, " bytes)"): // not shown
	case kind == "application/json":
		if !jsontext.Value(s.Body).IsValid() {
			t.Errorf("%q is no JSON", s.Body)
		}
	case kind == "application/x-www-form-urlencoded" && !strings.HasPrefix(s.Body, "\""):
	case strings.HasPrefix(kind, "multipart/"):
		reader := multipart.NewReader(strings.NewReader(s.Body), parameters["boundary"])
		for {
			p, err := reader.NextRawPart()
			if err != nil {
				if err.Error() != "EOF" {
					t.Errorf("%q is not in parts: %v", s.Body, err)
				}
				return
			}
			p.Close()
		}
	}
}
