package call_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// A cell of the table in OpenAPI 3.2.1, "Style Examples" (4.12.8; 3.1.1 4.8.12.8; 3.0.4 4.7.12.8), with its three columns of
// values that are there. An empty text: n/a in the table, so there is nothing to check.
type tableRow struct {
	in, style              string
	explode                bool
	text, array, object    string
	sentWithoutArgument    string // the column "undefined", where an argument may be empty
	refusedWithoutAnything bool   // path parameters are always required (4.12.2)
}

var styleTable = []tableRow{
	{"path", "matrix", false, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150", "", true},
	{"path", "matrix", true, ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150", "", true},
	{"path", "label", false, ".blue", ".blue,black,brown", ".R,100,G,200,B,150", "", true},
	{"path", "label", true, ".blue", ".blue.black.brown", ".R=100.G=200.B=150", "", true},
	{"path", "simple", false, "blue", "blue,black,brown", "R,100,G,200,B,150", "", true},
	{"path", "simple", true, "blue", "blue,black,brown", "R=100,G=200,B=150", "", true},
	{"header", "simple", false, "blue", "blue,black,brown", "R,100,G,200,B,150", "", false},
	{"header", "simple", true, "blue", "blue,black,brown", "R=100,G=200,B=150", "", false},
	{"query", "form", false, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150", "color=", false},
	{"query", "form", true, "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150", "color=", false},
	{"query", "spaceDelimited", false, "", "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150", "", false},
	{"query", "pipeDelimited", false, "", "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150", "", false},
	{"query", "deepObject", true, "", "", "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150", "", false},
	{"query", "deepObject", false, "", "", "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150", "", false},
	{"cookie", "form", false, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150", "", false},
	// The table's "&" is of no use in a cookie (appendix D): pairs are divided as RFC 6265 4.2.1 has it.
	{"cookie", "form", true, "color=blue", "color=blue; color=black; color=brown", "R=100; G=200; B=150", "", false},
	{"cookie", "cookie", false, "color=blue", "", "", "", false},
	{"cookie", "cookie", true, "color=blue", "color=blue; color=black; color=brown", "R=100; G=200; B=150", "", false},
	// OpenAPI 2.0, Parameter Object: collectionFormat tsv, and delimited arrays outside of a query.
	{"query", "tabDelimited", false, "color=blue", "color=blue%09black%09brown", "", "", false},
	{"path", "pipeDelimited", false, "blue", "blue%7Cblack%7Cbrown", "", "", true},
	{"path", "spaceDelimited", false, "blue", "blue%20black%20brown", "", "", true},
	{"header", "tabDelimited", false, "blue", "blue\tblack\tbrown", "", "", false},
	{"header", "pipeDelimited", false, "blue", "blue|black|brown", "", "", false},
}

// TestStyleTable builds every cell of the table, and reads it back.
func TestStyleTable(t *testing.T) {
	for _, row := range styleTable {
		p := model.Parameter{Name: "color", In: row.in, Style: row.style, Explode: row.explode, Required: row.in == "path"}
		for value, want := range map[string]string{`"blue"`: row.text, `["blue","black","brown"]`: row.array, `{"R":100,"G":200,"B":150}`: row.object} {
			if want == "" {
				continue
			}
			got, err := sent(t, p, value)
			if err != nil || got != want {
				t.Errorf("%s %s explode=%v %s: got %q %v, want %q", row.in, row.style, row.explode, value, got, err, want)
				continue
			}
			var plain any
			if err := json.Unmarshal([]byte(strings.NewReplacer("100", `"100"`, "200", `"200"`, "150", `"150"`).Replace(value)), &plain); err != nil {
				t.Fatal(err)
			}
			if back := readBack(t, p, got, plain); !reflect.DeepEqual(back, plain) {
				t.Errorf("%s %s explode=%v: %q reads as %v, want %v", row.in, row.style, row.explode, got, back, plain)
			}
		}
		for _, nothing := range []string{"", "null"} {
			got, err := sent(t, p, nothing)
			if row.refusedWithoutAnything {
				if !fault.Is(err, fault.Invalid) {
					t.Errorf("%s %s, no argument: got %q %v", row.in, row.style, got, err)
				}
			} else if err != nil || got != "" { // left out, unless the document allows an empty value (RFC 6570 2.3)
				t.Errorf("%s %s, no argument: got %q %v", row.in, row.style, got, err)
			}
		}
		if row.sentWithoutArgument != "" {
			p.AllowEmpty = true
			if got, err := sent(t, p, "null"); err != nil || got != row.sentWithoutArgument {
				t.Errorf("%s %s, undefined: got %q %v, want %q", row.in, row.style, got, err, row.sentWithoutArgument)
			}
		}
	}
}

// sent builds a request with one argument, "" for none, and returns what stands at the parameter's place.
func sent(t *testing.T, p model.Parameter, value string) (string, error) {
	t.Helper()
	op := model.Operation{Summary: model.Summary{ID: "op", Path: "/x"}, Parameters: []model.Parameter{p}}
	if p.In == "path" {
		op.Path = "/x/{color}"
	}
	arguments := map[string]jsontext.Value{}
	if value != "" {
		arguments[p.Name] = jsontext.Value(value)
	}
	s, err := shown(t, op, call.Arguments{Parameters: arguments})
	path, query, _ := strings.Cut(strings.TrimPrefix(s.URL, "https://api.example.com/v1/x"), "?")
	return map[string]string{
		"path": strings.TrimPrefix(path, "/"), "query": query, "querystring": query,
		"header": s.Header.Get(p.Name), "cookie": s.Header.Get("Cookie"),
	}[p.In], err
}

// readBack is a reader of styles that shares nothing with the writer. like is the kind of value that is expected.
func readBack(t *testing.T, p model.Parameter, text string, like any) any {
	t.Helper()
	decode := func(s string) string {
		if p.In == "header" || p.Style == "cookie" {
			return s
		}
		plain, err := url.PathUnescape(s)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		return plain
	}
	separator, prefix := ",", ""
	named := p.In == "query" || p.In == "cookie"
	switch p.Style {
	case "matrix":
		prefix, named = ";", true
		if p.Explode {
			separator = ";"
		}
	case "label":
		prefix = "."
		if p.Explode {
			separator = "."
		}
	case "spaceDelimited":
		separator = "%20"
	case "pipeDelimited":
		separator = "%7C"
	case "tabDelimited":
		separator = "%09"
	}
	if p.In == "header" {
		separator = decodeHex(separator)
	}
	if p.Explode && p.In == "query" {
		separator = "&"
	}
	if p.Explode && p.In == "cookie" {
		separator = "; "
	}
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok {
		t.Fatalf("%q does not begin with %q", text, prefix)
	}
	if p.Style == "deepObject" {
		values, err := url.ParseQuery(rest)
		if err != nil {
			t.Fatal(err)
		}
		object := map[string]any{}
		for name := range values {
			member := strings.TrimSuffix(strings.TrimPrefix(name, p.Name+"["), "]")
			object[member] = values.Get(name)
		}
		return object
	}
	_, isObject := like.(map[string]any)
	_, isArray := like.([]any)
	strip := func(s string) string {
		if named {
			return strings.TrimPrefix(s, p.Name+"=")
		}
		return s
	}
	if !isObject && !isArray {
		return decode(strip(rest))
	}
	if !p.Explode || isArray && !named {
		rest = strip(rest)
	}
	var items []any
	for _, item := range strings.Split(rest, separator) {
		if isArray && p.Explode {
			item = strip(item)
		}
		items = append(items, item)
	}
	if isArray {
		for i := range items {
			items[i] = decode(items[i].(string))
		}
		return items
	}
	object := map[string]any{}
	for i := 0; i < len(items); i++ {
		name, value, exploded := strings.Cut(items[i].(string), "=")
		if !exploded {
			i++
			value = items[i].(string)
		}
		object[decode(name)] = decode(value)
	}
	return object
}

func decodeHex(s string) string {
	plain, _ := url.PathUnescape(s)
	return plain
}

// TestArgumentsThatTheTableLeavesOpen: what services in the field understand.
func TestArgumentsThatTheTableLeavesOpen(t *testing.T) {
	query := func(style string, explode bool) model.Parameter {
		return model.Parameter{Name: "f", In: "query", Style: style, Explode: explode}
	}
	with := func(p model.Parameter, change func(*model.Parameter)) model.Parameter { change(&p); return p }
	reserved := func(p *model.Parameter) { p.AllowReserved = true }
	for name, test := range map[string]struct {
		p           model.Parameter
		value, want string
	}{
		"n/a is style form":                    {query("pipeDelimited", true), `["a","b"]`, "f=a&f=b"},
		"deep in deep":                         {query("deepObject", true), `{"a":{"b":"c"}}`, "f%5Ba%5D%5Bb%5D=c"},
		"an array in deep":                     {query("deepObject", true), `{"a":[1,2]}`, "f%5Ba%5D%5B%5D=1&f%5Ba%5D%5B%5D=2"},
		"objects in an array in deep":          {query("deepObject", true), `{"a":[{"b":1},{"b":2}]}`, "f%5Ba%5D%5B0%5D%5Bb%5D=1&f%5Ba%5D%5B1%5D%5Bb%5D=2"},
		"an array as deep":                     {query("deepObject", true), `["x","y"]`, "f%5B%5D=x&f%5B%5D=y"},
		"null in deep":                         {query("deepObject", true), `{"a":null,"b":"c"}`, "f%5Bb%5D=c"},
		"null in an array":                     {query("form", true), `["a",null,"b"]`, "f=a&f=b"},
		"null in an object":                    {query("form", false), `{"a":null,"b":"c"}`, "f=b,c"},
		"nothing but null":                     {query("form", true), `[null]`, ""},
		"an object within, as JSON":            {query("form", true), `[{"a":1,"b":"x"}]`, "f=%7B%22a%22%3A1%2C%22b%22%3A%22x%22%7D"},
		"reserved stays":                       {with(query("form", true), reserved), `"a/b?c=d&e:f,g"`, "f=a/b?c=d&e:f,g"},
		"what is encoded is not encoded twice": {with(query("form", true), reserved), `"a%2Fb%zz"`, "f=a%2Fb%25zz"},
		"what a query can't hold":              {with(query("form", true), reserved), `"#[]"`, "f=%23%5B%5D"},
		"reserved in a path":                   {model.Parameter{Name: "color", In: "path", Required: true, Style: "simple", AllowReserved: true}, `"a/b;c?#d"`, "a%2Fb;c%3F%23d"},
		"matrix, empty text":                   {model.Parameter{Name: "color", In: "path", Required: true, Style: "matrix"}, `""`, ";color"},
		"cookie style is not escaped":          {model.Parameter{Name: "greeting", In: "cookie", Style: "cookie"}, `"Hello%2C%20world!"`, "greeting=Hello%2C%20world!"},
		"but ends where it ends":               {model.Parameter{Name: "greeting", In: "cookie", Style: "cookie"}, `"a; admin=1"`, "greeting=a%3B admin=1"},
		"cookie in style form":                 {model.Parameter{Name: "greeting", In: "cookie", Style: "form"}, `"Hello, world!"`, "greeting=Hello%2C%20world%21"},
		"content, JSON":                        {with(query("form", true), func(p *model.Parameter) { p.ContentType = "application/json" }), `{"lat":40.6}`, "f=%7B%22lat%22%3A40.6%7D"},
		"content, JSON as a shell has it":      {with(query("form", true), func(p *model.Parameter) { p.ContentType, p.Type = "application/json", "object" }), `"{\"lat\":40.6}"`, "f=%7B%22lat%22%3A40.6%7D"},
		"content, text":                        {with(query("form", true), func(p *model.Parameter) { p.ContentType = "text/plain" }), `"a b"`, "f=a%20b"},
		"content, in a header":                 {model.Parameter{Name: "X-Where", In: "header", Style: "simple", ContentType: "application/json"}, `{"a":[1]}`, `{"a":[1]}`},
		"querystring, a form":                  {model.Parameter{Name: "q", In: "querystring", ContentType: "application/x-www-form-urlencoded"}, `{"a b":"c d","n":[1,2]}`, "a+b=c+d&n=1&n=2"},
		"querystring, JSON":                    {model.Parameter{Name: "q", In: "querystring", ContentType: "application/json"}, `{"a":1}`, "%7B%22a%22%3A1%7D"},
		"querystring, a text":                  {model.Parameter{Name: "q", In: "querystring", ContentType: "text/plain"}, `"a=1&b[]"`, "a=1&b%5B%5D"},
		"an object that a shell wrote":         {with(query("deepObject", true), func(p *model.Parameter) { p.Type = "object" }), `"{\"a\":1}"`, "f%5Ba%5D=1"},
		"a list that a shell wrote":            {with(query("form", true), func(p *model.Parameter) { p.Type = "array" }), `"[1,2]"`, "f=1&f=2"},
		"an empty value that is allowed":       {with(query("form", true), func(p *model.Parameter) { p.AllowEmpty = true }), `""`, "f="},
		"an empty value that is required":      {with(query("form", true), func(p *model.Parameter) { p.Required = true }), `""`, "f="},
		"an empty list that is required":       {with(query("form", true), func(p *model.Parameter) { p.Required = true }), `[]`, "f="},
		"the default of a required one":        {with(query("form", true), func(p *model.Parameter) { p.Required, p.Default = true, jsontext.Value(`"v1"`) }), "", "f=v1"},
		"a default is the server's business":   {with(query("form", true), func(p *model.Parameter) { p.Default = jsontext.Value(`"v1"`) }), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := sent(t, test.p, test.value); err != nil || got != test.want {
				t.Errorf("got %q %v, want %q", got, err, test.want)
			}
		})
	}
}

// TestHeadersOfTheirOwn: documents declare headers that something else sets (OpenAPI 3.2, 4.12.2.1).
func TestHeadersOfTheirOwn(t *testing.T) {
	header := func(name string) model.Parameter {
		return model.Parameter{Name: name, In: "header", Style: "simple", Required: true}
	}
	for _, name := range []string{"Authorization", "Host", "content-length"} {
		if got, err := sent(t, header(name), ""); err != nil || got != "" {
			t.Errorf("%s: got %q %v", name, got, err)
		}
		if _, err := sent(t, header(name), `"x"`); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s can be set: %v", name, err)
		}
	}
	if got, err := sent(t, header("Accept"), `"text/csv"`); err != nil || got != "text/csv" {
		t.Errorf("Accept: got %q %v", got, err)
	}
	op := model.Operation{Summary: model.Summary{ID: "op", Method: http.MethodPost, Path: "/x"}, Parameters: []model.Parameter{header("Content-Type")},
		Body: &model.Body{Content: []model.MediaType{{Type: "application/json"}, {Type: "text/csv"}}}}
	s, err := shown(t, op, call.Arguments{Parameters: map[string]jsontext.Value{"Content-Type": jsontext.Value(`"text/csv"`)}, Payload: jsontext.Value(`"a;b"`)})
	if err != nil || s.Header.Get("Content-Type") != "text/csv" || s.Body != "a;b" {
		t.Errorf("got %+v %v", s, err)
	}
	if _, err := sent(t, model.Parameter{Name: "no header", In: "header"}, `"x"`); !fault.Is(err, fault.Invalid) {
		t.Errorf("a header with a blank in its name: %v", err)
	}
}

// TestPathsWithMore: a query, and a fragment that tells operations apart.
func TestPathsWithMore(t *testing.T) {
	op := model.Operation{Summary: model.Summary{ID: "op", Path: "/x?a={id}#fragment"}, Parameters: []model.Parameter{{Name: "id", In: "path", Required: true, Style: "simple"}}}
	s, err := shown(t, op, call.Arguments{Parameters: map[string]jsontext.Value{"id": jsontext.Value(`"7&8"`)}})
	if err != nil || s.URL != "https://api.example.com/v1/x?a=7%268" {
		t.Errorf("got %q %v", s.URL, err)
	}
}
