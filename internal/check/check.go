// Package check compares a value with a schema of an OpenAPI document: JSON Schema as OpenAPI 2.0, 3.0 and 3.1 have it, and as
// people write it. It is lenient where a strict reading would refuse what the service takes: what can't be read or decided is
// noted, and holds nothing up. Schemas are read as the value leads to them, so that neither their number nor their circles matter.
package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
)

// Options say what is compared.
type Options struct {
	// Lookup finds what a "$ref" names; nil: it is not known.
	Lookup func(ref string) jsontext.Value
	// Old is the dialect of OpenAPI 2.0 and 3.0, where nothing stands beside a "$ref".
	Old bool
	// Text: the value is sent as texts (a parameter, a form, XML), so that "10" is as good as 10, and 10 as "10".
	Text bool
	// Answer: the value comes from the service, which need not send what is writeOnly.
	Answer bool
	// Given are members of the value that are sent beside it, and Open says that there may be others.
	Given []string
	Open  bool
}

// A Report is what was found.
type Report struct {
	Problems []fault.Problem // what is wrong with the value
	Warnings []fault.Problem // what is odd about the value
	Notes    []fault.Problem // what could not be checked, and why
}

const (
	maxProblems = 100
	maxSteps    = 50_000 // schemas that are visited, until the rest is left unchecked
	maxHops     = 64     // from schema to schema without going into the value
)

// Value compares a value with a schema. pointer is the value's place, and name what it is called.
func Value(o Options, schema, value jsontext.Value, pointer, name string) (r Report) {
	if len(schema) == 0 || len(value) == 0 {
		return r
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return r // whoever sends it says so
	}
	c := checker{o: o, report: &r, parsed: map[*byte]*keywords{}, noted: map[string]bool{}}
	r.Problems = c.check(schema, v, place{pointer: pointer, name: name}, nil, maxHops)
	if more := len(r.Problems) - maxProblems; more > 0 {
		r.Problems = append(r.Problems[:maxProblems], fault.Problem{Pointer: pointer, Message: fmt.Sprintf("and %d problems more", more)})
	}
	return r
}

// A place is where a value stands.
type place struct {
	pointer string
	name    string // of the argument; "" for a body, whose members stand for themselves
	path    string // below it, with dots
}

func (p place) member(name string) place {
	p.pointer = string(jsontext.Pointer(p.pointer).AppendToken(name))
	if p.path != "" {
		p.path += "."
	}
	p.path += name
	return p
}

func (p place) item(i int) place { return p.member(strconv.Itoa(i)) }

func (p place) String() string {
	switch {
	case p.path == "" && p.name == "":
		return "the body"
	case p.path == "":
		return p.name
	case p.name == "":
		return p.path
	}
	return p.name + "." + p.path
}

func (p place) wrong(format string, args ...any) []fault.Problem {
	return []fault.Problem{{Pointer: p.pointer, Message: p.String() + " " + fmt.Sprintf(format, args...)}}
}

type checker struct {
	o      Options
	report *Report
	steps  int
	parsed map[*byte]*keywords
	noted  map[string]bool
}

// note says once why something is not checked.
func (c *checker) note(at place, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if c.noted[text] || len(c.report.Notes) >= maxProblems {
		return
	}
	c.noted[text] = true
	c.report.Notes = append(c.report.Notes, fault.Problem{Pointer: at.pointer, Message: at.String() + " " + text})
}

// check compares a value with a schema. known are the members that schemas around this one allow, for those of an allOf are
// written as if they were one; true are those for the other direction. hops are left before it is a circle.
func (c *checker) check(raw jsontext.Value, v any, at place, known map[string]bool, hops int) []fault.Problem {
	c.steps++
	switch {
	case c.steps > maxSteps:
		c.note(at, "is not checked to the end: it is too large, or its schema is")
		return nil
	case hops == 0:
		c.note(at, "is not checked to the end: its schema goes in a circle")
		return nil
	case raw.Kind() == 't' || c.o.Text && v == nil:
		return nil
	case raw.Kind() == 'f':
		return at.wrong("is not allowed")
	}
	k := c.parse(raw)
	if k == nil {
		c.note(at, "is not checked: its schema is no schema")
		return nil
	}
	if v == nil && k.nullable() {
		return nil
	}
	var problems []fault.Problem
	if ref := k.text("$ref"); ref != "" {
		target := c.lookup(ref)
		if target == nil {
			c.note(at, "is not checked: its schema %s is not known", ref)
		} else {
			if !c.o.Old {
				known = c.with(known, raw, hops)
			}
			problems = c.check(target, v, at, known, hops-1)
		}
		if c.o.Old {
			return problems
		}
	}
	if wrong := c.kind(k, v, at); wrong != nil {
		return append(problems, wrong...)
	}
	problems = append(problems, c.choice(k, v, at)...)
	problems = append(problems, c.content(k, v, at, c.with(known, raw, hops), hops)...)
	return append(problems, c.combined(k, v, at, c.with(known, raw, hops), hops)...)
}

func (c *checker) lookup(ref string) jsontext.Value {
	if c.o.Lookup == nil {
		return nil
	}
	return c.o.Lookup(ref)
}

// content compares what is within the value.
func (c *checker) content(k *keywords, v any, at place, known map[string]bool, hops int) []fault.Problem {
	switch v := v.(type) {
	case map[string]any:
		return c.object(k, v, at, known)
	case []any:
		return c.array(k, v, at)
	}
	if types := k.types(); c.o.Text && len(types) == 1 && types[0] == "array" { // one value is as good as a list of one
		return c.array(k, []any{v}, at)
	}
	text, isText, isNumber := c.scalar(k, v)
	var problems []fault.Problem
	if isNumber {
		problems = append(problems, number(k, text, at)...)
	}
	if isText {
		problems = append(problems, c.text(k, text, at)...)
	}
	return problems
}

// scalar is the text of a primitive, and which rules are for it.
func (c *checker) scalar(k *keywords, v any) (text string, isText, isNumber bool) {
	text, ok := scalarText(v)
	if !ok {
		return "", false, false
	}
	if !c.o.Text {
		_, isText = v.(string)
		_, isNumber = v.(json.Number)
		return text, isText, isNumber
	}
	types := k.types()
	numeric := contains(types, "number") || contains(types, "integer")
	return text, len(types) == 0 || contains(types, "string"), numeric && spells(text, "number")
}

// scalarText is a primitive as it is written in a parameter.
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
