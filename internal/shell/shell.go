// Package shell writes texts for a shell: the commands that surfaces tell people to run are to be copied as they are.
package shell

import (
	"fmt"
	"strings"
)

// Quote is a text as a shell wants it: as it is if nothing in it means anything to one, or else in quotes in which nothing else means
// anything. What a terminal or a page would not carry as it is, such as a carriage return, is written as an escape (POSIX.1-2024, 2.2.4;
// bash, ksh and zsh have it too).
func Quote(text string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@=+,"
	switch {
	case text != "" && strings.Trim(text, safe) == "" && text[0] != '=':
		return text
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }):
		return "$'" + escaped(text) + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func escaped(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\'' || r == '\\':
			out.WriteString(`\` + string(r))
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\n':
			out.WriteString(`\n`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\%03o`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
