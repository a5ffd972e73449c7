package main

import (
	"bytes"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// guide runs a command line in a directory.
func guide(t *testing.T, env []string, dir, line string) (string, error) {
	t.Helper()
	shell := exec.Command("sh", "-c", line)
	shell.Env, shell.Dir = env, dir
	out, err := shell.CombinedOutput()
	return string(out), err
}

// newGuide is a directory with the document of a shop, and the environment of commands in it.
func newGuide(t *testing.T) (dir, address string, env []string) {
	t.Helper()
	dir, service := t.TempDir(), httptest.NewServer(newShop())
	t.Cleanup(service.Close)
	env = environment(dir, "SHOP="+service.URL, "BROWSER_SHOWS="+filepath.Join(dir, "page.html"))
	if out, err := guide(t, env, dir, "carnet model import "+service.URL+"/openapi.json && carnet model export Shop:1 > shop.json"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir, service.URL, env
}

// TestConnectGuide runs the commands of docs/connect.md. Their browser is one in which somebody consents at once.
func TestConnectGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("processes built with -race start slowly; what they do is in the scripts too")
	}
	t.Parallel()
	page, err := os.ReadFile("../../docs/connect.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, _, env := newGuide(t)
	if out, err := guide(t, env, dir, "carnet model delete Shop:1 --yes"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ran := 0
	for _, block := range strings.Split(string(page), "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			if out, err := guide(t, env, dir, line); err != nil {
				t.Errorf("%s: %v, printed\n%s", line, err, out)
			}
			ran++
		}
	}
	if ran < 12 {
		t.Errorf("only %d commands were found", ran)
	}
}

// TestConnectAtServer: the browser comes back to the server, where nobody is signed in, and the code that it shows is typed.
func TestConnectAtServer(t *testing.T) {
	t.Parallel()
	dir, _, env := newGuide(t)
	if out, err := guide(t, env, dir, "carnet integration create shop --model Shop:1 browser.client_id=my-client && echo adminpassword-4711 > admin.txt"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	listen := freeAddress(t)
	server := exec.Command("carnet", "serve", "--listen", listen, "--admin-password-file", "admin.txt")
	server.Env, server.Dir = env, dir
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Signal(os.Interrupt); server.Wait() })
	env = append(env, "CARNET_SERVER=http://"+listen, "CARNET_USERNAME=admin", "CARNET_PASSWORD_FILE=admin.txt")
	soon(t, "the server answers", func() bool { _, err := guide(t, env, dir, "carnet model list"); return err == nil })

	connect := exec.Command("carnet", "integration", "connect", "shop", "--scheme", "browser", "--callback")
	var out bytes.Buffer
	connect.Env, connect.Dir, connect.Stdout, connect.Stderr = env, dir, &out, &out
	typing, err := connect.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := connect.Start(); err != nil {
		t.Fatal(err)
	}
	code := ""
	soon(t, "the browser shows a code", func() bool {
		page, _ := os.ReadFile(filepath.Join(dir, "page.html"))
		code = regexp.MustCompile(`[A-Z]{4}-[A-Z]{4}`).FindString(string(page))
		return code != ""
	})
	io.WriteString(typing, "WRNG-CODE\n"+code+"\n")
	if err := connect.Wait(); err != nil || !strings.Contains(out.String(), "not the code that the browser shows") || !strings.Contains(out.String(), "fresh") ||
		!strings.Contains(out.String(), "redirect URI http://"+listen+"/callback/shop") {
		t.Errorf("%v: %s", err, out.String())
	}
	if said, err := guide(t, env, dir, "carnet run shop me"); err != nil || !strings.Contains(said, "ada") {
		t.Errorf("%v: %s", err, said)
	}
}

// soon waits until something is so.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
	}
}
