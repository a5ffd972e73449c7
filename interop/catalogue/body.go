package catalogue

import (
	"cmp"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request is a request whose body has been read.
type request struct {
	*http.Request
	body []byte
}

var contentTypes = map[string]string{
	"form": "application/x-www-form-urlencoded", "json": "application/json", "xml": "application/xml",
	"query": "application/x-www-form-urlencoded", // of an empty body; as is none
}

// body compares the body and its type. A request without parameters may have no body, or an empty collection of its format.
func (m *matcher) body(r *request) {
	format := m.format(r)
	m.contentType(format, r)
	switch {
	case format == "" || format == "query":
		if len(r.body) > 0 {
			m.wrong("body: not wanted, got %q", r.body)
		}
	case len(m.shape.params) == 0 && len(r.body) == 0:
	case format == "form":
		got, err := url.ParseQuery(string(r.body))
		if err != nil {
			m.wrong("body: %v", err)
		}
		m.flat("parameter", m.shape.params, got)
	case format == "json":
		got, err := decodeObject(r.body)
		if err != nil {
			m.wrong("body: %v", err)
			return
		}
		m.object("parameter ", m.shape.params, got)
	case format == "xml":
		m.xmlBody(r.body)
	}
}

// format is the shape's, or where that leaves a choice, what the request says it is.
func (m *matcher) format(r *request) string {
	if m.shape.format != "either" {
		return m.shape.format
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), contentTypes["json"]) {
		return "json"
	}
	return "form"
}

// contentType compares the type where the headers of the shape don't say it.
func (m *matcher) contentType(format string, r *request) {
	if slices.ContainsFunc(m.shape.headers, func(h Member) bool { return strings.EqualFold(h.Name, "Content-Type") }) {
		return
	}
	got := r.Header["Content-Type"]
	if len(got) == 0 && len(r.body) == 0 {
		return
	}
	if len(got) != 1 || m.shape.method == http.MethodGet {
		m.wrong("header Content-Type: want %q, got %q", contentTypes[format], got)
		return
	}
	kind, params, err := mime.ParseMediaType(got[0])
	charset := cmp.Or(params["charset"], "utf-8")
	if err != nil || kind != contentTypes[format] || !strings.EqualFold(charset, "utf-8") {
		m.wrong("header Content-Type: want %q, got %q", contentTypes[format], got[0])
	}
}

// object compares a JSON object: all members, of the same types, and no others. Their order does not count.
func (m *matcher) object(where string, want, got Object) {
	for _, w := range want {
		value, is := got.get(w.Name)
		switch {
		case is:
			m.json(where+w.Name, w.Value, value)
		case !slices.Contains(m.shape.optional, w.Name):
			m.wrong("%s%s: missing", where, w.Name)
		}
	}
	for _, g := range got {
		if _, is := want.get(g.Name); !is {
			m.wrong("%s%s: not wanted, got %v", where, g.Name, g.Value)
		}
	}
}

func (m *matcher) json(where string, want, got any) {
	switch w := want.(type) {
	case Object:
		if g, is := got.(Object); is {
			m.object(where+".", w, g)
			return
		}
	case []any:
		if g, is := got.([]any); is && len(g) == len(w) {
			for i := range w {
				m.json(where, w[i], g[i])
			}
			return
		}
	case string:
		if g, is := got.(string); is {
			m.text(where, w, g, nil)
			return
		}
	default:
		if want == got { // json.Number, bool, nil: number and text are not the same
			return
		}
	}
	m.wrong("%s: want %#v, got %#v", where, want, got)
}

// xmlBody compares elements in their order.
func (m *matcher) xmlBody(body []byte) {
	want, err := nodeOf(m.shape.params)
	if err != nil {
		m.wrong("%v", err)
		return
	}
	got, err := readXML(body)
	if err != nil {
		m.wrong("body: %v", err)
		return
	}
	m.element(want.name, want, got)
}

func (m *matcher) element(where string, want, got node) {
	if want.name != got.name {
		m.wrong("element %s: got %s", where, got.name)
		return
	}
	for _, a := range want.attributes {
		value, is := got.attributes.get(a.Name)
		if !is {
			m.wrong("element %s: attribute %s is missing", where, a.Name)
			continue
		}
		m.text("element "+where+" attribute "+a.Name, scalar(a.Value), scalar(value), nil)
	}
	if len(got.attributes) != len(want.attributes) {
		m.wrong("element %s: want %d attributes, got %d", where, len(want.attributes), len(got.attributes))
	}
	if len(got.children) != len(want.children) {
		m.wrong("element %s: want %d elements, got %d", where, len(want.children), len(got.children))
		return
	}
	if len(want.children) == 0 {
		m.text("element "+where, want.text, got.text, nil)
	}
	for i := range want.children {
		m.element(where+"."+want.children[i].name, want.children[i], got.children[i])
	}
}
