package spec

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A Request is what was built for an operation.
type Request struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
}

// Arguments are what the request was built from.
type Arguments struct {
	Values map[int]any // by index of the operation's parameter
	Body   *Payload    // nil: none
}

// A Payload is what the body was made of.
type Payload struct {
	Body  Body
	Value any    // as the media type says
	Bytes []byte // in place of Value: as they are
}

// Check reads a request for the operation back, and says which arguments are not where the document says, and what else is there.
// base is the URL that the path is appended to.
func (op *Operation) Check(d *Document, base string, r Request, a Arguments) (wrong []string) {
	c := &check{op: op, d: d, a: a}
	if r.Method != op.Method {
		c.fail("the method is %s", r.Method)
	}
	before, query, _ := strings.Cut(r.URL, "?")
	if strings.Contains(r.URL, "#") {
		c.fail("the URL has a fragment: %s", r.URL)
	}
	end := prefix(strings.TrimSuffix(base, "/"), before)
	if end < 0 {
		c.fail("the URL %s does not begin with %s", before, base)
		return c.wrong
	}
	c.path(before[end:])
	c.query(query)
	c.header(r.Header)
	c.cookies(r.Header)
	c.body(r)
	return c.wrong
}

type check struct {
	op    *Operation
	d     *Document
	a     Arguments
	wrong []string
}

func (c *check) fail(format string, args ...any) {
	if len(c.wrong) < 5 {
		c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
	}
}

// given walks over the parameters of a place that have an argument.
func (c *check) given(in string) func(yield func(*Parameter, any) bool) {
	return func(yield func(*Parameter, any) bool) {
		for i := range c.op.Parameters {
			p := &c.op.Parameters[i]
			if v, ok := c.a.Values[i]; ok && p.In == in && !yield(p, v) {
				return
			}
		}
	}
}

// path matches the path with the template; where a placeholder ends is tried, for what stands behind it may be in it too.
func (c *check) path(path string) {
	template, _, _ := strings.Cut(c.op.Path, "#")
	template, _, _ = strings.Cut(template, "?")
	values := map[string]func(string) bool{}
	for p, v := range c.given("path") {
		values[p.Name] = func(raw string) bool { return p.readPath(raw, v) }
	}
	if !match(template, path, values) {
		c.fail("the path is %s, of %s with %v", path, template, c.shown("path"))
	}
}

// match reports whether a path is the template with the values in place of its placeholders.
func match(template, path string, values map[string]func(string) bool) bool {
	before, rest, found := strings.Cut(template, "{")
	name, after, closed := strings.Cut(rest, "}")
	if !found || !closed {
		return literal(template, path)
	}
	at := len(path)
	if before == "" {
		at = 0
	} else {
		at = prefix(before, path)
	}
	if at < 0 {
		return false
	}
	path = path[at:]
	fits := values[name]
	for end := 0; end <= len(path); end++ {
		if end > 0 && path[end-1] == '/' {
			return false
		}
		if fits != nil && fits(path[:end]) && match(after, path[end:], values) {
			return true
		}
	}
	return false
}

// literal reports whether a path is that text, percent-encoded or not.
func literal(template, path string) bool { return prefix(template, path) == len(path) }

// prefix returns the length of what of the path is that text, percent-encoded or not; -1 if it does not begin with it.
func prefix(template, path string) int {
	if plain, err := url.PathUnescape(template); err == nil {
		template = plain
	}
	at := 0
	for i := range len(template) {
		switch {
		case at < len(path) && path[at] == template[i] && path[at] != '%':
			at++
		case at+3 <= len(path) && path[at] == '%':
			if plain, err := url.PathUnescape(path[at : at+3]); err != nil || plain != template[i:i+1] {
				return -1
			}
			at += 3
		default:
			return -1
		}
	}
	return at
}

// query reads each pair of the query as an argument, and finds the pairs that are none.
func (c *check) query(raw string) {
	pairs, ok := split(raw, "&", plusIsBlank)
	if !ok {
		c.fail("the query is not well formed: %s", raw)
		return
	}
	pairs = c.template(pairs)
	for p, v := range c.given("query") {
		read, rest := p.readPairs(pairs, v)
		if !read {
			c.fail("query parameter %s of style %s is not %s: %s", p.Name, p.Styled(), shown(v), raw)
			continue
		}
		pairs = rest
	}
	if len(pairs) > 0 {
		c.fail("nobody asked for %s=%s in the query", pairs[0].name, pairs[0].raw)
	}
}

// template leaves out the pairs that the path itself came with; what is in braces there are path parameters.
func (c *check) template(pairs []pair) []pair {
	path, _, _ := strings.Cut(c.op.Path, "#")
	_, template, found := strings.Cut(path, "?")
	if !found {
		return pairs
	}
	values := map[string]func(string) bool{}
	for p, v := range c.given("path") {
		values[p.Name] = func(raw string) bool { return p.readPath(raw, v) }
	}
	for one := range strings.SplitSeq(template, "&") {
		name, value, _ := strings.Cut(one, "=")
		i := slices.IndexFunc(pairs, func(p pair) bool { return match(name, url.PathEscape(p.name), values) && match(value, p.raw, values) })
		if i < 0 {
			c.fail("the query lacks %s, which the path has", one)
			continue
		}
		pairs = slices.Delete(slices.Clone(pairs), i, i+1)
	}
	return pairs
}

func (c *check) header(h http.Header) {
	for p, v := range c.given("header") {
		all := h.Values(p.Name)
		if http.CanonicalHeaderKey(p.Name) == "Cookie" { // read with the cookies
			continue
		}
		if len(all) != 1 || !p.readHeader(all[0], v) {
			c.fail("header %s is %q, want %s", p.Name, all, shown(v))
		}
	}
}

func (c *check) cookies(h http.Header) {
	raw := strings.Join(h.Values("Cookie"), "; ")
	pairs, ok := split(raw, "; ", false)
	if !ok {
		c.fail("the cookies are not well formed: %s", raw)
	}
	for p, v := range c.given("cookie") {
		read, rest := p.readPairs(pairs, v)
		if !read {
			c.fail("cookie %s is not %s: %s", p.Name, shown(v), raw)
			continue
		}
		pairs = rest
	}
	for p, v := range c.given("header") {
		if http.CanonicalHeaderKey(p.Name) == "Cookie" {
			pairs = slices.DeleteFunc(pairs, func(one pair) bool { return strings.TrimSuffix(one.name+"="+one.raw, "=") == text(v) })
		}
	}
	if len(pairs) > 0 {
		c.fail("nobody asked for the cookie %s", pairs[0].name)
	}
}

// shown are the arguments of a place.
func (c *check) shown(in string) string {
	var texts []string
	for p, v := range c.given(in) {
		texts = append(texts, p.Name+" ("+p.Styled()+") "+shown(v))
	}
	return strings.Join(texts, ", ")
}
