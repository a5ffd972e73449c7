package change

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/internal/model"
)

// A comparison is of one operation with itself in the new document.
type comparison struct {
	was, now *model.Operation
	schemas  schemas
	found    Operation
}

// note records a change of a part.
func (c *comparison) note(part What, format string, args ...any) {
	if !slices.Contains(c.found.What, part) {
		c.found.What = append(c.found.What, part)
	}
	c.found.Details = append(c.found.Details, fmt.Sprintf(format, args...))
}

func (c *comparison) compare() Operation {
	was, now := c.was, c.now
	c.found = Operation{Summary: now.Summary, Was: was.Summary}
	if was.ID != now.ID {
		c.note(ID, "was called %s", was.ID)
	}
	if was.Method != now.Method || was.Path != now.Path {
		c.note(Path, "was %s %s", was.Method, was.Path)
	}
	c.parameters()
	c.body()
	c.answers()
	if !same(was.Security, now.Security) {
		c.note(Security, "security is %s, was %s", alternatives(now.Security), alternatives(was.Security))
	}
	if !same(was.Servers, now.Servers) {
		c.note(ServersOf, "its own servers are %s, were %s", urls(now.Servers), urls(was.Servers))
	}
	switch {
	case now.Deprecated && !was.Deprecated:
		c.note(Deprecated, "is deprecated now")
	case was.Deprecated && !now.Deprecated:
		c.note(Deprecated, "is no longer deprecated")
	}
	return c.found
}

func (c *comparison) parameters() {
	find := func(all []model.Parameter, like model.Parameter) int {
		return slices.IndexFunc(all, func(p model.Parameter) bool { return p.In == like.In && p.Name == like.Name })
	}
	for _, now := range c.now.Parameters {
		i := find(c.was.Parameters, now)
		if i >= 0 {
			c.parameter(c.was.Parameters[i], now)
			continue
		}
		required := ""
		if now.Required {
			required = ", and required"
		}
		c.note(Parameters, "%s.%s is new%s", now.In, now.Name, required)
	}
	for _, was := range c.was.Parameters {
		if find(c.now.Parameters, was) < 0 {
			c.note(Parameters, "%s.%s is gone", was.In, was.Name)
		}
	}
}

func (c *comparison) parameter(was, now model.Parameter) {
	name := now.In + "." + now.Name
	if was.Required != now.Required {
		c.note(Parameters, "%s is %s", name, necessity(now.Required))
	}
	changed := c.schemas.changed(now.Schema)
	switch {
	case was.Type != now.Type:
		c.note(Parameters, "%s is of type %s, was %s", name, kind(now.Type), kind(was.Type))
	case !equal(was.Schema, now.Schema):
		c.note(Parameters, "%s has another schema", name)
	case len(changed) > 0:
		c.note(Parameters, "%s has another schema (%s)", name, strings.Join(changed, ", "))
	}
	if !same(written(was), written(now)) {
		c.note(Parameters, "%s is written in another way", name)
	}
}

// written is what says how an argument is written.
func written(p model.Parameter) model.Parameter {
	p.Required, p.Deprecated, p.Description, p.Schema, p.Example = false, false, "", nil, nil
	p.Type, p.ItemType, p.Default = "", "", nil // which the schema says
	return p
}

func necessity(required bool) string {
	if required {
		return "required now"
	}
	return "no longer required"
}

func kind(t string) string {
	if t == "" {
		return "any"
	}
	return t
}

func (c *comparison) body() {
	was, now := c.was.Body, c.now.Body
	switch {
	case was == nil && now == nil:
		return
	case was == nil:
		c.note(Body, "takes a body now")
		return
	case now == nil:
		c.note(Body, "takes no body any more")
		return
	}
	if was.Required != now.Required {
		c.note(Body, "the body is %s", necessity(now.Required))
	}
	for _, m := range now.Content {
		i := slices.IndexFunc(was.Content, func(old model.MediaType) bool { return old.Type == m.Type })
		if i < 0 {
			c.note(Body, "the body can be %s", m.Type)
			continue
		}
		c.mediaType(was.Content[i], m)
	}
	for _, m := range was.Content {
		if !slices.ContainsFunc(now.Content, func(next model.MediaType) bool { return next.Type == m.Type }) {
			c.note(Body, "the body can't be %s any more", m.Type)
		}
	}
}

func (c *comparison) mediaType(was, now model.MediaType) {
	changed := c.schemas.changed(now.Schema)
	switch {
	case !equal(was.Schema, now.Schema):
		c.note(Body, "the body as %s has another schema", now.Type)
	case len(changed) > 0:
		c.note(Body, "the body as %s has another schema (%s)", now.Type, strings.Join(changed, ", "))
	}
	was.Schema, was.Example, now.Schema, now.Example = nil, nil, nil, nil
	if !same(was, now) {
		c.note(Body, "the body as %s is written in another way", now.Type)
	}
}

func (c *comparison) answers() {
	types := func(op *model.Operation) map[string][]string {
		all := map[string][]string{}
		for _, r := range op.Responses {
			all[r.Status] = r.Types
		}
		return all
	}
	was, now := types(c.was), types(c.now)
	for _, status := range slices.Sorted(maps.Keys(now)) {
		old, known := was[status]
		switch {
		case !known:
			c.note(Answers, "can answer %s", status)
		case !slices.Equal(old, now[status]):
			c.note(Answers, "answers %s with %s, was %s", status, list(now[status]), list(old))
		}
	}
	for _, status := range slices.Sorted(maps.Keys(was)) {
		if _, known := now[status]; !known {
			c.note(Answers, "does not answer %s any more", status)
		}
	}
}

// alternatives are security requirements in words.
func alternatives(all []model.Requirement) string {
	if all == nil {
		return "not said"
	}
	texts := make([]string, len(all))
	for i, r := range all {
		for _, name := range slices.Sorted(maps.Keys(r)) {
			if texts[i] != "" {
				texts[i] += " and "
			}
			texts[i] += name
			if len(r[name]) > 0 {
				texts[i] += " (" + strings.Join(r[name], ", ") + ")"
			}
		}
		if texts[i] == "" {
			texts[i] = "none"
		}
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(texts, " or ")
}

func urls(servers []model.Server) string {
	texts := make([]string, len(servers))
	for i, s := range servers {
		texts[i] = s.URL
	}
	return list(texts)
}

func list(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ", ")
}

// same compares values of the model by what is stored of them.
func same(a, b any) bool {
	x, wrong := json.Marshal(a, lenient, json.Deterministic(true))
	y, alsoWrong := json.Marshal(b, lenient, json.Deterministic(true))
	return wrong == nil && alsoWrong == nil && string(x) == string(y)
}
