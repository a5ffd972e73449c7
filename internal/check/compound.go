package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
)

func (c *checker) array(k *keywords, list []any, at place) (problems []fault.Problem) {
	if least := k.count("minItems"); len(list) < least {
		problems = append(problems, at.wrong("has %d items, and has to have at least %d", len(list), least)...)
	}
	if most := k.count("maxItems"); most >= 0 && len(list) > most {
		problems = append(problems, at.wrong("has %d items, and may have at most %d", len(list), most)...)
	}
	if k.true("uniqueItems") {
		seen := map[string]int{}
		for i, item := range list {
			text, err := json.Marshal(item)
			if first, twice := seen[string(text)]; err == nil && twice {
				problems = append(problems, at.item(i).wrong("is the same as item %d", first)...)
			} else {
				seen[string(text)] = i
			}
		}
	}
	first := k.schemas("prefixItems")
	rest, every := k.schema("items")
	if tuple := k.schemas("items"); tuple != nil { // before JSON Schema 2020-12
		first = tuple
		rest, every = k.schema("additionalItems")
	}
	for i, item := range list {
		switch {
		case i < len(first):
			problems = append(problems, c.check(first[i], item, at.item(i), nil, maxHops)...)
		case every:
			problems = append(problems, c.check(rest, item, at.item(i), nil, maxHops)...)
		}
	}
	if wanted, ok := k.schema("contains"); ok && k.count("minContains") != 0 {
		if !slices.ContainsFunc(list, func(item any) bool { return len(c.quietly(wanted, item, at)) == 0 }) {
			problems = append(problems, at.wrong("has no item of the kind that it has to contain")...)
		}
	}
	return problems
}

// quietly is check without what it notes.
func (c *checker) quietly(raw jsontext.Value, v any, at place) []fault.Problem {
	warnings, notes := c.report.Warnings, c.report.Notes
	problems := c.check(raw, v, at, nil, maxHops)
	c.report.Warnings, c.report.Notes = warnings, notes
	return problems
}

func (c *checker) object(k *keywords, v map[string]any, at place, known map[string]bool) (problems []fault.Problem) {
	properties := k.named("properties")
	for _, name := range k.texts("required") {
		otherSide := known[name]
		if schema, declared := properties[name]; declared {
			otherSide = c.otherSide(schema)
		}
		if _, given := v[name]; !given && !otherSide && !(at.path == "" && (c.o.Open || slices.Contains(c.o.Given, name))) {
			problems = append(problems, at.member(name).wrong("is missing")...)
		}
	}
	if least := k.count("minProperties"); len(v) < least {
		problems = append(problems, at.wrong("has %d members, and has to have at least %d", len(v), least)...)
	}
	if most := k.count("maxProperties"); most >= 0 && len(v) > most {
		problems = append(problems, at.wrong("has %d members, and may have at most %d", len(v), most)...)
	}
	patterns := c.patterns(k, at)
	additional, restricted := k.schema("additionalProperties")
	if closed, ok := k.schema("unevaluatedProperties"); ok && !restricted {
		additional, restricted = closed, true
	}
	names, named := k.schema("propertyNames")
	for _, name := range slices.Sorted(maps.Keys(v)) {
		schema, declared := properties[name]
		if declared {
			c.readOnly(schema, at.member(name))
			problems = append(problems, c.check(schema, v[name], at.member(name), nil, maxHops)...)
		}
		for _, p := range patterns {
			if p.re == nil || p.re.MatchString(name) {
				declared = true
				if p.re != nil {
					problems = append(problems, c.check(p.schema, v[name], at.member(name), nil, maxHops)...)
				}
			}
		}
		_, around := known[name]
		switch {
		case declared || around || !restricted:
		case additional.Kind() == 'f':
			problems = append(problems, at.member(name).wrong("%s", unknown(name, properties, known))...)
		default:
			problems = append(problems, c.check(additional, v[name], at.member(name), nil, maxHops)...)
		}
		if named && len(c.quietly(names, name, at.member(name))) > 0 {
			problems = append(problems, at.member(name).wrong("can't be called that")...)
		}
	}
	return append(problems, c.dependent(k, v, at)...)
}

