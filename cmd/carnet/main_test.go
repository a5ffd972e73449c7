package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/internal/store/sqlite"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"carnet": main, "xdg-open": browser, "open": browser})
}

// options of the provider that scripts and tests here work with.
var options = carnettest.ProviderOptions{
	Clients: map[string]string{"office": "clientsecret-4711", "night": "clientsecret-0815"},
	Users:   map[string]string{"ada": "password-4711"},
	APIKeys: []string{"apikey-4711"},
}

// TestScripts runs a story for each use case, named as the command. $PROVIDER is the address of a provider; the command
// "provider" does something to it. $SHOP is the address of a service that persons connect to, and xdg-open their browser. $DEPOT is
// that of a service with files, $LEDGER of one with pages. $LISTEN is a free address.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Files: scripts(t),
		Setup: func(env *testscript.Env) error {
			p := carnettest.NewProvider(options)
			server := httptest.NewServer(p)
			env.Defer(server.Close)
			env.Setenv("PROVIDER", server.URL)
			shop := httptest.NewServer(newShop())
			env.Defer(shop.Close)
			env.Setenv("SHOP", shop.URL)
			files := httptest.NewServer(depot{})
			env.Defer(files.Close)
			env.Setenv("DEPOT", files.URL)
			pages := httptest.NewServer(&ledger{})
			env.Defer(pages.Close)
			env.Setenv("LEDGER", pages.URL)
			env.Setenv("LISTEN", freeAddress(t))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("CARNET_DATA", env.WorkDir+"/data")
			env.Values["provider"] = p
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"provider": provider, "waitfor": waitFor, "damage": damage},
	})
}

// scripts are all of them; if time is short those in which processes work side by side, for the race detector.
func scripts(t *testing.T) []string {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	if !testing.Short() {
		return files
	}
	return slices.DeleteFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err != nil || !regexp.MustCompile(`(?m)^exec .*&\w*&?$`).Match(text)
	})
}

// freeAddress is one on loopback where nobody listens.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// provider is the script command "provider revoke-access", "provider revoke-refresh", "provider busy", which has the next request wait
// for a second, and "provider tokens N".
func provider(ts *testscript.TestScript, _ bool, args []string) {
	p := ts.Value("provider").(*carnettest.Provider)
	switch {
	case len(args) == 1 && args[0] == "revoke-access":
		p.RevokeAccess()
	case len(args) == 1 && args[0] == "revoke-refresh":
		p.RevokeRefresh()
	case len(args) == 1 && args[0] == "busy":
		p.FailAPI(carnettest.Fault{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "1"}})
	case len(args) == 2 && args[0] == "tokens":
		if got := fmt.Sprint(p.Stats().TokenRequests); got != args[1] {
			ts.Fatalf("the provider gave %s tokens, want %s", got, args[1])
		}
	default:
		ts.Fatalf("usage: provider revoke-access | revoke-refresh | busy | tokens N")
	}
}

// waitFor waits until a URL answers.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if answer, err := http.Get(args[0]); err == nil {
			answer.Body.Close()
			return
		}
	}
	ts.Fatalf("%s does not answer", args[0])
}

// damage is the script command "damage FILE", which gives the integration desk in a database the secrets of nobody.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	d, err := sqlite.Open(ctx, ts.MkAbs(args[0]))
	ts.Check(err)
	r, err := d.Get(ctx, "integration", "desk")
	ts.Check(err)
	old := r.Revision
	r.Revision, r.Body = 7, bytes.ReplaceAll(r.Body, []byte("sealed:v1:A"), []byte("sealed:v1:AAAAA"))
	ts.Check(d.Put(ctx, r, old))
	ts.Check(d.Close())
}

// environment is that of a carnet process on a data directory, without what the user has set.
func environment(dir string, more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "CARNET_DATA=" + dir, "GORACE=" + os.Getenv("GORACE")}, more...)
}
