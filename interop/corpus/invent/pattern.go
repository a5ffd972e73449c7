package invent

import (
	"regexp/syntax"
	"strings"
)

// matching makes a text that matches a regular expression somewhere. false if it is one that Go can't read, as those that look around.
func (m *Maker) matching(pattern string) (string, bool) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	var out strings.Builder
	m.write(&out, parsed.Simplify())
	return out.String(), out.Len() < 5000
}

const handy = "abcXYZ0189-_. /"

func (m *Maker) write(out *strings.Builder, r *syntax.Regexp) {
	switch r.Op {
	case syntax.OpLiteral:
		out.WriteString(string(r.Rune))
	case syntax.OpCharClass:
		out.WriteRune(m.of(r.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		out.WriteByte(handy[m.rand.IntN(10)])
	case syntax.OpStar:
		for range m.rand.IntN(3) {
			m.write(out, r.Sub[0])
		}
	case syntax.OpPlus:
		for range 1 + m.rand.IntN(3) {
			m.write(out, r.Sub[0])
		}
	case syntax.OpQuest:
		if m.rand.IntN(2) == 0 {
			m.write(out, r.Sub[0])
		}
	case syntax.OpRepeat:
		n := r.Min
		if r.Max < 0 || r.Max > r.Min {
			n += m.rand.IntN(3)
		}
		if r.Max >= 0 {
			n = min(n, r.Max)
		}
		for range n {
			m.write(out, r.Sub[0])
		}
	case syntax.OpCapture:
		m.write(out, r.Sub[0])
	case syntax.OpConcat:
		for _, sub := range r.Sub {
			m.write(out, sub)
		}
	case syntax.OpAlternate:
		m.write(out, r.Sub[m.rand.IntN(len(r.Sub))])
	}
}

// of chooses a character of a class, a handy one if there is one.
func (m *Maker) of(ranges []rune) rune {
	in := func(c rune) bool {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= c && c <= ranges[i+1] {
				return true
			}
		}
		return false
	}
	first := m.rand.IntN(len(handy))
	for i := range len(handy) {
		if c := rune(handy[(first+i)%len(handy)]); in(c) {
			return c
		}
	}
	if len(ranges) == 0 {
		return 'a'
	}
	i := 2 * m.rand.IntN(len(ranges)/2)
	return ranges[i] + rune(m.rand.Int32N(min(ranges[i+1]-ranges[i], 20)+1))
}
