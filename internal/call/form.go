package call

import (
	"bytes"
	"io"
	"mime"
	"net/textproto"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

const noObject = "has to be an object, whose members are the form's fields"

// form writes an object as name and value pairs. Without a word of the document (OpenAPI 3.2, 4.15) an array repeats its name,
// and what is deeper is written as JSON.
func (b *builder) form(m model.MediaType, raw jsontext.Value) (text []byte, wrong string) {
	if raw.Kind() != '{' {
		return nil, noObject
	}
	var all []string
	for _, f := range objectMembers(raw) {
		encoding := m.Encoding[f.name]
		if encoding.Style != "" {
			if text, wrong := styledField(f, encoding); wrong != "" {
				return nil, wrong
			} else if text != "" {
				all = append(all, text)
			}
			continue
		}
		for _, item := range each(f.raw) {
			text, wrong := b.field(encoding, b.propertyOf(m.Schema, f.name), item)
			if wrong != "" {
				return nil, "has a field " + f.name + " that " + wrong
			}
			all = append(all, formEscaped(f.name)+"="+formEscaped(string(text)))
		}
	}
	return []byte(strings.Join(all, "&")), ""
}

// styledField writes a field as a query parameter is (OpenAPI 3.2, 4.15.1.2).
func styledField(f named, e model.Encoding) (text, wrong string) {
	v, absent, err := parse(f.raw)
	if err != nil {
		return "", "has a field " + f.name + " that is not JSON"
	}
	if absent || v.kind != '"' && v.empty() {
		return "", ""
	}
	escape := formEscaped
	if e.AllowReserved {
		escape = reserved
	}
	return pairs(&model.Parameter{Name: f.name, Style: e.Style, Explode: e.Explode}, v, "&", escape), ""
}

// field writes one value of a form: as the document's media type, or else a primitive plain and anything else as JSON.
func (b *builder) field(e model.Encoding, schema, raw jsontext.Value) (text []byte, wrong string) {
	kind := firstType(e.ContentType)
	switch {
	case kind != "" && !isText(kind) && raw.Kind() != '"':
		return b.written(kind, schema, raw)
	case isJSON(kind):
		return raw, ""
	case raw.Kind() == '"':
		text, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return nil, "is not JSON"
		}
		return text, ""
	}
	return raw, ""
}

// formEscaped encodes as the URL standard's form serializer does, where a blank is a plus sign.
func formEscaped(s string) string {
	return strings.ReplaceAll(percent(s, strings.TrimSuffix(unreserved, "~")+"* ", false), " ", "+")
}

// each returns the values that a member of a form stands for: the items of an array, and nothing for null.
func each(raw jsontext.Value) (all []jsontext.Value) {
	switch raw.Kind() {
	case 'n':
		return nil
	case '[':
		for _, item := range arrayItems(raw) {
			if item.Kind() != 'n' {
				all = append(all, item)
			}
		}
		return all
	}
	return []jsontext.Value{raw}
}

// firstType is the first media type of a list that is no range; "" if there is none.
func firstType(list string) string {
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimSpace(t); t != "" && !strings.Contains(t, "*") {
			return t
		}
	}
	return ""
}

// A part of a multipart body: its head, and what is in it.
type part struct {
	header  textproto.MIMEHeader
	content []byte
	file    *File // in place of content
}

// parts writes an object as parts, each of which has a name in a form, or an array as parts without names (OpenAPI 3.2, 4.14.5).
// Texts and numbers are plain, objects JSON, and what the schema calls binary a file, unless the document says otherwise.
func (b *builder) parts(m model.MediaType, raw jsontext.Value) (all []part, wrong string) {
	var members []named
	switch raw.Kind() {
	case 0: // files only
	case '{':
		members = objectMembers(raw)
	case '[':
		for _, item := range arrayItems(raw) {
			members = append(members, named{raw: item})
		}
	default:
		return nil, "has to be an object, whose members are the parts"
	}
	named := essence(m.Type) == "multipart/form-data"
	for _, f := range members {
		encoding, schema := m.Encoding[f.name], b.propertyOf(m.Schema, f.name)
		items := each(f.raw)
		if encoding.Style != "" {
			items = joined(f.raw, encoding)
		}
		for _, item := range items {
			text, wrong := b.field(encoding, schema, item)
			if wrong != "" {
				return nil, "has a part " + f.name + " that " + wrong
			}
			p := part{header: b.partHeader(encoding), content: text}
			disposition := map[string]string{"name": f.name}
			switch kind := firstType(encoding.ContentType); {
			case kind != "":
				p.header.Set("Content-Type", kind)
			case b.isBinary(schema):
				disposition["filename"] = f.name
				p.header.Set("Content-Type", bytesType)
			case item.Kind() == '{' || item.Kind() == '[':
				p.header.Set("Content-Type", jsonType)
			}
			if named {
				p.header.Set("Content-Disposition", mime.FormatMediaType("form-data", disposition))
			}
			all = append(all, p)
		}
	}
	return all, ""
}

// joined is an array as one text with delimiters, where the document wants that.
func joined(raw jsontext.Value, e model.Encoding) []jsontext.Value {
	v, absent, err := parse(raw)
	if absent || err != nil || e.Explode || v.kind != '[' || v.nested() || v.empty() {
		return each(raw)
	}
	mark := delimiter(e.Style)
	text, err := jsontext.AppendQuote(nil, list(v, mark, mark, func(s string) string { return s }))
	if err != nil {
		return each(raw)
	}
	return []jsontext.Value{text}
}

// partHeader holds the headers that the document gives every such part, as far as it says their values.
func (b *builder) partHeader(e model.Encoding) textproto.MIMEHeader {
	header := textproto.MIMEHeader{}
	for i := range e.Headers {
		p := &e.Headers[i]
		v, absent, err := parse(p.Default)
		if err == nil && !absent && isToken(p.Name) && textproto.CanonicalMIMEHeaderKey(p.Name) != "Content-Type" {
			header.Set(p.Name, oneLine(headerText(p, v)))
		}
	}
	return header
}

// filePart is the part of a file.
func (b *builder) filePart(m model.MediaType, f *File) part {
	encoding := m.Encoding[f.Field]
	p := part{header: b.partHeader(encoding), file: f}
	for name, text := range f.Header {
		p.header.Set(name, oneLine(text))
	}
	kind := f.Type
	if kind == "" {
		kind = firstType(encoding.ContentType)
	}
	if kind == "" {
		kind = bytesType
	}
	p.header.Set("Content-Type", oneLine(kind))
	if essence(m.Type) == "multipart/form-data" {
		disposition := map[string]string{"name": f.Field}
		if f.Name != "" {
			disposition["filename"] = f.Name
		}
		p.header.Set("Content-Disposition", mime.FormatMediaType("form-data", disposition))
	}
	return p
}

func oneLine(s string) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(s)
}

// head is the boundary before a part, and its headers.
func (p part) head(boundary string, first bool) []byte {
	var out bytes.Buffer
	if !first {
		out.WriteString("\r\n")
	}
	out.WriteString("--" + boundary + "\r\n")
	for _, name := range sortedKeys(p.header) {
		for _, text := range p.header[name] {
			out.WriteString(name + ": " + text + "\r\n")
		}
	}
	out.WriteString("\r\n")
	return out.Bytes()
}

// open is the part's content from its beginning.
func (p part) open() io.Reader {
	if p.file != nil {
		return p.file.open()
	}
	return bytes.NewReader(p.content)
}

// size is that of the content; -1 if it is not known.
func (p part) size() int64 {
	if p.file != nil {
		return p.file.Size
	}
	return int64(len(p.content))
}
