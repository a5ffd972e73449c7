package expand

import (
	"strconv"
	"strings"

	"carnet.dev/carnet/fault"
)

// A node is a part of a template.
type node interface {
	value(Scope) (Value, error)
	paths(yield func(string) bool) bool
}

type (
	constant string
	path     string
	sum      []node
	call     struct {
		name string
		args []node
	}
)

func (c constant) value(Scope) (Value, error)   { return Plain(string(c)), nil }
func (c constant) paths(func(string) bool) bool { return true }

func (p path) value(s Scope) (Value, error) {
	if s.Lookup != nil {
		if v, ok := s.Lookup(string(p)); ok {
			return v, nil
		}
	}
	return Value{}, fault.New(fault.Invalid, "${%s} has no value", string(p)).
		WithHint("fill it in, or correct the template that asks for it")
}

func (p path) paths(yield func(string) bool) bool { return yield(string(p)) }

func (s sum) value(scope Scope) (Value, error) {
	var all Value
	length := 0
	for _, n := range s {
		v, err := n.value(scope)
		if err != nil {
			return Value{}, err
		}
		if length += v.length(); length > maxText {
			return Value{}, errLong()
		}
		all.pieces = append(all.pieces, v.pieces...)
	}
	return all, nil
}

func (s sum) paths(yield func(string) bool) bool {
	for _, n := range s {
		if !n.paths(yield) {
			return false
		}
	}
	return true
}

func (c call) paths(yield func(string) bool) bool { return sum(c.args).paths(yield) }

// A parser reads one expression from the beginning of a text.
type parser struct {
	rest  string
	depth int
}

const maxDepth = 20

func (p *parser) take(token string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(p.rest, " \t\n"), token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) unexpected(want string) string {
	rest := strings.TrimLeft(p.rest, " \t\n")
	switch {
	case rest == "":
		return "a template ends in the middle of ${...}: " + want + " is missing"
	case len(rest) > 12:
		rest = strings.ToValidUTF8(rest[:12], "") + "..."
	}
	return "in ${...}, " + strconv.Quote(rest) + " stands where " + want + " should"
}

func (p *parser) expression() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fault.New(fault.Invalid, "a template is nested too deep")
	}
	defer func() { p.depth-- }()
	var all sum
	for {
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		if all = append(all, n); !p.take("+") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *parser) term() (node, error) {
	if p.take("'") {
		return p.text()
	}
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !isPath(r) })
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	if word == "" {
		return nil, fault.New(fault.Invalid, "%s", p.unexpected("a name, a 'text' or a function"))
	}
	p.rest = p.rest[end:]
	if _, err := strconv.Atoi(word); err == nil {
		return constant(word), nil
	}
	if p.take("(") {
		return p.call(word)
	}
	if f, known := functions[word]; known && f.least == 0 {
		return call{name: word}, nil
	}
	return path(word), nil
}

// isPath reports whether a path may hold the character; a colon and slashes for header:Name and file:/path.
func isPath(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-:/@", r)
}

// text reads the rest of a 'text', in which two quotes stand for one.
func (p *parser) text() (node, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(p.rest, "'")
		if !found {
			return nil, fault.New(fault.Invalid, "in ${...}, a 'text' has no end")
		}
		b.WriteString(before)
		if p.rest = after; !strings.HasPrefix(after, "'") {
			return constant(b.String()), nil
		}
		b.WriteByte('\'')
		p.rest = after[1:]
	}
}

func (p *parser) call(name string) (node, error) {
	f, known := functions[name]
	if !known {
		err := fault.New(fault.Invalid, "there is no function %s", name)
		return nil, err.WithHint("there are %s", strings.Join(names(), ", "))
	}
	c := call{name: name}
	for !p.take(")") {
		if len(c.args) > 0 && !p.take(",") {
			return nil, fault.New(fault.Invalid, "%s", p.unexpected(") or a comma"))
		}
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, n)
	}
	if len(c.args) < f.least || len(c.args) > f.most {
		return nil, fault.New(fault.Invalid, "%s takes %s, not %d", name, f.takes(), len(c.args))
	}
	return c, nil
}
