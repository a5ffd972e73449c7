package credential

import "strings"

// A scheme is a name with parameters, as WWW-Authenticate and Authorization hold them (RFC 9110 11.2).
type scheme struct {
	name       string            // in lower case
	parameters map[string]string // by their names in lower case; the first of several
}

// schemes reads a header, in which commas separate both schemes and their parameters (RFC 9110 11.6.1). What it does not
// understand, as the text of a token68, it passes over.
func schemes(header string) (all []scheme) {
	s := scanner{header}
	for {
		s.skip(" \t,")
		word := s.token()
		if word == "" {
			if s.rest == "" {
				return all
			}
			s.rest = s.rest[1:]
			continue
		}
		s.skip(" \t")
		if rest, ok := strings.CutPrefix(s.rest, "="); !ok {
			all = append(all, scheme{strings.ToLower(word), map[string]string{}})
		} else if s.rest = rest; len(all) > 0 {
			s.skip(" \t")
			all[len(all)-1].set(strings.ToLower(word), s.value())
		}
	}
}

func (s scheme) set(name, value string) {
	if _, known := s.parameters[name]; !known {
		s.parameters[name] = value
	}
}

// A scanner reads a header from left to right.
type scanner struct{ rest string }

func (s *scanner) skip(characters string) { s.rest = strings.TrimLeft(s.rest, characters) }

// token reads a token (RFC 9110 5.6.2); "" if there is none.
func (s *scanner) token() string { return s.until(func(r rune) bool { return !isTokenRune(r) }) }

func (s *scanner) until(ends func(rune) bool) string {
	i := strings.IndexFunc(s.rest, ends)
	if i < 0 {
		i = len(s.rest)
	}
	read := s.rest[:i]
	s.rest = s.rest[i:]
	return read
}

// value reads a quoted text without its quotes and escapes (RFC 9110 5.6.4), or what stands there without quotes.
func (s *scanner) value() string {
	if !strings.HasPrefix(s.rest, `"`) {
		return s.until(func(r rune) bool { return strings.ContainsRune(" \t,", r) })
	}
	var text strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return text.String()
		case c == '\\' && i+1 < len(s.rest):
			i++
		}
		text.WriteByte(s.rest[i])
	}
	s.rest = "" // nobody closed it
	return text.String()
}

func isTokenRune(r rune) bool {
	return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
