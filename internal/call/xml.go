package call

import (
	"bytes"
	"encoding/xml"
	"path"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// xmlHints are a schema's `xml` (OpenAPI 3.2, 4.26).
type xmlHints struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Prefix    string `json:"prefix"`
	Attribute bool   `json:"attribute"`
	Wrapped   bool   `json:"wrapped"`
	NodeType  string `json:"nodeType"` // 3.2: element, attribute, text, cdata, none
}

// qualified is the name with its prefix.
func (h xmlHints) qualified(name string) string {
	if h.Name != "" {
		name = h.Name
	}
	if h.Prefix != "" {
		return h.Prefix + ":" + name
	}
	return name
}

// xml writes a value as an XML document. Elements are in the order of the value's members.
func (b *builder) xml(schema, raw jsontext.Value) (text []byte, wrong string) {
	h, ref := b.hintsOf(schema)
	name := "root"
	if ref != "" {
		name = path.Base(ref) // a schema's name names the element (OpenAPI 3.2, 4.26.1)
	}
	w := xmlWriter{b: b}
	w.out.WriteString(xml.Header)
	if raw.Kind() == '[' && !h.XML.Wrapped && h.XML.Name == "" && ref == "" {
		return nil, "is an array, and the document does not say how its element is called in XML"
	}
	w.element(h.XML.qualified(name), schema, raw, true, 0)
	if w.wrong != "" {
		return nil, w.wrong
	}
	return w.out.Bytes(), ""
}

type xmlWriter struct {
	b     *builder
	out   bytes.Buffer
	wrong string
}

// element writes one element; an array's items are its children.
func (w *xmlWriter) element(name string, schema, raw jsontext.Value, root bool, depth int) {
	if !isXMLName(name) {
		w.wrong = "has a member that can't be an XML element: " + name
	}
	if depth > maxDepth {
		w.wrong = errDeep.Error()
	}
	if w.wrong != "" {
		return
	}
	h, _ := w.b.hintsOf(schema)
	w.out.WriteString("<" + name)
	if h.XML.Namespace != "" {
		mark := " xmlns"
		if h.XML.Prefix != "" {
			mark += ":" + h.XML.Prefix
		}
		w.attribute(mark, h.XML.Namespace)
	}
	switch raw.Kind() {
	case '{':
		w.object(schema, raw, depth)
	case '[':
		w.out.WriteByte('>')
		inner, ref := w.b.hintsOf(h.Items)
		of := strings.TrimPrefix(name, h.XML.Prefix+":")
		if root && ref != "" {
			of = path.Base(ref)
		}
		for _, item := range arrayItems(raw) {
			w.element(inner.XML.qualified(of), h.Items, item, false, depth+1)
		}
	case 'n':
		w.out.WriteByte('>')
	default:
		w.out.WriteByte('>')
		w.text(h.XML.NodeType, scalarText(raw))
	}
	w.out.WriteString("</" + name + ">")
}

// object writes attributes into the tag that is open, and everything else as children.
func (w *xmlWriter) object(schema, raw jsontext.Value, depth int) {
	members := objectMembers(raw)
	for _, m := range members {
		h, _ := w.b.hintsOf(w.b.propertyOf(schema, m.name))
		if isAttribute(h.XML) && m.raw.Kind() != 'n' {
			w.attribute(" "+h.XML.qualified(m.name), scalarText(m.raw))
		}
	}
	w.out.WriteByte('>')
	for _, m := range members {
		property := w.b.propertyOf(schema, m.name)
		h, _ := w.b.hintsOf(property)
		switch {
		case isAttribute(h.XML) || m.raw.Kind() == 'n':
		case h.XML.NodeType == "text" || h.XML.NodeType == "cdata":
			w.text(h.XML.NodeType, scalarText(m.raw))
		case m.raw.Kind() == '[' && !h.XML.Wrapped && h.XML.NodeType != "element":
			inner, _ := w.b.hintsOf(h.Items)
			for _, item := range arrayItems(m.raw) { // the array itself has no element, so its own name has no effect (4.26.3)
				w.element(inner.XML.qualified(m.name), h.Items, item, false, depth+1)
			}
		default:
			w.element(h.XML.qualified(m.name), property, m.raw, false, depth+1)
		}
	}
}

func isAttribute(h xmlHints) bool { return h.Attribute || h.NodeType == "attribute" }

func (w *xmlWriter) attribute(name, text string) {
	if !isXMLName(strings.TrimPrefix(name, " ")) {
		w.wrong = "has a member that can't be an XML attribute: " + strings.TrimPrefix(name, " ")
		return
	}
	w.out.WriteString(name + `="`)
	xml.EscapeText(&w.out, []byte(text)) // writing to memory does not fail
	w.out.WriteByte('"')
}

func (w *xmlWriter) text(nodeType, text string) {
	if nodeType == "cdata" && !strings.Contains(text, "]]>") {
		w.out.WriteString("<![CDATA[" + text + "]]>")
		return
	}
	xml.EscapeText(&w.out, []byte(text))
}

// scalarText is a primitive as plain text; arrays and objects, which have no place there, are JSON.
func scalarText(raw jsontext.Value) string {
	if raw.Kind() == '"' {
		return unquote(raw)
	}
	return string(raw)
}

// isXMLName is a cautious reading of XML 1.0's Name.
func isXMLName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r == ':' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0xc0 && r != 0xd7 && r != 0xf7
		if !letter && (i == 0 || r != '-' && r != '.' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}
