package tree_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"carnet.dev/carnet/internal/openapi/tree"
)

// plain makes of a value what encoding/json makes of it.
func plain(v tree.Value) any {
	switch v.Kind() {
	case '{':
		object := map[string]any{}
		for name, member := range v.Members() {
			object[name] = plain(member)
		}
		return object
	case '[':
		list := []any{}
		for item := range v.Items() {
			list = append(list, plain(item))
		}
		return list
	case '"':
		return v.Text()
	case '0':
		return json.Number(v.Raw())
	case 't', 'f':
		return v.True()
	}
	return nil
}

// FuzzTree holds the reader against encoding/json: both accept the same texts, and read the same values.
func FuzzTree(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[1,2.5e-3,"a\u00e9\"\\",true,false,null]`, `{"a":{"b":[{}]},"a":1}`, ` "x" `, `-`, `01`, `1.`, `{"a"}`, `[1,]`,
		"\"\x01\"", `"\x"`, `"\u12g4"`, `"\ud800"`, `nul`, `tru`, `[[[[`, `{"a":1}}`, "", "\xff", "\"\xff\"", `{"\u0061":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		d := json.NewDecoder(bytes.NewReader(source))
		d.UseNumber()
		var want any
		valid := json.Valid(source)
		read, err := tree.Read(source)
		if deep, ok := errors.AsType[*tree.SyntaxError](err); ok && deep.TooDeep {
			return
		}
		if (err == nil) != valid {
			t.Fatalf("error is %v, but encoding/json says valid: %v", err, valid)
		}
		if !valid {
			return
		}
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := plain(read.Root()); !reflect.DeepEqual(got, want) {
			t.Errorf("read %#v, want %#v", got, want)
		}
		if !bytes.Equal(read.Root().Raw(), bytes.TrimSpace(source)) {
			t.Errorf("raw is %q", read.Root().Raw())
		}
	})
}

func TestErrorsSayWhere(t *testing.T) {
	for source, want := range map[string]string{
		"{\n  \"a\": 1\n  \"b\": 2\n}": "line 3, column 3: a comma or the end of the object is missing",
		"{\"a\": [1, 2":                "line 1, column 12: the text ends too early",
		"{'a': 1}":                     "line 1, column 2: the name of a member has to be a text in double quotes",
		"{} x":                         "line 1, column 4: something follows the value",
	} {
		_, err := tree.Read([]byte(source))
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", source, err, want)
		}
	}
}

func TestManyBracketsAreRefused(t *testing.T) {
	_, err := tree.Read(bytes.Repeat([]byte{'['}, 10<<20))
	if deep, ok := errors.AsType[*tree.SyntaxError](err); !ok || !deep.TooDeep || deep.Offset != tree.MaxDepth || deep.Line != 1 {
		t.Errorf("got %v", err)
	}
}

func TestLookup(t *testing.T) {
	read, err := tree.Read([]byte(`{"paths": {"/a~b": [10, {"x": "found"}]}, "x": 1, "x": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]string{
		"/paths/~1a~0b/1/x": `"found"`, "/paths/~1a~0b/0": "10", "/x": "2", "/paths/none": "", "/paths/~1a~0b/2": "", "nonsense": "",
	} {
		for range 2 { // the second time from memory
			if got := string(read.Lookup(pointer).Raw()); got != want {
				t.Errorf("%s is %s, want %s", pointer, got, want)
			}
		}
	}
	if got := tree.Escape("/a~b"); got != "~1a~0b" {
		t.Errorf("escaped: %s", got)
	}
}

func TestNamed(t *testing.T) {
	read, err := tree.Read([]byte(`{"$ref": "one", "properties": {"$ref": {"$ref": "two"}}, "list": ["$ref", {"$ref": "three"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for ref := range read.Root().Named("$ref") {
		got = append(got, ref.Text())
	}
	if strings.Join(got, " ") != "one  two three" {
		t.Errorf("got %v", got)
	}
}

func TestPlaces(t *testing.T) {
	source := []byte("{\n \"a\": [1, {\"ä\": \"ö\", \"b/c\": null}],\n\t\"d\": {}\n}")
	read, err := tree.Read(source)
	if err != nil {
		t.Fatal(err)
	}
	lines := tree.NewLines(source)
	for pointer, want := range map[string]tree.Position{
		"": {1, 1}, "/a": {2, 2}, "/a/0": {2, 8}, "/a/1": {2, 11}, "/a/1/ä": {2, 12}, "/a/1/b~1c": {2, 22}, "/d": {3, 2},
	} {
		v := read.Lookup(pointer)
		if got := v.Pointer(); got != pointer {
			t.Errorf("%s has the pointer %s", pointer, got)
		}
		if got := lines.Position(read.Offset(v.Node())); got != want {
			t.Errorf("%s is at %v, want %v", pointer, got, want)
		}
	}
	for _, v := range read.Root().Values() {
		if got := read.Lookup(v.Pointer()); got != v {
			t.Errorf("%s leads to %s", v.Pointer(), got.Raw())
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var source bytes.Buffer
	source.WriteString(`[`)
	for i := range 20000 {
		source.WriteString(`{"name": "member number ` + strconv.Itoa(i) + `", "tags": ["a", "b"], "size": 1234},`)
	}
	source.WriteString(`null]`)
	b.SetBytes(int64(source.Len()))
	b.Run("tree", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := tree.Read(source.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := json.Unmarshal(source.Bytes(), &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
