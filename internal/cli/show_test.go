package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/cli"
)

const shownOperation = `POST /orders/{id}
Puts an order

PARAMETER  IN    TYPE     REQUIRED  WHAT
id         path  integer  yes       the order

Body: application/json (required)
  {
    item (required): string (book, pen)  # what to send
    next: the same again
    tags: [string uuid]
  }

Security: key and oauth (read, write), or none

ANSWER  WHAT
200     done

Try: carnet run desk 'put order' -p id=... -d @body.json
`

// TestOperationShow has a schema that holds itself, behind an allOf.
func TestOperationShow(t *testing.T) {
	shell := newTerminal()
	shell.answer = api.Operation{
		OperationSummary: api.OperationSummary{ID: "put order", Method: "POST", Path: "/orders/{id}", Summary: "Puts an order"},
		Parameters:       []api.Parameter{{Name: "id", In: "path", Type: "integer", Required: true, Description: "the\n order"}},
		Body:             &api.Body{Required: true, Content: []api.MediaType{{Type: "application/json", Schema: json.RawMessage(`{"$ref": "#/a"}`)}}},
		Responses:        []api.Response{{Status: "200", Description: "done"}},
		Security:         []map[string][]string{{"key": nil, "oauth": {"read", "write"}}, {}},
		Schemas: map[string]json.RawMessage{
			"#/a": json.RawMessage(`{"allOf": [{"$ref": "#/b"}, {"properties": {"tags": {"type": "array", "items": {"type": "string", "format": "uuid"}}}}]}`),
			"#/b": json.RawMessage(`{"type": "object", "required": ["item"], "properties": {
				"item": {"type": "string", "enum": ["book", "pen"], "description": "what to send"}, "next": {"$ref": "#/a"}}}`),
		},
	}
	if exit := shell.run(t.Context(), "operation", "show", "desk", "put order"); exit != 0 {
		t.Fatalf("exit %d: %s", exit, &shell.err)
	}
	if diff := cmp.Diff(shownOperation, shell.out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestLargeSchemaIsCut has a schema that would be 20^6 lines long.
func TestLargeSchemaIsCut(t *testing.T) {
	schemas := map[string]json.RawMessage{}
	for level := range 8 {
		var members []string
		for i := range 20 {
			members = append(members, fmt.Sprintf(`"m%d": {"$ref": "#/%d"}`, i, level+1))
		}
		schemas[fmt.Sprintf("#/%d", level)] = json.RawMessage(`{"properties": {` + strings.Join(members, ",") + `}}`)
	}
	shell := newTerminal()
	shell.answer = api.Operation{Schemas: schemas, Body: &api.Body{Content: []api.MediaType{{Type: "a/json", Schema: json.RawMessage(`{"$ref": "#/0"}`)}}}}
	if exit := shell.run(t.Context(), "operation", "show", "desk", "x"); exit != 0 || shell.out.Len() > 64<<10 {
		t.Errorf("exit %d, %d bytes", exit, shell.out.Len())
	}
}

func TestIntegrationShowLeavesOutWhatIsEmpty(t *testing.T) {
	shell := newTerminal()
	var i api.Stored
	i.Data.Name, i.Data.Properties.Type = "desk", "Shop:1"
	i.Data.Properties.Properties = json.RawMessage(`{"authentication": {"o": {"client_id": "", "client_secret": "****", "scope": "a: b"}, "p": {"value": ""}}, "tls": {}, "version": "1.10"}`)
	i.Metadata.Tokens = []api.Token{{Scheme: "o", State: "fresh"}}
	shell.answer = i
	shell.run(t.Context(), "integration", "show", "desk")
	want := "Integration:  desk\nModel:        Shop:1\nToken:        o is fresh\n\n" +
		"authentication:\n    o:\n        client_secret: '****'\n        scope: 'a: b'\nversion: \"1.10\"\n"
	if diff := cmp.Diff(want, shell.out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestServer has the command line talk to a server, with the credentials that the environment names.
func TestServer(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		w.Write([]byte("{}"))
	}))
	defer server.Close()
	shell := newTerminal()
	shell.vars["CARNET_SERVER"] = server.URL
	if exit := shell.run(t.Context(), "model", "list"); exit != 3 {
		t.Errorf("without credentials: exit %d: %s", exit, &shell.err)
	}
	shell.vars["CARNET_USERNAME"] = "ada"
	shell.env.Prompt = func(label string) (string, error) { return label, nil }
	if exit := shell.run(t.Context(), "model", "list"); exit != 0 || got != "Basic YWRhOnBhc3N3b3JkIG9mIGFkYQ==" {
		t.Errorf("exit %d, authorization %q", exit, got)
	}
	shell.vars["CARNET_TOKEN"] = "t"
	if exit := shell.run(t.Context(), "model", "list", "--server", server.URL); exit != 0 || got != "Bearer t" {
		t.Errorf("exit %d, authorization %q", exit, got)
	}
}

// TestEveryCommandHasHelp checks that each command says what it does, and that its examples are commands that exist.
func TestEveryCommandHasHelp(t *testing.T) {
	root := cli.New(newTerminal().env)
	for _, group := range root.Commands() {
		for _, c := range append(group.Commands(), group) {
			if group.Name() == "completion" || group.Name() == "help" || c.Name() == "version" {
				continue // cobra's, and what needs no example
			}
			if c.Short == "" || c.Example == "" && !c.HasSubCommands() {
				t.Errorf("%s does not say what it does, or has no example", c.CommandPath())
			}
			for line := range strings.Lines(c.Example) {
				_, typed, found := strings.Cut(line, "carnet ")
				if named, _, err := root.Find(strings.Fields(typed)); !found || err != nil || named != c {
					t.Errorf("the example of %s is not one of it: %s", c.CommandPath(), line)
				}
			}
		}
	}
}

// TestControlCharactersDoNotReachTheTerminal: a document's text must not be able to move the cursor or set the title.
func TestControlCharactersDoNotReachTheTerminal(t *testing.T) {
	shell := newTerminal()
	shell.answer = api.Operation{OperationSummary: api.OperationSummary{ID: "op", Summary: "harmless\x1b]0;owned\x07 \u009b31m"}}
	if exit := shell.run(t.Context(), "operation", "show", "desk", "op"); exit != 0 {
		t.Fatal(shell.err.String())
	}
	shell.answer = fault.New(fault.Invalid, "a message with \x1b[2J in it")
	shown := shell.out.String()
	shell.run(t.Context(), "operation", "show", "desk", "op")
	for _, text := range []string{shown, shell.err.String()} {
		if strings.ContainsAny(text, "\x1b\x07\u009b") || !strings.Contains(text, "\uFFFD") {
			t.Errorf("printed %q", text)
		}
	}
}
