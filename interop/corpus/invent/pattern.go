package invent

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
)

// matching makes a text that matches a regular expression, of a length within the bounds.
func (m *Maker) matching(s map[string]any, pattern string, least, most int) (string, bool) {
	for try := range 10 {
		times := func() int { return m.rand.IntN(2 + try) }
		if text, ok := m.repeating(pattern, times); ok && long(text, least, most) && Fits(m.Resolve, s, text) {
			return text, true
		}
	}
	for n := range min(least, mostRepeated) + 3 { // as long as it has to be
		if text, ok := m.repeating(pattern, func() int { return n }); ok && long(text, least, most) && Fits(m.Resolve, s, text) {
			return text, true
		}
	}
	return "", false
}

// repeating makes a text of a regular expression, in which what may be repeated is so many times more than it must be; false if nothing
// can be made of it.
func (m *Maker) repeating(pattern string, times func() int) (string, bool) {
	m.times = times
	parsed, err := syntax.Parse(readable(pattern), syntax.Perl)
	if err != nil {
		return "", false
	}
	var out strings.Builder
	m.write(&out, parsed.Simplify())
	return out.String(), out.Len() < 5000
}

var (
	codePoint = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	repeated  = regexp.MustCompile(`\{(\d+)(,?)(\d*)\}`)
)

const mostRepeated = 1000 // that Go takes

// readable is a regular expression of ECMAScript as Go can read it: what looks around is left out, so that a text may not match.
func readable(pattern string) string {
	pattern = codePoint.ReplaceAllString(pattern, `\x{$1}`)
	pattern = repeated.ReplaceAllStringFunc(pattern, func(count string) string {
		part := repeated.FindStringSubmatch(count)
		least, _ := strconv.Atoi(part[1])
		most, err := strconv.Atoi(part[3])
		if least <= mostRepeated && (err != nil || most <= mostRepeated) {
			return count
		}
		return fmt.Sprintf("{%d%s%d}", min(least, mostRepeated), part[2], mostRepeated)
	})
	for _, look := range []string{"(?!", "(?=", "(?<!", "(?<="} {
		for at := strings.Index(pattern, look); at >= 0; at = strings.Index(pattern, look) {
			end := closing(pattern[at:])
			if end < 0 {
				return pattern
			}
			pattern = pattern[:at] + pattern[at+end+1:]
		}
	}
	return pattern
}

// closing is where the parenthesis is closed that a text begins with; -1 if it is not.
func closing(s string) int {
	depth, class := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case class:
			class = s[i] != ']'
		case s[i] == '[':
			class = true
		case s[i] == '(':
			depth++
		case s[i] == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
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
		for range m.times() {
			m.write(out, r.Sub[0])
		}
	case syntax.OpPlus:
		for range 1 + m.times() {
			m.write(out, r.Sub[0])
		}
	case syntax.OpQuest:
		if m.rand.IntN(2) == 0 {
			m.write(out, r.Sub[0])
		}
	case syntax.OpRepeat:
		n := r.Min
		if r.Max < 0 || r.Max > r.Min {
			n += m.times()
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
