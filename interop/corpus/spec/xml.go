package spec

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"
)

// A node is an element of an XML document. Names have the prefix that they are written with.
type node struct {
	name       string
	attributes map[string]string
	children   []*node
	text       string
}

// xml reads an XML body by the hints of its schema (3.1.1, 4.8.26).
func (c *check) xml(body []byte, p *Payload) bool {
	root := parseXML(body)
	if root == nil {
		return false
	}
	if called := c.hint(p.Body.Schema, "name"); called != "" && root.name != c.qualified(p.Body.Schema, called) {
		return false
	}
	return c.element(root, p.Body.Schema, p.Value)
}

// parseXML returns the root element; nil if this is no XML document.
func parseXML(body []byte) *node {
	d := xml.NewDecoder(bytes.NewReader(body))
	top := &node{}
	stack := []*node{top}
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil
		}
		in := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			next := &node{name: prefixed(t.Name), attributes: map[string]string{}}
			for _, a := range t.Attr {
				next.attributes[prefixed(a.Name)] = a.Value
			}
			in.children = append(in.children, next)
			stack = append(stack, next)
		case xml.EndElement:
			if prefixed(t.Name) != in.name || in == top {
				return nil
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			in.text += string(t)
		}
	}
	if len(stack) != 1 || len(top.children) != 1 || strings.TrimSpace(top.text) != "" {
		return nil
	}
	return top.children[0]
}

func prefixed(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// element reports whether an element holds a value.
func (c *check) element(n *node, schema, v any) bool {
	if space := c.hint(schema, "namespace"); space != "" {
		mark := "xmlns"
		if prefix := c.hint(schema, "prefix"); prefix != "" {
			mark += ":" + prefix
		}
		if n.attributes[mark] != space {
			return false
		}
	}
	switch v := v.(type) {
	case map[string]any:
		return c.members(n, schema, v)
	case []any:
		return c.items(n.children, "", schema, v)
	}
	return n.text == text(v)
}

// members reports whether the attributes and children of an element are an object's members. Two may have elements of one name.
func (c *check) members(n *node, schema any, v map[string]any) bool {
	left := slices.Clone(n.children)
	take := func(called string, fits func(*node) bool) bool {
		i := slices.IndexFunc(left, func(child *node) bool { return child.name == called && fits(child) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
		return true
	}
	for name, member := range v {
		property := c.property(schema, name, 0)
		called := c.qualified(property, name)
		array, isList := member.([]any)
		switch {
		case isTrue(c.hints(property)["attribute"]):
			if got, ok := n.attributes[called]; !ok || got != text(member) {
				return false
			}
		case isList && isTrue(c.hints(property)["wrapped"]):
			inner := strings.TrimPrefix(called, c.hint(property, "prefix")+":")
			if !take(called, func(child *node) bool { return c.items(child.children, inner, property, array) }) {
				return false
			}
		case isList:
			items := c.itemsOf(property)
			for _, item := range array {
				if !take(c.qualified(items, name), func(child *node) bool { return c.element(child, items, item) }) {
					return false
				}
			}
		case !take(called, func(child *node) bool { return c.element(child, property, member) }):
			return false
		}
	}
	return len(left) == 0
}

// items reports whether elements are the items of an array; called is what they are called if their schema does not say, "" if
// that is not known.
func (c *check) items(children []*node, called string, schema any, v []any) bool {
	items := c.itemsOf(schema)
	if len(children) != len(v) {
		return false
	}
	for i, child := range children {
		if called != "" && child.name != c.qualified(items, called) || !c.element(child, items, v[i]) {
			return false
		}
	}
	return true
}

// hints are a schema's `xml`: where it is used, or else where it is defined.
func (c *check) hints(schema any) map[string]any {
	if own := object(object(schema)["xml"]); own != nil {
		return own
	}
	return object(object(c.d.Resolve(schema))["xml"])
}

func (c *check) hint(schema any, name string) string { return text(c.hints(schema)[name]) }

func (c *check) qualified(schema any, name string) string {
	if own := c.hint(schema, "name"); own != "" {
		name = own
	}
	if prefix := c.hint(schema, "prefix"); prefix != "" {
		return prefix + ":" + name
	}
	return name
}

func (c *check) itemsOf(schema any) any { return object(c.d.Resolve(schema))["items"] }

// property finds the schema of a member, also in what a schema is composed of.
func (c *check) property(schema any, name string, depth int) any {
	s := object(c.d.Resolve(schema))
	if p, ok := object(s["properties"])[name]; ok || depth > 20 {
		return p
	}
	for _, part := range []string{"allOf", "oneOf", "anyOf"} {
		for _, inner := range list(s[part]) {
			if p := c.property(inner, name, depth+1); p != nil {
				return p
			}
		}
	}
	return nil
}
