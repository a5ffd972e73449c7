package cli_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/cli"
)

// A terminal runs command lines against an API that a test makes up.
type terminal struct {
	env    cli.Env
	vars   map[string]string
	answer any // to every request; a fault, or what is sent as JSON
	sent   []string
	opened int // data directories that are not closed yet
	out    bytes.Buffer
	err    bytes.Buffer
}

func newTerminal() *terminal {
	t := &terminal{vars: map[string]string{"HOME": "/home/ada"}, answer: struct{}{}}
	t.env = cli.Env{
		Stdin: strings.NewReader(""), Stdout: &t.out, Stderr: &t.err, Version: "test",
		Getenv: func(name string) string { return t.vars[name] },
		Embedded: func(context.Context, cli.Options) (http.RoundTripper, func() error, error) {
			t.opened++
			return client.Handler(http.HandlerFunc(t.serve)), func() error { t.opened--; return nil }, nil
		},
	}
	return t
}

func (t *terminal) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	t.sent = append(t.sent, strings.TrimSpace(r.Method+" "+r.URL.EscapedPath()+" "+string(body)))
	if f, failed := t.answer.(*fault.Error); failed {
		w.WriteHeader(f.Kind.Status())
		json.NewEncoder(w).Encode(api.Failure{Kind: f.Kind.String(), Message: f.Message, Hint: f.Hint, Problems: f.Problems})
		return
	}
	if result, ok := t.answer.(api.Result); ok && strings.Contains(string(body), `"stream":true`) {
		stream(w, result)
		return
	}
	json.NewEncoder(w).Encode(t.answer)
}

// stream is the answer of a task that wants it as it comes.
func stream(w http.ResponseWriter, r api.Result) {
	w.Header().Set("Carnet-Status", strings.TrimSpace(fmt.Sprint(r.Status, " ", r.StatusText)))
	for name, value := range r.Headers {
		w.Header().Set("Carnet-Answer-"+name, value)
	}
	var text string
	if json.Unmarshal(r.Data, &text) != nil {
		w.Write(r.Data)
		return
	}
	data := []byte(text)
	if r.Encoding == "base64" {
		data, _ = base64.StdEncoding.DecodeString(text)
	}
	w.Write(data)
}

func (t *terminal) run(ctx context.Context, args ...string) (exit int) {
	t.env.Args, t.sent = args, nil
	t.out.Reset()
	t.err.Reset()
	return cli.Main(ctx, t.env)
}

func TestFields(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte("from \"file\"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"username=ada":                     `{"username":"ada"}`,
		"password=@" + file:                `{"password":"from \"file\""}`,
		"password=@-":                      `{"password":"from stdin"}`,
		"username=@@ada":                   `{"username":"@ada"}`,
		"server.base_path=/a=b":            `{"server.base_path":"/a=b"}`,
		"scope=":                           `{"scope":""}`,
		"password=? oauth.client_secret":   `{"oauth.client_secret":"typed oauth.client_secret","password":"typed password"}`,
		"tls.rejectUnauthorized:=false":    `{"tls.rejectUnauthorized":false}`,
		"security:=[{}] variables.region=": `{"security":[{}],"variables.region":""}`,
	} {
		shell := newTerminal()
		shell.env.Stdin = strings.NewReader("from stdin\n")
		shell.env.Prompt = func(label string) (string, error) { return "typed " + label, nil }
		exit := shell.run(t.Context(), append([]string{"integration", "set", "desk"}, strings.Fields(args)...)...)
		if diff := cmp.Diff([]string{"PATCH /integrations/desk/properties " + want}, shell.sent); exit != 0 || diff != "" {
			t.Errorf("%s: exit %d, -want +got\n%s%s", args, exit, diff, &shell.err)
		}
		if shell.err.Len() > 0 {
			t.Errorf("%s: warns %s", args, &shell.err)
		}
	}
}

func TestFieldsThatAreWrong(t *testing.T) {
	for args, want := range map[string]string{
		"a=1 a=2":          "a is given twice",
		"a:={":             "is not JSON",
		"a=@/does/not/be":  "/does/not/be can't be read",
		"client_secret":    "there is nobody to ask",
		"client_secret=? ": "there is nobody to ask",
	} {
		shell := newTerminal()
		exit := shell.run(t.Context(), append([]string{"integration", "set", "desk"}, strings.Fields(args)...)...)
		if exit != fault.Invalid.Exit() || !strings.Contains(shell.err.String(), want) || len(shell.sent) > 0 {
			t.Errorf("%s: exit %d, sent %q, said %s", args, exit, shell.sent, &shell.err)
		}
	}
}

func TestSecretOnTheCommandLineWarns(t *testing.T) {
	shell := newTerminal()
	if exit := shell.run(t.Context(), "integration", "set", "desk", "oauth.client_secret=hunter2"); exit != 0 {
		t.Errorf("exit %d", exit)
	}
	if text := shell.err.String(); !strings.Contains(text, "ps and the shell's history") || strings.Contains(text, "hunter2") {
		t.Errorf("said %q", text)
	}
}

