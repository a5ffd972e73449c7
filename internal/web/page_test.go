package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A document is a page as a browser without scripts has it.
type document struct {
	*browser
	t    *testing.T
	at   string // its path and query
	code int
	root *html.Node
	raw  *httptest.ResponseRecorder
}

// open follows a link, and where it leads.
func (b *browser) open(t *testing.T, path string) *document {
	t.Helper()
	return b.arrive(t, path, b.get(path))
}

func (b *browser) arrive(t *testing.T, at string, answer *httptest.ResponseRecorder) *document {
	t.Helper()
	for range 5 {
		if answer.Code != http.StatusSeeOther {
			break
		}
		at = answer.Header().Get("Location")
		answer = b.get(at)
	}
	root, err := html.ParseWithOptions(bytes.NewReader(answer.Body.Bytes()), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{b, t, at, answer.Code, root, answer}
	if b.met != nil {
		d.meet()
	}
	return d
}

func attribute(n *html.Node, name string) string {
	text, _ := attributeOf(n, name)
	return text
}

func attributeOf(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func textOf(n *html.Node) string {
	var all []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			all = append(all, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(all, " ")
}

// elements are those of some names in a node, in their order.
func elements(n *html.Node, names ...string) (all []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && slices.Contains(names, d.Data) {
			all = append(all, d)
		}
	}
	return all
}

func (d *document) text() string { return textOf(d.root) }

// sees fails unless the page says something.
func (d *document) sees(texts ...string) *document {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.text(), text) {
			d.t.Fatalf("%s does not say %q: %s", d.at, text, d.text())
		}
	}
	return d
}

// A paper is a form of a page that somebody fills in.
type paper struct {
	*document
	node   *html.Node
	values map[string][]string // of its controls, by name; as they stand, or as they were filled in
	files  map[string][][2]string
}

func (d *document) forms() (all []*paper) {
	for _, n := range elements(d.root, "form") {
		p := &paper{document: d, node: n, values: map[string][]string{}, files: map[string][][2]string{}}
		for _, c := range elements(n, "input", "select", "textarea") {
			p.control(c)
		}
		all = append(all, p)
	}
	return all
}

// form is the one with that action, without its query.
func (d *document) form(action string) *paper {
	d.t.Helper()
	for _, p := range d.forms() {
		if path, _, _ := strings.Cut(attribute(p.node, "action"), "?"); path == action {
			return p
		}
	}
	d.t.Fatalf("%s has no form to %s: %s", d.at, action, d.raw.Body)
	return nil
}

// control takes over what a control holds.
func (p *paper) control(c *html.Node) {
	name := attribute(c, "name")
	if name == "" {
		return
	}
	switch kind := attribute(c, "type"); {
	case c.Data == "select":
		options := elements(c, "option")
		for _, o := range options {
			if _, chosen := attributeOf(o, "selected"); chosen {
				options = []*html.Node{o}
			}
		}
		if len(options) > 0 {
			p.values[name] = append(p.values[name], optionValue(options[0]))
		}
	case c.Data == "textarea":
		p.values[name] = append(p.values[name], strings.ReplaceAll(textContent(c), "\n", "\r\n"))
	case kind == "checkbox" || kind == "radio":
		if _, checked := attributeOf(c, "checked"); checked {
			p.values[name] = append(p.values[name], attribute(c, "value"))
		}
	case kind == "file":
		p.files[name] = nil
	default:
		p.values[name] = append(p.values[name], attribute(c, "value"))
	}
}

func optionValue(o *html.Node) string {
	if value, ok := attributeOf(o, "value"); ok {
		return value
	}
	return textOf(o)
}

func textContent(n *html.Node) (text string) {
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text += d.Data
		}
	}
	return text
}

// fill fills in controls, which the form has to have.
func (p *paper) fill(pairs ...string) *paper {
	p.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		p.has(pairs[i])
		p.values[pairs[i]] = []string{pairs[i+1]}
	}
	return p
}

func (p *paper) has(name string) {
	p.t.Helper()
	for _, c := range elements(p.node, "input", "select", "textarea") {
		if attribute(c, "name") == name {
			return
		}
	}
	p.t.Fatalf("the form on %s has no %s: %s", p.at, name, p.raw.Body)
}

// attach chooses a file.
func (p *paper) attach(name, file, content string) *paper {
	p.t.Helper()
	p.has(name)
	p.files[name] = append(p.files[name], [2]string{file, content})
	return p
}

// click sends the form by a button, as a browser without scripts does: with the values of its controls, in their order.
func (p *paper) click(button string) *document {
	p.t.Helper()
	for _, b := range elements(p.node, "button") {
		if kind, given := attributeOf(b, "type"); given && kind != "submit" {
			continue
		}
		if textOf(b) == button || attribute(b, "aria-label") == button || attribute(b, "value") == button {
			return p.send(b)
		}
	}
	p.t.Fatalf("the form on %s has no button %q: %s", p.at, button, p.raw.Body)
	return nil
}

func (p *paper) send(button *html.Node) *document {
	p.t.Helper()
	action := attribute(p.node, "action")
	if own, ok := attributeOf(button, "formaction"); ok {
		action = own
	}
	if p.sent != nil {
		p.sent[kindOf(action)] = true
	}
	order := p.order(button)
	if strings.EqualFold(attribute(p.node, "method"), "get") {
		query := url.Values{}
		for _, pair := range order {
			query.Add(pair[0], pair[1])
		}
		path, _, _ := strings.Cut(action, "?")
		return p.open(p.t, path+"?"+query.Encode())
	}
	var body bytes.Buffer
	kind := "application/x-www-form-urlencoded"
	if attribute(p.node, "enctype") == "multipart/form-data" {
		w := multipart.NewWriter(&body)
		kind = w.FormDataContentType()
		for _, pair := range order {
			if len(pair) == 2 {
				w.WriteField(pair[0], pair[1])
				continue
			}
			head := textproto.MIMEHeader{"Content-Type": {"application/octet-stream"}}
			head.Set("Content-Disposition", `form-data; name="`+strings.ReplaceAll(pair[0], `"`, "%22")+`"; filename="`+pair[1]+`"`)
			part, _ := w.CreatePart(head)
			part.Write([]byte(pair[2]))
		}
		w.Close()
	} else {
		values := url.Values{}
		for _, pair := range order {
			values.Add(pair[0], pair[1])
		}
		body.WriteString(values.Encode())
	}
	r := httptest.NewRequest("POST", action, &body)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.arrive(p.t, action, p.do(r))
}

// order is what is sent, in the order of the controls: names and values, and files with their contents.
func (p *paper) order(button *html.Node) (order [][]string) {
	done := map[string]bool{}
	for _, c := range elements(p.node, "input", "select", "textarea", "button") {
		name := attribute(c, "name")
		if c == button && name != "" {
			order = append(order, []string{name, attribute(c, "value")})
		}
		if c.Data == "button" || done[name] {
			continue
		}
		done[name] = true
		if files, isFile := p.files[name]; isFile {
			for _, f := range files {
				order = append(order, []string{name, f[0], f[1]})
			}
			if len(files) == 0 {
				order = append(order, []string{name, "", ""})
			}
			continue
		}
		for _, value := range p.values[name] {
			order = append(order, []string{name, value})
		}
	}
	return order
}
