package call

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

const bodyPointer = "/requestBodyPayload"

// body writes the payload, the bytes or the files in the media type that fits them.
func (b *builder) body() {
	payload := jsontext.Value(bytes.TrimSpace(b.args.Payload))
	if text := string(payload); text == "null" || text == `""` {
		payload = nil // an empty text leaves an argument out
	}
	switch {
	case len(payload) == 0 && b.args.Bytes == nil && b.args.Upload == nil:
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
	if b.args.Upload != nil {
		if len(b.problems) == 0 { // nothing is read for a request that is not sent
			b.files(payload)
		}
		return
	}
	media := b.mediaType(payload)
	if b.args.Bytes != nil {
		b.content = inMemory(b.args.Bytes)
	} else {
		media.Type = b.encode(media, payload)
	}
	b.contentType(media.Type)
}

func (b *builder) contentType(kind string) {
	if strings.ContainsFunc(kind, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		b.problem("/bodyContentType", "is no media type")
		return
	}
	b.header.Set("Content-Type", kind)
}

// files writes a body that is a file, or parts with files among them.
func (b *builder) files(payload jsontext.Value) {
	u := b.args.Upload
	if err := u.gather(); err != nil {
		b.failed = err
		return
	}
	if len(u.files) == 0 && len(payload) == 0 {
		b.problem(bodyPointer, "no file came")
		return
	}
	if len(u.files) > 0 && u.files[0].Field == "" {
		b.file(payload, u)
		return
	}
	media := b.multipartType()
	if media.Type == "" {
		b.problem(bodyPointer, "files can't be sent: the body takes %s", strings.Join(b.types(), ", "))
		return
	}
	if len(payload) == 0 {
		payload = jsontext.Value("{}")
	}
	b.compareBody(media, payload)
	fields, wrong := b.parts(media, payload)
	if wrong != "" {
		b.problem(bodyPointer, "the body %s", wrong)
		return
	}
	b.multipart(media, fields, u)
}

// file is a file that is the whole body.
func (b *builder) file(payload jsontext.Value, u *Upload) {
	f := u.files[0]
	if len(payload) > 0 || u.ended && len(u.files) > 1 {
		b.problem(bodyPointer, "there is a file for the whole body, and something else for it too")
		return
	}
	media := b.mediaType(nil)
	if f.Type != "" && b.args.ContentType == "" {
		media.Type = f.Type
	}
	b.content = &content{size: f.Size, open: f.open, upload: u}
	b.contentType(media.Type)
}

// multipartType is the media type of a body with files; none if the document wants something else.
func (b *builder) multipartType() model.MediaType {
	if wanted := b.args.ContentType; wanted != "" {
		if isMultipart(wanted) {
			return b.mediaType(nil)
		}
		return model.MediaType{}
	}
	if b.op.Body == nil {
		return model.MediaType{Type: "multipart/form-data"}
	}
	for _, m := range b.op.Body.Content {
		if isMultipart(m.Type) {
			if strings.Contains(m.Type, "*") {
				m.Type = "multipart/form-data"
			}
			return m
		}
	}
	for _, m := range b.op.Body.Content { // a form without files may be declared, and one with files meant
		if isForm(m.Type) || strings.Contains(m.Type, "*") {
			return model.MediaType{Type: "multipart/form-data", Schema: m.Schema}
		}
	}
	return model.MediaType{}
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
		m := model.MediaType{}
		for _, d := range declared { // the most specific one counts (OpenAPI 3.1.1, 4.8.14.1)
			if covers(d.Type, wanted) && (m.Type == "" || specific(d.Type) > specific(m.Type)) {
				m = d
			}
		}
		m.Type = wanted
		return m
	}
	best, rank := model.MediaType{}, 99
	for _, m := range declared {
		r := slices.IndexFunc(preference(payload), func(fits func(string) bool) bool { return fits(essence(m.Type)) })
		if r >= 0 && len(declared) > 1 && !b.mayBe(m, payload) {
			r += 50 // what can't be right comes after all that may
		}
		if r >= 0 && r < rank {
			best, rank = m, r
		}
	}
	if best.Type == "" || strings.Contains(best.Type, "*") {
		best.Type = jsonType
		if payload == nil {
			best.Type = bytesType
		}
	}
	return best
}

// mayBe reports whether a payload may be what a media type wants, as far as their kinds tell. A text may be anything that is written as
// text, but no object where JSON is wanted.
func (b *builder) mayBe(m model.MediaType, payload jsontext.Value) bool {
	kind, known := map[jsontext.Kind]string{'{': "object", '[': "array", '"': "string"}[payload.Kind()]
	if !known || len(m.Schema) == 0 || !isJSON(m.Type) && !strings.Contains(m.Type, "*") {
		return true
	}
	types := b.shapeOf(m.Schema).types
	return len(types) == 0 || types[kind]
}

// specific tells a media type from a range, and that from */*.
func specific(declared string) int {
	switch essence(declared) {
	case "*/*":
		return 0
	default:
		if strings.HasSuffix(essence(declared), "/*") {
			return 1
		}
	}
	return 2
}

// covers reports whether a media type, or a range, takes one (RFC 9110 12.5.1).
func covers(declared, wanted string) bool {
	declared, wanted = essence(declared), essence(wanted)
	group, any := strings.CutSuffix(declared, "/*")
	return declared == wanted || declared == "*/*" || any && strings.HasPrefix(wanted, group+"/")
}

// preference orders the kinds of media types by how well they take a payload.
func preference(payload jsontext.Value) []func(string) bool {
	any := func(string) bool { return true }
	plain := func(t string) bool {
		return !isJSON(t) && !isSequence(t) && !isForm(t) && !isMultipart(t) && !strings.Contains(t, "*")
	}
	switch payload.Kind() {
	case '{':
		return []func(string) bool{isJSON, isForm, isMultipart, isXML, isSequence, any}
	case '[':
		// The parts of a form have names (RFC 7578 4.2), and items have none: where the document takes anything, JSON says more.
		positional := func(t string) bool { return isMultipart(t) && t != "multipart/form-data" }
		return []func(string) bool{isJSON, isSequence, positional, isXML, isAny, isMultipart, isForm, any}
	case '"':
		return []func(string) bool{isText, plain, isJSON, any}
	case 0: // bytes
		return []func(string) bool{plain, any}
	}
	return []func(string) bool{isJSON, any}
}

// encode writes the payload as the media type, and returns the Content-Type.
func (b *builder) encode(m model.MediaType, payload jsontext.Value) string {
	b.compareBody(m, payload)
	if isMultipart(m.Type) && (payload.Kind() != '"' || !strings.Contains(m.Type, "boundary=")) {
		fields, wrong := b.parts(m, payload)
		if wrong != "" {
			b.problem(bodyPointer, "the body %s", wrong)
			return m.Type
		}
		return b.multipart(m, fields, nil)
	}
	text, wrong := b.writtenAs(m, payload)
	if wrong != "" {
		b.problem(bodyPointer, "the body %s", wrong)
	}
	b.content = inMemory(text)
	return m.Type
}

// multipart writes parts, and returns the Content-Type with the boundary between them.
func (b *builder) multipart(m model.MediaType, fields []part, u *Upload) string {
	var boundary string
	b.content, boundary = multipart(fields, u, func(f *File) part { return b.filePart(m, f) })
	kind, parameters, err := mime.ParseMediaType(m.Type)
	if err != nil {
		kind, parameters = essence(m.Type), map[string]string{}
	}
	parameters["boundary"] = boundary
	full := mime.FormatMediaType(kind, parameters)
	b.contentType(full)
	return full
}
