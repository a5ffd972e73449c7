package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOperations runs the steps of docs/operations.md in their order, one after another on the same data, with a server running.
// Where they name a MongoDB there is a second file of SQLite's.
func TestOperations(t *testing.T) {
	if testing.Short() {
		t.Skip("processes built with -race start slowly; what they do is in the scripts too")
	}
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	env := environment(dir)
	for name, text := range map[string]string{"store.txt": "sqlite:" + filepath.Join(dir, "mongodb.db"), "password.txt": "adminpassword-4711"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "safe"), 0o700); err != nil {
		t.Fatal(err)
	}
	server := exec.Command("carnet", "serve", "--listen", "127.0.0.1:0", "--admin-password-file", "password.txt")
	server.Env, server.Dir = env, dir
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(os.Interrupt)
		if err := server.Wait(); err != nil {
			t.Error(err)
		}
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		users := exec.Command("carnet", "user", "list")
		users.Env = env
		if out, err := users.CombinedOutput(); err == nil && strings.Contains(string(out), "admin") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the server has not made its first user")
		}
	}
	ran := 0
	for _, block := range strings.Split(string(page), "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			shell := exec.Command("sh", "-c", line)
			shell.Env, shell.Dir = env, dir
			if out, err := shell.CombinedOutput(); err != nil {
				t.Errorf("%s: %v, printed\n%s", line, err, out)
			}
			ran++
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands were found", ran)
	}
	list := exec.Command("carnet", "key", "list")
	list.Env = env
	if out, err := list.Output(); err != nil || strings.Count(string(out), "\n") != 2 || !strings.Contains(string(out), "primary") {
		t.Errorf("in the end the keys are: %v\n%s", err, out)
	}
}
