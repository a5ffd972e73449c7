package check

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"carnet.dev/carnet/fault"
)

// rational is a number; nil: it is none, or its exponent is so large that nobody wants it written out.
func rational(text string) *big.Rat {
	if !spells(text, "number") {
		return nil
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(strings.TrimLeft(text[i+1:], "+-0")) > 3 || len(text) > 1000 {
		return nil
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return n
}

// bound is a number among the keywords, nil if it is not there, and its text.
func (k *keywords) bound(name string) (*big.Rat, string) {
	raw := k.members[name]
	if raw.Kind() != '0' {
		return nil, ""
	}
	return rational(string(raw)), string(raw)
}

// number compares with ranges. exclusiveMinimum is true or false in OpenAPI 2.0 and 3.0, a number in 3.1.
func number(k *keywords, text string, at place) (problems []fault.Problem) {
	n := rational(text)
	if n == nil {
		return nil
	}
	if least, said := k.bound("minimum"); least != nil {
		if d := n.Cmp(least); d < 0 {
			problems = append(problems, at.wrong("is less than %s", said)...)
		} else if d == 0 && k.true("exclusiveMinimum") {
			problems = append(problems, at.wrong("has to be more than %s", said)...)
		}
	}
	if most, said := k.bound("maximum"); most != nil {
		if d := n.Cmp(most); d > 0 {
			problems = append(problems, at.wrong("is more than %s", said)...)
		} else if d == 0 && k.true("exclusiveMaximum") {
			problems = append(problems, at.wrong("has to be less than %s", said)...)
		}
	}
	if least, said := k.bound("exclusiveMinimum"); least != nil && n.Cmp(least) <= 0 {
		problems = append(problems, at.wrong("has to be more than %s", said)...)
	}
	if most, said := k.bound("exclusiveMaximum"); most != nil && n.Cmp(most) >= 0 {
		problems = append(problems, at.wrong("has to be less than %s", said)...)
	}
	if step, said := k.bound("multipleOf"); step != nil && step.Sign() > 0 && !new(big.Rat).Quo(n, step).IsInt() {
		problems = append(problems, at.wrong("is no multiple of %s", said)...)
	}
	if bits := map[string]uint{"int32": 31, "int64": 63}[k.text("format")]; bits > 0 && n.IsInt() {
		limit := new(big.Int).Lsh(big.NewInt(1), bits)
		if n.Num().Cmp(limit) >= 0 || n.Num().Cmp(new(big.Int).Neg(limit)) < 0 {
			problems = append(problems, at.wrong("does not fit into %d bits", bits+1)...)
		}
	}
	return problems
}

// count is a keyword that counts; -1: it is not there.
func (k *keywords) count(name string) int {
	n := -1
	if raw := k.members[name]; raw.Kind() != '0' || json.Unmarshal(raw, &n) != nil {
		return -1
	}
	return n
}

func (c *checker) text(k *keywords, text string, at place) (problems []fault.Problem) {
	length := utf8.RuneCountInString(text)
	if least := k.count("minLength"); length < least {
		problems = append(problems, at.wrong("has %d characters, and has to have at least %d", length, least)...)
	}
	if most := k.count("maxLength"); most >= 0 && length > most {
		problems = append(problems, at.wrong("has %d characters, and may have at most %d", length, most)...)
	}
	if pattern := k.text("pattern"); pattern != "" {
		switch re, why := compiled(pattern); {
		case why != "":
			c.note(at, "is not compared with the pattern %s: %s", pattern, why)
		case !re.MatchString(text):
			problems = append(problems, at.wrong("does not match the pattern %s", pattern)...)
		}
	}
	if like := format(k.text("format"), text); like != "" && len(k.members["enum"]) == 0 { // a word such as "now" may be listed beside times
		problems = append(problems, at.wrong("is not %s", like)...)
	}
	return problems
}

var escapes = regexp.MustCompile(`\\u([0-9a-fA-F]{4})`)

// compiled makes a pattern of what ECMA-262 has in common with Go; why: what it can't be made of. A pattern between slashes is a
// mistake that would refuse all there is.
func compiled(pattern string) (re *regexp.Regexp, why string) {
	if strings.HasPrefix(pattern, "/") && strings.LastIndexByte(pattern, '/') > 0 && strings.Contains(pattern, "/^") {
		return nil, "it stands between slashes"
	}
	re, err := regexp.Compile(escapes.ReplaceAllString(pattern, `\x{$1}`))
	if err != nil {
		return nil, "it needs what the regular expressions here do not have"
	}
	return re, ""
}

// uuid: with hyphens (RFC 9562 4), and as many services read it and some documents write it: without them, in braces, as a URN.
var uuid = regexp.MustCompile(`^(?i:urn:uuid:)?[{(]?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}[)}]?$`)

// format says what a text should be and is not; "" if nothing can be said against it. Only formats whose meaning nobody disputes
// are compared, and as services read them rather than as RFC 3339 has it.
func format(name, text string) string {
	switch name {
	case "date-time":
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700"} {
			if _, err := time.Parse(layout, strings.ToUpper(text)); err == nil {
				return ""
			}
		}
		return "a time, as in 2006-01-02T15:04:05Z"
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "a date, as in 2006-01-02"
		}
	case "uuid":
		if !uuid.MatchString(text) {
			return "a UUID, as in 123e4567-e89b-12d3-a456-426614174000"
		}
	case "ipv4":
		if a, err := netip.ParseAddr(text); err != nil || !a.Is4() {
			return prefixOr(text, "an IPv4 address")
		}
	case "ipv6":
		if a, err := netip.ParseAddr(text); err != nil || !a.Is6() {
			return prefixOr(text, "an IPv6 address")
		}
	}
	return ""
}

// prefixOr lets a network pass where an address is wanted: many documents mean both.
func prefixOr(text, what string) string {
	if _, err := netip.ParsePrefix(text); err == nil {
		return ""
	}
	return what
}
