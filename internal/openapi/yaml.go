package openapi

import (
	"bytes"
	"errors"
	"math/big"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi/tree"
)

// How much JSON a YAML document may become: aliases can make megabytes of a few lines.
const (
	growth   = 20
	allowed  = 4 << 20 // whatever the size of the source
	yamlDeep = 1000
)

// fromYAML reads a YAML text as JSON. Scalars keep their text where JSON can hold it, so that a version 1.10 stays that; what JSON
// has no type for becomes a text, and every key does. A text that YAML refuses for its characters is tried again without them.
func (f *file) fromYAML() error {
	var document yaml.Node
	err := yaml.Unmarshal(f.text, &document)
	text := f.text
	for _, mend := range []func([]byte) ([]byte, bool){f.printable, f.untabbed} {
		if err == nil {
			break
		}
		if better, mended := mend(text); mended {
			text, document = better, yaml.Node{}
			err = yaml.Unmarshal(text, &document)
		}
	}
	if err != nil {
		f.problems = nil
		return err
	}
	if len(document.Content) == 0 {
		return fault.New(fault.Invalid, "the document holds nothing but comments")
	}
	if document.Content[0].Kind == yaml.ScalarNode {
		return fault.New(fault.Invalid, "the document is plain text, not an OpenAPI document").
			WithHint("give an OpenAPI document, JSON or YAML")
	}
	c := converter{limit: growth*len(f.text) + allowed}
	if err := c.node(document.Content[0], 0); err != nil {
		return err
	}
	f.json, f.marks = c.out.Bytes(), c.marks
	return nil
}

// notYAML says what the YAML reader did not like, and where.
func (f *file) notYAML(err error) error {
	if own, ok := errors.AsType[*fault.Error](err); ok {
		return own
	}
	message, at := err.Error(), tree.Position{Line: 1, Column: 1}
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		message = load.Message
		if load.ContextMsg != "" {
			message = load.ContextMsg + ", " + message
		}
		if load.Mark.Line > 0 {
			at = tree.Position{Line: load.Mark.Line, Column: max(load.Mark.Column, 1)}
		}
	}
	return f.unreadable("the document is neither JSON nor YAML", message, "check that the whole document is there, and that it is text", at)
}

// A converter writes nodes as JSON, and where each was: the JSON's tree has its names and values in the same order.
type converter struct {
	out   bytes.Buffer
	marks []mark
	limit int
}

func (c *converter) mark(n *yaml.Node) {
	c.marks = append(c.marks, mark{uint32(n.Line), uint32(n.Column)})
}

func (c *converter) node(n *yaml.Node, depth int) error {
	if c.out.Len() > c.limit {
		return fault.New(fault.Invalid, "the YAML document grows beyond %d MB when its aliases are replaced", c.limit>>20).
			WithHint("write out what the aliases stand for where it is needed, and no more")
	}
	if depth > yamlDeep {
		return fault.New(fault.Invalid, "the YAML document is nested more than %d levels deep, or an alias contains itself", yamlDeep)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return c.node(n.Alias, depth+1)
	}
	c.mark(n)
	switch n.Kind {
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.SequenceNode:
		return c.sequence(n, depth)
	}
	c.scalar(n)
	return nil
}

func (c *converter) sequence(n *yaml.Node, depth int) error {
	c.out.WriteByte('[')
	for i, item := range n.Content {
		if i > 0 {
			c.out.WriteByte(',')
		}
		if err := c.node(item, depth+1); err != nil {
			return err
		}
	}
	c.out.WriteByte(']')
	return nil
}

func (c *converter) mapping(n *yaml.Node, depth int) error {
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; key.ShortTag() != "!!merge" {
			own[key.Value] = true
		}
	}
	c.out.WriteByte('{')
	first := true
	err := c.members(n, depth, own, &first)
	c.out.WriteByte('}')
	return err
}

// members writes the members of a mapping, and those that a merge key brings and that it has not itself.
func (c *converter) members(n *yaml.Node, depth int, own map[string]bool, first *bool) error {
	if depth > yamlDeep {
		return fault.New(fault.Invalid, "the YAML document has a merge key that contains itself")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			if err := c.merge(value, depth, own, first); err != nil {
				return err
			}
			continue
		}
		if !*first {
			c.out.WriteByte(',')
		}
		*first = false
		c.mark(key)
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		c.text(key.Value)
		c.out.WriteByte(':')
		if err := c.node(value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *converter) merge(from *yaml.Node, depth int, own map[string]bool, first *bool) error {
	for from.Kind == yaml.AliasNode {
		from = from.Alias
	}
	if from.Kind == yaml.SequenceNode {
		for _, one := range from.Content {
			if err := c.merge(one, depth+1, own, first); err != nil {
				return err
			}
		}
		return nil
	}
	if from.Kind != yaml.MappingNode {
		return nil
	}
	rest := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(from.Content); i += 2 {
		key := from.Content[i]
		if merge := key.ShortTag() == "!!merge"; merge || !own[key.Value] {
			own[key.Value] = own[key.Value] || !merge
			rest.Content = append(rest.Content, key, from.Content[i+1])
		}
	}
	return c.members(rest, depth+1, own, first)
}

func (c *converter) scalar(n *yaml.Node) {
	switch n.ShortTag() {
	case "!!null":
		c.out.WriteString("null")
		return
	case "!!bool":
		if v := strings.ToLower(n.Value); v == "true" || v == "false" {
			c.out.WriteString(v)
			return
		}
	case "!!int", "!!float":
		if jsontext.Value(n.Value).Kind() == '0' && jsontext.Value(n.Value).IsValid() {
			c.out.WriteString(n.Value)
			return
		}
		if i, ok := new(big.Int).SetString(strings.ReplaceAll(n.Value, "_", ""), 0); ok && n.ShortTag() == "!!int" {
			c.out.WriteString(i.String()) // +1, 0x10, 0o17
			return
		}
	}
	c.text(n.Value)
}

func (c *converter) text(s string) {
	quoted, _ := jsontext.AppendQuote(c.out.AvailableBuffer(), strings.ToValidUTF8(s, "\uFFFD"))
	c.out.Write(quoted)
}
