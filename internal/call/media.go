package call

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

const (
	formType  = "application/x-www-form-urlencoded"
	jsonType  = "application/json"
	bytesType = "application/octet-stream"
)

// essence is a media type without its parameters, in lower case.
func essence(t string) string {
	kind, _, _ := strings.Cut(t, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func isJSON(t string) bool {
	t = essence(t)
	return t == jsonType || t == "text/json" || strings.HasSuffix(t, "+json")
}

// isSequence: JSON texts one after another (JSON Lines, NDJSON, RFC 7464, RFC 8091).
func isSequence(t string) bool {
	switch t = essence(t); t {
	case "application/jsonl", "application/x-jsonlines", "application/jsonlines", "application/x-ndjson", "application/ndjson", "application/json-seq":
		return true
	}
	return strings.HasSuffix(t, "+json-seq")
}

func isForm(t string) bool { return essence(t) == formType }

func isMultipart(t string) bool { return strings.HasPrefix(essence(t), "multipart/") }

// isAny: a range that JSON is in (RFC 9110 12.5.1).
func isAny(t string) bool { return essence(t) == "*/*" || essence(t) == "application/*" }

func isText(t string) bool {
	return strings.HasPrefix(essence(t), "text/") && !isJSON(t) && !isXML(t)
}

func isXML(t string) bool {
	t = essence(t)
	return t == "application/xml" || t == "text/xml" || strings.HasSuffix(t, "+xml")
}

// written writes a value as a media type, other than multipart. wrong says why that can't be done.
func (b *builder) written(kind string, schema, raw jsontext.Value) (text []byte, wrong string) {
	return b.writtenAs(model.MediaType{Type: kind, Schema: schema}, raw)
}

func (b *builder) writtenAs(m model.MediaType, raw jsontext.Value) (text []byte, wrong string) {
	raw = jsontext.Value(bytes.TrimSpace(raw))
	switch {
	case isJSON(m.Type) || strings.Contains(m.Type, "*") && raw.Kind() != '"':
		return raw, ""
	case raw.Kind() == '"': // a text that the caller has written
		text, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return nil, "is not JSON"
		}
		return text, ""
	case isSequence(m.Type):
		return sequence(m.Type, raw), ""
	case isForm(m.Type):
		return b.form(m, raw)
	case isXML(m.Type):
		return b.xml(m.Schema, raw)
	case isText(m.Type):
		return raw, ""
	}
	return nil, "has to be a text or bytes to be sent as " + m.Type
}

// sequence writes the items of an array one by one: each between a record separator and a line feed (RFC 7464 2.2), or just on a
// line of its own. Anything else is a sequence of one.
func sequence(kind string, raw jsontext.Value) []byte {
	items := []jsontext.Value{raw}
	if raw.Kind() == '[' {
		items = arrayItems(raw)
	}
	var out bytes.Buffer
	for _, item := range items {
		if strings.HasSuffix(essence(kind), "json-seq") {
			out.WriteByte(0x1e)
		}
		item = item.Clone()
		item.Compact(jsontext.AllowDuplicateNames(true)) // it is valid
		out.Write(item)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// arrayItems are the items of an array that is valid JSON.
func arrayItems(raw jsontext.Value) (items []jsontext.Value) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	d.ReadToken()
	for d.PeekKind() != ']' {
		item, err := d.ReadValue()
		if err != nil {
			return items
		}
		items = append(items, item.Clone())
	}
	return items
}

// A named value is a member of an object.
type named struct {
	name string
	raw  jsontext.Value
}

// objectMembers are the members of an object that is valid JSON, in their order.
func objectMembers(raw jsontext.Value) (members []named) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	d.ReadToken()
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return members
		}
		text := name.String()
		v, err := d.ReadValue()
		if err != nil {
			return members
		}
		members = append(members, named{text, v.Clone()})
	}
	return members
}
