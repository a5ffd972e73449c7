package change

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

func schemes(old, now *model.Model) (all []Scheme) {
	for _, s := range now.Schemes {
		was, known := old.Scheme(s.Key)
		if !known {
			all = append(all, Scheme{Name: s.Key, How: Added})
		} else if details := scheme(was, s); len(details) > 0 {
			all = append(all, Scheme{Name: s.Key, How: Changed, Details: details})
		}
	}
	for _, s := range old.Schemes {
		if _, known := now.Scheme(s.Key); !known {
			all = append(all, Scheme{Name: s.Key, How: Removed})
		}
	}
	slices.SortFunc(all, func(a, b Scheme) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// scheme says how a security scheme differs from what it was.
func scheme(was, now model.Scheme) (details []string) {
	differs := func(what, was, now string) {
		if was != now {
			details = append(details, fmt.Sprintf("%s is %s, was %s", what, word(now), word(was)))
		}
	}
	differs("type", was.Type, now.Type)
	differs("in", was.In, now.In)
	differs("name", was.Name, now.Name)
	differs("scheme", was.Scheme, now.Scheme)
	differs("openIdConnectUrl", was.OpenIDConnectURL, now.OpenIDConnectURL)
	for _, grant := range append(was.Flows.Names(), now.Flows.Names()...) {
		details = append(details, flow(grant, was.Flows.Flow(grant), now.Flows.Flow(grant))...)
	}
	before, after := extensions(was), extensions(now)
	for _, name := range slices.Sorted(maps.Keys(merged(before, after))) {
		if !equal(before[name], after[name]) {
			details = append(details, name+" is another")
		}
	}
	slices.Sort(details)
	return slices.Compact(details) // a flow that both have was compared twice
}

// extensions are what a scheme says beyond OpenAPI, by which its tokens may be asked for.
func extensions(s model.Scheme) map[string]jsontext.Value {
	var all map[string]jsontext.Value
	if s.Raw == nil || json.Unmarshal(s.Raw, &all, lenient) != nil {
		return nil
	}
	maps.DeleteFunc(all, func(name string, _ jsontext.Value) bool { return !strings.HasPrefix(name, "x-") })
	return all
}

func merged(a, b map[string]jsontext.Value) map[string]jsontext.Value {
	all := maps.Clone(b)
	if all == nil {
		return a
	}
	maps.Copy(all, a)
	return all
}

func flow(name string, was, now *model.Flow) (details []string) {
	switch {
	case was == nil:
		return []string{"flow " + name + " is new"}
	case now == nil:
		return []string{"flow " + name + " is gone"}
	}
	differs := func(what, was, now string) {
		if was != now {
			details = append(details, fmt.Sprintf("%s of flow %s is %s, was %s", what, name, word(now), word(was)))
		}
	}
	differs("authorizationUrl", was.AuthorizationURL, now.AuthorizationURL)
	differs("deviceAuthorizationUrl", was.DeviceURL, now.DeviceURL)
	differs("tokenUrl", was.TokenURL, now.TokenURL)
	differs("refreshUrl", was.RefreshURL, now.RefreshURL)
	var added, gone []string
	for scope := range now.Scopes {
		if _, known := was.Scopes[scope]; !known {
			added = append(added, scope)
		}
	}
	for scope := range was.Scopes {
		if _, known := now.Scopes[scope]; !known {
			gone = append(gone, scope)
		}
	}
	for what, scopes := range map[string][]string{"new": added, "gone": gone} {
		if slices.Sort(scopes); len(scopes) > 0 {
			details = append(details, fmt.Sprintf("scopes of flow %s that are %s: %s", name, what, strings.Join(scopes, " ")))
		}
	}
	return details
}

// word is a text that may be empty.
func word(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}
