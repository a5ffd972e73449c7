package call

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

const bodyPointer = "/requestBodyPayload"

// body writes the payload in the media type that fits it.
func (b *builder) body() {
	payload := jsontext.Value(bytes.TrimSpace(b.args.Payload))
	if text := string(payload); text == "null" || text == `""` {
		payload = nil // an empty text leaves an argument out
	}
	switch {
	case len(payload) == 0 && b.args.Bytes == nil:
		if b.op.Body != nil && b.op.Body.Required {
			b.problem(bodyPointer, "the body is missing; it takes %s", strings.Join(b.types(), ", "))
		}
		return
	case len(payload) > 0 && !payload.IsValid():
		b.problem(bodyPointer, "the body is not JSON")
		return
	case b.op.Body == nil && (b.op.Method == http.MethodGet || b.op.Method == http.MethodHead):
		b.problem(bodyPointer, "a %s takes no body", b.op.Method)
		return
	}
	media := b.mediaType(payload)
	if b.args.Bytes != nil {
		b.content = b.args.Bytes
	} else {
		media.Type = b.encode(media, payload)
	}
	b.header.Set("Content-Type", media.Type)
}

func (b *builder) types() []string {
	if b.op.Body == nil {
		return nil
	}
	types := make([]string, len(b.op.Body.Content))
	for i, m := range b.op.Body.Content {
		types[i] = m.Type
	}
	return types
}

// mediaType chooses the caller's media type, or else the first of the document's that fits the payload best.
func (b *builder) mediaType(payload jsontext.Value) model.MediaType {
	var declared []model.MediaType
	if b.op.Body != nil {
		declared = b.op.Body.Content
	}
	if wanted := b.args.ContentType; wanted != "" {
		for _, m := range declared {
			if essence(m.Type) == essence(wanted) {
				return model.MediaType{Type: wanted, Schema: m.Schema}
			}
		}
		return model.MediaType{Type: wanted}
	}
	best, rank := model.MediaType{}, 99
	for _, m := range declared {
		if r := slices.IndexFunc(preference(payload), func(fits func(string) bool) bool { return fits(essence(m.Type)) }); r >= 0 && r < rank {
			best, rank = m, r
		}
	}
	if best.Type == "" || strings.Contains(best.Type, "*") {
		best.Type = "application/json"
		if payload == nil {
			best.Type = "application/octet-stream"
		}
	}
	return best
}

// preference orders the kinds of media types by how well they take a payload.
func preference(payload jsontext.Value) []func(string) bool {
	any := func(string) bool { return true }
	plain := func(t string) bool { return !isJSON(t) && !isForm(t) && !isMultipart(t) && !strings.Contains(t, "*") }
	switch payload.Kind() {
	case '{', '[':
		return []func(string) bool{isJSON, isForm, isMultipart, any}
	case '"':
		return []func(string) bool{isText, plain, isJSON, any}
	case 0: // bytes
		return []func(string) bool{plain, any}
	}
	return []func(string) bool{isJSON, any}
}

// encode writes the payload as the media type, and returns the Content-Type.
func (b *builder) encode(m model.MediaType, payload jsontext.Value) string {
	kind := essence(m.Type)
	text := payload.Kind() == '"' && !isJSON(kind)
	switch {
	case text:
		v, _, _ := parse(payload)
		b.content = []byte(v.text)
	case isForm(kind):
		b.content = b.form(payload)
	case isMultipart(kind):
		var boundary string
		b.content, boundary = b.multipart(m, payload)
		return mime.FormatMediaType(kind, map[string]string{"boundary": boundary})
	case isJSON(kind) || isText(kind):
		b.content = payload
	default:
		b.problem(bodyPointer, "a body of type %s has to be given as text or bytes", m.Type)
	}
	return m.Type
}

