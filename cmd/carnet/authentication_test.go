package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAuthenticationGuide runs the commands of docs/authentication.md with its document and its first example. What the examples do
// is tested in interop/guide.
func TestAuthenticationGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("processes built with -race start slowly")
	}
	t.Parallel()
	page, err := os.ReadFile("../../docs/authentication.md")
	if err != nil {
		t.Fatal(err)
	}
	first := func(kind string) string {
		_, rest, _ := strings.Cut(string(page), "```"+kind+"\n")
		text, _, _ := strings.Cut(rest, "```")
		return text
	}
	dir := t.TempDir()
	for name, kind := range map[string]string{"things.yaml": "yaml", "example.json": "json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(first(kind)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env, ran := environment(dir), 0
	for line := range strings.Lines(first("sh")) {
		if out, err := guide(t, env, dir, line); err != nil {
			t.Errorf("%s: %v, printed\n%s", line, err, out)
		}
		ran++
	}
	if ran != 3 {
		t.Errorf("%d commands were found", ran)
	}
}
