package web_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/cli"
	"carnet.dev/carnet/internal/server"
)

// words are the arguments that a shell makes of a command.
func words(t *testing.T, text string) []string {
	t.Helper()
	sh, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	const show = `show() { printf '%s\0' "$@"; }; curl() { show "$@"; }; carnet() { show "$@"; }; `
	out, err := exec.Command(sh, "-c", show+text).Output()
	if err != nil {
		t.Fatalf("bash does not take %s: %v", text, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// shown are the commands on a page.
func (d *document) shown(id string) string {
	d.t.Helper()
	for _, code := range elements(d.root, "code") {
		if attribute(code, "id") == id {
			return textContent(code)
		}
	}
	d.t.Fatalf("%s shows no %s: %s", d.at, id, d.text())
	return ""
}

// carnet runs the command line of this program over the hub of a browser.
func (b *browser) carnet(t *testing.T, args ...string) {
	t.Helper()
	local := access.Local("test")
	served := server.New(b.hub, server.Options{Caller: &local})
	var out, wrong bytes.Buffer
	code := cli.Main(t.Context(), cli.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &wrong, Getenv: func(string) string { return "" }, Version: "test",
		Embedded: func(context.Context, cli.Options) (http.RoundTripper, func() error, error) {
			return client.Handler(served), func() error { return nil }, nil
		},
	})
	if code != 0 {
		t.Fatalf("carnet %q ends with %d: %s", args, code, &wrong)
	}
}

const awkward = `it's "quoted" $HOME ` + "`id`" + ` \n !x {a} [b] ~ é 日本 😀 %41 & ; | < > * ?`

// TestCommandsRun: what the page shows as carnet run and as curl sends what the page sends, whatever is in the arguments.
func TestCommandsRun(t *testing.T) {
	for name, test := range map[string]struct {
		operation string
		fill      func(p *paper) *paper
	}{
		"nothing":   {"page", func(p *paper) *paper { return p }},
		"head":      {"look", func(p *paper) *paper { return p }},
		"no answer": {"empty", func(p *paper) *paper { return p }},
		"fields": {"order", func(p *paper) *paper {
			return p.fill("text:p.shop", awkward, "text:p.tag/[0]", "@home", "text:p.X-Note", `a "b" 'c' $d`, "text:b/item", awkward+"\tand\ttabs", "number:b/count", "3", "json:b/labels", `{"x": "`+"a'b"+`"}`)
		}},
		"texts that look like something else": {"order", func(p *paper) *paper {
			return p.fill("text:p.shop", "10", "text:p.X-Note", "true", "text:p.tag/[0]", "[1]", "text:b/item", "null")
		}},
		"dashes": {"order", func(p *paper) *paper {
			return p.fill("text:p.shop", "--dry-run", "text:p.tag/[0]", "-x", "text:b/item", "--")
		}},
		"json": {"order", func(p *paper) *paper {
			return p.click("Write it as JSON").task().fill("body", "{\r\n  \"item\": \"line\\r\\nbreak\\u0000 ' \\\" $HOME\"\r\n}")
		}},
		"form": {"order", func(p *paper) *paper {
			return p.fill("type", "application/x-www-form-urlencoded", "text:b/item", awkward).click("Use it").task()
		}},
		"xml": {"order", func(p *paper) *paper {
			return p.fill("type", "application/xml", "text:b/item", awkward).click("Use it").task()
		}},
		"text":             {"text", func(p *paper) *paper { return p.fill("body", "@"+awkward+"\r\n'second' line") }},
		"text of a number": {"text", func(p *paper) *paper { return p.fill("body", "123") }},
		"quoted text":      {"text", func(p *paper) *paper { return p.fill("body", `"123"`) }},
		"other type": {"text", func(p *paper) *paper {
			return p.fill("type", "application/json").click("Use it").task().fill("body", `"a'b"`)
		}},
		"files": {"upload", func(p *paper) *paper {
			return p.fill("text:b/note", awkward+";type=x", "text:b/meta/kind", `a "b" \ c; d`).attach("file:file", "a b;c.bin", content).
				attach("file:pages", "1.bin", "one").attach("file:pages", "é$(id)'2'.bin", "two")
		}},
		"fields of a form with files": {"upload", func(p *paper) *paper { return p.fill("text:b/note", "@home").attach("file:file", "1.bin", "one") }},
		"file":                        {"image", func(p *paper) *paper { return p.attach("file:", "a 'b'.png", content) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorks(t)
			b := w.settle(t, newBrowser(t).signIn())
			form := test.fill(b.task(t, test.operation))
			dir := t.TempDir()
			for _, files := range form.files {
				for _, f := range files {
					if err := os.WriteFile(filepath.Join(dir, f[0]), []byte(f[1]), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			t.Chdir(dir)
			page := form.click("Run").sees("The answer")
			want := w.came()
			if again := form.click("Show the request"); again.shown("as-carnet") != page.shown("as-carnet") {
				t.Errorf("before it is run it is shown as %s, and then as %s", again.shown("as-carnet"), page.shown("as-carnet"))
			}
			b.carnet(t, words(t, page.shown("as-carnet"))...)
			if diff := cmp.Diff(want, w.came()); diff != "" {
				t.Errorf("%s\nsends another request:\n%s", page.shown("as-carnet"), diff)
			}
			curl, err := exec.LookPath("curl")
			if err != nil {
				t.Skip("there is no curl")
			}
			args := append([]string{"--silent", "--show-error", "--fail", "--max-time", "20", "--noproxy", "*"}, words(t, page.shown("as-curl"))...)
			if out, err := exec.Command(curl, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v %s", page.shown("as-curl"), err, out)
			}
			if diff := cmp.Diff(want, w.came()); diff != "" {
				t.Errorf("%s\nsends another request:\n%s", page.shown("as-curl"), diff)
			}
		})
	}
}

const content = "\x00\xff\x1a binary\r\n"

// TestNamesAreNoOptions: what a document calls its fields and their types makes no command read a file.
func TestNamesAreNoOptions(t *testing.T) {
	const name = "a=@/etc/passwd;b"
	document := `{"openapi":"3.0.3","info":{"title":"Works","version":"1"},"servers":[{"url":"http://127.0.0.1:1"}],"paths":{
	 "/text":{"post":{"operationId":"text","parameters":[{"name":"` + name + `","in":"query","schema":{"type":"string"}}],"requestBody":{"content":{"multipart/form-data":{"schema":{"type":"object","properties":{"` + name + `":{"type":"string"}}}}}}}},
	 "/type":{"post":{"operationId":"type","requestBody":{"content":{"multipart/form-data":{"encoding":{"x":{"contentType":"text/plain;headers=@/etc/passwd"}},"schema":{"type":"object","properties":{"x":{"type":"string"}}}}}}}},
	 "/file":{"post":{"operationId":"file","requestBody":{"content":{"multipart/form-data":{"schema":{"type":"object","properties":{"` + name + `":{"type":"string","format":"binary"}}}}}}}}}}`
	b := newBrowser(t).signIn()
	admin := access.Local("test")
	m, err := b.hub.ImportModel(t.Context(), admin, api.ModelRequest{Model: []byte(document)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.hub.CreateIntegration(t.Context(), admin, api.Integration{Name: "works", Model: m.Model}); err != nil {
		t.Fatal(err)
	}
	at := strings.ReplaceAll(name, "/", "~1")
	for _, form := range []*paper{
		b.task(t, "text").fill("text:p."+at, "x", "text:b/"+at, "x"), b.task(t, "type").fill("text:b/x", "x"), b.task(t, "file").attach("file:"+name, "a.bin", "x"),
	} {
		page := form.click("Show the request")
		for _, id := range []string{"as-curl", "as-carnet"} {
			text := page.shown(id)
			if strings.HasPrefix(text, "#") {
				continue
			}
			for i, word := range words(t, text) {
				if word == "-F" || word == "-p" || i > 0 && strings.HasPrefix(word, "@") {
					t.Errorf("%s has an option that reads a file: %s", id, text)
				}
			}
		}
	}
}
