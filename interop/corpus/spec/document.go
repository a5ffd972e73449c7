// Package spec reads OpenAPI documents once more, by the letter of the specification and with encoding/json alone, and reads requests
// back by what it found: which argument stands where. It is the other opinion that Carnet is held against, so it knows nothing of
// Carnet, and of what documents have wrong only what any reader would do about it.
package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Document is OpenAPI 3, or OpenAPI 2.0.
type Document struct {
	root map[string]any
	two  bool
}

// Read reads a document as JSON.
func Read(data []byte) (*Document, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	d.UseNumber()
	var root map[string]any
	if err := d.Decode(&root); err != nil {
		return nil, err
	}
	return New(root)
}

// New is a document that was read already; its numbers are json.Number.
func New(root map[string]any) (*Document, error) {
	_, two := root["swagger"]
	if _, three := root["openapi"]; !two && !three {
		return nil, errors.New("is neither OpenAPI 2.0 nor 3")
	}
	return &Document{root: root, two: two}, nil
}

// Resolve follows references until there is something else; nil if one leads nowhere, out of the document, or in a circle.
func (d *Document) Resolve(v any) any {
	for range 50 {
		ref, ok := object(v)["$ref"].(string)
		if !ok {
			return v
		}
		v = d.at(ref)
	}
	return nil
}

// at is what a reference within the document refers to (RFC 6901 6).
func (d *Document) at(ref string) any {
	pointer, local := strings.CutPrefix(ref, "#")
	if !local {
		return nil
	}
	if plain, err := url.PathUnescape(pointer); err == nil {
		pointer = plain
	}
	if pointer == "" {
		return d.root
	}
	var v any = d.root
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch in := v.(type) {
		case map[string]any:
			v = in[token]
		case []any:
			n, err := strconv.Atoi(token)
			if err != nil || n < 0 || n >= len(in) {
				return nil
			}
			v = in[n]
		default:
			return nil
		}
	}
	return v
}

// servers are the URLs of the servers of the document, a path item or an operation, variables replaced by their defaults.
func (d *Document) servers(of map[string]any) (urls []string) {
	for _, s := range list(of["servers"]) {
		u, ok := object(s)["url"].(string)
		if !ok {
			continue
		}
		for name, v := range object(object(s)["variables"]) {
			u = strings.ReplaceAll(u, "{"+name+"}", text(object(v)["default"]))
		}
		urls = append(urls, strings.TrimSpace(u))
	}
	return urls
}

// Base is where the document says that its API is: the first of its servers that is a URL, or else the path of the first.
func (d *Document) Base() (base string, absolute bool) {
	urls := d.servers(d.root)
	if d.two {
		urls = d.hosts()
	}
	if base, absolute = first(urls); absolute || len(urls) == 0 {
		return base, absolute
	}
	return "/" + strings.Trim(urls[0], "/"), false
}

// Base is the operation's own server, if it has one that is a URL.
func (op *Operation) Base() (base string, own bool) { return first(op.Servers) }

var bareHost = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:[0-9]+)?(/|$)`)

// first is the first URL that a request can go to.
func first(urls []string) (string, bool) {
	for _, one := range urls {
		if strings.HasPrefix(one, "//") {
			one = "https:" + one
		}
		if bareHost.MatchString(one) { // as a person reads it
			one = "https://" + one
		}
		u, err := url.Parse(one)
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.ContainsAny(u.Host, "{} ") {
			return strings.TrimSuffix(one, "/"), true
		}
	}
	return "", false
}

// hosts are OpenAPI 2.0's schemes, host and basePath as URLs.
func (d *Document) hosts() []string {
	host, base := text(d.root["host"]), text(d.root["basePath"])
	if base != "" && !strings.HasPrefix(base, "/") {
		base = "/" + base
	}
	if host == "" {
		return []string{base}
	}
	var schemes []string
	for _, s := range list(d.root["schemes"]) {
		if s := text(s); s == "https" || s == "http" {
			schemes = append(schemes, s)
		}
	}
	if len(schemes) == 0 || slices.Contains(schemes, "https") {
		return []string{"https://" + host + base}
	}
	return []string{"http://" + host + base}
}

// object, list and text are a value of that kind, or nothing.
func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// text is that of a primitive, as it is written.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// Written is a primitive as it is written; "" of anything else.
func Written(v any) string { return text(v) }

func isTrue(v any) bool { return v == true }
