package integration

import (
	"bytes"
	"iter"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/recipe"
)

// member is a field of a struct of package recipe.
type member struct {
	name    string
	help    string
	choices []string
	index   []int
}

// members returns the fields of a struct, those of embedded ones among them.
func members(t reflect.Type) iter.Seq[member] {
	return func(yield func(member) bool) {
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || name == "" {
				continue
			}
			if !yield(member{name, f.Tag.Get("help"), strings.Fields(f.Tag.Get("choice")), f.Index}) {
				return
			}
		}
	}
}

// part decodes a value into a part of package recipe. Such parts are given whole: null clears.
func (d *decoder) part(raw jsontext.Value, pointer string, at reflect.Value) {
	if raw.Kind() == 'n' {
		at.SetZero()
		return
	}
	switch place := at.Addr().Interface().(type) {
	case *recipe.Path:
		*place = d.path(raw, pointer)
		return
	case *recipe.Params:
		*place = d.params(raw, pointer)
		return
	case *recipe.Template:
		text, ok := plain(raw)
		d.text(pointer, text, ok, (*string)(place))
		d.template(pointer, text)
		return
	}
	switch at.Kind() {
	case reflect.Pointer:
		at.Set(reflect.New(at.Type().Elem()))
		d.part(raw, pointer, at.Elem())
	case reflect.Struct:
		d.structure(raw, pointer, at)
	case reflect.Slice:
		d.list(raw, pointer, at)
	case reflect.Map:
		d.mapping(raw, pointer, at)
	default:
		d.scalar(raw, pointer, at)
	}
}

func (d *decoder) structure(raw jsontext.Value, pointer string, at reflect.Value) {
	at.SetZero()
	known := map[string]member{}
	var names []string
	for m := range members(at.Type()) {
		known[m.name], names = m, append(names, m.name)
	}
	d.object(raw, pointer, names, func(name, pointer string, raw jsontext.Value) {
		place := at.FieldByIndex(known[name].index)
		if d.part(raw, pointer, place); len(known[name].choices) > 0 {
			d.choice(pointer, place.String(), known[name].choices)
		}
	})
	d.whole(pointer, at.Interface())
}

// whole finds what is wrong with a part as a whole.
func (d *decoder) whole(pointer string, part any) {
	switch part := part.(type) {
	case recipe.Test:
		if _, err := regexp.Compile(part.Matches); err != nil {
			d.problem(pointer+"/matches", "is no regular expression of the RE2 syntax")
		}
	case recipe.Injection:
		if part.In == "" || part.Name == "" {
			d.problem(pointer, "needs in and name")
		}
	case recipe.Step:
		if part.Name == "" || strings.ContainsAny(part.Name, ". {}") {
			d.problem(pointer+"/name", "has to be a word, by which later requests call the answer")
		}
	case recipe.Request:
		d.secretive(pointer+"/params", part.Params)
		for name, value := range part.Headers {
			d.exposed(pointer+"/headers/"+escape(name), name, string(value))
		}
		for name, value := range part.Query {
			d.exposed(pointer+"/query/"+escape(name), name, string(value))
		}
	case recipe.Refresh:
		d.whole(pointer, part.Request)
	case recipe.Call:
		d.whole(pointer, part.Request)
	}
}

func (d *decoder) list(raw jsontext.Value, pointer string, at reflect.Value) {
	var items []jsontext.Value
	if json.Unmarshal(raw, &items) != nil {
		d.problem(pointer, "has to be a list")
		return
	}
	all := reflect.MakeSlice(at.Type(), len(items), len(items))
	for i, item := range items {
		d.part(item, pointer+"/"+strconv.Itoa(i), all.Index(i))
	}
	at.Set(all)
}

func (d *decoder) mapping(raw jsontext.Value, pointer string, at reflect.Value) {
	all := reflect.MakeMap(at.Type())
	d.object(raw, pointer, nil, func(name, pointer string, raw jsontext.Value) {
		v := reflect.New(at.Type().Elem()).Elem()
		d.part(raw, pointer, v)
		all.SetMapIndex(reflect.ValueOf(name), v)
	})
	at.Set(all)
}