func unknown(name string, properties map[string]jsontext.Value, known map[string]bool) string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(properties)), maps.Keys(known))
	slices.Sort(names)
	if like := fault.Nearest(name, names); like != "" {
		return fmt.Sprintf("is not known; did you mean %s?", like)
	}
	return "is not known"
}

// otherSide reports whether a property is for the other direction, where alone it is required (OpenAPI 3.0.4, 4.7.24.2).
func (c *checker) otherSide(raw jsontext.Value) bool {
	k := c.resolved(raw)
	return k != nil && (!c.o.Answer && k.true("readOnly") || c.o.Answer && k.true("writeOnly"))
}

// readOnly warns of a member that the service does not take. It is no problem: people send back what they got.
func (c *checker) readOnly(raw jsontext.Value, at place) {
	if k := c.resolved(raw); k != nil && k.true("readOnly") && !c.o.Answer {
		c.report.Warnings = append(c.report.Warnings, fault.Problem{Pointer: at.pointer, Message: at.String() + " is read only: the service may ignore or refuse it"})
	}
}

// resolved are a schema's keywords, behind its "$ref".
func (c *checker) resolved(raw jsontext.Value) *keywords {
	for range maxHops {
		k := c.parse(raw)
		if k == nil || k.text("$ref") == "" || k.true("readOnly") || k.true("writeOnly") {
			return k
		}
		raw = c.lookup(k.text("$ref"))
	}
	return nil
}

// A pattern is an entry of patternProperties; re is nil if it can't be read, and any name may be meant.
type pattern struct {
	re     *regexp.Regexp
	schema jsontext.Value
}

func (c *checker) patterns(k *keywords, at place) (all []pattern) {
	for text, schema := range k.named("patternProperties") {
		re, why := compiled(text)
		if why != "" {
			c.note(at, "has members that are not compared with the pattern %s: %s", text, why)
		}
		all = append(all, pattern{re, schema})
	}
	return all
}

// dependent compares with what some members bring along.
func (c *checker) dependent(k *keywords, v map[string]any, at place) (problems []fault.Problem) {
	for _, keyword := range []string{"dependentRequired", "dependencies"} {
		for name, raw := range k.named(keyword) {
			var needed []string
			if _, given := v[name]; !given || json.Unmarshal(raw, &needed) != nil {
				continue
			}
			for _, other := range needed {
				if _, given := v[other]; !given {
					problems = append(problems, at.member(other).wrong("is missing, which %s needs", name)...)
				}
			}
		}
	}
	for name, schema := range k.named("dependentSchemas") {
		if _, given := v[name]; given {
			problems = append(problems, c.check(schema, v, at, nil, maxHops)...)
		}
	}
	return problems
}

// combined compares with allOf, anyOf, oneOf, not, and if.
func (c *checker) combined(k *keywords, v any, at place, known map[string]bool, hops int) (problems []fault.Problem) {
	for _, schema := range k.schemas("allOf") {
		problems = append(problems, c.check(schema, v, at, known, hops-1)...)
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		problems = append(problems, c.alternatives(k, k.schemas(keyword), v, at, known, hops)...)
	}
	// What was not checked fits, so "not" would refuse it; and texts fit too easily.
	if excluded, ok := k.schema("not"); ok && !c.o.Text {
		notes := len(c.report.Notes)
		fits := len(c.check(excluded, v, at, known, hops-1)) == 0
		if fits && len(c.report.Notes) == notes {
			problems = append(problems, at.wrong("is what the document excludes")...)
		}
	}
	if condition, ok := k.schema("if"); ok {
		branch := "then"
		if len(c.quietly(condition, v, at)) > 0 {
			branch = "else"
		}
		if schema, ok := k.schema(branch); ok {
			problems = append(problems, c.check(schema, v, at, known, hops-1)...)
		}
	}
	return problems
}

