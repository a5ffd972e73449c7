package corpus_test

import (
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"carnet.dev/carnet/interop/corpus"
)

// TestDocuments is a short run: two made-up documents with every way to write an argument, and the small real ones.
func TestDocuments(t *testing.T) {
	madeUp, err := corpus.Files("testdata", "")
	if err != nil || len(madeUp) != 2 {
		t.Fatal(madeUp, err)
	}
	real, err := corpus.Files("../../internal/openapi/testdata/real", "")
	if err != nil || len(real) < 3 {
		t.Fatal(real, err)
	}
	total := corpus.Run(t.Context(), append(madeUp, real...), func(f corpus.File, c *corpus.Tally) {
		for what, all := range map[string][]corpus.Finding{"refused": c.Refused, "unmade": c.Unmade, "mismatch": c.Mismatches} {
			for _, f := range all {
				t.Errorf("%s: %s", what, f)
			}
		}
		if c.Imported != 1 || c.Operations == 0 || c.Shown != c.Operations || c.Built != c.Operations {
			t.Errorf("%s: %d operations, %d shown, %d built", f.Name, c.Operations, c.Shown, c.Built)
		}
	})
	styles := strings.Join(slices.Collect(maps.Keys(total.Styles)), "\n")
	for _, want := range []string{"path matrix explode object", "path label array", "query deepObject explode object", "query tabDelimited array",
		"query spaceDelimited array", "header simple explode object", "cookie form array", "query content application/json object"} {
		if !strings.Contains(styles, want) {
			t.Errorf("nothing was written as %s", want)
		}
	}
	for _, want := range []string{"JSON", "form", "multipart", "XML", "text", "bytes"} {
		if total.Bodies[want] == 0 {
			t.Errorf("no body was %s", want)
		}
	}
}

// TestTheSameAgain: what is made depends on nothing but the documents, so that a finding can be looked at again.
func TestTheSameAgain(t *testing.T) {
	files, err := corpus.Files("testdata", "")
	if err != nil {
		t.Fatal(err)
	}
	one, other := corpus.Try(t.Context(), files[0]), corpus.Try(t.Context(), files[0])
	if !maps.Equal(one.Styles, other.Styles) || one.Requests != other.Requests {
		t.Errorf("%+v, and then %+v", one, other)
	}
}

// TestOtherOpinion: the second reader shares nothing with the first but the standard library.
func TestOtherOpinion(t *testing.T) {
	for _, dir := range []string{"spec", "invent"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) < 4 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range parsed.Imports {
				if path, _ := strconv.Unquote(i.Path.Value); strings.Contains(path, ".") {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}
