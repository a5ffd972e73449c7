package form_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/form"
)

// posted is what a browser sends of a form.
func posted(n *form.Node) url.Values {
	all := url.Values{}
	n.All(func(in *form.Node) {
		switch {
		case in.Kind == form.Shapes:
			all.Set("shape:"+in.At, strconv.Itoa(in.Shape))
		case in.Whole() && in.Kind != form.File:
			text := in.Value
			if in.Kind == form.Area || in.Kind == form.JSON || in.Kind == "rest" {
				text = strings.ReplaceAll(text, "\n", "\r\n")
			}
			all.Set(in.Name(), text)
		}
	})
	return all
}

var root = form.Root{At: "b", Pointer: "/requestBodyPayload", Label: "Body", Required: true}

// find is the node of a path.
func find(t *testing.T, n *form.Node, at string) (found *form.Node) {
	t.Helper()
	n.All(func(in *form.Node) {
		if in.At == at && in.Kind != "rest" {
			found = in
		}
	})
	if found == nil {
		t.Fatalf("the form has no %s", at)
	}
	return found
}

const order = `{"type":"object","required":["item","address","kind"],"properties":{
  "item":{"type":"string","example":"book","description":"what"},
  "count":{"type":"integer","minimum":1,"default":1},
  "kind":{"type":"string","enum":["new","used"]},
  "when":{"type":"string","format":"date"},
  "gift":{"type":"boolean"},
  "note":{"type":"string","example":"hello"},
  "id":{"type":"string","readOnly":true},
  "tags":{"type":"array","items":{"type":"string"}},
  "address":{"type":"object","required":["city"],"properties":{"city":{"type":"string","example":"Durban"},"zip":{"type":"string"}}},
  "billing":{"type":"object","required":["city"],"properties":{"city":{"type":"string","example":"Durban"}}},
  "pay":{"oneOf":[{"title":"Card","type":"object","required":["number"],"properties":{"number":{"type":"string"}}},{"title":"Cash","type":"object","properties":{"coins":{"type":"integer"}}}]},
  "labels":{"type":"object","additionalProperties":{"type":"string"}},
  "any":{}}}`

func TestMake(t *testing.T) {
	n := form.Maker{}.Make(root, []byte(order), nil, nil)
	if got := string(n.JSON()); got != `{"item":"book","address":{"city":"Durban"}}` {
		t.Errorf("filled in is %s", got)
	}
	for at, kind := range map[string]string{
		"b": form.Group, "b/item": form.Text, "b/count": form.Number, "b/kind": form.Choice, "b/when": form.Date, "b/gift": form.Choice, "b/tags": form.List,
		"b/tags/[0]": form.Text, "b/address/zip": form.Text, "b/pay": form.Shapes, "b/labels": form.JSON, "b/any": form.Any,
	} {
		if got := find(t, n, at); at != "b/pay" && got.Kind != kind {
			t.Errorf("%s is %s, want %s", at, got.Kind, kind)
		}
	}
	if note := find(t, n, "b/note"); note.Hint != "hello" || note.Value != "" {
		t.Errorf("an optional field is filled in: %+v", note)
	}
	n.All(func(in *form.Node) {
		if in.Label == "id" {
			t.Error("what is readOnly is asked for")
		}
	})
	if len(n.More) == 0 {
		t.Error("nothing is folded away")
	}
}

