package integration

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// Set changes single fields by their paths; see api.Settings for how a path is written. fault.Invalid if a path is unknown or
// means several fields, or a value is wrong; then nothing has changed.
func Set(s Settings, m *model.Model, assignments map[string]jsontext.Value) (Settings, error) {
	tree := map[string]any{}
	for _, path := range slices.Sorted(maps.Keys(assignments)) {
		steps, err := s.locate(m, path)
		if err != nil {
			return s, err
		}
		if err := s.plant(tree, steps, assignments[path], path); err != nil {
			return s, err
		}
	}
	raw, err := json.Marshal(tree, json.Deterministic(true))
	if err != nil {
		return s, fault.New(fault.Invalid, "a value is not JSON")
	}
	return Decode(raw, m, s)
}

// plant puts a value into the tree of settings to change.
func (s Settings) plant(tree map[string]any, steps []string, value jsontext.Value, path string) error {
	for i, step := range steps[:len(steps)-1] {
		branch, ok := tree[step].(map[string]any)
		if !ok {
			if tree[step] != nil {
				return fault.New(fault.Invalid, "%s and a part of it are both set", path)
			}
			branch = s.whole(steps[:i+1])
			tree[step] = branch
		}
		tree = branch
	}
	last := steps[len(steps)-1]
	if _, branch := tree[last].(map[string]any); branch {
		return fault.New(fault.Invalid, "%s and a part of it are both set", path)
	}
	tree[last] = value
	return nil
}

// whole is what a branch begins with: where settings are given whole, everything there is.
func (s Settings) whole(steps []string) map[string]any {
	branch := map[string]any{}
	switch {
	case len(steps) == 1 && steps[0] == "variables":
		for name, v := range s.Variables {
			branch[name] = v
		}
	case len(steps) >= 3 && steps[0] == "authentication":
		a := s.Authentication[steps[1]]
		if branch = a.whole(steps[2]); branch == nil {
			branch = map[string]any{}
		}
		for _, step := range steps[3:] {
			deeper, _ := branch[step].(map[string]any)
			branch = maps.Clone(deeper)
		}
		if branch == nil {
			branch = map[string]any{}
		}
	}
	return branch
}

// whole is a field that is given whole: as it is shown, secrets as their masks.
func (a Authentication) whole(field string) (branch map[string]any) {
	var out bytes.Buffer
	for _, b := range bindings(&a) {
		if b.name == field && !b.empty() && field != "token" {
			writer{jsontext.NewEncoder(&out)}.binding(b)
		}
	}
	if json.Unmarshal(out.Bytes(), &branch) != nil {
		return nil
	}
	return branch
}

// locate finds the field that a path means.
func (s Settings) locate(m *model.Model, path string) ([]string, error) {
	section, rest, dotted := strings.Cut(path, ".")
	switch {
	case section == "authentication" && dotted:
		return s.inScheme(m, rest)
	case section == "variables" && dotted:
		return []string{section, rest}, nil
	case slices.Contains(sections, section) && (!dotted || rest != ""):
		return strings.Split(path, "."), nil
	}
	if steps, err := s.inScheme(m, path); err == nil {
		return steps, nil
	}
	return s.bare(m, path)
}

// inScheme reads a path that begins with the name of a scheme, which may itself hold dots.
func (s Settings) inScheme(m *model.Model, path string) ([]string, error) {
	best := ""
	for _, scheme := range Schemes(s, m) {
		if (path == scheme.Key || strings.HasPrefix(path, scheme.Key+".")) && len(scheme.Key) > len(best) {
			best = scheme.Key
		}
	}
	name, rest, dotted := strings.Cut(path, ".")
	switch {
	case best != "":
		name, rest = best, strings.TrimPrefix(strings.TrimPrefix(path, best), ".")
		dotted = rest != ""
	case !slices.Contains(definition, rest): // only a definition may name a new scheme
		return nil, fault.New(fault.Invalid, "there is no security scheme %q", name)
	}
	steps := []string{"authentication", name}
	if !dotted {
		return steps, nil
	}
	field, part, deeper := strings.Cut(rest, ".")
	if steps = append(steps, field); deeper {
		steps = append(steps, parts(field, part)...)
	}
	return steps, nil
}

// parts takes the path within a field apart. Names of parameters and secrets may hold dots.
func parts(field, path string) []string {
	if field == "parameters" || field == "secrets" {
		return []string{path}
	}
	return strings.Split(path, ".")
}

// bare finds the only scheme that has a field.
func (s Settings) bare(m *model.Model, path string) ([]string, error) {
	field, part, deeper := strings.Cut(path, ".")
	var found, paths, all []string
	for _, scheme := range Schemes(s, m) {
		names := accepted(s.Authentication[scheme.Key], scheme)
		all = append(all, names...)
		if slices.Contains(names, field) && !apart(s.Authentication[scheme.Key], scheme, field) {
			found, paths = append(found, scheme.Key), append(paths, scheme.Key+"."+path)
		}
	}
	switch len(found) {
	case 1:
		steps := []string{"authentication", found[0], field}
		if deeper {
			steps = append(steps, parts(field, part)...)
		}
		return steps, nil
	case 0:
		err := fault.New(fault.Invalid, "there is no field %s", path)
		if like := fault.Nearest(path, append(all, sections...)); like != "" {
			return nil, err.WithHint("did you mean %s?", like)
		}
		return nil, err.WithHint("fields are those of a security scheme (SCHEME.FIELD), server.FIELD, tls.FIELD, variables.NAME, version and security")
	}
	return nil, fault.New(fault.Invalid, "%s could mean several schemes", path).WithHint("write one of %s", strings.Join(paths, ", "))
}
