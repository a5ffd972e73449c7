package oauth

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/recipe"
)

// A document is an answer, in which paths find their values.
type document struct {
	header  http.Header
	cookies []*http.Cookie
	body    string
	tree    any // maps, lists, texts, numbers as they are written (jsontext.Value), booleans; nil if it is no such thing
	kind    kind
	shape   string   // what the body is, in words; it quotes no values
	members []string // paths of the texts in it
	status  string   // as it stands in the answer: 200 OK
}

// kind is what an answer's body is.
type kind string

const (
	empty     kind = "empty"
	html      kind = "html"
	xmlTree   kind = "xml"
	jsonValue kind = "json"
	noJSON    kind = "no_json" // it begins like JSON
	formPairs kind = "form"
	plainText kind = "text"
	large     kind = "large"
)

// at follows a path: header:NAME, cookie:NAME, cookie:* for all as a Cookie header has them, body or nothing for the whole body, a JSON Pointer (RFC 6901), or names and numbers
// with dots between them. nil if it leads nowhere.
func (d *document) at(path string) any {
	kind, name, special := strings.Cut(path, ":")
	switch {
	case path == "" || path == "body":
		return d.text()
	case special && kind == "header":
		return d.header.Get(name)
	case path == "cookie:*":
		return d.allCookies()
	case special && kind == "cookie":
		for _, c := range d.cookies {
			if c.Name == name {
				return c.Value
			}
		}
		return nil
	case strings.HasPrefix(path, "/"):
		return walk(d.tree, strings.Split(path[1:], "/"), strings.NewReplacer("~1", "/", "~0", "~"))
	}
	if object, ok := d.tree.(map[string]any); ok && object[path] != nil { // a name may hold dots
		return object[path]
	}
	return walk(d.tree, strings.Split(strings.TrimPrefix(path, "body."), "."), strings.NewReplacer())
}

func (d *document) allCookies() any {
	pairs := make([]string, len(d.cookies))
	for i, c := range d.cookies {
		pairs[i] = c.Name + "=" + c.Value
	}
	return strings.Join(pairs, "; ")
}

// text is the whole body; of a JSON text, what it says.
func (d *document) text() any {
	if s, ok := d.tree.(string); ok {
		return s
	}
	return strings.TrimSpace(d.body)
}

func walk(v any, steps []string, unescape *strings.Replacer) any {
	for _, step := range steps {
		switch node := v.(type) {
		case map[string]any:
			v = node[unescape.Replace(step)]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// first is the value of the first path that leads somewhere; of the standard name if there is no path.
func (d *document) first(p recipe.Path, standard string) any {
	if len(p) == 0 {
		p = recipe.Path{standard}
	}
	for _, path := range p {
		if v := d.at(path); v != nil && v != "" {
			return v
		}
	}
	return nil
}

// parse reads JSON whatever the content type, a form, XML, or a text (failure mode 8).
func parse(header http.Header, body []byte) *document {
	d := &document{header: header, body: string(body), cookies: (&http.Response{Header: header}).Cookies()}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	switch {
	case len(body) == 0:
		d.kind, d.shape = empty, "an empty answer"
	case body[0] == '{' || body[0] == '[' || body[0] == '"':
		d.json(body)
	case body[0] == '<':
		d.markup(body, media)
	default:
		d.form(body, media)
	}
	return d
}

func (d *document) json(body []byte) {
	err := json.Unmarshal(body, &d.tree, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), exactNumbers)
	d.kind, d.shape = jsonValue, "JSON that is no object"
	if _, object := d.tree.(map[string]any); object {
		d.lists("a JSON object")
	}
	if err != nil {
		d.tree, d.members = nil, nil
		d.kind, d.shape = noJSON, "text that begins like JSON and is not"
	}
}

// lists says what is in the answer.
func (d *document) lists(what string) {
	d.members = textPaths(d.tree, "")
	d.shape = what + " without what was looked for; it has: " + names(d.members)
}

// markup reads XML. HTML is for people.
func (d *document) markup(body []byte, media string) {
	d.kind, d.shape = html, "a page of HTML"
	begin := strings.ToLower(string(body[:min(len(body), 100)]))
	if strings.Contains(media, "html") || strings.HasPrefix(begin, "<!doctype html") || strings.HasPrefix(begin, "<html") {
		return
	}
	if d.tree = readXML(body); d.tree != nil {
		d.kind = xmlTree
		d.lists("XML")
	}
}

// exactNumbers keeps numbers as they are written.
var exactNumbers = json.WithUnmarshalers(json.UnmarshalFromFunc(func(in *jsontext.Decoder, v *any) error {
	if in.PeekKind() != '0' {
		return errors.ErrUnsupported
	}
	raw, err := in.ReadValue()
	*v = raw.Clone()
	return err
}))

func (d *document) form(body []byte, media string) {
	d.kind, d.shape = plainText, "plain text"
	form, err := url.ParseQuery(string(body))
	if err != nil || media != "application/x-www-form-urlencoded" && !form.Has("access_token") && !form.Has("error") {
		return
	}
	fields := map[string]any{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	d.tree, d.kind = fields, formPairs
	d.lists("a form")
}

const mostDeep = 100

// readXML makes a tree of XML: an element is its text, or a map of its children and attributes (@name), lists where a name occurs
// several times. nil if it is no XML.
func readXML(body []byte) any {
	in := xml.NewDecoder(bytes.NewReader(body))
	root := map[string]any{}
	if !element(in, root, new(strings.Builder), 0) || len(root) == 0 {
		return nil
	}
	return root
}

// element reads the content of an element into the map, until its end.
func element(in *xml.Decoder, into map[string]any, text *strings.Builder, depth int) bool {
	for {
		t, err := in.Token()
		if err == io.EOF {
			return depth == 0
		}
		if err != nil || depth > mostDeep {
			return false
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			return true
		case xml.StartElement:
			children, own := map[string]any{}, new(strings.Builder)
			for _, a := range t.Attr {
				children["@"+a.Name.Local] = a.Value
			}
			if !element(in, children, own, depth+1) {
				return false
			}
			put(into, t.Name.Local, children, strings.TrimSpace(own.String()))
		}
	}
}

func put(into map[string]any, name string, children map[string]any, text string) {
	var v any = children
	if len(children) == 0 {
		v = text
	} else if text != "" {
		children["#"] = text
	}
	switch have := into[name].(type) {
	case nil:
		into[name] = v
	case []any:
		into[name] = append(have, v)
	default:
		into[name] = []any{have, v}
	}
}
