package store

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"iter"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/store/driver"
)

// A model is one small record, and parts named by the digest of its document, which never change: operations and schemas in
// buckets chosen by a hash of their names, the index of operations, and the document in pieces. So one operation is read without
// parsing the document, and no record comes near a backend's limit of 16 MB.
const (
	partKind   = "part"
	bucketSize = 192 << 10 // bytes of JSON that a bucket has on average
	pieceSize  = 6 << 20   // bytes of the document in a part, before compression
	writers    = 3         // parts that are written at once
)

// buckets say into how many parts a model was cut.
type buckets struct {
	Operations int `json:"operations"`
	Schemas    int `json:"schemas"`
	Document   int `json:"document"`
}

// Model returns the model of that versionId and its revision, or fault.NotFound.
func (s *Store) Model(ctx context.Context, versionID string) (model.Model, int64, error) {
	return s.models.Get(ctx, versionID)
}

// Models walks over all models by their versionIds.
func (s *Store) Models(ctx context.Context) iter.Seq2[model.Model, error] {
	return func(yield func(model.Model, error) bool) {
		for e, err := range s.models.All(ctx, "") {
			if !yield(e.Value, err) {
				return
			}
		}
	}
}

// PutModel writes a model over the one that has the revision, 0 meaning that there must be none. The parts go first and the
// parts of the replaced document last, so that nobody ever sees half a model; a crash in between leaves parts that nobody reads.
func (s *Store) PutModel(ctx context.Context, d *model.Document, replaces int64) (int64, error) {
	old, revision, err := s.models.Get(ctx, d.Model.VersionID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	if revision != replaces {
		return 0, fault.New(fault.Conflict, "model %q was changed by somebody else", d.Model.VersionID)
	}
	if err := s.putParts(ctx, d); err != nil {
		return 0, err
	}
	revision, err = s.models.Put(ctx, d.Model.VersionID, d.Model, replaces)
	if fault.Is(err, fault.Conflict) { // the parts are of no use, unless the other one has the same document
		return 0, errors.Join(err, s.deleteParts(ctx, d.Model.Digest))
	}
	if err == nil && replaces != 0 && old.Digest != d.Model.Digest {
		err = s.deleteParts(ctx, old.Digest)
	}
	return revision, err
}

// DeleteModel deletes a model, and its parts unless another model has the same document.
func (s *Store) DeleteModel(ctx context.Context, versionID string) error {
	m, revision, err := s.models.Get(ctx, versionID)
	if err != nil {
		return err
	}
	if err := s.models.Delete(ctx, versionID, revision); err != nil {
		return err
	}
	return s.deleteParts(ctx, m.Digest)
}

// Operation reads one operation of a model, or fault.NotFound.
func (s *Store) Operation(ctx context.Context, m *model.Model, id string) (model.Operation, error) {
	b, err := s.buckets(ctx, m)
	if err != nil {
		return model.Operation{}, err
	}
	data, err := s.part(ctx, m.Digest+"/operation/"+strconv.Itoa(bucket(id, b.Operations)))
	if err != nil {
		return model.Operation{}, err
	}
	found := map[string]jsontext.Value{}
	if err := pick(data, map[string]bool{id: true}, found); err != nil {
		return model.Operation{}, err
	}
	raw, ok := found[id]
	if !ok {
		return model.Operation{}, fault.New(fault.NotFound, "model %q has no operation %q", m.VersionID, id)
	}
	var op model.Operation
	err = json.Unmarshal(raw, &op, lenient)
	return op, decoded(err)
}

// Operations returns a line for each operation of a model, in the order of the document.
func (s *Store) Operations(ctx context.Context, m *model.Model) ([]model.Summary, error) {
	index, err := s.Index(ctx, m)
	if err != nil {
		return nil, err
	}
	return index.All()
}

// Document returns the whole document of a model, as JSON.
func (s *Store) Document(ctx context.Context, m *model.Model) ([]byte, error) {
	b, err := s.buckets(ctx, m)
	if err != nil {
		return nil, err
	}
	var document []byte
	for n := range b.Document {
		piece, err := s.part(ctx, m.Digest+"/document/"+strconv.Itoa(n))
		if err != nil {
			return nil, err
		}
		document = append(document, piece...)
	}
	return document, nil
}

// buckets reads into how many parts the model was cut.
func (s *Store) buckets(ctx context.Context, m *model.Model) (buckets, error) {
	var b buckets
	data, err := s.part(ctx, m.Digest+"/buckets")
	if err != nil {
		return b, err
	}
	err = json.Unmarshal(data, &b)
	return b, decoded(err)
}

// bucket returns which of n buckets a name is in.
func bucket(name string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(name))
	return int(h.Sum32() % uint32(max(n, 1)))
}

func (s *Store) part(ctx context.Context, id string) ([]byte, error) {
	body, err := s.packed(ctx, id)
	if err != nil {
		return nil, err
	}
	return decompress(body)
}

// packed reads a part as it is stored.
func (s *Store) packed(ctx context.Context, id string) ([]byte, error) {
	r, err := s.driver.Get(ctx, partKind, id)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Conflict, "the model was replaced or deleted meanwhile").WithHint("try again")
	}
	return r.Body, err
}

func decoded(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Internal, err, "a stored part of a model is damaged").WithHint("update the model from its document")
}

// putParts cuts a document into parts and writes them, several at once.
func (s *Store) putParts(ctx context.Context, d *model.Document) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make(chan part, writers)
	var work sync.WaitGroup
	for range writers {
		work.Go(func() {
			for p := range parts {
				if err := s.putPart(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := cut(d, func(p part) error {
		select {
		case parts <- p:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(parts)
	work.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// putPart writes a part. One that is there already is the same, unless it is damaged, or another version of Carnet read the
// document differently.
func (s *Store) putPart(ctx context.Context, p part) error {
	body, err := p.body, error(nil)
	if !p.packed {
		body, err = compress(p.body)
	}
	if err != nil {
		return err
	}
	if len(body) > driver.MaxBody {
		return tooLarge("a part of the document, compressed,")
	}
	r := driver.Record{Kind: partKind, ID: p.id, Revision: revision(), Body: body}
	err = s.driver.Put(ctx, r, 0)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	stored, err := s.driver.Get(ctx, partKind, p.id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if bytes.Equal(stored.Body, body) {
		return nil
	}
	return s.driver.Put(ctx, r, stored.Revision) // 0 if it is gone again
}

// deleteParts deletes the parts of a document that no model has any more.
func (s *Store) deleteParts(ctx context.Context, digest string) error {
	for m, err := range s.Models(ctx) {
		if err != nil || m.Digest == digest {
			return err
		}
	}
	for after := ""; ; {
		records, err := s.driver.List(ctx, partKind, driver.Page{Prefix: digest + "/", After: after, Limit: 8})
		if err != nil || len(records) == 0 {
			return err
		}
		for _, r := range records {
			if err := s.driver.Delete(ctx, partKind, r.ID, 0); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			after = r.ID
		}
	}
}
