package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"carnet.dev/carnet/internal/openapi"
)

// TestDocuments writes the files that docs/documents.md shows, runs its commands, and compares what they print. Its table has every
// rule.
func TestDocuments(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/documents.md")
	if err != nil {
		t.Fatal(err)
	}
	page, dir := string(data), t.TempDir()
	for _, block := range strings.Split(page, "```yaml ")[1:] {
		name, text, _ := strings.Cut(block, "\n")
		text, _, _ = strings.Cut(text, "```")
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	for _, block := range strings.Split(page, "```console\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for _, step := range strings.Split("\n"+block, "\n$ ")[1:] {
			line, want, _ := strings.Cut(step, "\n")
			shell := exec.Command("sh", "-c", line)
			shell.Env, shell.Dir = environment(dir), dir
			got, err := shell.CombinedOutput()
			if err != nil || strings.TrimSpace(string(got)) != strings.TrimSpace(want) {
				t.Errorf("%s: %v, printed\n%s\nbut the page says\n%s", line, err, got, want)
			}
			ran++
		}
	}
	if ran != 3 {
		t.Errorf("%d commands were found", ran)
	}
	for _, r := range openapi.Rules() {
		if row := "| `" + r.ID + "` | " + string(r.Severity) + " | " + r.Text + " |\n"; !strings.Contains(page, row) {
			t.Errorf("the page lacks the rule %s", row)
		}
	}
}
