package spec

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
)

// essence is a media type without its parameters, in lower case.
func essence(t string) string {
	t, _, _ = strings.Cut(t, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

func isJSONType(t string) bool {
	t = essence(t)
	return t == "application/json" || t == "text/json" || strings.HasSuffix(t, "+json")
}

// Kind classes media types by how a value is written as one.
type Kind string

// The kinds of media types.
const (
	JSON      Kind = "JSON"
	Form      Kind = "form"
	Multipart Kind = "multipart"
	XML       Kind = "XML"
	Text      Kind = "text"
	Any       Kind = "any" // a range, or nothing: the one who calls chooses
	Bytes     Kind = "bytes"
)

// Kind returns how a body of the type is written.
func (b Body) Kind() Kind {
	switch t := essence(b.Type); {
	case strings.Contains(t, "*"), t == "":
		return Any
	case isJSONType(t):
		return JSON
	case t == "application/x-www-form-urlencoded":
		return Form
	case strings.HasPrefix(t, "multipart/"):
		return Multipart
	case t == "application/xml", t == "text/xml", strings.HasSuffix(t, "+xml"):
		return XML
	case strings.HasPrefix(t, "text/"):
		return Text
	}
	return Bytes
}

// body reads the body back.
func (c *check) body(r Request) {
	p := c.a.Body
	if p == nil {
		if len(r.Body) > 0 {
			c.fail("there is a body that nobody asked for")
		}
		return
	}
	header := r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(header)
	if p.Body.Kind() != Any && header != p.Body.Type && (err != nil || kind != essence(p.Body.Type)) {
		c.fail("the body is %s, want %s", header, p.Body.Type)
		return
	}
	if p.Bytes != nil {
		if !bytes.Equal(r.Body, p.Bytes) {
			c.fail("the bytes of the body are others")
		}
		return
	}
	ok := false
	written, isText := p.Value.(string)
	switch as := (Body{Type: kind}).Kind(); {
	case as == JSON, as == Any:
		ok = isJSON(string(r.Body), p.Value)
	case isText: // whoever calls has written it
		ok = string(r.Body) == written
	case as == Form:
		ok = c.form(r.Body, p)
	case as == Multipart:
		ok = c.multipart(r.Body, params["boundary"], kind, p)
	case as == XML:
		ok = c.xml(r.Body, p)
	}
	if !ok {
		c.fail("the body as %s is not %s: %.300q", p.Body.Type, shown(p.Value), r.Body)
	}
}

// form reads the pairs of a form (3.1.1, 4.8.15): by their style, or else texts plain, arrays repeated, and objects as JSON.
func (c *check) form(body []byte, p *Payload) bool {
	pairs, ok := split(string(body), "&", plusIsBlank)
	if !ok {
		return false
	}
	for name, v := range object(p.Value) {
		field := p.Body.Fields[name]
		if field.Style != "" {
			styled := Parameter{Name: name, Style: field.Style, Explode: field.Explode}
			if ok, pairs = styled.readPairs(pairs, v); !ok {
				return false
			}
			continue
		}
		var items []any
		if items, ok = v.([]any); !ok {
			items = []any{v}
		}
		for _, item := range items {
			i := slices.IndexFunc(pairs, func(one pair) bool { return one.name == name })
			if i < 0 || !isField(field.Type, unescaped(pairs[i].raw), item) {
				return false
			}
			pairs = slices.Delete(slices.Clone(pairs), i, i+1)
		}
	}
	return len(pairs) == 0
}

// isField reports whether a text is the value of a field.
func isField(types, written string, v any) bool {
	first, _, _ := strings.Cut(types, ",")
	if isJSONType(first) {
		return isJSON(written, v)
	}
	return is(written, v)
}

// multipart reads the parts of a body: by their names, or where they have none by what is in them.
func (c *check) multipart(body []byte, boundary, kind string, p *Payload) bool {
	parts, ok := readParts(body, boundary, p)
	if !ok {
		return false
	}
	for name, v := range object(p.Value) {
		field := p.Body.Fields[name]
		called := name
		if kind != "multipart/form-data" {
			called = ""
		}
		items, isList := v.([]any)
		if !isList {
			items = []any{v}
		}
		fits := func(written string, item any) bool { return isField(field.Type, written, item) }
		if isList && field.Style != "" && !field.Explode {
			items = []any{v}
			fits = func(written string, _ any) bool {
				return readList(written, unescaped(delimiter(field.Style)), same, v.([]any))
			}
		}
		for _, item := range items {
			i := slices.IndexFunc(parts[called], func(written string) bool { return fits(written, item) })
			if i < 0 {
				return false
			}
			parts[called] = slices.Delete(parts[called], i, i+1)
		}
	}
	for _, left := range parts {
		if len(left) > 0 {
			return false
		}
	}
	return true
}

// readParts returns the contents of the parts by their names. A part of another type than the document wants is none.
func readParts(body []byte, boundary string, p *Payload) (parts map[string][]string, ok bool) {
	parts = map[string][]string{}
	for r := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return parts, true
		}
		if err != nil {
			return nil, false
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, false
		}
		wanted, got := mediaTypes(p.Body.Fields[part.FormName()].Type), part.Header.Get("Content-Type")
		if len(wanted) > 0 && !slices.Contains(wanted, essence(got)) {
			return nil, false
		}
		parts[part.FormName()] = append(parts[part.FormName()], string(content))
	}
}

// mediaTypes are those of a list, without ranges.
func mediaTypes(texts string) (all []string) {
	for t := range strings.SplitSeq(texts, ",") {
		if t = essence(t); strings.Contains(t, "*") {
			return nil
		} else if t != "" {
			all = append(all, t)
		}
	}
	return all
}
