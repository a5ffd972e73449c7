package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// changing are the parts of what commands print that are others each time.
var changing = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`), "TIME"},
	{regexp.MustCompile(`\d+\.\d\d s\b`), "SECONDS"},
	{regexp.MustCompile(`in \d+[hms0-9.]+`), "in SPAN"},
	{regexp.MustCompile(`took=\S+`), "took=SPAN"},
	{regexp.MustCompile(`[+-]\d+ s from`), "SKEW from"},
	{regexp.MustCompile(`expired \d+ \w+ ago`), "expired SPAN ago"},
	{regexp.MustCompile(`  renewed: (in less than a second|in \d+ seconds?): the last.*|  renewed: by the next task`), "  renewed: soon"},
}

func steady(text string) string {
	for _, c := range changing {
		text = c.is.ReplaceAllString(text, c.as)
	}
	return strings.TrimSpace(text)
}

// TestTokensGuide runs the commands of docs/tokens.md in their order, and compares what they print with what the page says; -update writes
// it there.
func TestTokensGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("processes built with -race start slowly; what they do is in the scripts too")
	}
	t.Parallel()
	page, err := os.ReadFile("../../docs/tokens.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	env := environment(dir, newBureau(t, dir)...)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	things, err := os.ReadFile("testdata/things.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"secret.txt": "s3cret", "wrong.txt": "s3kret", "key.pem": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"refresh.txt": "a refresh token of last year", "things.yaml": string(things)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said, ran := string(page), 0
	for _, block := range strings.Split(string(page), "```console\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		printed := ""
		for _, step := range strings.Split("\n"+block, "\n$ ")[1:] {
			line, want, _ := strings.Cut(step, "\n")
			got, _ := guide(t, env, dir, line)
			if steady(got) != steady(want) && !*update {
				t.Errorf("%s printed\n%s\nbut the page says\n%s", line, got, want)
			}
			printed += "$ " + line + "\n" + got
			ran++
		}
		said = strings.Replace(said, block, printed, 1)
	}
	if ran < 15 {
		t.Errorf("%d commands were found", ran)
	}
	const fence = "```text\n"
	_, lines, _ := strings.Cut(said, fence)
	lines, _, _ = strings.Cut(lines, "```")
	if got := logged(t, env, dir); steady(got) != steady(lines) && !*update {
		t.Errorf("the log has\n%s\nbut the page says\n%s", got, lines)
	} else {
		said = strings.Replace(said, fence+lines, fence+got, 1)
	}
	if *update {
		if err := os.WriteFile("../../docs/tokens.md", []byte(said), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// logged is what a server writes of two renewals, one that works and one that does not.
func logged(t *testing.T, env []string, dir string) string {
	t.Helper()
	listen, log := freeAddress(t), filepath.Join(dir, "log.txt")
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	server := exec.Command("carnet", "serve", "--listen", listen, "--log-level", "debug", "--admin-password-file", "admin.txt")
	server.Env, server.Dir, server.Stdout, server.Stderr = env, dir, file, file
	if err := os.WriteFile(filepath.Join(dir, "admin.txt"), []byte("adminpassword-4711"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { server.Process.Signal(os.Interrupt); server.Wait() }()
	env = append(env, "CARNET_SERVER=http://"+listen, "CARNET_USERNAME=admin", "CARNET_PASSWORD_FILE=admin.txt")
	soon(t, "the server answers", func() bool { _, err := guide(t, env, dir, "carnet model list"); return err == nil })
	guide(t, env, dir, "carnet token renew shop --scheme auth")
	guide(t, env, dir, "carnet token renew secret --scheme auth")
	var renewals string
	soon(t, "both are in the log", func() bool {
		all, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		renewals = ""
		for line := range strings.Lines(string(all)) {
			if strings.Contains(line, "token renewal") {
				renewals += line
			}
		}
		return strings.Count(renewals, "\n") == 2
	})
	return renewals
}
