package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// secretFields are the fields that should not be typed on a command line, where ps and the shell's history show them.
var secretFields = []string{
	"access_token", "assertion", "bearer", "client_secret", "client_secret_next", "key", "password", "private_key", "refresh_token",
	"secretAccessKey", "sessionToken", "subject_token", "value", "webIdentityToken",
}

// isReference reports whether a value only names where a secret is.
func isReference(text string) bool {
	return strings.HasPrefix(text, "${env:") || strings.HasPrefix(text, "${file:")
}

// fields reads arguments of the form field=value:
//
//	field=text     the text
//	field=@file    what is in the file, without the line break at its end; @- is standard input
//	field=@@text   a text that begins with @
//	field=? field  asked for, without showing
//	field:=json    JSON
func (p *program) fields(args []string) (api.Settings, error) {
	settings := api.Settings{}
	for _, arg := range args {
		name, value, err := p.field(arg)
		if err != nil {
			return nil, err
		}
		if _, twice := settings[name]; twice {
			return nil, fault.New(fault.Invalid, "%s is given twice", name)
		}
		settings[name] = value
	}
	return settings, nil
}

func (p *program) field(arg string) (name string, value json.RawMessage, err error) {
	name, text, given := strings.Cut(arg, "=")
	if given && strings.HasSuffix(name, ":") {
		return strings.TrimSuffix(name, ":"), json.RawMessage(text), checkJSON(name, text)
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case !given || text == "?":
		text, err = p.ask(name)
	case strings.HasPrefix(text, "@"):
		text, err = p.at(text)
	case text != "" && slices.Contains(secretFields, last) && !isReference(text):
		fmt.Fprintf(p.Stderr, "carnet: %s is on the command line, where ps and the shell's history show it; %s=? asks for it, %s=@- reads it\n", name, name, name)
	}
	if err != nil {
		return "", nil, err
	}
	value, err = json.Marshal(text)
	return name, value, err
}

func checkJSON(name, text string) error {
	if json.Valid([]byte(text)) {
		return nil
	}
	return fault.New(fault.Invalid, "%s=... is not JSON", name).WithHint("write a text without the colon: %s=...", strings.TrimSuffix(name, ":"))
}

// ask prompts for a value.
func (p *program) ask(name string) (string, error) {
	if p.Prompt == nil {
		return "", fault.New(fault.Invalid, "%s has no value, and there is nobody to ask", name).WithHint("write %s=@file, or %s=@- for standard input", name, name)
	}
	text, err := p.Prompt(name)
	if err != nil && !errors.Is(err, context.Canceled) {
		err = fault.Wrap(fault.Invalid, err, "nothing was typed for %s", name)
	}
	return text, err
}

// at reads @file, @- or @@text.
func (p *program) at(text string) (string, error) {
	source := text[1:]
	if strings.HasPrefix(source, "@") {
		return source, nil
	}
	data, err := p.read(source)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), nil
}

// read reads a file, or standard input for "-".
func (p *program) read(file string) (data []byte, err error) {
	if file == "-" {
		data, err = io.ReadAll(p.Stdin)
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s can't be read", file)
	}
	return data, nil
}

// parameters reads the arguments of an operation, which are written as fields; one that occurs several times is a list.
func (p *program) parameters(args []string) (map[string]json.RawMessage, error) {
	all := map[string][]json.RawMessage{}
	for _, arg := range args {
		if !strings.Contains(arg, "=") {
			return nil, fault.New(fault.Invalid, "the argument %q has no value", arg).WithHint("write -p %s=value", arg)
		}
		name, text, _ := strings.Cut(arg, "=")
		value := json.RawMessage(text)
		if json := strings.HasSuffix(name, ":"); json {
			if err := checkJSON(name, text); err != nil {
				return nil, err
			}
			name = strings.TrimSuffix(name, ":")
		} else {
			if strings.HasPrefix(text, "@") {
				var err error
				if text, err = p.at(text); err != nil {
					return nil, err
				}
			}
			value = quoted(text)
		}
		all[name] = append(all[name], value)
	}
	parameters := make(map[string]json.RawMessage, len(all))
	for name, values := range all {
		parameters[name] = values[0]
		if len(values) > 1 {
			list, err := json.Marshal(values)
			if err != nil {
				return nil, fault.Wrap(fault.Invalid, err, "%s is not JSON", name)
			}
			parameters[name] = list
		}
	}
	return parameters, nil
}

// quoted is a text as JSON, which does not fail.
func quoted(text string) json.RawMessage {
	data, _ := json.Marshal(text)
	return data
}

// confirm asks whether to go on with something that can't be undone.
func (p *program) confirm(ctx context.Context, what string, sure bool) error {
	if sure {
		return nil
	}
	if p.Prompt == nil || !p.Terminal {
		return fault.New(fault.Invalid, "%s can't be undone", what).WithHint("say --yes if it is meant")
	}
	fmt.Fprintf(p.Stderr, "%s can't be undone. Go on? [y/N] ", what)
	typed := make(chan string, 1)
	go func() { // a read from a terminal does not end when ctx does
		var answer string
		fmt.Fscanln(p.Stdin, &answer)
		typed <- strings.ToLower(answer)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case answer := <-typed:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return fault.New(fault.Invalid, "nothing was done")
	}
}