func TestReadWhatWasPosted(t *testing.T) {
	in := url.Values{
		"text:b/item": {"pen"}, "number:b/count": {"007"}, `choice:b/kind`: {`"new"`}, "choice:b/gift": {"true"}, "text:b/note": {""},
		"text:b/tags/[0]": {"a"}, "text:b/tags/[2]": {"c"}, "text:b/tags/[10]": {"z"}, "text:b/tags/[3]": {""}, "text:b/address/city": {""},
		"shape:b/pay": {"2"}, "number:b/pay/coins": {"3"}, "text:b/pay/number": {"4711"}, "json:b/labels": {"{\"x\":\r\n\"y\"}"}, "any:b/any": {"yes"},
		"text:other/item": {"no"}, "p:x": {"no"},
	}
	v := form.Read(in, "b")
	n := form.Maker{}.Make(root, []byte(order), nil, v)
	want := `{"item":"pen","count":"007","kind":"new","gift":true,"tags":["a","c","z"],"pay":{"coins":3},"labels":{"x":"y"},"any":"yes"}`
	if got := string(n.JSON()); got != want {
		t.Errorf("posted is\n%s, want\n%s", got, want)
	}
	if form.Read(in, "c") != nil {
		t.Error("there is a value where nothing was posted")
	}
	v.Add("b", "b/tags")
	v.Remove("b", "b/tags/[0]")
	n = form.Maker{}.Make(root, []byte(order), nil, v)
	if tags := find(t, n, "b/tags"); len(tags.Fields) != 4 || tags.Fields[0].Value != "c" || !tags.Fields[3].Fresh {
		t.Errorf("after adding and removing there are %+v", tags.Fields)
	}
}

func TestWrongJSON(t *testing.T) {
	n := form.Maker{}.Make(root, []byte(order), nil, form.Read(url.Values{"json:b/labels": {`{"x":`}, "rest:b": {"[]"}}, "b"))
	if wrong := n.Wrongs(); len(wrong) != 2 || wrong[0].At != "b/labels" && wrong[1].At != "b/labels" {
		t.Errorf("wrong are %+v", wrong)
	}
	if labels := find(t, n, "b/labels"); labels.Value != `{"x":` {
		t.Errorf("what was typed is lost: %+v", labels)
	}
}

func TestBlame(t *testing.T) {
	n := form.Maker{}.Make(root, []byte(order), nil, nil)
	for pointer, at := range map[string]string{
		"/requestBodyPayload/billing/city": "b/billing/city", "/requestBodyPayload/tags/0": "b/tags/[0]", "/requestBodyPayload/labels/x/y": "b/labels", "/requestBodyPayload": "b",
	} {
		if !n.Blame(pointer, "is wrong") || find(t, n, at).Wrong != "is wrong" {
			t.Errorf("%s is not blamed on %s", pointer, at)
		}
	}
	if billing := find(t, n, "b/billing"); !billing.Open {
		t.Error("the group around what is wrong is closed")
	}
	if n.Blame("/requestBodyPayloads/x", "is wrong") || n.Blame("/parameters/x", "is wrong") {
		t.Error("what is elsewhere is blamed on the form")
	}
}

// TestCircles: a schema that contains itself, and one with more members than anybody reads, make forms of a bounded size.
func TestCircles(t *testing.T) {
	schemas := map[string]json.RawMessage{
		"#/Node": []byte(`{"type":"object","properties":{"name":{"type":"string"},"parent":{"$ref":"#/Node"},"children":{"type":"array","items":{"$ref":"#/Node"}}}}`),
		"#/Loop": []byte(`{"$ref":"#/Loop"}`),
		"#/Many": []byte(`{"type":"object","properties":{"a":{"$ref":"#/Many2"},"b":{"$ref":"#/Many2"},"c":{"$ref":"#/Many2"}}}`),
	}
	wide := `{"type":"object","properties":{`
	for i := range 2000 {
		if i > 0 {
			wide += ","
		}
		wide += string(quoted("m"+string(rune('a'+i%26))+string(rune('0'+i/26%10))+string(rune('0'+i/260)))) + `:{"type":"string"}`
	}
	schemas["#/Wide"] = []byte(wide + "}}")
	deep := `{"type":"string"}`
	for range 40 {
		deep = `{"type":"object","properties":{"a":` + deep + `,"b":{"type":"string"}}}`
	}
	schemas["#/Deep"] = []byte(deep)
	m := form.Maker{Schemas: schemas}
	for ref := range schemas {
		n, count := m.Make(root, []byte(`{"$ref":"`+ref+`"}`), nil, nil), 0
		n.All(func(*form.Node) { count++ })
		if count > 400 {
			t.Errorf("%s makes %d nodes", ref, count)
		}
	}
	n := m.Make(root, []byte(`{"$ref":"#/Node"}`), nil, nil)
	if parent := find(t, n, "b/parent"); parent.Kind != form.JSON {
		t.Errorf("a circle is %s", parent.Kind)
	}
	v := form.Read(posted(n), "b")
	v.Add("b", "b/children")
	n = m.Make(root, []byte(`{"$ref":"#/Node"}`), nil, v)
	if name := find(t, n, "b/children/[0]/name"); name.Kind != form.Text {
		t.Errorf("a child's name is %s", name.Kind)
	}
	if rest := m.Make(root, []byte(`{"$ref":"#/Wide"}`), nil, nil).Rest; rest == nil {
		t.Error("members that are no fields can't be filled in")
	}
}

