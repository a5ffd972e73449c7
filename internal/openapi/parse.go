package openapi

import (
	"bytes"
	"errors"
	"net/url"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi/tree"
)

// mostYAML bounds the size of a YAML document, which takes some forty times its size to read.
const mostYAML = 32 << 20

// parse reads JSON, or YAML by way of JSON; source is the JSON.
func parse(data []byte) (t *tree.Tree, source []byte, err error) {
	start := bytes.TrimLeft(data, " \t\r\n")
	if len(start) == 0 {
		return nil, nil, fault.New(fault.Invalid, "the document is empty").WithHint("give an OpenAPI document, JSON or YAML")
	}
	if start[0] == '<' {
		return nil, nil, fault.New(fault.Invalid, "the document is a page of HTML or XML, not an OpenAPI document").
			WithHint("look on that page for the link to the document itself: openapi.json, swagger.yaml")
	}
	t, err = tree.Read(data)
	if err == nil {
		return t, data, nil
	}
	broken, _ := errors.AsType[*tree.SyntaxError](err)
	braces := start[0] == '{' || start[0] == '['
	if braces && (broken.TooDeep || len(data) > mostYAML) {
		return nil, nil, notJSON(err)
	}
	if len(data) > mostYAML {
		return nil, nil, fault.New(fault.Invalid, "the YAML document is larger than %d MiB", mostYAML>>20).WithHint("convert it to JSON first")
	}
	source, wrong := fromYAML(data)
	if wrong == nil {
		t, wrong = tree.Read(source)
	}
	switch {
	case wrong == nil:
		return t, source, nil
	case braces: // it looks like JSON, so that is what to say about it
		return nil, nil, notJSON(err)
	}
	if own, ok := errors.AsType[*fault.Error](wrong); ok {
		return nil, nil, own
	}
	return nil, nil, fault.New(fault.Invalid, "the document is neither JSON nor YAML: %s", wrong).
		WithHint("check that the whole document is there, and that it is text")
}

func notJSON(err error) error {
	return fault.New(fault.Invalid, "the document is not JSON: %s", err).WithHint("check that the whole document is there")
}

func unescapeFragment(pointer string) string {
	plain, err := url.PathUnescape(pointer)
	if err != nil {
		return pointer
	}
	return plain
}
