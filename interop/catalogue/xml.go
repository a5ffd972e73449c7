package catalogue

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// node is an XML element whose content is either text or elements.
type node struct {
	name       string
	attributes Object
	text       string
	children   []node
}

// MarshalXML writes the element.
func (n node) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	start := xml.StartElement{Name: xml.Name{Local: n.name}}
	for _, a := range n.attributes {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: a.Name}, Value: scalar(a.Value)})
	}
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	if err := e.EncodeToken(xml.CharData(n.text)); err != nil {
		return err
	}
	for _, child := range n.children {
		if err := child.MarshalXML(e, xml.StartElement{}); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// readXML reads one element and nothing after it. Comments and blanks between elements don't count. Namespaces are not known
// here.
func readXML(body []byte) (node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	var root *node
	for {
		token, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF) && root != nil:
			return *root, nil
		case err != nil:
			return node{}, err
		}
		start, is := token.(xml.StartElement)
		switch text, isText := token.(xml.CharData); {
		case is && root != nil:
			return node{}, errors.New("more than one root")
		case is:
			read, err := readElement(d, start)
			if err != nil {
				return node{}, err
			}
			root = &read
		case isText && strings.TrimSpace(string(text)) != "":
			return node{}, errors.New("text outside the root")
		}
	}
}

func readElement(d *xml.Decoder, start xml.StartElement) (node, error) {
	n := node{name: qualified(start.Name)}
	for _, a := range start.Attr {
		n.attributes = append(n.attributes, Member{qualified(a.Name), a.Value})
	}
	for {
		token, err := d.RawToken()
		if err != nil {
			return node{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := readElement(d, t)
			if err != nil {
				return node{}, err
			}
			n.children = append(n.children, child)
		case xml.CharData:
			n.text += string(t)
		case xml.EndElement:
			if qualified(t.Name) != n.name {
				return node{}, fmt.Errorf("element %s ends as %s", n.name, qualified(t.Name))
			}
			return n.tidy()
		}
	}
}

// tidy drops the blanks between elements, and refuses other text there.
func (n node) tidy() (node, error) {
	if len(n.children) == 0 {
		return n, nil
	}
	if strings.TrimSpace(n.text) != "" {
		return node{}, fmt.Errorf("element %s has text between elements", n.name)
	}
	n.text = ""
	return n, nil
}

func qualified(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}
