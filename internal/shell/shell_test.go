package shell_test

import (
	"testing"

	"carnet.dev/carnet/internal/shell"
)

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "''",
		"plain-1.json":      "plain-1.json",
		"name=@file":        "name=@file",
		"=ls":               "'=ls'", // zsh looks for the command
		"~":                 "'~'",
		"it's $HOME `id`":   `'it'\''s $HOME ` + "`id`'",
		"Zoom API:2.0.0":    "'Zoom API:2.0.0'",
		"two\nlines\tand ü": "'two\nlines\tand ü'",
		"a\rb'\\\x1b":       `$'a\rb\'\\\033'`,
	} {
		if got := shell.Quote(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
