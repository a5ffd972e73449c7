package openapi

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// What YAML refuses for its characters alone, and means one thing only.

// printable replaces what is not UTF-8, and control characters (YAML 1.2, 5.1), which JSON allows in some places.
func (f *file) printable(text []byte) ([]byte, bool) {
	invalid, control := -1, -1
	out := make([]byte, 0, len(text)+64)
	for at := 0; at < len(text); {
		c, size := utf8.DecodeRune(text[at:])
		switch {
		case c == utf8.RuneError && size == 1:
			if invalid < 0 {
				invalid = at
			}
		case unprintable(c):
			if control < 0 {
				control = at
			}
			c = ' '
		}
		out = utf8.AppendRune(out, c)
		at += size
	}
	if invalid >= 0 {
		f.found(notUTF8, text, invalid, "is not UTF-8 from here on; what is not was replaced")
	}
	if control >= 0 {
		f.found(controlCharacter, text, control, "holds a control character, which YAML does not allow; blanks were put in place of all")
	}
	return out, invalid >= 0 || control >= 0
}

func unprintable(c rune) bool {
	switch c {
	case '\t', '\n', '\r', '\u0085':
		return false
	case '\uFFFE', '\uFFFF', byteOrderMark:
		return true
	}
	return unicode.IsControl(c)
}

// untabbed replaces tabs by which lines are indented, if no line is indented by blanks: then there is but one way to read them.
func (f *file) untabbed(text []byte) ([]byte, bool) {
	var out []byte
	first := -1
	at := 0
	for line := range bytes.Lines(text) {
		rest := bytes.TrimLeft(line, "\t")
		tabs := len(line) - len(rest)
		if len(bytes.TrimSpace(rest)) > 0 {
			if rest[0] == ' ' {
				return nil, false
			}
			if tabs > 0 && first < 0 {
				first = at
			}
		}
		out = append(out, bytes.Repeat([]byte("  "), tabs)...)
		out = append(out, rest...)
		at += len(line)
	}
	if first < 0 {
		return nil, false
	}
	f.found(tabIndent, text, first, "is indented by tabs, which YAML does not allow; two blanks were put in place of each")
	return out, true
}
