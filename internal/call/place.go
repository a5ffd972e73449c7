package call

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

var errDeep = errors.New("it is nested too deeply")

// place writes an argument where its parameter belongs.
func (b *builder) place(p *model.Parameter, pointer string, raw jsontext.Value) {
	raw = unquoted(raw, p.Type)
	if len(b.problems) != b.compare(p, pointer, raw) {
		return
	}
	if p.In == model.InQuerystring {
		b.querystring(p, pointer, raw)
		return
	}
	v, _, err := parse(raw)
	if err != nil {
		b.problem(pointer, "%s is not JSON", p.Name)
		return
	}
	switch {
	case p.ContentType != "": // written as a media type, which is then one text (OpenAPI 3.2, 4.12.2.3)
		text, wrong := b.written(p.ContentType, p.Schema, raw)
		if wrong != "" {
			b.problem(pointer, "%s %s", p.Name, wrong)
			return
		}
		v = value{kind: '"', text: string(text)}
	case p.Type == "array" && v.kind == '"': // one value is as good as a list of one
		v = value{kind: '[', items: []value{v}}
	}
	b.put(p, pointer, v)
}

func (b *builder) put(p *model.Parameter, pointer string, v value) {
	switch p.In {
	case model.InPath:
		text := pathText(p, v)
		b.path = strings.ReplaceAll(b.path, "{"+p.Name+"}", text)
		for i := range b.query { // a few documents have a query in the path
			b.query[i] = strings.ReplaceAll(b.query[i], "{"+p.Name+"}", text)
		}
	case model.InQuery:
		if v.kind == '"' || !v.empty() || p.Required || p.AllowEmpty {
			b.query = append(b.query, queryText(p, v))
		}
	case model.InHeader:
		b.headerParameter(p, pointer, headerText(p, v))
	case model.InCookie:
		if v.kind == '"' || !v.empty() {
			b.cookie(p.Name, pointer, cookieText(p, v))
		}
	}
}

// querystring writes the whole query (OpenAPI 3.2, 4.12.2.3): as a form is, as it stands if it is a text, or else escaped.
func (b *builder) querystring(p *model.Parameter, pointer string, raw jsontext.Value) {
	kind := p.ContentType
	if kind == "" {
		kind = formType
	}
	text, wrong := b.written(kind, p.Schema, raw)
	if wrong != "" {
		b.problem(pointer, "%s %s", p.Name, wrong)
		return
	}
	query := string(text)
	switch {
	case isForm(kind):
	case isText(kind):
		query = reserved(query)
	default:
		query = escaped(query)
	}
	if query != "" {
		b.query = append(b.query, query)
	}
}

// ownHeader reports whether a header is set by something else than an argument: OpenAPI ignores such parameters (3.2, 4.12.2.1),
// and HTTP makes the others itself.
func ownHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Te", "Upgrade", "Keep-Alive":
		return true
	}
	return false
}

// chosenHeader reports whether a header that documents declare, and often require, is sent without an argument too: by what the
// operation answers, and by its body.
func chosenHeader(name string) bool {
	name = http.CanonicalHeaderKey(name)
	return name == "Accept" || name == "Content-Type"
}

// headerParameter sets a header. Documents declare Accept and Content-Type too, which then choose the answer's form and the
// body's.
func (b *builder) headerParameter(p *model.Parameter, pointer, text string) {
	switch name := http.CanonicalHeaderKey(p.Name); {
	case ownHeader(name):
		b.problem(pointer, "%s is set by the credentials or by HTTP itself, not by an argument", p.Name)
	case !isToken(p.Name):
		b.problem(pointer, "a header can't be called %s", p.Name)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		b.problem(pointer, "%s holds a line break or another character that a header can't carry", p.Name)
	case name == "Content-Type":
		if b.args.ContentType == "" {
			b.args.ContentType = text
		}
	case name == "Cookie":
		b.cookies = append(b.cookies, text)
	default:
		b.header.Set(name, text)
	}
}

func (b *builder) cookie(name, pointer, text string) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		b.problem(pointer, "%s holds a character that a cookie can't carry", name)
		return
	}
	b.cookies = append(b.cookies, text)
}

// isToken reports whether a text can be a header's name (RFC 9110 5.6.2).
func isToken(s string) bool {
	const extra = "!#$%&'*+-.^_`|~"
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(extra, r)
	})
}
