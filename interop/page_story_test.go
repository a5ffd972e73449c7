//go:build browser

package interop_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestPageInABrowser has Chromium do the main job on carnet serve by clicking alone, at a real authorization server (browser/story.js),
// and look at every page, and at every state of each in the gallery: no violation of axe-core's rules, no sideways scrolling on a phone, no
// script that runs. It writes the pictures of docs/images.
func TestPageInABrowser(t *testing.T) {
	if err := install("browser"); err != nil {
		t.Fatal(err)
	}
	address := freeLoopback(t)
	callbacks = append(callbacks, "http://"+address+"/callback/consent")
	oidc := startOIDC(t)
	dir := t.TempDir()
	program := filepath.Join(dir, "carnet")
	if out, err := exec.Command("go", "build", "-C", "..", "-tags", "gallery", "-o", program, "./cmd/carnet").CombinedOutput(); err != nil {
		t.Fatalf("building carnet: %v\n%s", err, out)
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("a password for admin"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "serve", "--listen", address, "--admin-password-file", password)
	server.Env = append(os.Environ(), "CARNET_DATA="+filepath.Join(dir, "data"))
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(os.Interrupt)
		server.Wait()
	})
	answering(t, "http://"+address+"/health")
	settings, err := json.Marshal(map[string]string{
		"carnet": "http://" + address, "issuer": oidc.Issuer, "password": "a password for admin", "secret": "robot: 100% & more",
		"person": person, "personPassword": personPassword, "images": "../docs/images", "works": newWorks(t).URL, "token": givenToken,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	story := exec.CommandContext(ctx, "node", "browser/story.js", string(settings))
	story.Stdout, story.Stderr = os.Stderr, os.Stderr
	if err := story.Run(); err != nil {
		t.Fatal(err)
	}
	if err := shrink("../docs/images"); err != nil {
		t.Fatal(err)
	}
}

// freeLoopback is an address where nobody listens.
func freeLoopback(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// answering waits until a URL answers.
func answering(t *testing.T, url string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if answer, err := http.Get(url); err == nil {
			answer.Body.Close()
			return
		}
	}
	t.Fatalf("%s does not answer", url)
}
