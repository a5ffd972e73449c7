package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCalling runs the commands of docs/calling.md, with the depot and the ledger as the services that they mean.
func TestCalling(t *testing.T) {
	if testing.Short() {
		t.Skip("processes built with -race start slowly; what they do is in the scripts too")
	}
	t.Parallel()
	page, err := os.ReadFile("../../docs/calling.md")
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(depot{})
	t.Cleanup(service.Close)
	dir := t.TempDir()
	for _, name := range []string{"invoice.pdf", "scan.bin", "firmware.bin"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("\x00content of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(line string) {
		shell := exec.Command("sh", "-c", line)
		shell.Env, shell.Dir = environment(dir), dir
		if out, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%s: %v, printed\n%s", line, err, out)
		}
	}
	run("carnet model import " + service.URL + "/openapi.json")
	run("carnet integration create depot --model Depot:1")
	pages := httptest.NewServer(&ledger{})
	t.Cleanup(pages.Close)
	run("carnet model import " + pages.URL + "/openapi.json")
	run("carnet integration create ledger --model Ledger:1")
	run("carnet integration set ledger key.value=" + ledgerKey)
	ran := 0
	for _, block := range strings.Split(string(page), "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			run(strings.TrimSpace(line))
			ran++
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands were found", ran)
	}
	if info, err := os.Stat(filepath.Join(dir, "backup.bin")); err != nil || info.Size() != 2000000 {
		t.Errorf("backup.bin: %v", err)
	}
}
