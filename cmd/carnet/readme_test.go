package main

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestReadme runs the commands of the README's five minutes, and compares what they print with what the README says.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("processes built with -race start slowly; what they do is in the scripts too")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	env := environment(t.TempDir())
	provider := exec.Command("carnet", "demo", "--provider")
	provider.Env = env
	if err := provider.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { provider.Process.Signal(os.Interrupt); provider.Wait() })
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if answer, err := http.Get("http://127.0.0.1:8701/openapi.json"); err == nil {
			answer.Body.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("the provider does not answer")
		}
	}
	ran := 0
	for _, block := range strings.Split(string(readme), "```console\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for _, step := range strings.Split("\n"+block, "\n$ ")[1:] {
			line, want, _ := strings.Cut(step, "\n")
			shell := exec.Command("sh", "-c", line)
			shell.Env = env
			got, err := shell.CombinedOutput()
			if err != nil || strings.TrimSpace(string(got)) != strings.TrimSpace(want) {
				t.Errorf("%s: %v, printed\n%s\nbut the README says\n%s", line, err, got, want)
			}
			ran++
		}
	}
	if ran < 10 {
		t.Errorf("only %d commands were found", ran)
	}
}