func TestArgumentsOfRun(t *testing.T) {
	for args, want := range map[string]string{
		"-p id=7":                      `{"typed":[{"parameter":"id","text":"7"}]}`,
		"-p id:=7":                     `{"typed":[{"parameter":"id","value":7}]}`,
		"-p tag=a -p tag:=1":           `{"typed":[{"parameter":"tag","text":"a"},{"parameter":"tag","value":1}]}`,
		"-p q=@@a -p e=":               `{"typed":[{"parameter":"q","text":"@a"},{"parameter":"e"}]}`,
		"-p q=@- -f to:=@-":            `{"typed":[{"parameter":"q","text":"[1]"},{"field":"to","value":[1]}]}`,
		"-f a[0].b=1 -f c=d=e":         `{"typed":[{"field":"a[0].b","text":"1"},{"field":"c","text":"d=e"}]}`,
		`-d {"a":1}`:                   `{"requestBodyPayload":{"a":1}}`,
		"-d @-":                        `{"requestBodyPayload":[1]}`,
		"-d a=b":                       `{"requestBodyBase64":"YT1i"}`,
		"-d @@x":                       `{"requestBodyBase64":"QHg="}`,
		`-d {} --content-type text/x`:  `{"requestBodyBase64":"e30=","bodyContentType":"text/x"}`,
		"-d [1] --content-type a/json": `{"requestBodyPayload":[1],"bodyContentType":"a/json"}`,
		`-d {"a":1} --content-type application/x-www-form-urlencoded`: `{"requestBodyPayload":{"a":1},"bodyContentType":"application/x-www-form-urlencoded"}`,
	} {
		shell := newTerminal()
		shell.env.Stdin = endless("[1]\n")
		shell.answer = api.Result{Status: 200}
		exit := shell.run(t.Context(), append([]string{"run", "desk", "get /a"}, strings.Fields(args)...)...)
		want = "POST /integrations/desk/operations/get%20%2Fa/run " + strings.TrimSuffix(want, "}") + `,"stream":true}`
		if diff := cmp.Diff([]string{want}, shell.sent); exit != 0 || diff != "" {
			t.Errorf("%s: exit %d, -want +got\n%s%s", args, exit, diff, &shell.err)
		}
	}
}

// endless is a standard input that says the same to everyone who reads it to its end.
func endless(text string) io.Reader { return &again{text: text} }

type again struct {
	text string
	at   int
}

func (a *again) Read(b []byte) (int, error) {
	if a.at == len(a.text) {
		a.at = 0
		return 0, io.EOF
	}
	n := copy(b, a.text[a.at:])
	a.at += n
	return n, nil
}

func TestArgumentsOfRunThatAreWrong(t *testing.T) {
	for args, want := range map[string]string{
		"-p id":            `write -p id=value`,
		"-f out.json":      `an answer goes to a file by -O FILE`,
		"-f =x":            `has no name`,
		"-p a:={":          `is not JSON`,
		"-f a=@/not/there": `/not/there can't be read`,
		"-d @/not/there":   `/not/there can't be read`,
	} {
		shell := newTerminal()
		exit := shell.run(t.Context(), append([]string{"run", "desk", "op"}, strings.Fields(args)...)...)
		if exit != 2 || !strings.Contains(shell.err.String(), want) || len(shell.sent) > 0 {
			t.Errorf("%s: exit %d, sent %q, said %s", args, exit, shell.sent, &shell.err)
		}
	}
}

