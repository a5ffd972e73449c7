package integration

import (
	"fmt"
	"slices"
	"strings"

	"carnet.dev/carnet/internal/model"
)

// Breaks says which of an integration's credentials could not be used any more if its model became another: those of a configured
// scheme that has gone, or is of another type, or whose flow in use has gone. hasToken reports whether a token was typed, or got
// before, for a scheme. What the integration itself defines does not depend on the document.
func Breaks(s Settings, old, now *model.Model, hasToken func(scheme string) bool) (reasons []string) {
	next := Schemes(s, now)
	for _, was := range Schemes(s, old) {
		a := s.Authentication[was.Key]
		if !s.Configured(was) && !(KeepsToken(a, was) && hasToken(was.Key)) {
			continue
		}
		i := slices.IndexFunc(next, func(is model.Scheme) bool { return is.Key == was.Key })
		if i < 0 {
			reasons = append(reasons, fmt.Sprintf("the document has no scheme %q any more", was.Key))
			continue
		}
		is, grant := next[i], s.Effective(was).GrantType
		switch {
		case kind(is) != kind(was):
			reasons = append(reasons, fmt.Sprintf("the scheme %q is %s, was %s", was.Key, kind(is), kind(was)))
		case KeepsToken(a, was) && was.Flows.Flow(grant) != nil && is.Flows.Flow(grant) == nil:
			reasons = append(reasons, fmt.Sprintf("the scheme %q has no flow %s any more", was.Key, grant))
		}
	}
	return reasons
}

// kind is the type of a scheme as far as it decides which credentials it takes.
func kind(s model.Scheme) string {
	if s.Type == model.TypeHTTP {
		return strings.TrimSpace(s.Type + " " + s.Scheme)
	}
	return s.Type
}