// alternatives wants one of them to fit. That several fit is no problem, not even for oneOf: documents often describe kinds of
// objects that overlap, and the service knows which it has. If none fits, the one that nearly does says what is wrong.
func (c *checker) alternatives(k *keywords, all []jsontext.Value, v any, at place, known map[string]bool, hops int) []fault.Problem {
	if len(all) == 0 {
		return nil
	}
	if chosen := c.discriminated(k, all, v); chosen != nil {
		return c.check(chosen, v, at, known, hops-1)
	}
	var best []fault.Problem
	for i, schema := range all {
		problems := c.check(schema, v, at, known, hops-1)
		if len(problems) == 0 {
			return nil
		}
		if i == 0 || nearer(problems, best, at) {
			best = problems
		}
	}
	if len(all) == 1 {
		return best
	}
	best = slices.Clone(best)
	best[0].Message += fmt.Sprintf(" (it fits none of %d alternatives; this is the nearest)", len(all))
	return best
}

// nearer: an alternative that finds fault with the whole value is farther than one that does so within.
func nearer(a, b []fault.Problem, at place) bool {
	whole := func(problems []fault.Problem) bool {
		return slices.ContainsFunc(problems, func(p fault.Problem) bool { return p.Pointer == at.pointer })
	}
	if whole(a) != whole(b) {
		return whole(b)
	}
	return len(a) < len(b)
}

// discriminated is the alternative that a member of the value names (OpenAPI 3.2, 4.25); nil: none is.
func (c *checker) discriminated(k *keywords, all []jsontext.Value, v any) jsontext.Value {
	object, ok := v.(map[string]any)
	var d struct {
		PropertyName string            `json:"propertyName"`
		Mapping      map[string]string `json:"mapping"`
	}
	if !ok || json.Unmarshal(k.members["discriminator"], &d) != nil || d.PropertyName == "" {
		return nil
	}
	name, ok := object[d.PropertyName].(string)
	if !ok {
		return nil
	}
	for _, schema := range all {
		alternative := c.parse(schema)
		if alternative == nil {
			continue
		}
		ref := alternative.text("$ref")
		if mapped, ok := d.Mapping[name]; ref != "" && (ok && (mapped == ref || mapped == path.Base(ref)) || !ok && path.Base(ref) == name) {
			return schema
		}
	}
	return nil
}

// with adds the members that a schema allows, by itself and by those that it is made of, and whether each is for the other direction.
func (c *checker) with(known map[string]bool, raw jsontext.Value, hops int) map[string]bool {
	k := c.parse(raw)
	if k == nil || len(k.schemas("allOf"))+len(k.schemas("oneOf"))+len(k.schemas("anyOf")) == 0 && k.text("$ref") == "" && k.members["if"] == nil {
		if k == nil || len(known) == 0 {
			return known
		}
	}
	all := maps.Clone(known)
	if all == nil {
		all = map[string]bool{}
	}
	c.allowed(raw, all, min(hops, 8))
	return all
}

func (c *checker) allowed(raw jsontext.Value, all map[string]bool, hops int) {
	c.steps++
	k := c.parse(raw)
	if k == nil || hops == 0 || c.steps > maxSteps {
		return
	}
	for name, schema := range k.named("properties") {
		all[name] = all[name] || c.otherSide(schema)
	}
	if ref := k.text("$ref"); ref != "" {
		c.allowed(c.lookup(ref), all, hops-1)
	}
	for _, keyword := range []string{"allOf", "oneOf", "anyOf"} {
		for _, schema := range k.schemas(keyword) {
			c.allowed(schema, all, hops-1)
		}
	}
	for _, keyword := range []string{"then", "else"} {
		if schema, ok := k.schema(keyword); ok {
			c.allowed(schema, all, hops-1)
		}
	}
}