// form writes an object as name and value pairs; an array repeats its name, and what is deeper is written as JSON.
func (b *builder) form(payload jsontext.Value) []byte {
	var pairs []string
	for name, raw := range b.fields(payload) {
		for _, item := range each(raw) {
			pairs = append(pairs, formEscaped(name)+"="+formEscaped(item.text))
		}
	}
	return []byte(strings.Join(pairs, "&"))
}

// formEscaped encodes as the URL standard's form serializer does, where a blank is a plus sign.
func formEscaped(s string) string {
	return strings.ReplaceAll(percent(s, unreserved+" "), " ", "+")
}

// multipart writes an object as parts: texts and numbers plain, objects as JSON, and what the schema calls binary as a file.
func (b *builder) multipart(m model.MediaType, payload jsontext.Value) (body []byte, boundary string) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	binary := binaries(m.Schema)
	for name, raw := range b.fields(payload) {
		for _, item := range each(raw) {
			disposition := map[string]string{"name": name}
			header := textproto.MIMEHeader{}
			switch {
			case binary[name]:
				disposition["filename"] = name
				header.Set("Content-Type", "application/octet-stream")
			case item.json:
				header.Set("Content-Type", "application/json")
			}
			header.Set("Content-Disposition", mime.FormatMediaType("form-data", disposition))
			part, err := w.CreatePart(header)
			if err == nil {
				_, err = part.Write([]byte(item.text))
			}
			if err != nil {
				b.problem(bodyPointer, "the field %q can't be written", name)
			}
		}
	}
	w.Close() // writes to memory
	return out.Bytes(), w.Boundary()
}

// fields walks over the members of an object, in their order.
func (b *builder) fields(payload jsontext.Value) func(yield func(string, jsontext.Value) bool) {
	return func(yield func(string, jsontext.Value) bool) {
		if payload.Kind() != '{' {
			b.problem(bodyPointer, "the body has to be an object, whose members are the form's fields")
			return
		}
		d := jsontext.NewDecoder(bytes.NewReader(payload), jsontext.AllowDuplicateNames(true))
		d.ReadToken() // the body is valid: it was checked
		for d.PeekKind() == '"' {
			name, _ := d.ReadToken()
			field := name.String()
			raw, _ := d.ReadValue()
			if raw.Kind() != 'n' && !yield(field, raw.Clone()) {
				return
			}
		}
	}
}

// A field is one value of a form.
type field struct {
	text string
	json bool // the text is JSON
}

// each returns the values that a member of a form stands for.
func each(raw jsontext.Value) []field {
	switch raw.Kind() {
	case '[':
		var items []jsontext.Value
		if json.Unmarshal(raw, &items) != nil {
			return nil
		}
		var fields []field
		for _, item := range items {
			if item.Kind() == '[' {
				fields = append(fields, field{string(item), true})
				continue
			}
			fields = append(fields, each(item)...)
		}
		return fields
	case '{':
		return []field{{string(raw), true}}
	case '"':
		v, _, _ := parse(raw)
		return []field{{v.text, false}}
	}
	return []field{{string(raw), false}}
}

// binaries returns the properties that a schema calls files.
func binaries(schema jsontext.Value) map[string]bool {
	var s struct {
		Properties map[string]struct {
			Type   any    `json:"type"`
			Format string `json:"format"`
		} `json:"properties"`
	}
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return nil
	}
	names := map[string]bool{}
	for name, p := range s.Properties {
		names[name] = p.Format == "binary" || p.Type == "file"
	}
	return names
}

// essence is a media type without its parameters, in lower case.
func essence(t string) string {
	kind, _, _ := strings.Cut(t, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func isJSON(t string) bool {
	t = essence(t)
	return t == "application/json" || t == "text/json" || strings.HasSuffix(t, "+json")
}

func isForm(t string) bool { return essence(t) == "application/x-www-form-urlencoded" }

func isMultipart(t string) bool { return strings.HasPrefix(essence(t), "multipart/") }

func isText(t string) bool { return strings.HasPrefix(essence(t), "text/") && !isJSON(t) }