// scalar takes a text, number or boolean, each of which may come as a text.
func (d *decoder) scalar(raw jsontext.Value, pointer string, at reflect.Value) {
	text, ok := plain(raw)
	if ok && text == "" { // cleared
		at.SetZero()
		return
	}
	switch at.Kind() {
	case reflect.String:
		at.SetString(text)
	case reflect.Bool:
		at.SetBool(text == "true")
		ok = ok && (text == "true" || text == "false")
	case reflect.Int:
		n, err := strconv.Atoi(text)
		at.SetInt(int64(n))
		ok = ok && err == nil && n >= 0
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		at.SetFloat(n)
		ok = ok && err == nil && n >= 0
	}
	if !ok {
		d.problem(pointer, "has to be %s", map[reflect.Kind]string{
			reflect.String: "a text", reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Float64: "a number of seconds",
		}[at.Kind()])
	}
}

// path takes a text or a list of texts.
func (d *decoder) path(raw jsontext.Value, pointer string) recipe.Path {
	var path recipe.Path
	if text, ok := plain(raw); ok {
		path = recipe.Path{text}
	} else if json.Unmarshal(raw, &path) != nil {
		d.problem(pointer, "has to be a path, or a list of paths")
	}
	for _, p := range path {
		d.template(pointer, p)
	}
	return path
}

// params takes an object and checks the templates in it.
func (d *decoder) params(raw jsontext.Value, pointer string) recipe.Params {
	if raw.Kind() != '{' || !raw.IsValid() {
		d.problem(pointer, "has to be an object, with no name twice")
		return nil
	}
	for name, text := range texts(raw) {
		d.template(pointer+name, text)
	}
	compact := raw.Clone()
	compact.Compact()
	return recipe.Params(compact)
}

// texts returns the texts in a JSON value, by their JSON Pointers.
func texts(raw jsontext.Value) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		in := jsontext.NewDecoder(bytes.NewReader(raw))
		for {
			t, err := in.ReadToken()
			if err != nil {
				return
			}
			pointer := in.StackPointer()
			if _, length := in.StackIndex(in.StackDepth()); t.Kind() != '"' || isName(in, length) {
				continue
			}
			if !yield(string(pointer), t.String()) {
				return
			}
		}
	}
}

// isName reports whether the token that was just read is a member's name.
func isName(in *jsontext.Decoder, length int64) bool {
	kind, _ := in.StackIndex(in.StackDepth())
	return kind == '{' && length%2 == 1
}

func (d *decoder) template(pointer, text string) {
	if strings.Contains(text, "${env:") || strings.Contains(text, "${file:") {
		d.problem(pointer, "holds a reference, which has to stand alone in a field; put it under secrets.NAME and write ${secrets.NAME}")
		return
	}
	if _, err := expand.Parse(text); err != nil {
		why := err.Error()
		if hint := fault.HintOf(err); hint != "" {
			why += "; " + hint
		}
		d.problem(pointer, "is no template: %s", why)
	}
}

// secretWords are what names of secrets are made of.
var secretWords = regexp.MustCompile(`(?i)secret|passw|pwd|api.?key|authorization|private|credential`)

// secretive finds texts that look like secrets among parameters, which are shown to whoever may read the integration.
func (d *decoder) secretive(pointer string, params recipe.Params) {
	for at, text := range texts(jsontext.Value(params)) {
		name := at[strings.LastIndexByte(at, '/')+1:]
		d.exposed(pointer+at, name, text)
	}
}

// exposed refuses a literal secret where it would be shown.
func (d *decoder) exposed(pointer, name, text string) {
	template, err := expand.Parse(text)
	if err != nil || text == "" || !template.IsConstant() || !secretWords.MatchString(name) || slices.Contains([]string{"grant_type"}, name) {
		return
	}
	d.problem(pointer, "looks like a secret, and would be shown; put it under secrets.NAME and write ${secrets.NAME}")
}
