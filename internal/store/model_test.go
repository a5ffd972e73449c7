package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/store/sqlite"
)

// document makes a model of that many operations; each has bytes of description that hardly compress.
func document(versionID string, operations, size int) *model.Document {
	d := &model.Document{Model: model.Model{VersionID: versionID, Title: "Synthetic", Operations: operations}}
	var text bytes.Buffer
	for i := range operations {
		words := filler(uint64(i), size)
		schema := fmt.Sprintf(`{"type":"object","description":"%s","n":1,"n":2}`, words) // a name that occurs twice
		d.Operations = append(d.Operations, model.Operation{
			Summary:     model.Summary{ID: fmt.Sprintf("op %d/%s", i, versionID), Method: "GET", Path: fmt.Sprintf("/things/%d", i), Summary: "not UTF-8: \xff"},
			Description: words,
			Security:    []model.Requirement{{"a": {"x"}, "b": {}, "c": {}}},
			Parameters:  []model.Parameter{{Name: "id", In: model.InPath, Schema: jsontext.Value(schema)}},
		})
		d.Schemas = append(d.Schemas, model.NamedSchema{Ref: fmt.Sprintf("#/components/schemas/S~1%d", i), Value: jsontext.Value(schema)})
		fmt.Fprintf(&text, "%q %s\n", versionID, schema)
		fmt.Fprintln(&text, words)
	}
	d.JSON = text.Bytes()
	sum := sha256.Sum256(d.JSON)
	d.Model.Digest = hex.EncodeToString(sum[:])
	return d
}

func filler(seed uint64, size int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var words strings.Builder
	for words.Len() < size {
		fmt.Fprintf(&words, "word%d ", r.IntN(5000))
	}
	return words.String()[:size]
}

// sameValue spares cmp the bytes one by one.
var sameValue = cmp.Comparer(func(a, b jsontext.Value) bool { return bytes.Equal(a, b) })

// wantWhole reads all of a model.
func wantWhole(t *testing.T, s *store.Store, d *model.Document) {
	t.Helper()
	m, _, err := s.Model(t.Context(), d.Model.VersionID)
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Document(t.Context(), &m)
	if err != nil || !bytes.Equal(text, d.JSON) {
		t.Errorf("the document has %d bytes, want %d: %v", len(text), len(d.JSON), err)
	}
	all, err := s.Operations(t.Context(), &m)
	if err != nil || len(all) != len(d.Operations) {
		t.Fatalf("%d operations: %v", len(all), err)
	}
	refs := []string{"#/nowhere"}
	for i, op := range d.Operations {
		op.Summary.Summary = "not UTF-8: \ufffd"
		if diff := cmp.Diff(op.Summary, all[i]); diff != "" {
			t.Fatalf("line %d (-want +got):\n%s", i, diff)
		}
		got, err := s.Operation(t.Context(), &m, op.ID)
		if diff := cmp.Diff(op, got, sameValue); diff != "" || err != nil {
			t.Fatalf("operation %q: %v (-want +got):\n%s", op.ID, err, diff)
		}
		refs = append(refs, d.Schemas[i].Ref)
	}
	schemas, err := s.Schemas(&m).Read(t.Context(), refs)
	if err != nil || len(schemas) != len(d.Schemas) {
		t.Fatalf("%d of %d schemas: %v", len(schemas), len(d.Schemas), err)
	}
	for _, one := range d.Schemas {
		if !bytes.Equal(schemas[one.Ref], one.Value) {
			t.Fatalf("schema %q is %.80s", one.Ref, schemas[one.Ref])
		}
	}
	wantWalks(t, s, &m, d)
	if _, err := s.Operation(t.Context(), &m, "none"); !fault.Is(err, fault.NotFound) {
		t.Errorf("an operation that is not there: %v", err)
	}
}

