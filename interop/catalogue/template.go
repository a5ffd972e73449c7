package catalogue

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The texts of an entry are templates: text with ${name} and ${function(text, text)} in it, where the arguments of a function are
// templates again. Names may hold dots, and a colon that begins a format.

// text is a parsed template.
type text []part

// part is a literal, a name, or a function with arguments.
type part struct {
	literal  string
	name     string
	function string
	args     []text
}

// parse reads a template.
func parse(template string) (text, error) {
	template = strings.ReplaceAll(template, "{{$guid}}", "${random}") // another tool's way to write the same
	parsed, rest, err := parseUntil(template)
	if err == nil && rest != "" {
		err = fmt.Errorf("template %q: %q is left over", template, rest)
	}
	return parsed, err
}

// parseUntil reads a template up to one of the ends, which stays in the rest; with no ends it reads all.
func parseUntil(template string, ends ...string) (parsed text, rest string, err error) {
	literal := ""
	flush := func() {
		if literal != "" {
			parsed, literal = append(parsed, part{literal: literal}), ""
		}
	}
	for template != "" && !slices.ContainsFunc(ends, func(end string) bool { return strings.HasPrefix(template, end) }) {
		inner, is := strings.CutPrefix(template, "${")
		if !is {
			literal, template = literal+template[:1], template[1:]
			continue
		}
		flush()
		var p part
		if p, template, err = parseExpression(inner); err != nil {
			return nil, "", err
		}
		parsed = append(parsed, p)
	}
	flush()
	return parsed, template, nil
}

// parseExpression reads what stands between ${ and }, and the }.
func parseExpression(template string) (part, string, error) {
	at := strings.IndexAny(template, "(}")
	if at < 0 {
		return part{}, "", fmt.Errorf("template: ${%s has no end", template)
	}
	name, rest := template[:at], template[at+1:]
	if template[at] == '}' {
		return part{name: name}, rest, nil
	}
	p := part{function: name}
	for {
		arg, after, err := parseUntil(rest, ")}", ", ")
		if err != nil {
			return part{}, "", err
		}
		p.args = append(p.args, arg)
		if end, is := strings.CutPrefix(after, ")}"); is {
			return p, end, nil
		}
		next, is := strings.CutPrefix(after, ", ")
		if !is {
			return part{}, "", fmt.Errorf("template: ${%s has no end", template)
		}
		rest = next
	}
}

// names yields the names in a template, those in arguments too.
func (t text) names(yield func(string)) {
	for _, p := range t {
		if p.name != "" {
			yield(p.name)
		}
		for _, arg := range p.args {
			arg.names(yield)
		}
	}
}

// namesIn returns the names in every text of a value: a text, an object, a list.
func namesIn(values ...any) []string {
	found := map[string]bool{}
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			if parsed, err := parse(v); err == nil {
				parsed.names(func(name string) { found[name] = true })
			}
		case Object:
			for _, m := range v {
				walk(m.Value)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(values)
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// errUnknown is a name that has no value (yet).
var errUnknown = errors.New("has no value")

// eval substitutes.
func (t text) eval(value func(name string) (string, bool)) (string, error) {
	var out strings.Builder
	for _, p := range t {
		switch {
		case p.name != "":
			v, known := value(p.name)
			if !known {
				return "", fmt.Errorf("${%s} %w", p.name, errUnknown)
			}
			out.WriteString(v)
		case p.function != "":
			v, err := p.call(value)
			if err != nil {
				return "", err
			}
			out.WriteString(v)
		default:
			out.WriteString(p.literal)
		}
	}
	return out.String(), nil
}

// call evaluates a function. Digests are those of the catalogue: its names say how they are written.
func (p part) call(value func(string) (string, bool)) (string, error) {
	args := make([]string, 2)
	for i, arg := range p.args {
		v, err := arg.eval(value)
		if err != nil {
			return "", err
		}
		args[min(i, 1)] = v
	}
	first, second := []byte(args[0]), []byte(args[1])
	switch p.function {
	case "base64":
		return base64.StdEncoding.EncodeToString(first), nil
	case "sha256Hex":
		sum := sha256.Sum256(first)
		return hex.EncodeToString(sum[:]), nil
	case "sha1Hex":
		sum := sha1.Sum(first)
		return hex.EncodeToString(sum[:]), nil
	case "md5Hex":
		sum := md5.Sum(first)
		return hex.EncodeToString(sum[:]), nil
	case "hmacSha1Hex":
		mac := hmac.New(sha1.New, second)
		mac.Write(first)
		return hex.EncodeToString(mac.Sum(nil)), nil
	case "hmacSha256Hex": // not in the catalogue's own texts, but in its notes
		mac := hmac.New(sha256.New, second)
		mac.Write(first)
		return hex.EncodeToString(mac.Sum(nil)), nil
	case "fingerprint":
		return fingerprint(args[0])
	case "formEncode":
		return url.QueryEscape(args[0]), nil
	}
	return "", fmt.Errorf("template: no function %s", p.function)
}

// choose returns the first of the alternatives in "a || b" whose names all have values, and the last if none.
func choose(template string, value func(string) (string, bool)) string {
	alternatives := strings.Split(template, " || ")
	for _, alternative := range alternatives {
		if !slices.ContainsFunc(namesIn(alternative), func(name string) bool { _, known := value(name); return !known }) {
			return alternative
		}
	}
	return alternatives[len(alternatives)-1]
}
