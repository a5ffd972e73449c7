package main

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"carnet.dev/carnet/carnettest"
)

// TestNothingLeaks puts secrets in by every way there is, makes things go right and wrong at the most verbose level, and then
// searches every byte that came out: what was printed and logged, what the API answered, every file but the key's.
// Failure mode 29: secrets in output.
func TestNothingLeaks(t *testing.T) {
	o := options
	o.Rotate = true
	o.TokenLife = time.Second
	w := newWorkplace(t, o)
	var out strings.Builder
	do := func(stdin string, args ...string) {
		text, _ := w.command(stdin, append([]string{"-vv"}, args...)...).CombinedOutput() // errors are a part of it
		out.Write(text)
	}
	do("apikey-4711", "integration", "set", "desk", "apiKey.value=@-")
	do("typed-refresh-4711", "integration", "set", "desk", "clientAuth.token.refresh_token=@-")
	do("variable", "integration", "set", "desk", "variables.region=@-")
	do("keytext-4711", "integration", "set", "desk", "tls.key=@-", "tls.ca=nonsense")
	do("parameter-4711", "integration", "set", "desk", "passwordAuth.parameters.audience=@-")
	for _, args := range [][]string{
		{"run", "desk", "whoAmI"}, {"run", "desk", "whoAmI", "--dry-run"}, {"run", "desk", "createShipment"},
		{"integration", "show", "desk", "-o", "json"}, {"integration", "list", "-o", "json"}, {"token", "show", "desk"},
		{"token", "renew", "desk", "--scheme", "passwordAuth"}, {"audit", "-o", "json"},
	} {
		do("", args...)
	}
	for _, fault := range []carnettest.Fault{
		{Status: 400, Body: `{"error":"invalid_request","error_description":"what is clientsecret-4711 or password-4711?"}`},
		{Status: 200, Body: `{"error":"x","note":"clientsecret-4711"}`}, {Status: 302, Header: map[string]string{"Location": "http://127.0.0.1:1/?s=password-4711"}},
		{Drop: true}, {Status: 503, Body: "password-4711"}, {Status: 200, Body: "<p>password-4711"},
	} {
		w.provider.RevokeRefresh()
		w.provider.FailToken(fault, fault, fault)
		do("", "token", "renew", "desk", "--scheme", "passwordAuth")
		do("", "token", "show", "desk")
		w.provider.FailToken()
	}
	do("wrongpassword-4711", "integration", "set", "desk", "passwordAuth.password=@-")
	do("", "token", "renew", "desk", "--scheme", "passwordAuth")
	do("password-4711", "integration", "set", "desk", "passwordAuth.password=@-")
	out.WriteString(w.served("adminpassword-4711"))

	secrets := append(w.provider.Issued(), "clientsecret-4711", "password-4711", "wrongpassword-4711", "apikey-4711", "typed-refresh-4711",
		"keytext-4711", "parameter-4711", "adminpassword-4711")
	if len(secrets) < 12 {
		t.Fatalf("only %d secrets: the story has not happened\n%s", len(secrets), out.String())
	}
	search(t, "output", []byte(out.String()), secrets)
	searched := 0
	filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "carnet.key" || d.Name() == "admin.txt" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		search(t, d.Name(), data, secrets)
		searched++
		return nil
	})
	if searched < 1 {
		t.Error("no files were searched")
	}
}

// search looks for secrets as they are, in base64 and percent-encoded.
func search(t *testing.T, where string, data []byte, secrets []string) {
	t.Helper()
	for i, s := range secrets {
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)), url.QueryEscape(s)} {
			if at := bytes.Index(data, []byte(form)); at >= 0 {
				t.Errorf("secret %d stands in %s at %d", i, where, at) // which one would be in the log of this test
				break
			}
		}
	}
}

// served runs a server at the most verbose level, has it asked this and that, kills it, and returns all that it said.
func (w *workplace) served(password string) string {
	w.t.Helper()
	file := filepath.Join(w.dir, "admin.txt")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		w.t.Fatal(err)
	}
	address := freeAddress(w.t)
	var log, answers bytes.Buffer
	server := w.command("", "serve", "--listen", address, "--admin-password-file", file, "--log-level", "debug")
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		w.t.Fatal(err)
	}
	ask := func(method, path, body string) bool {
		r, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		r.SetBasicAuth("admin", password)
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		answer.Header.Write(&answers)
		answers.ReadFrom(answer.Body)
		return true
	}
	for end := time.Now().Add(20 * time.Second); !ask("GET", "/health", "") && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	ask("GET", "/integrations", "")
	ask("GET", "/integrations/desk?password=password-4711", "")
	ask("PATCH", "/integrations/desk/properties", `{"apiKey.value": "apikey-4711", "passwordAuth.nonsense": "password-4711"}`)
	ask("PUT", "/integrations/desk/properties", `{"properties": {"authentication": {"passwordAuth": {"client_secret": ["clientsecret-4711"]}}}}`)
	ask("POST", "/integrations/desk/operations/whoAmI/run", `{}`)
	ask("POST", "/integrations/desk/operations/whoAmI/run", `{"parameters": {"password-4711": 1}, `)
	ask("POST", "/login", `{"username": "admin", "password": "wrongpassword-4711"}`)
	ask("GET", "/audit", "")
	server.Process.Signal(syscall.SIGTERM)
	server.Wait()
	return log.String() + answers.String()
}
