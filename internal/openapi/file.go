package openapi

import (
	"bytes"
	"errors"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi/tree"
)

// A file is one text of a document, which may have several.
type file struct {
	name     string // for people; "" if nobody said
	text     []byte // as it is written
	json     []byte // as it is read: the text itself, or what YAML stands for
	tree     *tree.Tree
	marks    []mark          // where each node of the tree is in YAML; nil: the text is the JSON
	problems []fault.Problem // with the text itself
}

// A mark is a place in a text, from 1.
type mark struct{ line, column uint32 }

// mostYAML bounds the size of a YAML document, which takes some forty times its size to read.
const mostYAML = 32 << 20

// parse reads JSON, or YAML by way of JSON. Errors are fault.Invalid.
func parse(name string, data []byte) (*file, error) {
	f := &file{name: name}
	if err := f.read(data); err != nil {
		return nil, f.judged(err)
	}
	return f, nil
}

func (f *file) read(data []byte) error {
	text, err := Text(data)
	if err != nil {
		return err
	}
	f.text = text
	start := bytes.TrimLeft(text, " \t\r\n")
	if len(start) == 0 {
		return fault.New(fault.Invalid, "the document is empty").WithHint("give an OpenAPI document, JSON or YAML")
	}
	if start[0] == '<' {
		return fault.New(fault.Invalid, "the document is a page of HTML or XML, not an OpenAPI document").
			WithHint("look on that page for the link to the document itself: openapi.json, swagger.yaml")
	}
	if f.tree, err = tree.Read(text); err == nil {
		f.json = text
		return nil
	}
	broken, _ := errors.AsType[*tree.SyntaxError](err)
	braces := start[0] == '{' || start[0] == '['
	if braces && (broken.TooDeep || len(text) > mostYAML) {
		return f.notJSON(broken)
	}
	if len(text) > mostYAML {
		return fault.New(fault.Invalid, "the YAML document is larger than %d MiB", mostYAML>>20).WithHint("convert it to JSON first")
	}
	wrong := f.fromYAML()
	if wrong == nil {
		f.tree, wrong = tree.Read(f.json)
	}
	switch {
	case wrong == nil:
		return nil
	case braces: // it looks like JSON, so that is what to say about it
		return f.notJSON(broken)
	}
	return f.notYAML(wrong)
}

func (f *file) notJSON(err *tree.SyntaxError) error {
	return f.unreadable("the document is not JSON", err.Message, "check that the whole document is there", err.Position)
}

// unreadable is an error with its place.
func (f *file) unreadable(what, why, hint string, at tree.Position) error {
	r := ruleTable[syntax]
	err := fault.New(fault.Invalid, "%s: line %d, column %d: %s", what, at.Line, at.Column, why).WithHint("%s", hint)
	err.Problems = []fault.Problem{{Message: what + ": " + why, Severity: r.Severity, Rule: r.ID, File: f.name, Line: at.Line, Column: at.Column}}
	return err
}

// judged gives an error about the whole document the form of a problem.
func (f *file) judged(err error) error {
	own, ok := errors.AsType[*fault.Error](err)
	if !ok || len(own.Problems) > 0 {
		return err
	}
	r := ruleTable[documentUnknown]
	message := own.Message
	if own.Hint != "" {
		message += ": " + own.Hint
	}
	own.Problems = []fault.Problem{{Message: message, Severity: r.Severity, Rule: r.ID, File: f.name, Line: 1, Column: 1}}
	return own
}

// found reports something about the text itself, by its offset.
func (f *file) found(rule rule, text []byte, offset int, message string) {
	r := ruleTable[rule]
	at := tree.NewLines(text).Position(offset)
	f.problems = append(f.problems, fault.Problem{Message: message, Severity: r.Severity, Rule: r.ID, File: f.name, Line: at.Line, Column: at.Column})
}