func TestFormatsOfRun(t *testing.T) {
	object := api.Result{OK: true, Status: 200, Headers: map[string]string{"content-type": "application/json"}, Data: json.RawMessage(`{"b":1.50,"a":"x"}`)}
	text := api.Result{OK: true, Status: 200, Headers: map[string]string{"content-type": "text/plain"}, Data: json.RawMessage(`"a\nb"`)}
	binary := api.Result{OK: true, Status: 200, Headers: map[string]string{}, Data: json.RawMessage(`"/wA="`), Encoding: "base64"}
	failed := api.Result{Status: 404, StatusText: "Not Found", Headers: map[string]string{"content-type": "application/json"}, Data: json.RawMessage(`{"b":1}`)}
	dry := api.Result{Request: &api.Request{Method: "GET", URL: "https://a/b", Headers: map[string][]string{"B": {"2"}, "A": {"****"}}, Body: "{}"}}
	for _, c := range []struct {
		result api.Result
		args   string
		exit   int
		want   string
	}{
		{object, "", 0, "{\n  \"b\": 1.50,\n  \"a\": \"x\"\n}\n"},
		{object, "-o raw", 0, "{\"b\":1.50,\"a\":\"x\"}"},
		{object, "-o json", 0, "{\"b\":1.50,\"a\":\"x\"}\n"},
		{object, "-o yaml", 0, "b: 1.50\na: x\n"},
		{object, "-o xml", 2, ""},
		{text, "", 0, "a\nb"},
		{text, "-o json", 0, "\"a\\nb\"\n"},
		{binary, "", 0, "\xff\x00"},
		{failed, "-o raw", 8, "{\"b\":1}"},
		{api.Result{Status: 204}, "", 0, ""},
		{dry, "--dry-run", 0, "GET https://a/b\nA: ****\nB: 2\n\n{}\n"},
		{dry, "--dry-run -o raw", 0, "GET https://a/b\nA: ****\nB: 2\n\n{}\n"},
	} {
		shell := newTerminal()
		shell.answer = c.result
		exit := shell.run(t.Context(), append([]string{"run", "desk", "op"}, strings.Fields(c.args)...)...)
		if diff := cmp.Diff(c.want, shell.out.String()); exit != c.exit || diff != "" {
			t.Errorf("%s of %s: exit %d, -want +got\n%s%s", c.args, c.result.Data, exit, diff, &shell.err)
		}
	}
	shell := newTerminal()
	shell.answer, shell.env.Terminal = binary, true
	if exit := shell.run(t.Context(), "run", "desk", "op"); exit != 2 || shell.out.Len() > 0 {
		t.Errorf("bytes went to a terminal: exit %d, %q", exit, &shell.out)
	}
}

func TestExitCodes(t *testing.T) {
	for _, kind := range fault.Kinds() {
		shell := newTerminal()
		shell.answer = &fault.Error{Kind: kind, Message: "it is so", Hint: "do that", Problems: []fault.Problem{
			{Pointer: "/a", Message: "is wrong"}, {Pointer: "/b", Message: "is wrong too"},
		}}
		if exit := shell.run(t.Context(), "model", "list"); exit != kind.Exit() || shell.opened != 0 {
			t.Errorf("%s: exit %d, %d left open", kind, exit, shell.opened)
		}
		want := "carnet: it is so\n  /a is wrong\n  /b is wrong too\n  hint: do that\n"
		if diff := cmp.Diff(want, shell.err.String()); diff != "" || shell.out.Len() > 0 {
			t.Errorf("%s: -want +got\n%s", kind, diff)
		}
	}
	shell := newTerminal()
	interrupted, cancel := context.WithCancel(t.Context())
	shell.env.Embedded = func(ctx context.Context, _ cli.Options) (http.RoundTripper, func() error, error) {
		cancel()
		return nil, nil, ctx.Err()
	}
	if exit := shell.run(interrupted, "model", "list"); exit != 130 {
		t.Errorf("interrupted: exit %d", exit)
	}
}

func TestMisspeltCommands(t *testing.T) {
	for args, hint := range map[string]string{
		"modle list":     "did you mean carnet model?",
		"model imprt":    "did you mean carnet model import?",
		"model list -x":  "carnet model list --help",
		"run desk":       "carnet run --help",
		"frobnicate now": "carnet --help",
	} {
		shell := newTerminal()
		exit := shell.run(t.Context(), strings.Fields(args)...)
		if exit != 2 || !strings.Contains(shell.err.String(), hint) || len(shell.sent) > 0 {
			t.Errorf("%s: exit %d, %s", args, exit, &shell.err)
		}
	}
}

func TestDeleteAsks(t *testing.T) {
	for _, c := range []struct {
		terminal bool
		args     string
		typed    string
		gone     bool
	}{
		{terminal: false, gone: false},
		{terminal: false, args: "--yes", gone: true},
		{terminal: true, typed: "y\n", gone: true},
		{terminal: true, typed: "\n", gone: false},
		{terminal: true, typed: "", gone: false},
	} {
		shell := newTerminal()
		shell.env.Terminal, shell.env.Stdin = c.terminal, strings.NewReader(c.typed)
		if c.terminal {
			shell.env.Prompt = func(string) (string, error) { return "", errors.New("not a secret") }
		}
		exit := shell.run(t.Context(), append([]string{"integration", "delete", "desk"}, strings.Fields(c.args)...)...)
		if gone := len(shell.sent) == 1; gone != c.gone || gone != (exit == 0) {
			t.Errorf("%+v: exit %d, sent %q", c, exit, shell.sent)
		}
	}
}

func TestQuestionEndsWithTheInterrupt(t *testing.T) {
	shell := newTerminal()
	silent, hand := io.Pipe()
	defer hand.Close()
	shell.env.Terminal, shell.env.Stdin = true, silent
	shell.env.Prompt = func(string) (string, error) { return "", nil }
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if exit := shell.run(interrupted, "model", "delete", "A:1"); exit != 130 || len(shell.sent) > 0 {
		t.Errorf("exit %d, sent %q", exit, shell.sent)
	}
}
