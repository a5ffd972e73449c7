package cli

import (
	"encoding/json"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// typed reads arguments of -p and fields of -f:
//
//	name=text     a text, which its schema may make a number, a list or an object
//	name=@file    the text in a file, without the line break at its end; @- is standard input
//	name=@@text   a text that begins with @
//	name:=json    JSON, taken as it is
//	name:=@file   JSON in a file
//
// What they mean is for the document to say, and the server reads that.
func (p *program) typed(parameters, fields []string) ([]api.Typed, error) {
	var all []api.Typed
	for _, arg := range parameters {
		name, t, err := p.typedValue("-p", arg)
		if err != nil {
			return nil, err
		}
		t.Parameter = name
		all = append(all, t)
	}
	for _, arg := range fields {
		name, t, err := p.typedValue("-f", arg)
		if err != nil {
			return nil, err
		}
		t.Field = name
		all = append(all, t)
	}
	return all, nil
}

func (p *program) typedValue(flag, arg string) (name string, t api.Typed, err error) {
	name, text, given := strings.Cut(arg, "=")
	isJSON := strings.HasSuffix(name, ":")
	name = strings.TrimSuffix(name, ":")
	switch {
	case !given && flag == "-p":
		return "", t, fault.New(fault.Invalid, "the argument %q has no value", arg).WithHint("write -p %s=value", arg)
	case !given:
		return "", t, fault.New(fault.Invalid, "the field %q has no value", arg).WithHint("write -f %s=value; an answer goes to a file by -O FILE", arg)
	case name == "":
		return "", t, fault.New(fault.Invalid, "%s %s has no name", flag, arg).WithHint("write %s name=value", flag)
	}
	if strings.HasPrefix(text, "@") {
		if text, err = p.at(text); err != nil {
			return "", t, err
		}
	}
	if !isJSON {
		t.Text = text
		return name, t, nil
	}
	t.Value = json.RawMessage(text)
	return name, t, checkJSON(name+":", text)
}
