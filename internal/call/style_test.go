package call_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// shown builds a request and returns what a dry run would show.
func shown(t *testing.T, op model.Operation, a call.Arguments) (call.Shown, error) {
	t.Helper()
	base, err := url.Parse("https://api.example.com/v1/")
	if err != nil {
		t.Fatal(err)
	}
	if op.Method == "" {
		op.Method = "GET"
	}
	r, err := call.Build(&op, base, a)
	if err != nil {
		return call.Shown{}, err
	}
	s, err := r.Show(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, nil
}

// TestStyles is the table of OpenAPI 3.1, 4.8.12.4, with its values.
func TestStyles(t *testing.T) {
	const (
		text   = `"blue"`
		array  = `["blue","black","brown"]`
		object = `{"R":100,"G":200,"B":150}`
	)
	for _, test := range []struct {
		in, style string
		explode   bool
		value     string
		want      string
	}{
		{"path", "matrix", false, text, ";color=blue"},
		{"path", "matrix", false, array, ";color=blue,black,brown"},
		{"path", "matrix", false, object, ";color=R,100,G,200,B,150"},
		{"path", "matrix", true, array, ";color=blue;color=black;color=brown"},
		{"path", "matrix", true, object, ";R=100;G=200;B=150"},
		{"path", "label", false, text, ".blue"},
		{"path", "label", false, array, ".blue,black,brown"},
		{"path", "label", false, object, ".R,100,G,200,B,150"},
		{"path", "label", true, array, ".blue.black.brown"},
		{"path", "label", true, object, ".R=100.G=200.B=150"},
		{"path", "simple", false, text, "blue"},
		{"path", "simple", false, array, "blue,black,brown"},
		{"path", "simple", false, object, "R,100,G,200,B,150"},
		{"path", "simple", true, array, "blue,black,brown"},
		{"path", "simple", true, object, "R=100,G=200,B=150"},
		{"query", "form", false, text, "color=blue"},
		{"query", "form", false, array, "color=blue,black,brown"},
		{"query", "form", false, object, "color=R,100,G,200,B,150"},
		{"query", "form", true, array, "color=blue&color=black&color=brown"},
		{"query", "form", true, object, "R=100&G=200&B=150"},
		{"query", "form", true, `[]`, ""},
		{"query", "spaceDelimited", false, array, "color=blue%20black%20brown"},
		{"query", "spaceDelimited", false, object, "color=R%20100%20G%20200%20B%20150"},
		{"query", "pipeDelimited", false, array, "color=blue%7Cblack%7Cbrown"},
		{"query", "pipeDelimited", false, object, "color=R%7C100%7CG%7C200%7CB%7C150"},
		{"query", "tabDelimited", false, array, "color=blue%09black%09brown"},
		{"query", "deepObject", true, object, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"},
		{"query", "deepObject", true, `{"a":{"b":[1,2]}}`, "color%5Ba%5D%5Bb%5D%5B%5D=1&color%5Ba%5D%5Bb%5D%5B%5D=2"},
		{"header", "simple", false, array, "blue,black,brown"},
		{"header", "simple", true, object, "R=100,G=200,B=150"},
		{"cookie", "form", false, text, "color=blue"},
		{"cookie", "form", false, array, "color=blue,black,brown"},
		{"path", "simple", false, `"a/b?c#d%e ü"`, "a%2Fb%3Fc%23d%25e%20%C3%BC"},
		{"query", "form", true, `"a&b=c+d e"`, "color=a%26b%3Dc%2Bd%20e"},
		{"query", "form", true, `12345678901234567890`, "color=12345678901234567890"},
		{"query", "form", true, `1.10`, "color=1.10"},
		{"query", "form", true, `true`, "color=true"},
	} {
		op := model.Operation{Summary: model.Summary{ID: "op", Path: "/x"}}
		if test.in == "path" {
			op.Path = "/x/{color}"
		}
		op.Parameters = []model.Parameter{{Name: "color", In: test.in, Style: test.style, Explode: test.explode}}
		s, err := shown(t, op, call.Arguments{Parameters: map[string]jsontext.Value{"color": jsontext.Value(test.value)}})
		if err != nil {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		got := map[string]string{
			"path":   strings.TrimPrefix(s.URL, "https://api.example.com/v1/x/"),
			"query":  strings.TrimPrefix(strings.TrimPrefix(s.URL, "https://api.example.com/v1/x"), "?"),
			"header": s.Header.Get("Color"), "cookie": s.Header.Get("Cookie"),
		}[test.in]
		if got != test.want {
			t.Errorf("%s %s explode=%v %s: got %s, want %s", test.in, test.style, test.explode, test.value, got, test.want)
		}
	}
}

func TestAllowReservedKeepsWhatAQueryCanHold(t *testing.T) {
	op := model.Operation{Summary: model.Summary{ID: "op", Path: "/x"}, Parameters: []model.Parameter{{Name: "q", In: "query", Style: "form", Explode: true, AllowReserved: true}}}
	s, err := shown(t, op, call.Arguments{Parameters: map[string]jsontext.Value{"q": jsontext.Value(`"a/b:c#d"`)}})
	if err != nil || !strings.HasSuffix(s.URL, "?q=a/b:c%23d") {
		t.Errorf("got %s %v", s.URL, err)
	}
}

// TestWrongArgumentsAreAllNamed before anything is sent.
func TestWrongArgumentsAreAllNamed(t *testing.T) {
	op := model.Operation{
		Summary: model.Summary{ID: "op", Path: "/x/{id}"},
		Parameters: []model.Parameter{
			{Name: "id", In: "path", Required: true, Style: "simple", Type: "string"},
			{Name: "limit", In: "query", Style: "form", Explode: true, Type: "integer"},
			{Name: "id", In: "query", Style: "form", Explode: true},
			{Name: "X-Trace", In: "header", Style: "simple"},
			{Name: "Authorization", In: "header", Style: "simple"},
		},
		Body: &model.Body{Required: true, Content: []model.MediaType{{Type: "application/json"}}},
	}
	arguments := map[string]jsontext.Value{}
	for name, value := range map[string]any{"limit": "many", "id": "7", "X-Trace": "a\r\nb", "Authorization": "Basic x", "limt": 3} {
		arguments[name], _ = json.Marshal(value)
	}
	_, err := shown(t, op, call.Arguments{Parameters: arguments})
	if !fault.Is(err, fault.Invalid) {
		t.Fatalf("got %v", err)
	}
	all := ""
	for _, p := range fault.ProblemsOf(err) {
		all += p.Pointer + " " + p.Message + "\n"
	}
	for _, want := range []string{
		"/parameters/path.id id (path) is missing", "/parameters/limit limit is not an integer", "id occurs in several places",
		"X-Trace holds a line break", "Authorization is set by", "there is no parameter limt; did you mean limit?", "the body is missing",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
}

func TestTextsAreAsGoodAsNumbers(t *testing.T) {
	op := model.Operation{Summary: model.Summary{ID: "op", Path: "/x"}, Parameters: []model.Parameter{
		{Name: "n", In: "query", Style: "form", Explode: true, Type: "integer"},
		{Name: "b", In: "query", Style: "form", Explode: true, Type: "boolean"},
		{Name: "tags", In: "query", Style: "form", Explode: true, Type: "array", ItemType: "string"},
		{Name: "empty", In: "query", Style: "form", Explode: true, Type: "string"},
	}}
	s, err := shown(t, op, call.Arguments{Parameters: map[string]jsontext.Value{
		"n": jsontext.Value(`"10"`), "b": jsontext.Value(`"true"`), "tags": jsontext.Value(`"one"`), "empty": jsontext.Value(`""`)}})
	if err != nil || s.URL != "https://api.example.com/v1/x?n=10&b=true&tags=one" {
		t.Errorf("got %s %v", s.URL, err)
	}
}

func TestPathsDoNotClimb(t *testing.T) {
	op := model.Operation{Summary: model.Summary{ID: "op", Path: "/x/{id}/y"}, Parameters: []model.Parameter{{Name: "id", In: "path", Required: true, Style: "simple"}}}
	for _, id := range []string{`".."`, `"."`, `""`, `null`} {
		if s, err := shown(t, op, call.Arguments{Parameters: map[string]jsontext.Value{"id": jsontext.Value(id)}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %s %v", id, s.URL, err)
		}
	}
	s, err := shown(t, op, call.Arguments{Parameters: map[string]jsontext.Value{"id": jsontext.Value(`"../../admin"`)}})
	if err != nil || s.URL != "https://api.example.com/v1/x/..%2F..%2Fadmin/y" {
		t.Errorf("got %s %v", s.URL, err)
	}
}

func TestBodies(t *testing.T) {
	schema := jsontext.Value(`{"properties":{"file":{"type":"string","format":"binary"}}}`)
	content := func(types ...string) *model.Body {
		b := &model.Body{}
		for _, kind := range types {
			b.Content = append(b.Content, model.MediaType{Type: kind, Schema: schema})
		}
		return b
	}
	for name, test := range map[string]struct {
		body       *model.Body
		arguments  call.Arguments
		kind, text string
	}{
		"JSON first for an object": {content("application/x-www-form-urlencoded", "application/json"), call.Arguments{Payload: jsontext.Value(`{"a": 1}`)}, "application/json", `{"a": 1}`},
		"a kind of JSON":           {content("application/vnd.api+json"), call.Arguments{Payload: jsontext.Value(`{"a":1}`)}, "application/vnd.api+json", `{"a":1}`},
		"form":                     {content("application/x-www-form-urlencoded"), call.Arguments{Payload: jsontext.Value(`{"a b":"c&d","n":[1,2],"o":{"x":1}}`)}, "application/x-www-form-urlencoded", `a+b=c%26d&n=1&n=2&o=%7B%22x%22%3A1%7D`},
		"text":                     {content("text/plain"), call.Arguments{Payload: jsontext.Value(`"a\nb"`)}, "text/plain", "a\nb"},
		"XML as text":              {content("application/xml"), call.Arguments{Payload: jsontext.Value(`"<a/>"`)}, "application/xml", "<a/>"},
		"bytes":                    {content("application/octet-stream"), call.Arguments{Bytes: []byte("\x00\x01")}, "application/octet-stream", "(2 bytes)"},
		"chosen":                   {content("application/json", "text/csv"), call.Arguments{Payload: jsontext.Value(`"a;b"`), ContentType: "text/csv"}, "text/csv", "a;b"},
		"none is declared":         {nil, call.Arguments{Payload: jsontext.Value(`[1]`)}, "application/json", `[1]`},
		"an empty text is no body": {content("application/json"), call.Arguments{Payload: jsontext.Value(`""`)}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			op := model.Operation{Summary: model.Summary{ID: "op", Method: "POST", Path: "/x"}, Body: test.body}
			s, err := shown(t, op, test.arguments)
			if err != nil || s.Body != test.text || s.Header.Get("Content-Type") != test.kind {
				t.Errorf("got %q as %q, %v", s.Body, s.Header.Get("Content-Type"), err)
			}
		})
	}
	op := model.Operation{Summary: model.Summary{ID: "op", Method: "POST", Path: "/x"}, Body: content("multipart/form-data")}
	s, err := shown(t, op, call.Arguments{Payload: jsontext.Value(`{"file":"data","note":"n"}`)})
	if err != nil || !strings.Contains(s.Body, `filename=file`) || !strings.Contains(s.Body, "\r\n\r\nn\r\n") || !strings.HasPrefix(s.Header.Get("Content-Type"), "multipart/form-data; boundary=") {
		t.Errorf("got %q %v", s.Body, err)
	}
}
