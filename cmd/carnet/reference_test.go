package main

import (
	"flag"
	"os"
	"testing"

	"carnet.dev/carnet/internal/cli"
)

//go:generate go test -run TestReferenceIsUpToDate -update

var update = flag.Bool("update", false, "write docs/cli.md, and what commands print into docs/tokens.md")

func TestReferenceIsUpToDate(t *testing.T) {
	home := func(name string) string { return map[string]string{"HOME": "~"}[name] }
	root := cli.New(cli.Env{Getenv: home, Commands: commands})
	want := cli.Reference(root)
	const file = "../../docs/cli.md"
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("docs/cli.md is not what the commands say (%v): make generate", err)
	}
}