// wantWalks walks over all operations and schemas, in whatever order they come.
func wantWalks(t *testing.T, s *store.Store, m *model.Model, d *model.Document) {
	t.Helper()
	missing := map[string]bool{}
	for i := range d.Operations {
		missing[d.Operations[i].ID], missing[d.Schemas[i].Ref] = true, true
	}
	for op, err := range s.AllOperations(t.Context(), m) {
		if err != nil || len(op.Parameters) != 1 || !missing[op.ID] {
			t.Fatalf("walked to operation %q: %v", op.ID, err)
		}
		delete(missing, op.ID)
	}
	for schema, err := range s.AllSchemas(t.Context(), m) {
		if err != nil || len(schema.Value) == 0 || !missing[schema.Ref] {
			t.Fatalf("walked to schema %q: %v", schema.Ref, err)
		}
		delete(missing, schema.Ref)
	}
	if len(missing) > 0 {
		t.Fatalf("did not walk to %d of %d", len(missing), 2*len(d.Operations))
	}
	for range s.AllOperations(t.Context(), m) { // a walk can end early
		break
	}
	gone := *m
	gone.Digest = "none"
	for _, err := range s.AllOperations(t.Context(), &gone) {
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("a walk over a model that has gone: %v", err)
		}
	}
}

func parts(t *testing.T, d driver.Driver) int {
	t.Helper()
	all, err := d.List(t.Context(), "part", driver.Page{Limit: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestAModelIsReadInParts(t *testing.T) {
	for name, d := range map[string]*model.Document{
		"nothing": document("a:1", 0, 0), "one": document("a:1", 1, 10), "large": document("a:1", 800, 5000), // 8 MB: two pieces
	} {
		t.Run(name, func(t *testing.T) {
			data := mem.New()
			s := open(t, data.Open(), newKeys(t))
			if _, err := s.PutModel(t.Context(), d, 0); err != nil {
				t.Fatal(err)
			}
			wantWhole(t, s, d)
			if n := parts(t, data.Open()); name == "large" && n < 30 {
				t.Errorf("the model is in %d parts", n)
			}
		})
	}
}

func TestReplacedAndDeletedModelsLeaveNothing(t *testing.T) {
	data := mem.New()
	s, d := open(t, data.Open(), newKeys(t)), data.Open()
	old, next, other := document("a:1", 30, 5000), document("a:1", 20, 6000), document("b:1", 3, 10)
	first, err := s.PutModel(t.Context(), old, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutModel(t.Context(), other, 0); err != nil {
		t.Fatal(err)
	}
	before := parts(t, d)
	for name, replaces := range map[string]int64{"made twice": 0, "of another revision": first + 1} {
		if _, err := s.PutModel(t.Context(), next, replaces); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := parts(t, d); n != before {
		t.Errorf("%d parts, %d before the conflicts", n, before)
	}
	wantWhole(t, s, old)
	again, err := s.PutModel(t.Context(), old, first) // the same document
	if err != nil {
		t.Fatal(err)
	}
	wantWhole(t, s, old)
	if _, err := s.PutModel(t.Context(), next, again); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, s, next)
	wantWhole(t, s, other)
	for _, id := range []string{"a:1", "b:1"} {
		if err := s.DeleteModel(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if n := parts(t, d); n != 0 {
		t.Errorf("%d parts are left", n)
	}
	if err := s.DeleteModel(t.Context(), "a:1"); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

// TestAnImportCutOffShowsNothing has the driver fail after each number of writes; another import then mends all.
func TestAnImportCutOffShowsNothing(t *testing.T) {
	old, next := document("a:1", 3, 100), document("a:1", 4, 100)
	for writes := 0; ; writes++ {
		d := &tampered{Driver: mem.New().Open()}
		s := open(t, d, newKeys(t))
		revision, err := s.PutModel(t.Context(), old, 0)
		if err != nil {
			t.Fatal(err)
		}
		var mutex sync.Mutex
		left := writes
		d.put = func(r driver.Record, replaces int64) error {
			mutex.Lock()
			defer mutex.Unlock()
			if left == 0 {
				return fault.New(fault.Unavailable, "the power is gone")
			}
			left--
			return d.Driver.Put(t.Context(), r, replaces)
		}
		_, err = s.PutModel(t.Context(), next, revision)
		d.put = nil
		if err == nil {
			if writes < 4 {
				t.Errorf("a model took %d writes", writes)
			}
			wantWhole(t, s, next)
			return
		}
		wantWhole(t, s, old)
		if _, err := s.PutModel(t.Context(), next, revision); err != nil {
			t.Fatal(err)
		}
		wantWhole(t, s, next)
	}
}

func TestOfManyImportsOneWins(t *testing.T) {
	data, keys := mem.New(), newKeys(t)
	documents := []*model.Document{document("a:1", 5, 100), document("a:1", 6, 100)}
	var work sync.WaitGroup
	var mutex sync.Mutex
	var won []*model.Document
	for i := range 8 {
		s := open(t, data.Open(), keys)
		work.Go(func() {
			_, err := s.PutModel(t.Context(), documents[i%2], 0)
			mutex.Lock()
			defer mutex.Unlock()
			if err == nil {
				won = append(won, documents[i%2])
			} else if !fault.Is(err, fault.Conflict) {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if len(won) != 1 {
		t.Fatalf("%d imports won", len(won))
	}
	wantWhole(t, open(t, data.Open(), keys), won[0])
}

// TestALostRaceLeavesNoParts has somebody else import another document of the same versionId at the last moment.
func TestALostRaceLeavesNoParts(t *testing.T) {
	data, keys := mem.New(), newKeys(t)
	other, d := open(t, data.Open(), keys), &tampered{Driver: data.Open()}
	s := open(t, d, keys)
	winner := document("a:1", 5, 100)
	d.put = func(r driver.Record, replaces int64) error {
		if r.Kind == "model" {
			if _, err := other.PutModel(t.Context(), winner, 0); err != nil {
				t.Error(err)
			}
		}
		return d.Driver.Put(t.Context(), r, replaces)
	}
	for name, loser := range map[string]*model.Document{"another document": document("a:1", 900, 2500), "the same document": winner} {
		if _, err := s.PutModel(t.Context(), loser, 0); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
		wantWhole(t, other, winner)
		if n := parts(t, d); n != 5 { // the index, a piece, a bucket of each kind, and how many there are
			t.Errorf("%s: %d parts are left", name, n)
		}
		if err := other.DeleteModel(t.Context(), "a:1"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADamagedPartIsMendedByItsDocument(t *testing.T) {
	data := mem.New()
	s, d := open(t, data.Open(), newKeys(t)), data.Open()
	doc := document("a:1", 3, 100)
	revision, err := s.PutModel(t.Context(), doc, 0)
	if err != nil {
		t.Fatal(err)
	}
	all, err := d.List(t.Context(), "part", driver.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		replaces := r.Revision
		r.Body, r.Revision = []byte("damaged"), r.Revision^1
		if err := d.Put(t.Context(), r, replaces); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Operation(t.Context(), &doc.Model, doc.Operations[0].ID); !fault.Is(err, fault.Internal) || fault.HintOf(err) == "" {
		t.Errorf("a damaged part: %v", err)
	}
	if _, err := s.PutModel(t.Context(), doc, revision); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, s, doc)
}

func TestModelsAreListedInOrder(t *testing.T) {
	s := open(t, mem.New().Open(), newKeys(t))
	for _, id := range []string{"b:1", "a:2", "a:1"} {
		if _, err := s.PutModel(t.Context(), document(id, 1, 10), 0); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for m, err := range s.Models(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.VersionID)
	}
	if diff := cmp.Diff([]string{"a:1", "a:2", "b:1"}, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// BenchmarkPutModel stores a document of 1000 operations and about 5 MB.
func BenchmarkPutModel(b *testing.B) {
	d := document("a:1", 1000, 2500)
	b.SetBytes(int64(len(d.JSON)))
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := open(b, file(b), newKeys(b))
		b.StartTimer()
		if _, err := s.PutModel(b.Context(), d, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOperation reads one operation of such a document.
func BenchmarkOperation(b *testing.B) {
	d := document("a:1", 1000, 2500)
	s := open(b, file(b), newKeys(b))
	if _, err := s.PutModel(b.Context(), d, 0); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Operation(b.Context(), &d.Model, d.Operations[500].ID); err != nil {
			b.Fatal(err)
		}
	}
}

func file(b *testing.B) driver.Driver {
	b.Helper()
	d, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "carnet.db"))
	if err != nil {
		b.Fatal(err)
	}
	return d
}
