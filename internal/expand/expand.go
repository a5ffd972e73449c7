// Package expand fills in templates: texts with ${...} in them, by which a configuration says what a token request or a call
// carries. It is substitution, with a few functions; no code runs. What a path means is the caller's business.
//
// An expression is a path (client_id, steps.login.body.token), a 'text', a number, a function of expressions, or several of them
// joined by +. A literal ${ is written $${.
//
//	Basic ${base64(client_id + ':' + client_secret)}
package expand

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// A Template is a text that was parsed. The zero Template expands to nothing.
type Template struct{ parts []node }

// Parse reads a template; fault.Invalid says what is wrong with it.
func Parse(text string) (Template, error) {
	var t Template
	for text != "" {
		literal, rest, found := strings.Cut(text, "${")
		if strings.HasSuffix(literal, "$") && found {
			t.parts = append(t.parts, constant(literal[:len(literal)-1]+"${"))
			text = rest
			continue
		}
		if literal != "" {
			t.parts = append(t.parts, constant(literal))
		}
		if !found {
			break
		}
		p := parser{rest: rest}
		expression, err := p.expression()
		if err == nil && !p.take("}") {
			err = fault.New(fault.Invalid, "%s", p.unexpected("} or +"))
		}
		if err != nil {
			return Template{}, err
		}
		t.parts, text = append(t.parts, expression), p.rest
	}
	return t, nil
}

// Constant returns the template of a text that is taken as it is.
func Constant(text string) Template { return Template{[]node{constant(text)}} }

// Paths returns every path that the template reads.
func (t Template) Paths() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, part := range t.parts {
			if !part.paths(yield) {
				return
			}
		}
	}
}

// IsConstant reports whether the template reads nothing.
func (t Template) IsConstant() bool {
	for _, part := range t.parts {
		if _, ok := part.(constant); !ok {
			return false
		}
	}
	return true
}

// A Scope is what the paths of a template mean, and what is the same all over one request.
type Scope struct {
	Lookup func(path string) (Value, bool)
	Now    time.Time
	UUID   string
}

// Expand fills the template in. fault.Invalid if a path has no value or a function can't take its arguments.
func (t Template) Expand(s Scope) (Value, error) { return sum(t.parts).value(s) }

// maxText is in bytes. Functions in functions make long texts of short templates.
const maxText = 1 << 20

func errLong() error { return fault.New(fault.Invalid, "a template makes a text of more than 1 MiB") }

// A Value is a text of which parts may be secret.
type Value struct{ pieces []piece }

type piece struct {
	text   string
	secret bool
}

// Plain returns a value that may be shown.
func Plain(text string) Value { return Value{[]piece{{text: text}}} }

// Secret returns a value that may not.
func Secret(s seal.Secret) Value { return Value{[]piece{{s.Reveal(), true}}} }

// Join returns the two values one after the other.
func (v Value) Join(w Value) Value {
	return Value{append(v.pieces[:len(v.pieces):len(v.pieces)], w.pieces...)}
}

// Reveal returns the text, secrets included.
func (v Value) Reveal() string {
	var b strings.Builder
	for _, p := range v.pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

func (v Value) length() (n int) {
	for _, p := range v.pieces {
		n += len(p.text)
	}
	return n
}

// String returns the text with its secret parts masked.
func (v Value) String() string { return v.Show(seal.Secret.String) }

// Show returns the text with its secret parts as show makes texts of them.
func (v Value) Show(show func(seal.Secret) string) string {
	var b strings.Builder
	for _, p := range v.pieces {
		if p.secret {
			b.WriteString(show(seal.NewSecret(p.text)))
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// Format prints [Value.String] whatever the verb.
func (v Value) Format(f fmt.State, _ rune) { io.WriteString(f, v.String()) }

// IsSecret reports whether a part of the text is secret.
func (v Value) IsSecret() bool {
	for _, p := range v.pieces {
		if p.secret && p.text != "" {
			return true
		}
	}
	return false
}

// of is a value made of this one: as secret as it.
func (v Value) of(text string) Value { return Value{[]piece{{text, v.IsSecret()}}} }