func quoted(text string) jsontext.Value {
	raw, _ := jsontext.AppendQuote(nil, text)
	return raw
}

// TestShapes: a JSON value chooses the shape that it is most like.
func TestShapes(t *testing.T) {
	const pet = `{"oneOf":[{"$ref":"#/Cat"},{"$ref":"#/Dog"},{"type":"string"}]}`
	m := form.Maker{Schemas: map[string]json.RawMessage{
		"#/Cat": []byte(`{"type":"object","required":["type"],"properties":{"type":{"const":"cat"},"lives":{"type":"integer"}}}`),
		"#/Dog": []byte(`{"type":"object","required":["type"],"properties":{"type":{"const":"dog"},"barks":{"type":"boolean"}}}`),
	}}
	for text, want := range map[string]int{`{"type":"cat","lives":9}`: 1, `{"type":"dog"}`: 2, `{"barks":true}`: 2, `"none"`: 3} {
		v, err := form.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if n := m.Make(root, []byte(pet), nil, v); n.Shape != want || string(n.JSON()) != text {
			t.Errorf("%s is shape %d (%s), want %d", text, n.Shape, n.JSON(), want)
		}
	}
	n := m.Make(root, []byte(pet), nil, form.Read(url.Values{"shape:b": {"2"}, "number:b/lives": {"9"}, "choice:b/type": {""}}, "b"))
	if got := string(n.JSON()); got != "" {
		t.Errorf("another shape keeps what it does not know: %s", got)
	}
}

// FuzzForm: whatever JSON there is and whatever schema, a form of it that is posted is that JSON again.
func FuzzForm(f *testing.F) {
	for _, value := range []string{
		`{"item":"a\nb","count":1.50,"tags":["x",null,5,"  "],"extra":{"deep":[[]]},"pay":{"coins":3},"gift":"yes","any":"5","when":"2026-02-30"}`,
		`{"item":"\u0000\r","tags":[],"address":{},"billing":null,"labels":{"a":"b"},"any":{"x":1}}`, `[1,2]`, `"text"`, `null`, `{"a~1/b[0]":{"[0]":1}}`,
		`{"address":{"city":"\ud83d\ude00","zip":" 1 "},"kind":"other","count":"7","note":"a\tb"}`,
	} {
		f.Add(order, value)
	}
	f.Add(`{"type":"array","items":{"type":"object","properties":{"a":{"type":["integer","string"]}}}}`, `[{"a":1},{"a":"1"},{"b":2},{}]`)
	f.Add(`{"anyOf":[{"type":"number"},{"type":"string","enum":["1"]},{"type":"null"}]}`, `"1"`)
	f.Fuzz(func(t *testing.T, schema, value string) {
		v, err := form.Parse([]byte(value))
		if err != nil || !jsontext.Value(schema).IsValid() {
			return
		}
		m := form.Maker{}
		n := m.Make(root, []byte(schema), nil, v)
		n.All(func(in *form.Node) {
			if in.Whole() && in.Kind != form.Area && in.Kind != form.JSON && in.Kind != "rest" && strings.Contains(in.Value, "\n") {
				t.Errorf("%s of kind %s has several lines", in.At, in.Kind)
			}
		})
		again := m.Make(root, []byte(schema), nil, form.Read(posted(n), "b"))
		want, got := jsontext.Value(value), again.JSON()
		if got == nil {
			got = jsontext.Value("{}")
			if want.Kind() == '[' {
				got = jsontext.Value("[]")
			}
		}
		if want.Canonicalize() != nil || got.Canonicalize() != nil {
			return // a number that no double holds
		}
		if string(got) != string(want) {
			t.Errorf("of %s there is left %s", want, got)
		}
	})
}
