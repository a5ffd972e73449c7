package catalogue

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// element is an XML element with its prefixes and blanks as they were written, for signatures.
type element struct {
	prefix, local string
	attributes    []xml.Attr // with prefixes; no namespace declarations
	spaces        map[string]string
	inner         []any // string or *element
}

// readElements reads one element. Comments are dropped, as canonical XML does.
func readElements(text []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	var stack []*element
	var root *element
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) && root != nil && len(stack) == 0 {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			spaces := map[string]string{}
			if len(stack) > 0 {
				spaces = stack[len(stack)-1].spaces
			}
			e := newElement(t, spaces)
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.inner = append(top.inner, e)
			} else if root != nil {
				return nil, errors.New("more than one root")
			} else {
				root = e
			}
			stack = append(stack, e)
		case xml.CharData:
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.inner = append(top.inner, string(t))
			}
		case xml.EndElement:
			if len(stack) == 0 || stack[len(stack)-1].local != t.Name.Local || stack[len(stack)-1].prefix != t.Name.Space {
				return nil, errors.New("an end without a beginning")
			}
			stack = stack[:len(stack)-1]
		case xml.Directive:
			return nil, errors.New("a document type")
		}
	}
}

func newElement(t xml.StartElement, outer map[string]string) *element {
	e := &element{prefix: t.Name.Space, local: t.Name.Local, spaces: maps.Clone(outer)}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns":
			e.spaces[a.Name.Local] = a.Value
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			e.spaces[""] = a.Value
		default:
			e.attributes = append(e.attributes, xml.Attr{Name: a.Name, Value: a.Value})
		}
	}
	return e
}

func (e *element) is(space, local string) bool {
	return e.local == local && e.spaces[e.prefix] == space
}

// children are the child elements of a name. A nil element has none, so that paths need no checks on the way.
func (e *element) children(space, local string) (found []*element) {
	if e == nil {
		return nil
	}
	for _, c := range e.inner {
		if child, is := c.(*element); is && child.is(space, local) {
			found = append(found, child)
		}
	}
	return found
}

// at is the element at a path, if there is exactly one at each step.
func (e *element) at(space string, path ...string) *element {
	for _, local := range path {
		found := e.children(space, local)
		if len(found) != 1 {
			return nil
		}
		e = found[0]
	}
	return e
}

func (e *element) content() string {
	if e == nil {
		return ""
	}
	var out strings.Builder
	for _, c := range e.inner {
		if text, is := c.(string); is {
			out.WriteString(text)
		}
	}
	return out.String()
}

func (e *element) attribute(name string) string {
	if e == nil {
		return ""
	}
	for _, a := range e.attributes {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// canonical is Exclusive XML Canonicalization of the element without one of its children.
func (e *element) canonical(without *element) []byte {
	var out bytes.Buffer
	e.write(&out, map[string]string{}, without)
	return out.Bytes()
}

func (e *element) write(out *bytes.Buffer, declared map[string]string, without *element) {
	if e == nil {
		return
	}
	name := prefixed(e.prefix, e.local)
	out.WriteString("<" + name)
	declared = e.declare(out, declared)
	attributes := slices.SortedFunc(slices.Values(e.attributes), func(a, b xml.Attr) int {
		return cmp.Or(cmp.Compare(e.space(a), e.space(b)), cmp.Compare(a.Name.Local, b.Name.Local))
	})
	for _, a := range attributes {
		out.WriteString(" " + prefixed(a.Name.Space, a.Name.Local) + `="` + escape(a.Value, true) + `"`)
	}
	out.WriteString(">")
	for _, c := range e.inner {
		switch c := c.(type) {
		case string:
			out.WriteString(escape(c, false))
		case *element:
			if c != without {
				c.write(out, declared, without)
			}
		}
	}
	out.WriteString("</" + name + ">")
}

// declare writes the namespaces that the element itself uses and that are not declared yet.
func (e *element) declare(out *bytes.Buffer, declared map[string]string) map[string]string {
	used := []string{e.prefix}
	for _, a := range e.attributes {
		if a.Name.Space != "" && a.Name.Space != "xml" {
			used = append(used, a.Name.Space)
		}
	}
	slices.Sort(used)
	declared = maps.Clone(declared)
	for _, prefix := range slices.Compact(used) {
		if space := e.spaces[prefix]; declared[prefix] != space {
			out.WriteString(" " + strings.TrimSuffix("xmlns:"+prefix, ":") + `="` + escape(space, true) + `"`)
			declared[prefix] = space
		}
	}
	return declared
}

func (e *element) space(a xml.Attr) string {
	if a.Name.Space == "" {
		return ""
	}
	return e.spaces[a.Name.Space]
}

func prefixed(prefix, local string) string { return strings.TrimPrefix(prefix+":"+local, ":") }

// escape writes text as canonical XML does, in attributes or between tags.
func escape(text string, attribute bool) string {
	if attribute {
		return strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;").Replace(text)
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;").Replace(text)
}
