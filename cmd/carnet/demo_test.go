package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestDemo runs the demo as a person would in a pipe: plain text, every step, and nothing left behind.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("processes built with -race start slowly; what they do is in the scripts too")
	}
	dir := t.TempDir()
	demo := exec.Command("carnet", "demo")
	demo.Env = environment(dir, "TMPDIR="+dir)
	out, err := demo.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"$ carnet model import http://127.0.0.1:", "$ carnet run desk whoAmI\n", `"user": "ada"`, `"client": "night-shift"`,
		"The token endpoint was asked once for these two calls.", "The refresh token was spent once, and no password was sent.",
		"tokens got by password      1\n", "tokens got by credentials   1\n", "refresh tokens spent twice  0\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the demo does not say %q:\n%s", want, out)
		}
	}
	if strings.ContainsRune(string(out), '\x1b') {
		t.Error("colours in a pipe")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
